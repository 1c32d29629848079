// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory of other drivers: of tests/peer, and where the kernel has them of
 * udmabuf and of a DMA heap. Seen by the CPU, reached by a device, and let go
 * when the device or the process goes.
 */
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/dma-heap.h>
#include <linux/udmabuf.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "kselftest_harness.h"
#include "dev_common.c"
#include "peer_common.h"

#define PAGES 8
#define LENGTH (PAGES * PAGE)
#define SEGMENTS 64
/* Of the kernel, and never seen by a user. */
#define ERESTARTSYS 512

static int import_info(int mem, int fd, struct hpdma_ioc_buf_import *arg)
{
	*arg = (struct hpdma_ioc_buf_import){ .size = sizeof(*arg), .fd = fd };
	return call(mem, HPDMA_IOC_BUF_IMPORT, arg);
}

static uint8_t *map_dmabuf(int fd, uint64_t length)
{
	void *p = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	return p == MAP_FAILED ? NULL : p;
}

TEST(what_is_known_of_an_import)
{
	struct hpdma_ioc_buf_import import;
	struct hpdma_ioc_buf_info info;
	struct hpdma_segment segment;
	int mem = open_node(), peer, fd;
	struct state before;

	NEED_PEER(&peer);
	state_take(&before);
	fd = peer_export(peer, LENGTH, 0, 0);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, import_info(mem, fd, &import));
	EXPECT_EQ(LENGTH, import.out_length);
	EXPECT_EQ(0, import.out_segments);
	ASSERT_EQ(0, buf_info(mem, import.out_buf_id, &info));
	EXPECT_EQ(HPDMA_BACKING_IMPORT, info.out_backing);
	EXPECT_EQ(-1, info.out_node);
	EXPECT_EQ(LENGTH, info.out_length);
	EXPECT_EQ(PAGE, info.out_page_size);
	EXPECT_EQ(0, info.out_segments);
	EXPECT_EQ(0, info.out_map_size);
	EXPECT_NE(0, info.out_mmap_offset);
	EXPECT_EQ(import.out_mmap_offset, info.out_mmap_offset);
	/* Whoever may see addresses sees none. */
	EXPECT_EQ(-EOPNOTSUPP,
		  buf_segments(mem, import.out_buf_id, &segment, 1));
	EXPECT_TRUE(peer_has(peer, 1, 0, 0));
	close(fd);
	EXPECT_TRUE(peer_has(peer, 1, 0, 0));
	EXPECT_EQ(0, buf_free(mem, import.out_buf_id));
	EXPECT_TRUE(peer_has(peer, 0, 0, 0));
	EXPECT_TRUE(state_is(&before));
	close(peer);
	close(mem);
}

TEST(what_cannot_be_imported)
{
	struct hpdma_ioc_buf_import import;
	int mem = open_node(), peer, fd;
	struct state before;

	NEED_PEER(&peer);
	state_take(&before);
	fd = peer_export(peer, LENGTH, PEER_READ_ONLY, 0);
	EXPECT_EQ(-EACCES, import_info(mem, fd, &import));
	EXPECT_EQ(HPDMA_REASON_NONE, import.out_reason);
	close(fd);
	fd = peer_export(peer, LENGTH, PEER_ODD, 0);
	EXPECT_EQ(-EOPNOTSUPP, import_info(mem, fd, &import));
	EXPECT_EQ(HPDMA_REASON_EXPORTER, import.out_reason);
	close(fd);
	EXPECT_TRUE(peer_has(peer, 0, 0, 0));
	EXPECT_TRUE(state_is(&before));
	close(peer);
	close(mem);
}

TEST(seen_by_the_cpu)
{
	struct hpdma_ioc_buf_import import;
	int mem = open_node(), peer, fd;
	uint8_t *direct, *data, *last;
	uint64_t offset;

	NEED_PEER(&peer);
	fd = peer_export(peer, LENGTH, 0, 0);
	ASSERT_EQ(0, import_info(mem, fd, &import));
	offset = import.out_mmap_offset;
	direct = map_dmabuf(fd, LENGTH);
	ASSERT_NE(NULL, direct);
	fill_pattern(direct, LENGTH, 1);
	data = map_cookie(mem, import.out_buf_id, LENGTH,
			  PROT_READ | PROT_WRITE, 0);
	ASSERT_NE(NULL, data);
	EXPECT_EQ(-1, check_pattern(data, LENGTH, 1));
	last = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, mem,
		    offset + LENGTH - PAGE);
	ASSERT_NE(MAP_FAILED, last);
	EXPECT_EQ(0, memcmp(last, direct + LENGTH - PAGE, PAGE));
	EXPECT_EQ(MAP_FAILED, mmap(NULL, 2 * PAGE, PROT_READ, MAP_SHARED, mem,
				   offset + LENGTH - PAGE));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(MAP_FAILED,
		  mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, mem, offset));
	EXPECT_EQ(MAP_FAILED, mmap(NULL, PAGE, PROT_READ | PROT_EXEC,
				   MAP_SHARED, mem, offset));
	/* The areas hold the other driver's dma-buf, and nothing of ours. */
	munmap(direct, LENGTH);
	munmap(last, PAGE);
	close(fd);
	EXPECT_EQ(0, buf_free(mem, import.out_buf_id));
	close(mem);
	EXPECT_EQ(-1, check_pattern(data, LENGTH, 1));
	EXPECT_TRUE(peer_has(peer, 1, 0, 0));
	munmap(data, LENGTH);
	EXPECT_TRUE(peer_has(peer, 0, 0, 0));
	close(peer);
}

TEST(never_seen_by_the_cpu)
{
	struct hpdma_ioc_buf_import import;
	int mem = open_node(), peer, fd;

	NEED_PEER(&peer);
	fd = peer_export(peer, LENGTH, PEER_NO_MMAP, 0);
	ASSERT_EQ(0, import_info(mem, fd, &import));
	EXPECT_EQ(0, import.out_mmap_offset);
	EXPECT_EQ(0, cookie(mem, import.out_buf_id));
	EXPECT_EQ(MAP_FAILED, mmap(NULL, PAGE, PROT_READ, MAP_SHARED, mem,
				   (uint64_t)import.out_buf_id << 40));
	/* Nor does it take part in the maintenance of caches. */
	EXPECT_EQ(0,
		  buf_sync(mem, import.out_buf_id, 0, 0, HPDMA_SYNC_FOR_CPU));
	close(fd);
	close(mem);
	EXPECT_TRUE(peer_has(peer, 0, 0, 0));
	close(peer);
}

static ino_t inode_of(int fd)
{
	struct stat stat = {};

	fstat(fd, &stat);
	return stat.st_ino;
}

TEST(exported_it_is_the_original)
{
	int mem = open_node(), peer, fd, out, id;

	NEED_PEER(&peer);
	fd = peer_export(peer, LENGTH, 0, 0);
	id = buf_import(mem, fd);
	ASSERT_LE(0, id);
	out = buf_export(mem, id);
	ASSERT_LE(0, out);
	EXPECT_EQ(inode_of(fd), inode_of(out));
	close(fd);
	EXPECT_EQ(0, buf_free(mem, id));
	EXPECT_TRUE(peer_has(peer, 1, 0, 0));
	/* And it can be imported again. */
	id = buf_import(mem, out);
	EXPECT_LE(0, id);
	close(out);
	close(mem);
	EXPECT_TRUE(peer_has(peer, 0, 0, 0));
	close(peer);
}

/* Memory of somebody else, or -errno. */
static int from_heap(uint64_t length)
{
	struct dma_heap_allocation_data data = {
		.len = length,
		.fd_flags = O_RDWR | O_CLOEXEC,
	};
	int heap = open("/dev/dma_heap/system", O_RDWR | O_CLOEXEC), ret;

	if (heap < 0)
		return -errno;
	ret = call(heap, DMA_HEAP_IOCTL_ALLOC, &data);
	close(heap);
	return ret ? ret : (int)data.fd;
}

static int from_udmabuf(uint64_t length)
{
	struct udmabuf_create create = { .flags = UDMABUF_FLAGS_CLOEXEC,
					 .size = length };
	int driver = open("/dev/udmabuf", O_RDWR | O_CLOEXEC), ret;

	if (driver < 0)
		return -errno;
	create.memfd =
		memfd_create("import_test", MFD_ALLOW_SEALING | MFD_CLOEXEC);
	if (ftruncate(create.memfd, length) ||
	    fcntl(create.memfd, F_ADD_SEALS, F_SEAL_SHRINK))
		return -errno;
	ret = ioctl(driver, UDMABUF_CREATE, &create);
	if (ret < 0)
		ret = -errno;
	close(create.memfd);
	close(driver);
	return ret;
}

/* The address of a byte of a mapping. */
static uint64_t address_at(const struct hpdma_segment *array, int count,
			   uint64_t offset)
{
	int i;

	for (i = 0; i < count; i++) {
		if (offset < array[i].length)
			return array[i].addr + offset;
		offset -= array[i].length;
	}
	return 0;
}

static uint64_t sum_of(const struct hpdma_segment *array, int count)
{
	uint64_t sum = 0;

	while (count > 0)
		sum += array[--count].length;
	return sum;
}

/* Let the device copy the last page over the first. */
static bool copy_page(struct rig *rig, const struct hpdma_segment *array,
		      int count, uint64_t from, uint64_t to)
{
	uint64_t at;

	for (at = 0; at < PAGE; at += EDU_CHUNK)
		if (!edu_from_ram(rig->regs,
				  address_at(array, count, from + at),
				  EDU_CHUNK) ||
		    !edu_to_ram(rig->regs, address_at(array, count, to + at),
				EDU_CHUNK))
			return false;
	return true;
}

/*
 * With CONFIG_DMABUF_DEBUG the kernel mangles the table that the system heap gives
 * to an importer, and with CONFIG_DMA_API_DEBUG trips over it when that heap syncs
 * its attachments, whoever imports.
 */
static bool sync_would_crash(const char *whose)
{
	return strstr(whose, "DMA heap") &&
	       !access("/sys/kernel/debug/dma-api", F_OK);
}

static void use_with_device(struct __test_metadata *_metadata, struct rig *rig,
			    int fd, const char *whose)
{
	struct hpdma_segment segments[SEGMENTS];
	uint8_t *data;
	int id, map, count;

	TH_LOG("memory of %s", whose);
	ASSERT_LE(0, fd);
	id = buf_import(rig->mem, fd);
	ASSERT_LE(0, id);
	data = map_dmabuf(fd, LENGTH);
	ASSERT_NE(NULL, data);
	close(fd);
	fill_pattern(data, LENGTH, 7);
	EXPECT_EQ(0, buf_sync(rig->mem, id, 0, 0, HPDMA_SYNC_FOR_CPU));
	map = dev_map(rig->dev, id, 0, 0);
	ASSERT_LE(0, map)
	{
		TH_LOG("%s, reason %u", strerror(-map), last_reason());
	}
	count = dev_segments(rig->dev, map, segments, SEGMENTS);
	ASSERT_LT(0, count);
	EXPECT_EQ(LENGTH, sum_of(segments, count));
	EXPECT_TRUE(copy_page(rig, segments, count, LENGTH - PAGE, 0));
	if (!sync_would_crash(whose))
		EXPECT_EQ(0, buf_sync(rig->mem, id, 0, 0, HPDMA_SYNC_FOR_CPU));
	EXPECT_EQ(0, memcmp(data, data + LENGTH - PAGE, PAGE));
	EXPECT_NE(0, memcmp(data + PAGE, data, PAGE));
	EXPECT_EQ(0, dev_unmap(rig->dev, map));
	EXPECT_EQ(0, buf_free(rig->mem, id));
	munmap(data, LENGTH);
}

/* For 64 address bits: nobody asks where others take their memory from. */
TEST(used_by_a_device)
{
	struct state before;
	struct rig rig;
	int peer, fd;

	NEED_PEER(&peer);
	NEED_RIG(&rig, EDU_WIDE);
	state_take(&before);
	use_with_device(_metadata, &rig, peer_export(peer, LENGTH, 0, 0),
			"another driver");
	EXPECT_TRUE(peer_has(peer, 0, 0, 0) || unmapping_parks(&rig));
	fd = from_heap(LENGTH);
	if (fd >= 0)
		use_with_device(_metadata, &rig, fd, "a DMA heap");
	fd = from_udmabuf(LENGTH);
	if (fd >= 0)
		use_with_device(_metadata, &rig, fd, "udmabuf");
	EXPECT_TRUE(state_is(&before) || unmapping_parks(&rig));
	rig_close(&rig);
	EXPECT_TRUE(peer_has(peer, 0, 0, 0));
	close(peer);
}

static const struct {
	uint64_t offset;
	uint64_t length;
	int want;
	uint64_t mapped;
} parts[] = {
	{ 0, 0, 0, LENGTH },
	{ 0, PAGE, 0, PAGE },
	{ 3 * PAGE, 2 * PAGE, 0, 2 * PAGE },
	{ LENGTH - PAGE, 0, 0, PAGE },
	{ LENGTH, 0, -EINVAL, 0 },
	{ 0, LENGTH + PAGE, -EINVAL, 0 },
	{ 1, PAGE, -EINVAL, 0 },
	{ PAGE, -PAGE, -EOVERFLOW, 0 },
};

TEST(a_part_of_it_for_a_device)
{
	struct hpdma_segment segments[SEGMENTS];
	int peer, fd, id, map, count;
	struct rig rig;
	uint8_t *data;
	size_t i;

	NEED_PEER(&peer);
	NEED_RIG(&rig, EDU_WIDE);
	fd = peer_export(peer, LENGTH, 0, 0);
	id = buf_import(rig.mem, fd);
	ASSERT_LE(0, id);
	data = map_dmabuf(fd, LENGTH);
	ASSERT_NE(NULL, data);
	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		map = dev_map(rig.dev, id, parts[i].offset, parts[i].length);
		EXPECT_EQ(parts[i].want, map < 0 ? map : 0);
		if (map < 0)
			continue;
		count = dev_segments(rig.dev, map, segments, SEGMENTS);
		EXPECT_EQ(parts[i].mapped, sum_of(segments, count));
		/* Its first byte is that of the part, and of nothing else. */
		memset(data, 0, LENGTH);
		data[parts[i].offset] = 0xa5;
		edu_from_ram(rig.regs, address_at(segments, count, 0), 16);
		memset(data, 0, LENGTH);
		edu_to_ram(rig.regs,
			   address_at(segments, count, parts[i].mapped - 16),
			   16);
		EXPECT_EQ(0xa5, data[parts[i].offset + parts[i].mapped - 16]);
		EXPECT_EQ(0, dev_unmap(rig.dev, map));
	}
	munmap(data, LENGTH);
	close(fd);
	rig_close(&rig);
	EXPECT_TRUE(peer_has(peer, 0, 0, 0));
	close(peer);
}

static const struct {
	unsigned int flags;
	unsigned int error;
	int want;
	unsigned int reason;
} refusals[] = {
	{ PEER_NO_ATTACH, EBUSY, -EOPNOTSUPP, HPDMA_REASON_EXPORTER },
	{ PEER_NO_ATTACH, ENODEV, -EOPNOTSUPP, HPDMA_REASON_EXPORTER },
	{ PEER_NO_ATTACH, ENOMEM, -ENOMEM, HPDMA_REASON_NONE },
	{ PEER_NO_MAP, EBUSY, -EOPNOTSUPP, HPDMA_REASON_EXPORTER },
	{ PEER_NO_MAP, EINVAL, -EOPNOTSUPP, HPDMA_REASON_EXPORTER },
	{ PEER_NO_MAP, EPERM, -EOPNOTSUPP, HPDMA_REASON_EXPORTER },
	{ PEER_NO_MAP, EIO, -EOPNOTSUPP, HPDMA_REASON_EXPORTER },
	{ PEER_NO_MAP, ENOENT, -EOPNOTSUPP, HPDMA_REASON_EXPORTER },
	{ PEER_NO_MAP, ENOMEM, -ENOMEM, HPDMA_REASON_NONE },
	{ PEER_NO_MAP, EINTR, -EINTR, HPDMA_REASON_NONE },
	{ PEER_NO_MAP, ERESTARTSYS, -EINTR, HPDMA_REASON_NONE },
	{ PEER_HALF, 0, -EOPNOTSUPP, HPDMA_REASON_EXPORTER },
};

TEST(what_the_other_driver_refuses)
{
	struct state before;
	struct rig rig;
	int peer, fd, id;
	size_t i;

	NEED_PEER(&peer);
	NEED_RIG(&rig, EDU_WIDE);
	for (i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		fd = peer_export(peer, LENGTH, refusals[i].flags | PEER_LOW,
				 refusals[i].error);
		id = buf_import(rig.mem, fd);
		ASSERT_LE(0, id);
		state_take(&before);
		EXPECT_EQ(refusals[i].want, dev_map(rig.dev, id, 0, 0))
		{
			TH_LOG("flags %x error %u", refusals[i].flags,
			       refusals[i].error);
		}
		EXPECT_EQ(refusals[i].reason, last_reason());
		EXPECT_TRUE(peer_has(peer, 1, 0, 0));
		EXPECT_TRUE(state_is(&before));
		close(fd);
		EXPECT_EQ(0, buf_free(rig.mem, id));
	}
	rig_close(&rig);
	EXPECT_TRUE(peer_has(peer, 0, 0, 0));
	close(peer);
}

/*
 * Behind an IOMMU it is seen that the addresses are too high; without one nobody
 * can tell before the kernel has begun to bounce.
 */
TEST(beyond_a_narrow_device)
{
	bool translated;
	int peer, fd, id;
	struct rig rig;

	NEED_PEER(&peer);
	NEED_RIG(&rig, EDU_NARROW);
	translated = dev_translated(&rig.edu);
	fd = peer_export(peer, LENGTH, PEER_HIGH | PEER_LOW, 0);
	id = buf_import(rig.mem, fd);
	EXPECT_EQ(translated ? -ERANGE : -EOPNOTSUPP,
		  dev_map(rig.dev, id, 0, 0));
	EXPECT_EQ(translated ? HPDMA_REASON_ADDRESS : HPDMA_REASON_BOUNCE,
		  last_reason());
	EXPECT_TRUE(peer_has(peer, 1, 0, 0));
	close(fd);
	rig_close(&rig);
	EXPECT_TRUE(peer_has(peer, 0, 0, 0));
	close(peer);
}

/* Half of it is there: what was asked for, or not. */
TEST(less_than_the_other_driver_said)
{
	int peer, fd, id, map;
	struct rig rig;

	NEED_PEER(&peer);
	NEED_RIG(&rig, EDU_WIDE);
	fd = peer_export(peer, LENGTH, PEER_HALF | PEER_LOW, 0);
	id = buf_import(rig.mem, fd);
	map = dev_map(rig.dev, id, 0, LENGTH / 2);
	EXPECT_LT(0, map);
	EXPECT_EQ(-EOPNOTSUPP, dev_map(rig.dev, id, LENGTH / 2, PAGE));
	EXPECT_EQ(-EOPNOTSUPP, dev_map(rig.dev, id, 0, LENGTH / 2 + PAGE));
	close(fd);
	rig_close(&rig);
	EXPECT_TRUE(peer_has(peer, 0, 0, 0));
	close(peer);
}

TEST(an_address_that_leads_nowhere)
{
	int peer, fd, id;
	struct rig rig;

	NEED_PEER(&peer);
	NEED_RIG(&rig, EDU_WIDE);
	NEED_IOMMU(&rig);
	fd = peer_export(peer, LENGTH, PEER_STRAY, 0);
	id = buf_import(rig.mem, fd);
	EXPECT_EQ(-EOPNOTSUPP, dev_map(rig.dev, id, 0, 0));
	EXPECT_EQ(HPDMA_REASON_BOUNCE, last_reason());
	close(fd);
	rig_close(&rig);
	EXPECT_TRUE(peer_has(peer, 0, 0, 0));
	close(peer);
}

/* Unmapping tells the other driver at once, and detaches. */
TEST(unmapped_and_detached)
{
	int peer, fd, id, one, two;
	struct rig rig;

	NEED_PEER(&peer);
	NEED_RIG(&rig, EDU_WIDE);
	if (unmapping_parks(&rig))
		SKIP(return, "unmapping parks here");
	fd = peer_export(peer, LENGTH, PEER_LOW, 0);
	id = buf_import(rig.mem, fd);
	one = dev_map(rig.dev, id, 0, 0);
	two = dev_map(rig.dev, id, PAGE, PAGE);
	/* One attachment is mapped, another one holds the memory. */
	EXPECT_TRUE(peer_has(peer, 1, 4, 2));
	EXPECT_EQ(0, buf_free(rig.mem, id));
	close(fd);
	EXPECT_EQ(0, dev_unmap(rig.dev, one));
	EXPECT_TRUE(peer_has(peer, 1, 2, 1));
	EXPECT_EQ(0, dev_unmap(rig.dev, two));
	EXPECT_TRUE(peer_has(peer, 0, 0, 0));
	rig_close(&rig);
	close(peer);
}

#define HOLDERS 4

TEST(let_go_in_any_order)
{
	int peer, fd, id, map, nth, i, j, which;
	struct state before;
	struct rig rig;
	uint8_t *data;
	bool last;

	NEED_PEER(&peer);
	NEED_RIG(&rig, EDU_WIDE);
	if (unmapping_parks(&rig))
		SKIP(return, "unmapping parks here");
	state_take(&before);
	for (nth = 0; nth < 24; nth++) {
		int left[HOLDERS] = { 0, 1, 2, 3 }, code = nth;

		fd = peer_export(peer, LENGTH, PEER_LOW, 0);
		id = buf_import(rig.mem, fd);
		map = dev_map(rig.dev, id, 0, 0);
		ASSERT_LT(0, map);
		data = map_cookie(rig.mem, id, LENGTH, PROT_READ | PROT_WRITE,
				  0);
		ASSERT_NE(NULL, data);
		for (i = 0; i < HOLDERS; i++) {
			which = left[code % (HOLDERS - i)];
			for (j = code % (HOLDERS - i); j + 1 < HOLDERS - i; j++)
				left[j] = left[j + 1];
			code /= HOLDERS - i;
			EXPECT_EQ(1, peer_stats(peer).buffers);
			last = i == HOLDERS - 1;
			switch (which) {
			case 0:
				close(fd);
				break;
			case 1:
				EXPECT_EQ(0, buf_free(rig.mem, id));
				break;
			case 2:
				EXPECT_EQ(0, dev_unmap(rig.dev, map));
				EXPECT_TRUE(peer_has(peer, !last, 0, 0));
				break;
			case 3:
				munmap(data, LENGTH);
				break;
			}
		}
		EXPECT_TRUE(peer_has(peer, 0, 0, 0));
	}
	EXPECT_TRUE(state_is(&before));
	rig_close(&rig);
	close(peer);
}

/* The device goes: everything is unmapped and detached, and nothing else. */
TEST(revoked_when_the_device_goes)
{
	int peer, fd, id, map, again;
	struct rig rig;
	struct edu edu;
	uint8_t *data;

	NEED_PEER(&peer);
	NEED_RIG(&rig, EDU_WIDE);
	fd = peer_export(peer, LENGTH, PEER_LOW, 0);
	id = buf_import(rig.mem, fd);
	map = dev_map(rig.dev, id, 0, 0);
	again = dev_map(rig.dev, id, PAGE, 0);
	ASSERT_LT(0, map);
	ASSERT_LT(0, again);
	data = map_cookie(rig.mem, id, LENGTH, PROT_READ | PROT_WRITE, 0);
	ASSERT_NE(NULL, data);
	fill_pattern(data, LENGTH, 3);
	close(fd);
	EXPECT_EQ(2, peer_stats(peer).mapped);
	edu = rig.edu;
	ASSERT_EQ(0, edu_unbind(&edu));
	EXPECT_EQ(0, peer_stats(peer).mapped);
	EXPECT_EQ(0, peer_stats(peer).attached);
	EXPECT_EQ(1, peer_stats(peer).buffers);
	EXPECT_EQ(-ENODEV, dev_map(rig.dev, id, 0, 0));
	EXPECT_EQ(-ENODEV, dev_unmap(rig.dev, map));
	/* The memory was never the device's. */
	EXPECT_EQ(-1, check_pattern(data, LENGTH, 3));
	EXPECT_EQ(0, buf_sync(rig.mem, id, 0, 0, HPDMA_SYNC_FOR_CPU));
	munmap(data, LENGTH);
	rig_close(&rig);
	EXPECT_TRUE(peer_has(peer, 0, 0, 0));
	ASSERT_EQ(0, edu_bind(&edu));
	close(peer);
}

static int import_and_die(void *arg)
{
	int *peer = arg, fd, id;
	struct rig rig;

	CHILD_CHECK(!rig_open(&rig, EDU_WIDE, 0));
	fd = peer_export(*peer, LENGTH, PEER_LOW, 0);
	id = buf_import(rig.mem, fd);
	CHILD_CHECK(dev_map(rig.dev, id, 0, 0) > 0);
	CHILD_CHECK(dev_map(rig.dev, id, PAGE, PAGE) > 0);
	CHILD_CHECK(map_cookie(rig.mem, id, LENGTH, PROT_READ, 0));
	raise(SIGKILL);
	return 0;
}

TEST(killed)
{
	struct state before;
	struct rig rig;
	int peer;

	NEED_PEER(&peer);
	NEED_RIG(&rig, EDU_WIDE);
	rig_close(&rig);
	state_take(&before);
	EXPECT_EQ(128 + SIGKILL, in_child(import_and_die, &peer));
	EXPECT_TRUE(peer_has(peer, 0, 0, 0));
	EXPECT_TRUE(state_is(&before));
	close(peer);
}

/* Nobody told the device, and it runs on for us. */
TEST(killed_while_another_holds_the_device)
{
	struct state before;
	struct rig rig;
	int peer;

	NEED_PEER(&peer);
	NEED_RIG(&rig, EDU_WIDE);
	state_take(&before);
	EXPECT_EQ(128 + SIGKILL, in_child(import_and_die, &peer));
	if (!dev_translated(&rig.edu)) {
		EXPECT_TRUE(peer_has(peer, 1, 4, 2));
	} else if (!unmapping_parks(&rig)) {
		EXPECT_TRUE(peer_has(peer, 0, 0, 0));
		EXPECT_TRUE(state_is(&before));
	} else {
		EXPECT_TRUE(peer_has(peer, 1, 2, 0));
	}
	rig_close(&rig);
	EXPECT_TRUE(peer_has(peer, 0, 0, 0));
	close(peer);
}

static int import_without_limit(void *arg)
{
	struct rlimit none = { 0, 0 };
	int *peer = arg, fd, mem = open_node();

	drop_capability(CAP_IPC_LOCK);
	CHILD_CHECK(!setrlimit(RLIMIT_MEMLOCK, &none));
	CHILD_CHECK(alloc_contig(mem, PAGE) == -ENOSPC);
	fd = peer_export(*peer, LENGTH, 0, 0);
	CHILD_CHECK(buf_import(mem, fd) >= 0);
	return 0;
}

TEST(charged_to_nobody)
{
	int peer;

	NEED_PEER(&peer);
	EXPECT_EQ(0, in_child(import_without_limit, &peer));
	EXPECT_TRUE(peer_has(peer, 0, 0, 0));
	close(peer);
}

TEST_HARNESS_MAIN
