/* Devices whose requests cannot be repeated (thesis 4.3.1). */
#include <criterion/criterion.h>

#include <runtime/device.h>

#include "fake.h"

#define REQUEST (MESSAGE_TYPE_SERVICE + 100)

static struct device device;

static int set_up(struct device *d) {
    struct message m = { .type = REQUEST };

    fake.setups++;
    return ipc_request(d->component.endpoint, &m);
}

static int request(void) {
    struct message m = { .type = REQUEST, .arg = { 41 } };
    int result = device_request(&device, &m);

    cr_assert(result != 0 || m.arg[0] == 42);
    return result;
}

Test(device, a_request_under_way_is_lost_and_the_device_is_to_be_opened_again) {
    cr_assert_eq(device_open(&device, "driver", 0, set_up), 0);
    fake.fate = "a";
    cr_assert_eq(request(), -E_RESTARTED);
    cr_assert_eq(request(), -E_RESTARTED);
    cr_assert_eq(fake.setups, 1);
    cr_assert_eq(device_open(&device, "driver", 0, set_up), 0);
    cr_assert_eq(request(), 0);
    cr_assert_eq(fake.setups, 2);
}

Test(device, a_restart_between_requests_is_told_of) {
    cr_assert_eq(device_open(&device, "driver", 0, NULL), 0);
    fake.gone = true;
    cr_assert_eq(request(), -E_RESTARTED);
    cr_assert_eq(fake.served, 0);
}

Test(device, reopened_a_request_under_way_is_told_of_once) {
    cr_assert_eq(device_open(&device, "driver", DEVICE_REOPEN, set_up), 0);
    fake.fate = "b";
    cr_assert_eq(request(), -E_REOPENED);
    cr_assert_eq(request(), 0);
    cr_assert_eq(fake.setups, 2);
}

Test(device, reopened_a_restart_between_requests_is_not) {
    cr_assert_eq(device_open(&device, "driver", DEVICE_REOPEN, set_up), 0);
    fake.gone = true;
    cr_assert_eq(request(), 0);
    cr_assert_eq(fake.setups, 2);
}

Test(device, reopened_what_was_never_begun_is_begun_again) {
    cr_assert_eq(device_open(&device, "driver", DEVICE_REOPEN, NULL), 0);
    fake.fate = "rn";
    cr_assert_eq(request(), 0);
    cr_assert(fake.awaited == 2 && fake.served == 1);
}

Test(device, a_driver_that_dies_while_it_is_set_up_is_followed_by_another) {
    fake.fate = "ab";
    cr_assert_eq(device_open(&device, "driver", DEVICE_REOPEN, set_up), 0);
    cr_assert_eq(fake.setups, 3);
}

Test(device, errors_of_setting_up_are_the_callers) {
    fake.fate = "e";
    cr_assert_eq(device_open(&device, "driver", DEVICE_REOPEN, set_up), -E_IO);
    cr_assert_eq(device_open(&device, "another", DEVICE_REOPEN, set_up), -E_NOENT);
}

Test(device, without_a_successor_there_is_no_device) {
    cr_assert_eq(device_open(&device, "driver", DEVICE_REOPEN, NULL), 0);
    fake.fate = "b";
    fake.no_successor = true;
    cr_assert_eq(request(), -E_PEERDEAD);
    cr_assert_eq(request(), -E_PEERDEAD);
}

Test(device, errors_of_the_device_are_the_callers) {
    cr_assert_eq(device_open(&device, "driver", 0, NULL), 0);
    fake.fate = "e";
    cr_assert_eq(request(), -E_IO);
    cr_assert_eq(request(), 0);
}
