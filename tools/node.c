// SPDX-License-Identifier: MIT
/* Opening /dev/hpdma, and what to do if that fails. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "device.h"
#include "node.h"
#include "say.h"
#include "sys.h"

static void explain_open(int err)
{
	switch (err) {
	case EACCES:
	case EPERM:
		because("you are not in the group hpdma, or have logged in before you were");
		fix("sudo usermod -aG hpdma \"$USER\"  # then log in again");
		break;
	case ENOENT:
		because("devtmpfs is not mounted, or udev has not run");
		fix("mount -t devtmpfs devtmpfs /dev; udevadm settle");
		break;
	default:
		because("%s", strerror(err));
		fix("dmesg | grep hpdma");
	}
}

int node_open(void)
{
	int fd, err;

	if (!module_is_loaded()) {
		failed("the hpdma module is not loaded");
		fix("hpdmactl load");
		return -1;
	}
	fd = open(sys_path(NODE).text, O_RDWR | O_CLOEXEC);
	if (fd < 0) {
		err = errno;
		failed("cannot open " NODE);
		explain_open(err);
	}
	return fd;
}
