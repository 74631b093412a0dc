name := cpu-driver
sources := $(wildcard $(addprefix $(here)/,*.c x86_64/*.c x86_64/*.asm sched/*.c kcall/*.c)) \
    build/font/font.c
libraries :=
