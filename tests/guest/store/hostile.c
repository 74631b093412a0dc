#include "tests.h"

#include <string.h>

#include <runtime/grant.h>
#include <runtime/kcall.h>
#include <runtime/startup.h>
#include <runtime/tap.h>

static int ask(struct message *m) { return ipc_request(primary_now(), m); }

static struct message publish(uint8_t type, uint64_t value, uint32_t bytes) {
    struct message m = { .type = STORE_PUBLISH, .arg = { [4] = value } };
    struct store_what what = { type, STORE_PRIVATE | STORE_OVERWRITE, 0, bytes };

    memcpy(m.arg, "evil", 4);
    memcpy(&m.arg[5], &what, sizeof what);
    return m;
}

static void test_requests(void) {
    static const uint32_t unknown[] = { MESSAGE_TYPE_SERVICE - 1, STORE_STATUS + 1,
                                        MESSAGE_TYPE_SERVICE + 0x3fff, 0, 0x3fffffff };
    unsigned refused = 0;

    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
        struct message m = { .type = unknown[i] };
        refused += ask(&m) == -E_BADCALL;
    }
    tap_is(refused, sizeof unknown / sizeof unknown[0], "unknown_requests_are_refused");
    refused = 0;
    for (uint32_t type = MESSAGE_TYPE_SERVICE + 0x4000; type < MESSAGE_TYPE_SERVICE + 0x4010;
         type++) {
        struct message m = { .type = type, .arg = { 1, 65536, 0, 1 } };
        refused += ask(&m) == -E_BADCALL;
    }
    tap_is(refused, 16, "the_language_of_the_stores_is_not_for_others");
}

static void test_lengths(void) {
    static char page[2 * PAGE_SIZE];
    struct grant_name grant;
    struct message m = publish(STORE_TYPE_MEMORY, 1, UINT32_MAX);

    tap_is(ask(&m), -E_TOOBIG, "absurd_lengths_are_refused");
    m = publish(STORE_TYPE_MEMORY, 12345, 100);
    tap_is(ask(&m), -E_NOENT, "a_grant_that_is_none_is_refused");
    if (grant_make(primary_now(), page, 100, GRANT_READ, &grant))
        tap_bail_out("cannot grant");
    m = publish(STORE_TYPE_MEMORY, grant.id, 101);
    tap_is(ask(&m), -E_RANGE, "more_than_was_granted_is_refused");
    m = publish(STORE_TYPE_STRING, grant.id, 100);
    tap_is(ask(&m), -E_INVAL, "a_string_has_no_end_in_its_midst");
    m = publish(STORE_TYPE_MAPPED, 0, 100);
    tap_is(ask(&m), -E_INVAL, "mapped_memory_is_of_whole_pages");
    m = publish(STORE_TYPE_MAPPED, 0, STORE_MAP_MAX + PAGE_SIZE);
    tap_is(ask(&m), -E_TOOBIG, "and_not_of_too_many");
    m = publish(STORE_TYPE_COUNT, 0, 0);
    tap_is(ask(&m), -E_INVAL, "unknown_types_are_refused");
    m = publish(STORE_TYPE_MEMORY, grant.id, 100);
    tap_is(ask(&m), 0, "and_what_is_right_is_not");
    m = publish(STORE_TYPE_MEMORY, grant.id, 100);
    m.type = STORE_RETRIEVE;
    tap_is(ask(&m), -E_PERM, "what_was_granted_to_be_read_is_not_written");
    grant_revoke(grant);
    m = publish(STORE_TYPE_INTEGER, 0, 0);
    m.type = STORE_DELETE;
    tap_is(ask(&m), 0, "nothing_else_has_happened");
}

/* A subscription, a transaction or a place of somebody else's. */
static void test_others_things(void) {
    struct message m = { .type = STORE_CHECK, .arg = { 1, 0 } };
    struct store_subscription own;

    if (store_subscribe(&own, "*", 0))
        tap_bail_out("cannot subscribe");
    m.arg[0] = own.number + 1;
    tap_is(ask(&m), -E_BADEP, "a_subscription_of_nobody_is_refused");
    m = (struct message){ .type = STORE_UNSUBSCRIBE, .arg = { own.number + 1 } };
    tap_is(ask(&m), -E_NOENT, "and_cannot_be_ended");
    tap_is(store_unsubscribe(&own), 0, "but_the_own_one_can");
}

/*
 * Requests whose replies nobody takes. While the first of them waits for the backup the others are
 * refused: a client has one that waits.
 */
static void test_flood(void) {
    struct message status = { .type = STORE_STATUS };
    endpoint_t store = primary_now();
    uint64_t value = 0;

    for (int i = 0; i < 2000; i++) {
        struct message m = publish(STORE_TYPE_INTEGER, (uint64_t)i, 0);
        ipc_send(store, &m);
    }
    tap_is(ask(&status), 0, "a_flood_drowns_nobody");
    tap_is(store_retrieve_integer("evil", STORE_PRIVATE, &value), 0, "what_was_asked_is_done");
    tap_ok(value < 2000, "by_one_request_after_the_other");
    tap_is(store_delete("evil", STORE_PRIVATE), 0, "and_can_be_undone");
}

void test_hostile(void) {
    test_requests();
    test_lengths();
    test_others_things();
    test_flood();
}
