#include "tests.h"

#include <string.h>

#include <runtime/kcall.h>
#include <runtime/startup.h>

void test_members(void) {
    struct monitor_core cores[CORES_MAX];
    struct core_info info = { 0 };
    uint64_t view = 0;
    int count = cores_list(cores, CORES_MAX, &view);

    tap_is(count, 4, "four cores are listed");
    tap_ok(view > 1, "they are a view");
    for (uint32_t core = 0; core < 4; core++) {
        tap_is(cores[core].state, MONITOR_CORE_MEMBER, "core %u is a member", core);
        tap_is(cores[core].incarnation, 0, "core %u was started once", core);
        tap_is(core_getinfo(core, INFO_CORE, &info, sizeof info), 0, "core %u answers", core);
        tap_is(info.core, core, "core %u knows its number", core);
        tap_is(info.apic_id, cores[core].apic_id, "core %u has its APIC", core);
        tap_ok(info.tsc_frequency == runtime_tsc_frequency(), "core %u has the same clock", core);
    }
    check_all("after the start");
}

void test_requests(void) {
    struct message m = { .type = MONITOR_LABEL };
    endpoint_t child, found;
    char label[LABEL_MAX + 1] = "";

    tap_is(run_part(2, "where"), 2, "a program runs where it was told to");
    tap_is(core_spawn(1, "spin", 5, 1, &child), 0, "a program runs on");
    tap_is(endpoint_core(child), 1, "its endpoint tells where");
    tap_is(core_lookup(1, "spin", &found), 0, "it is found there");
    tap_ok(found == child, "it is the same");
    tap_is(core_lookup(2, "spin", &found), -E_NOENT, "not elsewhere");
    tap_is(core_lookup(CORE_ANY, "spin", &found), 0, "nor nowhere in particular");
    m.arg[0] = child;
    tap_is(ipc_request(runtime_monitor(), &m), 0, "who it is can be asked");
    memcpy(label, m.arg, LABEL_MAX);
    tap_is_string(label, "spin", "its label is told");
    m = (struct message){ .type = MONITOR_KILL, .arg = { child } };
    tap_is(ipc_request(runtime_monitor(), &m), 0, "it can be ended");
    tap_is(await_end(child), 1, "its spawner hears of that");
    tap_is(core_lookup(CORE_ANY, "spin", &found), -E_NOENT, "then it is nowhere");
    tap_is(core_spawn(4, "spin", 5, 1, &child), -E_NOENT, "there is no core 4");
    tap_is(core_spawn(CORES_MAX, "spin", 5, 1, &child), -E_NOENT, "nor 64");
    tap_is(core_spawn(1, "no-such-program", 16, 1, &child), -E_NOENT, "nor such a program there");
    tap_is(core_spawn(1, "spin", 4, 1, &child), -E_INVAL, "arguments are checked there");
    tap_is(core_getinfo(1, INFO_BOOT, label, sizeof label), -E_PERM, "nor is everything told");
}
