name := monitor-test
sources := $(wildcard $(here)/*.c) $(patsubst %,../../../monitor/%.c,agreement group membership \
    membership_messages peer_protocol settlement suspicion view)
flags := -Imonitor
