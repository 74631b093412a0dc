#include "json.h"

#include <string.h>

static void flush(struct json *json) {
    if (!json->error && json->used != 0)
        json->error = json->feed->write(json->feed->context, json->text, json->used);
    json->used = 0;
}

static void put(struct json *json, char c) {
    if (json->used == sizeof json->text)
        flush(json);
    json->text[json->used++] = c;
}

void json_raw(struct json *json, const char *text) {
    for (; *text != '\0'; text++)
        put(json, *text);
}

/* Digits of a number, the last first; returns how many. */
static size_t digits_of(uint64_t number, unsigned base, char digit[20]) {
    size_t count = 0;

    do {
        digit[count++] = "0123456789abcdef"[number % base];
        number /= base;
    } while (number != 0);
    return count;
}

static void put_number(struct json *json, uint64_t number, unsigned base, size_t least) {
    char digit[20] = "";
    size_t count = digits_of(number, base, digit);

    for (size_t i = count; i < least; i++)
        put(json, '0');
    while (count > 0)
        put(json, digit[--count]);
}

void json_number(struct json *json, uint64_t number) { put_number(json, number, 10, 1); }

void json_hex(struct json *json, uint64_t number) {
    json_raw(json, "0x");
    put_number(json, number, 16, 1);
}

/* Labels are printable, but come from cores that may have gone wrong. */
void json_text(struct json *json, const char *text) {
    for (; *text != '\0'; text++) {
        char c = *text;
        if (c == '"' || c == '\\')
            put(json, '\\');
        if (c < ' ' || c > '~')
            c = '?';
        put(json, c);
    }
}

/* The format's unit is the microsecond. */
static void put_time(struct json *json, uint64_t nanoseconds) {
    put_number(json, nanoseconds / 1000, 10, 1);
    put(json, '.');
    put_number(json, nanoseconds % 1000, 10, 3);
}

/* Records are a line each, so that tools for text can be used on them too. */
static void open_record(struct json *json, char phase, uint32_t process, uint32_t thread) {
    json_raw(json, json->some ? ",\n{\"ph\":\"" : "{\"ph\":\"");
    json->some = true;
    put(json, phase);
    json_raw(json, "\",\"pid\":");
    json_number(json, process);
    json_raw(json, ",\"tid\":");
    json_number(json, thread);
}

void json_begin(struct json *json, const struct timeline_feed *feed) {
    json->feed = feed;
    json->error = 0;
    json->some = false;
    json->used = 0;
    json_raw(json, "{\"displayTimeUnit\":\"ns\",\"traceEvents\":[\n");
}

int json_finish(struct json *json) {
    json_raw(json, "\n]}\n");
    flush(json);
    return json->error;
}

void json_record(struct json *json, char phase, uint32_t process, uint32_t thread, uint64_t time) {
    open_record(json, phase, process, thread);
    json_raw(json, ",\"ts\":");
    put_time(json, time);
}

void json_label(struct json *json, uint32_t process, uint32_t thread) {
    open_record(json, 'M', process, thread);
    json_raw(json, thread == 0 ? ",\"name\":\"process_name\",\"args\":{\"name\":\""
                               : ",\"name\":\"thread_name\",\"args\":{\"name\":\"");
}

void json_label_end(struct json *json) { json_raw(json, "\"}}"); }

void json_duration(struct json *json, uint64_t nanoseconds) {
    json_raw(json, ",\"dur\":");
    put_time(json, nanoseconds);
}

void json_name(struct json *json) { json_raw(json, ",\"name\":\""); }

void json_end(struct json *json) { json_raw(json, "\"}"); }
