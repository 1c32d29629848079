/* SPDX-License-Identifier: MIT */
/*
 * Pollers: look for work without pause while there is some, and sleep until an
 * interrupt when there is none.
 */
#ifndef HPDMA_POLLER_H
#define HPDMA_POLLER_H

#include <hpdma/event.h>
#include <hpdma/types.h>

HPDMA_BEGIN

struct hpdma_poller;

/**
 * typedef hpdma_poller_fn - look for work and do it
 * @budget: How much to do at most
 * @arg: As given to hpdma_poller_run()
 *
 * Return: How much was done, 0 if there was nothing; a negative errno ends the run.
 * Since: 0.1
 */
typedef int (*hpdma_poller_fn)(unsigned int budget, void *arg);

/**
 * struct hpdma_poller_opts - options of hpdma_poller_create()
 * @size: sizeof(struct hpdma_poller_opts)
 * @flags: Must be 0
 * @budget: What each look is allowed to do; 0 for 64
 * @idle_polls: How many looks in a row have to find nothing before it sleeps; 0 for
 *	1000. Best as many as take as long as to sleep and to wake up: then it wastes
 *	at most as much as the better of the two would
 * @start: First vector of the device that is meant
 * @count: How many vectors; 0 for 1
 * @arm: Has the source signal from now on; NULL: the device's vectors are unmasked
 *	and, without a device, the source signals always. When it returns the source
 *	must be able to know: a store to memory that the source reads is to be
 *	sequentially consistent. Returns 0, or a negative errno, which ends the run
 * @disarm: The source need not signal any more; NULL if @arm is, else may be NULL
 * @arg: Handed to @arm and @disarm
 *
 * Since: 0.1
 */
struct hpdma_poller_opts {
	uint32_t size;
	uint32_t flags;
	uint32_t budget;
	uint32_t idle_polls;
	uint32_t start;
	uint32_t count;
	int (*arm)(void *arg);
	int (*disarm)(void *arg);
	void *arg;
};

/**
 * struct hpdma_poller_stats - what a poller has done
 * @size: sizeof(struct hpdma_poller_stats)
 * @reserved: 0
 * @polls: Looks for work
 * @empty_polls: Those that found nothing
 * @done: What all of them did
 * @to_interrupts: Changes from polling to interrupts
 * @to_polling: Changes from interrupts to polling
 * @caught: Those of @to_polling without a sleep, since the last look found work
 * @sleeps: Waits for a signal
 * @wakes: Those that a signal ended
 *
 * Since: 0.1
 */
struct hpdma_poller_stats {
	uint32_t size;
	uint32_t reserved;
	uint64_t polls;
	uint64_t empty_polls;
	uint64_t done;
	uint64_t to_interrupts;
	uint64_t to_polling;
	uint64_t caught;
	uint64_t sleeps;
	uint64_t wakes;
};

/**
 * hpdma_poller_create() - make a poller
 * @dev: The device whose interrupts are on; held. NULL for another source
 * @eventfd: The eventfd to which the source adds; stays the caller's, and nobody else
 *	may read it. -1 for hpdma_irq_wait(), which takes a device
 * @opts: Options, or NULL
 * @out: Receives the poller with one reference, the caller's
 * @error: Filled on failure; may be NULL
 *
 * Return: 0; -EINVAL, -E2BIG for bad options, or neither device nor eventfd; -ENOMEM.
 * Since: 0.1
 */
HPDMA_API int hpdma_poller_create(struct hpdma_device *dev, int eventfd,
				  const struct hpdma_poller_opts *opts,
				  struct hpdma_poller **out,
				  struct hpdma_error *error);

/**
 * hpdma_poller_run() - look for work until there is none
 * @poller: The poller; one thread at a time
 * @fn: Looks for work
 * @arg: Handed to @fn
 * @timeout_ms: How many milliseconds it may sleep without finding work; 0 not to
 *	sleep, negative for no end
 *
 * The source makes work to be found first and signals then. No work is left behind:
 * at -ETIMEDOUT and -EINTR the source is armed, and what comes from then on makes the
 * eventfd (or hpdma_irq_fd()) readable. So with 0 the poller suits any event loop:
 * run it whenever the descriptor is readable.
 *
 * Return: -ETIMEDOUT; -EINTR if a signal was handled while it slept; what @fn
 * returned; what arming returned, and what hpdma_irq_wait() or poll(2) returns; -EIO
 * for an eventfd that is none. Never 0.
 * Since: 0.1
 */
HPDMA_API int hpdma_poller_run(struct hpdma_poller *poller, hpdma_poller_fn fn,
			       void *arg, int timeout_ms);

/**
 * hpdma_poller_get_stats() - what a poller has done
 * @poller: The poller; may be running
 * @stats: Filled; @stats->size is set by the caller
 *
 * Return: 0, or -EINVAL if @stats->size is too small.
 * Since: 0.1
 */
HPDMA_API int hpdma_poller_get_stats(const struct hpdma_poller *poller,
				     struct hpdma_poller_stats *stats);

/**
 * hpdma_poller_ref() - take a reference
 * @poller: The poller
 *
 * Return: @poller.
 * Since: 0.1
 */
HPDMA_API struct hpdma_poller *hpdma_poller_ref(struct hpdma_poller *poller);

/**
 * hpdma_poller_unref() - drop a reference
 * @poller: The poller, or NULL
 *
 * The source stays armed or not, as the last run left it.
 *
 * Since: 0.1
 */
HPDMA_API void hpdma_poller_unref(struct hpdma_poller *poller);

HPDMA_END

#endif /* HPDMA_POLLER_H */
