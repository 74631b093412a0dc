/* Source: ACPI Specification 6.5, 20.2 (AML grammar), 7.4.2 (the \_Sx packages). */
#include "aml.h"

enum aml_op {
    AML_ZERO = 0x00,
    AML_ONE = 0x01,
    AML_NAME = 0x08,
    AML_BYTE = 0x0a,
    AML_WORD = 0x0b,
    AML_DWORD = 0x0c,
    AML_PACKAGE = 0x12,
    AML_ROOT = '\\',
};

#define SLEEP_TYPE_MAX 7

/* Unread AML. Taking more than there is sets `at` to NULL, for good, and yields 0. */
struct aml_input {
    const uint8_t *at, *end;
};

static uint32_t take(struct aml_input *input, size_t bytes) {
    uint32_t value = 0;

    if (input->at == NULL || (size_t)(input->end - input->at) < bytes) {
        input->at = NULL;
        return 0;
    }
    for (size_t i = 0; i < bytes; i++)
        value |= (uint32_t)*input->at++ << 8 * i;
    return value;
}

/*
 * Narrows the input to the package whose length field comes next (20.2.4: the top two bits of its
 * first byte are the number of bytes that follow; the length counts itself).
 */
static void enter_package(struct aml_input *input) {
    const uint8_t *start = input->at;
    uint32_t lead = take(input, 1), more = lead >> 6;
    uint32_t length = more == 0 ? lead : (lead & 0xf) | take(input, more) << 4;

    if (input->at == NULL || length < more + 1 || length > (size_t)(input->end - start))
        input->at = NULL;
    else
        input->end = start + length;
}

static uint32_t take_integer(struct aml_input *input) {
    switch (take(input, 1)) {
    case AML_ZERO:
        return 0;
    case AML_ONE:
        return 1;
    case AML_BYTE:
        return take(input, 1);
    case AML_WORD:
        return take(input, 2);
    case AML_DWORD:
        return take(input, 4);
    default: /* not a constant */
        input->at = NULL;
        return 0;
    }
}

/* `input` begins right behind a NameOp. */
static bool parse_s5(struct aml_input input, int16_t *a, int16_t *b) {
    static const char name[] = { '_', 'S', '5', '_' };

    if (input.at < input.end && *input.at == AML_ROOT)
        input.at++;
    for (size_t i = 0; i < sizeof name; i++)
        if (take(&input, 1) != (uint8_t)name[i])
            return false;
    if (take(&input, 1) != AML_PACKAGE)
        return false;
    enter_package(&input);
    uint32_t elements = take(&input, 1);
    uint32_t first = elements > 0 ? take_integer(&input) : SLEEP_TYPE_MAX + 1;
    uint32_t second = elements > 1 ? take_integer(&input) : 0;
    if (input.at == NULL || first > SLEEP_TYPE_MAX || second > SLEEP_TYPE_MAX)
        return false;
    *a = (int16_t)first;
    *b = (int16_t)second;
    return true;
}

bool aml_find_s5(const uint8_t *aml, size_t bytes, int16_t *a, int16_t *b) {
    for (size_t i = 0; i < bytes; i++)
        if (aml[i] == AML_NAME && parse_s5((struct aml_input){ aml + i + 1, aml + bytes }, a, b))
            return true;
    return false;
}
