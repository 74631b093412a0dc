/* The protocol of the server (protocol/iommu.h). */
#ifndef IOMMU_REQUESTS_H
#define IOMMU_REQUESTS_H

#include <runtime/event.h>

enum event_action requests_serve(void *context, struct message *m);

/* Makes sure of the interrupts of the I/O APICs' lines, and then that no others but those of
 * domains come through, if the hardware can. */
void requests_start(void);

#endif
