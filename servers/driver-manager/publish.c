#include "publish.h"

#include <stdio.h>
#include <string.h>

#include <bulkhead/error.h>
#include <bulkhead/protocol/manager.h>
#include <runtime/store.h>

#include "monitor_calls.h"

/*
 * A store that is not there is not waited for: who needs a name needs the store too. Whoever takes
 * its place has the names that there were.
 */
void publish_service(const char label[LABEL_MAX], endpoint_t process) {
    char name[sizeof MANAGER_STORE_PREFIX + LABEL_MAX];
    endpoint_t store;

    if (monitor_find(STORE_NAME, &store) != 0)
        return;
    (void)snprintf(name, sizeof name, MANAGER_STORE_PREFIX "%.*s", LABEL_MAX, label);
    int error = process != ENDPOINT_NONE ? store_publish_label(name, process, STORE_OVERWRITE)
                                         : store_delete(name, 0);
    if (error && error != -E_NOENT)
        printf("%s cannot be published: %s\n", name, error_text(error));
}
