/*
 * The data store (docs/data-store.md, protocol/store.h): state that outlives a process, and names
 * by which components find one another. The functions wait for the store. One that dies meanwhile
 * is found anew, for STORE_PATIENCE at most, and what was asked is done once.
 *
 * A process needs in its policy: SENDREC, RECEIVE and NOTIFY, `monitor` and `store` as targets; for
 * strings and memory SETGRANT and SAFEREVOKE; for store_map() SAFEMAP and SAFEREVOKE.
 *
 * `flags` are a set of enum store_flag: STORE_PRIVATE, where it is published also STORE_OVERWRITE
 * and STORE_TRANSACTION. All functions return 0 or a negated error of protocol/store.h, or those
 * of ipc_call(); -E_TOOBIG also for a name that is too long.
 */
#ifndef RUNTIME_STORE_H
#define RUNTIME_STORE_H

#include <stdbool.h>
#include <stddef.h>

#include <bulkhead/protocol/store.h>

#include <runtime/ipc.h>

#define STORE_PATIENCE (20 * UINT64_C(1000000000)) /* nanoseconds */

int store_publish_integer(const char *name, uint64_t value, unsigned flags);
int store_publish_string(const char *name, const char *text, unsigned flags);
int store_publish_memory(const char *name, const void *memory, size_t bytes, unsigned flags);

/* The name of a component, which is now `endpoint`. For the driver manager. */
int store_publish_label(const char *name, endpoint_t endpoint, unsigned flags);

/* -E_INVAL: it is of another type. */
int store_retrieve_integer(const char *name, unsigned flags, uint64_t *value);
int store_retrieve_label(const char *name, unsigned flags, endpoint_t *endpoint);

/* *text is terminated. -E_TOOBIG: it has not `room` bytes. */
int store_retrieve_string(const char *name, unsigned flags, char *text, size_t room);

/*
 * A string, memory, or mapped memory, as it is now (snapshot 0) or was. *bytes: its length, also on
 * -E_TOOBIG. -E_CHECKSUM: it is corrupt, and *bytes the number of its newest good snapshot, or 0.
 */
int store_retrieve_memory(const char *name, unsigned flags, unsigned snapshot, void *memory,
                          size_t room, size_t *bytes);

int store_delete(const char *name, unsigned flags);

/* Keeps a copy of a record as it is now. */
int store_snapshot(const char *name, unsigned flags, unsigned *snapshot);
int store_delete_snapshot(const char *name, unsigned flags, unsigned snapshot);

/*
 * Memory that outlives the process: maps `bytes` bytes, whole pages, of the record at an address
 * where nothing is mapped, to read and write; makes the record, of zeroes, if there is none. *made,
 * unless NULL, says so. When the store loses the memory (its process or core dies) there are zeroes
 * in its place, and the next store has what its newest snapshot has: after safe_unmap() store_map()
 * maps that. -E_EXIST: it is of another size or type.
 */
int store_map(const char *name, unsigned flags, void *address, size_t bytes, bool *made);

/* A record, or what has become of it. */
struct store_change {
    char name[STORE_NAME_MAX + 1];
    struct store_what what; /* type STORE_TYPE_NONE: it has been deleted */
    uint64_t version;
};

/*
 * What has changed. The event loop's `notify` is called with an endpoint for which store_is() when
 * there is something to check:
 *
 *     static struct store_subscription disks;
 *     store_subscribe(&disks, "service.disk*", 0);
 *     ...
 *     while (!store_check(&disks, &change))
 *         look_at(change.name);
 *
 * At first everything that matches is new. -E_RANGE of store_check(): it was not called for so long
 * that it is not known any more what has been deleted; the next call begins with everything again.
 */
struct store_subscription {
    uint64_t number;  /* the store's */
    uint64_t version; /* known; while listing: when it began */
    uint64_t listed;  /* of what there is, up to this version */
    bool listing;
    char pattern[STORE_NAME_MAX + 1];
    unsigned flags;
};

int store_subscribe(struct store_subscription *subscription, const char *pattern, unsigned flags);
int store_unsubscribe(struct store_subscription *subscription);

/* -E_NOENT: nothing more. */
int store_check(struct store_subscription *subscription, struct store_change *change);

/* Is it the store, who has sent a NOTIFY? Also a new one that this process does not know yet. */
bool store_is(endpoint_t source);

/*
 * The records whose names match, in the order of their last change: *version is 0 at first.
 * -E_NOENT: there are no more.
 */
int store_next(const char *pattern, unsigned flags, uint64_t *version, struct store_change *change);

/*
 * What is published and deleted with STORE_TRANSACTION between these becomes visible at once, or
 * not at all: on an error, and when the process or the store dies before. -E_NOENT of a commit: the
 * store has died, and knows of no transaction: begin anew.
 */
int store_begin(void);
int store_commit(void);
int store_abort(void);

/* Managers: all records of a label that will not come back. *count, unless NULL: how many. */
int store_collect(const char *label, unsigned *count);

/* Any request, as of protocol/store.h: numbered, and repeated while the store changes. */
int store_request(struct message *m);

#endif
