#include "pci.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <bulkhead/protocol/pci.h>
#include <runtime/pci.h>

#include "manager.h"
#include "pci_names.h"

static const char *find(const struct pci_name *names, size_t count, uint32_t number) {
    for (size_t i = 0; i < count; i++)
        if (names[i].number == number)
            return names[i].name;
    return NULL;
}

#define FIND(kind, number) find(pci_##kind##_names, pci_##kind##_names_count, number)

/* BUS:DEVICE.FUNCTION, as everybody writes it. */
static void print_place(uint16_t device) {
    printf("%02x:%02x.%x", device >> 8, device >> 3 & 31, device & 7);
}

/* As `lspci -nn` does. */
static void print_line(const struct pci_place *place, const struct pci_ids *ids) {
    uint32_t class16 = place->class24 >> 8;
    const char *class = FIND(class, class16);
    const char *vendor = FIND(vendor, ids->vendor);
    const char *device = FIND(device, (uint32_t)ids->vendor << 16 | ids->device);

    if (class == NULL)
        class = FIND(class, PCI_NAME_BASE_CLASS | (class16 & 0xff00));
    print_place(place->device);
    printf(" %s [%04x]: %s%s%s [%04x:%04x]", class != NULL ? class : "Class", class16,
           vendor != NULL ? vendor : "", vendor != NULL ? " " : "",
           device != NULL ? device : "Device", ids->vendor, ids->device);
    if (place->revision != 0)
        printf(" (rev %02x)", place->revision);
    putchar('\n');
}

/* ---- pci -v ---- */

static void print_driver(endpoint_t driver, uint64_t state) {
    char label[LABEL_MAX + 1];

    if (driver == ENDPOINT_NONE)
        return;
    if (manager_label(driver, label))
        strcpy(label, "?");
    printf("\tDriver: %s on core %u; ", label, endpoint_core(driver));
    if (state & PCI_CONFINED_DMA)
        printf("confined by an IOMMU%s\n",
               state & PCI_CONFINED_INTERRUPTS ? "" : ", but not its interrupts");
    else
        puts("NO IOMMU CONFINES IT");
    if (state & PCI_STORM)
        puts("\tInterrupts masked: there were too many");
}

static void print_size(uint64_t bytes) {
    static const char *const units[] = { "", "K", "M", "G", "T" };
    unsigned unit = 0;

    for (; bytes >= 1024 && bytes % 1024 == 0 && unit < 4; unit++)
        bytes /= 1024;
    printf("%" PRIu64 "%s", bytes, units[unit]);
}

static void print_flags(uint64_t flags) {
    static const struct {
        uint32_t flag;
        const char *text;
    } texts[] = {
#define X(name, bit, text) { PCI_BAR_##name, text },
        PCI_BAR_FLAGS(X)
#undef X
    };

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (flags & texts[i].flag && texts[i].flag != PCI_BAR_PORTS)
            printf(", %s", texts[i].text);
}

static void print_bars(uint16_t device) {
    for (unsigned i = 0; i < PCI_BARS; i++) {
        struct message m = { .type = PCI_BAR, .arg = { i, device } };
        if (pci_request(&m))
            continue;
        printf("\tBAR %u: %s at %0*" PRIx64, i, m.arg[0] & PCI_BAR_PORTS ? "I/O ports" : "memory",
               m.arg[0] & PCI_BAR_PORTS ? 4 : 8, m.arg[1]);
        if (m.arg[2] != 0) {
            printf(" [size=");
            print_size(m.arg[2]);
            putchar(']');
        }
        print_flags(m.arg[0]);
        putchar('\n');
    }
}

/* Codes and ID Assignment Specification 1.11, ch. 2 and 3: those that one meets. */
static const char *capability_name(uint64_t id) {
    static const struct {
        uint32_t id;
        const char *name;
    } names[] = {
        { 0x01, "Power Management" },
        { 0x03, "Vital Product Data" },
        { 0x05, "MSI" },
        { 0x09, "Vendor Specific Information" },
        { 0x0d, "Bridge subsystem" },
        { 0x0a, "Debug port" },
        { 0x10, "PCI Express" },
        { 0x11, "MSI-X" },
        { 0x12, "SATA" },
        { 0x13, "PCI Advanced Features" },
        { PCI_EXTENDED | 0x01, "Advanced Error Reporting" },
        { PCI_EXTENDED | 0x03, "Device Serial Number" },
        { PCI_EXTENDED | 0x0b, "Vendor Specific Information" },
        { PCI_EXTENDED | 0x0d, "Access Control Services" },
        { PCI_EXTENDED | 0x0e, "Alternative Routing-ID Interpretation" },
        { PCI_EXTENDED | 0x0f, "Address Translation Service" },
        { PCI_EXTENDED | 0x10, "Single Root I/O Virtualization" },
        { PCI_EXTENDED | 0x18, "Latency Tolerance Reporting" },
        { PCI_EXTENDED | 0x19, "Secondary PCI Express" },
    };

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (names[i].id == id)
            return names[i].name;
    return NULL;
}

static void print_capabilities(uint16_t device) {
    uint64_t offset = 0;

    for (;;) {
        struct message m = { .type = PCI_CAPABILITY, .arg = { PCI_ANY, device, offset } };
        if (pci_request(&m))
            return;
        offset = m.arg[0];
        const char *name = capability_name(m.arg[1]);
        printf("\tCapabilities: [%02" PRIx64 "] ", offset);
        if (name != NULL)
            puts(name);
        else
            printf("#%02" PRIx64 "\n", m.arg[1] & 0xffff);
    }
}

static int print_details(uint16_t device, endpoint_t driver) {
    static const char *const resets[] = {
#define X(name, text) text,
        PCI_RESET_METHODS(X)
#undef X
    };
    struct message m = { .type = PCI_SELF, .arg = { device } };
    int error = pci_request(&m);

    if (error)
        return error;
    uint64_t state = m.arg[3] >> 32;
    print_driver(driver, state);
    uint32_t messages = (uint32_t)m.arg[3];
    if (messages != 0)
        printf("\tInterrupts: %u messages, by MSI%s\n", messages, state & PCI_MSIX ? "-X" : "");
    printf("\tBus master: %s; reset: %s\n", state & PCI_MASTER ? "on" : "off",
           m.arg[4] < sizeof resets / sizeof resets[0] ? resets[m.arg[4]] : "?");
    print_bars(device);
    print_capabilities(device);
    return 0;
}

const char *pci_candidate(size_t index) { return index == 0 ? "-v" : NULL; }

enum status builtin_pci(const struct command *command) {
    bool verbose = command->words == 2 && strcmp(command->word[1], "-v") == 0;
    int error = 0;

    if (command->words == 2 && !verbose)
        return shell_misused(command, "use it as: pci [-v]");
    for (uint64_t index = 0; !error; index++) {
        struct message m = { .type = PCI_NEXT, .arg = { index } };
        struct pci_place place;
        struct pci_ids ids;
        error = pci_request(&m);
        if (error == -E_NOENT && index > 0)
            return STATUS_OK;
        if (error == -E_NOENT) {
            puts("pci: there is no PCI server");
            return STATUS_FAILED;
        }
        if (error)
            break;
        memcpy(&place, &m.arg[0], sizeof place);
        memcpy(&ids, &m.arg[1], sizeof ids);
        print_line(&place, &ids);
        if (verbose)
            error = print_details(place.device, m.arg[2]);
    }
    return shell_failed(command, error);
}

/* ---- Drivers ---- */

static void print_busy(const struct command *command, const char *program,
                       const struct message *m) {
    char label[LABEL_MAX + 1];

    printf("%s: %s: device ", command->word[0], program);
    print_place((uint16_t)m->arg[0]);
    if (m->arg[1] != ENDPOINT_NONE && manager_label(m->arg[1], label) == 0)
        printf(" is in use by %s on core %u\n", label, endpoint_core(m->arg[1]));
    else
        puts(" cannot be told from one that is in use");
}

bool pci_attach(const struct command *command, const char *program, endpoint_t driver) {
    struct message m = { .type = PCI_ATTACH, .arg = { driver } };
    int error = pci_request(&m);

    if (!error)
        return true;
    manager_kill(driver);
    if (error == -E_BUSY)
        print_busy(command, program, &m);
    else if (error == -E_NOENT)
        printf("%s: %s: this machine has no such device as its policy names\n", command->word[0],
               program);
    else
        printf("%s: %s: its device cannot be given to it: %s (%s)\n", command->word[0], program,
               error_text(error), error_name(error));
    return false;
}
