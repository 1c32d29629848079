// SPDX-License-Identifier: MIT
/*
 * list: who holds what, as the module tells it. No addresses.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/hpdma.h>

#include "cmd.h"
#include "node.h"
#include "say.h"

#define BATCH 64

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

/* Names are bytes of others: none of them reaches the terminal as it is. */
static void print_name(const struct hpdma_list_entry *entry)
{
	for (int i = 0; i < HPDMA_NAME_SIZE && entry->name[i]; i++) {
		unsigned char c = entry->name[i];

		if (c > 0x20 && c < 0x7f)
			putchar(c);
		else
			printf("\\x%02x", c);
	}
	if (entry->state & HPDMA_BUF_PERSISTENT)
		printf(" (persistent)");
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
	print_name(entry);
	putchar('\n');
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

static int print_list(int fd, __u32 flags)
{
	struct hpdma_list_entry entries[BATCH];
	struct hpdma_ioc_list list;
	unsigned long long shown = 0;
	__u64 after = 0;

	do {
		list = (struct hpdma_ioc_list){
			.size = sizeof(list),
			.flags = flags,
			.entry_size = sizeof(entries[0]),
			.entries = (uintptr_t)entries,
			.after = after,
			.count = BATCH,
		};
		if (ioctl(fd, HPDMA_IOC_LIST, &list))
			return explain_list(errno, list.out_reason);
		if (!shown && list.out_count)
			puts("  SERIAL KIND        SIZE  PAGE NODE SEGMENTS     UID     PID  IDS MAPS  NAME");
		for (__u32 i = 0; i < list.out_count; i++) {
			print_entry(&entries[i]);
			after = entries[i].serial;
			shown++;
		}
	} while (list.out_count == BATCH);
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
