name := spin
sources := $(wildcard $(here)/*.c)
libraries :=
