/*
 * Error codes. Every call returns 0 or a positive result on success and the negative of one of
 * these on failure
 * (`return -E_PERM;`). One table gives number, name and text; nothing else in the system defines an
 * error.
 */
#ifndef BULKHEAD_ERROR_H
#define BULKHEAD_ERROR_H

/* X(name, number, text). Numbers are ABI: append, never renumber. */
#define BULKHEAD_ERRORS(X)                                                        \
    X(E_PERM, 1, "operation not permitted by the caller's policy")                \
    X(E_TARGET, 2, "destination not permitted by the caller's policy")            \
    X(E_BADCALL, 3, "no such primitive, kernel call or operation")                \
    X(E_BADEP, 4, "no such endpoint")                                             \
    X(E_PEERDEAD, 5, "the peer has died")                                         \
    X(E_FLAG, 6, "flag not allowed here")                                         \
    X(E_FAULT, 7, "memory is not mapped, not private or not accessible that way") \
    X(E_INVAL, 8, "invalid argument")                                             \
    X(E_RANGE, 9, "value out of range")                                           \
    X(E_WOULDBLOCK, 10, "the call would have to wait")                            \
    X(E_DEADLOCK, 11, "the call would close a cycle of waiting processes")        \
    X(E_QUOTA, 12, "quota exhausted")                                             \
    X(E_NOMEM, 13, "out of memory")                                               \
    X(E_NOSLOT, 14, "no free slot in a fixed-size table")                         \
    X(E_BUSY, 15, "in use by another process")                                    \
    X(E_EXIST, 16, "exists already")                                              \
    X(E_NOENT, 17, "not found")                                                   \
    X(E_STATE, 18, "not possible in the present state")                           \
    X(E_WX, 19, "memory may be writable or executable, not both")                 \
    X(E_IMAGE, 20, "not a valid program image")                                   \
    X(E_CHECKSUM, 21, "checksum mismatch")                                        \
    X(E_INTR, 22, "interrupted")                                                  \
    X(E_IO, 23, "device error")                                                   \
    X(E_NOTSUP, 24, "not supported by this machine")                              \
    X(E_TOOBIG, 25, "too long for the buffer or the message")                     \
    X(E_PROTOCOL, 26, "the peer broke the protocol")                              \
    X(E_CORE, 27, "not on this core, says the program's policy")

enum bulkhead_error {
#define X(name, number, text) name = (number),
    BULKHEAD_ERRORS(X)
#undef X
};

/*
 * The text of an error, for people. Takes the code as returned (negative) or as defined (positive);
 * 0 is "success". Never returns NULL.
 */
static inline const char *error_text(int error) {
    switch (error < 0 ? -error : error) {
    case 0:
        return "success";
#define X(name, number, text) \
    case number:              \
        return text;
        BULKHEAD_ERRORS(X)
#undef X
    default:
        return "unknown error";
    }
}

/* The name of an error ("E_PERM"), for tools. Same argument as error_text(). */
static inline const char *error_name(int error) {
    switch (error < 0 ? -error : error) {
    case 0:
        return "OK";
#define X(name, number, text) \
    case number:              \
        return #name;
        BULKHEAD_ERRORS(X)
#undef X
    default:
        return "E_?";
    }
}

#endif
