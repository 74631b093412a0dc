#include "remote.h"

#include <runtime/startup.h>

static int ask(struct message *m) {
    if (runtime_monitor() == ENDPOINT_NONE)
        return -E_NOENT;
    int error = trap_message(IPC_SENDREC, runtime_monitor(), m);
    return error ? error : message_result(m);
}

int grant_copy_remote(struct grant_name name, uint64_t offset, uint64_t address, size_t bytes,
                      enum copy_direction direction) {
    do {
        size_t piece = bytes < MONITOR_TEXT_MAX ? bytes : MONITOR_TEXT_MAX;
        struct message m = { .type =
                                 direction == COPY_TO ? MONITOR_SAFECOPY_TO : MONITOR_SAFECOPY_FROM,
                             .arg = { name.grantor, address, piece, name.id, offset } };
        int error = ask(&m);
        if (error)
            return error;
        address += piece;
        offset += piece;
        bytes -= piece;
    } while (bytes);
    return 0;
}

int grant_delegate_remote(struct grant_name given, uint64_t offset, size_t bytes,
                          endpoint_t grantee, unsigned access, struct grant_name *made) {
    struct message m = { .type = MONITOR_DELEGATE,
                         .arg = { given.grantor, given.id, offset,
                                  (uint64_t)access << MONITOR_ACCESS_SHIFT | bytes, grantee } };
    if (bytes >> MONITOR_ACCESS_SHIFT)
        return -E_RANGE;
    int error = ask(&m);
    if (!error)
        *made = (struct grant_name){ given.grantor, m.arg[0] };
    return error;
}

int grant_revoke_remote(struct grant_name made) {
    return ask(&(struct message){ .type = MONITOR_REVOKE, .arg = { made.grantor, made.id } });
}

int grant_map_remote(struct grant_name name, uint64_t offset, uint64_t address, size_t bytes,
                     unsigned protection) {
    return ask(&(struct message){ .type = MONITOR_SAFEMAP,
                                  .arg = { name.grantor, name.id, offset,
                                           (uint64_t)protection << MONITOR_ACCESS_SHIFT | bytes,
                                           address } });
}

int grant_unmap_remote(uint64_t address) {
    return ask(&(struct message){ .type = MONITOR_SAFEUNMAP, .arg = { address } });
}
