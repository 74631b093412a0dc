name := info-test
sources := $(wildcard $(here)/*.c) ../../../servers/info/rates.c
flags := -Iservers/info
