/* What is to happen, by time; what was put in first comes first of what is at the same time. */
#ifndef TOPOLOGY_SIM_EVENTS_H
#define TOPOLOGY_SIM_EVENTS_H

#include <stdbool.h>
#include <stdint.h>

struct event {
    uint64_t time;
    uint64_t number; /* given when it is put in */
    uint16_t core;   /* has ended what it was doing: */
    uint16_t peer;
    uint32_t what;
};

struct events {
    struct event *heap; /* the caller's: room for as many as there can be at once */
    uint32_t count;
    uint64_t number;
};

void events_put(struct events *events, struct event event);
bool events_take(struct events *events, struct event *event);

#endif
