/* How much a label may have here, and who is a manager: from the program's arguments. */
#ifndef STORE_QUOTAS_H
#define STORE_QUOTAS_H

#include "changes.h"

#define QUOTAS_MAX   8
#define MANAGERS_MAX 8

/* Of a label that no argument names. */
#define QUOTA_RECORDS 64
#define QUOTA_BYTES   (UINT64_C(256) * 1024)

/*
 * "quota:RECORDS/BYTES/LABELS", BYTES with K or M, the first that matches counts; or the label of a
 * manager, or a pattern of them (<runtime/pattern.h>). It stays the caller's. False: it is neither,
 * or there are too many.
 */
bool quotas_add(const char *argument);

const struct quota *quota_of(const char label[LABEL_MAX]);
bool label_manages(const char label[LABEL_MAX]);

#endif
