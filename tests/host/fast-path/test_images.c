/*
 * Every image that is built: no memory of it is writable and executable, not even because two
 * segments share a page. Loaders refuse others, so this finds them before they are shipped.
 */
#include <criterion/criterion.h>
#include <elf.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGE 4096UL

/* What is wrong with an ELF image of `bytes` bytes; NULL: nothing. */
static const char *fault_of(const unsigned char *image, size_t bytes) {
    const Elf64_Ehdr *header = (const Elf64_Ehdr *)image;
    bool stack = false;
    if (bytes < sizeof *header || memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 ||
        header->e_phoff + header->e_phnum * sizeof(Elf64_Phdr) > bytes)
        return "not an ELF file";
    const Elf64_Phdr *segment = (const Elf64_Phdr *)(image + header->e_phoff);
    for (unsigned i = 0; i < header->e_phnum; i++) {
        unsigned flags = segment[i].p_flags;
        stack |= segment[i].p_type == PT_GNU_STACK;
        if (segment[i].p_type == PT_GNU_STACK && flags & PF_X)
            return "executable stack";
        if (segment[i].p_type == PT_DYNAMIC || segment[i].p_type == PT_INTERP)
            return "dynamically linked";
        if (segment[i].p_type != PT_LOAD)
            continue;
        if (flags & PF_W && flags & PF_X)
            return "writable and executable segment";
        for (unsigned k = 0; k < i; k++) {
            uint64_t begin = segment[i].p_vaddr / PAGE, other = segment[k].p_vaddr / PAGE;
            uint64_t end = (segment[i].p_vaddr + segment[i].p_memsz - 1) / PAGE;
            uint64_t other_end = (segment[k].p_vaddr + segment[k].p_memsz - 1) / PAGE;
            if (segment[k].p_type == PT_LOAD && begin <= other_end && other <= end)
                return "two segments on one page";
        }
    }
    return stack ? NULL : "nothing said about the stack";
}

static unsigned char *read_file(const char *name, size_t *bytes) {
    FILE *file = fopen(name, "rb");
    cr_assert_not_null(file, "%s", name);
    fseek(file, 0, SEEK_END);
    *bytes = (size_t)ftell(file);
    rewind(file);
    unsigned char *content = malloc(*bytes);
    cr_assert_eq(fread(content, 1, *bytes, file), *bytes);
    fclose(file);
    return content;
}

static void check_all(const char *pattern, size_t at_least) {
    glob_t found;
    cr_assert_eq(glob(pattern, 0, NULL, &found), 0, "nothing is %s", pattern);
    cr_assert_geq(found.gl_pathc, at_least);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        size_t bytes;
        unsigned char *image = read_file(found.gl_pathv[i], &bytes);
        const char *fault = fault_of(image, bytes);
        cr_expect_null(fault, "%s: %s", found.gl_pathv[i], fault);
        free(image);
    }
    globfree(&found);
}

Test(images, nothing_is_writable_and_executable) {
    check_all("build/*.elf", 2);
    check_all("build/program/*.elf", 4);
}

/* ---- The check itself ---- */

static unsigned char *image;
static size_t image_bytes;

static void init(void) { image = read_file("build/cpu-driver.elf", &image_bytes); }

static void fini(void) { free(image); }

TestSuite(images_check, .init = init, .fini = fini);

static Elf64_Phdr *segment_with(unsigned type, unsigned flags) {
    const Elf64_Ehdr *header = (const Elf64_Ehdr *)image;
    Elf64_Phdr *segment = (Elf64_Phdr *)(image + header->e_phoff);
    for (unsigned i = 0; i < header->e_phnum; i++)
        if (segment[i].p_type == type && (segment[i].p_flags & flags) == flags)
            return &segment[i];
    cr_assert_fail("no such segment");
    return NULL;
}

Test(images_check, finds_writable_text) {
    cr_assert_null(fault_of(image, image_bytes));
    segment_with(PT_LOAD, PF_X)->p_flags |= PF_W;
    cr_assert_str_eq(fault_of(image, image_bytes), "writable and executable segment");
}

Test(images_check, finds_executable_data) {
    segment_with(PT_LOAD, PF_W)->p_flags |= PF_X;
    cr_assert_str_eq(fault_of(image, image_bytes), "writable and executable segment");
}

Test(images_check, finds_an_executable_stack) {
    segment_with(PT_GNU_STACK, 0)->p_flags |= PF_X;
    cr_assert_str_eq(fault_of(image, image_bytes), "executable stack");
}

Test(images_check, finds_data_on_a_page_of_text) {
    Elf64_Phdr *text = segment_with(PT_LOAD, PF_X);
    segment_with(PT_LOAD, PF_W)->p_vaddr = text->p_vaddr + text->p_memsz - 1;
    cr_assert_str_eq(fault_of(image, image_bytes), "two segments on one page");
}

Test(images_check, finds_a_missing_stack_header) {
    segment_with(PT_GNU_STACK, 0)->p_type = PT_NULL;
    cr_assert_str_eq(fault_of(image, image_bytes), "nothing said about the stack");
}
