#define _GNU_SOURCE /* pipe2() */
#include "harness.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* What one pipe from the child has brought. */
struct stream {
    int fd; /* -1 after its end */
    char *text;
    size_t length, room;
};

struct qemu {
    pid_t pid;   /* also its process group; 0 after its end was seen */
    int status;  /* when pid is 0 */
    int input;   /* to the console */
    size_t seen; /* position in console.text after the last expected text */
    struct stream console, errors;
};

static const char *const all_settings[] = { "CORES", "MEM",     "FIRMWARE",   "SCRIPT", "TIMEOUT",
                                            "SCHED", "CMDLINE", "QEMU_EXTRA", "ISO",    "GUI",
                                            "GDB",   "RECORD",  "REPLAY",     "TRACE",  "IOMMU" };

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* Fails the running test with all that is known. */
static _Noreturn void fail(struct qemu *q, const char *what, const char *detail) {
    static char report[1 << 16]; /* outlives the stack, which cr_assert_fail() leaves at once */
    size_t skip = q->console.length > sizeof report / 2 ? q->console.length - sizeof report / 2 : 0;

    (void)snprintf(report, sizeof report, "%s: %s\n---- console ----\n%s\n---- errors ----\n%s----",
                   what, detail, q->console.text + skip, q->errors.text);
    qemu_stop(q);
    cr_assert_fail("%s", report);
    abort(); /* cr_assert_fail() does not return, but does not say so */
}

static void stream_open(struct stream *stream, int fd) {
    stream->fd = fd;
    stream->room = 4096;
    stream->text = malloc(stream->room);
    cr_assert_not_null(stream->text);
    stream->text[0] = '\0';
}

/* Reads what there is. Zero bytes become `?`, so that the text stays a string. */
static void stream_read(struct stream *stream) {
    if (stream->room - stream->length < 4096) {
        stream->room *= 2;
        stream->text = realloc(stream->text, stream->room);
        cr_assert_not_null(stream->text);
    }
    ssize_t count =
        read(stream->fd, stream->text + stream->length, stream->room - stream->length - 1);
    if (count <= 0) {
        if (count < 0 && errno == EINTR)
            return;
        close(stream->fd);
        stream->fd = -1;
        return;
    }
    for (ssize_t i = 0; i < count; i++)
        if (stream->text[stream->length + (size_t)i] == '\0')
            stream->text[stream->length + (size_t)i] = '?';
    stream->length += (size_t)count;
    stream->text[stream->length] = '\0';
}

static void stream_close(struct stream *stream) {
    if (stream->fd >= 0)
        close(stream->fd);
    free(stream->text);
}

/* Waits for output until `deadline`. Returns false when there will be none, or none came in time.
 */
static bool read_output(struct qemu *q, double deadline) {
    struct pollfd fds[] = { { .fd = q->console.fd, .events = POLLIN },
                            { .fd = q->errors.fd, .events = POLLIN } };
    double left = deadline - now();

    if ((fds[0].fd < 0 && fds[1].fd < 0) || left <= 0)
        return false;
    if (poll(fds, 2, (int)(left * 1000) + 1) < 0)
        return errno == EINTR;
    if (fds[0].revents != 0)
        stream_read(&q->console);
    if (fds[1].revents != 0)
        stream_read(&q->errors);
    return true;
}

static _Noreturn void run_child(const char *const settings[], const int pipes[3][2]) {
    /* Dies with the test; the group is for what tools/run.sh starts. */
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setpgid(0, 0);
    for (size_t i = 0; i < sizeof all_settings / sizeof all_settings[0]; i++)
        unsetenv(all_settings[i]);
    for (size_t i = 0; settings[i] != NULL; i++)
        putenv((char *)settings[i]);
    dup2(pipes[0][0], STDIN_FILENO);
    dup2(pipes[1][1], STDOUT_FILENO);
    dup2(pipes[2][1], STDERR_FILENO);
    execl("tools/run.sh", "tools/run.sh", (char *)NULL);
    _exit(127);
}

struct qemu *qemu_start(const char *const settings[]) {
    struct qemu *q = calloc(1, sizeof *q);
    int pipes[3][2];

    cr_assert_not_null(q);
    signal(SIGPIPE,
           SIG_IGN); /* sending to a machine that has stopped is seen in what it does not answer */
    for (int i = 0; i < 3; i++)
        cr_assert_eq(pipe2(pipes[i], O_CLOEXEC), 0);
    q->pid = fork();
    cr_assert_geq(q->pid, 0);
    if (q->pid == 0)
        run_child(settings, pipes);
    setpgid(q->pid, q->pid); /* here too: whoever comes first */
    close(pipes[0][0]);
    close(pipes[1][1]);
    close(pipes[2][1]);
    q->input = pipes[0][1];
    stream_open(&q->console, pipes[1][0]);
    stream_open(&q->errors, pipes[2][0]);
    return q;
}

void qemu_expect(struct qemu *q, const char *text, unsigned seconds) {
    double deadline = now() + seconds;

    for (;;) {
        const char *found = strstr(q->console.text + q->seen, text);
        if (found != NULL) {
            q->seen = (size_t)(found - q->console.text) + strlen(text);
            return;
        }
        if (!read_output(q, deadline))
            fail(q, "the console never showed", text);
    }
}

void qemu_send(struct qemu *q, const char *text) {
    size_t length = strlen(text);
    if (write(q->input, text, length) != (ssize_t)length && errno != EPIPE)
        fail(q, "cannot type on the console", strerror(errno));
}

int qemu_wait_exit(struct qemu *q, unsigned seconds) {
    double deadline = now() + seconds;
    int status = 0;

    while (read_output(q, deadline)) {
    }
    if (q->pid == 0)
        return q->status;
    /* Its pipes are closed, so it has ended or is about to; if it is not, time is up. */
    while (waitpid(q->pid, &status, WNOHANG) == 0) {
        if (now() >= deadline)
            fail(q, "still running after the time allowed", "tools/run.sh");
        (void)poll(NULL, 0, 10);
    }
    q->pid = 0;
    q->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return q->status;
}

const char *qemu_console(const struct qemu *q) { return q->console.text; }

const char *qemu_errors(const struct qemu *q) { return q->errors.text; }

void qemu_stop(struct qemu *q) {
    if (q->pid != 0) {
        kill(-q->pid, SIGKILL);
        waitpid(q->pid, NULL, 0);
    }
    close(q->input);
    stream_close(&q->console);
    stream_close(&q->errors);
    free(q);
}
