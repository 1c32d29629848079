// SPDX-License-Identifier: MIT
/*
 * Who holds the objects of a pool that processes share.
 *
 * Memory order: the swap that makes an object free releases, and the one that
 * takes it acquires, so whoever takes an object sees what its last holder wrote
 * into it. The same holds for a journey, from departure to arrival.
 *
 * No hint is lost while all live. Who gives back makes the object free first and
 * sets its bit then; who takes clears the bit first and tries the word then. Both
 * change the bit by read-modify-write, so of the last two one sees the other: if
 * the clearing came last, its acquire makes the free word visible to the attempt
 * that follows, which takes the object.
 */
#include <errno.h>
#include <string.h>

#include "mempool_holder.h"

#define BITS 64u

static size_t words_size(uint32_t count)
{
	return ((size_t)count * sizeof(uint32_t) + 63) & ~(size_t)63;
}

static uint32_t *word_of(const struct hpdma_holders *holders, uint32_t index)
{
	return (uint32_t *)(uintptr_t)(holders + 1) + index;
}

static uint64_t *hint_of(const struct hpdma_holders *holders, uint32_t hint)
{
	char *words = (char *)(uintptr_t)(holders + 1);

	return (uint64_t *)(void *)(words + words_size(holders->count)) + hint;
}

static bool is_free(uint32_t word)
{
	return !(word & (HPDMA_HOLDER_WHO | HPDMA_HOLDER_MOVING));
}

static uint32_t journeys(uint32_t word)
{
	return word & ~(HPDMA_HOLDER_WHO | HPDMA_HOLDER_MOVING);
}

/* Acquire and release: see above. */
static bool swap(uint32_t *word, uint32_t from, uint32_t to)
{
	return __atomic_compare_exchange_n(word, &from, to, false,
					   __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

size_t hpdma_holders_size(uint32_t count)
{
	size_t hints = ((size_t)count + BITS - 1) / BITS;

	return sizeof(struct hpdma_holders) + words_size(count) +
	       ((hints * sizeof(uint64_t) + 63) & ~(size_t)63);
}

void hpdma_holders_format(struct hpdma_holders *holders, uint32_t count,
			  uint32_t slot)
{
	uint32_t i;

	memset(holders, 0, hpdma_holders_size(count));
	holders->count = count;
	holders->hints = (uint32_t)(((uint64_t)count + BITS - 1) / BITS);
	for (i = 0; i < count; i++)
		*word_of(holders, i) = slot + 1;
}

/* Release: who clears the bit finds the word free. */
static void set_hint(struct hpdma_holders *holders, uint32_t index)
{
	__atomic_fetch_or(hint_of(holders, index / BITS),
			  1ull << (index % BITS), __ATOMIC_RELEASE);
}

static uint64_t lowest_bits(uint64_t bits, uint32_t n)
{
	uint64_t rest = bits;

	while (rest && n--)
		rest &= rest - 1;
	return bits ^ rest;
}

static bool take_one(struct hpdma_holders *holders, uint32_t slot,
		     uint32_t index)
{
	uint32_t *word = word_of(holders, index);
	uint32_t old = __atomic_load_n(word, __ATOMIC_RELAXED);

	return is_free(old) && swap(word, old, old | (slot + 1));
}

/* Takes up to @n objects of one word of hints. */
static uint32_t take_of(struct hpdma_holders *holders, uint32_t slot,
			uint32_t hint, uint32_t *index, uint32_t n)
{
	uint64_t *at = hint_of(holders, hint);
	uint32_t got = 0, number;
	uint64_t bits, mine;

	while (got < n) {
		/* A look only; the truth comes with what is cleared. */
		bits = __atomic_load_n(at, __ATOMIC_RELAXED);
		if (!bits)
			break;
		mine = lowest_bits(bits, n - got);
		mine &= __atomic_fetch_and(at, ~mine, __ATOMIC_ACQ_REL);
		for (; mine; mine &= mine - 1) {
			number = hint * BITS + (uint32_t)__builtin_ctzll(mine);
			if (take_one(holders, slot, number))
				index[got++] = number;
		}
	}
	return got;
}

uint32_t hpdma_holders_take(struct hpdma_holders *holders, uint32_t slot,
			    uint32_t *cursor, uint32_t *index, uint32_t n)
{
	uint32_t hint = __atomic_load_n(cursor, __ATOMIC_RELAXED);
	uint32_t got = 0, tried;

	if (hint >= holders->hints)
		hint = 0;
	for (tried = 0; tried < holders->hints; tried++) {
		got += take_of(holders, slot, hint, index + got, n - got);
		if (got == n)
			break;
		if (++hint == holders->hints)
			hint = 0;
	}
	__atomic_store_n(cursor, hint, __ATOMIC_RELAXED);
	__atomic_fetch_sub(&holders->free, got, __ATOMIC_RELAXED);
	return got;
}

/* Whether the slot holds what has this word; if not, why. */
static int held_by(uint32_t word, uint32_t slot)
{
	if (is_free(word))
		return -EALREADY;
	if (word & HPDMA_HOLDER_MOVING || (word & HPDMA_HOLDER_WHO) != slot + 1)
		return -EPERM;
	return 0;
}

int hpdma_holders_give(struct hpdma_holders *holders, uint32_t slot,
		       uint32_t index)
{
	uint32_t *word = word_of(holders, index);
	uint32_t old;
	int ret;

	do {
		old = __atomic_load_n(word, __ATOMIC_RELAXED);
		ret = held_by(old, slot);
		if (ret)
			return ret;
	} while (!swap(word, old, journeys(old)));
	set_hint(holders, index);
	__atomic_fetch_add(&holders->free, 1, __ATOMIC_RELAXED);
	return 0;
}

uint32_t hpdma_holders_word(const struct hpdma_holders *holders, uint32_t index)
{
	/* Acquire: who sees an object on its way sees that its sender sends. */
	return __atomic_load_n(word_of(holders, index), __ATOMIC_ACQUIRE);
}

int hpdma_holders_depart(struct hpdma_holders *holders, uint32_t slot,
			 uint32_t index, uint32_t *journey)
{
	uint32_t *at = word_of(holders, index);
	uint32_t old, sent;
	int ret;

	do {
		old = __atomic_load_n(at, __ATOMIC_RELAXED);
		ret = held_by(old, slot);
		if (ret)
			return ret;
		sent = (old + HPDMA_HOLDER_JOURNEY) | HPDMA_HOLDER_MOVING;
	} while (!swap(at, old, sent));
	*journey = sent / HPDMA_HOLDER_JOURNEY;
	return 0;
}

bool hpdma_holders_arrive(struct hpdma_holders *holders, uint32_t slot,
			  uint32_t index, uint32_t journey)
{
	uint32_t *word = word_of(holders, index);
	uint32_t old = __atomic_load_n(word, __ATOMIC_RELAXED);

	/* It changes once only while it is on this journey: at its end. */
	return old & HPDMA_HOLDER_MOVING &&
	       old / HPDMA_HOLDER_JOURNEY == journey &&
	       swap(word, old, journeys(old) | (slot + 1));
}

bool hpdma_holders_drop(struct hpdma_holders *holders, uint32_t index,
			uint32_t word)
{
	if (!swap(word_of(holders, index), word, journeys(word)))
		return false;
	set_hint(holders, index);
	__atomic_fetch_add(&holders->free, 1, __ATOMIC_RELAXED);
	return true;
}

uint32_t hpdma_holders_take_from(struct hpdma_holders *holders, uint32_t slot)
{
	uint32_t index, count = 0;

	for (index = 0; index < holders->count; index++)
		count += !hpdma_holders_give(holders, slot, index);
	return count;
}

void hpdma_holders_hint_all(struct hpdma_holders *holders)
{
	uint32_t index, count = 0;

	for (index = 0; index < holders->count; index++) {
		if (is_free(hpdma_holders_word(holders, index))) {
			set_hint(holders, index);
			count++;
		}
	}
	/* Wrong by what others did meanwhile, until the next time. */
	__atomic_store_n(&holders->free, count, __ATOMIC_RELAXED);
}

uint32_t hpdma_holders_free_count(const struct hpdma_holders *holders)
{
	uint32_t index, count = 0;

	for (index = 0; index < holders->count; index++)
		count += is_free(hpdma_holders_word(holders, index));
	return count;
}

uint32_t hpdma_holders_held_by(const struct hpdma_holders *holders,
			       uint32_t slot)
{
	uint32_t index, count = 0;

	for (index = 0; index < holders->count; index++)
		count += !held_by(hpdma_holders_word(holders, index), slot);
	return count;
}
