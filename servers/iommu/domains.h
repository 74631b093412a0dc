/* Domains: what each device can reach. One per device; the records are in the state, so that they
 * outlive the server. */
#ifndef IOMMU_DOMAINS_H
#define IOMMU_DOMAINS_H

#include "hardware.h"

/* The hardware of this machine. */
extern const struct hardware *hardware;

/* What a live or changing domain is found by. NULL: there is none. */
struct domain *domain_of_device(uint16_t device);
struct domain *domain_of_requester(uint16_t requester);
struct domain *domain_of_driver(endpoint_t driver); /* a live one */

/* The n-th live domain, from 0. NULL: there are no more. */
struct domain *domain_number(unsigned n);

/* Makes an empty domain. Errors: those of IOMMU_DOMAIN, -E_QUOTA no page for its tables, -E_IO. */
int domain_make(uint16_t device, uint16_t requester, endpoint_t driver,
                const char label[LABEL_MAX]);

/*
 * Ends a domain: when it returns 0 the device reaches nothing. -E_IO: the hardware does not answer;
 * the domain stays, and is ended by another try or by the next server.
 */
int domain_end(struct domain *domain);

/* Errors: those of pages_map(), -E_IO. */
int domain_map(struct domain *domain, uint64_t address, const uint64_t *frames, uint64_t count,
               unsigned access);

/* -E_NOENT a page is not mapped: then nothing is unmapped; -E_IO. */
int domain_unmap(struct domain *domain, uint64_t address, uint64_t count);

/*
 * After the start with the state of a server before this one: ends what it was making or ending,
 * what does not hang together, and domains whose driver does not live.
 */
void domains_adopt(bool (*lives)(const struct domain *domain));

#endif
