name := timeline-test
sources := $(wildcard $(here)/*.c) $(patsubst %,../../../lib/timeline/%.c,arrows json text threads timeline)
