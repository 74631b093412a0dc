#include "line.h"

static void end_line(struct line_buffer *line, void (*emit)(const char *, size_t)) {
    emit(line->text, line->used);
    line->used = 0;
}

void line_add(struct line_buffer *line, const char *text, size_t bytes,
              void (*emit)(const char *, size_t)) {
    for (size_t i = 0; i < bytes; i++) {
        if (text[i] == '\n') {
            end_line(line, emit);
            continue;
        }
        if (line->used == sizeof line->text)
            end_line(line, emit);
        line->text[line->used++] = text[i];
    }
}
