/* The machine code of a program, as objdump prints it. */
#ifndef TESTS_FAST_PATH_DISASSEMBLY_H
#define TESTS_FAST_PATH_DISASSEMBLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define INSTRUCTION_TEXT 96

struct instruction {
    uint64_t address;
    char text[INSTRUCTION_TEXT]; /* AT&T syntax, prefixes included, one blank after the mnemonic */
};

struct symbol {
    uint64_t address;
    char name[64];
};

/* Both arrays by ascending address, from malloc(). */
struct disassembly {
    struct instruction *instruction;
    size_t count;
    struct symbol *symbol;
    size_t symbols;
};

/* Disassembles an ELF file; false when objdump cannot. */
bool disassembly_read(struct disassembly *d, const char *file);

/* A copy, to be changed. */
void disassembly_copy(struct disassembly *to, const struct disassembly *from);
void disassembly_free(struct disassembly *d);

/* The index of the instruction at an address; d->count when there is none. */
size_t disassembly_at(const struct disassembly *d, uint64_t address);

/* The address of a symbol; 0 when there is none. */
uint64_t disassembly_symbol(const struct disassembly *d, const char *name);

/* Whether an instruction's mnemonic, after prefixes, begins with `mnemonic`. */
bool instruction_is(const struct instruction *i, const char *mnemonic);

/* The address that a direct jump or call goes to; 0: it is none, or indirect. */
uint64_t instruction_target(const struct instruction *i);

#endif
