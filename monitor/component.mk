name := monitor
# It builds the instances of other cores, by the code that boot/ has for the first.
sources := $(wildcard $(here)/*.c $(here)/*.asm) $(patsubst %,../topology/%.c,cost topology tree) \
    $(patsubst %,../cpu-driver/%.c,instance partition ranges)
libraries := urpc
flags := -iquote cpu-driver -Iurpc/include -Itopology/include -Ibuild/topology/include
