// SPDX-License-Identifier: MIT
/*
 * Packet buffers.
 *
 * Nothing is written to a piece while it is in the pool, but for its head; what never
 * changes is written once, when it is new: where its own room is follows from that.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <hpdma/pktbuf.h>

#include "util.h"

#define PRIVATE_MAX 32768

/* In the pool's user header in front of each piece: what is the same for all. */
struct shape {
	uint32_t room_size;
	uint32_t headroom;
};

static struct shape *shape_of(const struct hpdma_pktbuf *pkt)
{
	return hpdma_mempool_header(pkt->pool, (void *)(uintptr_t)pkt);
}

/* With its own room, and no data. */
static void own_room(struct hpdma_pktbuf *pkt)
{
	const struct shape *shape = shape_of(pkt);
	const size_t lead = sizeof(*pkt) + pkt->private_size;
	const uint64_t iova = hpdma_mempool_iova(pkt);

	pkt->room = (char *)pkt + lead;
	pkt->iova = iova == HPDMA_MEMPOOL_NO_IOVA ? iova : iova + lead;
	pkt->room_size = shape->room_size;
	pkt->offset = shape->headroom;
	pkt->len = 0;
	pkt->direct = NULL;
}

static void prepare(struct hpdma_mempool *pool, void *object, uint64_t index,
		    void *arg)
{
	const struct hpdma_pktbuf_opts *opts = arg;
	struct hpdma_pktbuf *pkt = object;

	(void)index;
	pkt->pool = pool;
	pkt->private_size = opts->private_size;
	*shape_of(pkt) = (struct shape){ .room_size = opts->room_size,
					 .headroom = opts->headroom };
	own_room(pkt);
}

int hpdma_pktbuf_pool_create(struct hpdma *ctx,
			     const struct hpdma_pktbuf_opts *opts,
			     struct hpdma_mempool **out,
			     struct hpdma_error *error)
{
	struct hpdma_mempool_opts pool;
	struct hpdma_pktbuf_opts o;
	int ret;

	ret = hpdma_opts_copy(&o, sizeof(o), sizeof(o), opts);
	if (!ret)
		ret = hpdma_opts_copy(&pool, sizeof(pool), sizeof(pool),
				      o.pool);
	if (!ret &&
	    (!o.room_size || o.headroom > o.room_size || o.private_size % 8 ||
	     o.private_size > PRIVATE_MAX || pool.object_size || pool.init ||
	     pool.init_arg || pool.init_arg_size))
		ret = -EINVAL;
	if (!ret && pool.header_size > UINT32_MAX - sizeof(struct shape))
		ret = -EOVERFLOW;
	if (ret)
		return hpdma_fail(error, ret, HPDMA_WHY_NONE, "read options");

	pool.size = sizeof(pool);
	pool.object_size = sizeof(struct hpdma_pktbuf) + o.private_size +
			   (uint64_t)o.room_size;
	pool.header_size += sizeof(struct shape);
	pool.init = prepare;
	pool.init_arg = &o;
	pool.init_arg_size = sizeof(o);
	return hpdma_mempool_create(ctx, &pool, out, error);
}

/* Only what may differ from how a piece was freed. */
static void make_empty(struct hpdma_pktbuf *pkt)
{
	pkt->next = NULL;
	__atomic_store_n(&pkt->refs, 1, __ATOMIC_RELAXED);
	pkt->offset = shape_of(pkt)->headroom;
	pkt->len = 0;
	pkt->total = 0;
	pkt->pieces = 1;
}

int hpdma_pktbuf_alloc_bulk(struct hpdma_mempool *pool,
			    struct hpdma_pktbuf **out, uint32_t n)
{
	uint32_t i;
	int ret;

	ret = hpdma_mempool_get_bulk(pool, (void **)out, n);
	for (i = 0; !ret && i < n; i++)
		make_empty(out[i]);
	return ret;
}

int hpdma_pktbuf_alloc(struct hpdma_mempool *pool, struct hpdma_pktbuf **out)
{
	return hpdma_pktbuf_alloc_bulk(pool, out, 1);
}

static struct hpdma_pktbuf *piece_ref(struct hpdma_pktbuf *pkt)
{
	/* The caller has one, so nothing has to be ordered. */
	__atomic_fetch_add(&pkt->refs, 1, __ATOMIC_RELAXED);
	return pkt;
}

/* An attached piece is never attached to: so this goes one deep. */
static void piece_free(struct hpdma_pktbuf *pkt)
{
	struct hpdma_pktbuf *direct;

	/*
	 * A last reference cannot become another while it is looked at. Acquire,
	 * release: who frees has seen the end of all other use.
	 */
	if (__atomic_load_n(&pkt->refs, __ATOMIC_ACQUIRE) != 1 &&
	    __atomic_sub_fetch(&pkt->refs, 1, __ATOMIC_ACQ_REL))
		return;
	direct = pkt->direct;
	if (direct) {
		own_room(pkt);
		piece_free(direct);
	}
	hpdma_mempool_put(pkt->pool, pkt);
}

struct hpdma_pktbuf *hpdma_pktbuf_ref(struct hpdma_pktbuf *pkt)
{
	struct hpdma_pktbuf *piece;

	for (piece = pkt; piece; piece = piece->next)
		piece_ref(piece);
	return pkt;
}

void hpdma_pktbuf_free(struct hpdma_pktbuf *pkt)
{
	struct hpdma_pktbuf *next;

	for (; pkt; pkt = next) {
		next = pkt->next;
		piece_free(pkt);
	}
}

void *hpdma_pktbuf_data(const struct hpdma_pktbuf *pkt)
{
	return (char *)pkt->room + pkt->offset;
}

uint64_t hpdma_pktbuf_iova(const struct hpdma_pktbuf *pkt)
{
	if (pkt->iova == HPDMA_MEMPOOL_NO_IOVA)
		return pkt->iova;
	return pkt->iova + pkt->offset;
}

void *hpdma_pktbuf_private(struct hpdma_pktbuf *pkt)
{
	return pkt + 1;
}

uint32_t hpdma_pktbuf_tailroom(const struct hpdma_pktbuf *pkt)
{
	return pkt->room_size - pkt->offset - pkt->len;
}

static struct hpdma_pktbuf *last_of(struct hpdma_pktbuf *pkt)
{
	while (pkt->next)
		pkt = pkt->next;
	return pkt;
}

void *hpdma_pktbuf_prepend(struct hpdma_pktbuf *pkt, uint32_t n)
{
	if (n > pkt->offset || n > UINT32_MAX - pkt->total)
		return NULL;
	pkt->offset -= n;
	pkt->len += n;
	pkt->total += n;
	return hpdma_pktbuf_data(pkt);
}

void *hpdma_pktbuf_append(struct hpdma_pktbuf *pkt, uint32_t n)
{
	struct hpdma_pktbuf *last = last_of(pkt);
	char *end = (char *)hpdma_pktbuf_data(last) + last->len;

	if (n > hpdma_pktbuf_tailroom(last) || n > UINT32_MAX - pkt->total)
		return NULL;
	last->len += n;
	pkt->total += n;
	return end;
}

void *hpdma_pktbuf_adj(struct hpdma_pktbuf *pkt, uint32_t n)
{
	if (n > pkt->len)
		return NULL;
	pkt->offset += n;
	pkt->len -= n;
	pkt->total -= n;
	return hpdma_pktbuf_data(pkt);
}

int hpdma_pktbuf_trim(struct hpdma_pktbuf *pkt, uint32_t n)
{
	struct hpdma_pktbuf *last = last_of(pkt);

	if (n > last->len)
		return -EMSGSIZE;
	last->len -= n;
	pkt->total -= n;
	return 0;
}

int hpdma_pktbuf_chain(struct hpdma_pktbuf *pkt, struct hpdma_pktbuf *tail)
{
	if (tail->pieces > UINT16_MAX - pkt->pieces ||
	    tail->total > UINT32_MAX - pkt->total)
		return -EOVERFLOW;
	last_of(pkt)->next = tail;
	pkt->pieces += tail->pieces;
	pkt->total += tail->total;
	return 0;
}

int hpdma_pktbuf_attach(struct hpdma_pktbuf *pkt, struct hpdma_pktbuf *to)
{
	if (pkt->direct || pkt->next || pkt->len || pkt == to ||
	    __atomic_load_n(&pkt->refs, __ATOMIC_RELAXED) != 1)
		return -EBUSY;
	pkt->direct = piece_ref(to->direct ? to->direct : to);
	pkt->room = to->room;
	pkt->iova = to->iova;
	pkt->room_size = to->room_size;
	pkt->offset = to->offset;
	pkt->len = to->len;
	pkt->total = to->len;
	return 0;
}

void hpdma_pktbuf_detach(struct hpdma_pktbuf *pkt)
{
	struct hpdma_pktbuf *direct = pkt->direct;

	if (!direct)
		return;
	if (pkt->pieces == 1 && !pkt->next)
		pkt->total = 0;
	own_room(pkt);
	piece_free(direct);
}

/* Another piece at the end; what there is is freed if there is none. */
static int add_piece(struct hpdma_mempool *pool, struct hpdma_pktbuf **first,
		     struct hpdma_pktbuf **last)
{
	struct hpdma_pktbuf *piece;
	int ret;

	ret = hpdma_pktbuf_alloc(pool, &piece);
	if (!ret && *first && (*first)->pieces == UINT16_MAX) {
		hpdma_pktbuf_free(piece);
		ret = -EOVERFLOW;
	}
	if (ret) {
		hpdma_pktbuf_free(*first);
		return ret;
	}
	if (*first) {
		(*last)->next = piece;
		(*first)->pieces++;
	} else {
		*first = piece;
	}
	*last = piece;
	return 0;
}

int hpdma_pktbuf_clone(struct hpdma_pktbuf *pkt, struct hpdma_mempool *pool,
		       struct hpdma_pktbuf **out)
{
	struct hpdma_pktbuf *first = NULL, *last = NULL, *piece;
	int ret;

	for (piece = pkt; piece; piece = piece->next) {
		ret = add_piece(pool, &first, &last);
		if (ret)
			return ret;
		hpdma_pktbuf_attach(last, piece);
	}
	first->total = pkt->total;
	*out = first;
	return 0;
}

static uint32_t min_of(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* The piece with the byte at @offset, which becomes one in the piece. */
static const struct hpdma_pktbuf *find(const struct hpdma_pktbuf *pkt,
				       uint32_t *offset)
{
	while (*offset >= pkt->len && pkt->next) {
		*offset -= pkt->len;
		pkt = pkt->next;
	}
	return pkt;
}

/* There are as many. */
static void copy_out(const struct hpdma_pktbuf *pkt, uint32_t offset,
		     uint32_t length, char *to)
{
	uint32_t n;

	for (pkt = find(pkt, &offset); length; pkt = pkt->next) {
		n = min_of(pkt->len - offset, length);
		memcpy(to, (char *)hpdma_pktbuf_data(pkt) + offset, n);
		to += n;
		length -= n;
		offset = 0;
	}
}

int hpdma_pktbuf_copy(const struct hpdma_pktbuf *pkt,
		      struct hpdma_mempool *pool, uint32_t offset,
		      uint32_t length, struct hpdma_pktbuf **out)
{
	struct hpdma_pktbuf *first = NULL, *last = NULL;
	uint32_t n;
	int ret;

	if (offset > pkt->total)
		return -ERANGE;
	if (length == UINT32_MAX)
		length = pkt->total - offset;
	if (length > pkt->total - offset)
		return -ERANGE;
	do {
		ret = add_piece(pool, &first, &last);
		if (ret)
			return ret;
		/* A pool whose headroom is all of the room */
		if (last != first || !hpdma_pktbuf_tailroom(last))
			last->offset = 0;
		n = min_of(hpdma_pktbuf_tailroom(last), length);
		copy_out(pkt, offset, n, hpdma_pktbuf_data(last));
		last->len = n;
		first->total += n;
		offset += n;
		length -= n;
	} while (length);
	*out = first;
	return 0;
}

const void *hpdma_pktbuf_read(const struct hpdma_pktbuf *pkt, uint32_t offset,
			      uint32_t length, void *space)
{
	const struct hpdma_pktbuf *piece;
	uint32_t at = offset;

	if (offset > pkt->total || length > pkt->total - offset)
		return NULL;
	piece = find(pkt, &at);
	if (length <= piece->len - at)
		return (char *)hpdma_pktbuf_data(piece) + at;
	copy_out(pkt, offset, length, space);
	return space;
}

int hpdma_pktbuf_linearize(struct hpdma_pktbuf *pkt)
{
	struct hpdma_pktbuf *rest = pkt->next;
	const uint32_t n = pkt->total - pkt->len;

	if (!rest)
		return 0;
	if (pkt->direct || __atomic_load_n(&pkt->refs, __ATOMIC_ACQUIRE) != 1)
		return -EBUSY;
	if (n > hpdma_pktbuf_tailroom(pkt))
		return -EMSGSIZE;
	copy_out(pkt, pkt->len, n, (char *)hpdma_pktbuf_data(pkt) + pkt->len);
	pkt->len += n;
	pkt->next = NULL;
	pkt->pieces = 1;
	hpdma_pktbuf_free(rest);
	return 0;
}

int hpdma_pktbuf_walk(const struct hpdma_pktbuf *pkt,
		      int (*each)(const struct hpdma_pktbuf *piece, void *arg),
		      void *arg)
{
	int ret = 0;

	for (; pkt && !ret; pkt = pkt->next)
		ret = each(pkt, arg);
	return ret;
}
