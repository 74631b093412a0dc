name := store
sources := $(wildcard $(here)/*.c)
libraries :=
