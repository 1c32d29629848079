// SPDX-License-Identifier: MIT
/* The buffers that the module lists. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "buffers.h"
#include "node.h"
#include "say.h"
#include "sys.h"

#define BATCH 64

int buffers_each(int fd, __u32 flags,
		 void (*each)(const struct hpdma_list_entry *entry, void *arg),
		 void *arg, __u32 *reason)
{
	struct hpdma_list_entry entries[BATCH];
	struct hpdma_ioc_list list;
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
		if (ioctl(fd, HPDMA_IOC_LIST, &list)) {
			*reason = list.out_reason;
			return errno;
		}
		for (__u32 i = 0; i < list.out_count; i++) {
			each(&entries[i], arg);
			after = entries[i].serial;
		}
	} while (list.out_count == BATCH);
	return 0;
}

void buffers_print_name(const struct hpdma_list_entry *entry)
{
	for (int i = 0; i < HPDMA_NAME_SIZE && entry->name[i]; i++) {
		unsigned char c = entry->name[i];

		if (c > 0x20 && c < 0x7f)
			putchar(c);
		else
			printf("\\x%02x", c);
	}
}

/* As a word of the shell, whatever bytes it has; bash reads $'...'. */
static void quote(const __u8 *name, char *word, size_t size)
{
	size_t n = (size_t)snprintf(word, size, "$'");
	int plain = 1;

	for (int i = 0; i < HPDMA_NAME_SIZE && name[i]; i++) {
		n += (size_t)snprintf(word + n, size - n, "\\x%02x", name[i]);
		plain &= isalnum(name[i]) || strchr("._:@+-", name[i]) != NULL;
	}
	snprintf(word + n, size - n, "'");
	if (plain)
		snprintf(word, size, "%.*s", HPDMA_NAME_SIZE, name);
}

static void say_kept(const struct hpdma_list_entry *entry, void *arg)
{
	char word[4 * HPDMA_NAME_SIZE + 4];
	int *kept = arg;

	if (!(entry->state & HPDMA_BUF_PERSISTENT))
		return;
	++*kept;
	if (!entry->name[0]) {
		because("buffer %llu has a persistent name that is not seen from here: it is of another PID namespace, or another user's",
			(unsigned long long)entry->serial);
		fix("sudo hpdmactl list -a");
		return;
	}
	quote(entry->name, word, sizeof(word));
	because("the persistent name %s keeps a buffer", word);
	fix("hpdmactl unlink %s", word);
}

int buffers_say_kept(void)
{
	int kept = 0, fd;
	__u32 reason;

	/* No node, no right: others say so better. */
	fd = open(sys_path(NODE).text, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return 0;
	if (buffers_each(fd, HPDMA_LIST_ALL, say_kept, &kept, &reason))
		buffers_each(fd, 0, say_kept, &kept, &reason);
	close(fd);
	return kept;
}
