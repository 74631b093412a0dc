#include "names.h"

#include <stdio.h>
#include <string.h>

#include <bulkhead/error.h>
#include <runtime/kcall.h>
#include <runtime/startup.h>

#include "manager.h"

const struct process_list *processes_now(void) {
    static struct process_list list;
    size_t bytes;

    if (getinfo(INFO_PROCESSES, list.process, sizeof list.process, 0, &bytes, NULL))
        return NULL;
    list.count = bytes / sizeof list.process[0];
    return &list;
}

const char *process_name(const struct process_list *list, endpoint_t endpoint,
                         char text[ENDPOINT_TEXT]) {
    for (size_t i = 0; i < list->count; i++)
        if (list->process[i].endpoint == endpoint) {
            snprintf(text, ENDPOINT_TEXT, "%.*s", ENDPOINT_TEXT - 1, list->process[i].label);
            return text;
        }
    return endpoint_text(endpoint, text);
}

int process_resolve(const char *word, endpoint_t *endpoint) {
    if (endpoint_parse(word, endpoint_incarnation(runtime_self()), endpoint))
        return 0;
    return manager_lookup(word, endpoint);
}
