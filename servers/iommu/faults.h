/* What devices tried and the hardware refused: counted for each device, told to the monitor for its
 * driver, kept for those who ask, and in the log at a bounded rate. */
#ifndef IOMMU_FAULTS_H
#define IOMMU_FAULTS_H

#include "domains.h"

struct fault_record {
    struct fault fault;
    uint16_t device; /* the requester, or the device that uses that id */
    char label[LABEL_MAX];
};

/* Takes the faults that the hardware has recorded. */
void faults_poll(void);

/* Fault number *number, or the oldest kept if that is later: *number says. NULL: there is none. */
const struct fault_record *fault_number(uint64_t *number);

/* The text of a reason. Never NULL. */
const char *fault_reason(unsigned reason);

#endif
