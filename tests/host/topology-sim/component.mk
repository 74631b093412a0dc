name := topology-sim-test
sources := $(wildcard $(here)/*.c) $(patsubst %,../../../topology/%.c,cost topology tree \
    sim/events sim/machine sim/operations sim/prices sim/simulate sim/validate)
flags := -Itopology/include -iquote topology/sim
