#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include <bulkhead/error.h>

#include <runtime/startup.h>

struct fake_kernel kernel;
struct startup fake_startup = { .version = STARTUP_VERSION,
                                .self = FAKE_SELF,
                                .monitor = FAKE_MONITOR,
                                .console = FAKE_CONSOLE,
                                .tsc_frequency = 1000000000 };
const struct startup *const startup = &fake_startup;

uint64_t machine_counter(void) { return kernel.now; }

void fake_deliver(const struct message *m) { kernel.inbox[kernel.inbox_count++] = *m; }

void fake_append(char *all, size_t room, const char *text, size_t bytes) {
    size_t length = strlen(all);
    snprintf(all + length, room - length, "%.*s|", (int)bytes, text);
}

struct fake_page *fake_page_at(uint64_t address) {
    for (size_t i = 0; i < FAKE_PAGES; i++) {
        if (kernel.page[i].mapped && kernel.page[i].address == (address & ~(PAGE_SIZE - 1)))
            return &kernel.page[i];
    }
    return NULL;
}

static void record_sent(uint64_t operation, endpoint_t to, const struct message *m) {
    kernel.sent[kernel.sent_count] = *m;
    kernel.sent_to[kernel.sent_count] = to;
    kernel.sent_by[kernel.sent_count++] = operation;
}

int trap_send(uint64_t operation, endpoint_t to, const struct message *m) {
    if (kernel.send_error)
        return kernel.send_error;
    record_sent(operation, to, m);
    return 0;
}

endpoint_t fake_binding(unsigned cookie) {
    return endpoint_make(0, 5, ENDPOINT_CORE_BINDING, (uint16_t)(100 + cookie));
}

static bool take_bell(endpoint_t from, struct message *m) {
    for (unsigned i = 0; i < FAKE_BELLS; i++) {
        struct fake_bell *bell = &kernel.bell[i];
        if (!bell->rung || (from != ENDPOINT_ANY && from != fake_binding(i)))
            continue;
        bell->rung = false;
        *m = (struct message){ .source = fake_binding(i),
                               .type = MESSAGE_NOTIFY,
                               .arg = { i, bell->closed } };
        return true;
    }
    return false;
}

static bool take_message(endpoint_t from, struct message *m) {
    if (kernel.inbox_taken == kernel.inbox_count || endpoint_core(from) == ENDPOINT_CORE_BINDING)
        return false;
    *m = kernel.inbox[kernel.inbox_taken++];
    return true;
}

int trap_receive(uint64_t operation, endpoint_t from, struct message *m) {
    while (!take_bell(from, m) && !take_message(from, m)) {
        if (operation & IPC_NONBLOCK)
            return -E_WOULDBLOCK;
        kernel.sleeps++;
        if (!kernel.sleep || !kernel.sleep(from))
            return kernel.receive_error;
    }
    return 0;
}

int trap_message(uint64_t operation, uint64_t to, struct message *m) {
    if (kernel.monitor && to == FAKE_MONITOR && operation == IPC_SENDREC)
        return kernel.monitor(m);
    if (kernel.send_error)
        return kernel.send_error;
    record_sent(operation, to, m);
    if (operation == IPC_REPLYRECV)
        return trap_receive(operation, ENDPOINT_ANY, m);
    *m = kernel.reply;
    return 0;
}

int trap_1(uint64_t operation, uint64_t rdi) {
    if (operation != IPC_NOTIFY)
        return -E_BADCALL;
    for (unsigned i = 0; i < FAKE_BELLS; i++) {
        if (kernel.bell[i].bound && rdi == fake_binding(i)) {
            kernel.notified[i]++;
            return 0;
        }
    }
    return -E_BADEP;
}

int trap_2(uint64_t operation, uint64_t rdi, uint64_t rsi) {
    if (operation != IPC_ASEND)
        return -E_BADCALL;
    kernel.asend_calls++;
    if (kernel.asend_error)
        return kernel.asend_error;
    kernel.table = (struct asend_entry *)rdi;
    kernel.table_entries = rsi;
    for (size_t i = 0; i < rsi; i++) {
        struct asend_entry *entry = &kernel.table[i];
        if (entry->state == ASEND_READY && endpoint_core(entry->destination) != 0) {
            entry->result = -E_BADEP;
            entry->state = ASEND_DONE;
        }
    }
    return 0;
}

/* ---- Kernel calls ---- */

static int map_page(uint64_t address, unsigned protection) {
    for (size_t i = 0; i < FAKE_PAGES; i++) {
        struct fake_page *page = &kernel.page[i];
        if (page->mapped)
            continue;
        *page = (struct fake_page){ .mapped = true, .address = address, .protection = protection };
        return 0;
    }
    return -E_NOMEM;
}

static int memory(uint64_t call, uint64_t address, uint64_t bytes, unsigned protection) {
    if (address % PAGE_SIZE || bytes % PAGE_SIZE || bytes == 0)
        return -E_INVAL;
    if ((protection & PROT_WRITE) && (protection & PROT_EXEC))
        return -E_WX;
    for (uint64_t end = address + bytes; address < end; address += PAGE_SIZE) {
        struct fake_page *page = fake_page_at(address);
        if (!!page == (call == KCALL_MEM_MAP))
            return page ? -E_EXIST : -E_NOENT;
        if (page)
            page->protection = protection;
        else if (map_page(address, protection) != 0)
            return -E_NOMEM;
    }
    return 0;
}

/* Memory of the process itself, where it asks for it. */
static int map_own(uint64_t address, uint64_t bytes) {
    void *at = mmap((void *)address, bytes, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    return at == (void *)address ? 0 : -E_EXIST;
}

static int copy_to_child(uint64_t address, const char *from, uint64_t bytes) {
    for (uint64_t i = 0; i < bytes; i++) {
        struct fake_page *page = fake_page_at(address + i);
        if (!page || !(page->protection & PROT_WRITE))
            return -E_FAULT;
        page->bytes[(address + i) % PAGE_SIZE] = from[i];
    }
    return 0;
}

static int log_line(const char *text, size_t bytes) {
    if (kernel.log_error)
        return kernel.log_error;
    fake_append(kernel.log, sizeof kernel.log, text, bytes);
    kernel.log_lines++;
    return 0;
}

static int create(uint64_t arg[5]) {
    if (kernel.child_exists)
        return -E_NOSLOT;
    memcpy(kernel.child_label, arg, LABEL_MAX);
    kernel.child_frames = arg[3];
    kernel.child_processes = arg[4];
    kernel.child_exists = true;
    arg[0] = FAKE_CHILD;
    return 0;
}

static int destroy(void) {
    kernel.child_exists = false;
    memset(kernel.page, 0, sizeof kernel.page);
    return 0;
}

static bool fails_now(void) { return ++kernel.process_calls == kernel.fail_at; }

int trap_kernel_4(uint64_t call, uint64_t arg[4]) {
    switch (call) {
    case KCALL_SETALARM:
        kernel.alarm_calls++;
        kernel.alarm = arg[0];
        return kernel.alarm_error;
    case KCALL_LOG:
        return log_line((const char *)arg[0], arg[1]);
    case KCALL_MEM_MAP:
        if (arg[0] == ENDPOINT_SELF)
            return map_own(arg[1], arg[2]);
        // fall through
    case KCALL_MEM_PROTECT:
        return fails_now() ? -E_QUOTA : memory(call, arg[1], arg[2], (unsigned)arg[3]);
    case KCALL_PROC_KILL:
        return kernel.child_exists ? 0 : -E_BADEP;
    case KCALL_PROC_DESTROY:
        return kernel.child_exists ? destroy() : -E_BADEP;
    default:
        return -E_BADCALL;
    }
}

int trap_kernel_5(uint64_t call, uint64_t arg[5]) {
    if (fails_now())
        return -E_QUOTA;
    switch (call) {
    case KCALL_PROC_CREATE:
        return create(arg);
    case KCALL_MEM_COPY:
        return copy_to_child(arg[1], (const char *)arg[2], arg[3]);
    case KCALL_PROC_START:
        memcpy(kernel.start_args, arg + 1, sizeof kernel.start_args);
        kernel.child_started = true;
        return 0;
    default:
        return -E_BADCALL;
    }
}
