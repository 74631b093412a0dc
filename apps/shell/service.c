/* service: the driver manager (docs/driver-manager.md). */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <bulkhead/error.h>
#include <bulkhead/protocol/monitor.h>
#include <runtime/ipc.h>
#include <runtime/kcall.h>
#include <runtime/startup.h>

#include "manager.h"
#include "members.h"
#include "names.h"
#include "service.h"
#include "service_options.h"

#define PATIENCE (10 * TIME_SECOND) /* for the next agent, when one has died */
#define PAUSE    (20 * TIME_MILLISECOND)

/* Asks this core's agent, the one after it when it dies. */
int service_request(struct message *m) {
    uint64_t since = time_now();
    int error;

    do {
        struct message copy = *m;
        endpoint_t agent;
        error = manager_lookup(CORE_HERE, MANAGER_LABEL, &agent);
        if (!error)
            error = ipc_call(agent, &copy);
        if (!error && message_result(&copy) != -E_WOULDBLOCK) {
            *m = copy;
            return message_result(m);
        }
        if (error && error != -E_NOENT && error != -E_PEERDEAD && error != -E_BADEP)
            break;
    } while (time_now() - since < PATIENCE && shell_sleep(PAUSE));
    return error == -E_NOENT ? -E_NOTSUP : error;
}

/* A request that changes something: it has a number, so that it is done once. */
static int change(struct message *m) {
    static uint64_t sequence;

    m->arg[5] = ++sequence;
    return service_request(m);
}

static int send_parameters(const struct manager_parameters *p) {
    int error = 0;

    for (uint64_t offset = 0; offset < sizeof *p && !error; offset += MANAGER_PIECE) {
        struct message m = { .type = MANAGER_TEXT, .arg = { offset } };
        memcpy(&m.arg[1], (const char *)p + offset, MANAGER_PIECE);
        error = service_request(&m);
    }
    return error;
}

/* ---- What went wrong, and what to do about it ---- */

static enum status failed(const char *label, int error, const char *otherwise) {
    static const struct {
        int error;
        const char *text;
    } advice[] = {
        { E_NOTSUP, "there is no driver manager on this core; `log` tells why" },
        { E_EXIST, "there is such a service; give this one another --label, or use `service "
                   "refresh`" },
        { E_RANGE, "its policy lets it be as urgent as the driver manager, which could not see a "
                   "loop of it; give it `schedule priority` of 3 or more" },
        { E_CORE, "its policy has it on another core, or on one that is not running; `cores` lists "
                  "them" },
        { E_BUSY, "its device is in use; `pci` says by whom" },
        { E_INVAL, "its options do not make sense together; docs/driver-manager.md says what each "
                   "may be" },
        { E_NOSLOT, "there are too many services; stop one by `service down`" },
        { E_STATE, "it does not run; `service status` tells why" },
        { E_QUOTA, "its core has too little memory left; `mem` shows it, `service up --core` "
                   "chooses another" },
    };
    const char *text = otherwise;

    for (size_t i = 0; i < sizeof advice / sizeof advice[0] && text == NULL; i++)
        if (advice[i].error == -error)
            text = advice[i].text;
    if (error == 0)
        return STATUS_OK;
    if (text != NULL)
        printf("service: %s: %s (%s)\n", label, text, error_name(error));
    else
        printf("service: %s: %s (%s)\n", label, error_text(error), error_name(error));
    return STATUS_FAILED;
}

static const char no_service[] = "there is no such service; `service status` lists them";

static const char *unless(int error, int wanted, const char *text) {
    return error == wanted ? text : NULL;
}

/* A label in a request's first three arguments. */
static bool label_of(const struct command *command, const char *word, struct message *m) {
    if (label_pack(word, m->arg))
        return true;
    shell_misused(command, "'%s' is no label: it has 1 to %d characters", word, LABEL_MAX);
    return false;
}

static enum status tell_runs(const char *label, endpoint_t endpoint) {
    char text[ENDPOINT_TEXT];

    printf("%s (%s) runs on core %u\n", label, endpoint_text(endpoint, text),
           endpoint_core(endpoint));
    return STATUS_OK;
}

/* ---- Commands ---- */

static enum status up(const struct command *command) {
    struct manager_parameters p = { .program = "" };
    char problem[SERVICE_PROBLEM];
    struct message m = { .type = MANAGER_UP };

    if (!service_options((const char *const *)command->word + 2, command->words - 2, &p, problem))
        return shell_misused(command, "%s", problem);
    int error = send_parameters(&p);
    if (!error)
        error = change(&m);
    const char *label = p.label[0] != '\0' ? p.label : p.program;
    char name[LABEL_MAX + 1] = "";
    memcpy(name, label, LABEL_MAX);
    if (error == -E_NOENT)
        return failed(name, error,
                      p.policy[0] == '\0' && p.device == MANAGER_NO_DEVICE
                          ? "there is no such program, or no policy or device for it; "
                            "`programs` lists those there are, `pci` the devices"
                          : "there is no such program, policy or device; `programs` "
                            "and `pci` list those there are");
    if (error == -E_PERM)
        return failed(name, error, "the monitor looks after it by itself");
    return error ? failed(name, error, NULL) : tell_runs(name, m.arg[0]);
}

/* down, refresh, complain: a label, and no more. */
static enum status simple(const struct command *command, enum manager_request type,
                          const char *done) {
    const char *label = command->word[2];
    struct message m = { .type = type };

    if (command->words != 3)
        return shell_misused(command, "use it as: service %s LABEL", command->word[1]);
    if (!label_of(command, label, &m))
        return STATUS_USAGE;
    int error = change(&m);
    if (error)
        return failed(label, error, unless(error, -E_NOENT, no_service));
    if (done == NULL)
        return tell_runs(label, m.arg[0]);
    printf("%s %s\n", label, done);
    return STATUS_OK;
}

static enum status down(const struct command *command) {
    return simple(command, MANAGER_DOWN, "is down");
}

static enum status refresh(const struct command *command) {
    return simple(command, MANAGER_REFRESH, NULL);
}

static enum status complain(const struct command *command) {
    return simple(command, MANAGER_COMPLAIN, "is being replaced");
}

static enum status move(const struct command *command) {
    struct message m = { .type = MANAGER_MOVE };
    uint64_t core;

    if (command->words != 4 || !shell_number(command->word[3], 0, CORES_MAX - 1, &core))
        return shell_misused(command, "use it as: service move LABEL CORE");
    if (!label_of(command, command->word[2], &m))
        return STATUS_USAGE;
    m.arg[4] = core;
    int error = change(&m);
    if (error)
        return failed(command->word[2], error,
                      unless(error, -E_NOENT,
                             "there is no such service, or no such core; `service status` and "
                             "`cores` list them"));
    return tell_runs(command->word[2], m.arg[0]);
}

static enum status update(const struct command *command) {
    struct manager_parameters p = { .program = "" };
    struct message m = { .type = MANAGER_UPDATE };

    if (command->words != 4 || strlen(command->word[3]) > LABEL_MAX)
        return shell_misused(command,
                             "use it as: service update LABEL FILE; the file is one of the "
                             "boot archive");
    if (!label_of(command, command->word[2], &m))
        return STATUS_USAGE;
    memcpy(p.program, command->word[3], strlen(command->word[3]));
    int error = send_parameters(&p);
    if (!error)
        error = change(&m);
    if (error)
        return failed(
            command->word[2], error,
            unless(error, -E_NOENT,
                   "there is no such service, or no such file; `service status` lists the "
                   "services"));
    return tell_runs(command->word[2], m.arg[0]);
}

static enum status leader(const struct command *command) {
    struct message m = { .type = MANAGER_LEADER };
    char text[ENDPOINT_TEXT];
    int error = service_request(&m);

    (void)command;
    if (error)
        return failed("leader", error, NULL);
    printf("agent %s on core %u leads, view %" PRIu64 "\n", endpoint_text(m.arg[0], text),
           endpoint_core(m.arg[0]), m.arg[1]);
    return STATUS_OK;
}

static const struct verb {
    const char *name;
    enum status (*run)(const struct command *command);
} verbs[] = {
    { "up", up },     { "down", down },         { "refresh", refresh },       { "update", update },
    { "move", move }, { "complain", complain }, { "status", service_status }, { "leader", leader },
};

enum status builtin_service(const struct command *command) {
    const char *verb = command->words > 1 ? command->word[1] : "status";

    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
        if (strcmp(verb, verbs[i].name) == 0)
            return verbs[i].run(command);
    return shell_misused(command,
                         "'%s' is none of up, down, refresh, update, move, complain, "
                         "status and leader",
                         verb);
}

const char *service_candidate(size_t index) {
    return index < sizeof verbs / sizeof verbs[0] ? verbs[index].name : NULL;
}
