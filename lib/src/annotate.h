/* SPDX-License-Identifier: MIT */
/*
 * What AddressSanitizer and valgrind are told of memory that is handed out and
 * taken back. Nothing, at no cost, in a build that knows neither: ASan by the
 * compiler's option, valgrind by CPPFLAGS=-DHPDMA_VALGRIND where its header is
 * installed (its requests are a few instructions that do nothing outside it).
 */
#ifndef HPDMA_SRC_ANNOTATE_H
#define HPDMA_SRC_ANNOTATE_H

#include <stddef.h>

#if defined(__SANITIZE_ADDRESS__)
#define HPDMA_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HPDMA_ASAN 1
#endif
#endif

#ifdef HPDMA_ASAN
#include <sanitizer/asan_interface.h>
#define hpdma_asan_poison(ptr, size) ASAN_POISON_MEMORY_REGION(ptr, size)
#define hpdma_asan_unpoison(ptr, size) ASAN_UNPOISON_MEMORY_REGION(ptr, size)
#else
#define hpdma_asan_poison(ptr, size) ((void)(ptr), (void)(size))
#define hpdma_asan_unpoison(ptr, size) ((void)(ptr), (void)(size))
#endif

#if defined(HPDMA_VALGRIND) && defined(__has_include)
#if __has_include(<valgrind/memcheck.h>)
#include <valgrind/memcheck.h>
#define HPDMA_MEMCHECK 1
#endif
#endif

/* A pool is whatever address its objects are told with. */
#ifdef HPDMA_MEMCHECK
#define hpdma_vg_pool(pool) VALGRIND_CREATE_MEMPOOL(pool, 0, 0)
#define hpdma_vg_pool_end(pool) VALGRIND_DESTROY_MEMPOOL(pool)
#define hpdma_vg_alloc(pool, ptr, size) VALGRIND_MEMPOOL_ALLOC(pool, ptr, size)
#define hpdma_vg_free(pool, ptr) VALGRIND_MEMPOOL_FREE(pool, ptr)
/* What the library knows better: nobody's, of known content, of none. */
#define hpdma_vg_nobody(ptr, size) (void)VALGRIND_MAKE_MEM_NOACCESS(ptr, size)
#define hpdma_vg_defined(ptr, size) (void)VALGRIND_MAKE_MEM_DEFINED(ptr, size)
#define hpdma_vg_undefined(ptr, size) \
	(void)VALGRIND_MAKE_MEM_UNDEFINED(ptr, size)
/* A block that stayed where it is; what was added is undefined. */
#define hpdma_vg_resize(pool, ptr, old, size)                              \
	do {                                                               \
		VALGRIND_MEMPOOL_CHANGE(pool, ptr, ptr, size);             \
		if ((size) > (old))                                        \
			hpdma_vg_undefined((ptr) + (old), (size) - (old)); \
	} while (0)
#else
#define hpdma_vg_resize(pool, ptr, old, size) \
	((void)(pool), (void)(ptr), (void)(old), (void)(size))
#define hpdma_vg_pool(pool) ((void)(pool))
#define hpdma_vg_pool_end(pool) ((void)(pool))
#define hpdma_vg_alloc(pool, ptr, size) \
	((void)(pool), (void)(ptr), (void)(size))
#define hpdma_vg_free(pool, ptr) ((void)(pool), (void)(ptr))
#define hpdma_vg_nobody(ptr, size) ((void)(ptr), (void)(size))
#define hpdma_vg_defined(ptr, size) ((void)(ptr), (void)(size))
#define hpdma_vg_undefined(ptr, size) ((void)(ptr), (void)(size))
#endif

#endif /* HPDMA_SRC_ANNOTATE_H */
