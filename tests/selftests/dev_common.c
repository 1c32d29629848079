// SPDX-License-Identifier: GPL-2.0-only
/*
 * Included whole by the programs that need a device: the others are linked
 * without it, and are not skipped where there is none.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "dev_common.h"
#include "edu.c"

static unsigned int reason;

/* Before any test, and so before the harness's own output. */
static void __attribute__((constructor)) skip_without_device(void)
{
	struct edu edu;

	if (getuid() || access(NODE, F_OK))
		return;
	if (!edu_find(&edu, EDU_NARROW, 0))
		return;
	printf("TAP version 13\n1..0 # SKIP no edu device\n");
	fflush(stdout);
	_exit(4);
}

int dev_open(const struct edu *edu)
{
	int fd = open(edu->node, O_RDWR | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static int dev_call(int fd, unsigned long number, void *arg)
{
	/* Size, flags and reason begin every struct. */
	const struct hpdma_ioc_dev_unmap *head = arg;
	int ret = call(fd, number, arg);

	reason = ret ? head->out_reason : HPDMA_REASON_NONE;
	return ret;
}

int dev_attach(int dev, int mem, unsigned int bits)
{
	struct hpdma_ioc_dev_attach arg = {
		.size = sizeof(arg),
		.fd = mem,
		.address_bits = bits,
	};

	return dev_call(dev, HPDMA_IOC_DEV_ATTACH, &arg);
}

int dev_attach_mode(int dev, int mem, unsigned int bits, unsigned int mode)
{
	struct hpdma_ioc_dev_attach arg = {
		.size = sizeof(arg),
		.fd = mem,
		.address_bits = bits,
		.mode = mode,
	};
	int ret = dev_call(dev, HPDMA_IOC_DEV_ATTACH, &arg);

	return ret ? ret : (int)arg.out_mode;
}

int dev_info(int dev, struct hpdma_ioc_dev_info *info)
{
	memset(info, 0, sizeof(*info));
	info->size = sizeof(*info);
	return dev_call(dev, HPDMA_IOC_DEV_INFO, info);
}

int dev_map_at(int dev, int buf, uint64_t offset, uint64_t length,
	       uint64_t iova, unsigned int flags)
{
	struct hpdma_ioc_dev_map arg = {
		.size = sizeof(arg),
		.flags = flags,
		.buf_id = buf,
		.offset = offset,
		.length = length,
		.iova = iova,
	};
	int ret = dev_call(dev, HPDMA_IOC_DEV_MAP, &arg);

	return ret ? ret : (int)arg.out_map_id;
}

int dev_map(int dev, int buf, uint64_t offset, uint64_t length)
{
	return dev_map_at(dev, buf, offset, length, 0, 0);
}

int dev_unmap_part(int dev, int map, uint64_t offset, uint64_t length)
{
	struct hpdma_ioc_dev_unmap arg = {
		.size = sizeof(arg),
		.map_id = map,
		.offset = offset,
		.length = length,
	};

	return dev_call(dev, HPDMA_IOC_DEV_UNMAP, &arg);
}

int dev_unmap(int dev, int map)
{
	return dev_unmap_part(dev, map, 0, 0);
}

int dev_regions(int dev, struct hpdma_region *array, int count)
{
	struct hpdma_ioc_dev_regions arg = {
		.size = sizeof(arg),
		.count = count,
		.regions = (uintptr_t)array,
	};
	int ret = dev_call(dev, HPDMA_IOC_DEV_REGIONS, &arg);

	return ret ? ret : (int)arg.out_count;
}

int dev_segments(int dev, int map, struct hpdma_segment *array, int count)
{
	struct hpdma_ioc_segments arg = {
		.size = sizeof(arg),
		.id = map,
		.segments = (uintptr_t)array,
		.count = count,
	};
	int ret = dev_call(dev, HPDMA_IOC_DEV_SEGMENTS, &arg);

	return ret ? ret : (int)arg.out_count;
}

uint64_t dev_address(int dev, int map)
{
	struct hpdma_segment array[64];

	return dev_segments(dev, map, array, 64) < 1 ? 0 : array[0].addr;
}

int dev_irq(int dev, unsigned int type, int32_t eventfd)
{
	struct hpdma_ioc_irq_set arg = {
		.size = sizeof(arg),
		.type = type,
		.count = type != HPDMA_IRQ_NONE,
		.eventfds = (uintptr_t)&eventfd,
	};

	return dev_call(dev, HPDMA_IOC_IRQ_SET, &arg);
}

unsigned int last_reason(void)
{
	return reason;
}

static bool device_says(const struct edu *edu, const char *name)
{
	char path[96], text[8] = "";

	snprintf(path, sizeof(path), "/sys/class/hpdma/%.20s/%s",
		 edu->node + strlen("/dev/"), name);
	return read_text(path, text, sizeof(text)) && text[0] == '1';
}

bool dev_translated(const struct edu *edu)
{
	return device_says(edu, "translated");
}

bool dev_protected(const struct edu *edu)
{
	return dev_translated(edu) && device_says(edu, "irq_remapped") &&
	       device_says(edu, "alone");
}

bool unsafe_allowed(void)
{
	char text[8] = "";

	return read_text("/sys/module/hpdma/parameters/allow_unsafe", text,
			 sizeof(text)) &&
	       text[0] == 'Y';
}

bool asked_for(const char *word)
{
	char text[4096] = "";

	return read_text("/proc/cmdline", text, sizeof(text)) &&
	       strstr(text, word);
}

static int open_files(struct rig *rig, unsigned int bits, unsigned int mode)
{
	int ret;

	rig->dev = dev_open(&rig->edu);
	if (rig->dev < 0)
		return rig->dev;
	rig->mem = open_node();
	if (rig->mem < 0)
		return rig->mem;
	ret = dev_attach_mode(rig->dev, rig->mem, bits, mode);
	return ret < 0 ? ret : 0;
}

int rig_open(struct rig *rig, unsigned int bits, unsigned int nth)
{
	return rig_open_mode(rig, bits, nth, HPDMA_MODE_DEFAULT);
}

int rig_open_mode(struct rig *rig, unsigned int bits, unsigned int nth,
		  unsigned int mode)
{
	int ret;

	memset(rig, 0, sizeof(*rig));
	ret = edu_find(&rig->edu, bits, nth);
	if (!ret)
		ret = open_files(rig, bits, mode);
	if (ret)
		return ret;
	rig->bar = EDU_BAR_SIZE;
	rig->regs = edu_map(rig->dev);
	return rig->regs ? 0 : -errno;
}

int rig_open_other(struct rig *rig, unsigned int vendor, unsigned int device,
		   size_t bar)
{
	void *regs;
	int ret;

	memset(rig, 0, sizeof(*rig));
	ret = edu_find_other(&rig->edu, vendor, device);
	if (!ret)
		ret = open_files(rig, rig->edu.bits, HPDMA_MODE_DEFAULT);
	if (ret)
		return ret;
	regs = mmap(NULL, bar, PROT_READ | PROT_WRITE, MAP_SHARED, rig->dev, 0);
	if (regs == MAP_FAILED)
		return -errno;
	rig->regs = regs;
	rig->bar = bar;
	return 0;
}

void rig_close(struct rig *rig)
{
	if (rig->regs)
		munmap((void *)rig->regs, rig->bar);
	if (rig->dev > 0)
		close(rig->dev);
	if (rig->mem > 0)
		close(rig->mem);
	memset(rig, 0, sizeof(*rig));
}

#define STATS "/sys/kernel/debug/hpdma/stats"

bool unmapping_parks(const struct rig *rig)
{
	long long before = number_in(STATS, "parked");
	struct hpdma_ioc_buf_alloc low = contig(PAGE);
	int buf, map;

	low.address_bits = rig->edu.bits;
	buf = alloc(rig->mem, &low);
	map = dev_map(rig->dev, buf, 0, 0);
	dev_unmap(rig->dev, map);
	buf_free(rig->mem, buf);
	return number_in(STATS, "parked") > before;
}

long long mappings(void)
{
	return number_in(STATS, "mappings") - number_in(STATS, "parked");
}

static int make_user(struct block *block)
{
	void *data = mmap(NULL, block->length, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (data == MAP_FAILED)
		return -errno;
	block->data = data;
	block->id = register_memory(block->mem, data, block->length);
	if (block->id >= 0)
		return 0;
	munmap(data, block->length);
	return block->id;
}

int block_make(struct block *block, int mem, unsigned int backing,
	       uint64_t length, unsigned int bits)
{
	bool huge = backing == HPDMA_BACKING_HUGETLB;
	uint64_t granule = huge ? HUGE_PAGE : PAGE;
	struct hpdma_ioc_buf_alloc arg;

	block->backing = backing;
	block->mem = mem;
	block->length = (length + granule - 1) / granule * granule;
	if (backing == HPDMA_BACKING_USER)
		return make_user(block);
	arg = huge ? hugetlb(block->length) : contig(block->length);
	arg.address_bits = bits;
	block->id = alloc(mem, &arg);
	if (block->id < 0)
		return block->id;
	block->data = map_cookie(mem, block->id, block->length,
				 PROT_READ | PROT_WRITE, 0);
	return block->data ? 0 : -errno;
}

void block_drop(struct block *block)
{
	buf_free(block->mem, block->id);
	if (block->data)
		munmap(block->data, block->length);
	block->data = NULL;
}

static uint8_t pattern(uint64_t at, unsigned int seed)
{
	return (at * 2654435761u + at / 4096 * 97 + seed * 40503u) >> 8;
}

void fill_pattern(void *data, uint64_t length, unsigned int seed)
{
	uint8_t *bytes = data;
	uint64_t i;

	for (i = 0; i < length; i++)
		bytes[i] = pattern(i, seed);
}

long long check_pattern(const void *data, uint64_t length, unsigned int seed)
{
	const volatile uint8_t *bytes = data;
	uint64_t i;

	for (i = 0; i < length; i++)
		if (bytes[i] != pattern(i, seed))
			return i;
	return -1;
}

#define CONSOLE_LEVEL "/proc/sys/kernel/printk"

/* Counted here whether or not they are logged: the log has a limit. */
static long long fault_interrupts(void)
{
	FILE *file = fopen("/proc/interrupts", "re");
	long long sum = 0;
	char line[1024];

	if (!file)
		return 0;
	while (fgets(line, sizeof(line), file)) {
		char *at = strchr(line, ':');
		int length;
		unsigned int count;

		if (!at || !strstr(line, " dmar"))
			continue;
		for (at++; sscanf(at, "%u%n", &count, &length) == 1;
		     at += length)
			sum += count;
	}
	fclose(file);
	return sum;
}

/*
 * "priority,number,time,flags;text". Errors and worse (3) are never in order;
 * of warnings (4) those that report a bug are not, others are about a slow
 * machine.
 */
static bool is_report(const char *record)
{
	static const char *const words[] = { "WARNING:", "BUG", "Bad ",
					     "refcount", "------------[" };
	int level = atoi(record) & 7;
	size_t i;

	if (strstr(record, "DMAR:") || strstr(record, "dmar_fault:"))
		return false;
	if (level <= 3)
		return true;
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (level == 4 && strstr(record, words[i]))
			return true;
	return false;
}

void watch_begin(struct watch *watch, bool mute)
{
	memset(watch, 0, sizeof(*watch));
	watch->fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	lseek(watch->fd, 0, SEEK_END);
	watch->faults = fault_interrupts();
	watch->muted =
		mute &&
		read_text(CONSOLE_LEVEL, watch->level, sizeof(watch->level)) &&
		write_text(CONSOLE_LEVEL, "1");
}

int watch_end(struct watch *watch)
{
	char record[1024];
	bool other = false;
	ssize_t got;

	if (watch->fd < 0)
		return -1;
	/* The handler of IOMMU faults is a thread. */
	sleep_ms(100);
	for (;;) {
		got = read(watch->fd, record, sizeof(record) - 1);
		/* Records that were overwritten meanwhile. */
		if (got < 0 && errno == EPIPE)
			continue;
		if (got <= 0)
			break;
		record[got] = '\0';
		/* Who judges the console sees what is not muted. */
		if (!watch->muted || !is_report(record))
			continue;
		fprintf(stderr, "# logged: %s", record);
		other = true;
	}
	close(watch->fd);
	watch->fd = -1;
	if (watch->muted)
		write_text(CONSOLE_LEVEL, watch->level);
	return other ? -1 : fault_interrupts() - watch->faults;
}

double now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1e3 + now.tv_nsec / 1e6;
}

void sleep_ms(double ms)
{
	struct timespec left = {
		.tv_sec = ms / 1e3,
		.tv_nsec = (long)(ms * 1e6) % 1000000000,
	};

	while (nanosleep(&left, &left) && errno == EINTR)
		;
}
