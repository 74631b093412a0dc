/* What the PCI server refuses succeeds without the defence, and fails with it. */
#include "tests.h"

#include <bulkhead/defence.h>

#define REG_COMMAND    0x04U
#define REG_BAR        0x10U
#define COMMAND_MEMORY 2U
#define ELSEWHERE      0xe0000000U /* no device is there */

#define STATUS           0x20U
#define STATUS_INTERRUPT 0x80U

static void switch_off(uint64_t defences) {
    int error = kcall_in(KCALL_SYSCTL, SYSCTL_DEFENCE, defences, 0, 0);

    if (error)
        tap_bail_out("this kernel has no switches: %s", error_text(error));
}

static uint32_t config(uint64_t offset) {
    order(EVIL_CONFIG_LOOK, offset, 0, 0, 0);
    return (uint32_t)reply.arg[0];
}

/* Whether a register of the configuration takes a value. It is put back. */
static bool takes(uint64_t offset, uint32_t value) {
    uint32_t before = config(offset);

    order(EVIL_CONFIG, offset, 4, value, 0);
    bool taken = config(offset) != before;
    if (taken)
        order(EVIL_CONFIG, offset, 4, before, 0);
    return taken;
}

static void test_configuration_control(void) {
    evil_start("evil\0");
    uint32_t decoding = config(REG_COMMAND) & 0xffff & ~COMMAND_MEMORY;

    switch_off(UINT64_C(1) << DEFENCE_CONFIGURATION);
    tap_ok(takes(REG_BAR, ELSEWHERE), "without \"%s\" a device is moved",
           defence_text(DEFENCE_CONFIGURATION));
    tap_ok(takes(REG_COMMAND, decoding), "and made to answer no more");
    switch_off(0);
    tap_ok(!takes(REG_BAR, ELSEWHERE), "with it it is not");
    tap_ok(!takes(REG_COMMAND, decoding), "nor that");
    driver_end(evil);
}

static bool takes_any_value(void) {
    order(EVIL_REGISTER, STATUS, STATUS_INTERRUPT, 0, 0);
    order(EVIL_REGISTER, STATUS, 0, 0, 0);
    order(EVIL_REGISTER_LOOK, STATUS, 0, 0, 0);
    return (reply.arg[0] & STATUS_INTERRUPT) == 0;
}

static void test_vetting_control(void) {
    evil_start("evil-vetted\0");
    switch_off(UINT64_C(1) << DEFENCE_VET);
    tap_ok(takes_any_value(), "without \"%s\" any value is written", defence_text(DEFENCE_VET));
    switch_off(0);
    tap_ok(!takes_any_value(), "with it none is but what is allowed");
    driver_end(evil);
}

void test_controls(void) {
    test_configuration_control();
    test_vetting_control();
}
