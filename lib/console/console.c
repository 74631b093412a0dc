#include <runtime/console.h>

#include <stdio.h>
#include <string.h>

#include <bulkhead/protocol/console.h>

#include <runtime/kcall.h>
#include <runtime/startup.h>

#include "line.h"
#include "output.h"

static struct console_data packet; /* text to send next */
static struct line_buffer log_line;
static struct console_data unread; /* input that the last reader had no room for */
static size_t unread_from;

/* One request to the console; its data travels in *m both ways. -E_NOENT: there is none. */
static int request(struct message *m, enum console_request type) {
    if (runtime_console() == ENDPOINT_NONE)
        return -E_NOENT;
    m->type = type;
    return ipc_request(runtime_console(), m);
}

/* A refused line is dropped: there is no place left to complain. */
static void log_text(const char *text, size_t bytes) { (void)kernel_log(text, bytes); }

void console_push(void) {
    if (packet.length == 0)
        return;
    struct message m = { 0 };
    memcpy(m.arg, &packet, sizeof packet);
    if (request(&m, CONSOLE_WRITE) != 0)
        line_add(&log_line, packet.data, packet.length, log_text);
    packet.length = 0;
}

void console_put(const char *text, size_t bytes) {
    while (bytes > 0) {
        size_t room = CONSOLE_DATA_MAX - packet.length;
        size_t part = bytes < room ? bytes : room;
        memcpy(packet.data + packet.length, text, part);
        packet.length += part;
        text += part;
        bytes -= part;
        if (packet.length == CONSOLE_DATA_MAX)
            console_push();
    }
}

void console_write(const char *text, size_t bytes) {
    console_put(text, bytes);
    console_push();
}

int console_read(char *buffer, size_t bytes) {
    if (bytes == 0)
        return -E_INVAL;
    if (unread_from == unread.length) {
        struct message m = { 0 };
        int error = request(&m, CONSOLE_READ);
        if (error)
            return error;
        memcpy(&unread, m.arg, sizeof unread);
        unread_from = 0;
        if (unread.length == 0 || unread.length > CONSOLE_DATA_MAX) { /* a broken driver */
            unread.length = 0;
            return -E_IO;
        }
    }
    size_t available = unread.length - unread_from;
    size_t part = bytes < available ? bytes : available;
    memcpy(buffer, unread.data + unread_from, part);
    unread_from += part;
    return (int)part;
}

int console_flush(void) {
    struct message m = { 0 };
    fflush(stdout);
    return request(&m, CONSOLE_FLUSH);
}

int console_attach(void) {
    struct message m = { 0 };
    return request(&m, CONSOLE_ATTACH);
}
