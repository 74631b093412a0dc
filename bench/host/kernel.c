/* What the kernel of this machine offers: pipe, socket pair, message queue, eventfd, futex. All of
 * them sleep. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/futex.h>
#include <mqueue.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bench.h"

#define BLOCK_MAX 65536U

/* What each side reads from and writes to. */
static int input[2], output[2];

static void write_all(int file, const void *data, size_t bytes) {
    for (size_t done = 0; done < bytes;) {
        ssize_t written = write(file, (const char *)data + done, bytes - done);
        if (written <= 0)
            bench_fail("write");
        done += (size_t)written;
    }
}

static void read_all(int file, void *data, size_t bytes) {
    for (size_t done = 0; done < bytes;) {
        ssize_t got = read(file, (char *)data + done, bytes - done);
        if (got <= 0)
            bench_fail("read");
        done += (size_t)got;
    }
}

static void close_files(void) {
    for (unsigned side = 0; side < 2; side++) {
        close(input[side]);
        if (output[side] != input[side])
            close(output[side]);
    }
}

static void ping_file(unsigned side, uint64_t count, uint32_t *ticks) {
    struct line line = { 0 };

    for (uint64_t i = 0; i < count; i++) {
        uint64_t start = ticks ? bench_ticks() : 0;
        work_fill(line.words, i);
        if (side == 0)
            write_all(output[0], &line, sizeof line);
        read_all(input[side], &line, sizeof line);
        if (side == 1)
            write_all(output[1], &line, sizeof line);
        if (ticks)
            ticks[i] = (uint32_t)(bench_ticks() - start);
    }
}

/* `lines` messages in each call. */
static uint64_t stream_lines(unsigned side, uint64_t count, unsigned lines) {
    struct line batch[BENCH_BATCH] = { 0 };
    uint64_t sum = 0;

    for (uint64_t i = 0; i < count; i += lines) {
        for (unsigned k = 0; side == 0 && k < lines; k++)
            work_fill(batch[k].words, i + k);
        if (side == 0)
            write_all(output[0], batch, lines * sizeof *batch);
        else
            read_all(input[1], batch, lines * sizeof *batch);
        for (unsigned k = 0; side == 1 && k < lines; k++)
            sum += work_sum(batch[k].words);
    }
    return sum;
}

static uint64_t stream_file(unsigned side, uint64_t count) { return stream_lines(side, count, 1); }

static uint64_t stream_batch_file(unsigned side, uint64_t count) {
    return stream_lines(side, count, BENCH_BATCH);
}

static uint64_t bulk_file(unsigned side, uint64_t bytes, uint64_t count) {
    static _Alignas(4096) char blocks[2][BLOCK_MAX];
    uint64_t sum = 0;

    for (uint64_t i = 0; i < count; i++) {
        if (side == 0) {
            work_fill_block((word_t *)blocks[0], bytes, i);
            write_all(output[0], blocks[0], bytes);
        } else {
            read_all(input[1], blocks[1], bytes);
            sum += work_sum_block((const word_t *)blocks[1], bytes);
        }
    }
    return sum;
}

static int open_pipe(unsigned slots) {
    int there[2], back[2];

    (void)slots;
    if (pipe2(there, O_CLOEXEC) || pipe2(back, O_CLOEXEC))
        return -1;
    input[0] = back[0];
    input[1] = there[0];
    output[0] = there[1];
    output[1] = back[1];
    return 0;
}

static int open_socketpair(unsigned slots) {
    int ends[2];

    (void)slots;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
        return -1;
    for (unsigned side = 0; side < 2; side++)
        input[side] = output[side] = ends[side];
    return 0;
}

/* A POSIX message queue keeps messages apart, so it has no batches. On Linux a descriptor of one is
 * a file. */
static int open_mq(unsigned slots) {
    struct mq_attr attributes = { .mq_maxmsg = 10, .mq_msgsize = sizeof(struct line) };

    (void)slots;
    for (unsigned side = 0; side < 2; side++) {
        char name[32];
        snprintf(name, sizeof name, "/bulkhead-bench-%d-%u", getpid(), side);
        mqd_t queue = mq_open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600, &attributes);
        if (queue == (mqd_t)-1)
            return -1;
        mq_unlink(name);
        output[side] = input[1 - side] = queue;
    }
    return 0;
}

static void close_mq(void) {
    mq_close(output[0]);
    mq_close(output[1]);
}

static void mq_put(unsigned side, const struct line *line) {
    if (mq_send(output[side], (const char *)line, sizeof *line, 0))
        bench_fail("mq_send");
}

static void mq_get(unsigned side, struct line *line) {
    if (mq_receive(input[side], (char *)line, sizeof *line, NULL) != sizeof *line)
        bench_fail("mq_receive");
}

static void ping_mq(unsigned side, uint64_t count, uint32_t *ticks) {
    struct line line = { 0 };

    for (uint64_t i = 0; i < count; i++) {
        uint64_t start = ticks ? bench_ticks() : 0;
        work_fill(line.words, i);
        if (side == 0)
            mq_put(0, &line);
        mq_get(side, &line);
        if (side == 1)
            mq_put(1, &line);
        if (ticks)
            ticks[i] = (uint32_t)(bench_ticks() - start);
    }
}

static uint64_t stream_mq(unsigned side, uint64_t count) {
    struct line line = { 0 };
    uint64_t sum = 0;

    for (uint64_t i = 0; i < count; i++) {
        if (side == 0) {
            work_fill(line.words, i);
            mq_put(0, &line);
        } else {
            mq_get(1, &line);
            sum += work_sum(line.words);
        }
    }
    return sum;
}

/* An eventfd carries no message, only that there is one. */
static int open_eventfd(unsigned slots) {
    (void)slots;
    for (unsigned side = 0; side < 2; side++) {
        output[side] = input[1 - side] = eventfd(0, EFD_CLOEXEC);
        if (output[side] < 0)
            return -1;
    }
    return 0;
}

static void close_eventfd(void) {
    close(output[0]);
    close(output[1]);
}

static void ping_eventfd(unsigned side, uint64_t count, uint32_t *ticks) {
    uint64_t value = 1;

    for (uint64_t i = 0; i < count; i++) {
        uint64_t start = ticks ? bench_ticks() : 0;
        if (side == 0)
            write_all(output[0], &value, sizeof value);
        read_all(input[side], &value, sizeof value);
        if (side == 1)
            write_all(output[1], &value, sizeof value);
        if (ticks)
            ticks[i] = (uint32_t)(bench_ticks() - start);
    }
}

/* A futex: one word for each direction, and how often each side has seen the other's change. */
static struct {
    _Alignas(256) _Atomic uint32_t word;
    _Alignas(256) uint32_t seen;
} futexes[2];

static int open_futex(unsigned slots) {
    (void)slots;
    for (unsigned side = 0; side < 2; side++) {
        atomic_store(&futexes[side].word, 0);
        futexes[side].seen = 0;
    }
    return 0;
}

static void close_futex(void) {}

static void futex_post(unsigned side) {
    _Atomic uint32_t *word = &futexes[side].word;
    atomic_fetch_add(word, 1);
    syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static void futex_await(unsigned side) {
    _Atomic uint32_t *word = &futexes[1 - side].word;
    uint32_t seen = futexes[side].seen++;
    while (atomic_load(word) == seen)
        syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, seen, NULL, NULL, 0);
}

static void ping_futex(unsigned side, uint64_t count, uint32_t *ticks) {
    for (uint64_t i = 0; i < count; i++) {
        uint64_t start = ticks ? bench_ticks() : 0;
        if (side == 0)
            futex_post(0);
        futex_await(side);
        if (side == 1)
            futex_post(1);
        if (ticks)
            ticks[i] = (uint32_t)(bench_ticks() - start);
    }
}

const struct transport transport_pipe = {
    .name = "pipe",
    .label = "pipe",
    .kind = KERNEL,
    .open = open_pipe,
    .close = close_files,
    .ping = ping_file,
    .stream = stream_file,
    .stream_batch = stream_batch_file,
    .bulk = bulk_file,
};

const struct transport transport_socketpair = {
    .name = "socketpair",
    .label = "socket pair",
    .kind = KERNEL,
    .open = open_socketpair,
    .close = close_files,
    .ping = ping_file,
    .stream = stream_file,
    .stream_batch = stream_batch_file,
    .bulk = bulk_file,
};

const struct transport transport_mq = {
    .name = "mq",
    .label = "POSIX message queue",
    .kind = KERNEL,
    .open = open_mq,
    .close = close_mq,
    .ping = ping_mq,
    .stream = stream_mq,
};

const struct transport transport_eventfd = {
    .name = "eventfd",
    .label = "eventfd",
    .kind = KERNEL,
    .open = open_eventfd,
    .close = close_eventfd,
    .ping = ping_eventfd,
};

const struct transport transport_futex = {
    .name = "futex",
    .label = "futex",
    .kind = KERNEL,
    .open = open_futex,
    .close = close_futex,
    .ping = ping_futex,
};
