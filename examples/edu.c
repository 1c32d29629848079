// SPDX-License-Identifier: MIT
/*
 * A driver for QEMU's "edu" device that uses nothing but libhpdma:
 *
 *	edu [--address-bits N] 0000:00:04.0
 *
 * It has the device copy pieces of one buffer into its own memory and from
 * there into another buffer, waits for the end of each copy by interrupt, and
 * then looks whether the right bytes, and no others, have arrived.
 *
 * The device, as docs/specs/edu in QEMU's sources describes it, is one BAR of
 * registers. Its memory is 4096 bytes, and a copy takes it 100 ms.
 */
#include <errno.h>
#include <hpdma.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define EDU_VENDOR 0x1234
#define EDU_DEVICE 0x11e8

#define EDU_ID 0x00
#define EDU_IRQ_STATUS 0x24
#define EDU_IRQ_ACK 0x64
#define EDU_DMA_SRC 0x80
#define EDU_DMA_DST 0x88
#define EDU_DMA_COUNT 0x90
#define EDU_DMA_CMD 0x98

#define EDU_CMD_START 1
#define EDU_CMD_TO_RAM 2
#define EDU_CMD_IRQ 4
#define EDU_IRQ_DMA 0x100
#define EDU_MEMORY 0x40000

/*
 * Half of the device's memory: QEMU before 8.1 takes a copy that ends with the
 * last byte of it for one beyond the end, and exits.
 */
#define CHUNK 2048

#define SOURCE_LENGTH (2ull << 20)
#define TARGET_LENGTH (4ull << 20)
#define TIMEOUT_MS 5000

/**
 * struct edu - what the program holds
 * @ctx: The context
 * @dev: The device
 * @regs: Its registers
 * @address_bits: How many address bits it has
 * @source: Buffer to copy from
 * @target: Buffer to copy to
 * @source_dma: @source for the device
 * @target_dma: @target for the device
 * @eventfd: Counts interrupts, or -1 to wait with hpdma_irq_wait()
 * @busy: A copy has been started and has not ended
 */
struct edu {
	struct hpdma *ctx;
	struct hpdma_device *dev;
	volatile unsigned char *regs;
	uint32_t address_bits;
	struct hpdma_buf *source;
	struct hpdma_buf *target;
	struct hpdma_dma *source_dma;
	struct hpdma_dma *target_dma;
	int eventfd;
	int busy;
};

/**
 * struct copy - one way from the source through the device to the target
 * @from: Offset in the source
 * @to: Offset in the target
 * @by_eventfd: How to wait
 */
struct copy {
	uint64_t from;
	uint64_t to;
	int by_eventfd;
};

static const struct copy copies[] = {
	{ 0, 4096 + 512, 0 },
	{ SOURCE_LENGTH / 2 - 1024, TARGET_LENGTH / 2 + 4096, 1 },
	{ SOURCE_LENGTH - CHUNK, TARGET_LENGTH - CHUNK, 1 },
};

static uint32_t read32(struct edu *edu, unsigned int reg)
{
	return *(volatile uint32_t *)(edu->regs + reg);
}

static void write32(struct edu *edu, unsigned int reg, uint32_t value)
{
	*(volatile uint32_t *)(edu->regs + reg) = value;
}

static void write64(struct edu *edu, unsigned int reg, uint64_t value)
{
	*(volatile uint64_t *)(edu->regs + reg) = value;
}

static int say_error(const struct hpdma_error *error)
{
	char text[512];

	printf("cannot %s\n", hpdma_error_text(error, text, sizeof(text)));
	return error->code;
}

static int open_device(struct edu *edu, const char *name)
{
	struct hpdma_device_opts opts = { .size = sizeof(opts),
					  .address_bits = edu->address_bits };
	struct hpdma_device_info info = { .size = sizeof(info) };
	struct hpdma_error error;
	volatile void *regs;
	int ret;

	if (hpdma_open(NULL, &edu->ctx, &error) ||
	    hpdma_device_open(edu->ctx, name, &opts, &edu->dev, &error))
		return say_error(&error);

	ret = hpdma_device_get_info(edu->dev, &info);
	if (ret)
		return ret;
	printf("device %04x:%02x:%02x.%u is %04x:%04x, drives %u address bits, and %s IOMMU translates them\n",
	       info.domain, info.bus, info.slot, info.function, info.vendor,
	       info.device, info.address_bits,
	       info.state & HPDMA_DEVICE_TRANSLATED ? "an" : "no");
	if (info.vendor != EDU_VENDOR || info.device != EDU_DEVICE) {
		printf("that is not an edu device\n");
		return -ENODEV;
	}

	ret = hpdma_device_bar(edu->dev, 0, &regs, NULL);
	if (ret) {
		printf("cannot map the registers: %s\n", strerror(-ret));
		return ret;
	}
	edu->regs = regs;
	printf("registers say id 0x%08x\n", read32(edu, EDU_ID));
	return 0;
}

/* Memory that the device reaches, and where it does. */
static int make_buffer(struct edu *edu, const char *name, uint32_t backing,
		       uint64_t length, struct hpdma_buf **buf,
		       struct hpdma_dma **dma)
{
	struct hpdma_buf_opts opts = { .size = sizeof(opts),
				       .backing = backing,
				       .device = edu->dev };
	struct hpdma_buf_info info = { .size = sizeof(info) };
	const struct hpdma_seg *segs;
	struct hpdma_error error;
	enum hpdma_kind kind;
	size_t count, i;
	int ret;

	if (hpdma_buf_alloc(edu->ctx, length, &opts, buf, &error) ||
	    hpdma_dma_map(edu->dev, *buf, 0, 0, dma, &error))
		return say_error(&error);
	ret = hpdma_buf_get_info(*buf, &info);
	if (ret)
		return ret;
	printf("%s: %llu KiB of %s at %p, page size %llu KiB, NUMA node %d\n",
	       name, (unsigned long long)info.length >> 10,
	       info.backing == HPDMA_BUF_BACKING_HUGETLB ? "huge pages" :
							   "contiguous memory",
	       hpdma_buf_ptr(*buf), (unsigned long long)info.page_size >> 10,
	       info.node);
	count = hpdma_dma_segments(*dma, &segs, &kind);
	for (i = 0; i < count; i++)
		printf("%s, segment %zu: %s 0x%llx, %llu KiB\n", name, i,
		       hpdma_kind_text(kind), (unsigned long long)segs[i].addr,
		       (unsigned long long)segs[i].length >> 10);
	return 0;
}

static void fill_source(struct edu *edu)
{
	unsigned char *byte = hpdma_buf_ptr(edu->source);
	uint32_t random = 0x12345678;
	uint64_t i;

	/* Never 0, which is what the target is full of. */
	for (i = 0; i < SOURCE_LENGTH; i++) {
		random = random * 1664525 + 1013904223;
		byte[i] = (unsigned char)(random >> 24) | 1;
	}
}

static int enable_irq(struct edu *edu, int eventfd)
{
	static const char *const names[] = { "?", "INTx", "MSI", "MSI-X" };
	enum hpdma_event_type type;
	struct hpdma_error error;

	if (hpdma_irq_enable(edu->dev, HPDMA_EVENT_AUTO, eventfd, &type,
			     &error))
		return say_error(&error);
	edu->eventfd = eventfd;
	printf("interrupt: %s, waited for with %s\n", names[type],
	       eventfd < 0 ? "read() of the device" : "poll() of an eventfd");
	return 0;
}

static int wait_eventfd(int fd)
{
	struct pollfd entry = { .fd = fd, .events = POLLIN };
	uint64_t count;
	int ret;

	do
		ret = poll(&entry, 1, TIMEOUT_MS);
	while (ret < 0 && errno == EINTR);
	if (ret < 0)
		return -errno;
	if (!ret)
		return -ETIMEDOUT;
	return read(fd, &count, sizeof(count)) == sizeof(count) ? 0 : -EIO;
}

static int wait_irq(struct edu *edu)
{
	uint32_t status, count;
	int ret;

	if (edu->eventfd >= 0)
		ret = wait_eventfd(edu->eventfd);
	else
		do
			ret = hpdma_irq_wait(edu->dev, TIMEOUT_MS, &count);
		while (ret == -EINTR);
	if (ret) {
		printf("no interrupt: %s\n", strerror(-ret));
		return ret;
	}

	status = read32(edu, EDU_IRQ_STATUS);
	write32(edu, EDU_IRQ_ACK, status);
	if (status != EDU_IRQ_DMA) {
		printf("interrupt with status 0x%x instead of 0x%x\n", status,
		       EDU_IRQ_DMA);
		return -EIO;
	}
	/* INTx is masked since it fired; MSI does not mind. */
	return hpdma_irq_unmask(edu->dev);
}

static int run_dma(struct edu *edu, uint64_t from, uint64_t to,
		   uint32_t direction)
{
	int ret;

	edu->busy = 1;
	write64(edu, EDU_DMA_SRC, from);
	write64(edu, EDU_DMA_DST, to);
	write64(edu, EDU_DMA_COUNT, CHUNK);
	write64(edu, EDU_DMA_CMD, EDU_CMD_START | EDU_CMD_IRQ | direction);
	ret = wait_irq(edu);
	if (!ret)
		edu->busy = 0;
	return ret;
}

static int run_copy(struct edu *edu, const struct copy *copy)
{
	enum hpdma_kind kind;
	uint64_t from, to, there;
	int ret;

	ret = hpdma_dma_addr_at(edu->source_dma, copy->from, &from, &there,
				&kind);
	if (!ret && there >= CHUNK)
		ret = hpdma_dma_addr_at(edu->target_dma, copy->to, &to, &there,
					&kind);
	/* The device takes one address: a chunk must be in one segment. */
	if (!ret && there < CHUNK)
		ret = -EMSGSIZE;
	if (!ret)
		ret = run_dma(edu, from, EDU_MEMORY, 0);
	if (!ret)
		ret = run_dma(edu, EDU_MEMORY, to, EDU_CMD_TO_RAM);
	if (ret) {
		printf("copy failed: %s\n", strerror(-ret));
		return ret;
	}
	printf("copied %u bytes: source + 0x%llx (0x%llx) -> device -> target + 0x%llx (0x%llx)\n",
	       CHUNK, (unsigned long long)copy->from, (unsigned long long)from,
	       (unsigned long long)copy->to, (unsigned long long)to);
	return 0;
}

static int run_copies(struct edu *edu, int event)
{
	size_t i;
	int ret;

	ret = enable_irq(edu, -1);
	for (i = 0; !ret && i < sizeof(copies) / sizeof(copies[0]); i++) {
		if (copies[i].by_eventfd && edu->eventfd < 0)
			ret = enable_irq(edu, event);
		if (!ret)
			ret = run_copy(edu, &copies[i]);
	}
	return ret;
}

static int compare(struct edu *edu)
{
	const unsigned char *source = hpdma_buf_ptr(edu->source);
	const unsigned char *target = hpdma_buf_ptr(edu->target);
	unsigned char *expected;
	uint64_t at;
	size_t i;
	int ret = 0;

	expected = calloc(1, TARGET_LENGTH);
	if (!expected)
		return -ENOMEM;
	for (i = 0; i < sizeof(copies) / sizeof(copies[0]); i++)
		memcpy(expected + copies[i].to, source + copies[i].from, CHUNK);
	for (at = 0; at < TARGET_LENGTH && expected[at] == target[at]; at++)
		;
	if (at < TARGET_LENGTH) {
		printf("target + 0x%llx is 0x%02x, should be 0x%02x\n",
		       (unsigned long long)at, target[at], expected[at]);
		ret = -EIO;
	}
	free(expected);
	return ret;
}

static int run(struct edu *edu, const char *name, int event)
{
	int ret;

	ret = open_device(edu, name);
	if (!ret)
		ret = make_buffer(edu, "source", HPDMA_BUF_BACKING_ANY,
				  SOURCE_LENGTH, &edu->source,
				  &edu->source_dma);
	if (!ret)
		ret = make_buffer(edu, "target", HPDMA_BUF_BACKING_CONTIG,
				  TARGET_LENGTH, &edu->target,
				  &edu->target_dma);
	if (ret)
		return ret;

	fill_source(edu);
	ret = run_copies(edu, event);
	if (!ret)
		ret = compare(edu);
	hpdma_irq_disable(edu->dev);
	return ret;
}

static void give_back(struct edu *edu)
{
	hpdma_dma_unref(edu->source_dma);
	hpdma_dma_unref(edu->target_dma);
	hpdma_buf_unref(edu->source);
	hpdma_buf_unref(edu->target);
	hpdma_device_unref(edu->dev);
	hpdma_unref(edu->ctx);
}

static int usage(void)
{
	fprintf(stderr, "usage: edu [--address-bits N] DEVICE\n"
			"DEVICE is a PCI address, hpdmaN or a path\n");
	return 2;
}

int main(int argc, char **argv)
{
	struct edu edu = { .address_bits = 28, .eventfd = -1 };
	int event, ret;

	/* Lines have to survive a crash of the machine that this runs in. */
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc == 4 && !strcmp(argv[1], "--address-bits")) {
		edu.address_bits = (uint32_t)strtoul(argv[2], NULL, 10);
		argv += 2;
		argc -= 2;
	}
	if (argc != 2 || argv[1][0] == '-')
		return usage();
	event = eventfd(0, EFD_CLOEXEC);
	if (event < 0) {
		perror("eventfd");
		return 1;
	}

	ret = run(&edu, argv[1], event);

	/*
	 * A device that may still copy is left to the kernel: at our exit it
	 * stops the device first and then frees the memory.
	 */
	if (!edu.busy)
		give_back(&edu);
	close(event);

	if (ret)
		printf("edu: FAIL %s\n", strerror(-ret));
	else
		printf("edu: PASS %zu copies arrived, and nothing else\n",
		       sizeof(copies) / sizeof(copies[0]));
	return ret ? 1 : 0;
}
