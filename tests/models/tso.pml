/*
 * Memory as the processors of x86 see it (Sewell et al., "x86-TSO", CACM 53(7), 2010; Intel SDM
 * vol. 3A, 9.2): stores of a processor wait in its store buffer and reach memory later, in order;
 * its own loads see them before, those of others do not. A locked instruction (exchange,
 * compare-exchange) and MFENCE wait until the buffer is empty.
 *
 * Includers define WORDS, PROCESSORS, DEPTH (stores that may wait) and, where they use load(), a
 * local variable `place`. One store_buffer() per processor has to run.
 */

typedef buffer_t {
    byte waiting; /* stores; [0] is the oldest */
    byte word[DEPTH];
    byte value[DEPTH];
};

byte memory[WORDS];
buffer_t buffer[PROCESSORS];

inline store(cpu, at, what) {
    atomic {
        buffer[cpu].waiting < DEPTH;
        buffer[cpu].word[buffer[cpu].waiting] = at;
        buffer[cpu].value[buffer[cpu].waiting] = what;
        buffer[cpu].waiting++
    }
}

inline load(cpu, at, what) {
    d_step {
        what = memory[at];
        place = 0;
        do
        :: place < buffer[cpu].waiting ->
            if
            :: buffer[cpu].word[place] == (at) -> what = buffer[cpu].value[place]
            :: else
            fi;
            place++
        :: else -> break
        od;
        place = 0
    }
}

inline fence(cpu) { buffer[cpu].waiting == 0 }

inline exchange(cpu, at, new, old) {
    d_step {
        buffer[cpu].waiting == 0;
        old = memory[at];
        memory[at] = new
    }
}

/* Afterwards `found` is what was there; if it is `old`, then `new` is there now. */
inline compare_exchange(cpu, at, old, new, found) {
    d_step {
        buffer[cpu].waiting == 0;
        found = memory[at];
        if
        :: found == (old) -> memory[at] = new
        :: else
        fi
    }
}

/* Lets stores reach memory. Places out of use are zero, so that equal states look equal. */
proctype store_buffer(byte cpu) {
    byte place;
end:
    do
    :: d_step {
           buffer[cpu].waiting > 0;
           memory[buffer[cpu].word[0]] = buffer[cpu].value[0];
           buffer[cpu].waiting--;
           do
           :: place < buffer[cpu].waiting ->
               buffer[cpu].word[place] = buffer[cpu].word[place + 1];
               buffer[cpu].value[place] = buffer[cpu].value[place + 1];
               place++
           :: else -> break
           od;
           buffer[cpu].word[place] = 0;
           buffer[cpu].value[place] = 0;
           place = 0
       }
    od
}
