// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tracepoints: what they say, that a program can read their formats, and that no
 * address is in them, neither in the text nor in the ring buffer.
 */
#include <fcntl.h>
#include <sys/mman.h>

#include "kselftest_harness.h"
#include "dev_common.c"
#include "secrets.h"
#include "tracefs.h"

#define EVENTS TRACING "events/hpdma/"

static char text[256 << 10];
static uint8_t raw[64 << 10];

FIXTURE(trace)
{
	struct secrets secrets;
	struct rig rig;
	void *memory;
	bool on;
};

FIXTURE_SETUP(trace)
{
	if (access(EVENTS "enable", F_OK))
		SKIP(return, "no tracefs");
	NEED_RIG(&self->rig, EDU_NARROW);
	self->memory = mmap(NULL, 7 * PAGE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_TRUE(trace_clear());
	ASSERT_TRUE(trace_event("hpdma", true));
	self->on = true;
}

FIXTURE_TEARDOWN(trace)
{
	if (!self->on)
		return;
	rig_close(&self->rig);
	EXPECT_TRUE(trace_event("hpdma", false));
	EXPECT_TRUE(trace_clear());
	munmap(self->memory, 7 * PAGE);
}

/* How often is there this event with these values? */
static int count_events(const char *event)
{
	const char *at = text;
	size_t length = strlen(event);
	int count = 0;

	while ((at = strstr(at, event))) {
		count += at[length] == '\n' || at[length] == ' ';
		at += length;
	}
	return count;
}

#define EXPECT_EVENT(_count, ...)                            \
	do {                                                 \
		char line_[256];                             \
		snprintf(line_, sizeof(line_), __VA_ARGS__); \
		EXPECT_EQ((_count), count_events(line_))     \
		{                                            \
			TH_LOG("'%s' in:\n%s", line_, text); \
		}                                            \
	} while (0)

TEST_F(trace, a_buffer_lives_and_dies)
{
	unsigned long long first, huge, user;
	int fd = self->rig.mem, id, map;
	void *p;

	id = alloc_contig(fd, 3 * PAGE);
	first = buf_serial(fd, id);
	secrets_of(&self->secrets, fd, id);
	p = map_cookie(fd, id, 3 * PAGE, PROT_READ, 0);
	ASSERT_NE(NULL, p);
	munmap(p, 3 * PAGE);
	map = dev_map(self->rig.dev, id, PAGE, 2 * PAGE);
	ASSERT_LE(0, map);
	EXPECT_EQ(0, dev_unmap(self->rig.dev, map));
	EXPECT_EQ(0, buf_free(fd, id));

	id = register_memory(fd, self->memory, 7 * PAGE);
	ASSERT_LT(0, id);
	user = buf_serial(fd, id);
	secrets_of(&self->secrets, fd, id);
	EXPECT_EQ(0, buf_free(fd, id));

	id = alloc_hugetlb(fd, 2 * HUGE_PAGE);
	ASSERT_LT(0, id);
	huge = buf_serial(fd, id);
	secrets_of(&self->secrets, fd, id);
	EXPECT_EQ(0, buf_free(fd, id));
	/* One that comes to nothing says nothing. */
	EXPECT_GT(0, alloc_contig(fd, 3));
	EXPECT_GT(0, register_memory(fd, (void *)PAGE, PAGE));

	ASSERT_TRUE(trace_read(text, sizeof(text)));
	EXPECT_EVENT(
		1,
		"hpdma_buffer_create: serial=%llu backing=1 length=12288 page_size=4096 node=0 segments=1 uid=0",
		first);
	EXPECT_EVENT(0, "hpdma_buffer_pin: serial=%llu", first);
	EXPECT_EVENT(1, "hpdma_mmap: serial=%llu offset=0 length=12288", first);
	EXPECT_EVENT(
		1,
		"hpdma_map: serial=%llu device=%s length=8192 segments=1 kind=%u",
		first, self->rig.edu.pci,
		dev_translated(&self->rig.edu) ? HPDMA_ADDR_IOVA :
						 HPDMA_ADDR_PHYS);
	if (!unmapping_parks(&self->rig))
		EXPECT_EVENT(1, "hpdma_unmap: serial=%llu device=%s", first,
			     self->rig.edu.pci);
	EXPECT_EVENT(unmapping_parks(&self->rig) ? 0 : 1,
		     "hpdma_buffer_release: serial=%llu length=12288", first);
	EXPECT_EVENT(1, "hpdma_buffer_pin: serial=%llu pages=7 bytes=28672",
		     user);
	EXPECT_EVENT(1, "hpdma_buffer_create: serial=%llu backing=3", user);
	EXPECT_EVENT(1, "hpdma_buffer_release: serial=%llu length=28672", user);
	EXPECT_EVENT(1, "hpdma_buffer_pin: serial=%llu pages=2 bytes=4194304",
		     huge);
	EXPECT_EVENT(1, "hpdma_buffer_release: serial=%llu", huge);
	EXPECT_EVENT(0, "hpdma_buffer_release: serial=0");
	EXPECT_EQ(3, count_events("hpdma_buffer_create:"));
}

/* After the time stamp, which is any number. */
static const char *find_secret(const struct secrets *secrets)
{
	char *line = text, *end;
	const char *found;

	for (; *line; line = end + 1) {
		char *event = strstr(line, ": hpdma_");

		end = strchrnul(line, '\n');
		if (event && event < end) {
			char last = *end;

			*end = '\0';
			found = secrets_in_text(secrets, event);
			*end = last;
			if (found)
				return found;
		}
		if (!*end)
			break;
	}
	return NULL;
}

static bool raw_has_secret(const struct secrets *secrets, size_t *total)
{
	int cpu;

	*total = 0;
	for (cpu = 0; cpu < 8; cpu++) {
		char path[128];
		ssize_t got;
		int fd;

		snprintf(path, sizeof(path),
			 TRACING "per_cpu/cpu%d/trace_pipe_raw", cpu);
		fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
		if (fd < 0)
			continue;
		while ((got = read(fd, raw, sizeof(raw))) > 0) {
			*total += got;
			if (secrets_in_memory(secrets, raw, got)) {
				close(fd);
				return true;
			}
		}
		close(fd);
	}
	return false;
}

TEST_F(trace, no_address)
{
	int fd = self->rig.mem, i, ids[3], map;
	size_t total;

	ids[0] = alloc_contig(fd, 7 * PAGE);
	ids[1] = register_memory(fd, self->memory, 7 * PAGE);
	ids[2] = alloc_hugetlb(fd, HUGE_PAGE);
	for (i = 0; i < 3; i++) {
		ASSERT_LT(0, secrets_of(&self->secrets, fd, ids[i]));
		map = dev_map(self->rig.dev, ids[i], 0, 0);
		ASSERT_LE(0, map);
		/* Where it is for the device is nobody's business either. */
		secrets_add(&self->secrets, dev_address(self->rig.dev, map));
		EXPECT_EQ(0, dev_unmap(self->rig.dev, map));
		EXPECT_EQ(0, buf_free(fd, ids[i]));
	}
	ASSERT_TRUE(trace_read(text, sizeof(text)));
	EXPECT_LE(9, count_events("hpdma_buffer_create:") +
			     count_events("hpdma_map:") +
			     count_events("hpdma_buffer_pin:") + 1);
	EXPECT_EQ(NULL, find_secret(&self->secrets));
	EXPECT_FALSE(raw_has_secret(&self->secrets, &total));
	EXPECT_LT(500, total);
}

/* 'print fmt: "...", REC->a, REC->b' with as many values as places. */
static bool is_simple(const char *format)
{
	const char *at = strstr(format, "print fmt: \"");
	int places = 0, values = 0;

	if (!at)
		return false;
	for (at += 12; *at && *at != '"'; at++)
		places += *at == '%';
	if (*at++ != '"')
		return false;
	while (!strncmp(at, ", REC->", 7)) {
		values++;
		at += 7;
		while (isalnum(*at) || *at == '_')
			at++;
	}
	return *at == '\n' && places == values && values;
}

TEST(formats_are_simple)
{
	static const char *const names[] = {
		"hpdma_buffer_create",	"hpdma_buffer_pin",
		"hpdma_buffer_release", "hpdma_map",
		"hpdma_unmap",		"hpdma_mmap",
	};
	char path[128];
	size_t i;

	if (access(EVENTS "enable", F_OK))
		SKIP(return, "no tracefs");
	for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
		snprintf(path, sizeof(path), EVENTS "%s/format", names[i]);
		ASSERT_TRUE(read_text(path, text, sizeof(text)));
		EXPECT_TRUE(is_simple(text))
		{
			TH_LOG("%s", text);
		}
	}
}

TEST_HARNESS_MAIN
