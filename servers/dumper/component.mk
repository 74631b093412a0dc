name := dumper
sources := $(wildcard $(here)/*.c)
libraries :=
