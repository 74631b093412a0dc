#include "names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *endpoint_text(endpoint_t endpoint, char text[ENDPOINT_TEXT]) {
    switch (endpoint) {
    case ENDPOINT_NONE:
        return "-";
    case ENDPOINT_ANY:
        return "any";
    case ENDPOINT_KERNEL:
        return "kernel";
    default:
        snprintf(text, ENDPOINT_TEXT, "%u.%u.%u", endpoint_core(endpoint), endpoint_slot(endpoint),
                 endpoint_slot_generation(endpoint));
        return text;
    }
}

bool endpoint_parse(const char *text, uint32_t incarnation, endpoint_t *endpoint) {
    static const unsigned long most[3] = { UINT16_MAX, UINT16_MAX, ENDPOINT_SLOT_GENERATION_MAX };
    unsigned long part[3];

    for (int i = 0; i < 3; i++) {
        char *end;
        if (*text < '0' || *text > '9')
            return false;
        part[i] = strtoul(text, &end, 10);
        if (part[i] > most[i] || *end != (i < 2 ? '.' : '\0'))
            return false;
        text = end + 1;
    }
    *endpoint = endpoint_make(incarnation, (uint32_t)part[2], (uint16_t)part[0], (uint16_t)part[1]);
    return true;
}

bool label_split(const char *word, char label[LABEL_MAX + 1], const char **core) {
    const char *at = strrchr(word, '@');

    if (at == NULL || at == word || at - word > LABEL_MAX)
        return false;
    memcpy(label, word, (size_t)(at - word));
    label[at - word] = '\0';
    *core = at + 1;
    return true;
}
