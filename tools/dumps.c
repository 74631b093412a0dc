/*
 * dumps DIRECTORY: writes the core files that come from a serial line (standard input) in packets
 * (include/bulkhead/dump.h; servers/dumper) to DIRECTORY. A file appears there when it is complete;
 * what is lost or damaged on its way leaves no file and one line on standard error. The line may
 * bring anything.
 *
 * Exit status 0: every file that was begun is there; 1: one is not; 2: it was not used rightly.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <bulkhead/dump.h>

#define FILE_BYTES_MAX (UINT64_C(1) << 32) /* of one core file */
#define SUFFIX         ".part"

static int directory;
static bool failed;

/* The file that is being received; `to` -1: none is. */
static struct {
    int to;
    char name[DUMP_NAME_MAX + 1], part[DUMP_NAME_MAX + sizeof SUFFIX];
} file = { .to = -1 };

/* What has come of the present packet. */
static struct {
    uint8_t bytes[DUMP_PACKET_MAX];
    size_t used;
    bool escaped, damaged;
} packet;

static _Noreturn void fail(const char *subject, const char *reason) {
    (void)fprintf(stderr, "dumps: %s: %s\n", subject, reason);
    exit(2);
}

/* The file will not be complete. */
static void give_up(const char *reason) {
    if (file.to < 0)
        return;
    (void)fprintf(stderr, "dumps: %s: %s\n", file.name, reason);
    (void)close(file.to);
    (void)unlinkat(directory, file.part, 0);
    file.to = -1;
    failed = true;
}

static bool is_name(const char *name, size_t length) {
    static const char allowed[] =
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz._-";

    return length >= 1 && length <= DUMP_NAME_MAX && name[0] != '.' &&
           memchr(name, '\0', length) == NULL && strspn(name, allowed) >= length;
}

static void begin(const char *name, size_t length) {
    char text[DUMP_NAME_MAX + 1] = "";

    give_up("another began before its end");
    memcpy(text, name, length <= DUMP_NAME_MAX ? length : 0);
    if (!is_name(text, length)) {
        (void)fprintf(stderr, "dumps: a file with a bad name is left out\n");
        failed = true;
        return;
    }
    memcpy(file.name, text, sizeof file.name);
    (void)snprintf(file.part, sizeof file.part, "%s" SUFFIX, file.name);
    file.to = openat(directory, file.part, O_CREAT | O_TRUNC | O_WRONLY | O_NOFOLLOW, 0644);
    if (file.to < 0)
        fail(file.part, strerror(errno));
}

static void data(uint64_t offset, const uint8_t *bytes, size_t count) {
    if (file.to < 0)
        return;
    if (offset > FILE_BYTES_MAX)
        give_up("a part of it lies too far");
    else if (pwrite(file.to, bytes, count, (off_t)offset) != (ssize_t)count)
        fail(file.part, strerror(errno));
}

static void end(uint64_t bytes) {
    if (file.to < 0)
        return;
    if (bytes > FILE_BYTES_MAX) {
        give_up("it is too long");
        return;
    }
    if (ftruncate(file.to, (off_t)bytes) != 0 || close(file.to) != 0 ||
        renameat(directory, file.part, directory, file.name) != 0)
        fail(file.part, strerror(errno));
    file.to = -1;
}

static void take(const struct dump_header *header, const uint8_t *content, size_t bytes) {
    char reason[80];

    switch (header->type) {
    case DUMP_BEGIN:
        begin((const char *)content, bytes);
        break;
    case DUMP_DATA:
        data(header->offset, content, bytes);
        break;
    case DUMP_END:
        end(header->offset);
        break;
    case DUMP_ABORT:
        (void)snprintf(reason, sizeof reason, "%.*s", (int)bytes, (const char *)content);
        give_up(reason);
        break;
    default:
        give_up("a part of it is not understood");
    }
}

/* Between two ends of packets there may be nothing. */
static void packet_end(void) {
    struct dump_header header;
    uint32_t checksum;

    if (packet.used == 0 && !packet.damaged)
        return;
    if (packet.damaged || packet.escaped || packet.used < sizeof header + sizeof checksum) {
        give_up("a part of it was cut off");
    } else {
        size_t length = packet.used - sizeof checksum;
        memcpy(&header, packet.bytes, sizeof header);
        memcpy(&checksum, packet.bytes + length, sizeof checksum);
        if (checksum != XXH32(packet.bytes, length, 0))
            give_up("a part of it was damaged");
        else
            take(&header, packet.bytes + sizeof header, length - sizeof header);
    }
    packet.used = 0;
    packet.escaped = packet.damaged = false;
}

static void put(uint8_t byte) {
    if (packet.used == sizeof packet.bytes)
        packet.damaged = true;
    else
        packet.bytes[packet.used++] = byte;
}

static void line_byte(uint8_t byte) {
    if (byte == DUMP_LINE_END) {
        packet_end();
    } else if (packet.escaped) {
        packet.escaped = false;
        packet.damaged |= byte != DUMP_LINE_ESCAPED_END && byte != DUMP_LINE_ESCAPED_SELF;
        put(byte == DUMP_LINE_ESCAPED_END ? DUMP_LINE_END : DUMP_LINE_ESCAPE);
    } else if (byte == DUMP_LINE_ESCAPE) {
        packet.escaped = true;
    } else {
        put(byte);
    }
}

int main(int argc, char **argv) {
    uint8_t bytes[65536];
    ssize_t count;

    if (argc != 2) {
        (void)fprintf(stderr, "use it as: dumps DIRECTORY\n");
        return 2;
    }
    directory = open(argv[1], O_RDONLY | O_DIRECTORY);
    if (directory < 0)
        fail(argv[1], strerror(errno));
    while ((count = read(STDIN_FILENO, bytes, sizeof bytes)) != 0) {
        if (count < 0 && errno != EINTR)
            fail("standard input", strerror(errno));
        for (ssize_t i = 0; i < count; i++)
            line_byte(bytes[i]);
    }
    give_up("the machine stopped before its end");
    return failed ? 1 : 0;
}
