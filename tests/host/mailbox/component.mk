name := mailbox-test
sources := $(wildcard $(here)/*.c)
