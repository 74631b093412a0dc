/* Records that the monitor keeps, each with its checksum: an agent may have been broken before it
 * has died. */
#include <string.h>

#include <bulkhead/protocol/monitor.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "local.h"
#include "monitor_calls.h"

#define CLIENTS_EACH   ((MONITOR_KEPT_BYTES - sizeof(uint64_t)) / sizeof(struct client))
#define CLIENT_RECORDS ((CLIENTS_MAX + CLIENTS_EACH - 1) / CLIENTS_EACH)

enum {
    FIRST_RECORD = 0,
    FIRST_LOCAL = MANAGER_SERVICES,
    FIRST_CLIENTS = 2 * MANAGER_SERVICES,
    ANYTHING = MONITOR_KEPT_RECORDS - 1, /* there if there is any other */
};

_Static_assert(FIRST_CLIENTS + CLIENT_RECORDS <= ANYTHING, "room for all");
_Static_assert(sizeof(struct record) + sizeof(uint64_t) <= MONITOR_KEPT_BYTES &&
                   sizeof(struct local) + sizeof(uint64_t) <= MONITOR_KEPT_BYTES,
               "each fits");

static bool something;                                         /* is kept */
static uint64_t buffer[MONITOR_KEPT_BYTES / sizeof(uint64_t)]; /* checksum first */

static void keep(unsigned number, const void *from, size_t bytes) {
    if (!something)
        something = monitor_keep(ANYTHING, &number, sizeof number) == 0;
    memcpy(&buffer[1], from, bytes);
    buffer[0] = XXH64(from, bytes, number);
    monitor_keep(number, buffer, bytes + sizeof buffer[0]);
}

static void load(unsigned number, void *to, size_t bytes) {
    if (monitor_kept(number, buffer, bytes + sizeof buffer[0]) &&
        XXH64(&buffer[1], bytes, number) == buffer[0])
        memcpy(to, &buffer[1], bytes);
}

/* The last of these has fewer. */
static size_t clients_bytes(unsigned part) {
    size_t left = CLIENTS_MAX - part * CLIENTS_EACH;

    return (left < CLIENTS_EACH ? left : CLIENTS_EACH) * sizeof(struct client);
}

void kept_record(const struct table *table, unsigned slot) {
    keep(FIRST_RECORD + slot, &table->record[slot], sizeof table->record[slot]);
}

void kept_client(const struct table *table, unsigned index) {
    unsigned part = index / (unsigned)CLIENTS_EACH;

    keep(FIRST_CLIENTS + part, &table->client[part * CLIENTS_EACH], clients_bytes(part));
}

void kept_local(const struct local *local, unsigned slot) {
    keep(FIRST_LOCAL + slot, local, sizeof *local);
}

void kept_load(struct table *table, struct local locals[MANAGER_SERVICES]) {
    unsigned number;

    something = monitor_kept(ANYTHING, &number, sizeof number);
    if (!something) /* after a boot, which is not to take longer than it must */
        return;
    for (unsigned slot = 0; slot < MANAGER_SERVICES; slot++) {
        load(FIRST_RECORD + slot, &table->record[slot], sizeof table->record[slot]);
        load(FIRST_LOCAL + slot, &locals[slot], sizeof locals[slot]);
    }
    for (unsigned part = 0; part < CLIENT_RECORDS; part++)
        load(FIRST_CLIENTS + part, &table->client[part * CLIENTS_EACH], clients_bytes(part));
}
