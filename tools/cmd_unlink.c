// SPDX-License-Identifier: MIT
/*
 * unlink: end the name of a buffer, such as a persistent one that keeps memory
 * for a program which does not come back.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/hpdma.h>

#include "cmd.h"
#include "node.h"
#include "say.h"

static int explain_unlink(int err, const char *name)
{
	switch (err) {
	case ENOENT:
		failed("there is no name %s that you may see", name);
		because("names are seen in the PID namespace of their publisher only, by those who may open them");
		fix("sudo hpdmactl list -a");
		break;
	case EPERM:
		failed("the name %s is another user's", name);
		because("only its owner ends it, or who has CAP_FOWNER");
		fix("sudo hpdmactl unlink %s", name);
		break;
	case ENOTTY:
		failed("the loaded module knows no names");
		because("it is older than hpdmactl " HPDMA_VERSION);
		fix("hpdmactl unload && hpdmactl load");
		break;
	case EINVAL:
		return bad_usage("%s cannot be a name", name);
	default:
		failed("cannot unlink %s: %s", name, strerror(err));
		fix("dmesg | grep hpdma");
	}
	return EXIT_FAILED;
}

int cmd_unlink(int argc, char **argv)
{
	struct hpdma_ioc_name_unlink arg = { .size = sizeof(arg) };
	int fd, ret = EXIT_OK;
	size_t length;

	if (argc != 1)
		return bad_usage("unlink takes one name");
	length = strlen(argv[0]);
	if (!length || length >= HPDMA_NAME_SIZE)
		return bad_usage("a name has 1 to %d bytes",
				 HPDMA_NAME_SIZE - 1);
	memcpy(arg.name, argv[0], length);

	fd = node_open();
	if (fd < 0)
		return EXIT_FAILED;
	if (ioctl(fd, HPDMA_IOC_NAME_UNLINK, &arg))
		ret = explain_unlink(errno, argv[0]);
	else
		printf("%s is no name any more; who has the buffer keeps it\n",
		       argv[0]);
	close(fd);
	return ret;
}
