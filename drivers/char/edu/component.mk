name := edu
sources := main.c
libraries :=
