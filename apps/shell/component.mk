name := shell
sources := $(wildcard $(here)/*.c)
libraries :=
