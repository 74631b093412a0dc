name := manager
sources := $(wildcard $(here)/*.c)
libraries :=
