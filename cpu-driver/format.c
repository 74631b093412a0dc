/* printf for the kernel log: the conversions of log.h, nothing else. */
#include <stdbool.h>

#include "log.h"

struct output {
    char *buffer;
    size_t bytes, length; /* room, and what the whole text needs so far */
    va_list args;         /* not yet used */
};

/* One conversion: %[-][0][width][.precision][l]conversion */
struct conversion {
    bool left, zeros, is_long;
    size_t width, precision; /* precision: at most so many characters of a string */
    char kind;
};

#define DIGITS_MAX 20 /* of 2^64 - 1 in decimal */

static void put(struct output *out, char c) {
    if (out->length + 1 < out->bytes)
        out->buffer[out->length] = c;
    out->length++;
}

static void put_many(struct output *out, char c, size_t count) {
    while (count-- > 0)
        put(out, c);
}

static void put_text(struct output *out, const char *text, size_t length) {
    for (size_t i = 0; i < length; i++)
        put(out, text[i]);
}

static void put_padded(struct output *out, const struct conversion *conversion, const char *text,
                       size_t length) {
    size_t padding = conversion->width > length ? conversion->width - length : 0;

    if (!conversion->left)
        put_many(out, ' ', padding);
    put_text(out, text, length);
    if (conversion->left)
        put_many(out, ' ', padding);
}

static void put_char(struct output *out, const struct conversion *conversion, char c) {
    put_padded(out, conversion, &c, 1);
}

/* `prefix` ("-", "0x" or "") comes before padding zeros and after padding blanks. */
static void put_number(struct output *out, const struct conversion *conversion, const char *prefix,
                       uint64_t value, unsigned base) {
    char text[2 + DIGITS_MAX];
    char *end = text + sizeof text, *at = end;
    size_t prefix_length = 0;

    do {
        *--at = "0123456789abcdef"[value % base];
        value /= base;
    } while (value != 0);
    while (prefix[prefix_length] != '\0')
        prefix_length++;
    if (conversion->zeros && !conversion->left) {
        size_t length = prefix_length + (size_t)(end - at);
        put_text(out, prefix, prefix_length);
        put_many(out, '0', conversion->width > length ? conversion->width - length : 0);
        put_text(out, at, (size_t)(end - at));
        return;
    }
    while (prefix_length > 0)
        *--at = prefix[--prefix_length];
    put_padded(out, conversion, at, (size_t)(end - at));
}

static void put_string(struct output *out, const struct conversion *conversion, const char *text) {
    size_t length = 0;

    if (text == NULL)
        text = "(null)";
    while (length < conversion->precision && text[length] != '\0')
        length++;
    put_padded(out, conversion, text, length);
}

static size_t parse_number(const char **format) {
    size_t number = 0;

    while (**format >= '0' && **format <= '9')
        number = number * 10 + (size_t)(*(*format)++ - '0');
    return number;
}

// NOLINTBEGIN(clang-analyzer-valist.Uninitialized): log_vformat() has done it
/* What follows a %; *format is left behind the conversion, or at the end of the text. */
static struct conversion parse_conversion(struct output *out, const char **format) {
    struct conversion conversion = { .precision = SIZE_MAX };

    for (;; (*format)++) {
        if (**format == '-')
            conversion.left = true;
        else if (**format == '0')
            conversion.zeros = true;
        else
            break;
    }
    conversion.width = parse_number(format);
    if (**format == '.') {
        (*format)++;
        if (**format == '*') {
            int precision = va_arg(out->args, int);
            conversion.precision = precision < 0 ? SIZE_MAX : (size_t)precision;
            (*format)++;
        } else {
            conversion.precision = parse_number(format);
        }
    }
    if (**format == 'l') {
        conversion.is_long = true;
        (*format)++;
    }
    conversion.kind = **format;
    if (**format != '\0')
        (*format)++;
    return conversion;
}

static void put_signed(struct output *out, const struct conversion *conversion, int64_t value) {
    uint64_t magnitude = value < 0 ? -(uint64_t)value : (uint64_t)value;
    put_number(out, conversion, value < 0 ? "-" : "", magnitude, 10);
}

static void put_conversion(struct output *out, const struct conversion *conversion) {
    switch (conversion->kind) {
    case 's':
        put_string(out, conversion, va_arg(out->args, const char *));
        break;
    case 'c':
        put_char(out, conversion, (char)va_arg(out->args, int));
        break;
    case 'd':
        put_signed(out, conversion,
                   conversion->is_long ? va_arg(out->args, int64_t) : va_arg(out->args, int));
        break;
    case 'u':
    case 'x':
        put_number(out, conversion, "",
                   conversion->is_long ? va_arg(out->args, uint64_t) : va_arg(out->args, unsigned),
                   conversion->kind == 'u' ? 10 : 16);
        break;
    case 'p':
        put_number(out, conversion, "0x", (uintptr_t)va_arg(out->args, void *), 16);
        break;
    default: /* %% */
        put(out, '%');
        break;
    }
}

// NOLINTEND(clang-analyzer-valist.Uninitialized)

int log_vformat(char *buffer, size_t bytes, const char *format, va_list args) {
    struct output out = { .buffer = buffer, .bytes = bytes };

    va_copy(out.args, args);
    while (*format != '\0') {
        char c = *format++;
        if (c == '%') {
            struct conversion conversion = parse_conversion(&out, &format);
            put_conversion(&out, &conversion);
        } else {
            put(&out, c);
        }
    }
    va_end(out.args);
    if (bytes > 0)
        buffer[out.length < bytes ? out.length : bytes - 1] = '\0';
    return (int)out.length;
}

int log_format(char *buffer, size_t bytes, const char *format, ...) {
    va_list args;

    va_start(args, format);
    int length = log_vformat(buffer, bytes, format, args);
    va_end(args);
    return length;
}
