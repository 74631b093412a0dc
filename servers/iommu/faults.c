#include "faults.h"

#include <stdio.h>
#include <string.h>

#include <bulkhead/refusal.h>

#include "keepers.h"

/* Lines in the log: so many at once, and one more each second. */
#define LOG_BURST 8U

static struct fault_record kept[IOMMU_FAULTS]; /* number n at n % IOMMU_FAULTS */
static uint64_t first_kept;                    /* number of the first fault of this server */
static bool started;

static struct {
    uint64_t next; /* when a line may be added to `left` */
    unsigned left;
    uint64_t untold;
} log_budget = { .left = LOG_BURST };

const char *fault_reason(unsigned reason) {
    static const char *const text[] = {
#define X(name, text) [IOMMU_##name] = (text),
        IOMMU_REASONS(X)
#undef X
    };
    return reason < sizeof text / sizeof text[0] ? text[reason] : "?";
}

static void refill(void) {
    uint64_t now = time_now();

    for (; log_budget.left < LOG_BURST && log_budget.next <= now; log_budget.next += TIME_SECOND)
        log_budget.left++;
    if (log_budget.left == LOG_BURST)
        log_budget.next = now + TIME_SECOND;
}

static void tell(const struct fault_record *record) {
    char device[32] = "some device";

    refill();
    if (log_budget.left == 0) {
        log_budget.untold++;
        return;
    }
    log_budget.left--;
    if (log_budget.untold != 0)
        log_line("%lu more faults", log_budget.untold);
    log_budget.untold = 0;
    if (record->device != IOMMU_NO_DEVICE)
        snprintf(device, sizeof device, "%02x:%02x.%u", record->device >> 8,
                 record->device >> 3 & 0x1f, record->device & 7U);
    log_line("%s (%.24s) %s 0x%lx refused: %s (code %u)", device,
             record->label[0] ? record->label : "no driver",
             record->fault.reason == IOMMU_INTERRUPT_REFUSED ? "interrupt"
             : record->fault.access == IOMMU_WRITE           ? "write to"
             : record->fault.access == IOMMU_READ            ? "read of"
                                                             : "access to",
             record->fault.address, fault_reason(record->fault.reason), record->fault.code);
}

/* The hardware tells which right was missing; whether there was any, the tables. */
static uint8_t reason_of(const struct fault *fault, const struct domain *domain) {
    if (fault->reason != IOMMU_NOT_READABLE && fault->reason != IOMMU_NOT_WRITABLE)
        return fault->reason;
    if (domain == NULL)
        return IOMMU_NO_DOMAIN;
    return pages_entry(&tables, hardware->format, domain, fault->address) ? fault->reason
                                                                          : IOMMU_NOT_MAPPED;
}

static void report(const struct fault *fault) {
    struct domain *domain = domain_of_requester(fault->requester);
    struct fault_record *record = &kept[tables.state->faults % IOMMU_FAULTS];

    *record = (struct fault_record){ .fault = *fault, .device = fault->requester };
    record->fault.reason = reason_of(fault, domain);
    if (domain != NULL) {
        record->device = domain->device;
        memcpy(record->label, domain->label, LABEL_MAX);
        domain->faults++;
        keepers_refused(domain->driver, REFUSED_DMA);
    }
    tables.state->faults++;
    tell(record);
}

void faults_poll(void) {
    if (!started)
        first_kept = tables.state->faults;
    started = true;
    hardware->poll(report);
}

const struct fault_record *fault_number(uint64_t *number) {
    uint64_t end = tables.state->faults, oldest = end > IOMMU_FAULTS ? end - IOMMU_FAULTS : 0;

    if (oldest < first_kept)
        oldest = first_kept;
    if (*number < oldest)
        *number = oldest;
    return started && *number < end ? &kept[*number % IOMMU_FAULTS] : NULL;
}
