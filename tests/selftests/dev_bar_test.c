// SPDX-License-Identifier: GPL-2.0-only
/*
 * Areas of BARs: write-combining where the BAR is prefetchable, uncached where not,
 * and none where that would let a process reach something else.
 */
#include <sys/mman.h>

#include "kselftest_harness.h"
#include "dev_common.c"
#include "function.h"

#define MEMTYPES "/sys/kernel/debug/x86/pat_memtype_list"

static int map_bar(int dev, unsigned int bar, uint64_t length, void **out)
{
	*out = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED, dev,
		    bar * PAGE);
	return *out == MAP_FAILED ? -errno : 0;
}

/* Is there a line about memory that begins here, of this kind? */
static bool kernel_says(uint64_t first, const char *kind)
{
	static char text[64 << 10];
	char range[64], *line;

	if (!read_text(MEMTYPES, text, sizeof(text)))
		return false;
	snprintf(range, sizeof(range), "0x%016lx-", first);
	line = strstr(text, range);
	if (!line) {
		snprintf(range, sizeof(range), "0x%lx-", first);
		line = strstr(text, range);
	}
	if (line)
		line[strcspn(line, "\n")] = '\0';
	return line && strstr(line, kind);
}

static uint64_t bar_start(const struct edu *function, unsigned int bar)
{
	char text[1024] = "", path[128], *line = text;

	if (!read_text(edu_sysfs(function, "resource", path), text,
		       sizeof(text)))
		return 0;
	while (bar-- && line)
		line = strchr(line, '\n') + 1;
	return strtoull(line, NULL, 16);
}

#define NEED_FUNCTION(_function, _dev, ...)                                \
	do {                                                               \
		int ret_ = function_take((_function), __VA_ARGS__);        \
		if (ret_ == -ENODEV)                                       \
			SKIP(return, "no such device");                    \
		ASSERT_EQ(0, ret_);                                        \
		*(_dev) = dev_open(_function);                             \
		if (*(_dev) == -EACCES) {                                  \
			function_give(_function);                          \
			SKIP(return, "no IOMMU, and allow_unsafe is off"); \
		}                                                          \
		ASSERT_LE(0, *(_dev));                                     \
	} while (0)

/* The memory of a display. */
TEST(a_prefetchable_bar_is_write_combining)
{
	struct hpdma_ioc_dev_info info;
	uint32_t *frame, i, bad = 0;
	struct edu display;
	uint64_t first;
	void *area;
	int dev;

	NEED_FUNCTION(&display, &dev, FUNCTION_BOCHS);
	ASSERT_EQ(0, dev_info(dev, &info));
	ASSERT_TRUE(info.out_bar_flags[0] & HPDMA_BAR_PREFETCH);
	ASSERT_EQ(MB(16), info.out_bar_size[0]);
	ASSERT_EQ(0, map_bar(dev, 0, MB(4), &area));
	frame = area;
	for (i = 0; i < MB(4) / 4; i++)
		frame[i] = i * 0x9e3779b1u;
	for (i = 0; i < MB(4) / 4; i++)
		bad += frame[i] != i * 0x9e3779b1u;
	EXPECT_EQ(0, bad);
	first = bar_start(&display, 0);
	if (access(MEMTYPES, F_OK)) {
		TH_LOG("not seen: what the kernel says of it");
	} else {
		EXPECT_TRUE(kernel_says(first, "write-combining"));
	}
	munmap(area, MB(4));
	close(dev);
	function_give(&display);
	/* Another driver may choose for itself. */
	EXPECT_FALSE(kernel_says(first, "write-combining"));
}

TEST(other_bars_are_not)
{
	struct edu edu;
	struct rig rig;

	NEED_RIG(&rig, EDU_NARROW);
	edu = rig.edu;
	EXPECT_FALSE(kernel_says(bar_start(&edu, 0), "write-combining"));
	rig_close(&rig);
}

TEST(a_bar_that_shares_its_page_has_no_area)
{
	struct hpdma_ioc_dev_info info;
	struct edu sdhci;
	void *area;
	int dev;

	NEED_FUNCTION(&sdhci, &dev, FUNCTION_SDHCI);
	ASSERT_EQ(0, dev_info(dev, &info));
	EXPECT_EQ(HPDMA_BAR_MEMORY, info.out_bar_flags[0]);
	EXPECT_EQ(0, info.out_bar_size[0]);
	EXPECT_EQ(-EINVAL, map_bar(dev, 0, PAGE, &area));
	close(dev);
	function_give(&sdhci);
}

TEST(ports_have_no_area)
{
	struct hpdma_ioc_dev_info info;
	unsigned int i, ports = 0;
	struct edu nic;
	void *area;
	int dev;

	NEED_FUNCTION(&nic, &dev, FUNCTION_E1000E);
	ASSERT_EQ(0, dev_info(dev, &info));
	for (i = 0; i < 8; i++) {
		if (i < 6 && info.out_bar_flags[i] & HPDMA_BAR_MEMORY)
			continue;
		ports += i < 6 && info.out_bar_flags[i] & HPDMA_BAR_IO;
		EXPECT_EQ(-EINVAL, map_bar(dev, i, PAGE, &area));
	}
	EXPECT_EQ(1, ports);
	close(dev);
	function_give(&nic);
}

TEST_HARNESS_MAIN
