name := monitor
sources := $(wildcard $(here)/*.c)
libraries :=
