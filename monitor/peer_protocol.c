#include "peer_protocol.h"

#include <stddef.h>

#define FIRST PEER_PING

static const struct {
    enum peer_class class;
    const char *name;
} types[] = {
#define X(name, number, class) [(number)-FIRST] = { PEER_CLASS_##class, #name },
    PEER_MESSAGES(X)
#undef X
};

#define TYPES (sizeof types / sizeof types[0])

enum peer_class peer_class(uint32_t type) {
    return type - FIRST < TYPES ? types[type - FIRST].class : PEER_CLASS_NONE;
}

const char *peer_name(uint32_t type) {
    return type - FIRST < TYPES && types[type - FIRST].name ? types[type - FIRST].name : "?";
}
