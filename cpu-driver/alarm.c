#include "alarm.h"

#include "ipc.h"
#include "sched/sched.h"

static struct process *first;
static uint64_t budget_deadline;
uint64_t alarm_next_deadline;

static uint64_t earliest(void) {
    uint64_t deadline = first ? first->alarm_deadline : UINT64_MAX;
    return deadline < budget_deadline ? deadline : budget_deadline;
}

/* The list has changed. */
static void update(void) {
    alarm_next_deadline = earliest();
    sched_work |= SCHED_WORK_TIMER;
}

void alarm_init(void) {
    first = NULL;
    budget_deadline = UINT64_MAX;
    update();
}

void alarm_set_budget(uint64_t deadline) {
    budget_deadline = deadline;
    update();
}

void alarm_cancel(struct process *p) {
    if (!p->alarm_deadline)
        return;
    struct process **link = &first;
    while (*link != p)
        link = &(*link)->alarm_next;
    *link = p->alarm_next;
    p->alarm_deadline = 0;
    update();
}

void alarm_set(struct process *p, uint64_t deadline) {
    alarm_cancel(p);
    struct process **link = &first;
    while (*link && (*link)->alarm_deadline <= deadline)
        link = &(*link)->alarm_next;
    p->alarm_deadline = deadline;
    p->alarm_next = *link;
    *link = p;
    update();
}

void alarm_expire(uint64_t now) {
    while (first && first->alarm_deadline <= now) {
        struct process *p = first;
        alarm_cancel(p);
        ipc_event(p, EVENT_ALARM);
    }
    if (budget_deadline <= now)
        budget_expire(now);
}

unsigned alarm_check(void) {
    unsigned set = 0, wrong = 0;
    uint64_t before = 0;
    for (unsigned slot = 0; slot < MAX_PROCESSES; slot++)
        set += processes[slot].alarm_deadline != 0;
    for (const struct process *p = first; p && set; p = p->alarm_next, set--) {
        wrong += p->alarm_deadline < before;
        before = p->alarm_deadline;
    }
    return wrong + (set != 0) + (alarm_next_deadline != earliest());
}
