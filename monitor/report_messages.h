/* The last messages of a dead process, for its report. Pure, as report.h. */
#ifndef MONITOR_REPORT_MESSAGES_H
#define MONITOR_REPORT_MESSAGES_H

#include <stdbool.h>
#include <stddef.h>

#include <bulkhead/info.h>
#include <bulkhead/message_record.h>

#define REPORT_MESSAGES 32 /* are shown */

/* What was found in the memory of the dead. All of it may be what a hostile process left there. */
struct report_record {
    bool found;   /* the process has a record */
    bool in_call; /* the instruction before its rip is a system call */
    struct message_record record;
};

/* Who is behind an endpoint: writes at most LABEL_MAX characters and a zero; "": not known. */
typedef void report_label(endpoint_t endpoint, char label[LABEL_MAX + 1]);

/*
 * A line for each message, the latest last, and one for what the process was waiting for when it
 * was ended. Returns the length without the terminating zero, as report_text().
 */
size_t report_messages(char *buffer, size_t bytes, const struct death_report *death,
                       const struct report_record *messages, report_label *label);

#endif
