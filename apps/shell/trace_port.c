#include "trace_port.h"

#include <string.h>

#include <bulkhead/error.h>
#include <bulkhead/protocol/console.h>
#include <runtime/ipc.h>

#include "manager.h"

#define DRIVER           "trace-port"
#define RECORD_SEPARATOR "\x1e"

static endpoint_t driver;
static struct console_data packet; /* what is to be sent next */

static int request(struct message *m, enum console_request type) {
    m->type = type;
    return ipc_request(driver, m);
}

static int push(void) {
    struct message m = { 0 };

    if (packet.length == 0)
        return 0;
    memcpy(m.arg, &packet, sizeof packet);
    packet.length = 0;
    return request(&m, CONSOLE_WRITE);
}

int trace_port_write(const char *text, size_t bytes) {
    int error = 0;

    while (bytes > 0 && !error) {
        size_t room = CONSOLE_DATA_MAX - packet.length;
        size_t part = bytes < room ? bytes : room;
        memcpy(packet.data + packet.length, text, part);
        packet.length += part;
        text += part;
        bytes -= part;
        if (packet.length == CONSOLE_DATA_MAX)
            error = push();
    }
    return error;
}

int trace_port_close(void) {
    struct message m = { 0 };
    int error = push();

    return error ? error : request(&m, CONSOLE_FLUSH);
}

/* Why a driver that has just been started is not there. */
static int reason(int error) {
    enum death_cause cause;
    uint64_t status;

    if (manager_status(driver, &cause, &status) == 0 && cause == DEATH_EXIT && status == E_NOTSUP)
        return -E_NOTSUP;
    return error;
}

int trace_port_open(void) {
    static const char args[] = DRIVER "\0com2";
    struct message m = { 0 };
    int error = manager_lookup(CORE_HERE, DRIVER, &driver);

    if (error == -E_NOENT)
        error = manager_spawn(CORE_HERE, args, sizeof args, 2, &driver);
    if (error)
        return error;
    packet.length = 0;
    error = request(&m, CONSOLE_FLUSH); /* it answers as soon as it has found its device */
    return error ? reason(error) : trace_port_write(RECORD_SEPARATOR, strlen(RECORD_SEPARATOR));
}
