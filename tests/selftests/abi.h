/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Every command of both files as a table: what a good call is, which of its
 * fields are outputs, and how to undo it. The ABI tests walk it. Built for
 * 32-bit too, where the structs must be the same.
 */
#ifndef HPDMA_SELFTESTS_ABI_H
#define HPDMA_SELFTESTS_ABI_H

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>

#include "name_common.h"

#define DEVICE_NODE "/dev/hpdma0"
#define OWN_NODE "/dev/hpdma1"
#define MAX_OUTPUTS 16

/* What good calls refer to. */
struct subject {
	int node;
	/* Attached; -errno if there is no device. */
	int device;
	/* Of another device, attached where callers choose addresses; or -errno. */
	int own;
	int id;
	int map_id;
	void *memory;
	struct hpdma_segment segments[8];
	struct hpdma_region regions[8];
	/* Made for one call alone. */
	int once;
};

struct field {
	uint32_t offset, length;
};

struct command {
	const char *name;
	unsigned int number;
	uint32_t size;
	uint32_t known_flags;
	/* Offset of __reserved, 0 for none. */
	uint32_t reserved;
	bool device;
	/* It needs a device with addresses that callers choose. */
	bool own;
	/* A good call is understood, but the device may have to refuse it. */
	uint32_t refused;
	struct field outputs[MAX_OUTPUTS];
	/* Fill @arg; @size and all outputs are seen to. */
	void (*prepare)(struct subject *subject, void *arg);
	/* After a call: @arg is what it wrote where @done. NULL: nothing. */
	void (*undo)(struct subject *subject, void *arg, bool done);
};

#define FIELD(_struct, _field)                                   \
	{                                                        \
		offsetof(struct _struct, _field),                \
			sizeof(((struct _struct *)NULL)->_field) \
	}

static void prepare_nothing(struct subject *subject, void *arg)
{
}

static void prepare_alloc(struct subject *subject, void *arg)
{
	*(struct hpdma_ioc_buf_alloc *)arg = contig(PAGE);
}

static void undo_alloc(struct subject *subject, void *arg, bool done)
{
	struct hpdma_ioc_buf_alloc *alloc = arg;

	if (done)
		buf_free(subject->node, alloc->out_buf_id);
}

static void prepare_register(struct subject *subject, void *arg)
{
	struct hpdma_ioc_buf_register *reg = arg;

	reg->addr = (uintptr_t)subject->memory;
	reg->length = 2 * PAGE;
}

static void undo_register(struct subject *subject, void *arg, bool done)
{
	struct hpdma_ioc_buf_register *reg = arg;

	if (done)
		buf_free(subject->node, reg->out_buf_id);
}

static void prepare_info(struct subject *subject, void *arg)
{
	((struct hpdma_ioc_buf_info *)arg)->buf_id = subject->id;
}

static void prepare_segments(struct subject *subject, void *arg)
{
	struct hpdma_ioc_segments *segments = arg;

	segments->id = subject->id;
	segments->segments = (uintptr_t)subject->segments;
	segments->count = 8;
}

static void prepare_export(struct subject *subject, void *arg)
{
	((struct hpdma_ioc_buf_export *)arg)->buf_id = subject->id;
}

static void undo_export(struct subject *subject, void *arg, bool done)
{
	if (done)
		close(((struct hpdma_ioc_buf_export *)arg)->out_fd);
}

static void prepare_import(struct subject *subject, void *arg)
{
	subject->once = buf_export(subject->node, subject->id);
	((struct hpdma_ioc_buf_import *)arg)->fd = subject->once;
}

static void undo_import(struct subject *subject, void *arg, bool done)
{
	close(subject->once);
	if (done)
		buf_free(subject->node,
			 ((struct hpdma_ioc_buf_import *)arg)->out_buf_id);
}

static void prepare_sync(struct subject *subject, void *arg)
{
	struct hpdma_ioc_buf_sync *sync = arg;

	sync->buf_id = subject->id;
	sync->direction = HPDMA_SYNC_FOR_CPU;
}

static void prepare_free(struct subject *subject, void *arg)
{
	subject->once = alloc_contig(subject->node, PAGE);
	((struct hpdma_ioc_buf_free *)arg)->buf_id = subject->once;
}

static void undo_free(struct subject *subject, void *arg, bool done)
{
	if (!done)
		buf_free(subject->node, subject->once);
}

static void prepare_list(struct subject *subject, void *arg)
{
	struct hpdma_ioc_list *list = arg;

	list->entry_size = sizeof(struct hpdma_list_entry);
	list->entries = (uintptr_t)subject->segments;
	list->count = 1;
}

static void prepare_publish(struct subject *subject, void *arg)
{
	subject->once = alloc_contig(subject->node, PAGE);
	*(struct hpdma_ioc_name_publish *)arg =
		name_wish(subject->once, "abi", 0);
}

/* The name goes with the only id. */
static void undo_publish(struct subject *subject, void *arg, bool done)
{
	buf_free(subject->node, subject->once);
}

static void prepare_name(struct subject *subject, void *arg)
{
	name_publish(subject->node, subject->id, "abi", 0);
	name_set(((struct hpdma_ioc_name_open *)arg)->name, "abi");
}

static void undo_name(struct subject *subject, void *arg, bool done)
{
	if (done)
		buf_free(subject->node,
			 ((struct hpdma_ioc_name_open *)arg)->out_buf_id);
	name_unlink(subject->node, "abi");
}

static void prepare_unlink(struct subject *subject, void *arg)
{
	name_publish(subject->node, subject->id, "abi", 0);
	name_set(((struct hpdma_ioc_name_unlink *)arg)->name, "abi");
}

static void undo_unlink(struct subject *subject, void *arg, bool done)
{
	if (!done)
		name_unlink(subject->node, "abi");
}

/* Each file is attached once, so each call needs a file of its own. */
static void prepare_attach(struct subject *subject, void *arg)
{
	struct hpdma_ioc_dev_attach *attach = arg;

	subject->once = open(DEVICE_NODE, O_RDWR | O_CLOEXEC);
	attach->fd = subject->node;
	attach->address_bits = 64;
}

static void undo_attach(struct subject *subject, void *arg, bool done)
{
	close(subject->once);
}

static void prepare_map(struct subject *subject, void *arg)
{
	((struct hpdma_ioc_dev_map *)arg)->buf_id = subject->id;
}

static int unmap(struct subject *subject, uint32_t id)
{
	struct hpdma_ioc_dev_unmap arg = { .size = sizeof(arg), .map_id = id };

	return call(subject->device, HPDMA_IOC_DEV_UNMAP, &arg);
}

static void undo_map(struct subject *subject, void *arg, bool done)
{
	if (done)
		unmap(subject, ((struct hpdma_ioc_dev_map *)arg)->out_map_id);
}

static int map_for_device(struct subject *subject)
{
	struct hpdma_ioc_dev_map arg = { .size = sizeof(arg),
					 .buf_id = subject->id };
	int ret = call(subject->device, HPDMA_IOC_DEV_MAP, &arg);

	return ret ? ret : (int)arg.out_map_id;
}

static void prepare_unmap(struct subject *subject, void *arg)
{
	subject->once = map_for_device(subject);
	((struct hpdma_ioc_dev_unmap *)arg)->map_id = subject->once;
}

static void undo_unmap(struct subject *subject, void *arg, bool done)
{
	if (!done)
		unmap(subject, subject->once);
}

static void prepare_dev_segments(struct subject *subject, void *arg)
{
	prepare_segments(subject, arg);
	((struct hpdma_ioc_segments *)arg)->id = subject->map_id;
}

static void prepare_regions(struct subject *subject, void *arg)
{
	struct hpdma_ioc_dev_regions *regions = arg;

	regions->regions = (uintptr_t)subject->regions;
	regions->count = 8;
}

/* What is about vectors needs one that is enabled. */
static int irq_type(struct subject *subject, unsigned int type)
{
	struct hpdma_ioc_irq_set arg = { .size = sizeof(arg),
					 .type = type,
					 .count = type != HPDMA_IRQ_NONE };

	return call(subject->device, HPDMA_IOC_IRQ_SET, &arg);
}

static void prepare_irq_ctrl(struct subject *subject, void *arg)
{
	struct hpdma_ioc_irq_ctrl *ctrl = arg;

	irq_type(subject, HPDMA_IRQ_MSI);
	ctrl->action = HPDMA_IRQ_MASK;
	ctrl->count = 1;
}

static void prepare_irq_counts(struct subject *subject, void *arg)
{
	struct hpdma_ioc_irq_counts *counts = arg;

	irq_type(subject, HPDMA_IRQ_MSI);
	counts->count = 1;
	counts->counts = (uintptr_t)subject->segments;
}

static void undo_irq(struct subject *subject, void *arg, bool done)
{
	irq_type(subject, HPDMA_IRQ_NONE);
}

#define COMMAND(_nr, _struct, _flags, _reserved, _device, _prepare, _undo) \
	.name = #_nr, .number = _nr, .size = sizeof(struct _struct),       \
	.known_flags = _flags, .reserved = _reserved, .device = _device,   \
	.prepare = _prepare, .undo = _undo
#define RESERVED(_struct) offsetof(struct _struct, __reserved)

static const struct command commands[] = {
	{ COMMAND(HPDMA_IOC_INFO, hpdma_ioc_info, 0, RESERVED(hpdma_ioc_info),
		  false, prepare_nothing, NULL),
	  .outputs = { FIELD(hpdma_ioc_info, out_reason),
		       FIELD(hpdma_ioc_info, out_uapi_version),
		       FIELD(hpdma_ioc_info, out_features),
		       FIELD(hpdma_ioc_info, out_hugetlb_sizes),
		       FIELD(hpdma_ioc_info, out_max_contig),
		       FIELD(hpdma_ioc_info, out_max_length),
		       FIELD(hpdma_ioc_info, out_module_version),
		       { offsetof(struct hpdma_ioc_info, out_reserve_bytes),
			 sizeof(struct hpdma_ioc_info) -
				 offsetof(struct hpdma_ioc_info,
					  out_reserve_bytes) } } },
	{ COMMAND(HPDMA_IOC_BUF_ALLOC, hpdma_ioc_buf_alloc,
		  HPDMA_ALLOC_NODE | HPDMA_ALLOC_SCATTER |
			  HPDMA_ALLOC_WRITE_COMBINE | HPDMA_ALLOC_FIT_DEVICE,
		  0, false, prepare_alloc, undo_alloc),
	  .outputs = { FIELD(hpdma_ioc_buf_alloc, out_reason),
		       FIELD(hpdma_ioc_buf_alloc, out_buf_id),
		       FIELD(hpdma_ioc_buf_alloc, out_segments),
		       FIELD(hpdma_ioc_buf_alloc, out_mmap_offset) } },
	{ COMMAND(HPDMA_IOC_BUF_REGISTER, hpdma_ioc_buf_register,
		  HPDMA_REGISTER_FD,
		  offsetof(struct hpdma_ioc_buf_register, fd), false,
		  prepare_register, undo_register),
	  .outputs = { FIELD(hpdma_ioc_buf_register, out_reason),
		       FIELD(hpdma_ioc_buf_register, out_buf_id),
		       FIELD(hpdma_ioc_buf_register, out_segments) } },
	{ COMMAND(HPDMA_IOC_BUF_INFO, hpdma_ioc_buf_info, 0,
		  RESERVED(hpdma_ioc_buf_info), false, prepare_info, NULL),
	  .outputs = { FIELD(hpdma_ioc_buf_info, out_reason),
		       FIELD(hpdma_ioc_buf_info, out_backing),
		       FIELD(hpdma_ioc_buf_info, out_node),
		       FIELD(hpdma_ioc_buf_info, out_length),
		       FIELD(hpdma_ioc_buf_info, out_page_size),
		       FIELD(hpdma_ioc_buf_info, out_mmap_offset),
		       FIELD(hpdma_ioc_buf_info, out_segments),
		       { offsetof(struct hpdma_ioc_buf_info, out_serial),
			 sizeof(struct hpdma_ioc_buf_info) -
				 offsetof(struct hpdma_ioc_buf_info,
					  out_serial) } } },
	{ COMMAND(HPDMA_IOC_BUF_SEGMENTS, hpdma_ioc_segments, 0,
		  RESERVED(hpdma_ioc_segments), false, prepare_segments, NULL),
	  .outputs = { FIELD(hpdma_ioc_segments, out_reason),
		       FIELD(hpdma_ioc_segments, out_count),
		       FIELD(hpdma_ioc_segments, out_kind) } },
	{ COMMAND(HPDMA_IOC_BUF_EXPORT, hpdma_ioc_buf_export, 0,
		  RESERVED(hpdma_ioc_buf_export), false, prepare_export,
		  undo_export),
	  .outputs = { FIELD(hpdma_ioc_buf_export, out_reason),
		       FIELD(hpdma_ioc_buf_export, out_fd) } },
	{ COMMAND(HPDMA_IOC_BUF_FREE, hpdma_ioc_buf_free, 0, 0, false,
		  prepare_free, undo_free),
	  .outputs = { FIELD(hpdma_ioc_buf_free, out_reason) } },
	{ COMMAND(HPDMA_IOC_LIST, hpdma_ioc_list, HPDMA_LIST_ALL, 0, false,
		  prepare_list, NULL),
	  .outputs = { FIELD(hpdma_ioc_list, out_reason),
		       FIELD(hpdma_ioc_list, out_count) } },
	{ COMMAND(HPDMA_IOC_NAME_PUBLISH, hpdma_ioc_name_publish,
		  HPDMA_NAME_PERSISTENT, RESERVED(hpdma_ioc_name_publish),
		  false, prepare_publish, undo_publish),
	  .outputs = { FIELD(hpdma_ioc_name_publish, out_reason) } },
	{ COMMAND(HPDMA_IOC_NAME_OPEN, hpdma_ioc_name_open, 0, 0, false,
		  prepare_name, undo_name),
	  .outputs = { FIELD(hpdma_ioc_name_open, out_reason),
		       FIELD(hpdma_ioc_name_open, out_buf_id),
		       FIELD(hpdma_ioc_name_open, out_length),
		       FIELD(hpdma_ioc_name_open, out_mmap_offset) } },
	{ COMMAND(HPDMA_IOC_NAME_UNLINK, hpdma_ioc_name_unlink, 0,
		  RESERVED(hpdma_ioc_name_unlink), false, prepare_unlink,
		  undo_unlink),
	  .outputs = { FIELD(hpdma_ioc_name_unlink, out_reason) } },
	{ COMMAND(HPDMA_IOC_BUF_IMPORT, hpdma_ioc_buf_import, 0, 0, false,
		  prepare_import, undo_import),
	  .outputs = { FIELD(hpdma_ioc_buf_import, out_reason),
		       FIELD(hpdma_ioc_buf_import, out_length),
		       FIELD(hpdma_ioc_buf_import, out_mmap_offset),
		       FIELD(hpdma_ioc_buf_import, out_buf_id),
		       FIELD(hpdma_ioc_buf_import, out_segments) } },
	{ COMMAND(HPDMA_IOC_BUF_SYNC, hpdma_ioc_buf_sync, 0,
		  RESERVED(hpdma_ioc_buf_sync), false, prepare_sync, NULL),
	  .outputs = { FIELD(hpdma_ioc_buf_sync, out_reason) } },
	{ COMMAND(HPDMA_IOC_DEV_ATTACH, hpdma_ioc_dev_attach, 0, 0, true,
		  prepare_attach, undo_attach),
	  .outputs = { FIELD(hpdma_ioc_dev_attach, out_reason),
		       FIELD(hpdma_ioc_dev_attach, out_mode) } },
	{ COMMAND(HPDMA_IOC_DEV_INFO, hpdma_ioc_dev_info, 0,
		  RESERVED(hpdma_ioc_dev_info), true, prepare_nothing, NULL),
	  .outputs = { FIELD(hpdma_ioc_dev_info, out_reason),
		       { offsetof(struct hpdma_ioc_dev_info, out_state),
			 offsetof(struct hpdma_ioc_dev_info, __reserved) -
				 offsetof(struct hpdma_ioc_dev_info,
					  out_state) },
		       FIELD(hpdma_ioc_dev_info, out_iommu_pages),
		       FIELD(hpdma_ioc_dev_info, out_quarantined) } },
	{ COMMAND(HPDMA_IOC_DEV_MAP, hpdma_ioc_dev_map, HPDMA_MAP_READ_ONLY,
		  RESERVED(hpdma_ioc_dev_map), true, prepare_map, undo_map),
	  .outputs = { FIELD(hpdma_ioc_dev_map, out_reason),
		       FIELD(hpdma_ioc_dev_map, out_map_id),
		       FIELD(hpdma_ioc_dev_map, out_kind),
		       FIELD(hpdma_ioc_dev_map, out_segments),
		       FIELD(hpdma_ioc_dev_map, out_addr) } },
	{ COMMAND(HPDMA_IOC_DEV_UNMAP, hpdma_ioc_dev_unmap, 0, 0, true,
		  prepare_unmap, undo_unmap),
	  .outputs = { FIELD(hpdma_ioc_dev_unmap, out_reason) } },
	{ COMMAND(HPDMA_IOC_DEV_SEGMENTS, hpdma_ioc_segments, 0,
		  RESERVED(hpdma_ioc_segments), true, prepare_dev_segments,
		  NULL),
	  .outputs = { FIELD(hpdma_ioc_segments, out_reason),
		       FIELD(hpdma_ioc_segments, out_count),
		       FIELD(hpdma_ioc_segments, out_kind) } },
	{ COMMAND(HPDMA_IOC_DEV_REGIONS, hpdma_ioc_dev_regions, 0,
		  RESERVED(hpdma_ioc_dev_regions), true, prepare_regions, NULL),
	  .own = true,
	  .outputs = { FIELD(hpdma_ioc_dev_regions, out_reason),
		       FIELD(hpdma_ioc_dev_regions, out_count) } },
	{ COMMAND(HPDMA_IOC_DEV_RESET, hpdma_ioc_dev_reset, 0,
		  RESERVED(hpdma_ioc_dev_reset), true, prepare_nothing, NULL),
	  .outputs = { FIELD(hpdma_ioc_dev_reset, out_reason) },
	  .refused = HPDMA_REASON_NO_RESET },
	{ COMMAND(HPDMA_IOC_DEV_RESUME, hpdma_ioc_dev_resume, 0,
		  RESERVED(hpdma_ioc_dev_resume), true, prepare_nothing, NULL),
	  .outputs = { FIELD(hpdma_ioc_dev_resume, out_reason) } },
	{ COMMAND(HPDMA_IOC_IRQ_SET, hpdma_ioc_irq_set, 0, 0, true,
		  prepare_nothing, NULL),
	  .outputs = { FIELD(hpdma_ioc_irq_set, out_reason) } },
	{ COMMAND(HPDMA_IOC_IRQ_CTRL, hpdma_ioc_irq_ctrl, 0,
		  RESERVED(hpdma_ioc_irq_ctrl), true, prepare_irq_ctrl,
		  undo_irq),
	  .outputs = { FIELD(hpdma_ioc_irq_ctrl, out_reason) } },
	{ COMMAND(HPDMA_IOC_IRQ_COUNTS, hpdma_ioc_irq_counts, 0,
		  RESERVED(hpdma_ioc_irq_counts), true, prepare_irq_counts,
		  undo_irq),
	  .outputs = { FIELD(hpdma_ioc_irq_counts, out_reason),
		       FIELD(hpdma_ioc_irq_counts, out_count) } },
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

/* Return: a device file, or -errno. */
static int open_own(const struct subject *subject)
{
	struct hpdma_ioc_dev_attach attach = {
		.size = sizeof(attach),
		.fd = subject->node,
		.address_bits = 64,
		.mode = HPDMA_MODE_CALLER_IOVA,
	};
	int fd = open(OWN_NODE, O_RDWR | O_CLOEXEC);
	int ret;

	if (fd < 0)
		return -errno;
	ret = call(fd, HPDMA_IOC_DEV_ATTACH, &attach);
	if (!ret)
		return fd;
	close(fd);
	return ret;
}

/* Return: 0 or -errno; a device is not a must. */
static int subject_open(struct subject *subject)
{
	struct hpdma_ioc_dev_attach attach = { .size = sizeof(attach),
					       .address_bits = 64 };
	int ret;

	subject->node = open_node();
	if (subject->node < 0)
		return subject->node;
	subject->id = alloc_contig(subject->node, PAGE);
	if (subject->id < 0)
		return subject->id;
	subject->memory = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1,
			       0);
	subject->own = open_own(subject);
	subject->device = open(DEVICE_NODE, O_RDWR | O_CLOEXEC);
	if (subject->device < 0)
		return 0;
	attach.fd = subject->node;
	ret = call(subject->device, HPDMA_IOC_DEV_ATTACH, &attach);
	if (!ret)
		ret = subject->map_id = map_for_device(subject);
	return ret < 0 ? ret : 0;
}

static void subject_close(struct subject *subject)
{
	if (subject->device >= 0)
		close(subject->device);
	if (subject->own >= 0)
		close(subject->own);
	close(subject->node);
	munmap(subject->memory, 2 * PAGE);
}

static bool can_call(const struct subject *subject,
		     const struct command *command)
{
	if (command->own)
		return subject->own >= 0;
	return !command->device || subject->device >= 0;
}

/* The file of a command's call, after its prepare(). */
static int file_of(const struct subject *subject, const struct command *command)
{
	if (command->number == HPDMA_IOC_DEV_ATTACH)
		return subject->once;
	if (command->own)
		return subject->own;
	return command->device ? subject->device : subject->node;
}

/* A good call in memory at @arg, with outputs full of rubbish. */
static void prepare(const struct command *command, struct subject *subject,
		    void *arg)
{
	uint8_t good[256] = {};
	uint32_t size = command->size;
	int i;

	command->prepare(subject, good);
	memcpy(good, &size, sizeof(size));
	for (i = 0; i < MAX_OUTPUTS; i++)
		memset(good + command->outputs[i].offset, 0xa5,
		       command->outputs[i].length);
	memcpy(arg, good, size);
}

static int do_call(const struct command *command, struct subject *subject,
		   void *arg)
{
	int ret = call(file_of(subject, command), command->number, arg);
	uint32_t reason;

	if (ret != -EOPNOTSUPP || !command->refused)
		return ret;
	memcpy(&reason, (uint8_t *)arg + 8, sizeof(reason));
	/* Or it could not be told why. */
	return reason == command->refused || reason == 0xa5a5a5a5 ? 0 : ret;
}

/* @undo wants an aligned struct. */
static void finish(const struct command *command, struct subject *subject,
		   const void *arg, int ret)
{
	uint64_t copy[32];

	memcpy(copy, arg, command->size);
	if (command->undo)
		command->undo(subject, copy, !ret);
}

/* Does a call that failed leave @after, but for out_reason, as @before? */
static bool untouched(const void *before, const void *after, uint32_t size)
{
	const uint8_t *a = before, *b = after;

	return !memcmp(a, b, 8) && !memcmp(a + 12, b + 12, size - 12);
}

/* Ids are given from the lowest: one that is lost shows in the next one. */
static int next_id(const struct subject *subject)
{
	int id = alloc_contig(subject->node, PAGE);

	if (id > 0)
		buf_free(subject->node, id);
	return id;
}

static int next_map_id(struct subject *subject)
{
	int id;

	if (subject->device < 0)
		return 0;
	id = map_for_device(subject);
	if (id > 0)
		unmap(subject, id);
	return id;
}

#endif
