/* SPDX-License-Identifier: MIT */
/*
 * Who holds the objects of a pool that processes share.
 *
 * Each object has a word, beside the objects and not in them, that names the
 * process slot which holds it. This word is the whole truth: taking an object is
 * one compare-and-swap of its word, giving it back another, so a process that
 * dies between any two instructions either held the object or did not, and what
 * it held is found by looking through the words.
 *
 * One bit for each object says that it is probably free. These bits are hints, so
 * that nobody need look through the words to find a free object: a bit that is
 * set wrongly costs one failed attempt, and one that a death has left cleared
 * wrongly is set by hpdma_holders_hint_all().
 */
#ifndef HPDMA_SRC_MEMPOOL_HOLDER_H
#define HPDMA_SRC_MEMPOOL_HOLDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A word: who holds the object (a slot + 1, 0 for nobody), whether it is on its
 * way to another process, and how often it has been. The last makes a ticket
 * good for one journey only.
 */
#define HPDMA_HOLDER_WHO 0xffu
#define HPDMA_HOLDER_MOVING 0x100u
#define HPDMA_HOLDER_JOURNEY 0x200u
#define HPDMA_JOURNEYS (UINT32_MAX / HPDMA_HOLDER_JOURNEY + 1)

/* Slots are 0 to this, less one. */
#define HPDMA_HOLDERS_MAX 255u

/**
 * struct hpdma_holders - words and hints of one pool, in shared memory
 * @count: Objects
 * @hints: Words of hints
 * @free: About how many are free; a hint as well
 * @reserved: Rounds up to a cache line
 *
 * Followed by the words and then, from a multiple of 64 bytes on, the hints.
 */
struct hpdma_holders {
	uint32_t count;
	uint32_t hints;
	uint32_t free;
	uint32_t reserved[13];
};

/**
 * hpdma_holders_size() - memory that they need
 * @count: Objects
 *
 * Return: Bytes.
 */
size_t hpdma_holders_size(uint32_t count);

/**
 * hpdma_holders_format() - begin, with all objects held by the maker
 * @holders: Memory of hpdma_holders_size(@count) bytes, aligned to 64
 * @count: Objects
 * @slot: The maker's
 */
void hpdma_holders_format(struct hpdma_holders *holders, uint32_t count,
			  uint32_t slot);

/**
 * hpdma_holders_take() - take free objects
 * @holders: The pool's
 * @slot: For whom
 * @cursor: Where to look first; left where the last was found. A hint, too:
 *	threads may share it without any order
 * @index: Receives the objects' numbers
 * @n: How many are wanted
 *
 * Return: How many were taken. Fewer than @n only if there seemed to be no more.
 */
uint32_t hpdma_holders_take(struct hpdma_holders *holders, uint32_t slot,
			    uint32_t *cursor, uint32_t *index, uint32_t n);

/**
 * hpdma_holders_give() - give an object back
 * @holders: The pool's
 * @slot: Who holds it
 * @index: The object
 *
 * Return: 0; -EALREADY if it is free; -EPERM if another process holds it, or it
 * is on its way to one.
 */
int hpdma_holders_give(struct hpdma_holders *holders, uint32_t slot,
		       uint32_t index);

/**
 * hpdma_holders_word() - the word of an object
 * @holders: The pool's
 * @index: The object
 *
 * Return: What it is now.
 */
uint32_t hpdma_holders_word(const struct hpdma_holders *holders,
			    uint32_t index);

/**
 * hpdma_holders_depart() - send an object on its way
 * @holders: The pool's
 * @slot: Who holds it
 * @index: The object
 * @journey: Receives the number of the journey, below HPDMA_JOURNEYS
 *
 * Return: 0, or what hpdma_holders_give() returns.
 */
int hpdma_holders_depart(struct hpdma_holders *holders, uint32_t slot,
			 uint32_t index, uint32_t *journey);

/**
 * hpdma_holders_arrive() - take an object that was on its way
 * @holders: The pool's
 * @slot: For whom
 * @index: The object
 * @journey: Of hpdma_holders_depart()
 *
 * Return: Whether it was still on that journey. If not, it is not the caller's.
 */
bool hpdma_holders_arrive(struct hpdma_holders *holders, uint32_t slot,
			  uint32_t index, uint32_t journey);

/**
 * hpdma_holders_drop() - make an object that got lost on its way free
 * @holders: The pool's
 * @index: The object
 * @word: Its word, on that journey
 *
 * Return: Whether it was still on that journey.
 */
bool hpdma_holders_drop(struct hpdma_holders *holders, uint32_t index,
			uint32_t word);

/**
 * hpdma_holders_take_from() - make free all that a slot holds
 * @holders: The pool's
 * @slot: The slot, whose process does not run any more or does not use the pool
 *
 * What is on its way stays so.
 *
 * Return: How many objects it held.
 */
uint32_t hpdma_holders_take_from(struct hpdma_holders *holders, uint32_t slot);

/**
 * hpdma_holders_hint_all() - set the hints by what the words say
 * @holders: The pool's
 */
void hpdma_holders_hint_all(struct hpdma_holders *holders);

/**
 * hpdma_holders_free_count() - count the free objects
 * @holders: The pool's
 *
 * Return: How many words say so; exact if nobody takes or gives meanwhile.
 */
uint32_t hpdma_holders_free_count(const struct hpdma_holders *holders);

/**
 * hpdma_holders_held_by() - count what a slot holds
 * @holders: The pool's
 * @slot: The slot
 *
 * Return: How many objects, without those that are on their way.
 */
uint32_t hpdma_holders_held_by(const struct hpdma_holders *holders,
			       uint32_t slot);

#endif /* HPDMA_SRC_MEMPOOL_HOLDER_H */
