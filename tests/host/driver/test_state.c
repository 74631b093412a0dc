/* What a driver leaves to the next one. */
#include <criterion/criterion.h>
#include <string.h>

#include <driver.h>

#include "fake.h"

static char restored[16];
static int restore_error;
static size_t save_bytes = 4;
static int save_error;
static bool was_restarted;

static int start(bool again) {
    was_restarted = again;
    return 0;
}

static size_t save(void *state, size_t room) {
    cr_assert_eq(room, DRIVER_STATE_MAX);
    memcpy(state, "mine", 4);
    return save_bytes;
}

static int restore(const void *state, size_t bytes) {
    cr_assert_leq(bytes, sizeof restored);
    memcpy(restored, state, bytes);
    return restore_error;
}

static int request(struct message *m) {
    (void)m;
    save_error = driver_save();
    return 0;
}

static const struct driver table = {
    .name = "state", .start = start, .request = request, .save = save, .restore = restore
};

Test(state, the_first_has_none) {
    cr_assert_eq(driver_run(&table), FAKE_DONE);
    cr_assert(!was_restarted && restored[0] == '\0' && fake.starts == 1);
}

Test(state, the_next_has_what_was_saved_last) {
    fake_message(FAKE_CLIENT, MESSAGE_TYPE_SERVICE, 0);
    cr_assert_eq(driver_run(&table), FAKE_DONE);
    cr_assert_eq(save_error, 0);
    cr_assert_eq(driver_run(&table), FAKE_DONE);
    cr_assert(was_restarted && memcmp(restored, "mine", 5) == 0 && fake.starts == 2);
}

Test(state, is_saved_at_the_end) {
    fake_message(FAKE_AGENT, DRIVER_SHUTDOWN, 0);
    cr_assert_eq(driver_run(&table), 0);
    cr_assert(fake.state_bytes == 4 && memcmp(fake.state, "mine", 4) == 0);
}

Test(state, that_cannot_be_saved_is_told_of_by_the_exit_status) {
    fake.store_error = -E_QUOTA;
    fake_message(FAKE_AGENT, DRIVER_SHUTDOWN, 0);
    cr_assert_eq(driver_run(&table), E_QUOTA);
}

Test(state, that_is_of_no_use_is_forgotten) {
    memcpy(fake.state, "bad", fake.state_bytes = 3);
    restore_error = -E_INVAL;
    cr_assert_eq(driver_run(&table), FAKE_DONE);
    cr_assert_eq(fake.state_bytes, 0);
}

Test(state, that_is_corrupt_is_taken_from_its_good_snapshot) {
    memcpy(fake.state, "good", fake.state_bytes = 4);
    fake.corrupt = true;
    fake.good_snapshot = 3;
    cr_assert_eq(driver_run(&table), FAKE_DONE);
    cr_assert_eq(memcmp(restored, "good", 4), 0);
}

Test(state, that_is_corrupt_without_one_is_forgotten) {
    fake.state_bytes = 4;
    fake.corrupt = true;
    cr_assert_eq(driver_run(&table), FAKE_DONE);
    cr_assert(restored[0] == '\0' && fake.state_bytes == 0);
}

Test(state, that_is_too_much_is_refused) {
    save_bytes = DRIVER_STATE_MAX + 1;
    fake_message(FAKE_CLIENT, MESSAGE_TYPE_SERVICE, 0);
    cr_assert_eq(driver_run(&table), FAKE_DONE);
    cr_assert_eq(save_error, -E_TOOBIG);
}

Test(state, drivers_without_it_ask_for_none) {
    const struct driver stateless = { .name = "none", .start = start, .request = request };

    fake_message(FAKE_CLIENT, MESSAGE_TYPE_SERVICE, 0);
    cr_assert_eq(driver_run(&stateless), FAKE_DONE);
    cr_assert(fake.starts == 0 && save_error == -E_NOTSUP);
}
