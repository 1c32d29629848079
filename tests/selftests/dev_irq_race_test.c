// SPDX-License-Identifier: GPL-2.0-only
/*
 * Interrupts against those who wait for them and those who turn them off, at
 * the same time: nobody sleeps on, nothing is lost once it is quiet again.
 */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/wait.h>

#include "kselftest_harness.h"
#include "dev_common.c"
#include "irq_common.h"

struct reader {
	int dev;
	atomic_int result;
	atomic_bool started;
};

#define STILL_READING 1

static void *read_once(void *arg)
{
	struct reader *reader = arg;
	int32_t count;

	atomic_store(&reader->started, true);
	atomic_store(&reader->result, read_count(reader->dev, &count));
	return NULL;
}

static void start_reader(struct __test_metadata *_metadata,
			 struct reader *reader, int dev, pthread_t *thread)
{
	reader->dev = dev;
	reader->result = STILL_READING;
	reader->started = false;
	ASSERT_EQ(0, pthread_create(thread, NULL, read_once, reader));
	while (!atomic_load(&reader->started))
		sleep_ms(1);
	sleep_ms(50);
	EXPECT_EQ(STILL_READING, atomic_load(&reader->result));
}

TEST(a_blocked_reader_wakes)
{
	struct reader reader;
	pthread_t thread;
	struct rig rig;
	int i;

	NEED_RIG(&rig, EDU_NARROW);
	for (i = 0; i < 5; i++) {
		ASSERT_EQ(0, dev_irq(rig.dev, HPDMA_IRQ_MSI, -1));
		/* By an interrupt, */
		start_reader(_metadata, &reader, rig.dev, &thread);
		edu_raise(rig.regs);
		pthread_join(thread, NULL);
		EXPECT_EQ(0, reader.result);
		/* and by its end. */
		start_reader(_metadata, &reader, rig.dev, &thread);
		ASSERT_EQ(0, dev_irq(rig.dev, HPDMA_IRQ_NONE, -1));
		pthread_join(thread, NULL);
		EXPECT_EQ(-EIO, reader.result);
	}
	rig_close(&rig);
}

TEST(a_blocked_reader_can_be_killed)
{
	struct state before;
	struct rig rig;
	int32_t count;
	int status;
	pid_t pid;

	NEED_RIG(&rig, EDU_NARROW);
	ASSERT_EQ(0, dev_irq(rig.dev, HPDMA_IRQ_MSI, -1));
	state_take(&before);
	pid = fork();
	if (!pid) {
		read_count(rig.dev, &count);
		_exit(1);
	}
	sleep_ms(100);
	EXPECT_EQ(0, waitpid(pid, &status, WNOHANG));
	kill(pid, SIGKILL);
	EXPECT_EQ(128 + SIGKILL, wait_child(pid));
	EXPECT_TRUE(state_is(&before));
	/* Its end was not the device's. */
	edu_raise(rig.regs);
	EXPECT_EQ(0, read_count(rig.dev, &count));
	rig_close(&rig);
}

static void on_signal(int number)
{
}

TEST(a_signal_interrupts_a_read)
{
	struct sigaction action = { .sa_handler = on_signal };
	struct rig rig;
	int32_t count;

	NEED_RIG(&rig, EDU_NARROW);
	ASSERT_EQ(0, dev_irq(rig.dev, HPDMA_IRQ_MSI, -1));
	sigaction(SIGUSR1, &action, NULL);
	if (!fork()) {
		sleep_ms(100);
		kill(getppid(), SIGUSR1);
		_exit(0);
	}
	EXPECT_EQ(-EINTR, read_count(rig.dev, &count));
	wait(NULL);
	rig_close(&rig);
}

FIXTURE(storm){};

FIXTURE_SETUP(storm)
{
}

FIXTURE_TEARDOWN(storm)
{
}

/* As long as the machine's command line says with HPDMA_WEATHER_MS. */
static double weather_ms(void)
{
	const char *text = getenv("HPDMA_WEATHER_MS");

	return text ? atof(text) : 2500;
}

struct storm {
	struct rig rig;
	atomic_bool over;
	atomic_ulong raised;
	atomic_ulong woken;
};

static void *raise_all_the_time(void *arg)
{
	struct storm *storm = arg;

	while (!atomic_load(&storm->over)) {
		edu_raise(storm->rig.regs);
		atomic_fetch_add(&storm->raised, 1);
	}
	return NULL;
}

static void *read_all_the_time(void *arg)
{
	struct storm *storm = arg;
	int32_t count;

	while (!atomic_load(&storm->over)) {
		struct pollfd entry = { .fd = storm->rig.dev,
					.events = POLLIN };

		poll(&entry, 1, 20);
		if (entry.revents & POLLIN &&
		    !read_count(storm->rig.dev, &count))
			atomic_fetch_add(&storm->woken, 1);
	}
	return NULL;
}

/*
 * CVE-2024-26812 was an eventfd that went while an interrupt was using it. Under
 * MSI the interrupt is also turned off and on meanwhile. Under INTx only when
 * it is quiet again: a line that is asserted and freed all the time, by turns
 * with MSI, has made QEMU 7.2 lose an acknowledgement, and the kernel's
 * free_irq() then waits for ever.
 */
static unsigned long cycle_eventfds(struct storm *storm, unsigned int type,
				    double ms)
{
	double end = now_ms() + ms;
	unsigned long rounds = 0;

	for (; now_ms() < end; rounds++) {
		int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
		int32_t unmask = rounds & 1;

		if (dev_irq(storm->rig.dev, type, fd))
			break;
		close(fd);
		if (write(storm->rig.dev, &unmask, 4) != 4)
			break;
		unmask = 1;
		if (write(storm->rig.dev, &unmask, 4) != 4)
			break;
		/* Another eventfd, none, and turned off. */
		fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
		if (dev_irq(storm->rig.dev, type, fd) ||
		    dev_irq(storm->rig.dev, type, -1))
			break;
		close(fd);
		if (type == HPDMA_IRQ_MSI && rounds % 4 == 3)
			if (dev_irq(storm->rig.dev, HPDMA_IRQ_NONE, -1))
				break;
	}
	return now_ms() < end ? 0 : rounds;
}

static void weather(struct __test_metadata *_metadata,
		    unsigned long (*cycle)(struct storm *, double))
{
	pthread_t raiser, reader;
	struct storm storm = { 0 };
	unsigned long rounds;
	int32_t count, first;
	int i;

	NEED_RIG(&storm.rig, EDU_NARROW);
	ASSERT_EQ(0, pthread_create(&raiser, NULL, raise_all_the_time, &storm));
	ASSERT_EQ(0, pthread_create(&reader, NULL, read_all_the_time, &storm));
	rounds = cycle(&storm, weather_ms());
	atomic_store(&storm.over, true);
	pthread_join(raiser, NULL);
	pthread_join(reader, NULL);
	TH_LOG("%lu raised, %lu reads, %lu rounds of setting", storm.raised,
	       storm.woken, rounds);
	EXPECT_LT(10, rounds);
	EXPECT_LT(0, storm.woken);

	/* The weather is fine again. */
	edu_ack(storm.rig.regs);
	ASSERT_EQ(0, dev_irq(storm.rig.dev, HPDMA_IRQ_NONE, -1));
	while (!read_count(storm.rig.dev, &count))
		;
	ASSERT_EQ(0, dev_irq(storm.rig.dev, HPDMA_IRQ_MSI, -1));
	edu_raise(storm.rig.regs);
	ASSERT_EQ(0, read_count(storm.rig.dev, &first));
	for (i = 1; i <= 100; i++) {
		edu_raise(storm.rig.regs);
		ASSERT_EQ(0, read_count(storm.rig.dev, &count));
		ASSERT_EQ(first + i, count);
	}
	rig_close(&storm.rig);
}

static unsigned long cycle_msi(struct storm *storm, double ms)
{
	return cycle_eventfds(storm, HPDMA_IRQ_MSI, ms);
}

static unsigned long cycle_intx(struct storm *storm, double ms)
{
	return cycle_eventfds(storm, HPDMA_IRQ_INTX, ms);
}

TEST_F_TIMEOUT(storm, raising_msi_against_setting, 60)
{
	weather(_metadata, cycle_msi);
}

TEST_F_TIMEOUT(storm, raising_intx_against_setting, 60)
{
	weather(_metadata, cycle_intx);
}

/* INTx and MSI by turns, while the device asserts its line all the time. */
static unsigned long cycle_types(struct storm *storm, double ms)
{
	double end = now_ms() + ms;
	unsigned long rounds = 0;
	int dev = storm->rig.dev;

	for (; now_ms() < end; rounds++) {
		if (dev_irq(dev, HPDMA_IRQ_INTX, -1) || write_mask(dev, 1))
			break;
		if (rounds % 3 == 0)
			edu_ack(storm->rig.regs);
		if (write_mask(dev, 1) || dev_irq(dev, HPDMA_IRQ_NONE, -1) ||
		    dev_irq(dev, HPDMA_IRQ_MSI, -1))
			break;
		if (rounds % 5 == 0)
			edu_ack(storm->rig.regs);
		if (dev_irq(dev, HPDMA_IRQ_NONE, -1))
			break;
	}
	return now_ms() < end ? 0 : rounds;
}

TEST_F_TIMEOUT(storm, raising_against_changing_the_type, 120)
{
	weather(_metadata, cycle_types);
}

TEST_HARNESS_MAIN
