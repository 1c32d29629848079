// SPDX-License-Identifier: GPL-2.0-only
/*
 * What /proc/PID/fdinfo says of our files, for whoever may look at that process.
 * No addresses.
 */
#include <linux/pci.h>
#include <linux/sched.h>
#include <linux/seq_file.h>

#include "context.h"
#include "devfile.h"
#include "fdinfo.h"

/* A line has an end. */
#define MOST_SERIALS 64

static u64 sum_lengths(struct hpdma_context *context, unsigned int *count)
{
	struct hpdma_buffer *buffer;
	u64 length = 0;
	u32 id = 0;

	*count = 0;
	while ((buffer = hpdma_object_next(&context->buffers, &id))) {
		length += buffer->memory.length;
		++*count;
		hpdma_buffer_put(buffer);
		cond_resched();
	}
	return length;
}

static void show_serials(struct seq_file *seq, struct hpdma_context *context)
{
	struct hpdma_buffer *buffer;
	unsigned int count = 0;
	u32 id = 0;

	seq_puts(seq, "hpdma-serials:\t");
	while ((buffer = hpdma_object_next(&context->buffers, &id))) {
		u64 serial = buffer->registered.serial;

		hpdma_buffer_put(buffer);
		if (count == MOST_SERIALS) {
			seq_puts(seq, " ...");
			break;
		}
		seq_printf(seq, "%s%u:%llu", count++ ? " " : "", id, serial);
	}
	seq_putc(seq, '\n');
}

/**
 * hpdma_fdinfo_context - describe a file of /dev/hpdma
 * @seq: Where to
 * @context: Of the file
 *
 * Its ids, the bytes of their buffers (a buffer with two ids counts twice), and
 * pairs ID:SERIAL of as many as fit a line.
 */
void hpdma_fdinfo_context(struct seq_file *seq, struct hpdma_context *context)
{
	unsigned int count;
	u64 length = sum_lengths(context, &count);

	seq_printf(seq, "hpdma-buffers:\t%u\n", count);
	seq_printf(seq, "hpdma-bytes:\t%llu\n", length);
	show_serials(seq, context);
}

/**
 * hpdma_fdinfo_devfile - describe a file of /dev/hpdmaN
 * @seq: Where to
 * @devfile: Of the file
 */
void hpdma_fdinfo_devfile(struct seq_file *seq, struct hpdma_devfile *devfile)
{
	struct hpdma_dmamap *map;
	unsigned int count = 0;
	u32 id = 0;

	while ((map = hpdma_object_next(&devfile->maps, &id))) {
		count++;
		hpdma_dmamap_put(map);
		cond_resched();
	}
	seq_printf(seq, "hpdma-device:\t%s\n", pci_name(devfile->device->pdev));
	seq_printf(seq, "hpdma-mappings:\t%u\n", count);
	seq_printf(seq, "hpdma-attached:\t%u\n",
		   hpdma_devfile_context(devfile) ? 1 : 0);
}
