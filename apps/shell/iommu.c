/* iommu: what confines devices, and what they tried. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <bulkhead/error.h>
#include <runtime/dma.h>

#include "shell.h"
#include "table.h"

#define FAULTS_SHOWN 8

static int ask(enum iommu_request type, uint64_t argument, uint64_t reply[MESSAGE_ARGS]) {
    struct message m = { .type = type, .arg = { argument } };
    int error = iommu_request(&m);

    memcpy(reply, m.arg, sizeof m.arg);
    return error;
}

static const char *kind_text(uint64_t kind) {
    static const char *const text[] = {
#define X(name, text) [IOMMU_KIND_##name] = (text),
        IOMMU_KINDS(X)
#undef X
    };
    return kind < sizeof text / sizeof text[0] ? text[kind] : "?";
}

static const char *reason_text(uint64_t reason) {
    static const char *const text[] = {
#define X(name, text) [IOMMU_##name] = (text),
        IOMMU_REASONS(X)
#undef X
    };
    return reason < sizeof text / sizeof text[0] ? text[reason] : "?";
}

static const char *access_text(uint64_t access) {
    static const char *const text[] = { "?", "read", "write", "both" };

    return access < sizeof text / sizeof text[0] ? text[access] : "?";
}

static void cell_device(struct table *table, uint64_t device) {
    if (device == IOMMU_NO_DEVICE)
        table_cell(table, "?");
    else
        table_cell(table, "%02x:%02x.%x", (unsigned)device >> 8, (unsigned)device >> 3 & 0x1f,
                   (unsigned)device & 7);
}

static void cell_label(struct table *table, const uint64_t label[3]) {
    char text[LABEL_MAX + 1] = "";

    memcpy(text, label, LABEL_MAX);
    table_cell(table, "%s", text[0] != '\0' ? text : "-");
}

static void show_warning(const char *what) {
    printf("WARNING: %s\n"
           "A driver of a device that masters the bus, or the device itself, can reach all\n"
           "memory of all cores: it is trusted as the kernel is.\n",
           what);
}

static void show_status(const uint64_t status[MESSAGE_ARGS]) {
    bool interrupts = status[1] & IOMMU_CONFINES_INTERRUPTS;

    printf("%s, units: %" PRIu64 ". DMA is confined; interrupts are %s.\n", kind_text(status[0]),
           status[2] >> 32, interrupts ? "too" : "not");
    if (!interrupts)
        printf("WARNING: a device can make up interrupts by DMA: its driver can end the system, if "
               "not\nread or change it.\n");
    printf("Table pages in use: %" PRIu64 " of %" PRIu64 ". Faults: %" PRIu64 ".\n",
           status[4] >> 32, status[4] & UINT32_MAX, status[3]);
}

static void show_domains(void) {
    static const struct table_column columns[] = { { "DEVICE", TABLE_LEFT },
                                                   { "DRIVER", TABLE_LEFT },
                                                   { "KIB", TABLE_RIGHT },
                                                   { "INTERRUPTS", TABLE_RIGHT },
                                                   { "FAULTS", TABLE_RIGHT } };
    uint64_t domain[MESSAGE_ARGS];
    struct table table;

    table_begin(&table, stdout, columns, sizeof columns / sizeof columns[0]);
    while (table_pass(&table))
        for (uint64_t n = 0; ask(IOMMU_DEVICE, n, domain) == 0; n++) {
            cell_device(&table, domain[0] & 0xffff);
            cell_label(&table, domain + 3);
            table_cell(&table, "%" PRIu64, (domain[1] >> 32) * (PAGE_SIZE / 1024));
            table_cell(&table, "%" PRIu64, domain[1] & UINT32_MAX);
            table_cell(&table, "%" PRIu64, domain[2]);
        }
}

static void show_faults(uint64_t first, uint64_t end) {
    static const struct table_column columns[] = {
        { "FAULT", TABLE_RIGHT }, { "DEVICE", TABLE_LEFT },   { "DRIVER", TABLE_LEFT },
        { "ACCESS", TABLE_LEFT }, { "ADDRESS", TABLE_RIGHT }, { "REASON", TABLE_LEFT }
    };
    uint64_t fault[MESSAGE_ARGS];
    struct table table;

    table_begin(&table, stdout, columns, sizeof columns / sizeof columns[0]);
    while (table_pass(&table))
        for (uint64_t n = first; n < end && ask(IOMMU_FAULT, n, fault) == 0; n = fault[0] + 1) {
            table_cell(&table, "%" PRIu64, fault[0]);
            cell_device(&table, fault[2] & 0xffff);
            cell_label(&table, fault + 3);
            table_cell(&table, "%s", access_text(fault[2] >> 16 & 0xff));
            table_cell(&table, "%" PRIx64, fault[1]);
            table_cell(&table, "%s", reason_text(fault[2] >> 24 & 0xff));
        }
}

enum status builtin_iommu(const struct command *command) {
    uint64_t status[MESSAGE_ARGS], shown = FAULTS_SHOWN;

    if (command->words > 1 && !shell_number(command->word[1], 0, IOMMU_FAULTS, &shown))
        return shell_misused(command, "'%s' is not a number of faults: must be 0 to %d",
                             command->word[1], IOMMU_FAULTS);
    int error = ask(IOMMU_STATUS, 0, status);
    if (error == -E_NOENT) {
        show_warning("no IOMMU confines the devices of this machine.");
        return STATUS_OK;
    }
    if (error)
        return shell_failed(command, error);
    show_status(status);
    show_domains();
    if (status[3] != 0 && shown != 0)
        show_faults(status[3] > shown ? status[3] - shown : 0, status[3]);
    return STATUS_OK;
}
