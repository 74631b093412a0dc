name := urpc-test
sources := $(wildcard $(here)/*.c) $(patsubst %,../../../%,$(wildcard urpc/*.c))
flags := -Iurpc/include
