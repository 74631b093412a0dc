#include <stdio.h>

#include <runtime/console.h>
#include <runtime/kcall.h>
#include <runtime/startup.h>

#include "shell.h"

static endpoint_t attached; /* the console whose interrupt key comes here */

void shell_attach(void) {
    if (runtime_console() != attached && console_attach() == 0)
        attached = runtime_console();
}

void shell_drop_interrupt(void) {
    struct message m;

    ipc_receive_nonblock(runtime_console(), &m);
}

/* Waits for a message. False: it is no event. A request is refused: the shell serves nobody. */
static bool take(enum shell_event *event) {
    struct message m;

    if (ipc_receive(ENDPOINT_ANY, &m))
        return false;
    if (m.type != MESSAGE_NOTIFY) {
        message_set_result(&m, -E_BADCALL);
        ipc_nbsend(m.source, &m);
        return false;
    }
    if (m.source == ENDPOINT_KERNEL)
        *event = SHELL_ALARM;
    else if (m.source == runtime_monitor())
        *event = SHELL_MONITOR;
    else
        *event = SHELL_INTERRUPT;
    return true;
}

enum shell_event shell_wait(uint64_t nanoseconds) {
    enum shell_event event;

    if (nanoseconds != 0)
        alarm_set(nanoseconds, NULL);
    do
        shell_attach();
    while (!take(&event));
    if (nanoseconds != 0)
        alarm_set(0, NULL);
    if (event == SHELL_INTERRUPT) {
        console_attach(); /* again: the next reading is not to hear of this key */
        puts("^C");
    }
    return event;
}

bool shell_sleep(uint64_t nanoseconds) {
    uint64_t end = time_now() + nanoseconds;

    for (uint64_t now = time_now(); now < end; now = time_now())
        if (shell_wait(end - now) == SHELL_INTERRUPT)
            return false;
    return true;
}
