#include "policy.h"

#include <stdio.h>
#include <string.h>

#include "machine.h"
#include "programs.h"

#define FIRST_FILE "drivers.conf"
#define SUFFIX     ".conf"

struct policy_set policies;
static _Alignas(16) char memory[POLICY_BYTES];

/* The monitor's own, for a machine whose files have none that is valid. */
static const struct rescue {
    enum policy_service service;
    const char *text;
} rescues[] = {
    { SERVICE_CONSOLE, "driver serial { service console; arguments com1 shell;"
                       " ipc calls SENDREC RECEIVE NBSEND NOTIFY; ipc targets KERNEL;"
                       " ipc kernel NULL EXIT MEM_MAP MEM_UNMAP SETALARM GETINFO VDEVIO IRQCTL;"
                       " isa io 0x3f8:8; isa irq 4; memory 512KiB; channels 128;"
                       " schedule priority 1 quantum 50ms; };" },
    { SERVICE_SHELL, "driver shell { service shell; driver manage;"
                     " ipc calls SENDREC RECEIVE NBSEND NOTIFY; ipc targets KERNEL monitor *;"
                     " ipc kernel NULL EXIT MEM_MAP MEM_UNMAP SETALARM GETINFO SYSCTL SCHED TRACE"
                     " LOG; memory 1920KiB; channels 32; schedule priority 4; };" },
};

#define RESCUES (sizeof rescues / sizeof rescues[0])

static void report(void *context, const struct policy_error *error) {
    (void)context;
    printf("%s:%u:%u: %s\n", error->file, error->line, error->column, error->text);
}

static bool is_policy_file(const char *name) {
    size_t length = strlen(name), suffix = strlen(SUFFIX);

    return length > suffix && strcmp(name + length - suffix, SUFFIX) == 0;
}

static void read_file(const char *name) {
    struct archive_file file;

    if (program_find(name, &file) == 0)
        policy_set_read(&policies, name, file.content, file.bytes);
}

/* The monitor's own for what is lacking come first: the first policy of a label counts. */
static void read_all(policy_error_fn *reporter, const bool lacks[RESCUES]) {
    const char *name;

    policy_set_open(&policies, memory, sizeof memory, reporter, NULL);
    for (size_t i = 0; i < RESCUES; i++)
        if (lacks[i])
            policy_set_read(&policies, "rescue", rescues[i].text, strlen(rescues[i].text));
    read_file(FIRST_FILE);
    for (uint32_t i = 0; (name = programs_name(i)) != NULL; i++)
        if (is_policy_file(name) && strcmp(name, FIRST_FILE) != 0)
            read_file(name);
    policy_set_close(&policies);
}

void policies_open(void) {
    bool lacks[RESCUES] = { false };
    size_t lacking = 0;

    read_all(machine_self() == 0 ? report : NULL, lacks);
    if (policies.file_count != 0 && policies.errors == 0)
        return;
    if (policies.ended && machine_self() == 0)
        printf("the policies that follow are not read\n");
    for (size_t i = 0; i < RESCUES; i++) {
        lacks[i] = policy_set_service(&policies, rescues[i].service) == NULL;
        lacking += lacks[i];
    }
    if (lacking != 0)
        read_all(NULL, lacks);
}
