/* The parts of trace events (<bulkhead/trace.h>) in words; "?" for what does not exist. */
#ifndef RUNTIME_TRACE_TEXT_H
#define RUNTIME_TRACE_TEXT_H

#include <stdint.h>

const char *trace_event_text(uint32_t type);       /* enum trace_type */
const char *trace_primitive_text(uint32_t number); /* enum ipc_primitive */
const char *trace_call_text(uint32_t number);      /* enum kernel_call */
const char *trace_cause_text(uint64_t cause);      /* enum death_cause */

#endif
