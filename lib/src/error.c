// SPDX-License-Identifier: MIT
/*
 * Words for kinds and reasons. A reason says what is missing and, where there
 * is one, the remedy.
 */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <string.h>

#include <linux/hpdma.h>

#include "util.h"

SAME(HPDMA_KIND_NONE, HPDMA_ADDR_NONE);
SAME(HPDMA_KIND_PHYS, HPDMA_ADDR_PHYS);
SAME(HPDMA_KIND_IOVA, HPDMA_ADDR_IOVA);

const char *hpdma_kind_text(enum hpdma_kind kind)
{
	switch (kind) {
	case HPDMA_KIND_PHYS:
		return "PHYS";
	case HPDMA_KIND_IOVA:
		return "IOVA";
	default:
		return "none";
	}
}

/* A reason of the module's has the same number here. */
#define SAY(name, words)                                     \
	case HPDMA_WHY_##name: {                             \
		SAME(HPDMA_WHY_##name, HPDMA_REASON_##name); \
		return words;                                \
	}

const char *hpdma_why_text(uint32_t why)
{
	/* Without default, so that the compiler misses a value for us. */
	switch ((enum hpdma_why)why) {
		SAY(NONE, "")
		SAY(MEMLOCK,
		    "the user's limit of locked memory is used up; raise RLIMIT_MEMLOCK (ulimit -l, LimitMEMLOCK=) or give CAP_IPC_LOCK")
		SAY(IDS,
		    "this context holds as many buffers or mappings as it can; free some")
		SAY(HUGEPAGES,
		    "too few free huge pages, in the system or in the cgroup; raise vm.nr_hugepages")
		SAY(CONTIG,
		    "no contiguous run of this length is free, or none can exist; ask for less or use huge pages")
		SAY(NODE,
		    "the memory obtained is not on the NUMA node asked for")
		SAY(SEGMENT,
		    "the memory obtained is in shorter segments than asked for")
		SAY(ADDRESS,
		    "the memory lies above what so few address bits can reach; ask for memory that fits the device")
		SAY(PHYS_RIGHT,
		    "physical addresses need CAP_SYS_RAWIO, or membership in the group of the module parameter phys_gid, when the node is opened")
		SAY(PINNING,
		    "this memory cannot be pinned for long: it is a mapping of a device or a file, or not writable")
		SAY(BOUNCE,
		    "the kernel would copy through bounce buffers instead of letting the device reach this memory")
		SAY(NOT_ATTACHED, "the device is not attached to a context")
		SAY(ATTACHED, "the device is attached to a context already")
		SAY(OTHER_HOLDER,
		    "another program uses this device with other address bits or in another mode")
		SAY(NO_INTERRUPT, "the device has no such interrupt")
		SAY(FSIZE,
		    "RLIMIT_FSIZE is below the length, and huge pages are those of a file; raise it (ulimit -f unlimited, LimitFSIZE=infinity)")
		SAY(QUOTA_BYTES,
		    "the user's quota of bytes is used up; free some or raise the module parameter quota_bytes")
		SAY(QUOTA_BUFFERS,
		    "the user's quota of buffers is used up; free some or raise the module parameter quota_buffers")
		SAY(CGROUP,
		    "the memory cgroup is at its limit; raise memory.max")
		SAY(SEALS,
		    "the file must be sealed against shrinking (F_SEAL_SHRINK) and not against writing")
		SAY(FILE,
		    "only a memfd or a file of tmpfs or hugetlbfs will do, of whole pages")
		SAY(EXPORTER, "the driver that made this dma-buf refused")
		SAY(NAMED, "the buffer has a name already; unlink that first")
		SAY(LIST_RIGHT,
		    "seeing what others hold needs CAP_SYS_ADMIN when the node is opened")
		SAY(NO_IOMMU,
		    "no IOMMU translates this device's addresses; turn one on (intel_iommu=on, amd_iommu=on) or use physical addresses")
		SAY(GROUP,
		    "other devices share this one's IOMMU group, so it cannot have translations of its own; use a slot with ACS")
		SAY(MODE,
		    "the address mode that the device was opened in does not have this")
		SAY(IOVA_RESERVED,
		    "these addresses are reserved or beyond what the IOMMU or the device can use; see the device's regions")
		SAY(IOVA_USED,
		    "something is mapped at some of these addresses already")
		SAY(IOVA_PAGE,
		    "the part begins or ends inside a large page of the IOMMU; unmap whole ones")
		SAY(NO_RESET,
		    "the kernel knows no way to reset this function alone")
		SAY(STUCK,
		    "the device does not stop: what it could reach is in quarantine; reset it, or the machine")
		SAY(SUSPENDED,
		    "the machine was suspended: set the device up again, then resume it")
	case HPDMA_WHY_NO_MODULE:
		return "this needs the kernel module; load it (modprobe hpdma), and choose no other backend";
	case HPDMA_WHY_NODE_RIGHT:
		return "the node's owner and mode do not let this user open it, or the device is not confined by an IOMMU with interrupt remapping, which needs the module parameter allow_unsafe and CAP_SYS_RAWIO";
	case HPDMA_WHY_NOT_BOUND:
		return "the PCI function is not bound to the hpdma driver";
	case HPDMA_WHY_FOREIGN:
		return "the buffer does not belong to the context of the device";
	case HPDMA_WHY_POLICY:
		return "the thread's NUMA memory policy cannot be changed here (a seccomp filter?)";
	case HPDMA_WHY_PROC:
		return "processes are told apart by /proc, which is not mounted, or of another PID namespace";
	case HPDMA_WHY_NOT_DOMAIN:
		return "the buffer of that name is no domain";
	case HPDMA_WHY_VERSION:
		return "another version of libhpdma, or one built for another machine, made the domain; end its processes, or destroy it";
	case HPDMA_WHY_ABI:
		return "another version of the program made the domain, by the number it gave; end its processes, or destroy it";
	case HPDMA_WHY_NAMESPACE:
		return "the domain is of another PID or time namespace, where deaths are not seen from here";
	case HPDMA_WHY_ADDRESS_TAKEN:
		return "something else is at this address in this process; attach earlier, create it elsewhere, or use offsets (HPDMA_DOMAIN_ANY_ADDRESS)";
	case HPDMA_WHY_PROCESSES:
		return "the domain has as many processes as it was made for";
	case HPDMA_WHY_OBJECTS:
		return "the domain has as many objects as it was made for";
	case HPDMA_WHY_OTHER_TYPE:
		return "the object of that name is of another type";
	case HPDMA_WHY_FORKED:
		return "a child of fork() is not attached; let it attach by itself";
	case HPDMA_WHY_NO_FUTEX:
		return "processes cannot wait for each other in contiguous memory of the module; use huge pages";
	case HPDMA_WHY_BACKEND:
		return "the environment variable HPDMA_BACKEND must be module, hugetlb, plain or auto";
	case HPDMA_WHY_NO_PLACE:
		return "without the kernel module a name needs room in /dev/shm or, for huge pages, a mount of hugetlbfs that the user may write";
	}
	return "a reason that this version of libhpdma does not know";
}

const char *hpdma_error_text(const struct hpdma_error *error, char *text,
			     size_t size)
{
	const char *why = hpdma_why_text(error->why);
	char code[64];

	if (strerror_r(-error->code, code, sizeof(code)))
		snprintf(code, sizeof(code), "errno %d", -error->code);
	snprintf(text, size, "%s: %s%s%s", error->what ? error->what : "hpdma",
		 code, *why ? ": " : "", why);
	return text;
}
