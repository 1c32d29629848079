// SPDX-License-Identifier: MIT
/* A zone has a name, by which the rest of the program finds it. */
#include <hpdma/memzone.h>
#include <stdio.h>

int main(void)
{
	struct hpdma_memzone zone = { .size = sizeof(zone) };
	struct hpdma_memzone found = { .size = sizeof(found) };
	struct hpdma_memzone_opts opts = {
		.size = sizeof(opts),
		.alignment = 4096,
	};
	struct hpdma_memzones *zones;
	int ret = 1;

	if (hpdma_memzones_create(NULL, NULL, &zones, NULL))
		return 1;
	if (!hpdma_memzone_reserve(zones, "queue", 64 << 10, &opts, &zone,
				   NULL) &&
	    !hpdma_memzone_lookup(zones, "queue", &found)) {
		printf("%s is at %p\n", found.name, found.ptr);
		ret = found.ptr != zone.ptr;
		hpdma_memzone_free(zones, &found);
	}
	hpdma_memzones_unref(zones);
	return ret;
}
