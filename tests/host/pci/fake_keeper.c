#include "fake.h"

#include <string.h>

#include <bulkhead/protocol/iommu.h>
#include <criterion/criterion.h>

#include "requests.h"

struct monitor_driver fake_drivers[8];
unsigned fake_driver_count;
struct given fake_given[GIVEN_MAX];
unsigned fake_given_count;
int fake_give_error;
endpoint_t fake_manager = 1;
unsigned fake_refused[REFUSAL_COUNT];
uint16_t fake_domain;
uint32_t fake_confines;
endpoint_t fake_released;
struct message fake_reply;
endpoint_t fake_reply_to;

static struct event_alarm *alarms;
static uint64_t now;

struct monitor_driver *fake_driver(endpoint_t endpoint, uint16_t vendor, uint16_t device) {
    struct monitor_driver *driver = &fake_drivers[fake_driver_count++];

    *driver = (struct monitor_driver){ .endpoint = endpoint,
                                       .label = "driver",
                                       .state = MONITOR_DRIVER_WAITING,
                                       .device = MONITOR_NO_DEVICE,
                                       .patterns = 1 };
    driver->pattern[0].vendor = vendor;
    driver->pattern[0].device = device;
    return driver;
}

static struct monitor_driver *find(endpoint_t endpoint) {
    for (unsigned i = 0; i < fake_driver_count; i++)
        if (fake_drivers[i].endpoint == endpoint)
            return &fake_drivers[i];
    return NULL;
}

int keeper_driver(endpoint_t driver, struct monitor_driver *out) {
    const struct monitor_driver *found = find(driver);

    if (found == NULL)
        return -E_BADEP;
    *out = *found;
    return 0;
}

int keeper_drivers(uint32_t core, struct monitor_driver *out, size_t most, size_t *count) {
    cr_assert(core == 0 && most >= fake_driver_count);
    memcpy(out, fake_drivers, fake_driver_count * sizeof *out);
    *count = fake_driver_count;
    return 0;
}

uint32_t keeper_cores(void) { return 1; }

int keeper_give(endpoint_t driver, enum monitor_give what, uint64_t arg2, uint64_t arg3,
                uint64_t out[2]) {
    cr_assert_eq(find(driver)->state, MONITOR_DRIVER_WAITING);
    if (what == GIVE_MSI && fake_give_error)
        return fake_give_error;
    fake_given[fake_given_count++] = (struct given){ driver, what, arg2, arg3 };
    out[0] = 0x40;
    out[1] = 3;
    return 0;
}

int keeper_attach(endpoint_t driver, uint16_t device) {
    find(driver)->state = MONITOR_DRIVER_RUNNING;
    find(driver)->device = device;
    return 0;
}

int keeper_release(endpoint_t driver) {
    cr_assert_eq(find(driver)->state, MONITOR_DRIVER_DEAD);
    fake_released = driver;
    return 0;
}

void keeper_refused(endpoint_t client, enum refusal kind) {
    (void)client;
    fake_refused[kind]++;
}

bool keeper_manages(endpoint_t client) { return client == fake_manager; }

int keeper_domain(uint16_t device, endpoint_t driver, uint16_t requester, uint32_t *confines) {
    (void)driver;
    (void)requester;
    *confines = fake_confines;
    fake_domain = fake_confines ? device : 0;
    return 0;
}

int keeper_domain_end(uint16_t device) {
    if (fake_domain == device)
        fake_domain = 0;
    return 0;
}

uint32_t keeper_confines(uint16_t device) { return fake_domain == device ? fake_confines : 0; }

int keeper_interrupt(uint16_t device, uint32_t apic_id, uint32_t vector, unsigned count,
                     uint64_t *address, uint32_t *data) {
    if (!(fake_confines & IOMMU_CONFINES_INTERRUPTS))
        return -E_NOTSUP;
    cr_assert(device == fake_domain && apic_id == 3 && vector == 0x40 && count > 0);
    *address = 0xfee01000;
    *data = 0x80;
    return 0;
}

/* ---- Event loop ---- */

void event_alarm_set(struct event_alarm *alarm, uint64_t nanoseconds,
                     void (*callback)(struct event_alarm *)) {
    cr_assert_not(alarm->set);
    alarm->deadline = now + nanoseconds;
    alarm->callback = callback;
    alarm->set = true;
    alarm->next = alarms;
    alarms = alarm;
}

int event_reply(endpoint_t client, const struct message *m) {
    fake_reply = *m;
    fake_reply_to = client;
    return 0;
}

unsigned fake_run(void) {
    uint64_t began = now;

    while (alarms != NULL) {
        struct event_alarm **first = &alarms;
        for (struct event_alarm **at = &alarms; *at != NULL; at = &(*at)->next)
            if ((*at)->deadline < (*first)->deadline)
                first = at;
        struct event_alarm *alarm = *first;
        *first = alarm->next;
        alarm->set = false;
        now = alarm->deadline > now ? alarm->deadline : now;
        alarm->callback(alarm);
    }
    return (unsigned)((now - began) / 1000000);
}

void fake_start(void) {
    devices_scan();
    claims_recover();
}

int fake_request(endpoint_t client, struct message *m) {
    m->source = client;
    m->tag = 77;
    fake_reply.type = UINT32_MAX;
    if (requests_serve(NULL, m) == EVENT_REPLY)
        return message_result(m);
    fake_run();
    cr_assert_neq(fake_reply.type, UINT32_MAX, "no answer came");
    cr_assert(fake_reply.tag == 77 && fake_reply_to == client);
    *m = fake_reply;
    return message_result(m);
}
