/* What the ordinary programs of the test do. */
#include "tests.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <runtime/event.h>
#include <runtime/grant.h>
#include <runtime/kcall.h>
#include <runtime/startup.h>
#include <runtime/tap.h>

#define WINDOW ((char *)0x0000003100000000)
#define PAGES  4

#define CHECK(condition)                                           \
    do {                                                           \
        if (!(condition)) {                                        \
            tap_note("%s:%d: %s", __FILE__, __LINE__, #condition); \
            return __LINE__;                                       \
        }                                                          \
    } while (0)

static int keep(void) {
    CHECK(store_publish_integer("state", 4711, STORE_PRIVATE) == 0);
    CHECK(store_publish_string("text", "kept", STORE_PRIVATE) == 0);
    return 0;
}

static int find(void) {
    char text[8];
    uint64_t value = 0;

    CHECK(store_retrieve_integer("state", STORE_PRIVATE, &value) == 0 && value == 4711);
    CHECK(store_retrieve_string("text", STORE_PRIVATE, text, sizeof text) == 0);
    CHECK(strcmp(text, "kept") == 0);
    CHECK(store_retrieve_integer("state", 0, &value) == -E_NOENT);
    return 0;
}

static int miss(void) {
    uint64_t value, version = 0;
    struct store_change change;

    CHECK(store_retrieve_integer("state", STORE_PRIVATE, &value) == -E_NOENT);
    CHECK(store_delete("state", STORE_PRIVATE) == -E_NOENT);
    CHECK(store_next("*", STORE_PRIVATE, &version, &change) == -E_NOENT);
    return 0;
}

static int squat(void) {
    CHECK(store_publish_integer(USER ".port", 1, 0) == -E_PERM);
    CHECK(store_publish_integer("service.x", 1, 0) == -E_PERM);
    CHECK(store_publish_integer(OTHER_USER "x", 1, 0) == -E_PERM);
    CHECK(store_publish_label(OTHER_USER ".x", runtime_self(), 0) == -E_PERM);
    CHECK(store_collect(USER, NULL) == -E_PERM);
    CHECK(store_publish_integer(OTHER_USER ".x", 1, 0) == 0);
    CHECK(store_delete(OTHER_USER ".x", 0) == 0);
    return 0;
}

/* With two records of keep() that makes 64. */
static int fill(void) {
    static char block[STORE_MEMORY_MAX];
    char name[16];

    for (int i = 0; i < 62; i++) {
        snprintf(name, sizeof name, "n%d", i);
        CHECK(store_publish_integer(name, 1, STORE_PRIVATE) == 0);
    }
    CHECK(store_publish_integer("one more", 1, STORE_PRIVATE) == -E_INVAL);
    CHECK(store_publish_integer("one-more", 1, STORE_PRIVATE) == -E_QUOTA);
    for (int i = 0; i < 3; i++) {
        snprintf(name, sizeof name, "n%d", i);
        CHECK(store_publish_memory(name, block, sizeof block, STORE_PRIVATE | STORE_OVERWRITE) ==
              0);
    }
    CHECK(store_publish_memory("n3", block, sizeof block, STORE_PRIVATE | STORE_OVERWRITE) ==
          -E_QUOTA);
    return 0;
}

static int begin(void) {
    CHECK(store_begin() == 0);
    CHECK(store_publish_integer("left", 1, STORE_PRIVATE | STORE_TRANSACTION) == 0);
    return 0;
}

/* ---- Subscriptions ---- */

static struct store_subscription watched;
static unsigned notices, seen, deleted;
static uint64_t last_value;

/* Public names of the test, until `test.end` is there. */
static void notify(void *unused, endpoint_t source) {
    struct store_change change;

    (void)unused;
    if (!store_is(source))
        return;
    notices++;
    while (store_check(&watched, &change) == 0) {
        seen++;
        deleted += change.what.type == STORE_TYPE_NONE;
        if (change.what.type == STORE_TYPE_INTEGER)
            store_retrieve_integer(change.name, 0, &last_value);
        if (strcmp(change.name, "test.end") == 0)
            event_loop_stop(0);
    }
}

/*
 * Sees what there is at first, then what comes. What has changed several times meanwhile is seen
 * once, as it is then.
 */
static int watch(void) {
    static const struct event_handlers handlers = { .notify = notify };
    struct store_change change;

    CHECK(store_subscribe(&watched, "test.[a-e]*", 0) == 0);
    CHECK(store_check(&watched, &change) == 0);
    CHECK(strcmp(change.name, "test.early") == 0);
    CHECK(store_check(&watched, &change) == -E_NOENT);
    CHECK(store_publish_integer(USER ".ready", 1, STORE_OVERWRITE) == 0);
    CHECK(event_loop_run(&handlers) == 0);
    CHECK(notices >= 1);
    CHECK(seen >= 2 && deleted == 1);
    CHECK(last_value == 100);
    CHECK(store_unsubscribe(&watched) == 0);
    CHECK(store_unsubscribe(&watched) == -E_NOENT);
    return 0;
}

/* Subscribes as often as it may, and never looks. */
static int sleepy(void) {
    static const struct event_handlers handlers = { .notify = NULL };
    struct store_subscription s;

    for (unsigned i = 0; i < STORE_SUBSCRIPTIONS_MAX; i++)
        CHECK(store_subscribe(&s, "test.*", 0) == 0);
    CHECK(store_subscribe(&s, "test.*", 0) == -E_QUOTA);
    CHECK(store_publish_integer(USER ".ready", 2, STORE_OVERWRITE) == 0);
    return event_loop_run(&handlers);
}

/* ---- Mapped memory ---- */

static int map_and_write(void) {
    bool made = false;
    unsigned snapshot;

    CHECK(store_map("disk", STORE_PRIVATE, WINDOW, PAGES * PAGE_SIZE, &made) == 0 && made);
    CHECK(WINDOW[0] == 0 && WINDOW[PAGES * PAGE_SIZE - 1] == 0);
    memcpy(WINDOW, "written by the first", sizeof "written by the first");
    CHECK(store_snapshot("disk", STORE_PRIVATE, &snapshot) == 0);
    memcpy(WINDOW + PAGE_SIZE, "and after the snapshot", sizeof "and after the snapshot");
    return 0;
}

static int map_and_read(void) {
    static char copy[PAGES * PAGE_SIZE];
    bool made = true;
    size_t bytes = 0;

    CHECK(store_map("disk", STORE_PRIVATE, WINDOW, PAGES * PAGE_SIZE, &made) == 0 && !made);
    CHECK(strcmp(WINDOW, "written by the first") == 0);
    CHECK(strcmp(WINDOW + PAGE_SIZE, "and after the snapshot") == 0);
    CHECK(store_retrieve_memory("disk", STORE_PRIVATE, 1, copy, sizeof copy, &bytes) == 0);
    CHECK(bytes == sizeof copy && strcmp(copy, "written by the first") == 0);
    CHECK(copy[PAGE_SIZE] == '\0');
    CHECK(store_retrieve_memory("disk", STORE_PRIVATE, 0, copy, sizeof copy, &bytes) == 0);
    CHECK(strcmp(copy + PAGE_SIZE, "and after the snapshot") == 0);
    CHECK(store_publish_integer("disk", 1, STORE_PRIVATE | STORE_OVERWRITE) == -E_BUSY);
    CHECK(store_map("disk", STORE_PRIVATE, WINDOW + PAGES * PAGE_SIZE, PAGE_SIZE, NULL) ==
          -E_EXIST);
    return 0;
}

/* The memory goes, but no access to it ever faults. */
static int map_and_delete(void) {
    CHECK(store_map("disk", STORE_PRIVATE, WINDOW, PAGES * PAGE_SIZE, NULL) == 0);
    CHECK(WINDOW[0] == 'w');
    CHECK(store_delete("disk", STORE_PRIVATE) == 0);
    CHECK(WINDOW[0] == '\0');
    CHECK(safe_unmap(WINDOW) == 0);
    CHECK(store_map("disk", STORE_PRIVATE, WINDOW, 2 * PAGE_SIZE + 1, NULL) == -E_INVAL);
    return 0;
}

int user_main(const char *what) {
    static const struct {
        const char *name;
        int (*run)(void);
    } parts[] = {
        { "keep", keep },
        { "find", find },
        { "miss", miss },
        { "squat", squat },
        { "fill", fill },
        { "begin", begin },
        { "watch", watch },
        { "sleepy", sleepy },
        { "map", map_and_write },
        { "remap", map_and_read },
        { "unmap", map_and_delete },
    };
    char *end;

    if (strncmp(what, "work:", 5) == 0) {
        uint64_t seed = strtoull(what + 5, &end, 0);
        return work(seed, strtoull(end + 1, NULL, 0));
    }
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        if (strcmp(parts[i].name, what) == 0)
            return parts[i].run();
    return 1;
}
