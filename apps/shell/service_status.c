/* service status. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <bulkhead/error.h>
#include <bulkhead/protocol/pci.h>
#include <runtime/ipc.h>
#include <runtime/pci.h>

#include "manager.h"
#include "members.h"
#include "names.h"
#include "service.h"
#include "table.h"

/* What is known of a service at one moment. */
struct row {
    uint64_t number;
    endpoint_t endpoint;
    uint64_t age; /* nanoseconds in its state */
    unsigned state, reason, core;
    uint32_t restarts, complaints, missed;
    struct manager_parameters parameters;
    bool answers; /* this is known: */
    struct process_info info;
    const char *trusted;
};

static int fetch_parameters(struct row *row) {
    int error = 0;

    for (uint64_t offset = 0; offset < sizeof row->parameters && !error; offset += MANAGER_PIECE) {
        struct message m = { .type = MANAGER_PARAMETERS, .arg = { row->number, offset } };
        error = service_request(&m);
        memcpy((char *)&row->parameters + offset, &m.arg[1], MANAGER_PIECE);
    }
    return error;
}

/* Its device may reach all memory: it is trusted with that, as no IOMMU is there to hinder it. */
static const char *trusted(endpoint_t driver) {
    for (uint64_t index = 0;; index++) {
        struct message next = { .type = PCI_NEXT, .arg = { index } };
        if (driver == ENDPOINT_NONE || pci_request(&next) != 0)
            return "-";
        struct pci_place place;
        memcpy(&place, &next.arg[0], sizeof place);
        if (next.arg[2] != driver)
            continue;
        struct message self = { .type = PCI_SELF, .arg = { place.device } };
        if (pci_request(&self) != 0)
            return "-";
        uint64_t state = self.arg[3] >> 32;
        if (!(state & PCI_MASTER))
            return "no";
        return state & PCI_CONFINED_DMA ? "no" : "yes: no IOMMU";
    }
}

/* The service from a number on. False: there is none. */
static bool fetch(uint64_t number, struct row *row, bool details, int *error) {
    struct message m = { .type = MANAGER_STATUS, .arg = { number } };

    *error = service_request(&m);
    if (*error)
        return false;
    *row = (struct row){
        .number = m.arg[0],
        .endpoint = m.arg[1],
        .age = m.arg[2],
        .state = (uint8_t)m.arg[3],
        .reason = (uint8_t)(m.arg[3] >> 8),
        .core = (uint16_t)(m.arg[3] >> 16),
        .restarts = (uint32_t)(m.arg[3] >> 32),
        .complaints = (uint32_t)m.arg[4],
        .missed = (uint32_t)(m.arg[4] >> 32),
        .trusted = "-",
    };
    if (fetch_parameters(row) != 0)
        return false;
    if (details && row->endpoint != ENDPOINT_NONE)
        row->answers = core_getinfo(endpoint_core(row->endpoint), INFO_PROCESS, &row->info,
                                    sizeof row->info, row->endpoint, NULL) == 0;
    if (row->answers)
        row->trusted = trusted(row->endpoint);
    return true;
}

static const char *state_text(unsigned state) {
    static const char *const text[] = {
#define X(name, text) text,
        MANAGER_STATES(X)
#undef X
    };
    return state < sizeof text / sizeof text[0] ? text[state] : "?";
}

static const char *reason_text(unsigned reason) {
    static const char *const text[] = {
#define X(name, word) word,
        MANAGER_REASONS(X)
#undef X
    };
    return reason < sizeof text / sizeof text[0] ? text[reason] : "?";
}

static void print_row(struct table *table, const struct row *row) {
    char text[ENDPOINT_TEXT];
    uint64_t tenths = row->age / 100000000;

    table_cell(table, "%.*s", LABEL_MAX, row->parameters.label);
    table_cell(table, "%s", state_text(row->state));
    table_cell(table, "%s",
               row->endpoint != ENDPOINT_NONE ? endpoint_text(row->endpoint, text) : "-");
    if (row->core == MANAGER_ANY_CORE)
        table_cell(table, "-");
    else
        table_cell(table, "%u", row->core);
    table_cell(table, "%" PRIu64 ".%" PRIu64 " s", tenths / 10, tenths % 10);
    table_cell(table, "%u", row->restarts);
    table_cell(table, "%s", reason_text(row->reason));
}

static void print_details(struct table *table, const struct row *row) {
    table_cell(table, "%.*s", LABEL_MAX, row->parameters.program);
    table_cell(table, "%.*s", LABEL_MAX, row->parameters.policy);
    table_cell(table, "%u", row->missed);
    table_cell(table, "%u", row->complaints);
    if (row->answers) {
        table_cell(table, "%u", row->info.refusals);
        table_cell(table, "%" PRIu64, row->info.cpu_time * 100 / (row->age + 1));
        table_cell_bytes(table, row->info.frames * PAGE_SIZE);
    } else {
        for (int i = 0; i < 3; i++)
            table_cell(table, "-");
    }
    table_cell(table, "%s", row->trusted);
}

enum status service_status(const struct command *command) {
    static const struct table_column columns[] = {
        { "LABEL", TABLE_LEFT },       { "STATE", TABLE_LEFT },       { "ENDPOINT", TABLE_RIGHT },
        { "CORE", TABLE_RIGHT },       { "FOR", TABLE_RIGHT },        { "RESTARTS", TABLE_RIGHT },
        { "LAST REASON", TABLE_LEFT }, { "PROGRAM", TABLE_LEFT },     { "POLICY", TABLE_LEFT },
        { "MISSED", TABLE_RIGHT },     { "COMPLAINTS", TABLE_RIGHT }, { "VIOLATIONS", TABLE_RIGHT },
        { "CPU %", TABLE_RIGHT },      { "MEMORY", TABLE_RIGHT },     { "TRUSTED", TABLE_LEFT }
    };
    static struct row rows[MANAGER_SERVICES];
    bool details = command->words == 3 && strcmp(command->word[2], "-v") == 0;
    size_t count = 0;
    int error = 0;

    if (command->words > 2 && !details)
        return shell_misused(command, "use it as: service status [-v]");
    for (uint64_t number = 0;
         count < MANAGER_SERVICES && fetch(number, &rows[count], details, &error);
         number = rows[count++].number + 1)
        ;
    if (error && error != -E_NOENT) {
        if (error == -E_NOTSUP)
            puts("service: there is no driver manager on this core; `log` tells why");
        return error == -E_NOTSUP ? STATUS_FAILED : shell_failed(command, error);
    }
    if (count == 0)
        puts("no services; `service up PROGRAM` starts one");
    if (count == 0)
        return STATUS_OK;
    struct table table;
    table_begin(&table, stdout, columns, details ? 15 : 7);
    while (table_pass(&table))
        for (size_t i = 0; i < count; i++) {
            print_row(&table, &rows[i]);
            if (details)
                print_details(&table, &rows[i]);
        }
    return STATUS_OK;
}
