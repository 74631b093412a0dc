name := pci
sources := $(wildcard $(here)/*.c)
libraries :=
