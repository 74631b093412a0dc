#include "tests.h"

#include <string.h>

#include <runtime/kcall.h>
#include <runtime/startup.h>
#include <runtime/tap.h>

#include "../support/cores.h"

/* A user says by its record `ready` how far it is. */
static void await_ready(uint64_t stage) {
    uint64_t value = 0;

    for (int i = 0; i < 1000 && value != stage; i++) {
        if (store_retrieve_integer(USER ".ready", 0, &value))
            value = 0;
        pause_for(TIME_MILLISECOND);
    }
    if (value != stage)
        tap_bail_out("a user did not come to stage %lu", (unsigned long)stage);
}

static void kill(endpoint_t process) {
    struct message m = { .type = MONITOR_KILL, .arg = { process } };

    ipc_request(runtime_monitor(), &m);
    await_end(process);
}

static uint64_t subscriptions(void) {
    struct message m = { .type = STORE_STATUS };

    return store_request(&m) == 0 ? m.arg[5] : UINT64_MAX;
}

void test_subscriptions(uint32_t core) {
    endpoint_t watcher, sleeper;
    uint64_t before = subscriptions();

    store_publish_integer("test.early", 1, 0);
    if (start_as(core, USER, "watch", &watcher))
        tap_bail_out("cannot start a watcher");
    await_ready(1);
    for (uint64_t i = 1; i <= 100; i++)
        store_publish_integer("test.counter", i, STORE_OVERWRITE);
    store_publish_integer("test.zebra", 1, 0);
    store_delete("test.early", 0);
    pause_for(10 * TIME_MILLISECOND);
    store_publish_string("test.end", "", 0);
    tap_is(await_end(watcher), 0, "subscriber_on_core_%u_sees_what_changes", core);
    tap_is((int64_t)subscriptions(), (int64_t)before, "and_leaves_nothing_behind");
    if (start_as(core, USER, "sleepy", &sleeper))
        tap_bail_out("cannot start a sleeper");
    await_ready(2);
    for (uint64_t i = 0; i < 200; i++)
        store_publish_integer("test.counter", i, STORE_OVERWRITE);
    tap_ok(subscriptions() == before + STORE_SUBSCRIPTIONS_MAX,
           "a_subscriber_that_does_not_look_is_in_nobodys_way");
    kill(sleeper);
    for (int i = 0; i < 100 && subscriptions() != before; i++) {
        pause_for(100 * TIME_MILLISECOND);
        store_publish_integer("test.counter", 0, STORE_OVERWRITE);
    }
    tap_is((int64_t)subscriptions(), (int64_t)before, "dead_subscribers_are_forgotten");
    store_delete("test.counter", 0);
    store_delete("test.zebra", 0);
    store_delete("test.end", 0);
    store_collect(USER, NULL);
}

void test_maps(uint32_t core) {
    tap_is(run_as(core, USER, "map"), 0, "memory_is_mapped_on_core_%u", core);
    tap_is(run_as(core, USER, "remap"), 0, "it_outlives_who_has_mapped_it");
    tap_is(run_as(0, USER, "remap"), 0, "also_for_one_on_core_0");
    tap_is(run_as(core, OTHER_USER, "miss"), 0, "others_do_not_see_it");
    tap_is(run_as(core, USER, "unmap"), 0, "it_is_deleted_while_it_is_mapped");
}
