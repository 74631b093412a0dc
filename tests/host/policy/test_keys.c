/* Every key: what it takes, and what comes of it. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include <bulkhead/ipc.h>
#include <bulkhead/kcall.h>

#include "files.h"

/* The only driver of a text without errors that has `keys` besides some memory. */
static const struct policy *driver(const char *keys) {
    char text[1024];

    (void)snprintf(text, sizeof text, "driver x { memory 1MiB; %s };\n", keys);
    read_text(text);
    cr_assert_str_eq(errors, "", "%s", keys);
    cr_assert_eq(set.count, 1);
    cr_assert_eq(policy_set_find(&set, "x"), set.policy);
    return set.policy;
}

Test(keys, everything_is_denied_by_default) {
    const struct policy *p = driver("");

    cr_expect_str_eq(p->program, "x");
    cr_expect_null(p->image);
    cr_expect_str_eq(p->targets, "");
    cr_expect_str_eq(p->arguments, "");
    cr_expect(p->hook == NULL && p->instead == NULL);
    cr_expect(p->ipc == 0 && p->kcalls == 0 && !p->kernel);
    cr_expect(p->port_count == 0 && p->line_count == 0 && p->memory_count == 0 && !p->memory_any);
    cr_expect(p->pattern_count == 0 && p->vet_count == 0);
    cr_expect(p->processes == 0 && p->channels == 0 && !p->manages && !p->mirror);
    cr_expect(p->budget == 0 && p->heartbeat == 0 && p->interrupt_limit == 0);
    cr_expect_eq(p->core, POLICY_ANY_CORE);
    cr_expect(p->priority == SCHED_PRIORITY_USER && p->most_urgent == SCHED_PRIORITY_USER);
    cr_expect_eq(p->quantum, SCHED_QUANTUM_DEFAULT);
    cr_expect(p->service == SERVICE_NONE && p->recovery == RECOVERY_NONE);
}

Test(keys, ipc_calls) {
    cr_expect_eq(driver("ipc calls SEND;")->ipc, IPC_BIT(SEND));
    cr_expect_eq(driver("ipc calls REPLYRECV NOTIFY;")->ipc, IPC_BIT(REPLYRECV) | IPC_BIT(NOTIFY));
    cr_expect_eq(driver("ipc calls all;")->ipc, IPC_ALL);
}

Test(keys, ipc_targets) {
    const struct policy *p = driver("ipc targets KERNEL monitor a-* x*;");

    cr_expect(p->kernel);
    cr_expect_arr_eq(p->targets, "monitor\0a-*\0x*\0", 16);
    cr_expect(policy_targets(p, "monitor") && policy_targets(p, "a-b") && policy_targets(p, "x"));
    cr_expect_not(policy_targets(p, "a") || policy_targets(p, "KERNEL") || policy_targets(p, ""));
}

#define KERNEL "ipc calls SENDREC; ipc targets KERNEL; "

Test(keys, ipc_kernel) {
    cr_expect_eq(driver(KERNEL "ipc kernel VDEVIO IRQCTL;")->kcalls,
                 KCALL_BIT(VDEVIO) | KCALL_BIT(IRQCTL));
    cr_expect_eq(driver(KERNEL "ipc kernel all;")->kcalls, KCALL_ALL & ~KCALL_MONITOR);
    cr_expect_eq(driver(KERNEL "ipc kernel NULL;")->kcalls, KCALL_BIT(NULL));
}

Test(keys, driver) { cr_expect(driver("driver manage;")->manages); }

Test(keys, isa) {
    const struct policy *p = driver("isa io 0x3f8:8 112 65535; isa irq 4 240:16;"
                                    "isa mem 0xa0000:128KiB 0xfed40000:4KiB;");

    cr_assert(p->port_count == 3 && p->line_count == 2 && p->memory_count == 2);
    cr_expect(p->ports[0].first == 0x3f8 && p->ports[0].count == 8);
    cr_expect(p->ports[1].first == 112 && p->ports[1].count == 1);
    cr_expect(p->ports[2].first == 65535 && p->ports[2].count == 1);
    cr_expect(p->lines[0].first == 4 && p->lines[0].count == 1);
    cr_expect(p->lines[1].first == 240 && p->lines[1].count == 16);
    cr_expect(p->memory[0].first == 0xa0 && p->memory[0].count == 32);
    cr_expect(p->memory[1].first == 0xfed40 && p->memory[1].count == 1);
}

Test(keys, any_device_is_for_keepers) {
    const struct policy *p = driver("service pci; isa io any; isa irq any; isa mem any;");

    cr_expect(p->port_count == 1 && p->ports[0].first == 0 && p->ports[0].count == 0x10000);
    cr_expect(p->line_count == 1 && p->lines[0].first == 0 &&
              p->lines[0].count == IRQ_MSI_BASE + IRQ_MSI_MAX);
    cr_expect(p->memory_any && p->memory_count == 0);
    cr_expect(driver("service iommu; isa mem any;")->memory_any);
    cr_expect(driver(KERNEL "ipc kernel PRIVCTL; isa mem any;")->memory_any);
}

Test(keys, pci) {
    const struct policy *p = driver("pci device 10ec/8139 1AF4/*; pci class 02/00 1/6/1;");

    cr_assert_eq(p->pattern_count, 4);
    cr_expect(!p->patterns[0].by_class && p->patterns[0].vendor == 0x10ec &&
              p->patterns[0].device == 0x8139);
    cr_expect(!p->patterns[1].by_class && p->patterns[1].vendor == 0x1af4 &&
              p->patterns[1].device == POLICY_PCI_ANY);
    cr_expect(p->patterns[2].by_class && p->patterns[2].class24 == 0x020000 &&
              p->patterns[2].class_mask == 0xffff00 && p->patterns[2].vendor == POLICY_PCI_ANY);
    cr_expect(p->patterns[3].by_class && p->patterns[3].class24 == 0x010601 &&
              p->patterns[3].class_mask == 0xffffff);
}

Test(keys, core) {
    cr_expect_eq(driver("core 0;")->core, 0);
    cr_expect_eq(driver("core 63;")->core, 63);
    cr_expect_eq(driver("core any;")->core, POLICY_ANY_CORE);
}

static uint32_t frames(const char *memory) {
    char text[64];

    (void)snprintf(text, sizeof text, "driver x { memory %s; };", memory);
    read_text(text);
    cr_assert_str_eq(errors, "");
    return set.policy[0].frames;
}

Test(keys, memory) {
    cr_expect_eq(frames("32KiB"), 8);
    cr_expect_eq(frames("1MiB"), 256);
    cr_expect_eq(frames("0x20KiB"), 8);
    cr_expect_eq(frames("2GiB"), 1 << 19);
}

Test(keys, numbers) {
    cr_expect_eq(driver("channels 128;")->channels, 128);
    cr_expect_eq(driver("processes 255;")->processes, 255);
    cr_expect_eq(driver("interrupts 20000;")->interrupt_limit, 20000);
    cr_expect_eq(driver("heartbeat 500ms;")->heartbeat, 500000000);
    cr_expect(driver("mirror;")->mirror);
    cr_expect_str_eq(driver("image some-file;")->image, "some-file");
}

Test(keys, schedule) {
    const struct policy *p = driver("schedule priority 4 most-urgent 2 quantum 50ms;");

    cr_expect(p->priority == 4 && p->most_urgent == 2 && p->quantum == 50000000);
    p = driver("schedule priority 3;");
    cr_expect(p->priority == 3 && p->most_urgent == 3 && p->quantum == SCHED_QUANTUM_DEFAULT);
    p = driver("schedule quantum 100us;");
    cr_expect(p->priority == SCHED_PRIORITY_USER && p->quantum == SCHED_QUANTUM_MIN);
}

Test(keys, budget) {
    const struct policy *p = driver("budget 20ms per 1s;");

    cr_expect(p->budget == 20000000 && p->budget_period == 1000000000);
}

Test(keys, recovery) {
    const struct policy *p = driver("recovery direct 5 per 60s;");

    cr_expect(p->recovery == RECOVERY_DIRECT && p->recovery_count == 5);
    cr_expect_eq(p->recovery_period, UINT64_C(60000000000));
    cr_expect_eq(driver("recovery backoff 1 per 1s;")->recovery, RECOVERY_BACKOFF);
    p = driver("recovery hook x 3 per 10s;");
    cr_expect(p->recovery == RECOVERY_HOOK && p->recovery_count == 3);
    cr_expect_str_eq(p->hook, "x");
    cr_expect_eq(driver("recovery none;")->recovery, RECOVERY_NONE);
}

Test(keys, services) {
    const struct policy *p = driver("service console; arguments com1 shell test-*;");

    cr_expect_eq(p->service, SERVICE_CONSOLE);
    cr_expect_arr_eq(p->arguments, "com1\0shell\0test-*\0", 19);
    cr_expect_eq(policy_set_service(&set, SERVICE_CONSOLE), p);
    cr_expect_null(policy_set_service(&set, SERVICE_PCI));
    cr_expect_eq(driver("service shell;")->service, SERVICE_SHELL);
    cr_expect_eq(driver("service pci;")->service, SERVICE_PCI);
    cr_expect_eq(driver("service iommu; core 0;")->service, SERVICE_IOMMU);
}

Test(keys, vet) {
    const struct policy *p = driver("pci device 10ec/8139; isa io 0x60:8;"
                                    "vet bar 0 offset 0x34 width 4 mask 0xff00 allow 0 0x100;"
                                    "vet port 0x64 width 1 mask 0xff allow 0xfe;");

    cr_assert_eq(p->vet_count, 3);
    cr_expect(p->vets[0].bar == 0 && p->vets[0].offset == 0x34 && p->vets[0].width == 4 &&
              p->vets[0].mask == 0xff00 && p->vets[0].value == 0);
    cr_expect(p->vets[1].bar == 0 && p->vets[1].value == 0x100);
    cr_expect(p->vets[2].bar == POLICY_VET_PORT && p->vets[2].offset == 0x64 &&
              p->vets[2].width == 1 && p->vets[2].mask == 0xff && p->vets[2].value == 0xfe);
}

Test(keys, instead_of) {
    read_text("driver a { memory 1MiB; isa io 5; };"
              "driver b { memory 1MiB; isa io 5; instead of a; };");
    cr_assert_str_eq(errors, "");
    cr_expect_str_eq(policy_set_find(&set, "b")->instead, "a");
}

/* Fig. 3.7, with the memory that it needs, and primitives. */
Test(keys, the_policy_of_the_thesis) {
    read_text("driver rtl8139 # ISOLATION POLICY\n"
              "{\n"
              "pci device 10ec/8139\n;\n"
              "ipc calls SENDREC RECEIVE ASEND NOTIFY;\n"
              "ipc targets KERNEL PM DS RS PCI IOMMU INET\n;\n"
              "ipc kernel VDEVIO IRQCTL SETALARM SYSCTL\nGETINFO\n;\n"
              "memory 1MiB;\n};\n"
              "driver PM { memory 1MiB; }; driver DS { memory 1MiB; }; driver RS { memory 1MiB; };"
              "driver PCI { memory 1MiB; }; driver IOMMU { memory 1MiB; };"
              "driver INET { memory 1MiB; };");
    cr_assert_str_eq(errors, "");
    const struct policy *p = policy_set_find(&set, "rtl8139");
    cr_assert_not_null(p);
    cr_expect_eq(p->kcalls, KCALL_BIT(VDEVIO) | KCALL_BIT(IRQCTL) | KCALL_BIT(SETALARM) |
                                KCALL_BIT(SYSCTL) | KCALL_BIT(GETINFO));
    cr_expect(policy_targets(p, "INET") && !policy_targets(p, "VFS"));
}

/* ---- Classes ---- */

Test(classes, lists_are_added_and_values_replaced) {
    read_text("class base { ipc calls SENDREC; ipc targets KERNEL; ipc kernel NULL; memory 1MiB;"
              " channels 3; };"
              "class more { use base; ipc kernel VDEVIO; isa io 1; memory 2MiB; };"
              "driver a { memory 3MiB; use more; isa io 2; };"
              "driver b { use base; };");
    cr_assert_str_eq(errors, "");
    const struct policy *a = policy_set_find(&set, "a"), *b = policy_set_find(&set, "b");
    cr_expect(a->frames == 768 && a->channels == 3 && a->ipc == IPC_BIT(SENDREC));
    cr_expect_eq(a->kcalls, KCALL_BIT(NULL) | KCALL_BIT(VDEVIO));
    cr_assert_eq(a->port_count, 2);
    cr_expect(a->ports[0].first == 1 && a->ports[1].first == 2);
    cr_expect(b->frames == 256 && b->kcalls == KCALL_BIT(NULL) && b->port_count == 0);
}

Test(classes, a_value_after_use_replaces_too) {
    read_text("class c { memory 1MiB; schedule priority 4; };"
              "driver a { use c; memory 2MiB; };");
    cr_assert_str_eq(errors, "");
    cr_expect_eq(set.policy[0].frames, 512);
    cr_expect_eq(set.policy[0].priority, 4);
}

Test(classes, one_that_is_used_twice_counts_once) {
    read_text("class base { memory 1MiB; vet port 5 width 1 mask 1 allow 0; };"
              "class one { use base; isa io 5; }; class two { use base; isa irq 5; };"
              "driver a { use one two; };");
    cr_assert_str_eq(errors, "");
    cr_expect_eq(set.policy[0].vet_count, 1);
}

/* Without that, 2^30 blocks would be read. */
Test(classes, doubling_costs_nothing, .timeout = 5) {
    char text[4096] = "class c0 { memory 1MiB; };";

    for (unsigned i = 1; i < 31; i++)
        (void)snprintf(text + strlen(text), sizeof text - strlen(text),
                       "class c%u { use c%u c%u; };", i, i - 1, i - 1);
    (void)snprintf(text + strlen(text), sizeof text - strlen(text), "driver a { use c30; };");
    read_text(text);
    cr_expect_str_eq(errors, "");
}

/* ---- Labels ---- */

Test(labels, the_first_that_matches_counts) {
    read_text("driver ab { memory 1MiB; }; driver a* { memory 2MiB; };");
    cr_assert_str_eq(errors, "");
    cr_expect_eq(policy_set_find(&set, "ab")->frames, 256);
    cr_expect_eq(policy_set_find(&set, "abc")->frames, 512);
    cr_expect_eq(policy_set_find(&set, "a")->frames, 512);
    cr_expect_null(policy_set_find(&set, "b"));
    cr_expect_null(policy_set_find(&set, ""));
}

Test(labels, one_that_is_refused_falls_to_no_pattern) {
    read_text("driver ab { frob; }; driver a* { memory 2MiB; };");
    cr_expect_str_eq(errors, "p.conf:1:13: expected a key, found 'frob'\n");
    cr_expect_null(policy_set_find(&set, "ab"));
    cr_expect_not_null(policy_set_find(&set, "ac"));
}
