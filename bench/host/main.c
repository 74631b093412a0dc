/*
 * Channels beside their peers: host-bench [OPTION...]
 *   -r ROUNDS        at least so many (20)
 *   -s SECONDS       for as long more rounds, while a placement has seen fewer than ROUNDS (120)
 *   -t MICROSECONDS  how long a sample takes (3000)
 *   -p A,B,...       processors to use, in all pairs (all)
 *   -n SLOTS         of queues, where it is not their size that is varied (128)
 *   -f FIGURE        this figure only: rtt, rate, rate_batch or bulk
 *   -o               at ordinary priority, else at a real-time one if that is permitted
 *   -a               figures with and without pausing, not only the better ones
 *   -d FILE          writes distributions of round trips there
 *
 * In each round every transport does each of its works once, for a few milliseconds, on one pair of
 * processors. Directly before and after each sample the raw round trip is measured. In a virtual
 * machine the processors move under us, so it is that which says how they were placed; a sample
 * during which they moved is dropped and taken again. So all transports see the same, and each
 * figure is one of a placement.
 *
 * Prints a line `BENCH ...` for every figure, and on standard error what a reader has to know.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"
#include "pair.h"
#include "series.h"

#define SLOTS_LEAST    4U
#define SLOTS_MOST     4096U
#define BYTES_LEAST    256U
#define BYTES_MOST     65536U
#define PROCESSORS_MAX 64
#define PAIRS_MAX      (PROCESSORS_MAX * (PROCESSORS_MAX - 1) / 2)
#define PLANS_MAX      2048U
#define ATTEMPTS       4
#define RAW_PINGS      400U
#define LATENCIES      1000U
#define COUNT_LEAST    BENCH_BATCH
#define CALIBRATIONS   8
#define CALIBRATION_NS 50e6

/*
 * Between hyperthreads a raw round trip is faster than this, and between cores slower, in virtual
 * machines whose processors move. Between them lie a factor of four and more.
 */
#define NEAR_NS 180

int bench_pause;

enum work { PING, STREAM, STREAM_BATCH, BULK };

/* One thing that is measured once in a round. */
struct plan {
    const struct transport *transport;
    enum work work;
    unsigned slots, bytes;
    int pause;      /* -1: does not apply */
    uint64_t count; /* of messages in a sample; follows their speed */
};

static const struct {
    const char *name, *unit;
} figures[] = {
    [PING] = { "rtt", "ns" },
    [STREAM] = { "rate", "Mmsg/s" },
    [STREAM_BATCH] = { "rate_batch", "Mmsg/s" },
    [BULK] = { "bulk", "GB/s" },
};

static struct plan plans[PLANS_MAX];
static unsigned plan_count;

static struct {
    unsigned rounds;
    unsigned seconds;
    unsigned sample; /* microseconds */
    unsigned slots;  /* of queues, where it is not their size that is varied */
    const char *distributions;
    int ordinary;       /* priority */
    const char *figure; /* measured alone; NULL: all */
    int both;           /* figures with and without pausing are printed, not only the better ones */
    int processors[PROCESSORS_MAX];
    int count;
} options = { .rounds = 20, .seconds = 120, .sample = 3000, .slots = 128 };

static int pairs[PAIRS_MAX][2];
static unsigned pair_count;
static double ticks_per_ns;
static int siblings; /* is the present pair one of hyperthreads of a core? PAIR_UNKNOWN */
static unsigned dropped;

void bench_fail(const char *what) {
    perror(what);
    exit(EXIT_FAILURE);
}

/* ---- one sample */

struct run {
    const struct plan *plan;
    uint64_t count;
    uint32_t *ticks;
    uint64_t sum;
};

static void run_side(unsigned side, void *context) {
    struct run *run = context;
    const struct transport *transport = run->plan->transport;
    uint64_t sum = 0;

    switch (run->plan->work) {
    case PING:
        transport->ping(side, run->count, side == 0 ? run->ticks : NULL);
        break;
    case STREAM:
        sum = transport->stream(side, run->count);
        break;
    case STREAM_BATCH:
        sum = transport->stream_batch(side, run->count);
        break;
    case BULK:
        sum = transport->bulk(side, run->plan->bytes, run->count);
        break;
    }
    if (side == 1)
        run->sum = sum;
}

/* What the receiver's sum has to be: of messages of so many words. */
static uint64_t expected_sum(uint64_t count, uint64_t words) {
    return words * (count * (count - 1) / 2) + count * (words * (words - 1) / 2);
}

/* Ticks that it takes. */
static uint64_t do_run(struct run *run) {
    const struct plan *plan = run->plan;
    uint64_t words = plan->bytes ? plan->bytes / sizeof(uint64_t) : WORK_WORDS;

    bench_pause = plan->pause > 0;
    uint64_t took = pair_run(run_side, run);
    if (plan->work != PING && run->sum != expected_sum(run->count, words)) {
        fprintf(stderr, "host-bench: %s: the messages received are not those that were sent\n",
                plan->transport->name);
        exit(EXIT_FAILURE);
    }
    return took;
}

/* Nanoseconds for `count` messages or round trips. */
static double run_plan(const struct plan *plan, uint64_t count) {
    struct run run = { .plan = plan, .count = count };

    return (double)do_run(&run) / ticks_per_ns;
}

/* The raw round trip now, in ns: the better of pausing and not. */
static double raw_now(void) {
    double best = 0;

    for (int pause = 0; pause < 2; pause++) {
        struct plan plan = { .transport = &transport_raw, .work = PING, .pause = pause };
        double ns = run_plan(&plan, RAW_PINGS) / RAW_PINGS;
        if (pause == 0 || ns < best)
            best = ns;
    }
    return best;
}

static const char *placement_of(double raw) {
    int near = siblings == PAIR_UNKNOWN ? raw < NEAR_NS : siblings;
    return near ? "hyperthreads" : "cores";
}

static double value_of(const struct plan *plan, uint64_t count, double ns) {
    switch (plan->work) {
    case PING:
        return ns / (double)count;
    case BULK:
        return (double)(plan->bytes * count) / ns; /* GB/s */
    default:
        return (double)count * 1000 / ns; /* millions of messages per second */
    }
}

static struct series *series_of_plan(const struct plan *plan, const char *placement) {
    struct series_key key = {
        .name = plan->transport->kind == RAW ? "raw_rtt" : figures[plan->work].name,
        .unit = figures[plan->work].unit,
        .transport = plan->transport->name,
        .placement = placement,
        .slots = plan->work == BULK || plan->transport->kind == RAW ? 0 : plan->slots,
        .bytes = plan->bytes,
        .processors = { -1, -1 },
        .pause = plan->pause,
    };
    return series_of(&key);
}

/* Single round trips, for the distribution. */
static void take_latencies(const struct plan *plan, struct series *series) {
    static uint32_t ticks[LATENCIES];
    struct run run = { .plan = plan, .count = plan->count / 4, .ticks = ticks };

    if (run.count > LATENCIES)
        run.count = LATENCIES;
    do_run(&run);
    for (uint64_t i = 0; i < run.count; i++)
        series_count(series, ticks[i] / ticks_per_ns);
}

/* Sets how much the next sample does, by how long the last one took: COUNT_LEAST or a multiple. */
static void adapt(struct plan *plan, double ns) {
    double factor = options.sample * 1000.0 / ns;

    if (factor > 8)
        factor = 8;
    uint64_t count = (uint64_t)((double)plan->count * factor) / COUNT_LEAST * COUNT_LEAST;
    plan->count = count < COUNT_LEAST ? COUNT_LEAST : count;
}

/* 0: a sample was taken; -1: the processors moved. */
static int take_sample(struct plan *plan) {
    uint64_t count = plan->count;
    double before = raw_now();
    double ns = run_plan(plan, count);
    double after = raw_now();

    adapt(plan, ns);
    if (placement_of(before) != placement_of(after))
        return -1;
    double raw = (before + after) / 2;
    struct series *series = series_of_plan(plan, placement_of(before));
    series_add(series, value_of(plan, count, ns), raw);
    if (plan->work == PING && plan->slots == options.slots)
        take_latencies(plan, series);
    return 0;
}

/* Not the first one on fresh memory: that one only finds out how much to do. */
static void measure(struct plan *plan) {
    int attempts = ATTEMPTS;

    if (plan->transport->open(plan->slots))
        bench_fail(plan->transport->label);
    adapt(plan, run_plan(plan, plan->count));
    while (take_sample(plan) && --attempts > 0)
        ;
    dropped += attempts == 0;
    plan->transport->close();
}

/* ---- what is measured */

static void add_plan(const struct transport *transport, enum work work, unsigned slots,
                     unsigned bytes) {
    if (options.figure && strcmp(options.figure, figures[work].name) != 0)
        return;
    for (int pause = 0; pause <= transport->relaxes; pause++) {
        if (plan_count == PLANS_MAX)
            bench_fail("too many plans");
        plans[plan_count++] = (struct plan){
            .transport = transport,
            .work = work,
            .slots = slots,
            .bytes = bytes,
            .pause = transport->relaxes ? pause : -1,
            .count = COUNT_LEAST,
        };
    }
}

static void add_plans_of(const struct transport *transport) {
    if (transport->ping)
        add_plan(transport, PING, options.slots, 0);
    if (transport->stream)
        add_plan(transport, STREAM, options.slots, 0);
    if (transport->stream_batch)
        add_plan(transport, STREAM_BATCH, options.slots, 0);
    for (unsigned slots = SLOTS_LEAST; slots <= SLOTS_MOST; slots *= 2) {
        if (transport->by_slots && slots != options.slots) {
            add_plan(transport, PING, slots, 0);
            if (transport->stream)
                add_plan(transport, STREAM, slots, 0);
        }
    }
    for (unsigned bytes = BYTES_LEAST; bytes <= BYTES_MOST; bytes *= 2)
        if (transport->bulk)
            add_plan(transport, BULK, options.slots, bytes);
}

static void make_plans(void) {
    for (const struct transport *const *each = bench_transports; *each; each++) {
        const struct transport *transport = *each;
        if (transport->open(options.slots)) {
            fprintf(stderr, "skipped: %s: %s\n", transport->label, strerror(errno));
            continue;
        }
        transport->close();
        add_plans_of(transport);
    }
    for (unsigned i = 0; i < plan_count; i++) {
        if (plans[i].transport->open(plans[i].slots))
            bench_fail(plans[i].transport->label);
        for (int k = 0; k < CALIBRATIONS; k++)
            adapt(&plans[i], run_plan(&plans[i], plans[i].count));
        plans[i].transport->close();
    }
}

/* How many samples there are at least of everything in this placement. */
static unsigned least_samples(const char *placement) {
    unsigned least = UINT32_MAX;

    for (unsigned i = 0; i < plan_count; i++) {
        unsigned size = series_size(series_of_plan(&plans[i], placement));
        least = size < least ? size : least;
    }
    return least;
}

/* ---- processors */

static void use_pair(const int *pair) {
    pair_pin(pair[0], pair[1]);
    siblings = pair_siblings(pair[0], pair[1]);
}

static void find_pairs(void) {
    if (options.count == 0)
        options.count = pair_processors(options.processors, PROCESSORS_MAX);
    for (int i = 0; i < options.count; i++) {
        for (int j = i + 1; j < options.count; j++) {
            pairs[pair_count][0] = options.processors[i];
            pairs[pair_count][1] = options.processors[j];
            pair_count += options.processors[i] != options.processors[j];
        }
    }
    if (pair_count == 0) {
        fprintf(stderr, "host-bench: two processors are needed\n");
        exit(EXIT_FAILURE);
    }
}

/* The raw round trip between every two processors, for the map. */
static void measure_map(void) {
    for (unsigned i = 0; i < pair_count * options.rounds; i++) {
        const int *pair = pairs[i % pair_count];
        use_pair(pair);
        double raw = raw_now();
        struct series_key key = {
            .name = "raw_rtt",
            .unit = "ns",
            .transport = "raw",
            .placement = placement_of(raw),
            .processors = { pair[0], pair[1] },
            .pause = -1,
        };
        series_add(series_of(&key), raw, raw);
    }
}

/* ---- the whole */

static double now_ns(void) {
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC_RAW, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static void calibrate(void) {
    double start = now_ns();
    uint64_t ticks = bench_ticks();

    while (now_ns() - start < CALIBRATION_NS)
        ;
    ticks_per_ns = (double)(bench_ticks() - ticks) / (now_ns() - start);
}

/* Rounds are enough if each placement has its share, or the time is over. */
static int is_enough(unsigned round, double began) {
    if (round < options.rounds || round < pair_count)
        return 0;
    unsigned near = least_samples("hyperthreads"), far = least_samples("cores");
    if (siblings != PAIR_UNKNOWN || (near >= options.rounds && far >= options.rounds))
        return 1;
    int seen = near >= options.rounds || far >= options.rounds;
    return seen && now_ns() - began > options.seconds * 1e9;
}

static unsigned number(const char *text) {
    char *end;
    unsigned long value = strtoul(text, &end, 10);

    if (end == text || *end != '\0' || value > INT32_MAX) {
        fprintf(stderr, "host-bench: not a number: %s\n", text);
        exit(EXIT_FAILURE);
    }
    return (unsigned)value;
}

static void read_processors(char *list) {
    for (char *item = strtok(list, ","); item; item = strtok(NULL, ","))
        if (options.count < PROCESSORS_MAX)
            options.processors[options.count++] = (int)number(item);
}

static void read_options(int argc, char **argv) {
    for (int option; (option = getopt(argc, argv, "r:s:t:p:n:f:oad:")) != -1;) {
        switch (option) {
        case 'r':
            options.rounds = number(optarg);
            break;
        case 's':
            options.seconds = number(optarg);
            break;
        case 't':
            options.sample = number(optarg);
            break;
        case 'p':
            read_processors(optarg);
            break;
        case 'n':
            options.slots = number(optarg);
            break;
        case 'f':
            options.figure = optarg;
            break;
        case 'o':
            options.ordinary = 1;
            break;
        case 'a':
            options.both = 1;
            break;
        case 'd':
            options.distributions = optarg;
            break;
        default:
            exit(EXIT_FAILURE);
        }
    }
}

static void print_distributions(void) {
    FILE *file = options.distributions ? fopen(options.distributions, "w") : NULL;

    if (!options.distributions)
        return;
    if (!file)
        bench_fail(options.distributions);
    series_print_distributions(file);
    fclose(file);
}

int main(int argc, char **argv) {
    read_options(argc, argv);
    find_pairs();
    calibrate();
    if (!pair_start(!options.ordinary) && !options.ordinary)
        fprintf(stderr, "without real-time priority: figures will be less steady\n");
    use_pair(pairs[0]);
    make_plans();
    if (pair_count > 1)
        measure_map();

    double began = now_ns();
    unsigned round = 0;
    for (; !is_enough(round, began); round++) {
        use_pair(pairs[round % pair_count]);
        for (unsigned i = 0; i < plan_count; i++)
            measure(&plans[i]);
    }
    fprintf(stderr, "%u rounds on %u pairs of processors, %.0f s; %u samples dropped\n", round,
            pair_count, (now_ns() - began) / 1e9, dropped);
    series_print(stdout, options.both);
    print_distributions();
    return EXIT_SUCCESS;
}
