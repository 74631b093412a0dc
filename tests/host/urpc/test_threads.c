/*
 * Two threads at once, as two cores would. Built a second time with ThreadSanitizer (mk/urpc.mk). A
 * wake-up that is lost fails the test after a while.
 */
#include <sched.h>

#include <criterion/criterion.h>

#include <urpc/bulk.h>
#include <urpc/call.h>
#include <urpc/wait.h>

#include "threads.h"

static struct link link;

static void expect(const struct message *message, uint64_t number) {
    must(message->type == 1 && message->tag == (uint32_t)number);
    for (unsigned i = 0; i < MESSAGE_ARGS; i++)
        must(message->arg[i] == number + i);
}

static struct message numbered(uint64_t number) {
    struct message message = { .type = 1, .tag = (uint32_t)number };
    for (unsigned i = 0; i < MESSAGE_ARGS; i++)
        message.arg[i] = number + i;
    return message;
}

static void run_on_every_size(void (*first)(struct side *), void (*second)(struct side *)) {
    static const uint32_t sizes[] = { 4, 64, 1024 };
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        link_make(&link, sizes[i], 0);
        link_run(&link, first, second);
        link_free(&link);
    }
}

/* ---- polled */

static void send_polled(struct side *side) {
    for (uint64_t n = 0; n < THREADS_MESSAGES; n++) {
        struct message message = numbered(n);
        while (chan_send(&side->chan.tx, &message) == -E_WOULDBLOCK)
            sched_yield(); /* there may be fewer processors than threads */
    }
}

static void receive_spinning(struct side *side) {
    struct chan_spin spin;
    chan_spin_init(&spin, &side->chan, 20000);
    for (uint64_t n = 0; n < THREADS_MESSAGES; n++) {
        struct message message;
        int error;
        while ((error = chan_receive_spin(&side->chan, &message, &spin)) == -E_WOULDBLOCK)
            sched_yield();
        must(error == 0);
        expect(&message, n);
    }
}

Test(threads, polled_messages_arrive_in_order, .timeout = 120) {
    run_on_every_size(send_polled, receive_spinning);
}

static void send_batches(struct side *side) {
    for (uint64_t n = 0; n < THREADS_MESSAGES;) {
        int count = chan_reserve(&side->chan.tx, (uint32_t)(n % 37) + 1);
        if (count == -E_WOULDBLOCK) {
            sched_yield();
            continue;
        }
        must(count > 0);
        for (uint32_t i = 0; i < (uint32_t)count; i++) {
            struct message message = numbered(n + i);
            chan_write_payload(chan_reserved(&side->chan.tx, i), &message);
        }
        chan_commit(&side->chan.tx, (uint32_t)count);
        n += (uint64_t)count;
    }
    chan_close(&side->chan);
}

static void receive_batches(struct side *side) {
    uint64_t n = 0;
    for (;;) {
        int count = chan_peek(&side->chan.rx, (uint32_t)(n % 23) + 1);
        if (count == -E_WOULDBLOCK) {
            sched_yield();
            continue;
        }
        if (count == -E_PEERDEAD)
            break;
        must(count > 0);
        for (uint32_t i = 0; i < (uint32_t)count; i++) {
            const volatile struct chan_slot *slot = chan_peeked(&side->chan.rx, i);
            must(slot->tag == (uint32_t)(n + i) && slot->arg[5] == n + i + 5);
        }
        chan_release(&side->chan.rx, (uint32_t)count);
        n += (uint64_t)count;
    }
    must(n >= THREADS_MESSAGES);
}

Test(threads, batches_arrive_in_order, .timeout = 120) {
    run_on_every_size(send_batches, receive_batches);
}

/* ---- armed */

static void send_loitering(struct side *side) {
    uint64_t random = 1;
    for (uint64_t n = 0; n < THREADS_MESSAGES / 4; n++) {
        struct message message = numbered(n);
        side_send(side, &message);
        if (n % 4 == 0)
            loiter(&random);
    }
    chan_close(&side->chan);
}

static void receive_sleeping(struct side *side) {
    uint64_t random = 2, n = 0;
    struct message message;
    int error;
    while ((error = side_receive(side, &message)) == 0) {
        expect(&message, n++);
        if (n % 8 == 0)
            loiter(&random);
    }
    must(error == -E_PEERDEAD && n == THREADS_MESSAGES / 4);
}

Test(threads, no_wakeup_is_lost, .timeout = 120) {
    run_on_every_size(send_loitering, receive_sleeping);
}

static void send_and_wait(struct side *side) {
    for (uint64_t n = 0; n < THREADS_MESSAGES / 20; n++) {
        struct message message = numbered(n);
        uint64_t position = chan_position(&side->chan.tx);
        int error, consumed;
        while ((error = chan_send_acknowledged(&side->chan.tx, &message)) == -E_WOULDBLOCK)
            sched_yield();
        must(error == 0);
        while ((consumed = chan_consumed(&side->chan.tx, position)) == 0)
            side_sleep(side);
        must(consumed == 1);
    }
    chan_close(&side->chan);
}

static void receive_all(struct side *side) {
    uint64_t n = 0;
    struct message message;
    while (side_receive(side, &message) == 0)
        expect(&message, n++);
    must(n == THREADS_MESSAGES / 20);
}

Test(threads, a_sender_is_woken_by_the_consumption_of_its_message, .timeout = 120) {
    run_on_every_size(send_and_wait, receive_all);
}

/* ---- requests and replies */

#define DEPTH 12

static void request_many(struct side *side) {
    struct chan_calls table;
    struct chan_call calls[DEPTH];
    uint64_t contexts[DEPTH] = { 0 };
    uint64_t sent = 0, done = 0;
    must(chan_calls_init(&table, &side->chan, calls, DEPTH) == 0);
    while (done < THREADS_MESSAGES / 8) {
        struct message message = { .type = MESSAGE_TYPE_SERVICE, .arg = { sent * 7 } };
        if (sent < THREADS_MESSAGES / 8 &&
            chan_call(&table, &message, &contexts[sent % DEPTH]) == 0) {
            sent++;
            continue;
        }
        void *context;
        must(side_receive(side, &message) == 0);
        must(chan_is_reply(&message) && chan_call_finish(&table, &message, &context) == 0);
        ++*(uint64_t *)context;
        done++;
    }
    for (unsigned i = 0; i < DEPTH; i++)
        must(contexts[i] > 0);
    chan_close(&side->chan);
}

/* Keeps up to five requests, and replies to the last of them first. */
static void reply_in_reverse(struct side *side) {
    struct message waiting[5];
    unsigned count = 0;
    for (;;) {
        int error = chan_receive(&side->chan.rx, &waiting[count]);
        if (error == 0 && ++count < 5)
            continue;
        while (count > 0) {
            const struct message *request = &waiting[--count];
            struct message reply = { .tag = request->tag, .arg = { request->arg[0] } };
            must(chan_reply(&side->chan.tx, &reply) == 0 || error == -E_PEERDEAD);
        }
        if (error == -E_WOULDBLOCK) {
            error = chan_arm(&side->chan.rx);
            if (error == 0)
                side_sleep(side);
        }
        if (error == -E_PEERDEAD)
            return;
        must(error >= 0);
    }
}

Test(threads, replies_find_their_requests_and_credit, .timeout = 120) {
    link_make(&link, 16, DEPTH);
    link_run(&link, request_many, reply_in_reverse);
    link_free(&link);
}

/* ---- bulk */

#define BUFFERS 4
#define SIZE    4096

static _Alignas(64) uint64_t pool_memory[BUFFERS * SIZE / 8];

static void lend_all(struct side *side) {
    struct bulk_record records[BUFFERS];
    struct bulk_pool pool;
    uint64_t sent = 0, back = 0;
    must(bulk_init(&pool, pool_memory, BUFFERS, SIZE, records) == 0);
    while (back < THREADS_MESSAGES / 20) {
        struct message message = { .type = 1 };
        int buffer = sent < THREADS_MESSAGES / 20 ? bulk_take(&pool) : -E_NOMEM;
        if (buffer >= 0) {
            struct bulk_descriptor descriptor = { .buffer = (uint32_t)buffer, .length = SIZE };
            uint64_t *data = bulk_address(&pool, descriptor.buffer);
            for (unsigned i = 0; i < SIZE / 8; i += 8)
                data[i] = sent + i;
            descriptor.cookie = (uint32_t)sent++;
            must(bulk_lend(&pool, &descriptor) == 0);
            bulk_write(&message, 0, &descriptor);
            side_send(side, &message);
            continue;
        }
        must(side_receive(side, &message) == 0);
        struct bulk_descriptor descriptor = bulk_read(&message, 0);
        must(bulk_returned(&pool, &descriptor) == 0);
        must(*(uint64_t *)bulk_address(&pool, descriptor.buffer) == ~(uint64_t)descriptor.cookie);
        must(bulk_put(&pool, descriptor.buffer) == 0);
        back++;
    }
    chan_close(&side->chan);
}

static void borrow_all(struct side *side) {
    struct bulk_record records[BUFFERS];
    struct bulk_pool pool;
    struct message message;
    must(bulk_init(&pool, pool_memory, BUFFERS, SIZE, records) == 0);
    while (side_receive(side, &message) == 0) {
        struct bulk_descriptor descriptor = bulk_read(&message, 0);
        void *data;
        must(bulk_borrow(&pool, &descriptor, &data) == 0);
        for (unsigned i = 0; i < SIZE / 8; i += 8)
            must(((uint64_t *)data)[i] == descriptor.cookie + i);
        *(uint64_t *)data = ~(uint64_t)descriptor.cookie;
        must(bulk_return(&pool, &descriptor) == 0);
        side_send(side, &message);
    }
}

Test(threads, the_bytes_of_a_buffer_pass_with_its_descriptor, .timeout = 120) {
    link_make(&link, 8, 0);
    link_run(&link, lend_all, borrow_all);
    link_free(&link);
}

/* ---- close */

static unsigned close_after;

static void send_some_and_close(struct side *side) {
    for (uint64_t n = 0; n < close_after; n++) {
        struct message message = numbered(n);
        side_send(side, &message);
    }
    chan_close(&side->chan);
}

static void receive_to_the_end(struct side *side) {
    struct message message;
    uint64_t n = 0;
    int error;
    while ((error = side_receive(side, &message)) == 0)
        expect(&message, n++);
    must(error == -E_PEERDEAD && n == close_after);
}

Test(threads, a_close_overtakes_no_message, .timeout = 120) {
    for (close_after = 0; close_after < 400; close_after++) {
        link_make(&link, 4, 0);
        link_run(&link, send_some_and_close, receive_to_the_end);
        link_free(&link);
    }
}
