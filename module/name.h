/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HPDMA_NAME_H
#define HPDMA_NAME_H

#include <linux/types.h>
#include <linux/uidgid.h>
#include <linux/hpdma.h>

struct hpdma_buffer;

/**
 * struct hpdma_name_wish - a name that somebody wants to give
 * @text: The name, checked; the rest is 0
 * @uid: Owner
 * @gid: Group
 * @mode: Permissions of owner, group and others, checked
 * @persistent: It is to hold the buffer
 */
struct hpdma_name_wish {
	const u8 *text;
	kuid_t uid;
	kgid_t gid;
	umode_t mode;
	bool persistent;
};

int hpdma_name_publish(struct hpdma_buffer *buffer,
		       const struct hpdma_name_wish *wish);
int hpdma_name_open(const u8 *text, struct hpdma_buffer **out);
int hpdma_name_unlink(const u8 *text);

void hpdma_name_drop_id(struct hpdma_buffer *buffer);
u32 hpdma_name_show(const struct hpdma_buffer *buffer, u8 *text);

void hpdma_name_exit(void);

#endif
