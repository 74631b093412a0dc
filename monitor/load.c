#include "load.h"

#define TENTHS 10U

void load_sample(struct load *load, uint64_t time, uint64_t idle) {
    load->before = load->last;
    load->last = (struct load_sample){ time, idle };
}

unsigned load_now(const struct load *load, uint64_t time, uint64_t idle, unsigned ready) {
    uint64_t span = time - load->before.time, unused = idle - load->before.idle;
    /* The two clocks are not read in the same instant. */
    unsigned tenths = span == 0 || unused > span ? 0 : TENTHS - (unsigned)(unused * TENTHS / span);

    return ready >= LOAD_MAX / TENTHS ? LOAD_MAX : ready * TENTHS + tenths;
}
