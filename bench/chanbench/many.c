/* Receiving from anyone, while 64 more channels are there that nobody uses. */
#include "chanbench.h"

#include <bulkhead/error.h>
#include <runtime/channel.h>
#include <runtime/ipc.h>

/* They have a policy of their own: 64 of ours would not find enough memory. */
#define IDLE 64

int bench_recv_1_of_64(struct figure *figure) {
    static endpoint_t idle[IDLE];
    unsigned count = 0;
    int error = 0;

    for (; count < IDLE && !error; count += !error) {
        error = start_partner("chanbench-idle\0serve", &idle[count]);
        if (!error)
            error = channel_connect(idle[count], 4);
    }
    if (!error)
        error = measure_receive(figure, ENDPOINT_ANY);
    while (count > 0)
        end_partner(idle[--count]);
    return error;
}
