#include "disassembly.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_MAX_BYTES 512

static void *grow(void *array, size_t count, size_t size) {
    if (count & (count - 1)) /* it has room up to the next power of two */
        return array;
    void *larger = realloc(array, (count ? 2 * count : 1) * size);
    if (!larger)
        abort();
    return larger;
}

/* "ffffffff80005b50 <ipc_entry>:" */
static bool parse_symbol(struct disassembly *d, const char *line) {
    struct symbol s;
    char *name, *end;
    s.address = strtoul(line, &name, 16);
    if (name == line || strncmp(name, " <", 2) != 0 || !(end = strstr(name, ">:")))
        return false;
    snprintf(s.name, sizeof s.name, "%.*s", (int)(end - name - 2), name + 2);
    d->symbol = grow(d->symbol, d->symbols, sizeof s);
    d->symbol[d->symbols++] = s;
    return true;
}

/* "ffffffff80005b50:\tmov    0x70(%rdi),%rax" */
static void parse_instruction(struct disassembly *d, const char *line) {
    struct instruction i;
    char *text;
    i.address = strtoul(line, &text, 16);
    if (text == line || strncmp(text, ":\t", 2) != 0)
        return;
    size_t length = 0;
    for (const char *c = text + 2; *c && *c != '\n' && length < sizeof i.text - 1; c++)
        if (*c != ' ' || length == 0 || i.text[length - 1] != ' ')
            i.text[length++] = *c;
    i.text[length] = '\0';
    d->instruction = grow(d->instruction, d->count, sizeof i);
    d->instruction[d->count++] = i;
}

bool disassembly_read(struct disassembly *d, const char *file) {
    char command[256], line[LINE_MAX_BYTES];
    *d = (struct disassembly){ 0 };
    snprintf(command, sizeof command, "objdump --disassemble --no-show-raw-insn '%s'", file);
    FILE *output = popen(command, "r"); // NOLINT(cert-env33-c): the command is ours
    if (!output)
        return false;
    while (fgets(line, sizeof line, output))
        if (!parse_symbol(d, line))
            parse_instruction(d, line);
    return pclose(output) == 0 && d->count > 0;
}

void disassembly_copy(struct disassembly *to, const struct disassembly *from) {
    *to = (struct disassembly){ 0 };
    for (size_t i = 0; i < from->count; i++) {
        to->instruction = grow(to->instruction, to->count, sizeof to->instruction[0]);
        to->instruction[to->count++] = from->instruction[i];
    }
    for (size_t i = 0; i < from->symbols; i++) {
        to->symbol = grow(to->symbol, to->symbols, sizeof to->symbol[0]);
        to->symbol[to->symbols++] = from->symbol[i];
    }
}

void disassembly_free(struct disassembly *d) {
    free(d->instruction);
    free(d->symbol);
    *d = (struct disassembly){ 0 };
}

size_t disassembly_at(const struct disassembly *d, uint64_t address) {
    size_t low = 0, high = d->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (d->instruction[middle].address < address)
            low = middle + 1;
        else
            high = middle;
    }
    return low < d->count && d->instruction[low].address == address ? low : d->count;
}

uint64_t disassembly_symbol(const struct disassembly *d, const char *name) {
    for (size_t i = 0; i < d->symbols; i++)
        if (strcmp(d->symbol[i].name, name) == 0)
            return d->symbol[i].address;
    return 0;
}

/* The mnemonic, after prefixes. */
static const char *mnemonic_of(const struct instruction *i) {
    static const char *const prefixes[] = { "lock ", "rep ", "repz ", "repnz ", "notrack ",
                                            "bnd ",  "cs ",  "ds ",   "data16 " };
    const char *text = i->text;
    for (size_t p = 0; p < sizeof prefixes / sizeof prefixes[0]; p++) {
        size_t length = strlen(prefixes[p]);
        if (strncmp(text, prefixes[p], length) == 0) {
            text += length;
            p = (size_t)-1; /* there may be several */
        }
    }
    return text;
}

bool instruction_is(const struct instruction *i, const char *mnemonic) {
    return strncmp(mnemonic_of(i), mnemonic, strlen(mnemonic)) == 0;
}

uint64_t instruction_target(const struct instruction *i) {
    const char *operand = strchr(mnemonic_of(i), ' ');
    bool transfers = instruction_is(i, "j") || instruction_is(i, "call");
    return transfers && operand ? strtoul(operand, NULL, 16) : 0; /* 0 for *%rax too */
}
