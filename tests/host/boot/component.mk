name := boot-test
sources := $(wildcard $(here)/*.c) $(patsubst %,../../../cpu-driver/%.c,format framebuffer \
    instance log partition ranges string boot/acpi boot/acpi_entry boot/aml \
    boot/identity boot/multiboot boot/plan boot/slit boot/srat) build/font/font.c
# Expanded for each source, $(2): our memory functions get names beside the C library's.
flags = $(if $(filter cpu-driver/string.c,$(2)),$(foreach function,memcpy memmove memset memcmp,\
    -D$(function)=our_$(function)))
