/*
 * Inside the parser of policies: text.c makes tokens of text, and errors; values.c reads values,
 * keys.c what each key takes, blocks.c the blocks of a file; check.c compares drivers.
 */
#ifndef POLICY_READER_H
#define POLICY_READER_H

#include <bulkhead/archive.h>
#include <bulkhead/kcall.h>
#include <runtime/policy.h>

enum token_kind { TOKEN_END, TOKEN_OPEN, TOKEN_CLOSE, TOKEN_SEMICOLON, TOKEN_WORD, TOKEN_BAD };

/* A piece of a text: one of `{`, `}`, `;`, or a word, or a byte that may not be there. */
struct token {
    enum token_kind kind;
    const char *at;
    size_t bytes;
};

/* Reads one text, from its start or from the body of a class. */
struct reader {
    struct policy_set *set;
    const char *next, *end;   /* of the text, behind `token` */
    struct token token;       /* looked at, but not taken */
    const struct token *user; /* the class is read for this word of a driver: its errors go there */
};

/* Words, each with its zero. */
struct words {
    char text[POLICY_TARGETS * (LABEL_MAX + 1) + 1]; /* and an empty one at the end */
    size_t bytes, count;
};

#define POLICY_ALL_PORTS 0x10000U
#define POLICY_ALL_LINES 256U /* global system interrupts */
#define NOT_GIVEN        0xff

/* Keys: X(identifier, first word, second word or NULL, whether values of classes are added). */
#define POLICY_KEYS(X)                       \
    X(IPC_CALLS, "ipc", "calls", true)       \
    X(IPC_TARGETS, "ipc", "targets", true)   \
    X(IPC_KERNEL, "ipc", "kernel", true)     \
    X(DRIVER, "driver", NULL, false)         \
    X(ISA_IO, "isa", "io", true)             \
    X(ISA_IRQ, "isa", "irq", true)           \
    X(ISA_MEM, "isa", "mem", true)           \
    X(PCI_DEVICE, "pci", "device", true)     \
    X(PCI_CLASS, "pci", "class", true)       \
    X(CORE, "core", NULL, false)             \
    X(MEMORY, "memory", NULL, false)         \
    X(CHANNELS, "channels", NULL, false)     \
    X(SCHEDULE, "schedule", NULL, false)     \
    X(BUDGET, "budget", NULL, false)         \
    X(HEARTBEAT, "heartbeat", NULL, false)   \
    X(RECOVERY, "recovery", NULL, false)     \
    X(MIRROR, "mirror", NULL, false)         \
    X(IMAGE, "image", NULL, false)           \
    X(PROCESSES, "processes", NULL, false)   \
    X(SERVICE, "service", NULL, false)       \
    X(ARGUMENTS, "arguments", NULL, false)   \
    X(INTERRUPTS, "interrupts", NULL, false) \
    X(INSTEAD, "instead", "of", false)       \
    X(VET, "vet", NULL, true)                \
    X(USE, "use", NULL, true)

enum key {
#define X(name, first, second, adds) KEY_##name,
    POLICY_KEYS(X)
#undef X
        KEY_COUNT
};

/* A driver while it is read. */
struct draft {
    struct policy policy; /* but for what follows */
    struct token image, hook, instead;
    struct words targets, arguments;
    struct policy_range ports[POLICY_RANGES], lines[POLICY_RANGES], memory[POLICY_RANGES];
    struct policy_pci patterns[POLICY_PATTERNS];
    struct policy_vet vets[POLICY_VETS];
    bool ports_any, lines_any;
    uint8_t depth[KEY_COUNT]; /* of the block that gave a key: 0 the driver's own, 1 that of a
                                 class, 2 that of a class of a class ..; NOT_GIVEN */
    uint32_t classes;         /* set of those that are used */
};

_Static_assert(POLICY_CLASSES <= 32, "a bit for each");

/* ---- text.c ---- */

/* A reader of what lies between two places of a text of the set. Its first token is there. */
void reader_open(struct reader *r, struct policy_set *set, const char *text, const char *end);
void reader_next(struct reader *r);

bool token_is(const struct token *token, const char *word);
/* Copies a word, with a zero. There must be room. */
void token_copy(char *to, const struct token *token);

/* Report an error at a place and return false. `what` is what was expected instead of a token. */
bool error_at(struct policy_set *set, const char *at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
bool reader_error(struct reader *r, const char *at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
bool reader_expected(struct reader *r, const char *what);
bool reader_expected_for(struct reader *r, const struct token *token, const char *what);

/* ---- values.c: each takes a token, or reports an error and returns false ---- */

bool take_word(struct reader *r, const char *word);
bool take_name(struct reader *r, size_t most, const char *what, struct token *name);
/* A label, or, ending in `*`, a pattern. */
bool take_pattern(struct reader *r, const char *what, struct token *name);
bool take_number(struct reader *r, const char *what, uint64_t least, uint64_t most,
                 uint64_t *value);
bool take_size(struct reader *r, const char *what, uint64_t most, uint64_t *pages);
bool take_time(struct reader *r, const char *what, uint64_t least, uint64_t most,
               uint64_t *nanoseconds);

/* Parts of a word, for FIRST:COUNT and VENDOR/DEVICE: takes them from the front of `rest`. */
bool part_number(struct reader *r, const struct token *part, const char *what, uint64_t least,
                 uint64_t most, uint64_t *value);
bool part_hex(struct reader *r, const struct token *part, const char *what, unsigned digits,
              uint32_t *value);
bool part_size(struct reader *r, const struct token *part, const char *what, uint64_t most,
               uint64_t *pages);
/* Cuts a token at a character; false: it has none, and `rest` is empty at its end. */
bool part_split(const struct token *token, char at, struct token *first, struct token *rest);

/* ---- keys.c ---- */

/* Reads the values of a key, up to its `;`. KEY_USE is blocks.c's. */
bool key_read(struct reader *r, struct draft *draft, enum key key);

/* ---- blocks.c ---- */

/* Reads `key value... ;` up to the `}`, or to an error. */
bool block_read(struct reader *r, struct draft *draft, unsigned depth);

/* ---- entry.c ---- */

void draft_open(struct draft *draft);
/* Whether a driver that has been read makes sense by itself. */
bool draft_check(struct policy_set *set, const struct draft *draft, const struct token *label);
/* Adds it to the set; with `refused`, its label only. NULL, reported: no room. */
struct policy *draft_store(struct policy_set *set, struct draft *draft, const struct token *label,
                           bool refused);

/* ---- check.c ---- */

/* Whether the last driver of the set goes together with those before it. */
bool check_last(struct policy_set *set);
/* Whether those that a driver names are there. */
bool check_names(struct policy_set *set, const struct policy *policy);

#endif
