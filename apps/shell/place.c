#include "place.h"

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
