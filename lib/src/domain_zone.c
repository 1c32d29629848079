// SPDX-License-Identifier: MIT
/*
 * The memory zones of a domain.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "domain_map.h"
#include "domain_zone.h"
#include "memzone_set.h"

/* What tells zones of objects from those that users reserve. */
static const char tag[] = "hpdma domain";

static size_t zones_length(const struct hpdma_domain *domain)
{
	return (size_t)(domain->page->length - domain->page->zones_at);
}

int hpdma_domain_zones_format(struct hpdma_domain *domain, uint32_t max_zones,
			      struct hpdma_error *error)
{
	/* Wherever a process has the domain, it has it at a multiple of pages. */
	const struct memzones_format format = {
		.max_zones = max_zones,
		.node = -1,
		.alignment = HPDMA_DOMAIN_PAGE,
		.unit = HPDMA_DOMAIN_PAGE,
	};
	int ret;

	ret = hpdma_memzones_format(domain_at(domain, domain->page->zones_at),
				    zones_length(domain), &format);
	if (ret == -ENOSPC)
		ret = -EINVAL;
	if (ret)
		return hpdma_fail(error, ret, HPDMA_WHY_NONE,
				  "make the memory zones of a domain");
	return hpdma_domain_zones_attach(domain, error);
}

int hpdma_domain_zones_attach(struct hpdma_domain *domain,
			      struct hpdma_error *error)
{
	return hpdma_memzones_attach(domain_at(domain, domain->page->zones_at),
				     zones_length(domain), &domain->zones,
				     error);
}

void hpdma_domain_zone_name(uint32_t type, const char *name,
			    char zone[DOMAIN_ZONE_NAME_SIZE])
{
	const char *kind = type == HPDMA_DOMAIN_RING ? "ring" :
			   type == HPDMA_DOMAIN_HEAP ? "heap" :
						       "pool";

	snprintf(zone, DOMAIN_ZONE_NAME_SIZE, "%s:%.*s", kind,
		 HPDMA_DOMAIN_NAME_SIZE - 1, name);
}

int hpdma_domain_zone_reserve(struct hpdma_domain *domain, const char *zone,
			      uint64_t length, void **ptr,
			      struct hpdma_error *error)
{
	const struct hpdma_memzone_opts opts = {
		.size = sizeof(opts),
		.alignment = HPDMA_DOMAIN_PAGE,
		.owner = tag,
	};
	struct hpdma_memzone found = { .size = sizeof(found) };
	int ret;

	ret = hpdma_memzone_reserve(domain->zones, zone, length, &opts, &found,
				    error);
	if (!ret)
		*ptr = found.ptr;
	return ret;
}

void hpdma_domain_zone_free(struct hpdma_domain *domain, const char *zone)
{
	struct hpdma_memzone found = { .size = sizeof(found) };

	if (!hpdma_memzone_lookup(domain->zones, zone, &found) &&
	    !strcmp(found.owner, tag))
		hpdma_memzone_free(domain->zones, &found);
}
