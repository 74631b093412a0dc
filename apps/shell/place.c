#include "place.h"

#include <stdlib.h>
#include <string.h>

#define OPTION "--core"

bool place_parse(const struct command *command, struct place *place) {
    const char *const *word = (const char *const *)command->word;
    int last = command->words - 1;

    *place = (struct place){ .first = 1, .count = last };
    if (strcmp(word[1], OPTION) == 0) {
        place->core = word[2];
        place->first = 3;
        place->count -= 2;
    } else if (strcmp(word[last - 1], OPTION) == 0) {
        place->core = word[last];
        place->count -= 2;
    } else if (strcmp(word[last], OPTION) == 0) {
        place->count = 0;
    }
    return place->count > 0;
}

/* A hexadecimal number up to `most`, and the character after it. */
static bool parse_part(const char **at, uint64_t most, char after, uint64_t *value) {
    char *end;

    *value = strtoul(*at, &end, 16);
    bool good = end != *at && **at != '-' && *value <= most && *end == after;
    *at = end + 1;
    return good;
}

bool place_device(const char *word, uint64_t *device) {
    uint64_t bus, slot, function;
    bool good = parse_part(&word, 0xff, ':', &bus) && parse_part(&word, 0x1f, '.', &slot) &&
                parse_part(&word, 7, '\0', &function);

    *device = good ? bus << 8 | slot << 3 | function : 0;
    return good;
}
