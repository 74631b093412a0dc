/* Memory moves between cores, and is used; it has one owner whoever fails. */
#include "tests.h"

#include <runtime/kcall.h>
#include <runtime/startup.h>

#define CORES         4
#define MIB_PER_CHUNK 2UL
#define FRAMES        512UL /* of a chunk */
#define HEAP          0x100000000000UL
#define ROUNDS        8
#define PAGE_TABLES   8
#define LENT          24UL /* chunks: for what two processes of this program may have */

static int move(uint64_t mib, uint64_t from, uint64_t to, uint64_t *moved) {
    struct message m = { .type = MONITOR_MEMORY_MOVE, .arg = { mib, 0, 0, 0, from, to } };
    int error = ipc_request(runtime_monitor(), &m);

    *moved = m.arg[0];
    return error;
}

static void expect_move(uint64_t mib, uint64_t from, uint64_t to, int expected, const char *what) {
    uint64_t moved;
    int result = move(mib, from, to, &moved);

    tap_is(result, expected, "%s: %lu MiB from core %lu to core %lu", what, mib, from, to);
    tap_is((int64_t)moved, result ? 0 : (int64_t)mib, "%s: that much moves", what);
}

/* Frames of a core's partition, whatever their state. */
static uint64_t frames_of(uint32_t core) {
    struct memory_info memory = { 0 };
    uint64_t frames = 0;

    if (core_getinfo(core, INFO_MEMORY, &memory, sizeof memory))
        return 0;
    for (unsigned state = FRAME_ABSENT + 1; state < FRAME_STATE_COUNT; state++)
        frames += memory.frames[state];
    return frames;
}

static uint64_t frames_of_all(void) {
    uint64_t frames = 0;

    for (uint32_t core = 0; core < CORES; core++)
        frames += frames_of(core);
    return frames;
}

/* What the monitors say that cores own. */
static uint64_t bytes_said(uint32_t core) {
    struct monitor_core cores[CORES_MAX];

    return cores_list(cores, CORES_MAX, NULL) > (int)core ? cores[core].memory_bytes : 0;
}

static void expect_frames(uint32_t core, uint64_t frames, const char *when) {
    tap_is((int64_t)frames_of(core), (int64_t)frames, "core %u has its frames %s", core, when);
    tap_is((int64_t)bytes_said(core), (int64_t)(frames * PAGE_SIZE), "as is said of core %u %s",
           core, when);
}

/* "fill": maps and writes as much memory as its quota has, and stays; or ends with 2. */
int part_fill(void) {
    struct process_info self = { 0 };
    struct message m;

    if (getinfo(INFO_PROCESS, &self, sizeof self, ENDPOINT_SELF, NULL, NULL))
        return 2;
    uint64_t frames = self.frames_quota - self.frames;
    uint64_t bytes = (frames - frames / FRAMES - PAGE_TABLES) * PAGE_SIZE;
    if (mem_map(ENDPOINT_SELF, HEAP, bytes, PROT_READ | PROT_WRITE))
        return 2;
    for (uint64_t at = HEAP; at < HEAP + bytes; at += PAGE_SIZE)
        *(volatile uint64_t *)at = at;
    for (uint64_t at = HEAP; at < HEAP + bytes; at += PAGE_SIZE)
        if (*(volatile uint64_t *)at != at)
            return 2;
    return ipc_receive(ENDPOINT_KERNEL, &m);
}

static uint64_t free_frames(uint32_t core) {
    struct memory_info memory = { 0 };

    core_getinfo(core, INFO_MEMORY, &memory, sizeof memory);
    return memory.frames[FRAME_FREE];
}

/* Until nothing changes there any more. */
static uint64_t settled_frames(uint32_t core) {
    uint64_t before, now = free_frames(core);

    do {
        struct message m;
        before = now;
        alarm_set(50 * TIME_MILLISECOND, NULL);
        ipc_receive(ENDPOINT_KERNEL, &m);
        now = free_frames(core);
    } while (now != before);
    return now;
}

/* A process on a core uses memory that has come from another: there is not enough else. */
static void use(uint32_t core, uint64_t foreign) {
    static const char args[] = "test-cores\0fill";
    uint64_t before = settled_frames(core);
    endpoint_t child;

    tap_is(core_spawn(core, args, sizeof args, 2, &child), 0, "a process on core %u", core);
    uint64_t left = settled_frames(core);
    tap_ok(before > foreign && left < foreign, "uses frames of other cores: %lu of %lu",
           foreign - left, foreign);
    check_all("while memory of other cores is in use");
    struct message m = { .type = MONITOR_KILL, .arg = { child } };
    tap_is(ipc_request(runtime_monitor(), &m), 0, "it ends");
    tap_is(await_end(child), 1, "because it was killed, and not before");
    tap_is((int64_t)settled_frames(core), (int64_t)before, "then all of it is free again");
}

static void test_refusals(void) {
    expect_move(0, 0, 1, -E_INVAL, "nothing");
    expect_move(3, 0, 1, -E_INVAL, "half a chunk");
    expect_move(2, 1, 1, -E_INVAL, "nowhere");
    expect_move(2, 0, CORES, -E_NOENT, "to no core");
    expect_move(2, CORES, 0, -E_NOENT, "from no core");
}

/* A core gives all that it can spare, gets some of another, and uses that; then all goes back. */
static void test_all_that_is_free(void) {
    uint64_t own = frames_of(3), first = frames_of(1), second = frames_of(2), moved = 0, back = 0;
    int error = move(1 << 20, 3, 1, &moved);

    tap_ok(error == -E_NOMEM || error == -E_QUOTA || error == -E_NOSLOT,
           "a core gives no more than it can spare: %lu MiB, then %d", moved, error);
    tap_ok(moved >= 64, "but much");
    expect_frames(3, own - moved / MIB_PER_CHUNK * FRAMES, "after it has given all");
    expect_move(LENT * MIB_PER_CHUNK, 2, 3, 0, "some of another core");
    check_all("with little but memory of another core");
    use(3, LENT * (FRAMES - 1));
    expect_move(LENT * MIB_PER_CHUNK, 3, 2, 0, "back");
    tap_is(move(moved, 1, 3, &back), 0, "all of it comes back");
    expect_frames(1, first, "again");
    expect_frames(2, second, "again");
    expect_frames(3, own, "again");
    check_all("after all has moved back");
}

/* Who has memory of another core fails: it has it when it starts again. */
static void test_owner_fails(enum core_control how, const char *what) {
    uint64_t here = frames_of(1), there = frames_of(2), all = frames_of_all();

    expect_move(8, 1, 2, 0, what);
    tap_is(core_control(how, 2), 0, "%s: who got it stops", what);
    expect_move(2, 1, 2, -E_NOENT, "to a core that is off");
    expect_frames(1, here - 4 * FRAMES, what);
    tap_is(core_control(CORE_CONTROL_START, 2), 0, "%s: it starts again", what);
    expect_frames(2, there + 4 * FRAMES, what);
    tap_is(core_control(how, 1), 0, "%s: who gave it stops", what);
    tap_is(core_control(CORE_CONTROL_START, 1), 0, "%s: it starts again", what);
    expect_frames(1, here - 4 * FRAMES, what);
    tap_is((int64_t)frames_of_all(), (int64_t)all, "%s: nothing is lost or twice there", what);
    check_all("with memory that has moved, after starts");
    expect_move(8, 2, 1, 0, what);
    expect_frames(1, here, "again");
    expect_frames(2, there, "again");
    check_all("with memory that has moved back, after starts");
}

/* "shuffle": moves memory between cores 1 and 2, whatever comes of it, until it is ended. */
int part_shuffle(void) {
    uint64_t moved;

    for (uint64_t round = 0;; round++) {
        struct message m;
        move(2 + 2 * (round % 5), 1 + round % 2, 2 - round % 2, &moved);
        alarm_set(TIME_MILLISECOND / 10, NULL);
        ipc_receive(ENDPOINT_KERNEL, &m);
    }
}

/* Cores fail at any moment of a move. */
static void test_failures_meanwhile(void) {
    static const char args[] = "test-cores\0shuffle";
    uint64_t all = frames_of_all();
    endpoint_t child;

    tap_is(core_spawn(3, args, sizeof args, 2, &child), 0, "memory moves to and fro");
    for (unsigned round = 0; round < ROUNDS; round++) {
        uint32_t core = 1 + round % 2;
        struct message m;
        alarm_set(TIME_MILLISECOND + round * (77 * TIME_MICROSECOND), NULL);
        ipc_receive(ENDPOINT_KERNEL, &m);
        tap_is(core_control(CORE_CONTROL_FENCE, core), 0, "core %u is fenced meanwhile", core);
        tap_is(core_control(CORE_CONTROL_START, core), 0, "core %u starts again", core);
    }
    struct message m = { .type = MONITOR_KILL, .arg = { child } };
    tap_is(ipc_request(runtime_monitor(), &m), 0, "nothing moves any more");
    await_end(child);
    settled_frames(1);
    settled_frames(2);
    check_all("after failures in the middle of moves");
    tap_is((int64_t)frames_of_all(), (int64_t)all, "no chunk is lost, none has two owners");
    tap_is((int64_t)(bytes_said(1) + bytes_said(2)),
           (int64_t)((frames_of(1) + frames_of(2)) * PAGE_SIZE), "as all say");
}

void test_chunks(void) {
    uint64_t all = frames_of_all(), first = frames_of(0), second = frames_of(1);

    test_refusals();
    expect_move(4, 0, 1, 0, "memory");
    expect_frames(0, first - 2 * FRAMES, "less what has moved");
    expect_frames(1, second + 2 * FRAMES, "and what has moved");
    check_all("after memory has moved");
    expect_move(2, 1, 3, 0, "on to a third");
    expect_move(2, 3, 0, 0, "and home from there");
    expect_move(2, 1, 0, 0, "the rest as well");
    expect_frames(0, first, "again");
    expect_frames(1, second, "again");
    check_all("after memory has moved around");
    test_all_that_is_free();
    test_owner_fails(CORE_CONTROL_STOP, "stopped");
    test_owner_fails(CORE_CONTROL_FENCE, "fenced");
    test_failures_meanwhile();
    tap_is((int64_t)frames_of_all(), (int64_t)all, "all partitions together are as before");
}
