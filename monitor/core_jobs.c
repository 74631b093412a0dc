#include "core_jobs.h"

#include <stdio.h>
#include <string.h>

#include <bulkhead/error.h>
#include <runtime/cores.h>
#include <runtime/event.h>
#include <runtime/startup.h>

#include "agreement.h"
#include "cores.h"

/* Intel SDM vol. 3, 9.4.4.1: INIT, 10 ms, STARTUP, 200 us, STARTUP. */
#define RESET_PAUSE   (10 * TIME_MILLISECOND)
#define STARTUP_PAUSE (200 * TIME_MICROSECOND)

/*
 * Generous: a virtual machine may have many more cores than the real one. A core that comes later
 * than that rests.
 */
#define START_TIMEOUT  (30 * TIME_SECOND)
#define REPORT_TIMEOUT (1 * TIME_SECOND)
#define REST_TIMEOUT   (5 * TIME_SECOND)
#define POLL           (1 * TIME_MILLISECOND)
#define REST_ATTEMPTS  3

#define REPORT_BYTES 4096

enum stage {
    STAGE_NONE,
    STAGE_TURN,    /* to start: another monitor is starting a core */
    STAGE_AGREE,   /* the others are asked */
    STAGE_AGREED,  /* they have answered */
    STAGE_RESET,   /* INIT has been sent */
    STAGE_STARTUP, /* and STARTUP, once */
    STAGE_HELLO,   /* waiting for the core to say so */
    STAGE_REPORT,  /* to fence: NMI has been sent */
    STAGE_REST,    /* waiting for it to say that it rests */
};

/* A core is started and another fenced independently of each other: nobody waits for a start. */
struct job {
    struct event_alarm alarm; /* first: it is found by it */
    core_set_t queue;         /* what is to be done next */
    enum stage stage;
    bool fences;   /* else it starts the core */
    bool too_late; /* fences a core that did not come up in time: nobody waits for the outcome */
    uint32_t core;
    bool rests;           /* to start: it has been seen to rest */
    uint16_t incarnation; /* that it is to have */
    int agreed;           /* whether the others have */
    unsigned attempts;
    uint64_t deadline;
};

static struct job starting, fencing;
static core_set_t stopped; /* whose instances have said so, since they were started */
static bool booting;

static void advance(struct event_alarm *alarm);
static void reset(struct job *job);

static void wait(struct job *job, enum stage stage, uint64_t nanoseconds) {
    job->stage = stage;
    event_alarm_set(&job->alarm, nanoseconds, advance);
}

static void done(struct job *job) { wait(job, STAGE_NONE, 0); }

/* ---- To start a core ---- */

static bool take_turn(void) {
    uint32_t nobody = 0;
    return atomic_compare_exchange_strong(&machine_view()->starter, &nobody, machine_self() + 1);
}

/* If it is this core's: a core that it waits to start may come up because another has started it.
 */
static void end_turn(void) {
    uint32_t self = machine_self() + 1;
    atomic_compare_exchange_strong(&machine_view()->starter, &self, 0);
}

static void start_failed(struct job *job, const char *why) {
    printf("core %u cannot be started: %s\n", job->core, why);
    end_turn();
    cores_start_failed(job->core);
    done(job);
}

/* This core has something else to agree on just now. */
static void try_later(struct job *job) {
    end_turn();
    wait(job, STAGE_TURN, RESET_PAUSE);
}

/* With a number that every member knows to be given to this start of the core. */
static void ask(struct job *job) {
    job->incarnation = cores_next_incarnation(job->core);
    if (job->incarnation == 0) {
        start_failed(job, "it is lost, or was started too often");
        return;
    }
    struct operation operation = { .kind = OPERATION_START,
                                   .key = job->core,
                                   .argument = { job->incarnation } };
    job->stage = STAGE_AGREE;
    int error = cores_agree(&operation);
    if (error == -E_BUSY)
        try_later(job);
    else if (error)
        start_failed(job, error_text(error));
}

static void start(struct job *job) {
    if (take_turn())
        ask(job);
    else
        wait(job, STAGE_TURN, RESET_PAUSE);
}

static void build(struct job *job) {
    int error = launch_build(job->core, job->incarnation - 1U);

    if (!error)
        error = launch_reset(job->core);
    if (error) {
        start_failed(job, error_text(error));
        return;
    }
    stopped &= ~core_bit(job->core);
    cores_expect(job->core, job->incarnation);
    wait(job, STAGE_RESET, RESET_PAUSE);
}

/*
 * Whatever is known of the core: nothing is written to its memory before it has been seen to rest.
 */
static void stop_first(struct job *job) {
    if (job->agreed) {
        start_failed(job, error_text(job->agreed));
        return;
    }
    job->attempts = 0;
    launch_revoke(job->core);
    reset(job);
}

/* What the agreement tells must not call back into it: so later. */
void job_agreed(int result) {
    if (starting.stage != STAGE_AGREE)
        return;
    starting.agreed = result;
    wait(&starting, STAGE_AGREED, 0);
}

/* It may still come: it is not to find a ticket, nor to go on if it has taken it. */
static void give_up(struct job *job) {
    printf("core %u did not come up in time\n", job->core);
    cores_expect(job->core, 0);
    cores_start_failed(job->core);
    launch_revoke(job->core);
    job->fences = job->too_late = true;
    job->attempts = 0;
    launch_forget_rest();
    launch_reset(job->core);
    wait(job, STAGE_RESET, RESET_PAUSE);
}

void job_started(uint32_t core) {
    stopped &= ~core_bit(core); /* that was another incarnation */
    if (!job_awaits(core))
        return;
    end_turn();
    done(&starting);
}

/* ---- To fence one ---- */

/* Its own report, from its first line on; the text before is the log of its life. */
static void print_report(uint32_t core) {
    static char text[REPORT_BYTES];
    char title[32];
    const char *report = NULL;

    if (launch_read_log(core, text, sizeof text))
        return;
    snprintf(title, sizeof title, "core %u stopped\n", core);
    for (const char *at = text; (at = strstr(at, title)) != NULL; at++)
        report = at;
    if (report != NULL)
        printf("%s", report);
    else
        printf("core %u left no report\n", core);
}

static void fence_done(struct job *job, bool acknowledged) {
    uint32_t core = job->core;

    if (acknowledged && (!job->too_late || core_in(stopped, core)))
        print_report(core);
    if (!acknowledged)
        printf("core %u does not acknowledge that it stopped: its memory is lost\n", core);
    if (job->too_late)
        end_turn();
    else
        cores_fenced(core, acknowledged);
    done(job);
}

/* INIT of the boot processor resets a PC: what its instance says has to do. */
static void reset(struct job *job) {
    if (job->core == 0) {
        fence_done(job, core_in(stopped, 0));
        return;
    }
    job->attempts++;
    launch_forget_rest();
    launch_reset(job->core);
    wait(job, STAGE_RESET, RESET_PAUSE);
}

static void await_report(struct job *job) {
    if (core_in(stopped, job->core) || time_now() >= job->deadline)
        reset(job);
    else
        wait(job, STAGE_REPORT, POLL);
}

static void await_rest(struct job *job) {
    bool rests = launch_rests(job->core);

    if (!rests && time_now() < job->deadline) {
        wait(job, STAGE_REST, POLL);
    } else if (!rests && job->attempts < REST_ATTEMPTS) {
        reset(job);
    } else if (job->fences) {
        fence_done(job, rests);
    } else if (rests) {
        job->rests = true;
        build(job);
    } else {
        start_failed(job, "it does not react");
    }
}

static void fence(struct job *job) {
    launch_revoke(job->core);
    job->attempts = 0;
    job->deadline = time_now() + REPORT_TIMEOUT;
    if (!core_in(stopped, job->core))
        core_interrupt(job->core, CORE_NMI, 0);
    await_report(job);
}

/* ---- One after the other ---- */

static void next(struct job *job) {
    if (job->queue == 0) {
        if (booting && job == &starting) {
            booting = false;
            cores_boot_done();
        }
        return;
    }
    job->core = core_next(job->queue, 0);
    job->queue &= ~core_bit(job->core);
    job->fences = job == &fencing;
    job->too_late = job->rests = false;
    if (job->fences)
        fence(job);
    else
        start(job);
}

static void startup_sent(struct job *job) {
    launch_startup(job->core);
    job->deadline = time_now() + REST_TIMEOUT;
    if (job->fences || !job->rests)
        wait(job, STAGE_REST, POLL);
    else
        wait(job, STAGE_HELLO, START_TIMEOUT);
}

static void advance(struct event_alarm *alarm) {
    struct job *job = (struct job *)alarm;

    switch (job->stage) {
    case STAGE_NONE:
        next(job);
        break;
    case STAGE_TURN:
        start(job);
        break;
    case STAGE_AGREE:
        break; /* job_agreed() goes on */
    case STAGE_AGREED:
        stop_first(job);
        break;
    case STAGE_RESET:
        launch_startup(job->core);
        wait(job, STAGE_STARTUP, STARTUP_PAUSE);
        break;
    case STAGE_STARTUP:
        startup_sent(job);
        break;
    case STAGE_HELLO:
        give_up(job);
        break;
    case STAGE_REPORT:
        await_report(job);
        break;
    case STAGE_REST:
        await_rest(job);
        break;
    }
}

static void add(struct job *job, core_set_t cores) {
    job->queue |= cores;
    if (job->stage == STAGE_NONE)
        done(job);
}

void job_boot(core_set_t cores) {
    booting = true;
    add(&starting, cores);
}

int job_start(uint32_t core) {
    if (core_in(starting.queue, core) || job_awaits(core))
        return -E_BUSY;
    add(&starting, core_bit(core));
    return 0;
}

void job_fence(uint32_t core) { add(&fencing, core_bit(core)); }

bool job_awaits(uint32_t core) {
    return starting.stage != STAGE_NONE && !starting.fences && starting.core == core;
}

bool job_has_built(uint32_t core) { return job_awaits(core) && starting.rests; }

uint16_t job_incarnation(void) { return starting.incarnation; }

bool job_fences(uint32_t core) {
    return core_in(fencing.queue, core) || (fencing.stage != STAGE_NONE && fencing.core == core);
}

/* Who was starting a core, and is gone, does so no more. */
void job_cores_gone(core_set_t gone) {
    for_each_core(core, gone) {
        uint32_t starter = core + 1;
        atomic_compare_exchange_strong(&machine_view()->starter, &starter, 0);
    }
}

void job_has_stopped(uint32_t core) {
    stopped |= core_bit(core);
    if (starting.stage == STAGE_HELLO && starting.core == core)
        event_alarm_set(&starting.alarm, 0, advance);
}
