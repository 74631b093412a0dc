/*
 * Tests that drive a whole machine: QEMU, started by tools/run.sh, with the guest's serial console
 * on pipes.
 *
 *     struct qemu *q = qemu_start((const char *const[]){"FIRMWARE=uefi", NULL});
 *     qemu_expect(q, PROMPT, BOOT_SECONDS);
 *     qemu_send(q, "poweroff\r");
 *     cr_expect_eq(qemu_wait_exit(q, 10), 0);
 *     qemu_stop(q);
 *
 * Each function ends the running test, with all that the guest wrote, when what it waits for does
 * not happen. QEMU never outlives the test, however that ends. Times are generous: the machine may
 * be slow and busy.
 */
#ifndef TESTS_BOOT_HARNESS_H
#define TESTS_BOOT_HARNESS_H

#define PROMPT       "bulkhead> "
#define BOOT_SECONDS 60 /* from power-on to the prompt */

struct qemu;

/*
 * Runs tools/run.sh with these settings ("KEY=value", the list ends with NULL) and no others,
 * except ACCEL of the environment, so that all tests can be run with KVM. Never returns NULL; the
 * caller ends it with qemu_stop().
 */
struct qemu *qemu_start(const char *const settings[]);

/*
 * Waits until the console shows `text` after what was waited for before. Ends the test when it does
 * not within `seconds`.
 */
void qemu_expect(struct qemu *q, const char *text, unsigned seconds);

/* Types `text` on the console. */
void qemu_send(struct qemu *q, const char *text);

/*
 * Waits until tools/run.sh has ended and returns its exit status, or 128 plus the signal that
 * killed it. Ends the test when it has not ended within `seconds`.
 */
int qemu_wait_exit(struct qemu *q, unsigned seconds);

/* All that came from the console (or the standard error of tools/run.sh) so far, zero-terminated;
 * valid until the next call. */
const char *qemu_console(const struct qemu *q);
const char *qemu_errors(const struct qemu *q);

/* Kills what still runs and frees everything. */
void qemu_stop(struct qemu *q);

#endif
