// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ioctls of the fake module. Each checks that its struct arrives as the
 * contract wants it: the right size, flags and reserved fields zero, and outputs
 * zero, too, which the library promises itself.
 */
#include <errno.h>
#include <string.h>

#include "fake_module.h"

bool fake_is_zero(const void *data, size_t from, size_t to)
{
	const unsigned char *bytes = data;

	while (from < to) {
		if (bytes[from++])
			return false;
	}
	return true;
}

static int info(void *data)
{
	ENTER(hpdma_ioc_info);
	ZERO_FROM(flags);
	arg->out_uapi_version = HPDMA_UAPI_VERSION;
	arg->out_features = fake.features;
	arg->out_hugetlb_sizes = fake.hugetlb_sizes;
	arg->out_max_contig = 4 << 20;
	arg->out_max_length = 1 << 30;
	arg->out_module_version = 0x000100;
	arg->out_reserve_bytes = 11;
	arg->out_reserve_free = 12;
	arg->out_quota_bytes = 13;
	arg->out_quota_buffers = 14;
	arg->out_used_bytes = 15;
	arg->out_used_buffers = 16;
	return 0;
}

uint32_t fake_new_id(void)
{
	uint32_t id;

	for (id = 1; fake.buffer[id].held; id++)
		;
	return id;
}

static void note_alloc(const struct hpdma_ioc_buf_alloc *arg)
{
	struct fake_alloc *note = &fake.alloc[fake.allocs++ % 8];

	note->arg = *arg;
	note->policy_mode = fake.policy_mode;
	note->policy_nodes = fake.policy_nodes[0];
}

static int buf_alloc(void *data)
{
	uint64_t *left, page;
	bool huge;
	uint32_t id;

	ENTER(hpdma_ioc_buf_alloc);
	ZERO_FROM(out_buf_id);
	note_alloc(arg);
	huge = arg->backing == HPDMA_BACKING_HUGETLB;
	page = huge ? arg->page_size : 4096;
	left = huge ? &fake.huge_bytes : &fake.contig_bytes;
	if (huge && !(fake.hugetlb_sizes & page))
		return -EOPNOTSUPP;
	if (!arg->length || arg->length % page)
		fake_complain("length is not whole pages");
	if (!huge && arg->page_size)
		fake_complain("page size for contiguous memory");
	if (arg->node && !(arg->flags & HPDMA_ALLOC_NODE))
		fake_complain("node without its flag");
	if (arg->flags & HPDMA_ALLOC_FIT_DEVICE ?
		    fake.file[arg->device_fd - 100] != FAKE_DEVICE :
		    arg->device_fd)
		fake_complain("a device without its flag, or none");
	if (*left < arg->length) {
		arg->out_reason = huge ? HPDMA_REASON_HUGEPAGES :
					 HPDMA_REASON_CONTIG;
		return -ENOMEM;
	}
	if (arg->flags & HPDMA_ALLOC_NODE &&
	    (int32_t)arg->node != fake.memory_node) {
		arg->out_reason = HPDMA_REASON_NODE;
		return -ENOMEM;
	}
	*left -= arg->length;
	id = fake_new_id();
	fake.buffer[id] =
		(struct fake_buffer){ true, arg->backing, arg->length, page };
	arg->out_buf_id = id;
	arg->out_segments = fake.segments;
	arg->out_mmap_offset = (uint64_t)id << 32;
	return 0;
}

static int buf_register(void *data)
{
	uint32_t id;

	ENTER(hpdma_ioc_buf_register);
	if (arg->flags != (arg->fd ? HPDMA_REGISTER_FD : 0u))
		fake_complain("flags do not suit the descriptor");
	ZERO_FROM(out_buf_id);
	fake.registered = *arg;
	id = fake_new_id();
	fake.buffer[id] = (struct fake_buffer){ true, HPDMA_BACKING_USER,
						arg->length, 4096 };
	arg->out_buf_id = id;
	arg->out_segments = fake.segments;
	return 0;
}

struct fake_buffer *fake_find(uint32_t id)
{
	if (id < FAKE_MAX && fake.buffer[id].held)
		return &fake.buffer[id];
	fake_complain("no such buffer");
	return NULL;
}

static int buf_info(void *data)
{
	struct fake_buffer *buffer;

	ENTER(hpdma_ioc_buf_info);
	ZERO_FROM(out_backing);
	buffer = fake_find(arg->buf_id);
	if (!buffer)
		return -ENOENT;
	arg->out_backing = buffer->backing;
	arg->out_node = fake.memory_node;
	arg->out_length = buffer->length;
	arg->out_page_size = buffer->page_size;
	arg->out_segments = fake.segments;
	arg->out_serial = 1000 + arg->buf_id;
	arg->out_map_size = buffer->page_size;
	arg->out_state = HPDMA_BUF_RESERVE;
	return 0;
}

/* Segment i is at (i + 1) << 24 and i + 1 pages long. */
int fake_segments(void *data, uint32_t kind)
{
	struct hpdma_segment *array;
	uint32_t i;

	ENTER(hpdma_ioc_segments);
	ZERO_FROM(out_count);
	if (arg->flags)
		fake_complain("flags not zero");
	fake.segment_calls++;
	if (kind == HPDMA_ADDR_PHYS && !(fake.features & HPDMA_FEATURE_PHYS)) {
		arg->out_reason = HPDMA_REASON_PHYS_RIGHT;
		return -EPERM;
	}
	arg->out_count = fake.segments;
	if (arg->count < fake.segments)
		return -EMSGSIZE;
	array = (struct hpdma_segment *)(uintptr_t)arg->segments;
	for (i = 0; i < fake.segments; i++) {
		array[i].addr = (i + 1ull) << 24;
		array[i].length = (i + 1ull) << 12;
	}
	arg->out_kind = kind;
	return 0;
}

static int buf_export(void *data)
{
	ENTER(hpdma_ioc_buf_export);
	ZERO_FROM(out_fd);
	if (!fake_find(arg->buf_id))
		return -ENOENT;
	arg->out_fd = fake_open_file(FAKE_EXPORT);
	return 0;
}

static int buf_free(void *data)
{
	struct fake_buffer *buffer;

	ENTER(hpdma_ioc_buf_free);
	buffer = fake_find(arg->buf_id);
	if (!buffer)
		return -ENOENT;
	buffer->held = false;
	return 0;
}

static int dispatch(unsigned long cmd, void *arg)
{
	switch (cmd) {
	case HPDMA_IOC_INFO:
		return info(arg);
	case HPDMA_IOC_BUF_ALLOC:
		return buf_alloc(arg);
	case HPDMA_IOC_BUF_REGISTER:
		return buf_register(arg);
	case HPDMA_IOC_BUF_INFO:
		return buf_info(arg);
	case HPDMA_IOC_BUF_SEGMENTS:
		return fake_segments(arg, HPDMA_ADDR_PHYS);
	case HPDMA_IOC_BUF_EXPORT:
		return buf_export(arg);
	case HPDMA_IOC_BUF_FREE:
		return buf_free(arg);
	case HPDMA_IOC_BUF_IMPORT:
		return fake_buf_import(arg);
	case HPDMA_IOC_BUF_SYNC:
		return fake_buf_sync(arg);
	case HPDMA_IOC_NAME_PUBLISH:
		return fake_name_publish(arg);
	case HPDMA_IOC_NAME_OPEN:
		return fake_name_open(arg);
	case HPDMA_IOC_NAME_UNLINK:
		return fake_name_unlink(arg);
	case HPDMA_IOC_LIST:
		return fake_list(arg);
	default:
		return fake_device_ioctl(cmd, arg);
	}
}

int fake_module_ioctl(int fd, unsigned long cmd, void *arg)
{
	int ret, code;
	bool gives_back = cmd == HPDMA_IOC_BUF_FREE ||
			  cmd == HPDMA_IOC_DEV_UNMAP;
	bool on_device = cmd >= HPDMA_IOC_DEV_ATTACH;

	if (on_device != (fake.file[fd - 100] == FAKE_DEVICE))
		fake_complain("ioctl on the wrong kind of file");
	if (fake_inject("ioctl", &code)) {
		/* Only a signal leaves undone what gives something back. */
		if (gives_back && code != -EINTR)
			dispatch(cmd, arg);
		return code;
	}
	if (fake.on_ioctl && fake.on_ioctl(cmd, arg, &ret))
		return ret;
	return dispatch(cmd, arg);
}
