// SPDX-License-Identifier: MIT
/* Which device it is, and the first register of its first BAR. */
#include <hpdma/device.h>
#include <stdio.h>

int main(void)
{
	struct hpdma_device_info info = { .size = sizeof(info) };
	volatile void *registers;
	struct hpdma_device *dev;
	struct hpdma_error error;
	struct hpdma *ctx;
	char text[256];

	if (hpdma_open(NULL, &ctx, NULL))
		return 77;
	if (hpdma_device_open(ctx, "hpdma0", NULL, &dev, &error)) {
		puts(hpdma_error_text(&error, text, sizeof(text)));
		hpdma_unref(ctx);
		return 77;
	}
	if (!hpdma_device_get_info(dev, &info))
		printf("%04x:%02x:%02x.%x is %04x:%04x\n", info.domain,
		       info.bus, info.slot, info.function, info.vendor,
		       info.device);
	if (!hpdma_device_bar(dev, 0, &registers, NULL))
		printf("0x%08x\n", *(volatile uint32_t *)registers);
	hpdma_device_unref(dev);
	hpdma_unref(ctx);
	return 0;
}
