/*
 * Positions and signal words of urpc/README.md. Positions count slots, not bytes, and wrap at
 * SPACE; the ring has SLOTS slots, of which QUARTER are acknowledged at a time. Includers define
 * these three.
 */

#define ARMED       1
#define ACKNOWLEDGE 2
#define RING        4
#define FLAGS       7

#define position(p)    ((p) % SPACE)
#define distance(p, q) (((q) + SPACE - (p)) % SPACE)
#define a_lap_before(p) position((p) + SPACE - SLOTS)

#define signal(p)      (8 * position(p))
#define position_in(w) ((w) / 8)

/* What publishes the message at p. */
#define last_of_quarter(p) (((p) + 1) % QUARTER == 0)
#define message_word(p)    (signal(p) + (last_of_quarter(p) -> ACKNOWLEDGE : 0))
