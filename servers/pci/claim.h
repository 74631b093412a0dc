/*
 * Claims: which driver has which device, from the attaching on until the device is fit for another
 * driver. At most one claim is on a device.
 *
 *     ATTACHING --> RUNNING <--> RESETTING
 *         |             |            |
 *         +----------> ENDING <------+        then none
 */
#ifndef PCI_CLAIM_H
#define PCI_CLAIM_H

#include <runtime/event.h>

#include "keeper.h"
#include "reset.h"

#define CLAIMS_MAX 64

enum claim_state {
    CLAIM_NONE,
    CLAIM_ATTACHING, /* being reset, for a driver that does not run yet */
    CLAIM_RUNNING,
    CLAIM_RESETTING, /* at the driver's own request */
    CLAIM_ENDING,    /* being reset after its driver's death */
};

struct claim {
    enum claim_state state;
    bool gone;  /* the driver went with its core: the monitor has nothing to release */
    bool lost;  /* it has no addresses any more: a server was ended in its reset */
    bool storm; /* messages are masked */
    bool warned;
    struct device *device;
    struct monitor_driver driver;
    uint32_t confines; /* set of enum iommu_confines */
    unsigned messages; /* that the driver can get */
    uint64_t message_address;
    uint32_t message_data; /* as programmed, for after a reset */
    struct reset reset;
    struct event_alarm alarm;
    struct message request; /* that is answered when the reset is done */
};

/* NULL: there is none. */
struct claim *claim_of_driver(endpoint_t driver);
struct claim *claim_of_device(const struct device *device);

/* Whether nobody has it. */
bool claim_is_free(const struct device *device);

/* PCI_ATTACH, PCI_RESET. 0: *m will be answered later. Else a negated error, and *m what goes with
 * it. */
int claim_attach(struct message *m);
int claim_reset(struct claim *claim, const struct message *m);

/*
 * The pages of a BAR that its driver cannot map, because registers there are vetted: what lies
 * between the first and the last of them too. first == end: none.
 */
struct pages claim_vetted(const struct claim *claim, unsigned bar);

/*
 * Whether the policy lets a value be written to a register. One that it does not mention takes any;
 * one that it does only in its own width. Of rules with the same offset and mask one must hold.
 */
bool claim_vets(const struct claim *claim, unsigned bar, uint64_t offset, unsigned width,
                uint64_t value);

/* The device may send from now on: says loudly if nothing confines it. */
void claim_master(struct claim *claim);

/* Some driver may have died, or had too many interrupts. */
void claims_look(void);

/*
 * At the server's start: which devices are in use, by what the monitors say. The others are
 * quieted, and their BARs sized.
 */
void claims_recover(void);

/* Completes what could not be found out while the driver used its device: now it does not. */
void claim_size(struct claim *claim);

#endif
