/*
 * Protocol of the data store (servers/data-store): components keep state there that is to outlive
 * them, and publish names by which others find them (thesis 4.2.3, Fig. 4.4). docs/data-store.md.
 * Clients use SENDREC; the store answers with NBSEND, when a change is in the memory of its primary
 * and of its backup. It is found by the name STORE_NAME (MONITOR_FIND).
 *
 * A record has a name, a type, a value, the label of its owner, and the version of the store that
 * its last change made. A name is 1 to STORE_NAME_MAX bytes, zero-padded, in arg[0..3]; in it are
 * no bytes below 0x21 or above 0x7e. Public records can be read by all. Only its owner changes one:
 * every process of the label that has made it, so also the next one. The public name is LABEL, or
 * begins with "LABEL.", of who makes it; managers, whom the store's policy names, may use any.
 * Private records (STORE_PRIVATE) have names of their own for each label, and only it sees them.
 *
 * What a request is about is a struct store_what in arg[5]. Memory that a request copies is named
 * by a grant of the client's to the store, in arg[4].
 *
 * A client numbers its requests in the tag, from 1; one that is repeated with the same number at a
 * store that has taken over is done once. 0: it is not numbered, and may be done twice.
 *
 * The reply's type is 0 or a negated error. Errors of every request: E_BADCALL unknown request,
 * E_INVAL name, type, flags or pattern, E_STATE this is not the primary: find it anew; E_WOULDBLOCK
 * too many clients wait: again later; and of using the client's grants (grant.h).
 */
#ifndef BULKHEAD_PROTOCOL_STORE_H
#define BULKHEAD_PROTOCOL_STORE_H

#include <bulkhead/kcall.h>

#define STORE_NAME "store"

/* X(name, number): arguments and reply are in the comment. */
#define STORE_REQUESTS(X)                                                                        \
    /* Make a record, or with STORE_OVERWRITE change it, its type too. arg[0..3]: name, arg[4]:  \
     * integer, endpoint, or id of a grant; of STORE_TYPE_MAPPED 0 is of zeroes. arg[5]: what,   \
     * with bytes but for integers and labels. E_EXIST there is one, E_PERM it is another        \
     * label's, or the name is not for this one, or it is a label and the client no manager;     \
     * E_TOOBIG more than STORE_STRING_MAX, STORE_MEMORY_MAX or STORE_MAP_MAX, E_QUOTA, E_NOMEM; \
     * E_BUSY it is mapped, and would change in size or type */                                  \
    X(PUBLISH, MESSAGE_TYPE_SERVICE + 0)                                                         \
    /* Read a record, or with what.snapshot a snapshot of it. arg[0..3]: name, arg[4]: id of a   \
     * grant, or 0: no memory is copied; arg[5]: what, with the bytes there. Reply arg[0]:       \
     * integer or endpoint, arg[1]: number of its newest snapshot, or 0, arg[2]: version,        \
     * arg[5]: what it is. E_NOENT, E_TOOBIG there is no room, reply arg[5] as well; E_CHECKSUM  \
     * it is corrupt: reply arg[1]: its newest good snapshot, or 0 */                            \
    X(RETRIEVE, MESSAGE_TYPE_SERVICE + 1)                                                        \
    /* Delete a record with its snapshots, or with what.snapshot that alone. arg[0..3]: name,    \
     * arg[5]: what. What is mapped becomes zeroes. E_NOENT, E_PERM */                           \
    X(DELETE, MESSAGE_TYPE_SERVICE + 2)                                                          \
    /* Keep a copy of a record as it is now. arg[0..3]: name, arg[5]: what. Reply arg[0]: its    \
     * number, from 1 on. The oldest goes when there are more than STORE_SNAPSHOTS_MAX. E_NOENT, \
     * E_PERM, E_QUOTA, E_NOMEM */                                                               \
    X(SNAPSHOT, MESSAGE_TYPE_SERVICE + 3)                                                        \
    /* Hear of changes. arg[0..3]: a pattern of names, as of fnmatch(3), arg[5]: what, with      \
     * STORE_PRIVATE for the client's private ones. Reply arg[0]: number of the subscription,    \
     * arg[1]: version now. From the next change on that matches, the client gets a NOTIFY, one  \
     * until it has found by CHECK that there is nothing more. E_QUOTA more than                 \
     * STORE_SUBSCRIPTIONS_MAX of one label, E_NOSLOT of all */                                  \
    X(SUBSCRIBE, MESSAGE_TYPE_SERVICE + 4)                                                       \
    /* arg[0]: number. E_NOENT it is not the client's */                                         \
    X(UNSUBSCRIBE, MESSAGE_TYPE_SERVICE + 5)                                                     \
    /* What has changed? arg[0]: number of a subscription, arg[1]: version that the client       \
     * knows. Reply as NEXT, also for records that have been deleted since: type                 \
     * STORE_TYPE_NONE. E_NOENT nothing more, and a change will be told; E_BADEP it is no        \
     * subscription of the client's, which dies with the client; E_RANGE it is too long ago to   \
     * know what has been deleted since: what is not found by NEXT is not there. Reply then      \
     * arg[4]: version now */                                                                    \
    X(CHECK, MESSAGE_TYPE_SERVICE + 6)                                                           \
    /* The records in the order of their last change. arg[0..3]: pattern, arg[4]: the version    \
     * after which, from 0 on, arg[5]: what, with STORE_PRIVATE as above. Reply arg[0..3]: name, \
     * arg[4]: version, arg[5]: what. E_NOENT there are no more */                               \
    X(NEXT, MESSAGE_TYPE_SERVICE + 7)                                                            \
    /* Memory of a record of type STORE_TYPE_MAPPED. arg[0..3]: name, arg[5]: what. Reply        \
     * arg[0]: id of a grant of the store's for the client, to read and write, arg[1]: bytes,    \
     * whole pages. Grants of it that others of the client's label had end. E_NOENT, E_PERM,     \
     * E_INVAL not such a type, E_NOSLOT */                                                      \
    X(MAP, MESSAGE_TYPE_SERVICE + 8)                                                             \
    /* PUBLISH and DELETE of the client with STORE_TRANSACTION become visible together from here \
     * on. They are given up when the client dies, or the store does. E_BUSY it has begun one */ \
    X(BEGIN, MESSAGE_TYPE_SERVICE + 9)                                                           \
    /* All or, on an error, which is that of the first that is not possible, nothing. E_NOENT    \
     * there is none: begin anew */                                                              \
    X(COMMIT, MESSAGE_TYPE_SERVICE + 10)                                                         \
    X(ABORT, MESSAGE_TYPE_SERVICE + 11)                                                          \
    /* Who owns a record? arg[0..3]: name, arg[5]: what. Reply arg[0..2]: label, arg[3]: bytes   \
     * with those of its snapshots, arg[4]: version, arg[5]: what. E_NOENT */                    \
    X(OWNER, MESSAGE_TYPE_SERVICE + 12)                                                          \
    /* What a label uses. arg[0..2]: label, empty for the client's. Reply arg[0]: records,       \
     * arg[1]: how many it may have, arg[2]: bytes, arg[3]: how many. E_PERM another's, and no   \
     * manager */                                                                                \
    X(USAGE, MESSAGE_TYPE_SERVICE + 13)                                                          \
    /* Delete all records of a label that will not come back. arg[0..2]: label. Reply arg[0]:    \
     * how many. E_PERM no manager */                                                            \
    X(COLLECT, MESSAGE_TYPE_SERVICE + 14)                                                        \
    /* Reply arg[0]: records, arg[1]: bytes, arg[2]: version, arg[3]: endpoint of the backup, or \
     * ENDPOINT_NONE, arg[4]: how often a backup has taken over, arg[5]: subscriptions */        \
    X(STATUS, MESSAGE_TYPE_SERVICE + 15)

enum store_request {
#define X(name, number) STORE_##name = (number),
    STORE_REQUESTS(X)
#undef X
};

#define STORE_NAME_MAX          32U
#define STORE_STRING_MAX        1024U
#define STORE_MEMORY_MAX        65536U
#define STORE_MAP_MAX           0x400000U
#define STORE_SNAPSHOTS_MAX     4U  /* of a record */
#define STORE_SUBSCRIPTIONS_MAX 8U  /* of a label */
#define STORE_TRANSACTION_MAX   16U /* changes in one */

/* X(name, number, text) */
#define STORE_TYPES(X)                                                             \
    X(NONE, 0, "none")       /* of a record that has been deleted */               \
    X(INTEGER, 1, "integer") /* 64 bits */                                         \
    X(STRING, 2, "string")   /* without its terminating zero */                    \
    X(MEMORY, 3, "memory")   /* copied in and out */                               \
    X(MAPPED, 4, "mapped")   /* of the store, for the owner to map: whole pages */ \
    X(LABEL, 5, "label")     /* endpoint of a component: published by managers alone */

enum store_type {
#define X(name, number, text) STORE_TYPE_##name = (number),
    STORE_TYPES(X)
#undef X
        STORE_TYPE_COUNT
};

enum store_flag {
    STORE_PRIVATE = 1 << 0,
    STORE_OVERWRITE = 1 << 1,
    STORE_TRANSACTION = 1 << 2, /* part of the client's */
};

struct store_what {
    uint8_t type;      /* enum store_type */
    uint8_t flags;     /* set of enum store_flag */
    uint16_t snapshot; /* number; 0: none */
    uint32_t bytes;
};

_Static_assert(sizeof(struct store_what) == sizeof(uint64_t), "it is one argument");

#endif
