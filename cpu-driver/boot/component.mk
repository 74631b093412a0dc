name := boot
sources := $(wildcard $(here)/*.c $(here)/*.asm) $(addprefix ../,early_serial.c format.c framebuffer.c instance.c log.c partition.c ranges.c string.c) \
    build/font/font.c
libraries :=
# xxhash.h includes two headers of the C library, for functions that we do not call
flags := -isystem build/musl/include
