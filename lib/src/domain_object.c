// SPDX-License-Identifier: MIT
/*
 * Rings, heaps and pools of a domain, by name.
 *
 * An entry is marked as being changed, the object is made without the lock (it may
 * call the user), and the entry is marked as ready. If its maker dies before, it
 * is taken away with his slot.
 */
#include <errno.h>
#include <string.h>

#include <hpdma/domain_objects.h>
#include <hpdma/process.h>

#include "domain_slot.h"
#include "domain_zone.h"
#include "mempool_shared.h"

static const char making[] = "make an object of a domain";
static const char finding[] = "find an object of a domain";

static int lock_for(struct hpdma_domain *domain, const char *name,
		    const char *what, struct hpdma_error *error)
{
	int ret;

	if (!*name || strlen(name) >= HPDMA_DOMAIN_NAME_SIZE)
		return hpdma_fail(error, -EINVAL, HPDMA_WHY_NONE, what);
	if (!hpdma_process_is_self(domain->ctx, domain->self))
		return hpdma_fail(error, -ESTALE, HPDMA_WHY_FORKED, what);
	ret = hpdma_domain_lock(domain);
	return ret ? hpdma_fail(error, ret, HPDMA_WHY_NONE, what) : 0;
}

/* With the lock. One that is being made has its name already. */
static struct domain_entry *find(struct hpdma_domain *domain, uint32_t type,
				 const char *name)
{
	struct domain_entry *entry;
	uint32_t i;

	for (i = 0; i < domain->page->objects; i++) {
		entry = domain_entry(domain, i);
		if (domain_entry_state(entry) != DOMAIN_FREE &&
		    entry->type == type &&
		    !strncmp(entry->name, name, HPDMA_DOMAIN_NAME_SIZE))
			return entry;
	}
	return NULL;
}

static struct domain_entry *find_free(struct hpdma_domain *domain)
{
	uint32_t i;

	for (i = 0; i < domain->page->objects; i++) {
		if (domain_entry_state(domain_entry(domain, i)) == DOMAIN_FREE)
			return domain_entry(domain, i);
	}
	return NULL;
}

static void use(const struct hpdma_domain *domain, struct domain_entry *entry)
{
	entry->users[domain->slot / 64] |= 1ull << (domain->slot % 64);
}

/* With the lock: the entry and its zone. */
static int fill(struct hpdma_domain *domain, struct domain_entry *entry,
		uint32_t type, const char *name, uint64_t length,
		struct hpdma_error *error)
{
	char zone[DOMAIN_ZONE_NAME_SIZE];
	void *ptr;
	int ret;

	memset(entry->users, 0, sizeof(entry->users));
	memcpy(entry->name, name, strlen(name) + 1);
	entry->type = type;
	entry->builder = domain->slot;
	entry->length = length;
	domain_entry_set(entry, DOMAIN_CHANGING);

	hpdma_domain_zone_name(type, name, zone);
	ret = hpdma_domain_zone_reserve(domain, zone, length, &ptr, error);
	if (ret) {
		/* There may be a zone of that name that is somebody's own. */
		domain_entry_set(entry, DOMAIN_FREE);
		return ret;
	}
	entry->offset = hpdma_domain_offset(domain, ptr);
	return 0;
}

static int begin(struct hpdma_domain *domain, uint32_t type, const char *name,
		 uint64_t length, struct domain_entry **out,
		 struct hpdma_error *error)
{
	struct domain_entry *entry;
	int ret;

	ret = lock_for(domain, name, making, error);
	if (ret)
		return ret;
	entry = find_free(domain);
	if (find(domain, type, name))
		ret = hpdma_fail(error, -EEXIST, HPDMA_WHY_NONE, making);
	else if (!entry)
		ret = hpdma_fail(error, -ENOSPC, HPDMA_WHY_OBJECTS, making);
	else
		ret = fill(domain, entry, type, name, length, error);
	hpdma_domain_unlock(domain);
	*out = entry;
	return ret;
}

/* Hands on @ret. */
static int end(struct hpdma_domain *domain, struct domain_entry *entry, int ret)
{
	/* Without the lock it stays as it is being made, until we detach. */
	if (hpdma_domain_lock(domain))
		return ret ? ret : -ENOTRECOVERABLE;
	if (ret) {
		hpdma_domain_entry_clear(domain, entry);
	} else {
		use(domain, entry);
		domain_entry_set(entry, DOMAIN_READY);
	}
	hpdma_domain_unlock(domain);
	return ret;
}

static int get(struct hpdma_domain *domain, uint32_t type, const char *name,
	       struct domain_entry **out, struct hpdma_error *error)
{
	struct domain_entry *entry;
	int ret;

	ret = lock_for(domain, name, finding, error);
	if (ret)
		return ret;
	entry = find(domain, type, name);
	if (!entry || domain_entry_state(entry) != DOMAIN_READY)
		ret = hpdma_fail(error, -ENOENT, HPDMA_WHY_NONE, finding);
	else
		use(domain, entry);
	hpdma_domain_unlock(domain);
	*out = entry;
	return ret;
}

int hpdma_domain_ring_create(struct hpdma_domain *domain, const char *name,
			     const struct hpdma_ring_opts *opts,
			     struct hpdma_ring **out, struct hpdma_error *error)
{
	struct domain_entry *entry;
	struct hpdma_ring_opts o;
	size_t length;
	int ret;

	ret = hpdma_opts_copy(&o, sizeof(o), sizeof(o), opts);
	o.size = sizeof(o);
	o.flags |= HPDMA_RING_ROBUST;
	o.owner = domain->slot;
	length = ret ? 0 : hpdma_ring_size(&o);
	if (!length)
		return hpdma_fail(error, ret ? ret : -EINVAL, HPDMA_WHY_NONE,
				  "read options");
	ret = begin(domain, HPDMA_DOMAIN_RING, name, length, &entry, error);
	if (ret)
		return ret;
	ret = hpdma_ring_init(domain_at(domain, entry->offset), length, &o,
			      out);
	if (ret)
		hpdma_fail(error, ret, HPDMA_WHY_NONE, making);
	return end(domain, entry, ret);
}

int hpdma_domain_ring_attach(struct hpdma_domain *domain, const char *name,
			     struct hpdma_ring **out, struct hpdma_error *error)
{
	struct domain_entry *entry;
	int ret;

	ret = get(domain, HPDMA_DOMAIN_RING, name, &entry, error);
	if (ret)
		return ret;
	ret = hpdma_ring_attach(domain_at(domain, entry->offset), entry->length,
				domain->slot, out);
	return ret ? hpdma_fail(error, ret, HPDMA_WHY_NONE, finding) : 0;
}

int hpdma_domain_heap_create(struct hpdma_domain *domain, const char *name,
			     size_t length, const struct hpdma_heap_opts *opts,
			     struct hpdma_heap **out, struct hpdma_error *error)
{
	struct domain_entry *entry;
	void *ptr;
	int ret;

	ret = begin(domain, HPDMA_DOMAIN_HEAP, name, length, &entry, error);
	if (ret)
		return ret;
	ptr = domain_at(domain, entry->offset);
	ret = hpdma_heap_shared_format(ptr, length, error);
	if (!ret)
		ret = hpdma_heap_shared_attach(ptr, length, opts, out, error);
	return end(domain, entry, ret);
}

int hpdma_domain_heap_attach(struct hpdma_domain *domain, const char *name,
			     const struct hpdma_heap_opts *opts,
			     struct hpdma_heap **out, struct hpdma_error *error)
{
	struct domain_entry *entry;
	int ret;

	ret = get(domain, HPDMA_DOMAIN_HEAP, name, &entry, error);
	if (ret)
		return ret;
	return hpdma_heap_shared_attach(domain_at(domain, entry->offset),
					entry->length, opts, out, error);
}

int hpdma_domain_mempool_create(struct hpdma_domain *domain, const char *name,
				const struct hpdma_mempool_opts *opts,
				struct hpdma_mempool **out,
				struct hpdma_error *error)
{
	struct domain_entry *entry;
	uint64_t length;
	int ret;

	ret = hpdma_shared_pool_size(opts, &length);
	if (ret)
		return hpdma_fail(error, ret, HPDMA_WHY_NONE, "read options");
	ret = begin(domain, HPDMA_DOMAIN_MEMPOOL, name, length, &entry, error);
	if (ret)
		return ret;
	ret = hpdma_shared_pool_create(domain_at(domain, entry->offset), opts,
				       domain->slot, out, error);
	return end(domain, entry, ret);
}

int hpdma_domain_mempool_attach(struct hpdma_domain *domain, const char *name,
				const struct hpdma_mempool_opts *opts,
				struct hpdma_mempool **out,
				struct hpdma_error *error)
{
	struct domain_entry *entry;
	int ret;

	ret = get(domain, HPDMA_DOMAIN_MEMPOOL, name, &entry, error);
	if (ret)
		return ret;
	return hpdma_shared_pool_attach(domain_at(domain, entry->offset),
					entry->length, opts, domain->slot, out,
					error);
}

/* Whether a process other than the caller's has asked for it */
static bool is_used(const struct hpdma_domain *domain,
		    const struct domain_entry *entry)
{
	uint64_t users;
	uint32_t i;

	for (i = 0; i < HPDMA_DOMAIN_USER_WORDS; i++) {
		users = entry->users[i];
		if (i == domain->slot / 64)
			users &= ~(1ull << (domain->slot % 64));
		if (users)
			return true;
	}
	return false;
}

int hpdma_domain_remove(struct hpdma_domain *domain,
			enum hpdma_domain_type type, const char *name,
			struct hpdma_error *error)
{
	static const char what[] = "remove an object of a domain";
	struct domain_entry *entry;
	int ret;

	ret = lock_for(domain, name, what, error);
	if (ret)
		return ret;
	entry = find(domain, type, name);
	if (!entry || domain_entry_state(entry) != DOMAIN_READY)
		ret = hpdma_fail(error, -ENOENT, HPDMA_WHY_NONE, what);
	else if (is_used(domain, entry))
		ret = hpdma_fail(error, -EBUSY, HPDMA_WHY_NONE, what);
	if (!ret) {
		entry->builder = domain->slot;
		hpdma_domain_entry_clear(domain, entry);
	}
	hpdma_domain_unlock(domain);
	return ret;
}
