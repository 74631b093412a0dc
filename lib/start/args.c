#include "args.h"

#include <string.h>

bool args_valid(const char *args, size_t bytes, uint32_t count) {
    uint32_t zeros = 0;
    for (size_t i = 0; i < bytes; i++)
        zeros += args[i] == '\0';
    return zeros == count && (bytes == 0 || args[bytes - 1] == '\0');
}

void args_split(const char *args, uint32_t count, char **argv) {
    for (uint32_t i = 0; i < count; i++) {
        argv[i] = (char *)args;
        args += strlen(args) + 1;
    }
    argv[count] = NULL;
}
