/* Death reports as text. Pure: what is known of the death comes in, text goes out. */
#ifndef MONITOR_REPORT_H
#define MONITOR_REPORT_H

#include <stddef.h>

#include <bulkhead/refusal.h>

#include <bulkhead/info.h>

#define REPORT_BYTES      4096 /* enough for any report */
#define REPORT_LINE_BYTES 200  /* enough for any line */

/* An ELF file in memory to take symbols from; base NULL: there is none. */
struct report_image {
    const void *base;
    size_t bytes;
};

/* PROC_KILL's number, when it is the monitor that kills. */
enum kill_reason {
    KILL_REQUESTED = 1, /* somebody who may manage asked for it */
    KILL_ORPHANED = 2,  /* its supervisor has died */
};

/*
 * Who died of what, in one line without a newline: "crash (0.3.1) died: page fault reading 0x0: no
 * memory there, in main+0x12". Writes at most `bytes` (more than 0), terminating zero included.
 */
void report_line(char *buffer, size_t bytes, const struct death_report *death,
                 struct report_image image);

/*
 * What a process was refused, a line for each kind. Returns its length as report_text().
 */
size_t report_refusals(char *buffer, size_t bytes, const uint32_t count[REFUSAL_COUNT]);

/*
 * The whole report, several lines. Returns its length without the terminating zero; it is cut off
 * at bytes - 1.
 */
size_t report_text(char *buffer, size_t bytes, const struct death_report *death,
                   struct report_image image);

#endif
