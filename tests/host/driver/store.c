/* The data store of the tests: one integer and one piece of memory, private to the driver. */
#include <runtime/store.h>

#include <criterion/criterion.h>
#include <string.h>

#include "fake.h"

static void check(const char *name, const char *expected, unsigned flags) {
    cr_assert_str_eq(name, expected);
    cr_assert(flags & STORE_PRIVATE);
}

int store_retrieve_integer(const char *name, unsigned flags, uint64_t *value) {
    check(name, "driver.starts", flags);
    *value = fake.starts;
    return fake.starts ? 0 : -E_NOENT;
}

int store_publish_integer(const char *name, uint64_t value, unsigned flags) {
    check(name, "driver.starts", flags);
    cr_assert(flags & STORE_OVERWRITE);
    fake.starts = value;
    return 0;
}

int store_retrieve_memory(const char *name, unsigned flags, unsigned snapshot, void *memory,
                          size_t room, size_t *bytes) {
    check(name, "driver.state", flags);
    if (fake.state_bytes == 0)
        return -E_NOENT;
    if (fake.corrupt && snapshot == 0) {
        *bytes = fake.good_snapshot;
        return -E_CHECKSUM;
    }
    cr_assert(snapshot == (fake.corrupt ? fake.good_snapshot : 0));
    *bytes = fake.state_bytes;
    if (room < fake.state_bytes)
        return -E_TOOBIG;
    memcpy(memory, fake.state, fake.state_bytes);
    return 0;
}

int store_publish_memory(const char *name, const void *memory, size_t bytes, unsigned flags) {
    check(name, "driver.state", flags);
    cr_assert(flags & STORE_OVERWRITE && bytes <= sizeof fake.state);
    if (fake.store_error)
        return fake.store_error;
    memcpy(fake.state, memory, bytes);
    fake.state_bytes = bytes;
    return 0;
}

int store_delete(const char *name, unsigned flags) {
    check(name, "driver.state", flags);
    fake.state_bytes = 0;
    return 0;
}
