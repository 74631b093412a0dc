/* The table: labels, places, and the last requests of clients; and parameters. */
#include <criterion/criterion.h>
#include <string.h>

#include <bulkhead/error.h>
#include <runtime/policy.h>

#include "parameters.h"
#include "table.h"

static struct table t;

static void empty(void) { memset(&t, 0, sizeof t); }

TestSuite(table, .init = empty);

static void put(unsigned slot, const char *label, uint16_t core, version_t version) {
    struct record r = { .version = version, .used = 1, .wanted = 1, .done = 1, .core = core };

    memcpy(r.parameters.label, label, strlen(label));
    table_set(&t, slot, &r);
}

static const char *label_of(const char *text) {
    static char label[LABEL_MAX];

    memset(label, 0, sizeof label);
    memcpy(label, text, strlen(text));
    return label;
}

Test(table, finds_services_that_there_are) {
    cr_expect_eq(table_find(&t, label_of("a")), -1);
    put(3, "a", 0, 7);
    cr_expect_eq(table_find(&t, label_of("a")), 3);
    cr_expect_eq(table_version(&t), 7);
    t.record[3].used = 0;
    cr_expect_eq(table_find(&t, label_of("a")), -1);
    cr_expect_neq(table_free(&t), 3, "one that was never used comes first");
}

Test(table, is_full_at_its_end) {
    for (unsigned i = 0; i < MANAGER_SERVICES; i++)
        put(i, "a", 0, i + 1);
    cr_expect_eq(table_free(&t), -1);
    t.record[9].used = t.record[4].used = 0;
    cr_expect_eq(table_free(&t), 4);
    t.record[4].done = 0;
    cr_expect_eq(table_free(&t), 9, "what is being stopped is not free yet");
}

Test(table, remembers_the_last_request_of_the_newest_clients) {
    for (unsigned i = 1; i <= CLIENTS_MAX + 5; i++)
        table_note(&t, &(struct client){ .client = i, .sequence = 1, .version = i });
    cr_expect_null(table_client(&t, 5));
    cr_expect_not_null(table_client(&t, 6));
    cr_expect_not_null(table_client(&t, CLIENTS_MAX + 5));
    table_note(&t, &(struct client){ .client = 9, .sequence = 3, .version = 100, .result = -4 });
    table_note(&t, &(struct client){ .client = 9, .sequence = 2, .version = 101 });
    cr_expect(table_client(&t, 9)->sequence == 3 && table_client(&t, 9)->result == -4);
    cr_expect_null(table_client(&t, ENDPOINT_NONE));
}

Test(table, places_where_there_is_least_to_do) {
    const uint16_t any = MANAGER_ANY_CORE;

    cr_expect_eq(table_place(&t, any, any, 0x6), 1);
    put(0, "a", 1, 1);
    cr_expect_eq(table_place(&t, any, any, 0x6), 2);
    cr_expect_eq(table_place(&t, any, 1, 0x6), 1, "the preferred core");
    cr_expect_eq(table_place(&t, any, 5, 0x6), 2, "which is no member");
    cr_expect_eq(table_place(&t, 1, 2, 0x6), 1, "its policy counts more");
    cr_expect_eq(table_place(&t, 5, any, 0x6), any, "and has it nowhere");
    t.record[0].wanted = 0;
    cr_expect_eq(table_place(&t, any, any, 0x6), 1, "what is down takes no room");
}

/* ---- Parameters ---- */

static struct manager_parameters p;

static void plain(void) {
    p = (struct manager_parameters){ .program = "disk",
                                     .recovery = MANAGER_RECOVERY_POLICY,
                                     .core = MANAGER_ANY_CORE,
                                     .device = MANAGER_NO_DEVICE,
                                     .standby = MANAGER_NO_DEVICE };
}

TestSuite(parameters, .init = plain);

Test(parameters, a_program_is_enough) {
    cr_expect_eq(parameters_check(&p), 0);
    cr_expect_str_eq(p.label, "disk");
}

#define REFUSED(...)                                                \
    do {                                                            \
        plain();                                                    \
        __VA_ARGS__;                                                \
        cr_expect_eq(parameters_check(&p), -E_INVAL, #__VA_ARGS__); \
    } while (0)

Test(parameters, what_makes_no_sense_is_refused) {
    REFUSED(memset(p.program, 0, sizeof p.program));
    REFUSED(p.program[1] = ' ');
    REFUSED(p.program[20] = 'x');
    REFUSED(p.label[0] = '\n');
    REFUSED(p.period = 9999999);
    REFUSED(p.period = 3600000000001);
    REFUSED(p.refresh = 1);
    REFUSED(p.recovery = 77);
    REFUSED(p.recovery = RECOVERY_DIRECT);
    REFUSED(p.recovery = RECOVERY_HOOK; p.recovery_count = 1; p.recovery_period = 1000000000);
    REFUSED(p.mirror = 3);
    REFUSED(p.core = CORES_MAX);
    REFUSED(p.standby = 5);
    REFUSED(p.argument_count = 1);
    REFUSED(p.argument_count = 1; p.argument_bytes = 2; p.arguments[0] = p.arguments[1] = 'a');
    REFUSED(p.argument_bytes = MANAGER_ARGUMENT_BYTES + 1);
}

Test(parameters, are_completed_by_the_policy) {
    struct monitor_policy policy = { .core = POLICY_ANY_CORE, .most_urgent = 3, .file = "ramdisk" };

    cr_assert_eq(parameters_check(&p), 0);
    cr_expect_eq(parameters_complete(&p, &policy, 2), 0);
    cr_expect(strcmp(p.program, "ramdisk") == 0 && strcmp(p.policy, "disk") == 0);
    cr_expect_eq(parameters_complete(&p, &policy, 3), -E_RANGE);
    policy.core = 1;
    p.core = 2;
    cr_expect_eq(parameters_complete(&p, &policy, 2), -E_CORE);
    policy.service = SERVICE_SHELL;
    cr_expect_eq(parameters_complete(&p, &policy, 2), -E_PERM);
}

Test(parameters, with_isolation_the_program_is_a_file) {
    struct monitor_policy policy = { .core = POLICY_ANY_CORE, .most_urgent = 3, .file = "ramdisk" };

    memcpy(p.policy, "strict", 6);
    cr_expect_eq(parameters_complete(&p, &policy, 2), 0);
    cr_expect(strcmp(p.program, "disk") == 0 && strcmp(p.policy, "strict") == 0);
}

Test(parameters, who_may_complain_about_whom) {
    static const char words[32] = "nic-*\0disk\0";

    cr_expect(parameters_matches(words, sizeof words, label_of("nic-1")));
    cr_expect(parameters_matches(words, sizeof words, label_of("disk")));
    cr_expect_not(parameters_matches(words, sizeof words, label_of("disk2")));
    cr_expect_not(parameters_matches("", 1, label_of("disk")));
    cr_expect_not(parameters_matches("abc", 3, label_of("abc")), "a word that has no end is none");
}
