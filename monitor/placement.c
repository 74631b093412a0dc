#include "placement.h"

#include <bulkhead/error.h>
#include <runtime/event.h>
#include <runtime/kcall.h>
#include <runtime/startup.h>

#include "children.h"
#include "known.h"
#include "machine.h"

/* Least time over which the load is measured. */
#define LOAD_WINDOW (100 * TIME_MILLISECOND)

/* How an offer is made up, from the top: distance, load in tenths, processes, core. */
#define DISTANCE_SHIFT 32
#define LOAD_SHIFT     24
#define PROCESS_SHIFT  8

/* ---- What is asked for ---- */

int placement_describe(const uint64_t arg[MESSAGE_ARGS], uint64_t asked[3]) {
    uint64_t rule = arg[0], what = arg[1], apart = arg[2];

    if (rule == MONITOR_PLACE_DEVICE) {
        int error = known_node_of_device(&machine_topology, arg[1], &what);
        if (error)
            return error;
        rule = MONITOR_PLACE_NODE;
    }
    bool exists = rule == MONITOR_PLACE_ANY ||
                  (rule == MONITOR_PLACE_CORE && what < machine_cores()) ||
                  (rule == MONITOR_PLACE_NODE && what < machine_topology.nodes);

    if (rule >= MONITOR_PLACE_RULES)
        return -E_INVAL;
    if (!exists || (apart != CORE_HERE && apart >= machine_cores()))
        return -E_NOENT;
    asked[0] = rule;
    asked[1] = what;
    asked[2] = apart;
    return 0;
}

/* ---- What this core offers ---- */

/* In tenths, since it was last asked for, or some time before. */
static uint64_t load(void) {
    static uint64_t time, idle, tenths;
    struct core_info now = { 0 };

    if (getinfo(INFO_CORE, &now, sizeof now, 0, NULL, NULL) || now.time < time + LOAD_WINDOW)
        return tenths;
    tenths = 10 - (now.idle_time - idle) * 10 / (now.time - time);
    time = now.time;
    idle = now.idle_time;
    return tenths;
}

static uint64_t distance(uint64_t rule, uint64_t what) {
    const struct topology *t = &machine_topology;
    uint32_t self = machine_self();

    if (rule == MONITOR_PLACE_CORE)
        return ((uint64_t)topology_reach(t, (uint32_t)what, self) << 8) +
               topology_distance(t, (uint32_t)what, self);
    if (rule == MONITOR_PLACE_NODE)
        return t->distance[(uint64_t)t->core[self].node * t->nodes + what];
    return 0;
}

static bool is_sibling(uint64_t core) {
    const struct topology_core *cores = machine_topology.core;

    return core != CORE_HERE &&
           cores[core].group[LEVEL_PHYSICAL] == cores[machine_self()].group[LEVEL_PHYSICAL];
}

uint64_t placement_offer(const uint64_t asked[3]) {
    if (is_sibling(asked[2]))
        return MULTICAST_NOTHING;
    return distance(asked[0], asked[1]) << DISTANCE_SHIFT | load() << LOAD_SHIFT |
           (uint64_t)children_count() << PROCESS_SHIFT | machine_self();
}
