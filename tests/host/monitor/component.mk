name := monitor-test
sources := $(wildcard $(here)/*.c) $(patsubst %,../../../monitor/%.c,agreement group membership \
    membership_messages multicast ownership peer_protocol routes settlement suspicion view) \
    $(patsubst %,../../../topology/%.c,cost topology tree) \
    $(patsubst %,../../../cpu-driver/%.c,partition ranges)
flags := -Imonitor -Itopology/include
