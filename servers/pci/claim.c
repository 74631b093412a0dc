#include "claim.h"

#include <stdio.h>
#include <string.h>

#include <bulkhead/protocol/iommu.h>

#include "assign.h"
#include "attach.h"
#include "bar.h"
#include "message.h"

static struct claim claims[CLAIMS_MAX];

/* Attachments that wait for a device whose last driver has just died. */
#define WAITING_MAX 8
static struct message waiting[WAITING_MAX];
static size_t waiting_count;

struct claim *claim_of_driver(endpoint_t driver) {
    for (struct claim *claim = claims; claim < claims + CLAIMS_MAX; claim++)
        if (claim->state != CLAIM_NONE && claim->driver.endpoint == driver)
            return claim;
    return NULL;
}

struct claim *claim_of_device(const struct device *device) {
    for (struct claim *claim = claims; claim < claims + CLAIMS_MAX; claim++)
        if (claim->state != CLAIM_NONE && claim->device == device)
            return claim;
    return NULL;
}

bool claim_is_free(const struct device *device) { return claim_of_device(device) == NULL; }

static struct claim *new_claim(struct device *device, const struct monitor_driver *driver,
                               enum claim_state state) {
    for (struct claim *claim = claims; claim < claims + CLAIMS_MAX; claim++)
        if (claim->state == CLAIM_NONE) {
            *claim = (struct claim){ .state = state, .device = device, .driver = *driver };
            return claim;
        }
    return NULL;
}

static void answer(const struct message *request, int result, uint64_t value) {
    struct message reply = *request;

    memset(reply.arg, 0, sizeof reply.arg);
    reply.arg[0] = value;
    message_set_result(&reply, result);
    event_reply(request->source, &reply);
}

/* ---- Resets ---- */

static void retry_waiting(void) {
    size_t count = waiting_count;

    waiting_count = 0;
    for (size_t i = 0; i < count; i++) {
        struct message m = waiting[i];
        int error = claim_attach(&m);
        if (error) {
            message_set_result(&m, error);
            event_reply(m.source, &m);
        }
    }
}

/* A device that does not come back has no driver any more, nor gets another. */
static void end_done(struct claim *claim) {
    keeper_domain_end(claim->device->place.device);
    if (!claim->gone)
        keeper_release(claim->driver.endpoint);
    claim->state = CLAIM_NONE;
    retry_waiting();
}

static void attach_done(struct claim *claim, int error) {
    if (!error)
        error = attach_give(claim);
    if (!error) {
        claim->state = CLAIM_RUNNING;
    } else {
        device_quiet(claim->device);
        keeper_domain_end(claim->device->place.device);
        claim->state = CLAIM_NONE;
    }
    answer(&claim->request, error, claim->device->place.device);
}

/* As it was for the driver after attaching: what it can reach, and its messages. */
static void reset_done(struct claim *claim, int error) {
    device_enable(claim->device);
    if (!error && claim->messages != 0 && !claim->storm)
        error = messages_program(claim->device, claim->message_address, claim->message_data,
                                 claim->messages);
    claim->state = CLAIM_RUNNING;
    answer(&claim->request, error, 0);
}

static void step(struct event_alarm *alarm);

static void go_on(struct claim *claim) {
    int64_t pause = reset_step(&claim->reset);

    if (pause > 0) {
        event_alarm_set(&claim->alarm, (uint64_t)pause, step);
        return;
    }
    if (pause < 0)
        printf("device %02x:%02x.%x does not come back from its reset\n", device_bus(claim->device),
               claim->device->place.device >> 3 & 31, claim->device->place.device & 7);
    if (claim->state == CLAIM_ENDING)
        end_done(claim);
    else if (claim->state == CLAIM_ATTACHING)
        attach_done(claim, (int)pause);
    else
        reset_done(claim, (int)pause);
}

static void step(struct event_alarm *alarm) {
    go_on((struct claim *)((char *)alarm - offsetof(struct claim, alarm)));
}

static void begin(struct claim *claim, enum pci_reset_method method) {
    reset_begin(&claim->reset, claim->device, method);
    go_on(claim);
}

/* ---- Requests ---- */

/* Remembers a request for a device that will be free soon. */
static int wait_for_end(const struct message *m) {
    if (waiting_count == WAITING_MAX)
        return -E_BUSY;
    waiting[waiting_count++] = *m;
    return 0;
}

static void look(struct claim *claim);

int claim_attach(struct message *m) {
    struct monitor_driver driver = { 0 };
    struct device *device, *busy;
    int error = keeper_driver(m->arg[0], &driver);

    if (error)
        return error;
    if (driver.state != MONITOR_DRIVER_WAITING || claim_of_driver(driver.endpoint) != NULL)
        return -E_STATE;
    device = attach_match(&driver, &busy);
    if (device == NULL && busy == NULL)
        return -E_NOENT;
    if (device == NULL) {
        struct claim *user = claim_of_device(busy);
        if (user->state == CLAIM_RUNNING) /* its end may have happened while no server was there */
            look(user);
        if (user->state == CLAIM_NONE)
            return claim_attach(m);
        if (user->state == CLAIM_ENDING)
            return wait_for_end(m);
        m->arg[0] = busy->place.device;
        m->arg[1] = user->driver.endpoint;
        return -E_BUSY;
    }
    struct claim *claim = new_claim(device, &driver, CLAIM_ATTACHING);
    if (claim == NULL)
        return -E_NOSLOT;
    claim->request = *m;
    begin(claim, reset_method(device, claim_is_free));
    return 0;
}

int claim_reset(struct claim *claim, const struct message *m) {
    enum pci_reset_method method = reset_method(claim->device, claim_is_free);

    if (method == PCI_RESET_NONE)
        return -E_NOTSUP;
    claim->state = CLAIM_RESETTING;
    claim->request = *m;
    begin(claim, method);
    return 0;
}

void claim_master(struct claim *claim) {
    const uint32_t both = IOMMU_CONFINES_DMA | IOMMU_CONFINES_INTERRUPTS;
    uint16_t place = claim->device->place.device;

    if (claim->warned || (claim->confines & both) == both)
        return;
    claim->warned = true;
    printf(
        "WARNING: %.*s has device %02x:%02x.%x, and NO IOMMU CONFINES %s: it is trusted with the "
        "whole machine\n",
        LABEL_MAX, claim->driver.label, place >> 8, place >> 3 & 31, place & 7,
        claim->confines & IOMMU_CONFINES_DMA ? "ITS INTERRUPTS" : "ITS DMA");
}

/* ---- Deaths and storms ---- */

static void claim_mend(struct claim *claim);

static void end(struct claim *claim) {
    enum claim_state before = claim->state;

    claim->state = CLAIM_ENDING;
    /* A reset that is under way goes on, and ends as this one would. */
    if (before == CLAIM_RESETTING)
        return;
    device_quiet(claim->device);
    claim_mend(claim);
    begin(claim, reset_method(claim->device, claim_is_free));
}

static void look(struct claim *claim) {
    struct monitor_driver now = { 0 };
    int error = keeper_driver(claim->driver.endpoint, &now);

    claim->gone = error == -E_NOENT || error == -E_BADEP || error == -E_PEERDEAD;
    if (claim->gone || (!error && now.state == MONITOR_DRIVER_DEAD)) {
        end(claim);
    } else if (!error && (now.state == MONITOR_DRIVER_STORM) != claim->storm) {
        claim->storm = !claim->storm;
        if (claim->storm)
            messages_off(claim->device);
        else if (claim->messages != 0 && claim->state == CLAIM_RUNNING)
            messages_program(claim->device, claim->message_address, claim->message_data,
                             claim->messages);
    }
}

/* Of an attachment that is under way the giving finds out. */
void claims_look(void) {
    for (struct claim *claim = claims; claim < claims + CLAIMS_MAX; claim++)
        if (claim->state == CLAIM_RUNNING || claim->state == CLAIM_RESETTING)
            look(claim);
}

/* ---- Start ---- */

void claim_size(struct claim *claim) {
    bars_size(claim->device);
    bars_check(claim->device);
}

/* A server that was ended in a reset of the device has left it without addresses. */
static void claim_mend(struct claim *claim) {
    claim_size(claim);
    bars_assign(claim->device);
    bars_check(claim->device);
}

static bool has_no_address(const struct device *device) {
    for (unsigned i = 0; i < PCI_BARS; i++)
        if (device->bar[i].base != 0)
            return false;
    return true;
}

static void recover(const struct monitor_driver *driver) {
    struct device *device = device_find(driver->device);

    if (driver->state == MONITOR_DRIVER_WAITING || driver->device == MONITOR_NO_DEVICE)
        return;
    if (device == NULL || !claim_is_free(device)) {
        if (driver->state == MONITOR_DRIVER_DEAD)
            keeper_release(driver->endpoint);
        return;
    }
    struct claim *claim = new_claim(device, driver, CLAIM_RUNNING);
    if (claim == NULL)
        return;
    claim->lost = has_no_address(device);
    claim->confines = keeper_confines(driver->device);
    claim->messages = messages_programmed(device, &claim->message_address, &claim->message_data);
    claim->storm = driver->state == MONITOR_DRIVER_STORM;
    claim->warned = true;
}

void claims_recover(void) {
    static struct monitor_driver drivers[CLAIMS_MAX];

    for (struct device *device = devices; device < devices + device_count; device++)
        bars_read(device);
    for (uint32_t core = 0; core < keeper_cores(); core++) {
        size_t count = 0;
        if (keeper_drivers(core, drivers, CLAIMS_MAX, &count) == 0)
            for (size_t i = 0; i < count; i++)
                recover(&drivers[i]);
    }
    for (struct device *device = devices; device < devices + device_count; device++) {
        if (!claim_is_free(device) || device_is_iommu(device))
            continue;
        if (device_is_for_drivers(device))
            device_quiet(device);
        bars_size(device);
    }
    for (struct device *device = devices; device < devices + device_count; device++)
        if (device_is_for_drivers(device) && claim_is_free(device))
            bars_assign(device);
    for (struct device *device = devices; device < devices + device_count; device++)
        bars_check(device);
    claims_look();
}
