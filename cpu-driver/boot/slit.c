#include "slit.h"

#include <stddef.h>

#include "../log.h"

#define DISTANCE_LOCAL  10 /* by definition */
#define DISTANCE_REMOTE 20 /* when nothing is known */

static void suppose(struct boot_info *boot) {
    for (uint32_t from = 0; from < boot->node_count; from++)
        for (uint32_t to = 0; to < boot->node_count; to++)
            boot->node_distance[from][to] = from == to ? DISTANCE_LOCAL : DISTANCE_REMOTE;
}

/* What is wrong with the table, or NULL. */
static const char *copy(const struct acpi_slit *slit, struct boot_info *boot) {
    uint64_t localities = slit->localities;

    if (localities > UINT16_MAX ||
        localities * localities > slit->header.bytes - offsetof(struct acpi_slit, distance))
        return "it is cut short";
    for (uint32_t from = 0; from < boot->node_count; from++) {
        for (uint32_t to = 0; to < boot->node_count; to++) {
            if (boot->node_domain[from] >= localities || boot->node_domain[to] >= localities)
                return "it lacks a domain";
            uint8_t distance =
                slit->distance[boot->node_domain[from] * localities + boot->node_domain[to]];
            if (from == to ? distance != DISTANCE_LOCAL : distance <= DISTANCE_LOCAL)
                return "a distance is impossible";
            boot->node_distance[from][to] = distance;
        }
    }
    return NULL;
}

void slit_read(const struct acpi_slit *slit, struct boot_info *boot) {
    const char *fault = slit != NULL ? copy(slit, boot) : NULL;

    if (slit == NULL || fault != NULL)
        suppose(boot);
    if (fault != NULL)
        log_line("acpi: table SLIT ignored: %s", fault);
}
