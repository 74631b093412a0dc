#include <string.h>

#include <block_driver.h>

#include <bulkhead/error.h>
#include <runtime/grant.h>

/* What the device has, and takes at once. */
static int check(const struct block_transfer *t, uint64_t first, const struct block_status *s) {
    if (t->write && s->flags & BLOCK_READ_ONLY)
        return -E_PERM;
    if (t->bytes == 0 || t->bytes > s->bytes_max)
        return -E_RANGE;
    if (t->bytes % s->block_bytes != 0)
        return -E_INVAL;
    return first > s->blocks || t->bytes / s->block_bytes > s->blocks - first ? -E_RANGE : 0;
}

static int add(struct block_transfer *t, endpoint_t client, const struct block_piece *piece) {
    if (piece->bytes == 0)
        return -E_RANGE;
    t->piece[t->count++] = (struct safecopy){
        .grantor = client,
        .id = piece->id,
        .offset = piece->offset,
        .address = t->bytes,
        .bytes = piece->bytes,
        .direction = t->write ? COPY_FROM : COPY_TO,
    };
    return __builtin_add_overflow(t->bytes, piece->bytes, &t->bytes) ? -E_RANGE : 0;
}

/* The client's array is copied before it is looked at: it may change meanwhile. */
static int add_all(struct block_transfer *t, const struct message *m) {
    struct block_piece piece[BLOCK_VECTOR_MAX] = { { 0 } };
    uint64_t count = m->arg[2];
    int error = 0;

    if (count == 0 || count > BLOCK_VECTOR_MAX)
        return -E_RANGE;
    error = safe_copy_from((struct grant_name){ m->source, m->arg[0] }, m->arg[1], piece,
                           count * sizeof piece[0]);
    for (size_t i = 0; i < count && !error; i++)
        error = add(t, m->source, &piece[i]);
    return error;
}

int block_parse(const struct message *m, const struct block_status *status,
                struct block_transfer *t) {
    const struct block_piece only = { m->arg[0], m->arg[1], m->arg[2] };
    bool vector = m->type == BLOCK_READ_VECTOR || m->type == BLOCK_WRITE_VECTOR;

    if (!vector && m->type != BLOCK_READ && m->type != BLOCK_WRITE)
        return -E_BADCALL;
    t->write = m->type == BLOCK_WRITE || m->type == BLOCK_WRITE_VECTOR;
    t->bytes = 0;
    t->count = 0;
    int error = vector ? add_all(t, m) : add(t, m->source, &only);
    if (!error)
        error = check(t, m->arg[3], status);
    t->position = error ? 0 : m->arg[3] * status->block_bytes;
    return error;
}

int block_copy(const struct block_transfer *t, void *memory) {
    struct safecopy copies[BLOCK_VECTOR_MAX];

    memcpy(copies, t->piece, t->count * sizeof copies[0]);
    for (size_t i = 0; i < t->count; i++)
        copies[i].address += (uint64_t)memory;
    return safe_copy_vector(copies, t->count);
}
