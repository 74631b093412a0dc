#include "framebuffer.h"

#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

/* A screen with a margin on each line that must never be written. */
struct screen {
    struct boot_framebuffer mode;
    uint8_t *memory;
};

static struct screen make(uint8_t bits, uint32_t width, uint32_t height) {
    uint32_t pixel_bytes = bits == 0 ? 2 : bits / 8U;
    struct screen screen = {
        .mode = { .base = 1,
                  .pitch = width * pixel_bytes + 24,
                  .width = width,
                  .height = height,
                  .bits = bits,
                  .red_shift = 16,
                  .green_shift = 8 },
    };
    screen.memory = malloc(framebuffer_bytes(&screen.mode)); /* exact, for AddressSanitizer */
    memset(screen.memory, 0x55, framebuffer_bytes(&screen.mode));
    framebuffer_init(&screen.mode, screen.memory);
    return screen;
}

static void write(const char *text) { framebuffer_write(text, strlen(text)); }

/* Whether the glyph is at this place, in grey on black. */
static bool shows(const struct screen *screen, size_t row, size_t column, char c) {
    size_t pixel_bytes = screen->mode.bits / 8U;

    for (size_t y = 0; y < FRAMEBUFFER_GLYPH_HEIGHT; y++) {
        for (size_t x = 0; x < FRAMEBUFFER_GLYPH_WIDTH; x++) {
            const uint8_t *pixel = screen->memory +
                                   (row * FRAMEBUFFER_GLYPH_HEIGHT + y) * screen->mode.pitch +
                                   (column * FRAMEBUFFER_GLYPH_WIDTH + x) * pixel_bytes;
            bool lit = framebuffer_font[c - FRAMEBUFFER_GLYPH_FIRST][y] & 0x80 >> x;
            for (size_t i = 0; i < 3; i++)
                if (pixel[i] != (lit ? 0xaa : 0))
                    return false;
        }
    }
    return true;
}

static bool row_is_empty(const struct screen *screen, size_t row, size_t columns) {
    for (size_t column = 0; column < columns; column++)
        if (!shows(screen, row, column, ' '))
            return false;
    return true;
}

static void check_text(uint8_t bits) {
    struct screen screen = make(bits, 80, 64); /* 10 by 4 characters */
    write("Hi~\nj");
    cr_assert(shows(&screen, 0, 0, 'H') && shows(&screen, 0, 1, 'i') && shows(&screen, 0, 2, '~'));
    cr_assert(shows(&screen, 1, 0, 'j') && row_is_empty(&screen, 2, 10) &&
              row_is_empty(&screen, 3, 10));
    free(screen.memory);
}

Test(framebuffer, text_with_24_bits_per_pixel) { check_text(24); }

Test(framebuffer, text_with_32_bits_per_pixel) { check_text(32); }

Test(framebuffer, every_glyph_has_a_shape_of_its_own) {
    for (unsigned i = 0; i < FRAMEBUFFER_GLYPHS; i++)
        for (unsigned j = 0; j < i; j++)
            cr_assert(memcmp(framebuffer_font[i], framebuffer_font[j], FRAMEBUFFER_GLYPH_HEIGHT) !=
                          0,
                      "%c %c", ' ' + i, ' ' + j);
}

Test(framebuffer, text_mode_cells) {
    struct screen screen = make(0, 10, 4);
    write("AB\nC");
    cr_assert_eq(screen.memory[0], 'A');
    cr_assert_eq(screen.memory[1], 7);
    cr_assert_eq(screen.memory[2], 'B');
    cr_assert_eq(screen.memory[screen.mode.pitch], 'C');
    free(screen.memory);
}

Test(framebuffer, long_lines_continue_on_the_next) {
    struct screen screen = make(32, 80, 64);
    write("0123456789ab");
    cr_assert(shows(&screen, 0, 9, '9') && shows(&screen, 1, 0, 'a') && shows(&screen, 1, 1, 'b'));
    free(screen.memory);
}

Test(framebuffer, full_line_and_newline_take_one_row) {
    struct screen screen = make(32, 80, 64);
    write("0123456789\nx");
    cr_assert(shows(&screen, 1, 0, 'x'));
    free(screen.memory);
}

Test(framebuffer, text_goes_round_behind_an_empty_line) {
    struct screen screen = make(32, 80, 64);
    write("0\n1\n2\n3\n4");
    cr_assert(shows(&screen, 0, 0, '4') && row_is_empty(&screen, 1, 10));
    cr_assert(shows(&screen, 2, 0, '2') && shows(&screen, 3, 0, '3'));
    free(screen.memory);
}

Test(framebuffer, unprintable_characters_show_as_question_marks) {
    struct screen screen = make(32, 80, 64);
    write("\t\x7f\xe9");
    for (uint32_t column = 0; column < 3; column++)
        cr_assert(shows(&screen, 0, column, '?'));
    free(screen.memory);
}

Test(framebuffer, screen_that_is_too_small_is_left_alone) {
    struct screen screen = make(32, 7, 64), flat = make(32, 80, 31);
    write("x");
    cr_assert(screen.memory[0] == 0x55 && flat.memory[0] == 0x55);
    free(screen.memory);
    free(flat.memory);
}

Test(framebuffer, without_a_screen_nothing_happens) {
    framebuffer_init(&(struct boot_framebuffer){ 0 }, NULL);
    write("x\n");
}
