#include "two.h"

void zero_make(uint8_t *page);
void one_make(uint8_t *page);

struct two_side two[2];

void two_make(uint8_t *page) {
    zero_make(page);
    one_make(page);
}
