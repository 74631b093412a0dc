/* Interrupt messages: too many, and others' (thesis 3.3.3). The attacker is a driver of QEMU's edu
 * device, which sends a message for each store to a register. */
#include "attack.h"

#include "edu.h"

#define LIMIT    50U /* a second */
#define MESSAGES 1000U

static uint64_t edu; /* its registers */

static void find_edu(void) {
    if (edu)
        return;
    edu = edu_find();
    if (!edu)
        tap_bail_out("needs QEMU_EXTRA=\"-device edu -device nvme,serial=x\"");
}

static void permit_messages(endpoint_t driver) {
    uint32_t apic_id = 0;
    uint8_t vector = 0;
    if (privctl_memory(driver, edu / PAGE_SIZE, EDU_BYTES / PAGE_SIZE) ||
        privctl_msi(driver, 1, &vector, &apic_id) || privctl_irq_limit(driver, LIMIT))
        tap_bail_out("cannot give messages");
    edu_message(true, apic_id, vector);
}

static void quiet(void) { edu_message(false, 0, 0); }

/* Whether more come than may. */
static bool storm(void) {
    unsigned came = 0;
    edu_map(edu); /* again and again: it is mapped */
    if (irqctl_register(IRQ_MSI_BASE, 0) || irqctl_unmask(IRQ_MSI_BASE))
        return false;
    for (unsigned i = 0; i < MESSAGES; i++) {
        struct message m;
        *edu_at(EDU_RAISE) = 1;
        *edu_at(EDU_ACKNOWLEDGE) = 1;
        came += ipc_receive_nonblock(ENDPOINT_KERNEL, &m) == 0;
        irqctl_unmask(IRQ_MSI_BASE);
    }
    return came > LIMIT;
}

/* A message is named by its number among those that the process was given. */
static bool take_message(void) {
    bool taken = false;
    for (uint32_t i = 0; i < IRQ_MSI_MAX; i++)
        taken = irqctl_register(IRQ_MSI_BASE + i, 0) == 0 || taken;
    return taken;
}

const struct attack interrupt_attacks[] = {
    { "interrupt handling: a storm", storm,
      .policy = { .ipc = IPC_BIT(SENDREC) | IPC_BIT(RECEIVE),
                  .kcalls = KCALL_BIT(IRQCTL) | KCALL_BIT(MEMMAP) },
      REFUSED_STORM, DEFENCE_STORM, find_edu, permit_messages, NULL, quiet },
    /* There is no number for another's. */
    { "interrupt handling: take a message", take_message, KCALLS(KCALL_BIT(IRQCTL)), REFUSED_LINE,
      NO_DEFENCE, 0 },
    { 0 },
};
