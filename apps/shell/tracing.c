/* trace. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <runtime/kcall.h>
#include <runtime/startup.h>
#include <runtime/trace_text.h>

#include "names.h"
#include "shell.h"
#include "table.h"
#include "trace_all.h"
#include "trace_cores.h"

#define SHOWN_DEFAULT 40
#define SHOWN_MAX     1024

static const struct {
    const char *name;
    uint32_t set;
} classes[] = {
    { "all", TRACE_CLASS_ALL },         { "sched", TRACE_CLASS_SCHED },
    { "ipc", TRACE_CLASS_IPC },         { "irq", TRACE_CLASS_IRQ },
    { "process", TRACE_CLASS_PROCESS }, { "kcall", TRACE_CLASS_KCALL },
    { "channel", TRACE_CLASS_CHANNEL },
};

enum { CLASSES = sizeof classes / sizeof classes[0] };

/* What `value` means depends on the event: see TRACE_EVENTS. */
static void cell_value(struct table *table, const struct trace_event *event) {
    uint32_t high = (uint32_t)(event->value >> 32), low = (uint32_t)event->value;

    switch (event->type) {
    case TRACE_EVENT_SWITCH:
        table_cell(table, "priority %" PRIu32, low);
        break;
    case TRACE_EVENT_BLOCK:
        table_cell(table, low == 1 ? "sending" : "receiving");
        break;
    case TRACE_EVENT_SEND:
        table_cell(table, "%s 0x%" PRIx32, trace_primitive_text(high), low);
        break;
    case TRACE_EVENT_RECEIVE:
        table_cell(table, "0x%" PRIx32, low);
        break;
    case TRACE_EVENT_IRQ:
        table_cell(table, "vector %" PRIu32, low);
        break;
    case TRACE_EVENT_EXIT:
        table_cell(table, "%s", trace_cause_text(event->value));
        break;
    case TRACE_EVENT_KCALL:
        table_cell(table, "%s %s", trace_call_text(low), error_name((int)high));
        break;
    case TRACE_EVENT_CHAN_SEND:
    case TRACE_EVENT_CHAN_RECEIVE:
    case TRACE_EVENT_BELL:
    case TRACE_EVENT_BELL_HEARD:
        table_cell(table, "channel %u.%u, %" PRIu64, trace_channel_core(event->value),
                   trace_channel_binding(event->value), trace_channel_position(event->value));
        break;
    default:
        table_cell(table, "%s", "");
    }
}

static void print_events(const struct trace_event *events, size_t count) {
    static const struct table_column columns[] = {
        { "TIME us", TABLE_RIGHT }, { "EVENT", TABLE_LEFT }, { "PROCESS", TABLE_LEFT },
        { "PEER", TABLE_LEFT },     { "WHAT", TABLE_LEFT },
    };
    const struct process_list *list = processes_now();
    char text[ENDPOINT_TEXT];
    struct table table;

    table_begin(&table, stdout, columns, 5);
    while (list != NULL && table_pass(&table))
        for (const struct trace_event *event = events; event < events + count; event++) {
            uint64_t time = time_from_stamp(event->tsc - events->tsc);
            table_cell(&table, "%" PRIu64 ".%03" PRIu64, time / 1000, time % 1000);
            table_cell(&table, "%s", trace_event_text(event->type));
            table_cell(&table, "%s", process_name(list, event->process, text));
            table_cell(&table, "%s", process_name(list, event->peer, text));
            cell_value(&table, event);
        }
}

/*
 * The last events, up to *count of them, oldest first; *total receives the number ever recorded.
 * The kernel gives them in pieces.
 */
static int fetch(struct trace_event *events, size_t *count, uint64_t *total) {
    uint64_t from = UINT64_MAX;
    size_t most = *count, copied = 0;
    int error = trace_read(events, 0, &from, &copied, total);

    from = *total > most ? *total - most : 0;
    *count = 0;
    do {
        if (!error)
            error = trace_read(events + *count, most - *count, &from, &copied, total);
        from += copied;
        *count += copied;
    } while (!error && copied != 0 && *count < most);
    return error;
}

static enum status show(const struct command *command) {
    static struct trace_event events[SHOWN_MAX];
    uint64_t most = SHOWN_DEFAULT, total = 0;

    if (command->words == 3 && !shell_number(command->word[2], 1, SHOWN_MAX, &most))
        return shell_misused(command, "'%s' is not a number of events: must be 1 to %d",
                             command->word[2], SHOWN_MAX);
    size_t count = most;
    int error = fetch(events, &count, &total);
    if (error)
        return shell_failed(command, error);
    if (count != 0)
        print_events(events, count);
    printf("%zu of %" PRIu64 " events\n", count, total);
    return STATUS_OK;
}

static enum status start(const struct command *command) {
    uint32_t set = command->words == 2 ? TRACE_CLASS_ALL : 0;

    for (int i = 2; i < command->words; i++) {
        unsigned class = 0;
        while (class < CLASSES && strcmp(classes[class].name, command->word[i]) != 0)
            class ++;
        if (class == CLASSES)
            return shell_misused(
                command,
                "'%s' is not a class: must be sched, ipc, irq, process, kcall, channel or "
                "all",
                command->word[i]);
        set |= classes[class].set;
    }
    int error = trace_cores_start(set);
    return error ? shell_failed(command, error) : STATUS_OK;
}

enum status builtin_trace(const struct command *command) {
    const char *verb = command->words > 1 ? command->word[1] : "show";

    if (strcmp(verb, "start") == 0)
        return start(command);
    if (strcmp(verb, "show") == 0 && command->words <= 3)
        return show(command);
    if (strcmp(verb, "stop") == 0 && command->words == 2) {
        struct timeline_core cores[CORES_MAX];
        size_t count;
        int error = trace_cores_stop(cores, &count);
        return error ? shell_failed(command, error) : STATUS_OK;
    }
    if (strcmp(verb, "all") == 0 && command->words == 2)
        return trace_all(command);
    return shell_misused(
        command,
        "use it as: trace start [CLASS...], trace stop, trace show [NUMBER], or trace all");
}

const char *trace_candidate(size_t index) {
    static const char *const verbs[] = { "start", "stop", "show" }; /* "all" is a class too */
    const size_t count = sizeof verbs / sizeof verbs[0];

    if (index < count)
        return verbs[index];
    return index - count < CLASSES ? classes[index - count].name : NULL;
}
