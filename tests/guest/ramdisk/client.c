/* Clients, each a process of its own: they check what they get while their driver is killed. */
#include <stdlib.h>
#include <string.h>

#include <runtime/block.h>
#include <runtime/device.h>
#include <runtime/ipc.h>
#include <runtime/kcall.h>
#include <runtime/startup.h>
#include <runtime/store.h>

#include "faulty.h"
#include "tests.h"

/* Ends the client with the number of the line that went wrong. */
#define CHECK(condition)     \
    do {                     \
        if (!(condition))    \
            return __LINE__; \
    } while (0)

/* Whether the test has told the client to come to its end; the data store notifies it too. */
static bool is_told(bool wait) {
    struct message m;

    while ((wait ? ipc_receive(ENDPOINT_ANY, &m) : ipc_receive_nonblock(ENDPOINT_ANY, &m)) == 0)
        if (m.source != ENDPOINT_KERNEL && m.type == MESSAGE_NOTIFY && !store_is(m.source))
            return true;
    return false;
}

/* ---- A disk: what is read has to be what was written last ---- */

static uint8_t shadow[DISK_BYTES], buffer[16 * 512 + 64];

static int write_some(struct disk *disk, uint64_t first, uint64_t blocks) {
    uint8_t *from = buffer + test_random() % 64;

    for (size_t i = 0; i < blocks * 512; i++)
        from[i] = (uint8_t)(test_random() >> 32);
    memcpy(shadow + first * 512, from, blocks * 512);
    return disk_write(disk, first, from, blocks * 512);
}

/* From pieces of odd lengths. */
static int write_pieces(struct disk *disk, uint64_t first, uint64_t blocks) {
    size_t one = test_random() % (blocks * 512 - 2) + 1;
    struct block_buffer pieces[] = { { buffer, one }, { buffer + one + 7, blocks * 512 - one } };

    memset(buffer, (int)test_random(), sizeof buffer);
    buffer[one] ^= 0xff; /* what lies between is not to be written */
    memcpy(shadow + first * 512, pieces[0].memory, one);
    memcpy(shadow + first * 512 + one, pieces[1].memory, pieces[1].bytes);
    return disk_write_vector(disk, first, pieces, 2);
}

static int read_some(struct disk *disk, uint64_t first, uint64_t blocks) {
    uint8_t *to = buffer + test_random() % 64;
    int error = disk_read(disk, first, to, blocks * 512);

    return error ? error : memcmp(to, shadow + first * 512, blocks * 512) ? -E_CHECKSUM : 0;
}

static int check_all(struct disk *disk) {
    int error = 0;

    for (uint64_t first = 0; first < DISK_BYTES / 512 && !error; first += 16)
        error = read_some(disk, first, 16);
    return error;
}

static int use_disk(void) {
    struct disk disk;
    uint64_t operations = 0;

    CHECK(disk_open(&disk, "ramdisk") == 0);
    for (uint64_t first = 0; first < DISK_BYTES / 512; first += 16)
        CHECK(write_some(&disk, first, 16) == 0);
    for (; !is_told(false); operations++) {
        uint64_t blocks = test_random() % 16 + 1;
        uint64_t first = test_random() % (DISK_BYTES / 512 - blocks + 1);
        switch (test_random() % 8) {
        case 0:
            CHECK(write_pieces(&disk, first, blocks) == 0);
            break;
        case 1:
            CHECK(disk_flush(&disk) == 0);
            break;
        case 2:
        case 3:
        case 4:
            CHECK(write_some(&disk, first, blocks) == 0);
            break;
        default:
            CHECK(read_some(&disk, first, blocks) == 0);
        }
    }
    CHECK(check_all(&disk) == 0);
    CHECK(store_publish_integer("ramdisk-client.operations", operations, STORE_OVERWRITE) == 0);
    CHECK(store_publish_integer("ramdisk-client.replays", disk.replays, STORE_OVERWRITE) == 0);
    return 0;
}

/* ---- A device whose requests cannot be repeated ---- */

static unsigned setups;

static int set_up(struct device *device) {
    struct message m = { .type = FAULTY_ECHO };

    setups++;
    return ipc_request(device->component.endpoint, &m);
}

static int echo(struct device *device, uint32_t type) {
    struct message m = { .type = type, .arg = { 41 } };
    int error = device_request(device, &m);

    return error ? error : m.arg[0] == 42 ? 0 : -E_CHECKSUM;
}

/* Its driver dies of a request: nobody knows how much of it was done. */
static int lose_request(void) {
    struct device device;

    CHECK(device_open(&device, "faulty", 0, NULL) == 0);
    CHECK(echo(&device, FAULTY_ECHO) == 0);
    CHECK(echo(&device, FAULTY_COMMIT) == -E_RESTARTED);
    CHECK(echo(&device, FAULTY_ECHO) == -E_RESTARTED);
    CHECK(device_open(&device, "faulty", 0, NULL) == 0);
    CHECK(echo(&device, FAULTY_COMMIT) == 0);
    return 0;
}

static int lose_request_and_reopen(void) {
    struct device device;

    CHECK(device_open(&device, "faulty", DEVICE_REOPEN, set_up) == 0);
    CHECK(setups == 1);
    CHECK(echo(&device, FAULTY_COMMIT) == -E_REOPENED);
    CHECK(setups == 2);
    CHECK(echo(&device, FAULTY_COMMIT) == 0);
    return 0;
}

/* Its driver dies while nothing is asked of it. */
static int lose_nothing(unsigned flags) {
    struct device device;

    CHECK(device_open(&device, "faulty", flags, set_up) == 0);
    CHECK(echo(&device, FAULTY_ECHO) == 0);
    CHECK(is_told(true));
    if (flags & DEVICE_REOPEN) {
        CHECK(echo(&device, FAULTY_ECHO) == 0);
        CHECK(setups == 2 && device.component.restarts == 1);
        return 0;
    }
    CHECK(echo(&device, FAULTY_ECHO) == -E_RESTARTED);
    CHECK(device_open(&device, "faulty", flags, set_up) == 0);
    CHECK(echo(&device, FAULTY_ECHO) == 0);
    return 0;
}

/* Its driver dies, and there is no other. */
static int lose_device(void) {
    struct device device;

    CHECK(device_open(&device, "faulty", DEVICE_REOPEN, NULL) == 0);
    CHECK(echo(&device, FAULTY_COMMIT) == -E_PEERDEAD);
    CHECK(echo(&device, FAULTY_ECHO) == -E_PEERDEAD);
    return 0;
}

int client_main(int argc, char **argv) {
    const char *mode = argc > 1 ? argv[1] : "";

    if (argc > 2)
        test_seed = strtoull(argv[2], NULL, 0);
    if (strcmp(mode, "disk") == 0)
        return use_disk();
    if (strcmp(mode, "request") == 0)
        return lose_request();
    if (strcmp(mode, "request-reopen") == 0)
        return lose_request_and_reopen();
    if (strcmp(mode, "nothing") == 0)
        return lose_nothing(0);
    if (strcmp(mode, "nothing-reopen") == 0)
        return lose_nothing(DEVICE_REOPEN);
    return strcmp(mode, "device") == 0 ? lose_device() : __LINE__;
}
