/*
 * The records of bindings.c: one for each end of a channel or pool that this core's processes have,
 * by the number that it has in the kernel; and the memory behind them.
 */
#ifndef MONITOR_BINDING_RECORDS_H
#define MONITOR_BINDING_RECORDS_H

#include <stdbool.h>
#include <stdint.h>

#include <bulkhead/binding.h>
#include <bulkhead/protocol/monitor.h>

#define RECORDS (BINDINGS_MAX - BINDING_FIRST)

enum record_state {
    RECORD_FREE,
    RECORD_OFFERED, /* the other side is asked */
    RECORD_BOUND,
    RECORD_CLOSING, /* this side is unmapped; the other may not be yet */
    RECORD_ENDED,   /* both are; the process has not been told, or has not said so */
};

/* What is still to be sent about a record. */
enum owed { OWED_OFFER = 1 << 0, OWED_ACCEPT = 1 << 1, OWED_CLOSE = 1 << 2 };

struct binding_record {
    uint8_t state; /* enum record_state */
    uint8_t owed;  /* set of enum owed */
    uint8_t kind;  /* enum bound_kind */
    bool asked;    /* the client waits for its reply */
    bool untold;   /* the process is still to ask for it */
    bool noted;    /* the process is done with it, or dead */
    bool close_received;
    bool announced; /* its end is, to all cores at once */
    int refusal;    /* goes with an owed CLOSE */
    uint16_t peer_core, peer_number;
    uint16_t slots_log, depth;
    uint32_t cookie;
    endpoint_t process, peer, name;
    uint64_t physical, bytes;
    uint32_t line, limit; /* of an interrupt line: its number, interrupts per second */
};

extern struct binding_record binding_records[RECORDS];

/* NOLINTBEGIN(bugprone-macro-parentheses): a name that is declared takes none */
#define for_each_record(r) \
    for (struct binding_record *r = binding_records; (r) < binding_records + RECORDS; (r)++)
/* NOLINTEND(bugprone-macro-parentheses) */

/* That record_pack() has room for. */
#define RECORD_DEPTH_MAX 0x3fffU
#define RECORD_LINE_MAX  0x3fffU

/* Its number in the kernel. */
uint32_t record_number(const struct binding_record *r);

/* Whether this side has asked for it, and has the memory; whether it is a channel, else a pool. */
bool record_is_initiator(const struct binding_record *r);
bool record_is_channel(const struct binding_record *r);

/* The record of an initiator's number: ours, or that of a core which has sent it. Or NULL. */
struct binding_record *record_find(uint32_t core, uint32_t number, bool ours);

/* Whether it is an end of an interrupt line. Such have no memory, and the source's no process. */
bool record_is_line(const struct binding_record *r);

/* The channel of two processes, bound or on the way; the end that a process knows by a name. */
struct binding_record *record_find_channel(endpoint_t process, endpoint_t peer);
struct binding_record *record_find_name(endpoint_t process, endpoint_t name);

/*
 * A record that is free, for a process that may have `most`; it stays free until its state is set.
 * -E_QUOTA it has as many, -E_NOSLOT there is none.
 */
int record_take(endpoint_t process, unsigned most, struct binding_record **taken);

/* The initiator's side: makes the memory, at the process' expense, formats it, and opens this end.
 */
int record_begin(struct binding_record *r);

/* Opens an end for the process, with the memory that is known. On an error nothing is left of it.
 */
int record_open(struct binding_record *r);

/* The initiator's side: nobody has the memory mapped any more. */
void record_drop_share(const struct binding_record *r);

/* What the process is told: the arguments of the replies to CONNECT, POOL and BOUND. */
void record_describe(const struct binding_record *r, uint64_t arg[MESSAGE_ARGS]);

/* What the other side is told of the memory, and what it makes of that. */
uint64_t record_pack(const struct binding_record *r);
void record_unpack(struct binding_record *r, uint64_t shared);

#endif
