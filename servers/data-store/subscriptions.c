#include "subscriptions.h"

#include <string.h>

#include <bulkhead/error.h>

#include "match.h"
#include "records.h"

bool filter_admits(const struct filter *filter, const struct key *key) {
    char pattern[STORE_NAME_MAX + 1] = "", name[STORE_NAME_MAX + 1] = "";

    if (filter->is_private != key->is_private ||
        (key->is_private && memcmp(filter->label, key->label, LABEL_MAX) != 0))
        return false;
    memcpy(pattern, filter->pattern, STORE_NAME_MAX);
    memcpy(name, key->name, STORE_NAME_MAX);
    return match(pattern, name);
}

struct subscription *subscription_find(struct store *store, uint64_t number) {
    for (struct subscription *s = store->subscription;
         s < store->subscription + STORE_SUBSCRIPTIONS; s++)
        if (number != 0 && s->number == number)
            return s;
    return NULL;
}

int subscription_allowed(const struct store *store, const char label[LABEL_MAX]) {
    unsigned free_entries = 0, own = 0;

    for (const struct subscription *s = store->subscription;
         s < store->subscription + STORE_SUBSCRIPTIONS; s++) {
        free_entries += s->number == 0;
        own += s->number != 0 && memcmp(s->filter.label, label, LABEL_MAX) == 0;
    }
    return own >= STORE_SUBSCRIPTIONS_MAX ? -E_QUOTA : free_entries == 0 ? -E_NOSLOT : 0;
}

void subscription_add(struct store *store, uint64_t number, endpoint_t client,
                      const struct filter *filter) {
    for (struct subscription *s = store->subscription;
         s < store->subscription + STORE_SUBSCRIPTIONS; s++) {
        if (s->number != 0)
            continue;
        *s = (struct subscription){ .number = number, .client = client, .filter = *filter };
        if (store->subscribed < number)
            store->subscribed = number;
        return;
    }
}

void subscriptions_mark(struct store *store, const struct key *key) {
    for (struct subscription *s = store->subscription;
         s < store->subscription + STORE_SUBSCRIPTIONS; s++)
        if (s->number != 0 && !s->told && !s->due && filter_admits(&s->filter, key))
            s->due = true;
}

struct subscription *subscription_take_due(struct store *store) {
    for (struct subscription *s = store->subscription;
         s < store->subscription + STORE_SUBSCRIPTIONS; s++)
        if (s->number != 0 && s->due) {
            s->due = false;
            s->told = true;
            return s;
        }
    return NULL;
}

void subscriptions_mark_all(struct store *store) {
    for (struct subscription *s = store->subscription;
         s < store->subscription + STORE_SUBSCRIPTIONS; s++) {
        s->told = false;
        s->due = s->number != 0;
    }
}
