// SPDX-License-Identifier: MIT
/*
 * Words for kinds and reasons. A reason says what is missing and, where there
 * is one, the remedy.
 */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <string.h>

#include <linux/hpdma.h>

#include <hpdma/types.h>

#define SAME(ours, theirs) \
	_Static_assert((int)(ours) == (int)(theirs), #ours " differs")

SAME(HPDMA_KIND_NONE, HPDMA_ADDR_NONE);
SAME(HPDMA_KIND_PHYS, HPDMA_ADDR_PHYS);
SAME(HPDMA_KIND_IOVA, HPDMA_ADDR_IOVA);
SAME(HPDMA_WHY_NONE, HPDMA_REASON_NONE);
SAME(HPDMA_WHY_MEMLOCK, HPDMA_REASON_MEMLOCK);
SAME(HPDMA_WHY_IDS, HPDMA_REASON_IDS);
SAME(HPDMA_WHY_HUGEPAGES, HPDMA_REASON_HUGEPAGES);
SAME(HPDMA_WHY_CONTIG, HPDMA_REASON_CONTIG);
SAME(HPDMA_WHY_NODE, HPDMA_REASON_NODE);
SAME(HPDMA_WHY_SEGMENT, HPDMA_REASON_SEGMENT);
SAME(HPDMA_WHY_ADDRESS, HPDMA_REASON_ADDRESS);
SAME(HPDMA_WHY_PHYS_RIGHT, HPDMA_REASON_PHYS_RIGHT);
SAME(HPDMA_WHY_PINNING, HPDMA_REASON_PINNING);
SAME(HPDMA_WHY_BOUNCE, HPDMA_REASON_BOUNCE);
SAME(HPDMA_WHY_NOT_ATTACHED, HPDMA_REASON_NOT_ATTACHED);
SAME(HPDMA_WHY_ATTACHED, HPDMA_REASON_ATTACHED);
SAME(HPDMA_WHY_OTHER_HOLDER, HPDMA_REASON_OTHER_HOLDER);
SAME(HPDMA_WHY_NO_INTERRUPT, HPDMA_REASON_NO_INTERRUPT);
SAME(HPDMA_WHY_FSIZE, HPDMA_REASON_FSIZE);
SAME(HPDMA_WHY_QUOTA_BYTES, HPDMA_REASON_QUOTA_BYTES);
SAME(HPDMA_WHY_QUOTA_BUFFERS, HPDMA_REASON_QUOTA_BUFFERS);
SAME(HPDMA_WHY_CGROUP, HPDMA_REASON_CGROUP);
SAME(HPDMA_WHY_SEALS, HPDMA_REASON_SEALS);
SAME(HPDMA_WHY_FILE, HPDMA_REASON_FILE);
SAME(HPDMA_WHY_EXPORTER, HPDMA_REASON_EXPORTER);
SAME(HPDMA_WHY_NAMED, HPDMA_REASON_NAMED);
SAME(HPDMA_WHY_LIST_RIGHT, HPDMA_REASON_LIST_RIGHT);
SAME(HPDMA_WHY_NO_IOMMU, HPDMA_REASON_NO_IOMMU);
SAME(HPDMA_WHY_GROUP, HPDMA_REASON_GROUP);
SAME(HPDMA_WHY_MODE, HPDMA_REASON_MODE);
SAME(HPDMA_WHY_IOVA_RESERVED, HPDMA_REASON_IOVA_RESERVED);
SAME(HPDMA_WHY_IOVA_USED, HPDMA_REASON_IOVA_USED);
SAME(HPDMA_WHY_IOVA_PAGE, HPDMA_REASON_IOVA_PAGE);
SAME(HPDMA_WHY_NO_RESET, HPDMA_REASON_NO_RESET);
SAME(HPDMA_WHY_STUCK, HPDMA_REASON_STUCK);
SAME(HPDMA_WHY_SUSPENDED, HPDMA_REASON_SUSPENDED);

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

const char *hpdma_why_text(uint32_t why)
{
	/* Without default, so that the compiler misses a value for us. */
	switch ((enum hpdma_why)why) {
	case HPDMA_WHY_NONE:
		return "";
	case HPDMA_WHY_MEMLOCK:
		return "the user's limit of locked memory is used up; raise RLIMIT_MEMLOCK (ulimit -l, LimitMEMLOCK=) or give CAP_IPC_LOCK";
	case HPDMA_WHY_IDS:
		return "this context holds as many buffers or mappings as it can; free some";
	case HPDMA_WHY_HUGEPAGES:
		return "too few free huge pages, in the system or in the cgroup; raise vm.nr_hugepages";
	case HPDMA_WHY_CONTIG:
		return "no contiguous run of this length is free, or none can exist; ask for less or use huge pages";
	case HPDMA_WHY_NODE:
		return "the memory obtained is not on the NUMA node asked for";
	case HPDMA_WHY_SEGMENT:
		return "the memory obtained is in shorter segments than asked for";
	case HPDMA_WHY_ADDRESS:
		return "the memory lies above what so few address bits can reach; ask for memory with these address bits";
	case HPDMA_WHY_PHYS_RIGHT:
		return "physical addresses need CAP_SYS_RAWIO, or membership in the group of the module parameter phys_gid, when the node is opened";
	case HPDMA_WHY_PINNING:
		return "this memory cannot be pinned for long: it is a mapping of a device or a file, or not writable";
	case HPDMA_WHY_BOUNCE:
		return "the kernel would copy through bounce buffers instead of letting the device reach this memory";
	case HPDMA_WHY_NOT_ATTACHED:
		return "the device is not attached to a context";
	case HPDMA_WHY_ATTACHED:
		return "the device is attached to a context already";
	case HPDMA_WHY_OTHER_HOLDER:
		return "another program uses this device with other address bits or in another mode";
	case HPDMA_WHY_NO_INTERRUPT:
		return "the device has no such interrupt";
	case HPDMA_WHY_FSIZE:
		return "RLIMIT_FSIZE is below the length, and huge pages are those of a file; raise it (ulimit -f unlimited, LimitFSIZE=infinity)";
	case HPDMA_WHY_QUOTA_BYTES:
		return "the user's quota of bytes is used up; free some or raise the module parameter quota_bytes";
	case HPDMA_WHY_QUOTA_BUFFERS:
		return "the user's quota of buffers is used up; free some or raise the module parameter quota_buffers";
	case HPDMA_WHY_CGROUP:
		return "the memory cgroup is at its limit; raise memory.max";
	case HPDMA_WHY_SEALS:
		return "the file must be sealed against shrinking (F_SEAL_SHRINK) and not against writing";
	case HPDMA_WHY_FILE:
		return "only a memfd or a file of tmpfs or hugetlbfs can be registered";
	case HPDMA_WHY_EXPORTER:
		return "the driver that made this dma-buf refused";
	case HPDMA_WHY_NAMED:
		return "the buffer has a name already; unlink that first";
	case HPDMA_WHY_LIST_RIGHT:
		return "seeing what others hold needs CAP_SYS_ADMIN when the node is opened";
	case HPDMA_WHY_NO_IOMMU:
		return "no IOMMU translates this device's addresses; turn one on (intel_iommu=on, amd_iommu=on) or use physical addresses";
	case HPDMA_WHY_GROUP:
		return "other devices share this one's IOMMU group, so it cannot have translations of its own; use a slot with ACS";
	case HPDMA_WHY_MODE:
		return "the address mode that the device was opened in does not have this";
	case HPDMA_WHY_IOVA_RESERVED:
		return "these addresses are reserved or beyond what the IOMMU or the device can use; see the device's regions";
	case HPDMA_WHY_IOVA_USED:
		return "something is mapped at some of these addresses already";
	case HPDMA_WHY_IOVA_PAGE:
		return "the part begins or ends inside a large page of the IOMMU; unmap whole ones";
	case HPDMA_WHY_NO_RESET:
		return "the kernel knows no way to reset this function alone";
	case HPDMA_WHY_STUCK:
		return "the device does not stop: what it could reach is in quarantine; reset it, or the machine";
	case HPDMA_WHY_SUSPENDED:
		return "the machine was suspended: set the device up again, then resume it";
	case HPDMA_WHY_NO_MODULE:
		return "the node does not exist; load the module (modprobe hpdma)";
	case HPDMA_WHY_NODE_RIGHT:
		return "the node's owner and mode do not let this user open it, or the device is not confined by an IOMMU with interrupt remapping, which needs the module parameter allow_unsafe and CAP_SYS_RAWIO";
	case HPDMA_WHY_NOT_BOUND:
		return "the PCI function is not bound to the hpdma driver";
	case HPDMA_WHY_FOREIGN:
		return "the buffer does not belong to the context of the device";
	case HPDMA_WHY_POLICY:
		return "the thread's NUMA memory policy cannot be changed here (a seccomp filter?)";
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
