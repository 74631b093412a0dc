/* Copies of programs in the agent's own memory, from which they are started again (thesis 2.2). */
#ifndef MANAGER_MIRROR_H
#define MANAGER_MIRROR_H

#include <stddef.h>

#include <bulkhead/kcall.h>

struct mirror {
    char file[LABEL_MAX]; /* of the archive */
    void *image;          /* NULL: none */
    size_t bytes;
};

/* Makes *m one of that file, if it is not. 0, -E_NOENT, -E_CHECKSUM, -E_NOMEM: then there is none.
 */
int mirror_make(struct mirror *m, const char file[LABEL_MAX]);
void mirror_drop(struct mirror *m);

#endif
