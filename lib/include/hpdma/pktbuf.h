/* SPDX-License-Identifier: MIT */
/*
 * Packet buffers: messages in pieces, each an object of a pool.
 *
 *     struct hpdma_pktbuf | private area | headroom | data | tailroom
 *                                        |<-------- room -------->|
 *
 * A message is a chain of pieces; its first one stands for all of it. A piece may
 * show the room of another one (it is attached to it), which then lives as long.
 *
 * One thread at a time uses a message. References are counted atomically, so that
 * messages that share rooms may be used and freed by different threads.
 */
#ifndef HPDMA_PKTBUF_H
#define HPDMA_PKTBUF_H

#include <hpdma/mempool.h>
#include <hpdma/types.h>

HPDMA_BEGIN

/**
 * struct hpdma_pktbuf - a piece of a message
 * @room: The room; of another piece if @direct is set
 * @iova: The device's address of @room, or HPDMA_MEMPOOL_NO_IOVA
 * @next: The next piece, or NULL
 * @pool: The pool it is an object of
 * @direct: The piece whose room it shows, or NULL
 * @refs: References to the piece; atomic
 * @offset: Where the data begin in the room: the headroom
 * @len: Bytes of data in this piece
 * @total: Bytes of data in all pieces; in the first one
 * @room_size: Bytes of the room
 * @pieces: How many there are; in the first one
 * @private_size: Bytes of private area behind this
 *
 * Read by all; written by the functions below only. Never grows.
 *
 * Since: 0.1
 */
struct hpdma_pktbuf {
	void *room;
	uint64_t iova;
	struct hpdma_pktbuf *next;
	struct hpdma_mempool *pool;
	struct hpdma_pktbuf *direct;
	uint32_t refs;
	uint32_t offset;
	uint32_t len;
	uint32_t total;
	uint32_t room_size;
	uint16_t pieces;
	uint16_t private_size;
};

/**
 * struct hpdma_pktbuf_opts - options of hpdma_pktbuf_pool_create()
 * @size: sizeof(struct hpdma_pktbuf_opts)
 * @room_size: Bytes of each room; not 0
 * @headroom: Bytes to leave free in front of the data of a new piece
 * @private_size: Bytes of private area; a multiple of 8, at most 32768
 * @pool: Options of the pool, but for @object_size, @init and @init_arg, which must be
 *	0; not NULL
 *
 * Since: 0.1
 */
struct hpdma_pktbuf_opts {
	uint32_t size;
	uint32_t room_size;
	uint32_t headroom;
	uint32_t private_size;
	const struct hpdma_mempool_opts *pool;
};

/**
 * hpdma_pktbuf_pool_create() - make a pool of pieces
 * @ctx: As for hpdma_mempool_create()
 * @opts: Options; not NULL
 * @out: Receives the pool, which grows by hpdma_mempool_grow() only
 * @error: Filled on failure; may be NULL
 *
 * Return: 0; what hpdma_mempool_create() returns.
 * Since: 0.1
 */
HPDMA_API int hpdma_pktbuf_pool_create(struct hpdma *ctx,
				       const struct hpdma_pktbuf_opts *opts,
				       struct hpdma_mempool **out,
				       struct hpdma_error *error);

/**
 * hpdma_pktbuf_alloc() - get an empty message of one piece
 * @pool: A pool of pieces
 * @out: Receives it, with one reference
 *
 * Return: 0; -ENOENT if there is none.
 * Since: 0.1
 */
HPDMA_API int hpdma_pktbuf_alloc(struct hpdma_mempool *pool,
				 struct hpdma_pktbuf **out);

/**
 * hpdma_pktbuf_alloc_bulk() - get empty messages of one piece, all or nothing
 * @pool: A pool of pieces
 * @out: Receives them
 * @n: How many
 *
 * Return: 0; -ENOENT if there are not so many.
 * Since: 0.1
 */
HPDMA_API int hpdma_pktbuf_alloc_bulk(struct hpdma_mempool *pool,
				      struct hpdma_pktbuf **out, uint32_t n);

/**
 * hpdma_pktbuf_ref() - take a reference to each piece of a message
 * @pkt: The message
 *
 * Return: @pkt.
 * Since: 0.1
 */
HPDMA_API struct hpdma_pktbuf *hpdma_pktbuf_ref(struct hpdma_pktbuf *pkt);

/**
 * hpdma_pktbuf_free() - drop a reference to each piece of a message
 * @pkt: The message, or NULL
 *
 * Pieces without any go back to their pools.
 *
 * Since: 0.1
 */
HPDMA_API void hpdma_pktbuf_free(struct hpdma_pktbuf *pkt);

/**
 * hpdma_pktbuf_data() - the data of a piece
 * @pkt: The piece
 *
 * Return: Its first byte.
 * Since: 0.1
 */
HPDMA_API void *hpdma_pktbuf_data(const struct hpdma_pktbuf *pkt);

/**
 * hpdma_pktbuf_iova() - the device's address of a piece's data
 * @pkt: The piece
 *
 * Return: The address of its first byte; HPDMA_MEMPOOL_NO_IOVA if the pool has none.
 * Since: 0.1
 */
HPDMA_API uint64_t hpdma_pktbuf_iova(const struct hpdma_pktbuf *pkt);

/**
 * hpdma_pktbuf_private() - the private area of a piece
 * @pkt: The piece
 *
 * Return: Its @private_size bytes, which stay as they are when the piece is freed.
 * Since: 0.1
 */
HPDMA_API void *hpdma_pktbuf_private(struct hpdma_pktbuf *pkt);

/**
 * hpdma_pktbuf_tailroom() - what is free behind the data of a piece
 * @pkt: The piece
 *
 * Return: Bytes.
 * Since: 0.1
 */
HPDMA_API uint32_t hpdma_pktbuf_tailroom(const struct hpdma_pktbuf *pkt);

/**
 * hpdma_pktbuf_prepend() - lengthen a message at its front
 * @pkt: The message
 * @n: By how many bytes
 *
 * Return: The first byte; NULL if the headroom is shorter.
 * Since: 0.1
 */
HPDMA_API void *hpdma_pktbuf_prepend(struct hpdma_pktbuf *pkt, uint32_t n);

/**
 * hpdma_pktbuf_append() - lengthen a message at its end
 * @pkt: The message
 * @n: By how many bytes
 *
 * Return: The first byte that is new; NULL if the last piece's tailroom is shorter.
 * Since: 0.1
 */
HPDMA_API void *hpdma_pktbuf_append(struct hpdma_pktbuf *pkt, uint32_t n);

/**
 * hpdma_pktbuf_adj() - shorten a message at its front
 * @pkt: The message
 * @n: By how many bytes
 *
 * Return: What is the first byte then; NULL if the first piece is shorter.
 * Since: 0.1
 */
HPDMA_API void *hpdma_pktbuf_adj(struct hpdma_pktbuf *pkt, uint32_t n);

/**
 * hpdma_pktbuf_trim() - shorten a message at its end
 * @pkt: The message
 * @n: By how many bytes
 *
 * Return: 0; -EMSGSIZE if the last piece is shorter.
 * Since: 0.1
 */
HPDMA_API int hpdma_pktbuf_trim(struct hpdma_pktbuf *pkt, uint32_t n);

/**
 * hpdma_pktbuf_chain() - put a message behind another one
 * @pkt: The message
 * @tail: What comes behind it; part of @pkt then
 *
 * Return: 0; -EOVERFLOW if that were more than 65535 pieces or 4 GiB: then nothing has
 * changed.
 * Since: 0.1
 */
HPDMA_API int hpdma_pktbuf_chain(struct hpdma_pktbuf *pkt,
				 struct hpdma_pktbuf *tail);

/**
 * hpdma_pktbuf_attach() - let a piece show the data of another one
 * @pkt: A new piece, without data
 * @to: The piece; gets a reference more
 *
 * If @to is attached itself, @pkt is attached to what @to shows.
 *
 * Return: 0; -EBUSY if @pkt has data or next, is attached, or has several references.
 * Since: 0.1
 */
HPDMA_API int hpdma_pktbuf_attach(struct hpdma_pktbuf *pkt,
				  struct hpdma_pktbuf *to);

/**
 * hpdma_pktbuf_detach() - give a piece its own room back
 * @pkt: The piece, attached or not; without data then
 *
 * The data go from the piece's len, and from total if it is a message by itself.
 *
 * Since: 0.1
 */
HPDMA_API void hpdma_pktbuf_detach(struct hpdma_pktbuf *pkt);

/**
 * hpdma_pktbuf_clone() - another message with the same data, without copying
 * @pkt: The message
 * @pool: Where the pieces are from that are attached to those of @pkt
 * @out: Receives the clone
 *
 * Return: 0; -ENOENT if the pool has not so many.
 * Since: 0.1
 */
HPDMA_API int hpdma_pktbuf_clone(struct hpdma_pktbuf *pkt,
				 struct hpdma_mempool *pool,
				 struct hpdma_pktbuf **out);

/**
 * hpdma_pktbuf_copy() - another message with a copy of the data
 * @pkt: The message
 * @pool: Where its pieces are from
 * @offset: First byte
 * @length: How many; UINT32_MAX for all from there
 * @out: Receives the copy
 *
 * Return: 0; -ERANGE if @pkt is shorter; -ENOENT if the pool has not so many pieces;
 * -EOVERFLOW if it would have to be more than 65535.
 * Since: 0.1
 */
HPDMA_API int hpdma_pktbuf_copy(const struct hpdma_pktbuf *pkt,
				struct hpdma_mempool *pool, uint32_t offset,
				uint32_t length, struct hpdma_pktbuf **out);

/**
 * hpdma_pktbuf_read() - look at data, wherever the pieces end
 * @pkt: The message
 * @offset: First byte
 * @length: How many
 * @space: Where to copy them if they are in several pieces
 *
 * Return: The bytes, in @pkt or in @space; NULL if @pkt is shorter.
 * Since: 0.1
 */
HPDMA_API const void *hpdma_pktbuf_read(const struct hpdma_pktbuf *pkt,
					uint32_t offset, uint32_t length,
					void *space);

/**
 * hpdma_pktbuf_linearize() - move all data into the first piece
 * @pkt: The message
 *
 * Return: 0; -EMSGSIZE if the first piece's tailroom is too short; -EBUSY if others use
 * its room, too. Then nothing has changed.
 * Since: 0.1
 */
HPDMA_API int hpdma_pktbuf_linearize(struct hpdma_pktbuf *pkt);

/**
 * hpdma_pktbuf_walk() - call a function for each piece
 * @pkt: The message
 * @each: Called with the piece; anything but 0 ends the walk
 * @arg: For @each
 *
 * Return: 0, or what @each returned.
 * Since: 0.1
 */
HPDMA_API int hpdma_pktbuf_walk(const struct hpdma_pktbuf *pkt,
				int (*each)(const struct hpdma_pktbuf *piece,
					    void *arg),
				void *arg);

HPDMA_END

#endif /* HPDMA_PKTBUF_H */
