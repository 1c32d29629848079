/* SPDX-License-Identifier: GPL-2.0-only */
/* Whether a place can still be read, asked without dying of it. */
#ifndef HPDMA_SELFTESTS_BUS_ERROR_H
#define HPDMA_SELFTESTS_BUS_ERROR_H

#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

static sigjmp_buf bus_error_back;

static inline void on_bus_error(int number)
{
	siglongjmp(bus_error_back, 1);
}

/* A register of 32 bits; from now on the process handles SIGBUS. */
static inline bool bus_error_at(volatile uint8_t *place)
{
	struct sigaction action = { .sa_handler = on_bus_error };

	sigaction(SIGBUS, &action, NULL);
	if (sigsetjmp(bus_error_back, 1))
		return true;
	(void)*(volatile uint32_t *)place;
	return false;
}

#endif
