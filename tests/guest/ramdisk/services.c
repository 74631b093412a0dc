#include "tests.h"

#include <stdio.h>
#include <string.h>

#include <bulkhead/protocol/manager.h>
#include <runtime/ipc.h>
#include <runtime/kcall.h>
#include <runtime/startup.h>
#include <runtime/store.h>
#include <runtime/tap.h>

#include "child.h"
#include "devices.h"
#include "manager.h"

uint64_t test_seed;

/* SplitMix64 (Steele, Lea, Flood, 2014). */
uint64_t test_random(void) {
    uint64_t z = test_seed += 0x9e3779b97f4a7c15;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

static endpoint_t spawn(uint64_t core, const char *args) {
    size_t bytes = 0;
    uint32_t argc = 0;
    endpoint_t endpoint;

    for (; args[bytes] != '\0'; argc++)
        bytes += strlen(args + bytes) + 1;
    int error = manager_spawn(core, args, bytes, argc, &endpoint);
    if (error)
        tap_bail_out("cannot start %s: %s", args, error_text(error));
    return endpoint;
}

static void name_of(const struct service *service, char name[STORE_NAME_MAX + 1]) {
    snprintf(name, STORE_NAME_MAX + 1, MANAGER_STORE_PREFIX "%s", service->label);
}

void service_start(struct service *service) {
    char name[STORE_NAME_MAX + 1];

    name_of(service, name);
    service->endpoint = spawn(service->core, service->args);
    service->starts++;
    int error = store_publish_label(name, service->endpoint, STORE_OVERWRITE);
    if (error)
        tap_bail_out("cannot publish %s: %s", name, error_text(error));
}

void service_kill(struct service *service) {
    driver_end(service->endpoint);
    service->endpoint = ENDPOINT_NONE;
}

void service_down(struct service *service) {
    char name[STORE_NAME_MAX + 1];

    name_of(service, name);
    if (service->endpoint != ENDPOINT_NONE)
        service_kill(service);
    store_delete(name, 0);
}

static bool has_ended(endpoint_t endpoint, int64_t *status) {
    enum death_cause cause = DEATH_NONE;
    uint64_t detail = 0;

    if (manager_status(endpoint, &cause, &detail))
        tap_bail_out("%#lx is not known", endpoint);
    *status = cause == DEATH_EXIT ? (int64_t)detail : -1;
    return cause != DEATH_NONE;
}

int64_t service_run(struct service *service, const char *client_args, unsigned kills,
                    uint64_t core) {
    endpoint_t client = spawn(core, client_args);
    uint64_t apart = core == CORE_HERE ? 4 * TIME_MILLISECOND : 40 * TIME_MILLISECOND;
    bool told = false;
    int64_t status;

    while (!has_ended(client, &status)) {
        int64_t ignored;
        if (has_ended(service->endpoint, &ignored))
            service_start(service);
        if (kills == 0 && !told)
            told = ipc_notify(client) == 0;
        sleep_for(test_random() % apart + 1);
        if (kills > 0) {
            kills--;
            service_kill(service);
            sleep_for(test_random() % TIME_MILLISECOND + 1);
            service_start(service);
        }
    }
    return kills == 0 || status != 0 ? status : -1;
}
