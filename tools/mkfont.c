/*
 * mkfont FONT.pf2 OUTPUT.c
 *
 * Takes the glyphs of printable ASCII from a font in GRUB's format and writes them as C, in the
 * form that cpu-driver/framebuffer.h declares: 16 lines of 8 pixels, the leftmost in the highest
 * bit.
 *
 * The format (grub-mkfont, GRUB manual "GUI Configuration"): sections of a four-letter name, a
 * big-endian length and a body. ASCE holds the ascent. CHIX lists code point (4 bytes), flags (1)
 * and file offset (4) of each glyph. A glyph is its width, height, x offset, y offset of its lower
 * edge above the baseline, and advance (2 bytes each), then its bits, row by row without padding.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST = ' ', LAST = '~', WIDTH = 8, HEIGHT = 16, CHIX_ENTRY = 9, GLYPH_HEADER = 10 };

struct font {
    const uint8_t *data;
    size_t bytes;
    const uint8_t *index; /* the body of CHIX */
    size_t index_bytes;
    int ascent;
};

static _Noreturn void fail(const char *subject, const char *reason) {
    (void)fprintf(stderr, "mkfont: %s: %s\n", subject, reason);
    exit(1);
}

static uint32_t big_endian(const uint8_t *at, size_t bytes) {
    uint32_t value = 0;

    for (size_t i = 0; i < bytes; i++)
        value = value << 8 | at[i];
    return value;
}

static void read_file(const char *path, struct font *font) {
    static uint8_t data[16 << 20]; /* Unifont has 2 MiB */
    FILE *file = fopen(path, "rb");

    if (file == NULL)
        fail(path, strerror(errno));
    font->data = data;
    font->bytes = fread(data, 1, sizeof data, file);
    if (ferror(file) || fclose(file) != 0)
        fail(path, strerror(errno));
}

static void find_sections(const char *path, struct font *font) {
    for (size_t at = 0; font->bytes - at >= 8;) {
        const uint8_t *section = font->data + at, *body = section + 8;
        uint32_t bytes = big_endian(section + 4, 4);
        at += 8;
        if (memcmp(section, "DATA", 4) == 0) /* the rest of the file */
            break;
        if (bytes > font->bytes - at)
            fail(path, "truncated");
        if (memcmp(section, "ASCE", 4) == 0 && bytes == 2)
            font->ascent = (int)big_endian(body, 2);
        if (memcmp(section, "CHIX", 4) == 0) {
            font->index = body;
            font->index_bytes = bytes;
        }
        at += bytes;
    }
    if (font->index == NULL || font->ascent == 0 || font->ascent > HEIGHT)
        fail(path, "not a PF2 font of 16 pixels");
}

static const uint8_t *find_glyph(const char *path, const struct font *font, uint32_t code) {
    for (size_t at = 0; font->index_bytes - at >= CHIX_ENTRY; at += CHIX_ENTRY) {
        const uint8_t *entry = font->index + at;
        uint32_t offset = big_endian(entry + 5, 4);
        if (big_endian(entry, 4) != code)
            continue;
        if (entry[4] != 0 || offset > font->bytes ||
            font->bytes - offset < GLYPH_HEADER + WIDTH * HEIGHT / 8)
            fail(path, "malformed glyph");
        return font->data + offset;
    }
    fail(path, "lacks a printable ASCII character");
}

/* Places the glyph's box on the cell. */
static void draw(const char *path, const struct font *font, const uint8_t *glyph,
                 uint8_t cell[HEIGHT]) {
    int width = (int)big_endian(glyph, 2), height = (int)big_endian(glyph + 2, 2);
    int left = (int16_t)big_endian(glyph + 4, 2), bottom = (int16_t)big_endian(glyph + 6, 2);
    int top = font->ascent - bottom - height;

    if (left < 0 || top < 0 || left + width > WIDTH || top + height > HEIGHT)
        fail(path, "a glyph does not fit 8x16 pixels");
    for (int i = 0; i < width * height; i++)
        if (glyph[GLYPH_HEADER + i / 8] & 0x80 >> i % 8)
            cell[top + i / width] |= (uint8_t)(0x80 >> (left + i % width));
}

int main(int argc, char **argv) {
    struct font font = { 0 };

    if (argc != 3)
        fail("usage", "mkfont FONT.pf2 OUTPUT.c");
    read_file(argv[1], &font);
    find_sections(argv[1], &font);

    FILE *output = fopen(argv[2], "w");
    if (output == NULL)
        fail(argv[2], strerror(errno));
    (void)fprintf(
        output,
        "#include \"framebuffer.h\"\n\n"
        "const uint8_t framebuffer_font[FRAMEBUFFER_GLYPHS][FRAMEBUFFER_GLYPH_HEIGHT] = {\n");
    for (int code = FIRST; code <= LAST; code++) {
        uint8_t cell[HEIGHT] = { 0 };
        draw(argv[1], &font, find_glyph(argv[1], &font, (uint32_t)code), cell);
        (void)fprintf(output, "    {");
        for (int y = 0; y < HEIGHT; y++)
            (void)fprintf(output, "%s0x%02x", y == 0 ? " " : ", ", cell[y]);
        (void)fprintf(output, " },\n");
    }
    (void)fprintf(output, "};\n");
    if (ferror(output) || fclose(output) != 0)
        fail(argv[2], strerror(errno));
    return 0;
}
