name := test-panic
sources := main.c
libraries :=
