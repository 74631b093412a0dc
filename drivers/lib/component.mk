# The driver framework: what a driver does not have to write. Drivers name it: `libraries := driver`.
name := driver
sources := $(wildcard $(here)/*.c)
libraries :=
