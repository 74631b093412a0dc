name := ipcbench
sources := $(wildcard $(here)/*.c)
libraries :=
