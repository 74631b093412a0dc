/*
 * The RAM disk: a block device (protocol/block.h) whose blocks are memory. It survives its driver.
 *
 *     ramdisk [KIB]
 *
 * KIB is its size in KiB, a multiple of 4, up to what the data store holds (CONTENT_MAX); 1024
 * without it. A disk keeps its size as long as the data store has it. Exit status: E_INVAL no such
 * size, E_EXIST the disk has another size, E_CHECKSUM what the data store has is no disk, E_IO the
 * data store has lost it; those of store_map().
 */
#include <stdlib.h>
#include <string.h>

#include <block_driver.h>
#include <driver.h>

#include <runtime/grant.h>
#include <runtime/startup.h>

#include "content.h"

#define BLOCK_BYTES 512U
#define BYTES_MAX   0x10000U /* of one request: it is done in one go */
#define KIB_DEFAULT 1024U

static uint64_t disk_bytes;
static struct content content;
static struct block_status status;

/* Memory that is mapped is no buffer of kernel calls: data goes through memory of the driver's own.
 * So an error changes nothing on the disk. */
static uint8_t buffer[BYTES_MAX];

static int start(bool restarted) {
    int error = content_open(disk_bytes, &content);

    (void)restarted; /* the content knows how often */
    status = (struct block_status){
        .block_bytes = BLOCK_BYTES,
        .blocks = content.bytes / BLOCK_BYTES,
        .bytes_max = BYTES_MAX,
        .flags = BLOCK_VOLATILE,
        .starts = content.starts,
        .content = content.id,
    };
    return error;
}

static int move(const struct block_transfer *t) {
    uint8_t *place = content.data + t->position;

    if (!t->write)
        memcpy(buffer, place, t->bytes);
    int error = block_copy(t, buffer);
    if (!error && t->write)
        memcpy(place, buffer, t->bytes);
    return error;
}

static int transfer(struct message *m, const struct block_status *disk) {
    static struct block_transfer t;
    int error = block_parse(m, disk, &t);

    if (!error)
        error = move(&t);
    m->arg[0] = error ? 0 : t.bytes;
    return error;
}

static int serve(struct message *m) {
    switch (m->type) {
    case BLOCK_STATUS:
        memcpy(m->arg, &status, sizeof status);
        return 0;
    case BLOCK_FLUSH:
        return 0; /* it is where it always is */
    default:
        return transfer(m, &status);
    }
}

/*
 * What was read or written while the data store died is zeroes, or lost. The next driver says so,
 * by another number of its content.
 */
static int request(struct message *m) {
    int result = serve(m);

    if (content_is_there())
        return result;
    driver_fail(-E_IO);
    return -E_PEERDEAD;
}

/* A request of the driver's to itself, for the block behind the last one. */
static int transfer_beyond(enum block_request type, struct grant_name block) {
    struct block_status beyond = status;
    struct message m = { .source = block.grantor,
                         .type = type,
                         .arg = { block.id, 0, BLOCK_BYTES, status.blocks } };

    beyond.blocks += CONTENT_PROBE / BLOCK_BYTES;
    return transfer(&m, &beyond);
}

/* Writes what was not there before, and reads it again: on the path of every request. */
static int probe(void) {
    static uint8_t number, block[BLOCK_BYTES];
    struct grant_name grant;
    int error = grant_make(runtime_self(), block, sizeof block, GRANT_READ | GRANT_WRITE, &grant);

    if (error)
        return error;
    number++;
    for (size_t i = 0; i < sizeof block; i++)
        block[i] = (uint8_t)(number + i * 7);
    error = transfer_beyond(BLOCK_WRITE, grant);
    memset(block, 0, sizeof block);
    if (!error)
        error = transfer_beyond(BLOCK_READ, grant);
    for (size_t i = 0; i < sizeof block && !error; i++)
        error = block[i] == (uint8_t)(number + i * 7) ? 0 : -E_CHECKSUM;
    grant_revoke(grant);
    return error;
}

int main(int argc, char **argv) {
    static const struct driver ramdisk = {
        .name = "ramdisk",
        .start = start,
        .request = request,
        .probe = probe,
    };
    unsigned long kib = argc > 1 ? strtoul(argv[1], NULL, 10) : KIB_DEFAULT;

    if (kib == 0 || kib % 4 != 0 || kib > CONTENT_MAX / 1024)
        return E_INVAL;
    disk_bytes = kib * 1024;
    return driver_run(&ramdisk);
}
