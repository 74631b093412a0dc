name := serial
sources := $(wildcard $(here)/*.c)
libraries :=
