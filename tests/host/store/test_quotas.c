/* Arguments of the program. */
#include "fixture.h"
#include "quotas.h"

Test(quotas, arguments_give_quotas_and_managers) {
    char label[LABEL_MAX] = "ramdisk0";

    cr_assert(quotas_add("manager"));
    cr_assert(quotas_add("test-*"));
    cr_assert(quotas_add("quota:8/4M/ramdisk*"));
    cr_assert(quotas_add("quota:3/64K/*"));
    cr_assert_eq(quota_of(label)->records, 8);
    cr_assert_eq(quota_of(label)->bytes, 4 << 20);
    cr_assert_not(label_manages(label));
    memcpy(label, "test-x", 7);
    cr_assert_eq(quota_of(label)->bytes, 64 << 10);
    cr_assert(label_manages(label));
}

Test(quotas, nonsense_is_refused) {
    static const char *const nonsense[] = { "quota:",       "quota:8",     "quota:8/4M",
                                            "quota:8/4G/x", "quota:x/4/y", "quota:8/4M/",
                                            "quota:/4/x",   "kwota:8/4M/x" };

    for (size_t i = 0; i < sizeof nonsense / sizeof nonsense[0]; i++)
        cr_assert_not(quotas_add(nonsense[i]), "%s", nonsense[i]);
}

Test(quotas, what_is_not_named_has_the_usual_one) {
    const char label[LABEL_MAX] = "driver";

    cr_assert_eq(quota_of(label)->records, QUOTA_RECORDS);
    cr_assert_eq(quota_of(label)->bytes, QUOTA_BYTES);
}
