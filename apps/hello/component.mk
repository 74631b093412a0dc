name := hello
sources := $(wildcard $(here)/*.c)
libraries :=
