name := manager-test
sources := $(wildcard $(here)/*.c) $(patsubst %,../../../servers/driver-manager/%.c,drive group heartbeat \
    parameters recovery service table)
flags := -Iservers/driver-manager
