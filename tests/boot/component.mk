name := boot
sources := $(wildcard $(here)/*.c)
libraries :=
