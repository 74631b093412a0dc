/* The options of `service up`. */
#include <criterion/criterion.h>
#include <string.h>

#include <runtime/policy.h>

#include "command.h"
#include "service_options.h"

#define SECOND UINT64_C(1000000000)

static struct manager_parameters p;
static char problem[SERVICE_PROBLEM];

static bool read(const char *text) {
    struct command command;

    problem[0] = '\0';
    command_next(&text, &command);
    return service_options((const char *const *)command.word, command.words, &p, problem);
}

Test(service_options, a_program_is_enough) {
    cr_assert(read("edu"));
    cr_expect_str_eq(p.program, "edu");
    cr_expect(p.label[0] == '\0' && p.policy[0] == '\0' && p.argument_count == 0);
    cr_expect(p.core == MANAGER_ANY_CORE && p.device == MANAGER_NO_DEVICE &&
              p.standby == MANAGER_NO_DEVICE);
    cr_expect(p.recovery == MANAGER_RECOVERY_POLICY && p.mirror == MANAGER_MIRROR_POLICY);
    cr_expect(p.period == 0 && p.refresh == 0);
}

Test(service_options, all_of_them) {
    cr_assert(
        read("disk --args 'a  bc' --dev 00:1f.2 --standby 01:02.3 --isolation strict --label d0 "
             "--mirror yes --period 500ms --refresh 3600s --recovery backoff:3/30s --core 2"),
        "%s", problem);
    cr_expect(p.argument_count == 2 && p.argument_bytes == 5);
    cr_expect_arr_eq(p.arguments, "a\0bc", 5);
    cr_expect(p.device == 0xfa && p.standby == 0x113);
    cr_expect(strcmp(p.policy, "strict") == 0 && strcmp(p.label, "d0") == 0);
    cr_expect(p.mirror == MANAGER_MIRROR_YES && p.core == 2);
    cr_expect(p.period == SECOND / 2 && p.refresh == 3600 * SECOND);
    cr_expect(p.recovery == RECOVERY_BACKOFF && p.recovery_count == 3 &&
              p.recovery_period == 30 * SECOND);
}

Test(service_options, ways_to_recover) {
    cr_expect(read("x --recovery none") && p.recovery == RECOVERY_NONE);
    cr_expect(read("x --recovery direct") && p.recovery_count == 5 &&
              p.recovery_period == 60 * SECOND);
    cr_expect(read("x --recovery hook:fix") && strcmp(p.hook, "fix") == 0);
    cr_expect(read("x --recovery hook:fix:7/2s") && p.recovery_count == 7);
}

Test(service_options, short_forms) {
    cr_expect(read("x --mirror --core any") && p.mirror == MANAGER_MIRROR_YES);
    cr_expect(read("x --mirror no") && p.mirror == MANAGER_MIRROR_NO);
    cr_expect(read("x --period 5") && p.period == 5 * SECOND);
}

Test(service_options, what_is_wrong_is_said) {
    static const struct {
        const char *text, *problem;
    } wrong[] = {
        { "--label x", "up: expected a program, found '--label'" },
        { "x --colour red", "up: expected --args, --dev" },
        { "x --label", "--label: expected a value, found 'nothing'" },
        { "x --dev 5", "--dev: expected a PCI device, as 00:04.0 (`pci` lists them), found '5'" },
        { "x --period soon", "--period: expected a time from 10ms" },
        { "x --period -1s", "--period: expected a time from 10ms" },
        { "x --period 0s", "--period: expected a time from 10ms" },
        { "x --mirror maybe", "--mirror: expected yes or no, found 'maybe'" },
        { "x --core 64", "--core: expected a core, or any, found '64'" },
        { "x --recovery often", "--recovery: expected none, direct" },
        { "x --recovery hook", "--recovery: expected none, direct" },
        { "x --recovery direct:0/1s", "--recovery: expected none, direct" },
        { "x --recovery direct:5", "--recovery: expected none, direct" },
        { "x --recovery none:5/1s", "--recovery: expected none, direct" },
        { "x --standby 00:04.0", "--standby: expected --dev" },
        { "x --label abcdefghijklmnopqrstuvwxyz", "--label: expected a name of at most 24" },
    };

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        cr_expect_not(read(wrong[i].text), "%s", wrong[i].text);
        cr_expect_eq(strncmp(problem, wrong[i].problem, strlen(wrong[i].problem)), 0, "%s: %s",
                     wrong[i].text, problem);
    }
}

Test(service_options, arguments_have_a_limit) {
    char text[300] = "x --args '";

    memset(text + 10, 'a', MANAGER_ARGUMENT_BYTES);
    strcat(text, "'");
    cr_expect_not(read(text));
    text[9 + MANAGER_ARGUMENT_BYTES] = '\'';
    text[10 + MANAGER_ARGUMENT_BYTES] = '\0';
    cr_expect(read(text), "%s", problem);
    cr_expect_eq(p.argument_bytes, MANAGER_ARGUMENT_BYTES);
}
