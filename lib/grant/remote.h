/* Grants of other cores, and those that are used there: requests to the monitor. */
#ifndef LIB_GRANT_REMOTE_H
#define LIB_GRANT_REMOTE_H

#include <runtime/grant.h>

int grant_delegate_remote(struct grant_name given, uint64_t offset, size_t bytes,
                          endpoint_t grantee, unsigned access, struct grant_name *made);
int grant_revoke_remote(struct grant_name made);
int grant_map_remote(struct grant_name name, uint64_t offset, uint64_t address, size_t bytes,
                     unsigned protection);
int grant_unmap_remote(uint64_t address);

#endif
