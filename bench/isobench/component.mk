name := isobench
sources := $(wildcard $(here)/*.c) $(patsubst %,../ipcbench/%.c,figure partner run)
libraries :=
flags := -Ibench/ipcbench
