#include "tests.h"

void test_stop_and_start(void) {
    struct core_info info = { 0 };

    tap_is(core_control(CORE_CONTROL_START, 2), -E_STATE, "a core that runs cannot be started");
    tap_is(core_control(CORE_CONTROL_STOP, 0), -E_NOTSUP, "core 0 cannot be stopped");
    tap_is(core_control(CORE_CONTROL_STOP, 4), -E_NOENT, "nor one that is not there");
    tap_is(core_control((enum core_control)9, 1), -E_INVAL, "nor done what nobody knows");
    tap_is(core_control(CORE_CONTROL_STOP, 2), 0, "another can");
    tap_is(core_state(2), MONITOR_CORE_OFF, "then it is off");
    tap_is(core_getinfo(2, INFO_CORE, &info, sizeof info), -E_NOENT, "and answers nobody");
    tap_is(core_control(CORE_CONTROL_STOP, 2), -E_STATE, "it cannot be stopped again");
    check_all("without core 2");
    tap_is(core_control(CORE_CONTROL_START, 2), 0, "it can be started");
    tap_is(core_state(2), MONITOR_CORE_MEMBER, "then it is a member");
    tap_is(core_incarnation(2), 2, "but another than before");
    tap_is(run_part(2, "where"), 2, "programs run there");
    check_all("with core 2 again");
}

void test_fence(void) {
    endpoint_t child;

    tap_is(core_spawn(3, "spin", 5, 1, &child), 0, "a program runs on core 3");
    tap_is(core_control(CORE_CONTROL_FENCE, 3), 0, "core 3 is fenced");
    tap_is(core_state(3), MONITOR_CORE_OFF, "then it is off");
    tap_is(await_end(child), -E_NOENT, "who waited for its program hears of that");
    tap_is(core_control(CORE_CONTROL_START, 3), 0, "it can be started");
    tap_is(core_incarnation(3), 1, "as another");
    check_all("after a fence");
}
