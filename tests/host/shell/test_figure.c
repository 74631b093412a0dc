/* Figures of benchmarks. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <unistd.h>

#include "figure.h"

static struct figure figure;

static void fill(const uint64_t *samples, size_t count) {
    figure = (struct figure){ .name = "x" };
    for (size_t i = 0; i < count; i++)
        figure_add(&figure, samples[i]);
}

static void expect_quartiles(const uint64_t expected[5]) {
    for (unsigned i = 0; i <= 4; i++)
        cr_assert_eq(figure_quartile(&figure, i), expected[i], "quartile %u is %lu", i,
                     figure_quartile(&figure, i));
}

Test(figure, quartiles_are_samples_by_rank) {
    fill((const uint64_t[]){ 50, 10, 40, 20, 30 }, 5);
    expect_quartiles((const uint64_t[]){ 10, 20, 30, 40, 50 });
    fill((const uint64_t[]){ 7 }, 1);
    expect_quartiles((const uint64_t[]){ 7, 7, 7, 7, 7 });
    fill((const uint64_t[]){ 2, 1 }, 2);
    expect_quartiles((const uint64_t[]){ 1, 1, 2, 2, 2 });
}

Test(figure, large_samples_are_ordered_by_value) {
    fill((const uint64_t[]){ UINT64_MAX, 0, UINT64_C(1) << 40 }, 3);
    expect_quartiles(
        (const uint64_t[]){ 0, UINT64_C(1) << 40, UINT64_C(1) << 40, UINT64_MAX, UINT64_MAX });
}

Test(figure, takes_no_more_samples_than_fit) {
    figure = (struct figure){ .name = "x" };
    for (size_t i = 0; i < FIGURE_SAMPLES + 5; i++)
        figure_add(&figure, i);
    cr_assert_eq(figure.count, FIGURE_SAMPLES);
}
