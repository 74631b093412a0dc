/* The programs of the boot archive, as the monitor sees them. */
#ifndef MONITOR_PROGRAMS_H
#define MONITOR_PROGRAMS_H

#include <bulkhead/archive.h>

/*
 * Opens the archive that the startup page shows. Its own checksum has been verified by boot/; that
 * of each file is verified when it is used. -E_CHECKSUM: not an archive, or not one of this
 * version.
 */
int programs_open(void);

/*
 * Finds a program and verifies its contents. -E_NOENT, -E_CHECKSUM (also when the monitor has no
 * archive).
 */
int program_find(const char *name, struct archive_file *program);

/* The name of the file of the archive at a place in the order of names; NULL: there is none. */
const char *programs_name(uint32_t index);

/*
 * Writes the names of all programs that have a policy and are no service, a line each, as many as
 * fit. Returns the bytes written.
 */
size_t programs_list(char *buffer, size_t bytes);

#endif
