/* The example of docs/grants.md. */
#ifndef TESTS_GUEST_GRANTS_EXAMPLE_H
#define TESTS_GUEST_GRANTS_EXAMPLE_H

#include <runtime/ipc.h>

#define EXAMPLE_READ (MESSAGE_TYPE_SERVICE + 0x100) /* arg[0], arg[1]: grant; arg[2]: bytes */

/* The grantor: 0 when the reader has read it. */
int lend_greeting(endpoint_t reader);

/* The grantee, which has received EXAMPLE_READ. */
int read_greeting(const struct message *m, char *text, size_t room);

#endif
