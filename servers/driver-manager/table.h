/*
 * The table of services, of which every agent has a replica (docs/driver-manager.md): how each is
 * run and where, and which requests of clients were done. Nothing here does input or output.
 */
#ifndef MANAGER_TABLE_H
#define MANAGER_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include <bulkhead/endpoint.h>
#include <bulkhead/protocol/manager.h>

#define CLIENTS_MAX 48U /* whose last request is remembered */

/* Versions rise with each change of any record: a leader's begin above all before. */
typedef uint64_t version_t;

#define VERSION_TERM_SHIFT 32

enum operation {
    OPERATION_NONE,
    OPERATION_UP,
    OPERATION_DOWN,
    OPERATION_REFRESH,
    OPERATION_UPDATE,
    OPERATION_MOVE_STOP,  /* on the old core */
    OPERATION_MOVE_START, /* on the new one */
    OPERATION_COMPLAIN,
    OPERATION_PLACE, /* its core has failed: it is started on another */
};

/* A service, as all replicas have it before anybody acts. */
struct record {
    version_t version;   /* 0: never used */
    version_t act;       /* of the record that first had this operation: its agent does it once */
    endpoint_t client;   /* whose request this is; ENDPOINT_NONE: nobody's */
    uint64_t sequence;   /* its number of it */
    endpoint_t endpoint; /* what the request's result says */
    int32_t result;
    uint8_t used;      /* there is such a service; else only the record of how it ended */
    uint8_t operation; /* enum operation: what its agent is to do, or has done: */
    uint8_t done;      /* and `result` is known */
    uint8_t wanted;    /* it is to run */
    uint16_t core;     /* whose agent it is for; MANAGER_ANY_CORE: of none, it has no core now */
    uint16_t target;   /* MOVE_STOP: the core that it goes to */
    uint16_t bound;    /* core on which its policy has it; MANAGER_ANY_CORE: any */
    uint16_t reserved;
    char previous[LABEL_MAX]; /* UPDATE: the program until now */
    struct manager_parameters parameters;
};

/* The last request of a client. */
struct client {
    endpoint_t client; /* ENDPOINT_NONE: none */
    uint64_t sequence;
    version_t version; /* of the record that it made: the newest are kept */
    endpoint_t endpoint;
    int32_t result;
    uint32_t done;
};

struct table {
    struct record record[MANAGER_SERVICES];
    struct client client[CLIENTS_MAX];
};

/* The highest version of any record or request. */
version_t table_version(const struct table *t);

/* -1: there is no such service. */
int table_find(const struct table *t, const char label[LABEL_MAX]);

/* A record that no service uses, the oldest first; -1: there is none. */
int table_free(const struct table *t);

/* The last request of a client, or NULL. */
struct client *table_client(struct table *t, endpoint_t client);

/* A record takes its place; whose request it is, is noted. */
void table_set(struct table *t, unsigned slot, const struct record *record);

/* A request that ended before it became a record, or whose record is another's by now. */
void table_note(struct table *t, const struct client *noted);

/* The core for a service: the preferred one if it is a member, else the one with the fewest
 * services, of these the lowest; MANAGER_ANY_CORE: its policy has it on one that is none. */
uint16_t table_place(const struct table *t, uint16_t bound, uint16_t preferred, uint64_t members);

#endif
