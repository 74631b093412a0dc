name := crash
sources := $(wildcard $(here)/*.c)
libraries :=
flags := -O0
