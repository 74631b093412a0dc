/* Alarms: at most one per process, in a list by deadline. */
#ifndef CPU_DRIVER_ALARM_H
#define CPU_DRIVER_ALARM_H

#include "process.h"

/* Sets a process' alarm, in place of the one before. `deadline` is a TSC value, not 0. */
void alarm_set(struct process *p, uint64_t deadline);
void alarm_cancel(struct process *p);

/* When budget_expire() is to be called; UINT64_MAX: never. */
void alarm_set_budget(uint64_t deadline);

/* The earliest deadline; UINT64_MAX when there is none. */
extern uint64_t alarm_next_deadline;

/* Raises EVENT_ALARM at every process whose deadline has come. */
void alarm_expire(uint64_t now);

void alarm_init(void);

/* Verifies that the list is sorted and holds who has a deadline: returns the number of violations.
 */
unsigned alarm_check(void);

#endif
