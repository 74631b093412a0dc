name := policy-test
sources := $(wildcard $(here)/*.c) $(patsubst %,../../../%,$(wildcard lib/policy/*.c))
libraries :=
flags := -Ilib/policy
