name := pci-test
sources := $(wildcard $(here)/*.c) $(patsubst %,../../../servers/pci/%.c,assign attach bar capability claim \
    filter message requests reset scan)
flags := -Iservers/pci -Iurpc/include
