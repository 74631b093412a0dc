#include "fake.h"

#include <string.h>

#include "keepers.h"

struct fake_keepers fake;

bool keepers_switched_off(void) { return false; }

bool keepers_is_pci(endpoint_t client) { return client == fake.pci; }

void keepers_label(endpoint_t process, char label[LABEL_MAX]) {
    memset(label, 0, LABEL_MAX);
    if (process == fake.driver)
        memcpy(label, (const char[LABEL_MAX]){ "edu-driver" }, LABEL_MAX);
}

bool keepers_has_device(endpoint_t driver, uint16_t device) {
    (void)device;
    return fake.drivers_live && driver == fake.driver;
}

int keepers_frames(endpoint_t driver, uint64_t address, uint64_t count, uint64_t *frames) {
    if (driver != fake.driver || address < fake.address ||
        address + count * PAGE_SIZE > fake.address + fake.bytes)
        return -E_FAULT;
    for (uint64_t i = 0; i < count; i++)
        frames[i] = fake.physical + (address - fake.address) + i * PAGE_SIZE;
    return 0;
}

void keepers_refused(endpoint_t process, enum refusal kind) {
    if (process == fake.driver)
        fake.refused[kind]++;
}
