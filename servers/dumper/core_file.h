/*
 * A core file as gdb and others read it: ELF64, ET_CORE, with the registers as Linux has them for
 * x86-64, and the ranges of memory that the process had. Pure: what is known of the death comes in,
 * the head of the file comes out; the ranges follow in their order, page after page.
 *
 * Sources: System V gABI 4.1, chapters 4 and 5; Linux, include/uapi/linux/elfcore.h and
 * arch/x86/include/asm/user_64.h.
 */
#ifndef DUMPER_CORE_FILE_H
#define DUMPER_CORE_FILE_H

#include <stddef.h>

#include <bulkhead/protocol/monitor.h>

#define CORE_RANGES_MAX 64

/* Of whole pages. */
struct core_range {
    uint64_t begin, end;
    uint64_t offset;     /* in the file: core_file_head() fills it in */
    uint32_t protection; /* enum protection */
};

#define CORE_HEAD_BYTES 8192 /* enough for every head */

/*
 * Writes the head of a file, CORE_HEAD_BYTES at `head`, zero-padded, and where each range goes.
 * `count` is at most CORE_RANGES_MAX. Returns the bytes of the whole file.
 */
uint64_t core_file_head(const struct monitor_dead *dead, struct core_range *ranges, size_t count,
                        uint8_t head[CORE_HEAD_BYTES]);

/* The file's name, terminated: "crash-0.4.1.core"; characters that are not for names become `_`. */
#define CORE_NAME_BYTES 64
void core_file_name(const struct death_report *report, char name[CORE_NAME_BYTES]);

/* Why a process died, as a signal of Linux. */
int core_file_signal(const struct death_report *report);

#endif
