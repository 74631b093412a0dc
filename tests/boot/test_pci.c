/* The devices of machines that QEMU puts together, as the shell lists them. */
#include <criterion/criterion.h>

#include <string.h>

#include "harness.h"

TestSuite(pci, .timeout = 240);

/* A PCI Express port with a network card, a bridge to conventional PCI with two devices. */
#define SEVERAL                                                                              \
    "QEMU_EXTRA=-device pcie-root-port,id=express,chassis=1,addr=2 "                         \
    "-device e1000e,bus=express,netdev=n -netdev hubport,id=n,hubid=0 "                      \
    "-device pcie-pci-bridge,id=bridge,addr=3 -device edu,bus=bridge,addr=1 "                \
    "-device pci-bridge,id=old,bus=bridge,addr=2,chassis_nr=2 "                              \
    "-device virtio-rng-pci,bus=old,addr=4 -device virtio-net-pci,addr=4,netdev=m,romfile= " \
    "-netdev hubport,id=m,hubid=1"

/* What `lspci -nn` of a Linux guest prints on this machine. */
static const char listing[] =
    "00:00.0 Host bridge [0600]: Intel Corporation 82G33/G31/P35/P31 Express DRAM Controller "
    "[8086:29c0]\n"
    "00:01.0 VGA compatible controller [0300]: Device [1234:1111] (rev 02)\n"
    "00:02.0 PCI bridge [0604]: Red Hat, Inc. QEMU PCIe Root port [1b36:000c]\n"
    "00:03.0 PCI bridge [0604]: Red Hat, Inc. Device [1b36:000e]\n"
    "00:04.0 Ethernet controller [0200]: Red Hat, Inc. Virtio network device [1af4:1000]\n"
    "00:1f.0 ISA bridge [0601]: Intel Corporation 82801IB (ICH9) LPC Interface Controller "
    "[8086:2918] (rev 02)\n"
    "00:1f.2 SATA controller [0106]: Intel Corporation 82801IR/IO/IH (ICH9R/DO/DH) 6 port SATA "
    "Controller [AHCI mode] [8086:2922] (rev 02)\n"
    "00:1f.3 SMBus [0c05]: Intel Corporation 82801I (ICH9 Family) SMBus Controller [8086:2930] "
    "(rev 02)\n"
    "01:00.0 Ethernet controller [0200]: Intel Corporation 82574L Gigabit Network Connection "
    "[8086:10d3]\n"
    "02:01.0 Unclassified device [00ff]: Device [1234:11e8] (rev 10)\n"
    "02:02.0 PCI bridge [0604]: Red Hat, Inc. QEMU PCI-PCI bridge [1b36:0001]\n"
    "03:04.0 Unclassified device [00ff]: Red Hat, Inc. Virtio RNG [1af4:1005]\n";

static void expect_listing(const char *firmware) {
    struct qemu *q =
        qemu_start((const char *const[]){ firmware, SEVERAL, "SCRIPT=pci", "TIMEOUT=200", NULL });

    cr_expect_eq(qemu_wait_exit(q, 220), 0, "%s", qemu_console(q));
    cr_expect_not_null(strstr(qemu_console(q), listing), "%s", qemu_console(q));
    qemu_stop(q);
}

Test(pci, devices_are_listed_as_lspci_does_by_bios) { expect_listing("FIRMWARE=bios"); }

Test(pci, devices_are_listed_as_lspci_does_by_uefi) { expect_listing("FIRMWARE=uefi"); }

Test(pci, registers_and_capabilities_are_shown) {
    struct qemu *q =
        qemu_start((const char *const[]){ SEVERAL, "SCRIPT=pci -v", "TIMEOUT=200", NULL });
    static const char *const lines[] = { "\n01:00.0 Ethernet",
                                         "\tInterrupts: 5 messages, by MSI-X\n",
                                         "\tBus master: off; reset: secondary bus\n",
                                         "\tBAR 0: memory at ",
                                         " [size=128K]\n",
                                         "\tBAR 2: I/O ports at ",
                                         " [size=32]\n",
                                         "\tBAR 3: memory at ",
                                         " [size=16K], with MSI-X table\n",
                                         "\tCapabilities: [e0] PCI Express\n",
                                         "\tCapabilities: [100] Advanced Error Reporting\n",
                                         "\n02:01.0 Unclassified",
                                         "\tInterrupts: 1 messages, by MSI\n",
                                         NULL };

    cr_expect_eq(qemu_wait_exit(q, 220), 0, "%s", qemu_console(q));
    const char *at = qemu_console(q);
    for (const char *const *line = lines; *line != NULL && at != NULL; line++) {
        at = strstr(at, *line);
        cr_expect_not_null(at, "'%s' is not there, or not in this order: %s", *line,
                           qemu_console(q));
    }
    qemu_stop(q);
}
