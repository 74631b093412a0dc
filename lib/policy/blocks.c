/* Files: classes, drivers, and the keys in their blocks. */
#include <string.h>

#include <runtime/pattern.h>

#include "reader.h"

static const struct key_words {
    const char *first, *second;
    bool adds;
} keys[] = {
#define X(name, first, second, adds) [KEY_##name] = { first, second, adds },
    POLICY_KEYS(X)
#undef X
};

/* ---- Blocks ---- */

static struct policy_class *class_find(struct policy_set *set, const struct token *name) {
    for (size_t i = 0; i < set->class_count; i++)
        if (set->class[i].name_bytes == name->bytes &&
            memcmp(set->class[i].name, name->at, name->bytes) == 0)
            return &set->class[i];
    return NULL;
}

/* use CLASS ..: reads their blocks again, for this driver. A class counts once. */
static bool read_use(struct reader *r, struct draft *draft, unsigned depth) {
    do {
        const struct token name = r->token;
        if (name.kind != TOKEN_WORD)
            return reader_expected(r, "the name of a class");
        const struct policy_class *class = class_find(r->set, &name);
        if (class == NULL)
            return reader_expected(r, "the name of a class that is defined above");
        uint32_t bit = UINT32_C(1) << (class - r->set->class);
        if (class->refused)
            return reader_error(r, name.at, "class '%.*s' is refused", (int)name.bytes, name.at);
        if (!(draft->classes & bit)) {
            struct reader body;
            draft->classes |= bit;
            reader_open(&body, r->set, class->body, class->end);
            body.user = r->user != NULL ? r->user : &name;
            if (!block_read(&body, draft, depth + 1))
                return false;
        }
        reader_next(r);
    } while (r->token.kind == TOKEN_WORD);
    return true;
}

/* Takes the one or two words of a key. KEY_COUNT, reported: there is no such key. */
static enum key take_key(struct reader *r) {
    const struct token first = r->token;
    bool is_first = false;

    reader_next(r);
    for (unsigned i = 0; i < KEY_COUNT; i++) {
        if (!token_is(&first, keys[i].first))
            continue;
        is_first = true;
        if (keys[i].second != NULL && !token_is(&r->token, keys[i].second))
            continue;
        if (keys[i].second != NULL)
            reader_next(r);
        return (enum key)i;
    }
    if (token_is(&first, "ipc"))
        reader_expected(r, "'calls', 'targets' or 'kernel'");
    else if (token_is(&first, "isa"))
        reader_expected(r, "'io', 'irq' or 'mem'");
    else if (token_is(&first, "pci"))
        reader_expected(r, "'device' or 'class'");
    else
        reader_expected_for(r, &first, is_first ? "'instead of'" : "a key");
    return KEY_COUNT;
}

/* Values of a class that the driver's block, or a class nearer to it, has given already. */
static bool is_overridden(const struct draft *draft, enum key key, unsigned depth) {
    return !keys[key].adds && draft->depth[key] < depth;
}

static void skip_values(struct reader *r) {
    while (r->token.kind == TOKEN_WORD)
        reader_next(r);
}

static bool read_values(struct reader *r, struct draft *draft, enum key key, unsigned depth) {
    if (is_overridden(draft, key, depth)) {
        skip_values(r);
        return true;
    }
    if (!keys[key].adds && draft->depth[key] == depth)
        return reader_error(r, r->token.at, "another class gives '%s' too", keys[key].first);
    draft->depth[key] = (uint8_t)depth;
    return key == KEY_USE ? read_use(r, draft, depth) : key_read(r, draft, key);
}

bool block_read(struct reader *r, struct draft *draft, unsigned depth) {
    uint32_t seen = 0;

    _Static_assert(KEY_COUNT <= 32, "a bit for each");
    while (r->token.kind == TOKEN_WORD) {
        const char *at = r->token.at;
        enum key key = take_key(r);
        if (key == KEY_COUNT)
            return false;
        if (seen & UINT32_C(1) << key && key != KEY_VET)
            return reader_error(r, at, "'%s%s%s' is given already in this block", keys[key].first,
                                keys[key].second != NULL ? " " : "",
                                keys[key].second != NULL ? keys[key].second : "");
        seen |= UINT32_C(1) << key;
        if (!read_values(r, draft, key, depth))
            return false;
        if (r->token.kind != TOKEN_SEMICOLON)
            return reader_expected(r, "';'");
        reader_next(r);
    }
    return r->token.kind == TOKEN_CLOSE || reader_expected(r, "a key or '}'");
}

/* ---- Files ---- */

/*
 * The `};` of a block, also after an error in it. A `{` before that means that the end of the block
 * cannot be told.
 */
static bool take_block_end(struct reader *r, bool good) {
    if (!good) {
        while (r->token.kind != TOKEN_CLOSE && r->token.kind != TOKEN_OPEN &&
               r->token.kind != TOKEN_END)
            reader_next(r);
        if (r->token.kind != TOKEN_CLOSE)
            return false;
    }
    reader_next(r);
    if (r->token.kind != TOKEN_SEMICOLON)
        return good ? reader_expected(r, "';' after '}'") : false;
    reader_next(r);
    return true;
}

static bool take_open(struct reader *r) {
    if (r->token.kind != TOKEN_OPEN)
        return reader_expected(r, "'{'");
    reader_next(r);
    return true;
}

/* Remembers where a class' body is, once it has been read for its errors. */
static bool read_class(struct reader *r) {
    struct policy_set *set = r->set;
    struct draft draft;
    struct token name;

    reader_next(r);
    if (!take_name(r, LABEL_MAX, "the name of a class", &name))
        return false;
    bool good = class_find(set, &name) == NULL && set->class_count < POLICY_CLASSES;
    if (set->class_count == POLICY_CLASSES)
        return reader_error(r, name.at, "more than %u classes", POLICY_CLASSES);
    if (!good)
        return reader_error(r, name.at, "class '%.*s' is there already", (int)name.bytes, name.at);
    if (!take_open(r))
        return false;
    struct policy_class class = {
        .name = name.at, .name_bytes = name.bytes, .body = r->token.at, .end = r->end
    };
    draft_open(&draft);
    good = block_read(r, &draft, 0);
    class.refused = !good;
    set->class[set->class_count++] = class;
    return take_block_end(r, good);
}

static bool read_driver(struct reader *r) {
    struct policy_set *set = r->set;
    struct draft draft;
    struct token label;

    reader_next(r);
    if (!take_pattern(r, "the label of a driver", &label) || !take_open(r))
        return false;
    draft_open(&draft);
    bool good = block_read(r, &draft, 0);
    bool whole = take_block_end(r, good);
    bool sound = good && whole && draft_check(set, &draft, &label);
    struct policy *policy = draft_store(set, &draft, &label, !sound);
    if (policy == NULL)
        return false;
    policy->refused = !sound || !check_last(set);
    return whole;
}

size_t policy_set_read(struct policy_set *set, const char *file, const char *text, size_t bytes) {
    size_t before = set->errors;
    struct reader r;

    if (set->ended)
        return 0;
    if (set->file_count == POLICY_FILES) {
        set->errors++;
        set->ended = true;
        return 1;
    }
    set->file[set->file_count++] = (struct policy_file){ file, text, bytes };
    reader_open(&r, set, text, text + bytes);
    while (r.token.kind != TOKEN_END && !set->ended) {
        if (token_is(&r.token, "class"))
            set->ended = !read_class(&r);
        else if (token_is(&r.token, "driver"))
            set->ended = !read_driver(&r);
        else
            set->ended = !reader_expected(&r, "'driver' or 'class'");
    }
    return set->errors - before;
}

void policy_set_open(struct policy_set *set, void *memory, size_t bytes, policy_error_fn *report,
                     void *context) {
    *set = (struct policy_set){
        .policy = memory, .end = (char *)memory + bytes, .report = report, .context = context
    };
}

size_t policy_set_close(struct policy_set *set) {
    for (size_t i = 0; i < set->count; i++) {
        struct policy *policy = &set->policy[i];
        if (!policy->refused && !set->ended && !check_names(set, policy))
            policy->refused = true;
    }
    return set->errors;
}

const struct policy *policy_set_find(const struct policy_set *set, const char *program) {
    for (size_t i = 0; i < set->count; i++)
        if (pattern_matches(set->policy[i].program, program))
            return set->policy[i].refused ? NULL : &set->policy[i];
    return NULL;
}

const struct policy *policy_set_service(const struct policy_set *set, enum policy_service service) {
    for (size_t i = 0; i < set->count; i++)
        if (set->policy[i].service == service && !set->policy[i].refused)
            return &set->policy[i];
    return NULL;
}

bool policy_targets(const struct policy *policy, const char *label) {
    for (const char *target = policy->targets; *target != '\0'; target += strlen(target) + 1)
        if (pattern_matches(target, label))
            return true;
    return false;
}
