/* The example of docs/grants.md: one process lets another read a text of its. */
#include <runtime/grant.h>

#include "example.h"

static const char greeting[] = "hello across the bulkhead";

int lend_greeting(endpoint_t reader) {
    struct grant_name name;
    int error = grant_make(reader, greeting, sizeof greeting, GRANT_READ, &name);

    if (error)
        return error;
    struct message m = { .type = EXAMPLE_READ, .arg = { name.grantor, name.id, sizeof greeting } };
    error = ipc_request(reader, &m);
    int revoked = grant_revoke(name); /* from here on nobody can read it */
    return error ? error : revoked;
}

int read_greeting(const struct message *m, char *text, size_t room) {
    struct grant_name name = { m->arg[0], m->arg[1] };

    return safe_copy_from(name, 0, text, m->arg[2] < room ? m->arg[2] : room);
}
