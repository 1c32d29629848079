/* SPDX-License-Identifier: MIT */
/*
 * The memory zones of a domain.
 */
#ifndef HPDMA_SRC_DOMAIN_ZONE_H
#define HPDMA_SRC_DOMAIN_ZONE_H

#include "domain_page.h"

/* Names of zones: of its type, and its own */
#define DOMAIN_ZONE_NAME_SIZE (HPDMA_DOMAIN_NAME_SIZE + 8)

/**
 * hpdma_domain_zones_format() - make them, and attach to them
 * @domain: The domain; its page is complete
 * @max_zones: As of &struct hpdma_domain_opts
 * @error: Filled on failure; may be NULL
 *
 * Return: 0; -EINVAL if there is no room for them; what hpdma_memzones_format() returns.
 */
int hpdma_domain_zones_format(struct hpdma_domain *domain, uint32_t max_zones,
			      struct hpdma_error *error);

/**
 * hpdma_domain_zones_attach() - attach to them
 * @domain: The domain
 * @error: Filled on failure; may be NULL
 *
 * Return: What hpdma_memzones_attach() returns.
 */
int hpdma_domain_zones_attach(struct hpdma_domain *domain,
			      struct hpdma_error *error);

/**
 * hpdma_domain_zone_name() - the name of the zone in which an object is
 * @type: &enum hpdma_domain_type
 * @name: Name of the object
 * @zone: Receives that of the zone
 */
void hpdma_domain_zone_name(uint32_t type, const char *name,
			    char zone[DOMAIN_ZONE_NAME_SIZE]);

/**
 * hpdma_domain_zone_reserve() - get the zone of an object
 * @domain: The domain
 * @zone: Its name
 * @length: Bytes
 * @ptr: Receives its address, a multiple of 4096
 * @error: Filled on failure; may be NULL
 *
 * Return: What hpdma_memzone_reserve() returns.
 */
int hpdma_domain_zone_reserve(struct hpdma_domain *domain, const char *zone,
			      uint64_t length, void **ptr,
			      struct hpdma_error *error);

/**
 * hpdma_domain_zone_free() - end it
 * @domain: The domain
 * @zone: Its name. One that hpdma_domain_zone_reserve() has not made stays
 */
void hpdma_domain_zone_free(struct hpdma_domain *domain, const char *zone);

#endif /* HPDMA_SRC_DOMAIN_ZONE_H */
