/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HPDMA_CMD_H
#define HPDMA_CMD_H

#include <linux/types.h>
#include <linux/hpdma.h>

struct file;
struct hpdma_context;
struct hpdma_devfile;
struct hpdma_objects;
struct hpdma_spans;

/* The argument of any command; all begin with the same three fields. */
union hpdma_arg {
	struct {
		u32 size;
		u32 flags;
		u32 out_reason;
	};
	struct hpdma_ioc_info info;
	struct hpdma_ioc_buf_alloc buf_alloc;
	struct hpdma_ioc_buf_register buf_register;
	struct hpdma_ioc_buf_info buf_info;
	struct hpdma_ioc_segments segments;
	struct hpdma_ioc_buf_export buf_export;
	struct hpdma_ioc_buf_free buf_free;
	struct hpdma_ioc_list list;
	struct hpdma_ioc_name_publish name_publish;
	struct hpdma_ioc_name_open name_open;
	struct hpdma_ioc_name_unlink name_unlink;
	struct hpdma_ioc_buf_import buf_import;
	struct hpdma_ioc_buf_sync buf_sync;
	struct hpdma_ioc_dev_attach dev_attach;
	struct hpdma_ioc_dev_info dev_info;
	struct hpdma_ioc_dev_map dev_map;
	struct hpdma_ioc_dev_unmap dev_unmap;
	struct hpdma_ioc_dev_regions dev_regions;
	struct hpdma_ioc_irq_set irq_set;
	struct hpdma_ioc_dev_reset dev_reset;
	struct hpdma_ioc_dev_resume dev_resume;
	struct hpdma_ioc_irq_ctrl irq_ctrl;
	struct hpdma_ioc_irq_counts irq_counts;
};

/**
 * struct hpdma_call - one ioctl on its way
 * @context: Of a file of /dev/hpdma, else NULL
 * @devfile: Of a file of /dev/hpdmaN, else NULL
 * @user: The caller's struct
 * @user_size: Its size
 * @kernel_size: The size of ours
 * @reason: enum hpdma_reason, told to the caller if the call fails
 * @arg: What was copied in
 */
struct hpdma_call {
	struct hpdma_context *context;
	struct hpdma_devfile *devfile;
	void __user *user;
	u32 user_size;
	u32 kernel_size;
	u32 reason;
	union hpdma_arg arg;
};

/**
 * struct hpdma_cmd - an entry of a table of commands
 * @size: Of the struct
 * @min_size: Of the struct's first version
 * @flags: Flags that are known
 * @execute: Do it. A command with outputs calls hpdma_ioctl_respond() before it
 *	commits, and can fail no more afterwards
 */
struct hpdma_cmd {
	u32 size;
	u32 min_size;
	u32 flags;
	int (*execute)(struct hpdma_call *call);
};

int hpdma_ioctl_reserve(struct hpdma_call *call, struct hpdma_objects *ids,
			u32 *id);
int hpdma_ioctl_respond(struct hpdma_call *call);
int hpdma_ioctl_segments(struct hpdma_call *call,
			 const struct hpdma_spans *spans, u32 kind);

int hpdma_cmd_info(struct hpdma_call *call);
int hpdma_cmd_buf_alloc(struct hpdma_call *call);
int hpdma_cmd_buf_register(struct hpdma_call *call);
int hpdma_cmd_buf_info(struct hpdma_call *call);
int hpdma_cmd_buf_segments(struct hpdma_call *call);
int hpdma_cmd_buf_free(struct hpdma_call *call);
int hpdma_cmd_list(struct hpdma_call *call);

int hpdma_cmd_name_publish(struct hpdma_call *call);
int hpdma_cmd_name_open(struct hpdma_call *call);
int hpdma_cmd_name_unlink(struct hpdma_call *call);

int hpdma_cmd_buf_export(struct hpdma_call *call);
int hpdma_cmd_buf_import(struct hpdma_call *call);
int hpdma_cmd_buf_sync(struct hpdma_call *call);

int hpdma_cmd_dev_attach(struct hpdma_call *call);
int hpdma_cmd_dev_info(struct hpdma_call *call);
int hpdma_cmd_dev_reset(struct hpdma_call *call);
int hpdma_cmd_dev_resume(struct hpdma_call *call);
int hpdma_cmd_dev_map(struct hpdma_call *call);
int hpdma_cmd_dev_unmap(struct hpdma_call *call);
int hpdma_cmd_dev_segments(struct hpdma_call *call);
int hpdma_cmd_dev_regions(struct hpdma_call *call);
int hpdma_cmd_irq_set(struct hpdma_call *call);
int hpdma_cmd_irq_ctrl(struct hpdma_call *call);
int hpdma_cmd_irq_counts(struct hpdma_call *call);

#endif
