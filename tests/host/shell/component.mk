name := shell-test
sources := $(wildcard $(here)/*.c) $(patsubst %,../../../apps/shell/%.c,command cores endpoint_text \
    events jobs line manager members names pci place processes scheduling system table tree usage) \
    $(patsubst %,../../../monitor/%.c,report) ../../../bench/ipcbench/figure.c \
    ../../../lib/device/pci.c build/pci-names/names.c \
    $(patsubst %,../../../%,lib/start/time.c $(wildcard lib/channel/*.c urpc/*.c))
flags := -include $(here)/fake_machine.h -Iapps/shell -Imonitor -Ibench/ipcbench -Ilib/start
