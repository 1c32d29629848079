/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tracepoints, for perf and trace-cmd: events/hpdma in tracefs. No addresses, and
 * formats that a program can take apart. Numbers are those of the uAPI: backing
 * 1 contig, 2 hugetlb, 3 user, 4 import; kind 1 physical, 2 IOVA.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM hpdma

#if !defined(HPDMA_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define HPDMA_TRACE_H

#include <linux/tracepoint.h>
#include <linux/types.h>

struct hpdma_buffer;
struct hpdma_dmamap;
struct hpdma_memory;

/* clang-format off */

/* A buffer is there, and complete. */
TRACE_EVENT(hpdma_buffer_create,
	    TP_PROTO(const struct hpdma_buffer *buffer),
	    TP_ARGS(buffer),
	    TP_STRUCT__entry(
		    __field(u64, serial)
		    __field(u64, length)
		    __field(u64, page_size)
		    __field(u32, backing)
		    __field(s32, node)
		    __field(u32, segments)
		    __field(u32, uid)
	    ),
	    TP_fast_assign(
		    __entry->serial = buffer->registered.serial;
		    __entry->length = buffer->memory.length;
		    __entry->page_size = buffer->memory.page_size;
		    __entry->backing = buffer->memory.backing->kind;
		    __entry->node = buffer->memory.node;
		    __entry->segments = buffer->memory.spans.count;
		    __entry->uid = from_kuid(&init_user_ns,
					     hpdma_quota_uid(buffer->charge.user));
	    ),
	    TP_printk("serial=%llu backing=%u length=%llu page_size=%llu node=%d segments=%u uid=%u",
		      __entry->serial, __entry->backing, __entry->length,
		      __entry->page_size, __entry->node, __entry->segments,
		      __entry->uid)
);

/* Its pages were pinned, which is before it is complete. */
TRACE_EVENT(hpdma_buffer_pin,
	    TP_PROTO(const struct hpdma_buffer *buffer),
	    TP_ARGS(buffer),
	    TP_STRUCT__entry(
		    __field(u64, serial)
		    __field(u64, pages)
		    __field(u64, bytes)
	    ),
	    TP_fast_assign(
		    __entry->serial = buffer->registered.serial;
		    __entry->bytes = buffer->memory.length;
		    __entry->pages = div64_u64(buffer->memory.length,
					       buffer->memory.page_size);
	    ),
	    TP_printk("serial=%llu pages=%llu bytes=%llu",
		      __entry->serial, __entry->pages, __entry->bytes)
);

/* Nobody holds it any more; its pages go back next. */
TRACE_EVENT(hpdma_buffer_release,
	    TP_PROTO(const struct hpdma_buffer *buffer),
	    TP_ARGS(buffer),
	    TP_STRUCT__entry(
		    __field(u64, serial)
		    __field(u64, length)
	    ),
	    TP_fast_assign(
		    __entry->serial = buffer->registered.serial;
		    __entry->length = buffer->memory.length;
	    ),
	    TP_printk("serial=%llu length=%llu", __entry->serial, __entry->length)
);

DECLARE_EVENT_CLASS(hpdma_mapping,
		    TP_PROTO(const struct hpdma_dmamap *map),
		    TP_ARGS(map),
		    TP_STRUCT__entry(
			    __field(u64, serial)
			    __field(u64, length)
			    __field(u32, segments)
			    __field(u32, kind)
			    __array(char, device, 16)
		    ),
		    TP_fast_assign(
			    __entry->serial = map->buffer->registered.serial;
			    __entry->length = map->length;
			    __entry->segments = map->spans.count;
			    __entry->kind = map->kind;
			    strscpy_pad(__entry->device,
					pci_name(map->device->pdev),
					sizeof(__entry->device));
		    ),
		    TP_printk("serial=%llu device=%s length=%llu segments=%u kind=%u",
			      __entry->serial, __entry->device, __entry->length,
			      __entry->segments, __entry->kind)
);

/* A device can reach (part of) a buffer. */
DEFINE_EVENT(hpdma_mapping, hpdma_map,
	     TP_PROTO(const struct hpdma_dmamap *map),
	     TP_ARGS(map)
);

/* The device cannot reach it any more: the mapping lets the buffer go. */
DEFINE_EVENT(hpdma_mapping, hpdma_unmap,
	     TP_PROTO(const struct hpdma_dmamap *map),
	     TP_ARGS(map)
);

/* The device did not stop: the buffer is never let go. */
DEFINE_EVENT(hpdma_mapping, hpdma_quarantine,
	     TP_PROTO(const struct hpdma_dmamap *map),
	     TP_ARGS(map)
);

/* A process maps (part of) a buffer. */
TRACE_EVENT(hpdma_mmap,
	    TP_PROTO(const struct hpdma_memory *memory, u64 offset, u64 length),
	    TP_ARGS(memory, offset, length),
	    TP_STRUCT__entry(
		    __field(u64, serial)
		    __field(u64, offset)
		    __field(u64, length)
	    ),
	    TP_fast_assign(
		    __entry->serial = memory->serial;
		    __entry->offset = offset;
		    __entry->length = length;
	    ),
	    TP_printk("serial=%llu offset=%llu length=%llu",
		      __entry->serial, __entry->offset, __entry->length)
);

/* clang-format on */

#endif

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
