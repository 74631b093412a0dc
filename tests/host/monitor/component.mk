name := monitor-test
sources := $(wildcard $(here)/*.c) $(patsubst %,../../../monitor/%.c,agreement group membership \
    membership_messages ownership peer_protocol settlement suspicion view) \
    $(patsubst %,../../../cpu-driver/%.c,partition ranges)
flags := -Imonitor
