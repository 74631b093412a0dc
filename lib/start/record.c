#include <runtime/record.h>

_Alignas(64) struct message_record message_record;
