#include <runtime/grant.h>

#include "remote.h"

static struct grant_name name_of(const struct safecopy *c) {
    return (struct grant_name){ c->grantor, c->id };
}

/* How many copies from the first on one kernel call can do. */
static size_t run_of_local(const struct safecopy *copies, size_t count) {
    size_t run = 0;

    while (run < count && run < SAFECOPY_MAX && !grant_is_remote(name_of(&copies[run])))
        run++;
    return run;
}

int safe_copy_vector(const struct safecopy *copies, size_t count) {
    int error = 0;

    while (count != 0 && !error) {
        size_t run = run_of_local(copies, count);
        if (run != 0) {
            error = kcall_safecopy((uint64_t)copies, run, 0, 0, 0, SAFECOPY_VECTOR);
        } else {
            run = 1;
            error = copies->direction > COPY_TO
                        ? -E_INVAL
                        : grant_copy_remote(name_of(copies), copies->offset, copies->address,
                                            copies->bytes, (enum copy_direction)copies->direction);
        }
        copies += run;
        count -= run;
    }
    return error;
}

int safe_map(struct grant_name name, uint64_t offset, void *address, size_t bytes,
             unsigned protection) {
    if (grant_is_remote(name))
        return grant_map_remote(name, offset, (uint64_t)address, bytes, protection);
    return kcall_safemap(name.grantor, name.id, offset, (uint64_t)address, bytes, protection);
}

int safe_unmap(void *address) {
    int error = kcall_saferevoke(REVOKE_MAPPING, (uint64_t)address);

    if (error != -E_BUSY)
        return error;
    error = grant_unmap_remote((uint64_t)address);
    return error ? error : kcall_saferevoke(REVOKE_MAPPING, (uint64_t)address);
}
