/* What host-bench measures. */
#include <stddef.h>

#include "bench.h"

const struct transport *const bench_transports[] = {
    &transport_raw,
    &transport_raw_one_line,
    &transport_raw_ring,
    &transport_urpc,
    &transport_urpc_plain,
    &transport_urpc_in_place,
    &transport_urpc_armed,
    &transport_boost,
    &transport_ck,
    &transport_dpdk,
    &transport_pipe,
    &transport_socketpair,
    &transport_mq,
    &transport_eventfd,
    &transport_futex,
    &transport_msg_ring,
    NULL,
};
