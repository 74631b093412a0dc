/*
 * Making processes. The caller becomes their supervisor. Needs PROC_CREATE, PROC_START, PROC_KILL,
 * PROC_DESTROY, MEM_MAP, MEM_PROTECT and MEM_COPY.
 *
 * A process is made in two steps, so that its policy is installed before it runs its first
 * instruction:
 *
 *     struct process child;
 *     int error = process_spawn(&spawn, &child);     // exists, loaded, may do nothing
 *     if (!error)
 *         error = privctl_ipc(child.endpoint, ...);  // its policy
 *     error = error ? process_abandon(&child, error) : process_start(&child);
 */
#ifndef RUNTIME_PROCESS_H
#define RUNTIME_PROCESS_H

#include <stddef.h>

#include <bulkhead/image.h>
#include <bulkhead/startup.h>

/* A process that is ready to be started. */
struct process {
    endpoint_t endpoint;
    uint64_t entry;    /* first instruction */
    uint64_t stack;    /* stack pointer there */
    uint64_t rdi, rsi; /* values of those registers there */
};

/* What to make. Everything pointed to is only read, and only during process_spawn(). */
struct spawn {
    const char *label;  /* 1 to LABEL_MAX characters */
    uint64_t frames;    /* quota, in frames; from the caller's own */
    uint64_t processes; /* that it may create in turn; from the caller's own, and one more */
    const void *image;  /* ELF file */
    size_t image_bytes;
    const char
        *args; /* argc strings, each with its terminating zero; the first is the program's name */
    size_t args_bytes; /* at most STARTUP_ARGS_MAX */
    uint32_t argc;
    endpoint_t monitor; /* for its startup page; ENDPOINT_NONE allowed */
    endpoint_t console;
    uint64_t stack_bytes;    /* multiple of PAGE_SIZE; 0 for STACK_BYTES */
    enum image_refusal *why; /* unless NULL, receives on -E_IMAGE what is wrong with the image */
};

/*
 * Creates a process, loads the image, maps its stack and writes its startup page. Its stack has
 * unmapped memory on both sides. On an error nothing is left of it. Errors: -E_IMAGE, -E_TOOBIG
 * (arguments), -E_INVAL (arguments that are not argc strings, label, stack), those of PROC_CREATE,
 * MEM_MAP, MEM_COPY and MEM_PROTECT (-E_QUOTA, -E_NOMEM).
 */
int process_spawn(const struct spawn *spawn, struct process *process);

/* Lets it run. On an error it is gone. */
int process_start(const struct process *process);

/* Ends and frees it, started or not. Returns `error`. */
int process_abandon(const struct process *process, int error);

/*
 * Loads an image into an empty address space; process_spawn() does it second. It may take
 * memory_max bytes of memory, in whole pages, and lies between PROCESS_IMAGE_BASE and
 * PROCESS_IMAGE_END. *entry receives its first instruction, *why, unless NULL, the reason of an
 * -E_IMAGE. On other errors part of it may be mapped.
 */
#define PROCESS_IMAGE_BASE USER_BASE
#define PROCESS_IMAGE_END  0x0000001000000000UL /* the heap begins here */

int process_load(endpoint_t child, const void *image, size_t bytes, uint64_t memory_max,
                 uint64_t *entry, enum image_refusal *why);

/*
 * Makes a child that runs entry(arg) in a copy of the caller's program: text, constants and
 * variables as they are now, at the same addresses. Stack, heap and everything of the runtime
 * (allocator, event loop, output) are its own and fresh, so pointers into the caller's heap or
 * stack mean nothing there. When entry returns the child exits with status 0. It is given its
 * policy and started as above. `frames` and `processes` are as in struct spawn. Same errors.
 */
int process_clone(const char *label, uint64_t frames, uint64_t processes, void (*entry)(void *),
                  void *arg, struct process *process);

#endif
