// SPDX-License-Identifier: MIT
/*
 * Which processes hold a device node.
 *
 * /proc/PID/fd and /proc/PID/maps name the node itself. A buffer is a dma-buf:
 * its descriptors tell their exporter in fdinfo; its mappings have only an
 * inode number, which debugfs relates to an exporter where it is mounted.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "holders.h"
#include "say.h"
#include "sys.h"

#define MODULE_NODE "/dev/hpdma"
#define EXPORTER "hpdma"

struct search {
	const char *node; /* NULL: all nodes and buffers of hpdma */
};

static bool is_wanted_node(const struct search *search, const char *path)
{
	size_t length = strlen(MODULE_NODE);

	if (search->node)
		return !strcmp(path, search->node);
	return !strncmp(path, MODULE_NODE, length) &&
	       path[length + strspn(path + length, "0123456789")] == '\0';
}

static bool is_our_dmabuf_fd(const char *pid, const char *fd)
{
	FILE *info = fopen(sys_path("/proc/%s/fdinfo/%s", pid, fd).text, "re");
	char line[SYS_TEXT_MAX];
	char name[64];
	bool ours = false;

	while (info && !ours && fgets(line, sizeof(line), info))
		ours = sscanf(line, "exp_name: %63s", name) == 1 &&
		       !strcmp(name, EXPORTER);
	if (info)
		fclose(info);
	return ours;
}

static bool is_our_dmabuf_inode(unsigned long inode)
{
	const char *path = "/sys/kernel/debug/dma_buf/bufinfo";
	FILE *info = fopen(sys_path("%s", path).text, "re");
	char line[SYS_TEXT_MAX];
	char name[64];
	unsigned long ino;
	bool ours = false;

	while (info && !ours && fgets(line, sizeof(line), info))
		ours = sscanf(line, "%*s %*x %*x %*d %63s %lu", name, &ino) ==
			       2 &&
		       ino == inode && !strcmp(name, EXPORTER);
	if (info)
		fclose(info);
	return ours;
}

static int count_descriptors(const struct search *search, const char *pid)
{
	struct sys_list list = sys_list(sys_path("/proc/%s/fd", pid));
	char target[SYS_PATH_MAX];
	int count = 0;

	for (int i = 0; i < list.count; i++) {
		const char *fd = list.entries[i]->d_name;

		if (sys_read_link(sys_path("/proc/%s/fd/%s", pid, fd), target,
				  sizeof(target)))
			continue;
		if (is_wanted_node(search, target) ||
		    (!search->node && !strncmp(target, "/dmabuf:", 8) &&
		     is_our_dmabuf_fd(pid, fd)))
			count++;
	}
	sys_free_list(&list);
	return count;
}

static int count_mappings(const struct search *search, const char *pid)
{
	FILE *maps = fopen(sys_path("/proc/%s/maps", pid).text, "re");
	char line[SYS_PATH_MAX + 128];
	char path[SYS_PATH_MAX];
	unsigned long inode;
	int count = 0;

	while (maps && fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%*s %*s %*s %*s %lu %1023[^\n]", &inode,
			   path) != 2)
			continue;
		if (is_wanted_node(search, path) ||
		    (!search->node && !strncmp(path, "/dmabuf:", 8) &&
		     is_our_dmabuf_inode(inode)))
			count++;
	}
	if (maps)
		fclose(maps);
	return count;
}

static int say_holders(const struct search *search)
{
	struct sys_list list = sys_list(sys_path("/proc"));
	char name[64];
	int holders = 0;

	for (int i = 0; i < list.count; i++) {
		const char *pid = list.entries[i]->d_name;
		int files, mappings;

		if (!isdigit((unsigned char)pid[0]))
			continue;
		files = count_descriptors(search, pid);
		mappings = count_mappings(search, pid);
		if (!files && !mappings)
			continue;
		sys_read(sys_path("/proc/%s/comm", pid), name, sizeof(name));
		because("process %s (%s) holds %s: %d open, %d mapped", pid,
			name, search->node ? search->node : "hpdma", files,
			mappings);
		fix("kill %s", pid);
		holders++;
	}
	sys_free_list(&list);
	return holders;
}

int holders_say(const char *node)
{
	struct search search = { .node = node };

	return say_holders(&search);
}

int holders_say_all(void)
{
	struct search search = { .node = NULL };

	return say_holders(&search);
}
