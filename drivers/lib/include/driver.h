/*
 * The driver framework (thesis 3.2 and 4.1 to 4.2): a driver is a table of entry points, and writes
 * nothing but what its device needs. The event loop, the heartbeat's answer, the probe, shutdown in
 * order, interrupt lines, state for the next process, and statistics are the framework's.
 *
 *     static const struct driver echo = { .name = "echo", .request = request };
 *     int main(void) { return driver_run(&echo); }
 *
 * docs/write-a-driver.md builds a whole one. A server may use it too: its device is none.
 *
 * Entries are called one at a time, from the loop. Whichever is NULL is not needed. None of them
 * may wait for a client, nor for the device: a request that takes its time is deferred, with an
 * alarm (<runtime/event.h>) in case the device does not answer.
 */
#ifndef DRIVER_H
#define DRIVER_H

#include <stdbool.h>
#include <stddef.h>

#include <bulkhead/protocol/driver.h>
#include <runtime/event.h>

struct driver {
    /* What kind of driver it is, whatever the label of the process: at most 24 bytes. */
    const char *name;

    /*
     * Makes the driver ready: finds and initialises the device. `restarted`: a process of this
     * label was here before (known of drivers that have state; else false); restore() has been
     * called if it left any. An error is the exit status, negated.
     */
    int (*start)(bool restarted);

    /*
     * A request of a client. Returns its result, 0 or a negated error: *m becomes the reply, with
     * the arg[] that the entry leaves there; source and tag stay. Or DRIVER_LATER: the reply will
     * be given by driver_reply(), once; *m is the framework's, so what is deferred is copied.
     * Without this entry: -E_BADCALL.
     */
    int (*request)(struct message *m);

    /*
     * Interrupts came: a set of the bits of driver_irq(). Their lines are unmasked already, so that
     * what comes from now on is not lost: look at the device, not at how often you were called.
     */
    void (*irq)(uint32_t lines);

    /* A NOTIFY of a process that is not the driver manager's agent. */
    void (*notify)(endpoint_t source);

    /* The channel with a client of another core has ended: nothing is owed to it any more. */
    void (*gone)(endpoint_t client);

    /* After each event; an alarm's callback ends with driver_settle() if it is to be called. */
    void (*idle)(void);

    /*
     * Does a real request whose answer is known, on the path of all others, and compares. 0, a
     * negated error, or DRIVER_LATER: then driver_probed() says it. The device is not to be changed
     * as far as a client can see.
     */
    int (*probe)(void);

    /*
     * What the next process should know, for driver_save() and before the end: at most `room`
     * bytes. Returns how many. Not to be trusted when read again: this process may be the one that
     * fails.
     */
    size_t (*save)(void *state, size_t room);

    /*
     * What a predecessor saved last, before start(). It is whole: its checksum was right; what it
     * says is to be checked all the same. An error: it is of no use, and forgotten.
     */
    int (*restore)(const void *state, size_t bytes);

    /*
     * The driver is to end: requests that would wait for long are answered now, with -E_PEERDEAD.
     * The others go on.
     */
    void (*drain)(void);

    /* Whether there is work to do that was answered already: the end waits for it too. */
    bool (*busy)(void);

    /* Quiets the device. No request is pending, or time is over. An error is the exit status. */
    int (*shutdown)(void);
};

/* Bytes of state: what fits a record that is saved often. */
#define DRIVER_STATE_MAX 1024U

/* Of a request or a probe: its result comes later. */
#define DRIVER_LATER 1

/*
 * Runs a driver, from its start to its end. Returns the exit status of the process: 0 after an
 * orderly shutdown, else an error.
 */
int driver_run(const struct driver *driver);

/*
 * The driver cannot go on: it ends when the present entry is done, with this error (either sign) as
 * its exit status, so that another takes its place. For what a restart may mend: a device that does
 * not answer any more.
 */
void driver_fail(int error);

/* The driver contradicts itself: says how, and ends at once, with the status of abort(). */
_Noreturn void driver_panic(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * Answers a request that was deferred: *m as the entry left it (tag and all), with its result.
 * Never waits: a client that is not there for its answer loses it. Errors as of event_reply().
 */
int driver_reply(endpoint_t client, const struct message *m);

/* A deferred request will never be answered: its client is gone(). */
void driver_forget(void);

/* The result of a probe that was to come later. */
void driver_probed(int result);

/* Does what is done after each event: for callbacks of alarms, last. */
void driver_settle(void);

/*
 * Registers an interrupt line, or pci_line() of a message, and unmasks it. irq() gets bit `bit`, 0
 * to 31. Errors of IRQCTL.
 */
int driver_irq(uint32_t line, unsigned bit);

/*
 * Saves state now, for a successor that takes over without notice: after whatever changed it,
 * before the request that changed it is answered. 0 when the data store has it. -E_NOTSUP there is
 * no save entry, or no data store; -E_TOOBIG more than DRIVER_STATE_MAX; the data store's errors.
 */
int driver_save(void);

/* As DRIVER_STATISTICS tells the agent. */
struct driver_statistics driver_statistics(void);

#endif
