/*
 * Inside a timeline: its text. The records of the format are JSON objects in one array; a record is
 * begun, given its members, and ended:
 *
 *     json_record(json, 'X', 1, 3, 927385);
 *     json_name(json);
 *     json_text(json, "run");
 *     json_end(json);
 */
#ifndef LIB_TIMELINE_JSON_H
#define LIB_TIMELINE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <runtime/timeline.h>

#define JSON_BYTES 2048

struct json {
    const struct timeline_feed *feed;
    int error; /* of its write(); from then on text is dropped */
    bool some; /* a record has been written */
    size_t used;
    char text[JSON_BYTES];
};

void json_begin(struct json *json, const struct timeline_feed *feed);

/* Ends the document. Returns the first error of write(). */
int json_finish(struct json *json);

/* Begins a record; `phase` is its type, `time` in nanoseconds. */
void json_record(struct json *json, char phase, uint32_t process, uint32_t thread, uint64_t time);

/* Begins the name of a thread (or of a process, thread 0), which is not at a time. */
void json_label(struct json *json, uint32_t process, uint32_t thread);
void json_label_end(struct json *json);

/* Members of the record: a duration in nanoseconds; any other, as it stands in JSON. */
void json_duration(struct json *json, uint64_t nanoseconds);
void json_raw(struct json *json, const char *text);

/* Begins the record's name, its last member; what follows up to json_end() makes it up. */
void json_name(struct json *json);
void json_end(struct json *json);

/* Parts of strings. */
void json_text(struct json *json, const char *text);
void json_number(struct json *json, uint64_t number);
void json_hex(struct json *json, uint64_t number);

#endif
