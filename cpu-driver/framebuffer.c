#include "framebuffer.h"

#include "string.h"

#define PIXEL_BYTES_MAX 4
#define EGA_CELL_BYTES  2
#define EGA_ATTRIBUTE   0x07 /* light grey on black */
#define GREY            0xaaU

static struct {
    uint8_t *memory; /* NULL: no screen */
    size_t pitch, columns, rows;
    size_t column, row;  /* where the next character goes */
    size_t pixel_bytes;  /* 0: EGA text mode */
    uint32_t foreground; /* pixel value; the background is 0 */
} screen;

/* Bytes from one text row to the next. */
static size_t row_pitch(void) {
    return screen.pixel_bytes == 0 ? screen.pitch : screen.pitch * FRAMEBUFFER_GLYPH_HEIGHT;
}

static void clear_row(size_t row) { memset(screen.memory + row * row_pitch(), 0, row_pitch()); }

static void draw_cell(char c) {
    uint8_t *cell = screen.memory + screen.row * row_pitch() + screen.column * EGA_CELL_BYTES;

    cell[0] = (uint8_t)c;
    cell[1] = EGA_ATTRIBUTE;
}

/* Each of the glyph's lines is put together first, so that the screen sees few and wide stores. */
static void draw_glyph(char c) {
    size_t line_bytes = screen.pixel_bytes * FRAMEBUFFER_GLYPH_WIDTH;
    uint8_t *at = screen.memory + screen.row * row_pitch() + screen.column * line_bytes;
    const uint8_t *glyph = framebuffer_font[c - FRAMEBUFFER_GLYPH_FIRST];

    for (size_t y = 0; y < FRAMEBUFFER_GLYPH_HEIGHT; y++, at += screen.pitch) {
        uint8_t line[FRAMEBUFFER_GLYPH_WIDTH * PIXEL_BYTES_MAX];
        for (size_t x = 0; x < FRAMEBUFFER_GLYPH_WIDTH; x++) {
            uint32_t pixel = glyph[y] & 0x80 >> x ? screen.foreground : 0;
            /* at 24 bits, the fourth byte is overwritten by the next pixel, or not copied */
            __builtin_memcpy(line + x * screen.pixel_bytes, &pixel, sizeof pixel);
        }
        memcpy(at, line, line_bytes);
    }
}

static void new_line(void) {
    screen.column = 0;
    screen.row = (screen.row + 1) % screen.rows;
    clear_row((screen.row + 1) % screen.rows);
}

static void write_char(char c) {
    if (c == '\n') {
        new_line();
        return;
    }
    if (screen.column == screen.columns)
        new_line();
    if (c < FRAMEBUFFER_GLYPH_FIRST || c > FRAMEBUFFER_GLYPH_LAST)
        c = '?';
    if (screen.pixel_bytes == 0)
        draw_cell(c);
    else
        draw_glyph(c);
    screen.column++;
}

void framebuffer_init(const struct boot_framebuffer *framebuffer, void *view) {
    screen.memory = NULL;
    if (view == NULL)
        return;
    screen.pitch = framebuffer->pitch;
    screen.columns = framebuffer->width;
    screen.rows = framebuffer->height;
    screen.pixel_bytes = framebuffer->bits / 8U;
    if (screen.pixel_bytes != 0) {
        screen.columns /= FRAMEBUFFER_GLYPH_WIDTH;
        screen.rows /= FRAMEBUFFER_GLYPH_HEIGHT;
    }
    if (screen.columns == 0 || screen.rows < 2)
        return;
    screen.foreground = GREY << framebuffer->red_shift | GREY << framebuffer->green_shift |
                        GREY << framebuffer->blue_shift;
    screen.column = screen.row = 0;
    screen.memory = view;
    memset(screen.memory, 0, framebuffer_bytes(framebuffer));
}

void framebuffer_write(const char *text, size_t bytes) {
    if (screen.memory == NULL)
        return;
    for (size_t i = 0; i < bytes; i++)
        write_char(text[i]);
}
