/*
 * The services: the console driver and the shell, started at boot and again whenever they die,
 * unless they die too often. The console of all programs is the service of that kind.
 */
#ifndef MONITOR_SERVICES_H
#define MONITOR_SERVICES_H

#include "deaths.h"
#include "policy.h"

/* Deaths within this time after which a service is given up. */
#define SERVICE_DEATHS_MAX    5
#define SERVICE_DEATHS_PERIOD (10 * UINT64_C(1000000000)) /* nanoseconds */

/* By what name all cores know the console of all programs. */
#define NAME_CONSOLE "console"

/* And the servers of devices. */
#define NAME_PCI   "pci"
#define NAME_IOMMU "iommu"

/* Starts every service, in the order of the policy table. */
void services_start(void);

/* A service has died: says so in the log, and starts it again. */
void service_ended(const struct policy *policy, const struct death *death);

/* The console now; ENDPOINT_NONE while there is none. */
endpoint_t services_console(void);

/* Whether a program with this policy may use the console. */
bool services_uses_console(const struct policy *policy);

#endif
