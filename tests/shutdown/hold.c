// SPDX-License-Identifier: GPL-2.0-only
/*
 * hold DEVICE: opens a device, maps memory for it, and has the kernel power the
 * machine off while it holds both. As a program that was not told would.
 */
#include <stdint.h>
#include <stdio.h>
#include <sys/reboot.h>

#include <hpdma.h>

int main(int argc, char **argv)
{
	const struct hpdma_device_opts opts = {
		.size = sizeof(opts),
		.address_bits = 28,
	};
	struct hpdma_error error = { 0 };
	struct hpdma_device *dev;
	struct hpdma_buf *buf;
	struct hpdma_dma *dma;
	struct hpdma *ctx;
	char text[256];

	if (argc != 2)
		return 2;
	if (hpdma_open(NULL, &ctx, &error) ||
	    hpdma_device_open(ctx, argv[1], &opts, &dev, &error) ||
	    hpdma_buf_alloc(ctx, 2 << 20, NULL, &buf, &error) ||
	    hpdma_dma_map(dev, buf, 0, 0, &dma, &error)) {
		printf("# %s\n", hpdma_error_text(&error, text, sizeof(text)));
		return 1;
	}
	printf("ok 1 - a device is held\n");
	fflush(stdout);
	reboot(RB_POWER_OFF);
	return 1;
}
