name := monbench
sources := $(wildcard $(here)/*.c) ../ipcbench/figure.c
libraries :=
flags := -Ibench/ipcbench
