/* The protocol (include/bulkhead/protocol/pci.h). */
#ifndef PCI_REQUESTS_H
#define PCI_REQUESTS_H

#include <runtime/event.h>

/* A handler of the event loop. */
enum event_action requests_serve(void *context, struct message *m);

#endif
