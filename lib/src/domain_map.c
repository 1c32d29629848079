// SPDX-License-Identifier: MIT
/*
 * The memory of a domain: its name, and where it is.
 *
 * The name begins with the IPC namespace, so that containers stay apart also where
 * they share what names are kept in.
 *
 * Addresses are chosen far from where the kernel, the loader and malloc() put things
 * (the top of the address space and, on x86, from 0x55... on), so that another
 * program most likely has them free, whatever the randomization of addresses. Where
 * the search begins is told by the name, so that several domains do not meet.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <hpdma/process.h>
#include <hpdma/share.h>

#include "domain_map.h"
#include "domain_page.h"

/**
 * struct region - where to look for an address
 * @start: First address
 * @steps: How many there are, HPDMA_DOMAIN_ADDRESS_STEP apart
 *
 * The first is there for CPUs with 39 bits of addresses, too, and for valgrind and
 * ThreadSanitizer. The second is for what is longer, and beyond what
 * AddressSanitizer keeps for itself, which is all of the first.
 */
struct region {
	uint64_t start;
	uint64_t steps;
};

static const struct region regions[] = {
	{ 0x1000000000, 0x180 },
	{ 0x200000000000, 0x8000 },
};

/* How many addresses of a region are tried. */
#define TRIES 16

int hpdma_domain_full_name(struct hpdma *ctx, const char *name,
			   char full[HPDMA_DOMAIN_FULL_SIZE],
			   struct hpdma_error *error)
{
	uint64_t ns;
	int ret;

	if (name && (!*name || strlen(name) >= HPDMA_DOMAIN_NAME_SIZE))
		return hpdma_fail(error, -EINVAL, HPDMA_WHY_NONE,
				  "read the name of a domain");
	ret = hpdma_process_namespace(ctx, HPDMA_PROCESS_NS_IPC, &ns, error);
	if (ret)
		return ret;
	snprintf(full, HPDMA_DOMAIN_FULL_SIZE, "domain:%llx:%s",
		 (unsigned long long)ns, name ? name : "");
	return 0;
}

int hpdma_domain_namespaces(struct hpdma *ctx, uint64_t *pid_ns,
			    uint64_t *time_ns, struct hpdma_error *error)
{
	int ret = hpdma_process_namespace(ctx, HPDMA_PROCESS_NS_PID, pid_ns,
					  error);

	return ret ? ret :
		     hpdma_process_namespace(ctx, HPDMA_PROCESS_NS_TIME,
					     time_ns, error);
}

/* Of everything shared whose size depends on the machine or its C library */
uint32_t hpdma_domain_layout(void)
{
	return (uint32_t)(sizeof(struct domain_page) << 20 |
			  sizeof(struct domain_entry) << 10 |
			  sizeof(struct hpdma_lock) << 4 | sizeof(void *));
}

static int check(struct hpdma *ctx, const struct hpdma_buf *buf, uint64_t abi,
		 struct hpdma_error *error)
{
	static const char what[] = "attach to a domain";
	const struct domain_page *page = hpdma_buf_ptr(buf);
	uint64_t length = hpdma_buf_len(buf), pid_ns, time_ns;
	int ret;

	if (length < sizeof(*page) || page->magic != HPDMA_DOMAIN_MAGIC)
		return hpdma_fail(error, -EPROTO, HPDMA_WHY_NOT_DOMAIN, what);
	if (page->format != HPDMA_DOMAIN_FORMAT ||
	    page->layout != hpdma_domain_layout())
		return hpdma_fail(error, -EPROTO, HPDMA_WHY_VERSION, what);
	if (page->abi != abi)
		return hpdma_fail(error, -EPROTO, HPDMA_WHY_ABI, what);
	ret = hpdma_domain_namespaces(ctx, &pid_ns, &time_ns, error);
	if (ret)
		return ret;
	if (page->pid_ns != pid_ns || page->time_ns != time_ns)
		return hpdma_fail(error, -EXDEV, HPDMA_WHY_NAMESPACE, what);
	/* Who may write to it can do worse; this is for what broke by itself. */
	if (page->length != length || page->zones_at >= length ||
	    page->objects_at > page->zones_at ||
	    page->slots_at > page->objects_at ||
	    page->processes > HPDMA_HOLDERS_MAX ||
	    page->objects > HPDMA_DOMAIN_OBJECTS_MAX)
		return hpdma_fail(error, -EPROTO, HPDMA_WHY_NOT_DOMAIN, what);
	return 0;
}

static int map_at(struct hpdma_buf *buf, void *address,
		  struct hpdma_error *error)
{
	int ret = hpdma_buf_map_at(buf, address, 0, error);

	if (ret == -EEXIST)
		return hpdma_fail(error, -EADDRINUSE, HPDMA_WHY_ADDRESS_TAKEN,
				  "map a domain at its address");
	return ret;
}

/* Spreads names; the constants are those of FNV-1a. */
static uint64_t spread(const char *name)
{
	uint64_t hash = 0xcbf29ce484222325;

	for (; *name; name++)
		hash = (hash ^ (unsigned char)*name) * 0x100000001b3;
	return hash;
}

static int map_in(struct hpdma_buf *buf, const struct region *region,
		  uint64_t hash, struct hpdma_error *error)
{
	uint64_t steps = hpdma_buf_len(buf) / HPDMA_DOMAIN_ADDRESS_STEP + 1;
	int ret = -EADDRINUSE, i;
	uint64_t at;

	if (steps > region->steps)
		return hpdma_fail(error, ret, HPDMA_WHY_ADDRESS_TAKEN,
				  "look for an address");
	/* Anything else, as that the CPU has no such address, stays so. */
	for (i = 0; ret == -EADDRINUSE && i < TRIES; i++) {
		at = region->start + (hash + (uint64_t)i * steps) %
					     (region->steps - steps + 1) *
					     HPDMA_DOMAIN_ADDRESS_STEP;
		ret = map_at(buf, (void *)(uintptr_t)at, error);
	}
	return ret;
}

static int map_somewhere(struct hpdma_buf *buf, const char *name,
			 struct hpdma_error *error)
{
	int ret = -EADDRINUSE;
	size_t i;

	for (i = 0; ret && i < sizeof(regions) / sizeof(regions[0]); i++)
		ret = map_in(buf, &regions[i], spread(name), error);
	return ret;
}

int hpdma_domain_map_new(struct hpdma *ctx, const char *name,
			 const struct hpdma_domain_opts *opts,
			 struct hpdma_buf **out, struct hpdma_error *error)
{
	struct hpdma_buf_opts how = { .size = sizeof(how),
				      .flags = HPDMA_BUF_NAMEABLE };
	struct hpdma_info info = { .size = sizeof(info) };
	struct hpdma_buf *buf;
	int ret;

	hpdma_get_info(ctx, &info);
	/* Its contiguous memory has no futexes, of which locks are made. */
	if (info.backend == HPDMA_BACKEND_MODULE)
		how.backing = HPDMA_BUF_BACKING_HUGETLB;
	if (!(opts->flags & HPDMA_DOMAIN_ANY_ADDRESS))
		how.flags |= HPDMA_BUF_NO_MAP;
	ret = hpdma_buf_alloc(ctx, opts->length, &how, &buf, error);
	if (ret)
		return ret;
	if (opts->address)
		ret = map_at(buf, opts->address, error);
	else if (how.flags & HPDMA_BUF_NO_MAP)
		ret = map_somewhere(buf, name, error);
	if (ret) {
		hpdma_buf_unref(buf);
		return ret;
	}
	*out = buf;
	return 0;
}

/* Where it is to be, which a look at it anywhere else tells. */
static int wanted_address(struct hpdma *ctx, const char *full,
			  const struct hpdma_domain_attach_opts *opts,
			  void **address, struct hpdma_error *error)
{
	const struct domain_page *page;
	struct hpdma_buf *buf;
	int ret;

	ret = hpdma_buf_open(ctx, full, HPDMA_BUF_NO_POPULATE, &buf, error);
	if (ret)
		return ret;
	ret = check(ctx, buf, opts->abi, error);
	page = hpdma_buf_ptr(buf);
	*address = ret ? NULL : (void *)(uintptr_t)page->address;
	hpdma_buf_unref(buf);
	return ret;
}

static int map_there(struct hpdma *ctx, const char *full, void *address,
		     struct hpdma_buf **out, struct hpdma_error *error)
{
	struct hpdma_buf *buf;
	int ret;

	ret = hpdma_buf_open(ctx, full, address ? HPDMA_BUF_NO_MAP : 0, &buf,
			     error);
	if (ret)
		return ret;
	if (address)
		ret = map_at(buf, address, error);
	if (ret) {
		hpdma_buf_unref(buf);
		return ret;
	}
	*out = buf;
	return 0;
}

int hpdma_domain_map_named(struct hpdma *ctx, const char *full,
			   const struct hpdma_domain_attach_opts *opts,
			   struct hpdma_buf **out, struct hpdma_error *error)
{
	struct hpdma_buf *buf = NULL;
	struct domain_page *page;
	void *address;
	int ret;

	do {
		hpdma_buf_unref(buf);
		ret = wanted_address(ctx, full, opts, &address, error);
		if (ret)
			return ret;
		ret = map_there(ctx, full, address, &buf, error);
		if (ret == -EADDRINUSE &&
		    opts->flags & HPDMA_DOMAIN_ANY_ADDRESS)
			ret = map_there(ctx, full, NULL, &buf, error);
		if (ret)
			return ret;
		ret = check(ctx, buf, opts->abi, error);
		if (ret) {
			hpdma_buf_unref(buf);
			return ret;
		}
		page = hpdma_buf_ptr(buf);
		/* By now the name may stand for another one. */
	} while (page->address != (uintptr_t)address);

	*out = buf;
	return 0;
}
