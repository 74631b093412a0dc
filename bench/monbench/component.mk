name := monbench
sources := $(wildcard $(here)/*.c) ../ipcbench/figure.c ../ipcbench/run.c
libraries :=
flags := -Ibench/ipcbench
