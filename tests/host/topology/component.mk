name := topology-test
sources := $(wildcard $(here)/*.c) $(patsubst %,../../../topology/%.c,cost topology tree)
flags := -Itopology/include

# test_generate.c runs it.
build/host/topology-test: | build/tool/topology-generate
