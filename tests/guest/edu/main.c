/* The driver of QEMU's educational device, as a client sees it; it goes on while servers die. */
#include <string.h>

#include <bulkhead/protocol/edu.h>
#include <runtime/pci.h>
#include <runtime/startup.h>
#include <runtime/tap.h>

#include "devices.h"
#include "manager.h"

static endpoint_t edu;
static uint64_t core = CORE_HERE; /* where the driver runs */

static uint64_t factorial(uint64_t number) {
    struct message m = { .type = EDU_FACTORIAL, .arg = { number } };
    int error = ipc_request(edu, &m);

    return error ? UINT64_MAX : m.arg[0];
}

static bool copies(const char *text, size_t bytes) {
    struct edu_data sent = { .length = bytes }, received;
    struct message m = { .type = EDU_COPY };

    memcpy(sent.data, text, bytes);
    memcpy(m.arg, &sent, sizeof sent);
    if (ipc_request(edu, &m))
        return false;
    memcpy(&received, m.arg, sizeof received);
    return received.length == bytes && memcmp(received.data, text, bytes) == 0;
}

static void test_requests(void) {
    struct message m = { .type = EDU_RESET + 1 };

    tap_is((int64_t)factorial(0), 1, "factorial_of_0");
    tap_is((int64_t)factorial(10), 3628800, "factorial_of_10");
    tap_is((int64_t)factorial(13), 1932053504, "factorial_of_13_modulo_2_to_the_32");
    tap_ok(copies("all hands to the pumps", 22), "data_goes_through_the_device_by_dma");
    tap_ok(copies("x", 1), "a_single_byte_too");
    tap_ok(copies("0123456789012345678901234567890123456789", 40), "and_as_much_as_there_can_be");
    tap_is(ipc_request(edu, &m), -E_BADCALL, "unknown_requests_fail");
    m = (struct message){ .type = EDU_COPY, .arg = { EDU_DATA_MAX + 1 } };
    tap_is(ipc_request(edu, &m), -E_RANGE, "too_much_is_refused");
    m = (struct message){ .type = EDU_COPY, .arg = { 0 } };
    tap_is(ipc_request(edu, &m), -E_RANGE, "nothing_too");
}

static void test_server_restart(void) {
    endpoint_t owner = ENDPOINT_NONE;

    pci_server_restart();
    tap_ok(device_find(0x1234, 0x11e8, &owner) != NO_DEVICE && owner == edu,
           "the_new_server_knows_the_driver");
    tap_is((int64_t)factorial(6), 720, "the_driver_goes_on_without_the_pci_server");
    tap_ok(copies("still", 5), "by_dma_too");
    struct message m = { .type = EDU_RESET };
    tap_is(ipc_request(edu, &m), 0, "the_new_server_resets_the_device");
    tap_is((int64_t)factorial(7), 5040, "which_works_after_it");
    tap_ok(copies("again", 5), "with_dma");
}

static void test_recovery(void) {
    driver_end(edu);
    tap_is((int64_t)factorial(3), -1, "a_dead_driver_answers_nobody");
    edu = driver_start(core, "edu\0");
    tap_is((int64_t)factorial(5), 120, "its_successor_has_the_device");
    tap_ok(copies("new", 3), "and_dma");
}

/* The server says whether an IOMMU confines the device. */
static void test_confinement(bool confined) {
    struct message m = { .type = PCI_SELF, .arg = { device_find(0x1234, 0x11e8, NULL) } };

    tap_is(pci_request(&m), 0, "the_device_is_described");
    tap_is((m.arg[3] >> 32 & PCI_CONFINED_DMA) != 0, confined, "its_dma_is_confined: %d",
           (int)confined);
    tap_ok(m.arg[3] >> 32 & PCI_MASTER, "it_may_send");
    tap_is((int64_t)m.arg[2], (int64_t)edu, "its_driver_is_known");
}

/* `confined`: there is an IOMMU; `remote`: the driver runs on core 1. */
int main(int argc, char **argv) {
    bool confined = argc > 1 && strcmp(argv[1], "confined") == 0;

    if (argc > 1 && strcmp(argv[1], "remote") == 0)
        core = 1;
    tap_plan(0);
    edu = driver_start(core, "edu\0");
    test_requests();
    test_confinement(confined);
    test_server_restart();
    test_recovery();
    driver_end(edu);
    return tap_done();
}
