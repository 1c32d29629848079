// SPDX-License-Identifier: MIT
/*
 * Which domains there are, what is in one, and where.
 */
#include <errno.h>
#include <string.h>

#include <hpdma/process.h>
#include <hpdma/share.h>

#include "domain_map.h"
#include "domain_slot.h"

/* Where a process id is in the number of a process: see process.c. */
#define PID_SHIFT 42

struct listing {
	int (*each)(const struct hpdma_domain_listing *listing, void *arg);
	void *arg;
	char front[HPDMA_DOMAIN_FULL_SIZE];
};

static int list_one(const struct hpdma_listing *found, void *arg)
{
	const struct listing *listing = arg;
	size_t front = strlen(listing->front);
	struct hpdma_domain_listing domain = {
		.name = found->name + front,
		.length = found->length,
		.persistent = !!(found->state & HPDMA_BUF_IS_PERSISTENT),
		.uid = found->uid,
	};

	if (strncmp(found->name, listing->front, front))
		return 0;
	return listing->each(&domain, listing->arg);
}

int hpdma_domain_list(struct hpdma *ctx,
		      int (*each)(const struct hpdma_domain_listing *listing,
				  void *arg),
		      void *arg, struct hpdma_error *error)
{
	struct listing listing = { .each = each, .arg = arg };
	int ret;

	ret = hpdma_domain_full_name(ctx, NULL, listing.front, error);
	return ret ? ret : hpdma_list(ctx, 0, list_one, &listing, error);
}

int hpdma_domain_get_info(struct hpdma_domain *domain,
			  struct hpdma_domain_info *info)
{
	const struct domain_page *page = domain->page;
	struct hpdma_domain_info now = {
		.size = sizeof(now),
		.slot = domain->slot,
		.length = page->length,
		.address = page->address,
		.abi = page->abi,
		.max_processes = page->processes,
		.max_objects = page->objects,
		.reaped = page->reaped,
		.returned = page->returned,
	};
	uint32_t i;

	for (i = 0; i < page->processes; i++)
		now.processes += !!domain_slot_owner(domain, i);
	for (i = 0; i < page->objects; i++)
		now.objects += domain_entry_state(domain_entry(domain, i)) ==
			       DOMAIN_READY;
	return hpdma_info_copy(info, sizeof(now), &now, sizeof(now));
}

int hpdma_domain_walk_processes(
	struct hpdma_domain *domain,
	int (*each)(const struct hpdma_domain_process *process, void *arg),
	void *arg)
{
	struct hpdma_domain_process process;
	uint64_t owner;
	uint32_t i;
	int ret = 0;

	for (i = 0; !ret && i < domain->page->processes; i++) {
		owner = domain_slot_owner(domain, i);
		if (!owner)
			continue;
		process = (struct hpdma_domain_process){
			.slot = i,
			.pid = (int32_t)(owner >> PID_SHIFT),
			.alive = (uint32_t)hpdma_process_alive(domain->ctx,
							       owner),
			.self = owner == domain->self && i == domain->slot,
		};
		ret = each(&process, arg);
	}
	return ret;
}

/* A copy, for with the lock held nothing of the user's is called. */
static bool read_entry(struct hpdma_domain *domain, uint32_t number,
		       struct hpdma_domain_object *object,
		       char name[HPDMA_DOMAIN_NAME_SIZE])
{
	const struct domain_entry *entry = domain_entry(domain, number);
	bool ready;
	int i;

	if (hpdma_domain_lock(domain))
		return false;
	ready = domain_entry_state(entry) == DOMAIN_READY;
	memcpy(name, entry->name, HPDMA_DOMAIN_NAME_SIZE);
	*object = (struct hpdma_domain_object){
		.name = name,
		.type = entry->type,
		.length = entry->length,
	};
	for (i = 0; i < HPDMA_DOMAIN_USER_WORDS; i++)
		object->users +=
			(uint32_t)__builtin_popcountll(entry->users[i]);
	hpdma_domain_unlock(domain);
	return ready;
}

int hpdma_domain_walk_objects(
	struct hpdma_domain *domain,
	int (*each)(const struct hpdma_domain_object *object, void *arg),
	void *arg)
{
	struct hpdma_domain_object object;
	char name[HPDMA_DOMAIN_NAME_SIZE];
	uint32_t i;
	int ret = 0;

	for (i = 0; !ret && i < domain->page->objects; i++) {
		if (read_entry(domain, i, &object, name))
			ret = each(&object, arg);
	}
	return ret;
}

int hpdma_domain_reap(struct hpdma_domain *domain, struct hpdma_error *error)
{
	int ret;

	if (!hpdma_process_is_self(domain->ctx, domain->self))
		return hpdma_fail(error, -ESTALE, HPDMA_WHY_FORKED,
				  "look for dead processes");
	ret = hpdma_domain_lock(domain);
	if (!ret) {
		ret = hpdma_domain_reap_locked(domain);
		hpdma_domain_unlock(domain);
	}
	if (ret < 0)
		hpdma_fail(error, ret, HPDMA_WHY_NONE,
			   "look for dead processes");
	return ret;
}

struct hpdma_memzones *hpdma_domain_zones(struct hpdma_domain *domain)
{
	return domain->zones;
}

uint64_t hpdma_domain_offset(const struct hpdma_domain *domain, const void *ptr)
{
	uint64_t offset = (uintptr_t)ptr - (uintptr_t)domain->page;

	return offset < domain->page->length ? offset : UINT64_MAX;
}

void *hpdma_domain_ptr(const struct hpdma_domain *domain, uint64_t offset)
{
	return offset < domain->page->length ? domain_at(domain, offset) : NULL;
}
