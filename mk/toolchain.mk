# Tools, fetched sources and compiler flags.

# Including this file makes it first: installs missing packages and fetches missing sources, so that
# all rules below may rely on both. Nothing is written when nothing changed, so make does not start
# over.
build/ready.mk: FORCE
	@tools/install-deps.sh
	@tools/fetch-source.sh
	@mk/make-ready.sh $@
FORCE:
fetch: build/ready.mk ## installs packages and fetches sources; the rest then works without a network
	@:
.PHONY: FORCE fetch
# Empty at first, lest make complain that it is missing where it only has to be made.
$(if $(wildcard build/ready.mk),,$(shell mkdir -p build && touch build/ready.mk))
include build/ready.mk

CC := gcc
AS := nasm
AR := gcc-ar
OBJCOPY := objcopy

musl := build/third-party/musl
xxhash := build/third-party/xxhash

# File names in debug information and in __FILE__ are relative to the top folder.
reproducible := -ffile-prefix-map=$(CURDIR)/= -fdebug-prefix-map=$(CURDIR)=. \
    -gno-record-gcc-switches
warnings := -Wall -Wextra -Werror -Wmissing-prototypes -Wstrict-prototypes -Wold-style-definition \
    -Wvla -Wundef -Wpointer-arith -Wwrite-strings -Wdate-time
common_flags := -std=gnu11 -O2 -g $(reproducible) $(warnings) -fno-common -Iinclude \
    -Iurpc/include -isystem $(xxhash)

# How the target's code is generated: fixed addresses, frame pointers for backtraces, and no FPU
# register ever touched, in kernel and programs alike: IPC between processes that do is slower.
target_code := -m64 -fno-pic -no-pie -fcf-protection=none -fno-asynchronous-unwind-tables \
    -mgeneral-regs-only -fno-omit-frame-pointer -nostdinc

kernel_flags := $(common_flags) $(target_code) -ffreestanding -mno-red-zone -fno-stack-protector \
    -iquote cpu-driver -isystem $(gcc_include)

flags.cpu-driver := $(kernel_flags) -mcmodel=kernel -momit-leaf-frame-pointer
flags.boot := $(kernel_flags)
flags.program := $(common_flags) $(target_code) -ffunction-sections -fstack-protector-strong \
    -Ilib/include \
    -isystem build/musl/include -isystem $(gcc_include)
flags.library := $(flags.program)
flags.guest := $(flags.program)

# Sanitizers see each pure source of the system as a program of this machine sees it.
flags.host := $(common_flags) -fsanitize=address,undefined -fno-sanitize-recover=all \
    -fno-omit-frame-pointer -iquote cpu-driver -Ilib/include
flags.boot-test := $(flags.host)
flags.tool := $(common_flags) -Ilib/include

# musl's own files are compiled as musl compiles them, with our code generation.
flags.musl := -std=c99 -O2 -g $(reproducible) -w $(target_code) -ffreestanding \
    -fno-stack-protector -D_XOPEN_SOURCE=700 -I$(musl)/arch/x86_64 -I$(musl)/arch/generic \
    -I$(musl)/src/include -I$(musl)/src/internal -I$(musl)/obj/include -I$(musl)/include

asm_flags := -f elf64 -g -F dwarf -Werror -Icpu-driver/ -Iinclude/

link_flags := -nostdlib -static -no-pie -m64 \
    -Wl,--build-id=none,-z,noexecstack,-z,max-page-size=4096 \
    -Wl,--fatal-warnings,--no-undefined,--orphan-handling=error
program_link_flags := -Wl,--gc-sections
