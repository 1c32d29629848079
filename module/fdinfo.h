/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HPDMA_FDINFO_H
#define HPDMA_FDINFO_H

struct hpdma_context;
struct hpdma_devfile;
struct seq_file;

void hpdma_fdinfo_context(struct seq_file *seq, struct hpdma_context *context);
void hpdma_fdinfo_devfile(struct seq_file *seq, struct hpdma_devfile *devfile);

#endif
