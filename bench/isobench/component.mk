name := isobench
sources := $(wildcard $(here)/*.c) $(patsubst %,../ipcbench/%.c,figure partner run) \
    ../../tests/guest/support/edu.c
libraries :=
flags := -Ibench/ipcbench
