name := image-test
sources := $(wildcard $(here)/*.c)
libraries :=
