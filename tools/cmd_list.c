// SPDX-License-Identifier: MIT
/*
 * list: who holds what, as the module tells it. No addresses.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <linux/hpdma.h>

#include "buffers.h"
#include "cmd.h"
#include "node.h"
#include "say.h"

static const char *kind_text(__u32 backing)
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

struct size_text {
	char text[24];
};

/* In the largest unit in which it is a whole number */
static struct size_text size_text(unsigned long long bytes)
{
	static const char units[] = "BKMGT";
	struct size_text size;
	int unit = 0;

	while (units[unit + 1] && bytes && bytes % 1024 == 0) {
		bytes /= 1024;
		unit++;
	}
	snprintf(size.text, sizeof(size.text), "%llu%c", bytes, units[unit]);
	return size;
}

static void print_entry(const struct hpdma_list_entry *entry)
{
	char node[16] = "-", pid[16] = "-", segments[16] = "-";

	if (entry->node >= 0)
		snprintf(node, sizeof(node), "%d", entry->node);
	if (entry->pid)
		snprintf(pid, sizeof(pid), "%d", entry->pid);
	if (entry->segments)
		snprintf(segments, sizeof(segments), "%u", entry->segments);
	printf("%8llu %-7s %8s %5s %4s %8s %7u %7s %4u %4u  ",
	       (unsigned long long)entry->serial, kind_text(entry->backing),
	       size_text(entry->length).text, size_text(entry->page_size).text,
	       node, segments, entry->uid, pid, entry->ids, entry->mappings);
	buffers_print_name(entry);
	if (entry->state & HPDMA_BUF_QUARANTINED)
		printf(" (quarantined)");
	puts(entry->state & HPDMA_BUF_PERSISTENT ? " (persistent)" : "");
}

static int explain_list(int err, __u32 reason)
{
	if (err == ENOTTY) {
		failed("the loaded module cannot list buffers");
		because("it is older than hpdmactl " HPDMA_VERSION);
		fix("hpdmactl unload && hpdmactl load");
	} else if (err == EPERM && reason == HPDMA_REASON_LIST_RIGHT) {
		failed("cannot list the buffers of everybody");
		because("that needs CAP_SYS_ADMIN");
		fix("sudo hpdmactl list -a");
	} else {
		failed("cannot list buffers: %s", strerror(err));
		fix("dmesg | grep hpdma");
	}
	return EXIT_FAILED;
}

static void print_row(const struct hpdma_list_entry *entry, void *arg)
{
	unsigned long *shown = arg;

	if (!(*shown)++)
		puts("  SERIAL KIND        SIZE  PAGE NODE SEGMENTS     UID     PID  IDS MAPS  NAME");
	print_entry(entry);
}

static int print_list(int fd, __u32 flags)
{
	unsigned long shown = 0;
	__u32 reason = 0;
	int err;

	err = buffers_each(fd, flags, print_row, &shown, &reason);
	if (err)
		return explain_list(err, reason);
	if (!shown)
		puts(flags ? "no buffers" : "no buffers of yours");
	return EXIT_OK;
}

int cmd_list(int argc, char **argv)
{
	__u32 flags = 0;
	int fd, ret;

	for (int i = 0; i < argc; i++) {
		if (strcmp(argv[i], "-a"))
			return bad_usage("list does not know: %s", argv[i]);
		flags = HPDMA_LIST_ALL;
	}
	fd = node_open();
	if (fd < 0)
		return EXIT_FAILED;
	ret = print_list(fd, flags);
	close(fd);
	return ret;
}
