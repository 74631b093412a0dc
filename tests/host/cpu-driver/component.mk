name := cpu-driver-test
sources := $(wildcard $(here)/*.c) $(patsubst %,../../../cpu-driver/%.c,alarm asend binding check \
    format frame grant ipc ipc_fast irq log mapping process ranges refusal time trace \
    sched/budget sched/mlfq sched/rr sched/sched \
    x86_64/context x86_64/direct x86_64/trap x86_64/vm \
    kcall/cores kcall/device kcall/device_memory kcall/grant kcall/info kcall/kcall kcall/memory \
    kcall/priv kcall/process kcall/safecopy kcall/system)
# The host's C library has a sched_yield() of its own, which Criterion uses.
flags := -include $(here)/fake_cpu.h -Dsched_yield=kernel_sched_yield
