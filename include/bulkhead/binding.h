/*
 * SHARE and BIND: memory that processes of several cores have in common, and the bindings by which
 * two of them hold a channel. For the monitor, which agrees with the monitor of the other core on
 * every step.
 *
 * A binding is one end of a connection: a number in this core's table, the process that has it, the
 * other end's core and number, a window of shared memory in the process, and a bell. NOTIFY to its
 * name rings the other end's bell. That is sticky: it is delivered once to RECEIVE, however often
 * it was rung, as MESSAGE_NOTIFY from the name of the receiver's own end, with the cookie in
 * arg[0]. When the binding has been closed it rings for the last time, with 1 in arg[1]. RECEIVE
 * from a name waits for that bell alone: E_BADEP not the caller's, E_PEERDEAD closed, and that has
 * been told. Having a binding is the only way to send anything to another core.
 */
#ifndef BULKHEAD_BINDING_H
#define BULKHEAD_BINDING_H

#include <bulkhead/kcall.h>

#define BINDINGS_MAX 1024U /* of a core */

/*
 * What a scratch frame, which takes the place of a closed window, is filled with: it is no position
 * of a ring, says "closed" wherever a channel has a flag, and as type of a message -E_PEERDEAD. So
 * who is interrupted while it reads a message, and goes on in the scratch frame, can tell: it reads
 * the type last.
 */
#define BINDING_SCRATCH_WORD UINT64_C(0xfffffffbfffffffb)

/* Bindings below are those of the monitor with the monitors of the cores of these numbers. */
#define BINDING_FIRST CORES_MAX

/*
 * SHARE   Memory for other cores. arg[0]: enum share_op, arg[1]: address in the caller, arg[2]:
 *         bytes, a multiple of the page size, at most SHARE_BYTES_MAX, else E_RANGE.
 */
enum share_op {
    /*
     * Maps new zeroed frames, contiguous and exported, and pays for them. arg[3]: 0, out arg[0]:
     * physical address · E_QUOTA, E_EXIST, E_NOMEM no such contiguous memory. Restartable.
     */
    SHARE_ALLOC = 1,
    /* Frees them: nobody has them mapped any more · E_NOENT, E_FAULT other memory. Restartable. */
    SHARE_FREE = 2,
};

#define SHARE_BYTES_MAX 0x200000UL

/*
 * BIND   arg[0]: enum bind_op, arg[1]: number of the binding, BINDING_FIRST to BINDINGS_MAX - 1,
 *        else E_RANGE. E_STATE the binding is not in the state for it.
 */
enum bind_op {
    /*
     * Makes an end of a process. arg[2]: child, arg[3]: core of the other end, arg[4]: cookie. It
     * cannot ring yet. out arg[0]: its name · E_NOENT no such core
     */
    BIND_OPEN = 1,
    /*
     * Shows the process memory that this or the other core shares. arg[2]: address, arg[3]:
     * physical address, arg[4]: bytes. One window for each binding; the process pays for the page
     * tables and a scratch frame. E_RANGE not memory of another partition, nor shared by the
     * caller; E_EXIST, E_QUOTA. Restartable.
     */
    BIND_MAP = 2,
    /* arg[2]: number of the other end: from now on it can be rung. The process is told, by the bell
     */
    BIND_PEER = 3,
    /*
     * Ends it: nothing rings any more, the scratch frame takes the place of every page of the
     * window, and the process is told, by the bell. Restartable.
     */
    BIND_CLOSE = 4,
    /* The process has taken note, or died: window and number are free. Restartable. */
    BIND_FREE = 5,
    /*
     * Makes an end of an interrupt line of this core, which no process has, for a driver on another
     * core: the line masks itself and rings when it fires, what the other end rings unmasks it.
     * arg[2]: line, arg[3]: core of the other end, arg[4]: as PRIVCTL_IRQ_LIMIT. When the binding
     * is closed the line is masked and free · E_NOENT no such line or core, E_BUSY, E_PERM
     */
    BIND_LINE = 6,
};

#endif
