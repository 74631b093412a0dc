name := test-attack
sources := $(wildcard $(here)/*.c $(here)/*.asm) ../support/child.c ../support/cores.c
libraries :=
# Work and time are counted in instructions, so that shares of the processor are exact. The same
# program in the debug build, as test attack-controls: mk/test.mk.
settings := ACCEL=icount CORES=2
