// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ioctls of the fake module about buffers that others hold, too.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>

#include "fake_module.h"

static uint32_t hold(uint32_t backing, uint64_t length)
{
	uint32_t id = fake_new_id();

	fake.buffer[id] = (struct fake_buffer){ true, backing, length, 4096 };
	return id;
}

static uint64_t cookie(uint32_t id)
{
	return fake.unmappable ? 0 : (uint64_t)id << 32;
}

int fake_buf_import(void *data)
{
	ENTER(hpdma_ioc_buf_import);
	ZERO_FROM(out_length);
	if (arg->flags)
		fake_complain("flags not zero");
	if (arg->fd < 100 || fake.file[arg->fd - 100] != FAKE_EXPORT)
		return -EINVAL;
	arg->out_buf_id = hold(HPDMA_BACKING_IMPORT, fake.export_length);
	arg->out_length = fake.export_length;
	arg->out_mmap_offset = cookie(arg->out_buf_id);
	return 0;
}

int fake_buf_sync(void *data)
{
	ENTER(hpdma_ioc_buf_sync);
	if (arg->flags || arg->__reserved)
		fake_complain("flags or reserved not zero");
	if (!fake_find(arg->buf_id))
		return -ENOENT;
	fake.sync = *arg;
	return 0;
}

static void check_name(const uint8_t name[HPDMA_NAME_SIZE])
{
	size_t length = strnlen((const char *)name, HPDMA_NAME_SIZE);

	if (length == HPDMA_NAME_SIZE ||
	    !fake_is_zero(name, length, HPDMA_NAME_SIZE))
		fake_complain("a name without an end, or more behind it");
}

int fake_name_publish(void *data)
{
	ENTER(hpdma_ioc_name_publish);
	if (arg->__reserved)
		fake_complain("reserved not zero");
	check_name(arg->name);
	if (!fake_find(arg->buf_id))
		return -ENOENT;
	fake.publish = *arg;
	if (fake.name.name[0])
		return -EEXIST;
	memcpy(fake.name.name, arg->name, sizeof(fake.name.name));
	fake.name.length = fake.buffer[arg->buf_id].length;
	return 0;
}

static bool is_named(const uint8_t name[HPDMA_NAME_SIZE])
{
	check_name(name);
	return fake.name.name[0] &&
	       !memcmp(name, fake.name.name, HPDMA_NAME_SIZE);
}

int fake_name_open(void *data)
{
	ENTER(hpdma_ioc_name_open);
	if (arg->flags || arg->out_buf_id || arg->out_length ||
	    arg->out_mmap_offset)
		fake_complain("flags or outputs not zero");
	if (!is_named(arg->name))
		return -ENOENT;
	arg->out_buf_id = hold(HPDMA_BACKING_CONTIG, fake.name.length);
	arg->out_length = fake.name.length;
	arg->out_mmap_offset = cookie(arg->out_buf_id);
	return 0;
}

int fake_name_unlink(void *data)
{
	ENTER(hpdma_ioc_name_unlink);
	if (arg->flags || arg->__reserved)
		fake_complain("flags or reserved not zero");
	if (!is_named(arg->name))
		return -ENOENT;
	fake.name.name[0] = 0;
	return 0;
}

/* There are buffers 10, 20, ..., each with a name. */
int fake_list(void *data)
{
	struct hpdma_list_entry *array;
	uint32_t i;

	ENTER(hpdma_ioc_list);
	ZERO_FROM(out_count);
	fake.lists++;
	if (!arg->count || arg->entry_size != sizeof(*array))
		fake_complain("an array that is none");
	if (arg->flags & HPDMA_LIST_ALL) {
		arg->out_reason = HPDMA_REASON_LIST_RIGHT;
		return -EPERM;
	}
	array = (struct hpdma_list_entry *)(uintptr_t)arg->entries;
	for (i = (uint32_t)(arg->after / 10);
	     i < fake.listed && arg->out_count < arg->count; i++) {
		array[arg->out_count] = (struct hpdma_list_entry){
			.serial = (i + 1) * 10,
			.node = -1,
			.pid = 4,
			.state = HPDMA_BUF_NAMED,
		};
		memset(array[arg->out_count].name, 'x', 10);
		arg->out_count++;
	}
	return 0;
}
