/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A kernel with an hpdma module, as far as libhpdma can tell.
 *
 * It keeps the contract in both directions: it answers as the module would, and
 * notes every call that the module would refuse or that gives back what is not
 * held. A test sets fields of @fake before it calls the library, and looks at
 * others afterwards.
 */
#ifndef FAKE_H
#define FAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/hpdma.h>

#include "sys.h"

#define FAKE_MAX 32
#define FAKE_VECTORS 8
#define FAKE_NODE_LONGS 16

enum fake_file {
	FAKE_CLOSED,
	FAKE_CONTROL,
	FAKE_DEVICE,
	FAKE_EXPORT,
	FAKE_POOL,
};

/* The one name there can be. */
struct fake_name {
	char name[HPDMA_NAME_SIZE];
	uint64_t length;
};

struct fake_buffer {
	bool held;
	uint32_t backing;
	uint64_t length;
	uint64_t page_size;
};

struct fake_range {
	uintptr_t start;
	uintptr_t end;
};

struct fake_alloc {
	struct hpdma_ioc_buf_alloc arg;
	int policy_mode;
	unsigned long policy_nodes;
};

struct fake {
	/* Which call is to fail, counted from 1, and how; 0 for none. */
	unsigned int calls;
	unsigned int fail_at;
	int fail_code;
	bool failed;
	const char *failed_in;

	/* What there is. */
	uint64_t features;
	uint64_t hugetlb_sizes;
	uint64_t huge_bytes;
	uint64_t contig_bytes;
	unsigned int large_pages;
	const char *env;
	int32_t memory_node;
	uint32_t segments;
	uint32_t translated;
	uint64_t bar_size[6];
	uint32_t msi_vectors;
	uint32_t msix_vectors;
	bool intx;
	bool suspended;
	uint64_t export_length;
	bool unmappable;
	uint32_t listed;
	const char *node_name[4];
	const char *node_link[4];
	bool no_numa;
	int64_t now_ms;

	/* Overrule an ioctl: returns true and sets *ret. */
	bool (*on_ioctl)(unsigned long cmd, void *arg, int *ret);
	bool (*on_poll)(int timeout_ms, short *revents, int *ret);
	bool (*on_read)(ssize_t *ret);
	int open_code;

	/* What is held. */
	enum fake_file file[FAKE_MAX];
	struct fake_buffer buffer[FAKE_MAX];
	bool mapping[FAKE_MAX];
	struct fake_name name;
	struct fake_range range[FAKE_MAX];
	int policy_mode;
	unsigned long policy_nodes[FAKE_NODE_LONGS];
	bool policy_lost;
	bool attached;
	uint32_t mode;
	uint32_t irq_type;
	uint32_t irq_vectors;
	int irq_eventfd[FAKE_VECTORS];
	int32_t irq_count;
	int32_t irq_seen;
	int irq_mask;

	/* What was done. */
	struct fake_alloc alloc[8];
	unsigned int allocs;
	struct hpdma_ioc_buf_register registered;
	struct hpdma_ioc_name_publish publish;
	struct hpdma_ioc_buf_sync sync;
	unsigned int lists;
	struct hpdma_ioc_dev_attach attach;
	struct hpdma_ioc_dev_map map;
	struct hpdma_ioc_dev_unmap unmap;
	struct hpdma_ioc_irq_ctrl ctrl;
	unsigned int resets;
	unsigned int segment_calls;
	unsigned int polls;
	int last_timeout;
	int last_map_flags;
	uint64_t last_map_offset;
	char last_open[64];
	int last_open_flags;
	char complaint[128];
};

extern struct fake fake;
extern const struct hpdma_sys fake_sys;

/* A fresh machine with huge pages, contiguous memory and one device. */
void fake_reset(void);

/* True if nothing is held and nobody did wrong; otherwise says so. */
bool fake_clean(void);

/* Notes the first thing that is wrong. */
void fake_complain(const char *what);

/* True if this call is the one to fail. */
bool fake_inject(const char *what, int *code);

/* Opens a file; returns its descriptor. */
int fake_open_file(enum fake_file file);

int fake_module_ioctl(int fd, unsigned long cmd, void *arg);

#endif /* FAKE_H */
