name := urpc
sources := $(wildcard $(here)/*.c)
flags := -Iurpc/include
