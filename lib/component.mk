# The runtime library: our own sources and the pure parts of musl.

name := runtime
include $(here)/musl.mk
sources := $(wildcard $(here)/*/*.c $(here)/*/*.asm) $(call musl_source,$(musl_files))
libraries :=

# For files of our own that share musl's internal structures.
musl_internal := -include $(musl)/src/include/features.h \
    $(patsubst %,-isystem $(musl)/%,src/internal arch/x86_64 arch/generic)

# Floating point is allowed, but only for numbers: no vectors for clearing and copying, so that
# printing anything else leaves those registers alone.
musl_float := -msse2 -m80387 -fno-tree-vectorize \
    -mtune-ctrl=^sse_unaligned_store_optimal,^sse_unaligned_load_optimal,^sse_typeless_stores

# Expanded for each source, $(2). Channels are in every program, used or not: what is not on the path
# of a message is to be small; so is what is run once, the parser of policies.
flags = $(if $(filter $(patsubst %,$(here)/channel/%.c,asend pool table) $(here)/policy/%,$(2)),-Os) \
    $(if $(filter $(here)/libc/%,$(2)),$(musl_internal)) \
    $(if $(filter $(musl)/src/malloc/mallocng/%,$(2)),-include $(here)/malloc/glue.h) \
    $(if $(filter $(call musl_source,$(musl_float_files)),$(2)),$(musl_float)) \
    $(if $(filter $(musl)/src/string/%,$(2)),-fno-tree-loop-distribute-patterns)
