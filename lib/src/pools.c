// SPDX-License-Identifier: MIT
/*
 * What memory the system has, as sysfs and procfs tell. It may be gone before it
 * is asked for: this decides what is tried, never what was obtained.
 */
#define _DEFAULT_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pools.h"
#include "util.h"

#define POOLS "/sys/kernel/mm/hugepages"

/* The beginning of a file; empty if it cannot be read. */
static void read_text(const struct hpdma_sys *sys, const char *path, char *text,
		      size_t size)
{
	ssize_t length = 0;
	int fd;

	fd = sys->open(path, O_RDONLY);
	if (fd >= 0) {
		length = sys->read(fd, text, size - 1);
		sys->close(fd);
	}
	text[length > 0 ? length : 0] = '\0';
}

static uint64_t pool_number(const struct hpdma_sys *sys, uint64_t page_size,
			    const char *what)
{
	char path[128], text[32];

	snprintf(path, sizeof(path), POOLS "/hugepages-%llukB/%s",
		 (unsigned long long)page_size / 1024, what);
	read_text(sys, path, text, sizeof(text));
	return strtoull(text, NULL, 10);
}

/* Pages beyond the pool's own that the system may still make. */
static uint64_t may_grow(const struct hpdma_sys *sys, uint64_t page_size)
{
	uint64_t most = pool_number(sys, page_size, "nr_overcommit_hugepages");
	uint64_t made = pool_number(sys, page_size, "surplus_hugepages");

	return most > made ? most - made : 0;
}

uint64_t hpdma_pool_free(const struct hpdma_sys *sys, uint64_t page_size)
{
	return (pool_number(sys, page_size, "free_hugepages") +
		may_grow(sys, page_size)) *
	       page_size;
}

struct search {
	const struct hpdma_sys *sys;
	uint64_t sizes;
};

static int add_pool(const char *name, void *arg)
{
	struct search *search = arg;
	unsigned long long kib;
	uint64_t size;

	if (sscanf(name, "hugepages-%llukB", &kib) != 1)
		return 0;
	size = (uint64_t)kib * 1024;
	if (pool_number(search->sys, size, "nr_hugepages") ||
	    may_grow(search->sys, size))
		search->sizes |= size;
	return 0;
}

uint64_t hpdma_pools_sizes(const struct hpdma_sys *sys)
{
	struct search search = { .sys = sys };

	sys->list(POOLS, add_pool, &search);
	return search.sizes;
}

uint64_t hpdma_memory_available(const struct hpdma_sys *sys)
{
	static const char word[] = "MemAvailable:";
	const char *found;
	char text[512];

	read_text(sys, "/proc/meminfo", text, sizeof(text));
	found = strstr(text, word);
	return found ? strtoull(found + sizeof(word) - 1, NULL, 10) * 1024 :
		       UINT64_MAX;
}
