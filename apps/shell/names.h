/*
 * Endpoints as people write them: core.slot.generation. The incarnation of the core is left out:
 * that of the shell's own is meant.
 */
#ifndef SHELL_NAMES_H
#define SHELL_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#include <bulkhead/info.h>

#define ENDPOINT_TEXT 24 /* bytes of an endpoint as text, terminating zero included */

/* The processes there are, at one moment. */
struct process_list {
    size_t count;
    struct process_info process[256];
};

/* Fills `text` and returns it. Also "-" for ENDPOINT_NONE, "any" and "kernel". */
const char *endpoint_text(endpoint_t endpoint, char text[ENDPOINT_TEXT]);

/* Reads what endpoint_text() has written for a process; false: it is no such thing. */
bool endpoint_parse(const char *text, uint32_t incarnation, endpoint_t *endpoint);

/* Looks up all processes; the list is overwritten by the next call. NULL: it cannot be had. */
const struct process_list *processes_now(void);

/* The label of a process of the list, or else its endpoint as text. */
const char *process_name(const struct process_list *list, endpoint_t endpoint,
                         char text[ENDPOINT_TEXT]);

/* A process as the user names it, by endpoint or by label. -E_NOENT. */
int process_resolve(const char *word, endpoint_t *endpoint);

#endif
