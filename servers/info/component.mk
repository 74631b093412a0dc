name := info
sources := $(wildcard $(here)/*.c)
libraries :=
