#include "domains.h"

#include <string.h>

struct tables tables;
const struct hardware *hardware;

static struct domain *end_of_domains(void) { return tables.state->domain + DOMAINS_MAX; }

struct domain *domain_of_device(uint16_t device) {
    for (struct domain *domain = tables.state->domain; domain < end_of_domains(); domain++)
        if (domain->state != DOMAIN_FREE && domain->device == device)
            return domain;
    return NULL;
}

struct domain *domain_of_requester(uint16_t requester) {
    for (struct domain *domain = tables.state->domain; domain < end_of_domains(); domain++)
        if (domain->state != DOMAIN_FREE && domain->requester == requester)
            return domain;
    return NULL;
}

struct domain *domain_of_driver(endpoint_t driver) {
    for (struct domain *domain = tables.state->domain; domain < end_of_domains(); domain++)
        if (domain->state == DOMAIN_LIVE && domain->driver == driver)
            return domain;
    return NULL;
}

struct domain *domain_number(unsigned n) {
    for (struct domain *domain = tables.state->domain; domain < end_of_domains(); domain++)
        if (domain->state == DOMAIN_LIVE && n-- == 0)
            return domain;
    return NULL;
}

static struct domain *find_free(void) {
    for (struct domain *domain = tables.state->domain; domain < end_of_domains(); domain++)
        if (domain->state == DOMAIN_FREE)
            return domain;
    return NULL;
}

/* The order of stores matters to a server that finds the state as this one left it when it died. */
static void set_state(struct domain *domain, enum domain_state state) {
    __atomic_store_n(&domain->state, (uint32_t)state, __ATOMIC_SEQ_CST);
}

static void set_pending(struct domain *domain, uint64_t address, uint64_t pages) {
    domain->pending_address = address;
    __atomic_store_n(&domain->pending_pages, pages, __ATOMIC_SEQ_CST);
}

int domain_make(uint16_t device, uint16_t requester, endpoint_t driver,
                const char label[LABEL_MAX]) {
    uint8_t levels;
    int unit = hardware->unit_of(device, &requester, &levels);

    if (domain_of_device(device))
        return -E_EXIST;
    if (unit < 0)
        return -E_NOENT;
    if (domain_of_requester(requester))
        return -E_BUSY;
    struct domain *domain = find_free();
    if (domain == NULL)
        return -E_NOSLOT;
    *domain = (struct domain){ .device = device,
                               .requester = requester,
                               .unit = (uint16_t)unit,
                               .levels = levels,
                               .driver = driver };
    memcpy(domain->label, label, LABEL_MAX);
    set_state(domain, DOMAIN_CHANGING);
    domain->root = pages_new_table(&tables, hardware->format, domain);
    int error = domain->root != 0 ? hardware->attach(domain) : -E_QUOTA;
    if (error) {
        domain_end(domain);
        return error;
    }
    set_state(domain, DOMAIN_LIVE);
    return 0;
}

int domain_end(struct domain *domain) {
    set_state(domain, DOMAIN_CHANGING);
    int error = hardware->detach(domain);
    if (error)
        return error;
    pages_free(&tables, domain);
    set_state(domain, DOMAIN_FREE);
    return 0;
}

int domain_map(struct domain *domain, uint64_t address, const uint64_t *frames, uint64_t count,
               unsigned access) {
    for (uint64_t i = 0; i < count; i++)
        if (pages_entry(&tables, hardware->format, domain, address + i * PAGE_SIZE))
            return -E_EXIST;
    set_pending(domain, address, count);
    int error = pages_map(&tables, hardware->format, domain, address, frames, count, access);
    int other = error ? hardware->unmapped(domain) : hardware->mapped(domain);
    set_pending(domain, 0, 0);
    return error ? error : other;
}

int domain_unmap(struct domain *domain, uint64_t address, uint64_t count) {
    for (uint64_t i = 0; i < count; i++)
        if (!pages_entry(&tables, hardware->format, domain, address + i * PAGE_SIZE))
            return -E_NOENT;
    set_pending(domain, address, count);
    pages_unmap(&tables, hardware->format, domain, address, count);
    int error = hardware->unmapped(domain);
    if (!error)
        set_pending(domain, 0, 0);
    return error;
}

/* Finishes what was under way; is the domain whole then? */
static bool repair(struct domain *domain) {
    uint16_t requester = domain->requester;
    uint64_t pages;
    uint8_t levels;

    if (domain->state != DOMAIN_LIVE ||
        hardware->unit_of(domain->device, &requester, &levels) != domain->unit ||
        levels != domain->levels || requester != domain->requester ||
        !pages_check(&tables, hardware->format, domain, &pages))
        return false;
    if (domain->pending_pages == 0)
        return pages == domain->pages;
    pages_unmap(&tables, hardware->format, domain, domain->pending_address, domain->pending_pages);
    if (hardware->unmapped(domain) != 0)
        return false;
    set_pending(domain, 0, 0);
    return pages_check(&tables, hardware->format, domain, &domain->pages);
}

/* Pages of domains that are no more, because a server died when it gave them back. */
static void free_lost_pages(void) {
    struct state *state = tables.state;

    for (uint32_t page = 0; page < state->pages; page++) {
        unsigned index = state->owner[page] - (unsigned)OWNER_DOMAIN;
        if (state->owner[page] >= OWNER_DOMAIN &&
            (index >= DOMAINS_MAX || state->domain[index].state == DOMAIN_FREE))
            state->owner[page] = OWNER_NONE;
    }
}

void domains_adopt(bool (*lives)(const struct domain *domain)) {
    for (struct domain *domain = tables.state->domain; domain < end_of_domains(); domain++) {
        if (domain->state == DOMAIN_FREE || (repair(domain) && lives(domain)))
            continue;
        log_line("the domain of %02x:%02x.%u ends: its driver is gone", domain->device >> 8,
                 domain->device >> 3 & 0x1f, domain->device & 7U);
        domain_end(domain);
    }
    free_lost_pages();
}
