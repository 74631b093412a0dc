name := cpu-driver
# What builds instances and plans partitions is for those who start cores: boot/ and monitors.
sources := $(filter-out $(addprefix $(here)/,instance.c partition.c),$(wildcard \
    $(addprefix $(here)/,*.c x86_64/*.c x86_64/*.asm sched/*.c kcall/*.c))) build/font/font.c
libraries :=
