#include "tests.h"

#include <string.h>

#include <runtime/tap.h>

#include "../support/cores.h"

static void test_types(void) {
    static const uint8_t bytes[5000] = { 1, 2, [4999] = 3 };
    static uint8_t back[sizeof bytes];
    char text[32];
    uint64_t value = 0;
    endpoint_t endpoint = ENDPOINT_NONE;
    size_t length = 0;

    tap_is(store_publish_integer("test.integer", 42, 0), 0, "integer_is_published");
    tap_is(store_retrieve_integer("test.integer", 0, &value), 0, "integer_is_retrieved");
    tap_is((int64_t)value, 42, "integer_is_what_it_was");
    tap_is(store_publish_string("test.string", "ahoy", 0), 0, "string_is_published");
    tap_is(store_retrieve_string("test.string", 0, text, sizeof text), 0, "string_is_retrieved");
    tap_is_string(text, "ahoy", "string_is_what_it_was");
    tap_is(store_retrieve_string("test.string", 0, text, 4), -E_TOOBIG,
           "string_needs_room_for_its_end");
    tap_is(store_publish_memory("test.memory", bytes, sizeof bytes, 0), 0, "memory_is_published");
    tap_is(store_retrieve_memory("test.memory", 0, 0, back, sizeof back, &length), 0,
           "memory_is_retrieved");
    tap_ok(length == sizeof bytes && memcmp(bytes, back, sizeof bytes) == 0,
           "memory_is_what_it_was");
    tap_is(store_retrieve_memory("test.memory", 0, 0, back, 100, &length), -E_TOOBIG,
           "memory_needs_room");
    tap_is((int64_t)length, sizeof bytes, "and_its_length_is_told");
    tap_is(store_publish_label("service.test", primary_now(), 0), 0, "manager_publishes_a_label");
    tap_is(store_retrieve_label("service.test", 0, &endpoint), 0, "label_is_retrieved");
    tap_ok(endpoint == primary_now(), "label_is_what_it_was");
    tap_is(store_retrieve_label("test.integer", 0, &endpoint), -E_INVAL,
           "integer_is_not_taken_for_a_label");
}

static void test_overwriting(void) {
    uint64_t value = 0;

    tap_is(store_publish_integer("test.integer", 43, 0), -E_EXIST,
           "what_there_is_is_not_overwritten_by_mistake");
    tap_is(store_publish_integer("test.integer", 43, STORE_OVERWRITE), 0,
           "what_there_is_is_overwritten");
    store_retrieve_integer("test.integer", 0, &value);
    tap_is((int64_t)value, 43, "integer_is_the_new_one");
    tap_is(store_delete("test.integer", 0), 0, "record_is_deleted");
    tap_is(store_delete("test.integer", 0), -E_NOENT, "a_deleted_record_is_not_there");
    tap_is(store_retrieve_integer("test.integer", 0, &value), -E_NOENT,
           "a_deleted_record_cannot_be_read");
}

static void test_snapshots(void) {
    char text[8] = "";
    unsigned snapshot = 0, again = 0;
    size_t bytes = 0;

    tap_is(store_snapshot("test.string", 0, &snapshot), 0, "snapshot_is_made");
    store_publish_string("test.string", "new", STORE_OVERWRITE);
    tap_is(store_snapshot("test.string", 0, &again), 0, "another_snapshot_is_made");
    tap_ok(again > snapshot, "snapshots_are_numbered");
    tap_is(store_retrieve_memory("test.string", 0, snapshot, text, sizeof text, &bytes), 0,
           "snapshot_is_retrieved");
    tap_ok(bytes == 4 && memcmp(text, "ahoy", 4) == 0, "snapshot_is_as_it_was");
    tap_is(store_delete_snapshot("test.string", 0, snapshot), 0, "snapshot_is_deleted");
    tap_is(store_retrieve_memory("test.string", 0, snapshot, text, sizeof text, &bytes), -E_NOENT,
           "a_deleted_snapshot_is_not_there");
    tap_is(store_snapshot("test.nothing", 0, &snapshot), -E_NOENT,
           "there_is_no_snapshot_of_nothing");
}

static void test_names(void) {
    static const char longest[] = "test.89012345678901234567890123";

    tap_is(store_publish_integer("", 1, 0), -E_INVAL, "a_name_is_not_empty");
    tap_is(store_publish_integer("test\n", 1, 0), -E_INVAL, "a_name_is_printable");
    tap_is(store_publish_integer(longest, 1, 0), 0, "a_name_may_be_long");
    tap_is(store_delete(longest, 0), 0, "and_is_found_then");
    tap_is(store_publish_integer("test.890123456789012345678901234567", 1, 0), -E_TOOBIG,
           "but_not_too_long");
    tap_is(store_publish_integer("test.flag", 1, 1 << 5), -E_INVAL, "unknown_flags_are_refused");
}

void test_values(void) {
    test_types();
    test_overwriting();
    test_snapshots();
    test_names();
    tap_is(store_delete("test.string", 0), 0, "string_is_deleted");
    tap_is(store_delete("test.memory", 0), 0, "memory_is_deleted");
    tap_is(store_delete("service.test", 0), 0, "label_is_deleted");
}

void test_transactions(void) {
    uint64_t value = 0;

    tap_is(store_commit(), -E_NOENT, "nothing_begun_is_not_committed");
    tap_is(store_publish_integer("test.a", 1, STORE_TRANSACTION), -E_NOENT,
           "nothing_begun_takes_no_change");
    tap_is(store_begin(), 0, "transaction_begins");
    tap_is(store_begin(), -E_BUSY, "one_at_a_time");
    store_publish_integer("test.a", 1, STORE_TRANSACTION);
    store_publish_integer("test.b", 2, STORE_TRANSACTION);
    tap_is(store_retrieve_integer("test.b", 0, &value), -E_NOENT, "its_changes_are_not_visible");
    tap_is(store_commit(), 0, "transaction_is_committed");
    tap_ok(store_retrieve_integer("test.a", 0, &value) == 0 && value == 1 &&
               store_retrieve_integer("test.b", 0, &value) == 0 && value == 2,
           "its_changes_are_visible");
    store_begin();
    store_publish_integer("test.c", 3, STORE_TRANSACTION);
    store_publish_integer("test.a", 3, STORE_TRANSACTION);
    tap_is(store_commit(), -E_EXIST, "one_impossible_change_refuses_all");
    tap_is(store_retrieve_integer("test.c", 0, &value), -E_NOENT, "so_none_is_done");
    store_begin();
    store_delete("test.a", STORE_TRANSACTION);
    tap_is(store_abort(), 0, "transaction_is_aborted");
    tap_is(store_retrieve_integer("test.a", 0, &value), 0, "so_nothing_is_done");
    tap_is(run_as(0, USER, "begin"), 0, "a_client_dies_in_a_transaction");
    tap_is(run_as(0, USER, "begin"), 0, "which_is_in_nobodys_way");
    store_delete("test.a", 0);
    store_delete("test.b", 0);
}

void test_privacy(void) {
    struct message m = { .type = STORE_USAGE };
    unsigned collected = 0;
    uint64_t value = 0;

    tap_is(run_as(0, USER, "keep"), 0, "a_user_keeps_private_state");
    tap_is(run_as(0, USER, "find"), 0, "the_next_of_its_label_finds_it");
    tap_is(run_as(0, OTHER_USER, "miss"), 0, "another_label_does_not");
    tap_is(store_retrieve_integer("state", STORE_PRIVATE, &value), -E_NOENT, "nor_does_a_manager");
    tap_is(run_as(0, OTHER_USER, "squat"), 0, "public_names_of_others_are_refused");
    tap_is(run_as(0, USER, "fill"), 0, "quotas_hold");
    memcpy(m.arg, USER, sizeof USER);
    tap_ok(store_request(&m) == 0 && m.arg[0] == m.arg[1], "its_quota_is_used_up");
    tap_is(store_collect(USER, &collected), 0, "a_manager_collects_what_a_label_has_left");
    tap_is(collected, 64, "all_of_it");
    tap_is(run_as(0, USER, "miss"), 0, "nothing_is_left");
}
