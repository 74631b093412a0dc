#include <criterion/criterion.h>

#include <runtime/asend.h>

#define SLOTS  4
#define ROUNDS 40

static ASEND_ENTRIES(entries, SLOTS);
static struct asend_queue queue;
static uint32_t done_tags[64];
static int done_results[64];
static size_t done_count;

static void on_done(void *context, endpoint_t destination, const struct message *m, int result) {
    cr_assert_eq(context, &queue);
    cr_assert_eq(destination, FAKE_CHILD);
    done_results[done_count] = result;
    done_tags[done_count++] = m->tag;
}

static void init(void) { asend_init(&queue, entries, SLOTS, on_done, &queue); }

TestSuite(asend, .init = init);

static int post(uint32_t tag) {
    return asend_post(&queue, FAKE_CHILD, &(struct message){ .type = 0x100, .tag = tag });
}

/* What the kernel does when the destination of the entry receives, or has died. */
static void complete(size_t i, int result) {
    kernel.table[i].result = result;
    kernel.table[i].state = ASEND_DONE;
}

Test(asend, posted_message_is_handed_to_the_kernel) {
    cr_assert_eq(post(1), 0);
    cr_assert_eq(kernel.table, entries);
    cr_assert_eq(kernel.table_entries, 1);
    cr_assert_eq(entries[0].state, ASEND_READY);
    cr_assert_eq(entries[0].destination, FAKE_CHILD);
    cr_assert_eq(entries[0].message.tag, 1);
    for (size_t i = 0; i < 6; i++)
        cr_assert_eq(entries[0].reserved[i], 0);
}

Test(asend, full_queue_refuses) {
    for (uint32_t i = 0; i < SLOTS; i++)
        cr_assert_eq(post(i), 0);
    cr_assert_eq(post(99), -E_NOSLOT);
    cr_assert_eq(kernel.asend_calls, SLOTS);
    cr_assert_eq(done_count, 0);
}

Test(asend, collect_reports_each_message_once) {
    post(1);
    post(2);
    complete(0, 0);
    complete(1, -E_PEERDEAD);
    cr_assert_eq(asend_collect(&queue), 0);
    cr_assert_eq(asend_collect(&queue), 0);
    cr_assert_eq(done_count, 2);
    cr_assert_eq(done_tags[0], 1);
    cr_assert_eq(done_results[0], 0);
    cr_assert_eq(done_results[1], -E_PEERDEAD);
}

Test(asend, slots_are_used_again_without_withdrawal) {
    for (uint32_t i = 0; i < ROUNDS; i++) {
        cr_assert_eq(post(i), 0);
        complete(kernel.table_entries - 1, 0);
        cr_assert_eq(asend_collect(&queue), 0);
    }
    cr_assert_eq(kernel.asend_calls, ROUNDS);
    cr_assert_eq(kernel.table_entries, 1);
}

Test(asend, order_is_kept_when_holes_are_closed) {
    for (uint32_t i = 0; i < SLOTS; i++)
        post(i);
    complete(0, 0);
    complete(2, 0);
    cr_assert_eq(post(9), 0);
    cr_assert_eq(kernel.table_entries, 3);
    cr_assert_eq(entries[0].message.tag, 1);
    cr_assert_eq(entries[1].message.tag, 3);
    cr_assert_eq(entries[2].message.tag, 9);
    cr_assert_eq(entries[3].state, ASEND_EMPTY);
    cr_assert_eq(done_count, 2);
}

Test(asend, refused_post_leaves_nothing_queued) {
    kernel.asend_error = -E_PERM;
    cr_assert_eq(post(1), -E_PERM);
    cr_assert_eq(entries[0].state, ASEND_EMPTY);
    kernel.asend_error = 0;
    cr_assert_eq(post(2), 0);
    cr_assert_eq(kernel.table_entries, 1);
    cr_assert_eq(entries[0].message.tag, 2);
}
