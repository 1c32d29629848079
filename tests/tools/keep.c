// SPDX-License-Identifier: GPL-2.0-only
/*
 * keep NAME: makes a contiguous buffer of 1 MiB, gives it a persistent name, and
 * ends. For the machine that has no other program of the module's.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include <linux/hpdma.h>

int main(int argc, char **argv)
{
	struct hpdma_ioc_buf_alloc alloc = {
		.size = sizeof(alloc),
		.backing = HPDMA_BACKING_CONTIG,
		.length = 1 << 20,
	};
	struct hpdma_ioc_name_publish name = {
		.size = sizeof(name),
		.flags = HPDMA_NAME_PERSISTENT,
		.mode = 0600,
		.uid = -1,
		.gid = -1,
	};
	int fd = open("/dev/hpdma", O_RDWR);

	if (argc != 2 || strlen(argv[1]) >= sizeof(name.name))
		return 2;
	if (fd < 0 || ioctl(fd, HPDMA_IOC_BUF_ALLOC, &alloc)) {
		perror("keep: buffer");
		return 1;
	}
	name.buf_id = alloc.out_buf_id;
	memcpy(name.name, argv[1], strlen(argv[1]));
	if (ioctl(fd, HPDMA_IOC_NAME_PUBLISH, &name)) {
		perror("keep: name");
		return 1;
	}
	return 0;
}
