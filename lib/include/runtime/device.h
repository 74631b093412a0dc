/*
 * A device whose requests may not be done twice, as those of character devices (thesis 4.3.1): when
 * its driver dies nobody knows how much of a request was done. So the caller is told, and can go
 * on:
 *
 * - opened without flags: the next request, or the one under way, gets -E_RESTARTED when there is a
 *   new driver, and so do all later ones: the device is opened again by who knows what that means.
 * - opened with DEVICE_REOPEN (O_REOPEN of the thesis): a request under way gets -E_REOPENED: data
 *   may be lost, and the caller may try again at once. If none was, nobody notices.
 *
 * Either way -E_PEERDEAD says that there will be no driver any more. The functions wait, and need
 * what <runtime/component.h> needs, and the driver among the policy's targets.
 */
#ifndef RUNTIME_DEVICE_H
#define RUNTIME_DEVICE_H

#include <runtime/component.h>
#include <runtime/ipc.h>

enum device_flag { DEVICE_REOPEN = 1 << 0 };

struct device {
    struct component component;
    unsigned flags; /* set of enum device_flag */
    bool restarted; /* it is to be opened again */
    int (*setup)(struct device *device);
};

/*
 * Finds the driver of this label. `setup`, unless NULL, is called for each driver that the device
 * gets, this one included: it sets up what a driver knows of its clients (as CONSOLE_ATTACH), by
 * ipc_request() to component.endpoint. -E_NOENT there is none; errors of the data store, and of
 * `setup`.
 */
int device_open(struct device *device, const char *label, unsigned flags,
                int (*setup)(struct device *device));

/* A request to the driver: *m becomes its reply. The error of the call, else the reply's result. */
int device_request(struct device *device, struct message *m);

#endif
