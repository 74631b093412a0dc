#include <runtime/block.h>

#include <string.h>

#include <runtime/grant.h>
#include <runtime/ipc.h>

/* A request whose grants are made anew for each driver that it is sent to. */
struct job {
    enum block_request type;
    uint64_t first;
    const struct block_buffer *buffers;
    size_t count;
};

static bool is_vector(const struct job *job) {
    return job->type == BLOCK_READ_VECTOR || job->type == BLOCK_WRITE_VECTOR;
}

static unsigned access_of(const struct job *job) {
    return job->type == BLOCK_WRITE || job->type == BLOCK_WRITE_VECTOR ? GRANT_READ : GRANT_WRITE;
}

/* What a driver gets to see of a job: a grant of each buffer, and one of the list of them. */
struct shown {
    struct grant_name list, buffer[BLOCK_VECTOR_MAX];
    size_t count; /* buffers granted */
    bool listed;
    struct block_piece piece[BLOCK_VECTOR_MAX];
};

static void hide(struct shown *shown) {
    if (shown->listed)
        grant_revoke(shown->list);
    for (size_t i = 0; i < shown->count; i++)
        grant_revoke(shown->buffer[i]);
}

static int show(const struct job *job, endpoint_t driver, struct shown *shown) {
    int error = 0;

    shown->count = 0;
    shown->list = (struct grant_name){ 0, 0 };
    shown->listed = false;
    for (size_t i = 0; i < job->count && !error; i++) {
        const struct block_buffer *b = &job->buffers[i];
        error = grant_make(driver, b->memory, b->bytes, access_of(job), &shown->buffer[i]);
        if (error)
            break;
        shown->count++;
        shown->piece[i] =
            (struct block_piece){ .id = shown->buffer[i].id, .offset = 0, .bytes = b->bytes };
    }
    if (!error && is_vector(job)) {
        error = grant_make(driver, shown->piece, job->count * sizeof shown->piece[0], GRANT_READ,
                           &shown->list);
        shown->listed = !error;
    }
    if (error)
        hide(shown);
    return error;
}

/* One request to the driver that there is. The error of the call, or the result. */
static int ask(struct disk *disk, const struct job *job, struct message *m) {
    endpoint_t driver = disk->component.endpoint;
    struct shown shown;
    int error = show(job, driver, &shown);

    if (error)
        return error;
    *m = (struct message){ .type = job->type, .arg = { 0, 0, 0, job->first } };
    if (is_vector(job)) {
        m->arg[0] = shown.list.id;
        m->arg[2] = job->count;
    } else if (job->count != 0) {
        m->arg[0] = shown.buffer[0].id;
        m->arg[2] = job->buffers[0].bytes;
    }
    error = ipc_request(driver, m);
    hide(&shown);
    return error;
}

/* Whether the driver of a block device could have answered so. */
static bool is_sound(const struct job *job, int result, const struct message *m) {
    uint64_t bytes = 0;

    for (size_t i = 0; i < job->count; i++)
        bytes += job->buffers[i].bytes;
    return result < 0 ? strcmp(error_name(result), "E_?") != 0
                      : result == 0 && (job->count == 0 || m->arg[0] == bytes);
}

static bool is_power_of_two(uint64_t n) { return n != 0 && (n & (n - 1)) == 0; }

static int ask_status(struct disk *disk, struct block_status *status) {
    const struct job job = { .type = BLOCK_STATUS };
    struct message m;
    int error = ask(disk, &job, &m);

    if (error)
        return is_sound(&job, error, &m) ? error : -E_PROTOCOL;
    memcpy(status, m.arg, sizeof *status);
    bool sound = is_power_of_two(status->block_bytes) && status->block_bytes >= 512 &&
                 status->bytes_max >= status->block_bytes;
    return sound ? 0 : -E_PROTOCOL;
}

/* Waits for the next driver, and one that lives, and looks whether it has what the last one had. */
static int reconnect(struct disk *disk) {
    struct block_status now;
    int error;

    do {
        error = component_await(&disk->component);
        if (!error)
            error = ask_status(disk, &now);
        else
            return error;
    } while (component_is_error(error));
    if (error)
        return error;
    disk->lost = now.content != disk->status.content ||
                 now.block_bytes != disk->status.block_bytes || now.blocks != disk->status.blocks;
    disk->status = now;
    return disk->lost ? -E_IO : 0;
}

static int perform(struct disk *disk, const struct job *job) {
    struct message m;

    if (disk->lost)
        return -E_IO;
    for (;;) {
        int error = ask(disk, job, &m);
        if (!component_is_error(error))
            return is_sound(job, error, &m) ? error : -E_PROTOCOL;
        error = reconnect(disk);
        if (error)
            return error;
        disk->replays++;
    }
}

int disk_open(struct disk *disk, const char *label) {
    struct block_status status = { 0 };

    *disk = (struct disk){ .lost = false };
    int error = component_find(&disk->component, label);
    if (!error)
        error = ask_status(disk, &status);
    while (component_is_error(error)) {
        error = component_await(&disk->component);
        if (!error)
            error = ask_status(disk, &status);
        else
            break;
    }
    disk->status = status;
    return error;
}

/* As much at once as the driver takes. */
/* NOLINTNEXTLINE(readability-non-const-parameter): the driver writes there */
static int split(struct disk *disk, enum block_request type, uint64_t first, uint8_t *memory,
                 size_t bytes) {
    int error = 0;

    while (bytes != 0 && !error) {
        uint64_t most = disk->status.bytes_max & ~(disk->status.block_bytes - 1);
        struct block_buffer buffer = { memory, bytes < most ? bytes : most };
        struct job job = { .type = type, .first = first, .buffers = &buffer, .count = 1 };
        error = perform(disk, &job);
        first += buffer.bytes / disk->status.block_bytes;
        memory += buffer.bytes;
        bytes -= buffer.bytes;
    }
    return error;
}

int disk_read(struct disk *disk, uint64_t first, void *buffer, size_t bytes) {
    return bytes != 0 ? split(disk, BLOCK_READ, first, buffer, bytes) : -E_RANGE;
}

int disk_write(struct disk *disk, uint64_t first, const void *buffer, size_t bytes) {
    /* The driver may only read it: access_of(). */
    return bytes != 0 ? split(disk, BLOCK_WRITE, first, (uint8_t *)(uintptr_t)buffer, bytes)
                      : -E_RANGE;
}

static int vector(struct disk *disk, enum block_request type, uint64_t first,
                  const struct block_buffer *buffers, size_t count) {
    struct job job = { .type = type, .first = first, .buffers = buffers, .count = count };

    return count != 0 && count <= BLOCK_VECTOR_MAX ? perform(disk, &job) : -E_RANGE;
}

int disk_read_vector(struct disk *disk, uint64_t first, const struct block_buffer *buffers,
                     size_t count) {
    return vector(disk, BLOCK_READ_VECTOR, first, buffers, count);
}

int disk_write_vector(struct disk *disk, uint64_t first, const struct block_buffer *buffers,
                      size_t count) {
    return vector(disk, BLOCK_WRITE_VECTOR, first, buffers, count);
}

int disk_flush(struct disk *disk) { return perform(disk, &(struct job){ .type = BLOCK_FLUSH }); }
