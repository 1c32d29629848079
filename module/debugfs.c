// SPDX-License-Identifier: GPL-2.0-only
/*
 * /sys/kernel/debug/hpdma/stats: the module's counters, read-only, for root. No
 * addresses. A kernel without debugfs goes without.
 */
#include <linux/debugfs.h>
#include <linux/module.h>
#include <linux/seq_file.h>

#include "account.h"
#include "debugfs.h"

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

void hpdma_debugfs_init(void)
{
	folder = debugfs_create_dir("hpdma", NULL);
	debugfs_create_file("stats", 0400, folder, NULL, &stats_fops);
}

void hpdma_debugfs_exit(void)
{
	debugfs_remove_recursive(folder);
}
