/*
 * Opening the boot archive and checking all of it, hash included.
 */
#ifndef CPU_DRIVER_BOOT_ARCHIVE_H
#define CPU_DRIVER_BOOT_ARCHIVE_H

#include <bulkhead/archive.h>

/* As archive_open() and archive_verify(). */
enum archive_refusal boot_archive_open(struct archive *archive, const void *base, size_t bytes);

#endif
