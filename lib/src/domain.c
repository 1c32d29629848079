// SPDX-License-Identifier: MIT
/*
 * Domains: create, attach, detach.
 *
 * A domain gets its name when it is complete, so nobody ever sees half of one.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hpdma/buf.h>
#include <hpdma/process.h>
#include <hpdma/share.h>

#include "domain_map.h"
#include "domain_slot.h"
#include "domain_zone.h"

#define USUAL_LENGTH (64ull << 20)
#define USUAL_PROCESSES 64
#define USUAL_ZONES 1024
#define USUAL_OBJECTS 128
#define LINE 64ull

#define ALL_FLAGS                                             \
	(HPDMA_DOMAIN_PERSISTENT | HPDMA_DOMAIN_ANY_ADDRESS | \
	 HPDMA_DOMAIN_UID | HPDMA_DOMAIN_GID)

_Static_assert(sizeof(struct domain_slot) == 64, "a slot is a cache line");

static int read_opts(const struct hpdma_domain_opts *opts,
		     struct hpdma_domain_opts *o, struct hpdma_error *error)
{
	int ret = hpdma_opts_copy(o, sizeof(*o), sizeof(*o), opts);

	if (!o->length)
		o->length = USUAL_LENGTH;
	if (!o->max_processes)
		o->max_processes = USUAL_PROCESSES;
	if (!o->max_zones)
		o->max_zones = USUAL_ZONES;
	if (!o->max_objects)
		o->max_objects = USUAL_OBJECTS;
	if (!ret && (o->flags & ~(uint32_t)ALL_FLAGS ||
		     o->max_processes > HPDMA_HOLDERS_MAX ||
		     o->max_objects > HPDMA_DOMAIN_OBJECTS_MAX ||
		     (o->uid && !(o->flags & HPDMA_DOMAIN_UID)) ||
		     (o->gid && !(o->flags & HPDMA_DOMAIN_GID)) ||
		     (o->address && o->flags & HPDMA_DOMAIN_ANY_ADDRESS) ||
		     (uintptr_t)o->address % HPDMA_DOMAIN_ADDRESS_STEP))
		ret = -EINVAL;
	return ret ? hpdma_fail(error, ret, HPDMA_WHY_NONE, "read options") : 0;
}

/* A domain without memory, of this process. */
static int new_domain(struct hpdma *ctx, struct hpdma_domain **out,
		      struct hpdma_error *error)
{
	struct hpdma_domain *domain = hpdma_new(sizeof(*domain), error);
	int ret;

	if (!domain)
		return -ENOMEM;
	ret = hpdma_process_self(ctx, &domain->self, error);
	if (ret) {
		free(domain);
		return ret;
	}
	refs_init(&domain->refs);
	domain->ctx = hpdma_ref(ctx);
	*out = domain;
	return 0;
}

static void drop(struct hpdma_domain *domain)
{
	hpdma_memzones_unref(domain->zones);
	hpdma_buf_unref(domain->buf);
	hpdma_unref(domain->ctx);
	free(domain);
}

/* The memory is zero: so are slots and entries. */
static int format(struct hpdma_domain *domain,
		  const struct hpdma_domain_opts *o, struct hpdma_error *error)
{
	struct domain_page *page = domain->page;
	uint64_t slots_at = sizeof(*page), objects_at, zones_at;
	uint64_t pid_ns, time_ns;
	int ret;

	ret = hpdma_domain_namespaces(domain->ctx, &pid_ns, &time_ns, error);
	if (ret)
		return ret;

	round_up(slots_at, LINE, &slots_at);
	objects_at = slots_at +
		     o->max_processes * (uint64_t)sizeof(struct domain_slot);
	zones_at = objects_at +
		   o->max_objects * (uint64_t)sizeof(struct domain_entry);
	round_up(zones_at, HPDMA_DOMAIN_PAGE, &zones_at);
	if (zones_at >= hpdma_buf_len(domain->buf))
		return hpdma_fail(error, -EINVAL, HPDMA_WHY_NONE,
				  "find room for the bookkeeping of a domain");

	*page = (struct domain_page){
		.magic = HPDMA_DOMAIN_MAGIC,
		.format = HPDMA_DOMAIN_FORMAT,
		.layout = hpdma_domain_layout(),
		.abi = o->abi,
		.length = hpdma_buf_len(domain->buf),
		.pid_ns = pid_ns,
		.time_ns = time_ns,
		.processes = o->max_processes,
		.objects = o->max_objects,
		.slots_at = slots_at,
		.objects_at = objects_at,
		.zones_at = zones_at,
	};
	if (!(o->flags & HPDMA_DOMAIN_ANY_ADDRESS))
		page->address = (uintptr_t)page;
	ret = hpdma_lock_init(&page->lock, true);
	if (ret)
		return hpdma_fail(error, ret, HPDMA_WHY_NONE, "make a lock");
	ret = hpdma_domain_zones_format(domain, o->max_zones, error);
	return ret ? ret : hpdma_domain_slot_take(domain);
}

static int publish(struct hpdma_domain *domain, const char *name,
		   const struct hpdma_domain_opts *o, struct hpdma_error *error)
{
	struct hpdma_publish_opts opts = {
		.size = sizeof(opts),
		.mode = o->mode,
		.uid = o->uid,
		.gid = o->gid,
	};

	if (o->flags & HPDMA_DOMAIN_PERSISTENT)
		opts.flags |= HPDMA_PUBLISH_PERSISTENT;
	if (o->flags & HPDMA_DOMAIN_UID)
		opts.flags |= HPDMA_PUBLISH_UID;
	if (o->flags & HPDMA_DOMAIN_GID)
		opts.flags |= HPDMA_PUBLISH_GID;
	return hpdma_buf_publish(domain->buf, name, &opts, error);
}

int hpdma_domain_create(struct hpdma *ctx, const char *name,
			const struct hpdma_domain_opts *opts,
			struct hpdma_domain **out, struct hpdma_error *error)
{
	char full[HPDMA_DOMAIN_FULL_SIZE];
	struct hpdma_domain *domain;
	struct hpdma_domain_opts o;
	int ret;

	ret = read_opts(opts, &o, error);
	if (!ret)
		ret = hpdma_domain_full_name(ctx, name, full, error);
	if (!ret)
		ret = new_domain(ctx, &domain, error);
	if (ret)
		return ret;

	ret = hpdma_domain_map_new(ctx, name, &o, &domain->buf, error);
	if (ret)
		goto err_drop;
	domain->page = hpdma_buf_ptr(domain->buf);
	ret = format(domain, &o, error);
	if (!ret)
		ret = publish(domain, full, &o, error);
	if (ret)
		goto err_drop;
	*out = domain;
	return 0;

err_drop:
	drop(domain);
	return ret;
}

static int enter(struct hpdma_domain *domain, struct hpdma_error *error)
{
	int ret = hpdma_domain_lock(domain);

	if (ret)
		return hpdma_fail(error, ret, HPDMA_WHY_NONE, "lock a domain");
	hpdma_domain_reap_locked(domain);
	ret = hpdma_domain_slot_take(domain);
	hpdma_domain_unlock(domain);
	if (ret)
		return hpdma_fail(error, ret, HPDMA_WHY_PROCESSES,
				  "attach to a domain");
	return 0;
}

int hpdma_domain_attach(struct hpdma *ctx, const char *name,
			const struct hpdma_domain_attach_opts *opts,
			struct hpdma_domain **out, struct hpdma_error *error)
{
	char full[HPDMA_DOMAIN_FULL_SIZE];
	struct hpdma_domain_attach_opts o;
	struct hpdma_domain *domain;
	int ret;

	ret = hpdma_opts_copy(&o, sizeof(o), sizeof(o), opts);
	if (!ret && o.flags & ~(uint32_t)HPDMA_DOMAIN_ANY_ADDRESS)
		ret = -EINVAL;
	if (ret)
		return hpdma_fail(error, ret, HPDMA_WHY_NONE, "read options");
	ret = hpdma_domain_full_name(ctx, name, full, error);
	if (!ret)
		ret = new_domain(ctx, &domain, error);
	if (ret)
		return ret;

	ret = hpdma_domain_map_named(ctx, full, &o, &domain->buf, error);
	if (ret)
		goto err_drop;
	domain->page = hpdma_buf_ptr(domain->buf);
	ret = hpdma_domain_zones_attach(domain, error);
	if (!ret)
		ret = enter(domain, error);
	if (ret)
		goto err_drop;
	*out = domain;
	return 0;

err_drop:
	drop(domain);
	return ret;
}

int hpdma_domain_destroy(struct hpdma *ctx, const char *name,
			 struct hpdma_error *error)
{
	char full[HPDMA_DOMAIN_FULL_SIZE];
	int ret;

	ret = hpdma_domain_full_name(ctx, name, full, error);
	return ret ? ret : hpdma_name_unlink(ctx, full, error);
}

struct hpdma_domain *hpdma_domain_ref(struct hpdma_domain *domain)
{
	refs_get(&domain->refs);
	return domain;
}

void hpdma_domain_unref(struct hpdma_domain *domain)
{
	if (!domain || !refs_put(&domain->refs))
		return;
	/* A child of fork() lets go of what it inherited, not of the slot. */
	if (hpdma_process_is_self(domain->ctx, domain->self) &&
	    !hpdma_domain_lock(domain)) {
		hpdma_domain_slot_free(domain, domain->slot);
		hpdma_domain_unlock(domain);
	}
	drop(domain);
}
