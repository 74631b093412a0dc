/*
 * Processes as people name them: by endpoint, core.slot.generation, of the core's present
 * incarnation; or by label, or label@core.
 */
#ifndef SHELL_NAMES_H
#define SHELL_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#include <bulkhead/info.h>

#include "shell.h"

#define ENDPOINT_TEXT 24 /* bytes of an endpoint as text, terminating zero included */

/* Processes of any cores, as they were at some moment. An empty list is all zeroes. */
struct process_list {
    size_t count, room;
    struct process_info *process; /* grows as needed */
};

/* Fills `text` and returns it. Also "-" for ENDPOINT_NONE, "any" and "kernel". */
const char *endpoint_text(endpoint_t endpoint, char text[ENDPOINT_TEXT]);

/* Reads what endpoint_text() has written for a process; false: it is no such thing. */
bool endpoint_parse(const char *text, uint32_t incarnation, endpoint_t *endpoint);

/*
 * Splits "label@core": false when there is no core, and otherwise where its number begins.
 */
bool label_split(const char *word, char label[LABEL_MAX + 1], const char **core);

/* Adds the processes of a core to a list. Returns 0 or a negated error. */
int processes_add(struct process_list *list, uint32_t core);

/*
 * Looks up the processes of all members; the list is overwritten by the next call. NULL: it cannot
 * be had.
 */
const struct process_list *processes_now(void);

/* The label of a process of the list, or else its endpoint as text. */
const char *process_name(const struct process_list *list, endpoint_t endpoint,
                         char text[ENDPOINT_TEXT]);

/*
 * The process that a word of the command names; a label without a core is looked for on the own one
 * first. False: there is none, which has been said.
 */
bool process_resolve(const struct command *command, const char *word, endpoint_t *endpoint);

/* Says why a request about a process has failed: perhaps because its core has. */
enum status process_failed(const struct command *command, endpoint_t endpoint, int error);

#endif
