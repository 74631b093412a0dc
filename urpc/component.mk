name := urpc
sources := $(wildcard $(here)/*.c)
# The path of a message is inline. What is here is in every program, used or not, and is to be small.
flags := -Iurpc/include -Os
