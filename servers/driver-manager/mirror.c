#include "mirror.h"

#include <stdlib.h>
#include <string.h>

#include <bulkhead/error.h>

#include "monitor_calls.h"

void mirror_drop(struct mirror *m) {
    free(m->image);
    *m = (struct mirror){ .image = NULL };
}

/* The monitor has checked the file; and checks the copy, whenever it is started from. */
static int fill(struct mirror *m) {
    uint64_t total = m->bytes;
    size_t got;

    for (size_t at = 0; at < m->bytes; at += got) {
        size_t left = m->bytes - at;
        int error = monitor_file(m->file, at, (char *)m->image + at,
                                 left < MONITOR_TEXT_MAX ? left : MONITOR_TEXT_MAX, &got, &total);
        if (error)
            return error;
        if (got == 0 || total != m->bytes)
            return -E_IO;
    }
    return 0;
}

int mirror_make(struct mirror *m, const char file[LABEL_MAX]) {
    uint64_t total;
    size_t got;

    if (m->image != NULL && memcmp(m->file, file, LABEL_MAX) == 0)
        return 0;
    mirror_drop(m);
    int error = monitor_file(file, 0, NULL, 0, &got, &total);
    if (error)
        return error;
    memcpy(m->file, file, LABEL_MAX);
    m->bytes = total;
    m->image = total <= MONITOR_IMAGE_MAX ? malloc(total) : NULL;
    error = m->image != NULL ? fill(m) : -E_NOMEM;
    if (error)
        mirror_drop(m);
    return error;
}
