/* What makes sense as parameters of a service: without input or output. */
#ifndef MANAGER_PARAMETERS_H
#define MANAGER_PARAMETERS_H

#include <stdbool.h>
#include <stddef.h>

#include <bulkhead/protocol/manager.h>
#include <bulkhead/protocol/monitor.h>

/*
 * Checks what a client has sent, and fills in label and policy: 0, or -E_INVAL. All texts are
 * zero-padded after it.
 */
int parameters_check(struct manager_parameters *p);

/*
 * With the policy that they name: the file. -E_PERM: the monitor looks after such a service itself.
 * -E_RANGE: its process may be as urgent as who looks after it, at `own`, or more; then a loop of
 * it would not be seen. -E_CORE: not on the core that they prefer.
 */
int parameters_complete(struct manager_parameters *p, const struct monitor_policy *policy,
                        unsigned own);

/* Whether a list of words, each terminated, and an empty one after the last, stands for a label. */
bool parameters_matches(const char *words, size_t bytes, const char label[LABEL_MAX]);

#endif
