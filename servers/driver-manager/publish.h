/* The names of services in the data store (protocol/manager.h), where there is one. */
#ifndef MANAGER_PUBLISH_H
#define MANAGER_PUBLISH_H

#include <bulkhead/kcall.h>

/* A service's process is isolated, and about to run. ENDPOINT_NONE: there will be none. */
void publish_service(const char label[LABEL_MAX], endpoint_t process);

#endif
