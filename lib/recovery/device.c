#include <runtime/device.h>

/* A driver that dies here is followed by another, which is set up in its place. */
static int set_up(struct device *device) {
    int error = 0;

    while (device->setup && component_is_error(error = device->setup(device))) {
        error = component_await(&device->component);
        if (error)
            break;
    }
    return error;
}

int device_open(struct device *device, const char *label, unsigned flags,
                int (*setup)(struct device *device)) {
    *device = (struct device){ .flags = flags, .setup = setup };
    int error = component_find(&device->component, label);

    return error ? error : set_up(device);
}

/* Waits for the next driver. 0: the device has it, and goes on. */
static int reopen(struct device *device) {
    int error = component_await(&device->component);

    if (error)
        return error;
    if (!(device->flags & DEVICE_REOPEN)) {
        device->restarted = true;
        return -E_RESTARTED;
    }
    return set_up(device);
}

/*
 * A driver that is about to end says of a request that was not begun what the kernel says of all
 * others: only of those it is not known whether they were.
 */
int device_request(struct device *device, struct message *m) {
    const struct message request = *m;
    int error = 0;

    if (device->restarted)
        return -E_RESTARTED;
    for (;;) {
        if (component_is_gone(&device->component))
            error = reopen(device);
        if (error)
            return error;
        *m = request;
        error = ipc_call(device->component.endpoint, m);
        bool refused = !error && message_result(m) == -E_PEERDEAD;
        if (!refused && !component_is_error(error))
            return error ? error : message_result(m);
        bool begun = error == -E_PEERDEAD;
        error = reopen(device);
        if (!error && begun)
            return -E_REOPENED;
    }
}
