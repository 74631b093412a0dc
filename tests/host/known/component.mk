name := known-test
# The machine that the build was told of is that of include/topology/known.h.
sources := $(wildcard $(here)/*.c) ../../../monitor/known.c
flags := -I$(here)/include -Imonitor -Itopology/include
