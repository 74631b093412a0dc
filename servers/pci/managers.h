/* Whom the policy lets attach devices and look at all of them: labels, or patterns of them. */
#ifndef PCI_MANAGERS_H
#define PCI_MANAGERS_H

#include <stdbool.h>

#define MANAGERS_MAX 8

/* `label` stays the caller's. False: there are too many. */
bool managers_add(const char *label);

#endif
