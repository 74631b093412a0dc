name := shell
sources := $(wildcard $(here)/*.c) build/pci-names/names.c
libraries :=
flags := -Iapps/shell
