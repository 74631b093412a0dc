/* service: what its parts share. */
#ifndef SHELL_SERVICE_H
#define SHELL_SERVICE_H

#include <bulkhead/message.h>
#include <bulkhead/protocol/manager.h>

#include "shell.h"

/* Asks this core's agent of the driver manager. -E_NOTSUP: there is none. */
int service_request(struct message *m);

/* service status [-v]. */
enum status service_status(const struct command *command);

#endif
