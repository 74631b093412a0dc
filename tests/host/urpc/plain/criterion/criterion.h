/*
 * As much of Criterion as the tests of threads use, for builds in which Criterion itself cannot
 * run: it maps memory where ThreadSanitizer has its own.
 */
#ifndef TESTS_HOST_URPC_PLAIN_CRITERION_H
#define TESTS_HOST_URPC_PLAIN_CRITERION_H

struct plain_test {
    const char *suite, *name;
    void (*run)(void);
    struct plain_test *next;
};

void plain_register(struct plain_test *test);

/* Criterion's options, such as .timeout, mean nothing here. */
#define Test(test_suite, test_name, ...)                                                          \
    static void test_suite##_##test_name(void);                                                   \
    __attribute__((constructor)) static void register_##test_suite##_##test_name(void) {          \
        static struct plain_test test = { #test_suite, #test_name, test_suite##_##test_name, 0 }; \
        plain_register(&test);                                                                    \
    }                                                                                             \
    static void test_suite##_##test_name(void)

#endif
