/*
 * Text on the screen that the boot loader left: an RGB framebuffer of 24 or 32 bits per pixel, or
 * EGA text mode. Output only, one screen, no scrolling: reading a framebuffer is slow, so text goes
 * round, and an empty line is kept ahead of the newest one. The cost of a line is bounded.
 */
#ifndef CPU_DRIVER_FRAMEBUFFER_H
#define CPU_DRIVER_FRAMEBUFFER_H

#include <stddef.h>
#include <stdint.h>

#include "bootinfo.h"

#define FRAMEBUFFER_GLYPH_WIDTH  8
#define FRAMEBUFFER_GLYPH_HEIGHT 16
#define FRAMEBUFFER_GLYPH_FIRST  ' '
#define FRAMEBUFFER_GLYPH_LAST   '~'
#define FRAMEBUFFER_GLYPHS       (FRAMEBUFFER_GLYPH_LAST - FRAMEBUFFER_GLYPH_FIRST + 1)

/* Made at build time by tools/mkfont.c: a byte per line, the leftmost pixel in its highest bit. */
extern const uint8_t framebuffer_font[FRAMEBUFFER_GLYPHS][FRAMEBUFFER_GLYPH_HEIGHT];

/* Bytes of memory that the framebuffer takes from its base on. */
static inline uint64_t framebuffer_bytes(const struct boot_framebuffer *framebuffer) {
    return (uint64_t)framebuffer->pitch * framebuffer->height;
}

/*
 * Clears the screen and writes from its top on. `view`: where its memory is mapped; NULL: there is
 * no screen.
 */
void framebuffer_init(const struct boot_framebuffer *framebuffer, void *view);

/*
 * Writes printable ASCII and newlines; anything else shows as '?'. Long lines are continued on the
 * next.
 */
void framebuffer_write(const char *text, size_t bytes);

#endif
