name := store-test
sources := $(wildcard $(here)/*.c) $(patsubst %,../../../servers/data-store/%.c,changes content match \
    pair quotas records subscriptions transactions transfer)
flags := -Iservers/data-store
