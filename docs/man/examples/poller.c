// SPDX-License-Identifier: MIT
/* Ten events from another thread, most of them found without a sleep. */
#include <errno.h>
#include <hpdma/poller.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct queue {
	int fd;
	int made;
	int found;
};

static void *make(void *arg)
{
	struct queue *queue = (struct queue *)arg;
	uint64_t one = 1;
	int i;

	for (i = 0; i < 10; i++) {
		/* First the work, then the signal */
		__atomic_fetch_add(&queue->made, 1, __ATOMIC_RELEASE);
		if (write(queue->fd, &one, sizeof(one)) != sizeof(one))
			break;
	}
	return NULL;
}

static int find(unsigned int budget, void *arg)
{
	struct queue *queue = (struct queue *)arg;
	int there =
		__atomic_load_n(&queue->made, __ATOMIC_ACQUIRE) - queue->found;

	if (queue->found == 10)
		return -ECANCELED;
	if (there > (int)budget)
		there = (int)budget;
	queue->found += there;
	return there;
}

int main(void)
{
	struct hpdma_poller_stats stats = { .size = sizeof(stats) };
	struct queue queue = { .fd = eventfd(0, EFD_CLOEXEC) };
	struct hpdma_poller *poller;
	pthread_t thread;
	int ret = 0;

	if (hpdma_poller_create(NULL, queue.fd, NULL, &poller, NULL))
		return 1;
	if (!pthread_create(&thread, NULL, make, &queue)) {
		ret = hpdma_poller_run(poller, find, &queue, 10000);
		pthread_join(thread, NULL);
	}
	if (!hpdma_poller_get_stats(poller, &stats))
		printf("%llu looks, %llu sleeps\n",
		       (unsigned long long)stats.polls,
		       (unsigned long long)stats.sleeps);
	hpdma_poller_unref(poller);
	close(queue.fd);
	return ret == -ECANCELED ? 0 : 1;
}
