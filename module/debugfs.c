// SPDX-License-Identifier: GPL-2.0-only
/*
 * /sys/kernel/debug/hpdma, read-only, for root; a kernel without debugfs goes
 * without:
 *	stats	the module's counters
 *	buffers	all buffers, one on a line; a program asks HPDMA_IOC_LIST instead
 *	quarantine	mappings whose memory is never freed, one on a line
 * No addresses.
 */
#include <linux/debugfs.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/seq_file.h>
#include <linux/hpdma.h>

#include "account.h"
#include "debugfs.h"
#include "quarantine.h"
#include "snapshot.h"

static struct dentry *folder;

static int stats_show(struct seq_file *seq, void *unused)
{
	unsigned int i;

	for (i = 0; i < HPDMA_COUNTERS; i++)
		seq_printf(seq, "%s %lld\n", hpdma_account_name(i),
			   hpdma_account_counted(i));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(stats);

static const char *backing_name(u32 backing)
{
	switch (backing) {
	case HPDMA_BACKING_CONTIG:
		return "contig";
	case HPDMA_BACKING_HUGETLB:
		return "hugetlb";
	case HPDMA_BACKING_USER:
		return "user";
	case HPDMA_BACKING_IMPORT:
		return "import";
	default:
		return "?";
	}
}

/*
 * The position is the serial of the buffer that is shown, so that buffers that
 * come and go meanwhile neither repeat nor hide others.
 */
static void *find_after(struct seq_file *seq, u64 serial, loff_t *pos)
{
	struct hpdma_snapshot *snapshot = seq->private;

	if (!hpdma_snapshot_take(&serial, NULL, snapshot, 1))
		return NULL;
	*pos = snapshot->serial;
	return snapshot;
}

static void *buffers_start(struct seq_file *seq, loff_t *pos)
{
	return *pos ? find_after(seq, *pos - 1, pos) : SEQ_START_TOKEN;
}

static void *buffers_next(struct seq_file *seq, void *shown, loff_t *pos)
{
	u64 serial = *pos;

	/* Moved on in any case: at the end nothing is shown again. */
	++*pos;
	return find_after(seq, serial, pos);
}

static void buffers_stop(struct seq_file *seq, void *shown)
{
}

static int buffers_show(struct seq_file *seq, void *shown)
{
	const struct hpdma_snapshot *buffer = shown;

	if (shown == SEQ_START_TOKEN) {
		seq_puts(
			seq,
			"serial backing length page_size node segments uid pid comm ids mappings\n");
		return 0;
	}
	seq_printf(seq, "%llu %s %llu %llu %d %u %u %d ", buffer->serial,
		   backing_name(buffer->backing), buffer->length,
		   buffer->page_size, buffer->node, buffer->segments,
		   from_kuid_munged(current_user_ns(), buffer->uid),
		   buffer->pid);
	/* One word, whatever the process calls itself. */
	seq_escape(seq, buffer->comm[0] ? buffer->comm : "-", " \t\n\\");
	seq_printf(seq, " %u %u\n", buffer->ids, buffer->mappings);
	return 0;
}

static const struct seq_operations buffers_sops = {
	.start = buffers_start,
	.next = buffers_next,
	.stop = buffers_stop,
	.show = buffers_show,
};

static int buffers_open(struct inode *inode, struct file *file)
{
	return seq_open_private(file, &buffers_sops,
				sizeof(struct hpdma_snapshot));
}

static const struct file_operations buffers_fops = {
	.owner = THIS_MODULE,
	.open = buffers_open,
	.read = seq_read,
	.llseek = seq_lseek,
	.release = seq_release_private,
};

static void show_kept(const struct hpdma_dmamap *map, void *seq)
{
	seq_printf(seq, "%s %llu %llu %llu\n", pci_name(map->device->pdev),
		   map->kept->registered.serial, map->kept->memory.length,
		   map->length);
}

static int quarantine_show(struct seq_file *seq, void *unused)
{
	seq_puts(seq, "device serial length mapped\n");
	hpdma_quarantine_walk(show_kept, seq);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(quarantine);

void hpdma_debugfs_init(void)
{
	folder = debugfs_create_dir("hpdma", NULL);
	debugfs_create_file("stats", 0400, folder, NULL, &stats_fops);
	debugfs_create_file("buffers", 0400, folder, NULL, &buffers_fops);
	debugfs_create_file("quarantine", 0400, folder, NULL, &quarantine_fops);
}

void hpdma_debugfs_exit(void)
{
	debugfs_remove_recursive(folder);
}
