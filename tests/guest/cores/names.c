#include "tests.h"

#include <string.h>

#include <runtime/kcall.h>
#include <runtime/startup.h>

#define PATIENCE 1000 /* looks, a millisecond apart */

static int publish(const char *name, endpoint_t process) {
    struct message m = { .type = MONITOR_PUBLISH };

    memcpy(m.arg, name, strlen(name));
    m.arg[2] = process;
    return ipc_request(runtime_monitor(), &m);
}

static int find(const char *name, endpoint_t *process) {
    struct message m = { .type = MONITOR_FIND };

    memcpy(m.arg, name, strlen(name));
    int error = ipc_request(runtime_monitor(), &m);
    *process = error ? ENDPOINT_NONE : m.arg[0];
    return error;
}

/* Names come and go while others are asked. */
static int find_soon(const char *name, int expected, endpoint_t *process) {
    struct message m;
    int result = find(name, process);

    for (int i = 0; i < PATIENCE && result != expected; i++) {
        alarm_set(TIME_MILLISECOND, NULL);
        ipc_receive(ENDPOINT_KERNEL, &m);
        result = find(name, process);
    }
    return result;
}

/* "publish NAME": gives itself a name, and stays; or ends with the error. */
int part_publish(const char *name) {
    struct message m;
    int error = publish(name, runtime_self());

    return error ? -error : ipc_receive(ENDPOINT_KERNEL, &m);
}

/* "find NAME": the core of who has it, or CORES_MAX. */
int part_find(const char *name) {
    endpoint_t found;

    return find(name, &found) ? (int)CORES_MAX : endpoint_core(found);
}

static endpoint_t start_named(void) {
    static const char args[] = "test-cores\0publish two";
    endpoint_t child, found;

    tap_is(core_spawn(2, args, sizeof args, 2, &child), 0, "a process on core 2 is to have a name");
    tap_is(find_soon("two", 0, &found), 0, "then that is known here");
    tap_ok(found == child, "and means it");
    tap_is(run_part(1, "find two"), 2, "on core 1 too");
    return child;
}

void test_names(void) {
    endpoint_t child, found;

    tap_is(find("one", &found), -E_NOENT, "nobody has the name");
    tap_is(publish("", runtime_self()), -E_INVAL, "an empty name is none");
    tap_is(publish("one", runtime_monitor()), -E_BADEP, "not everybody can be named");
    tap_is(publish("one", runtime_self()), 0, "a process is named");
    tap_is(run_part(3, "find one"), 0, "all cores know");
    tap_is(run_part(3, "publish one"), E_EXIST, "nobody else can have the name");
    tap_is(publish("one", runtime_self()), 0, "but the same process, again");
    child = start_named();
    struct message m = { .type = MONITOR_KILL, .arg = { child } };
    tap_is(ipc_request(runtime_monitor(), &m), 0, "it dies");
    tap_is(find_soon("two", -E_NOENT, &found), -E_NOENT, "then nobody has its name");
    await_end(child);
    start_named();
    tap_is(core_control(CORE_CONTROL_FENCE, 2), 0, "its core is fenced");
    tap_is(find("two", &found), -E_NOENT, "then nobody has its name either");
    tap_is(core_control(CORE_CONTROL_START, 2), 0, "the core starts again");
    tap_is(run_part(2, "find one"), 0, "and is told the names that there are");
}
