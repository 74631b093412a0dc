name := shell-test
sources := $(wildcard $(here)/*.c) $(patsubst %,../../../apps/shell/%.c,command endpoint_text line table) \
    $(patsubst %,../../../monitor/%.c,policy report) ../../../bench/ipcbench/figure.c
flags := -Iapps/shell -Imonitor -Ibench/ipcbench
