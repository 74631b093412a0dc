name := ramdisk
sources := $(wildcard $(here)/*.c)
libraries := driver
