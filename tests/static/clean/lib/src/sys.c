// SPDX-License-Identifier: MIT
#include <fcntl.h>

#include <hpdma.h>

int hpdma_open(const char *path)
{
	return open(path, O_RDWR);
}
