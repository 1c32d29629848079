/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Gives old kernels the names of the newest one, so that no other file asks
 * which kernel it is built for. Force-included by Kbuild. One sentence per shim;
 * docs/compat.md says which kernels are tested.
 */
#ifndef HPDMA_COMPAT_H
#define HPDMA_COMPAT_H

#include <linux/version.h>
#include <linux/device.h>
#include <linux/dma-buf.h>
#include <linux/err.h>
#include <linux/eventfd.h>
#include <linux/fs.h>
#include <linux/fs_context.h>
#include <linux/gfp.h>
#include <linux/hugetlb.h>
#include <linux/iommu.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mount.h>
#include <linux/msi.h>
#include <linux/pci.h>
#include <linux/sched/mm.h>
#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 19, 0)
#include <linux/dma-iommu.h>
#endif

/* 6.3 made vm_flags const outside of these helpers. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
static inline void hpdma_vm_flags_mod(struct vm_area_struct *vma,
				      unsigned long set, unsigned long clear)
{
	vma->vm_flags = (vma->vm_flags | set) & ~clear;
}
#else
static inline void hpdma_vm_flags_mod(struct vm_area_struct *vma,
				      unsigned long set, unsigned long clear)
{
	vm_flags_mod(vma, set, clear);
}
#endif

/* 6.4 dropped the owner. */
static inline struct class *hpdma_class_create(const char *name)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 4, 0)
	return class_create(THIS_MODULE, name);
#else
	return class_create(name);
#endif
}

/* 6.8 dropped the count, which everyone gave as 1. */
static inline void hpdma_eventfd_signal(struct eventfd_ctx *ctx)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 8, 0)
	eventfd_signal(ctx, 1);
#else
	eventfd_signal(ctx);
#endif
}

/* 6.8 named the largest page order; 6.4 had made MAX_ORDER inclusive. */
#ifndef MAX_PAGE_ORDER
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 4, 0)
#define MAX_PAGE_ORDER (MAX_ORDER - 1)
#else
#define MAX_PAGE_ORDER MAX_ORDER
#endif
#endif

/*
 * Below 5.11 an accounted page keeps its "kmem" type in the field that counts
 * the mappings of a page mapped to user space: such pages must not be mapped.
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 11, 0)
#define HPDMA_GFP_USER_PAGES GFP_USER
#else
#define HPDMA_GFP_USER_PAGES (GFP_USER | __GFP_ACCOUNT)
#endif

/* 6.8 renamed PCI_IRQ_LEGACY. */
#ifndef PCI_IRQ_INTX
#define PCI_IRQ_INTX PCI_IRQ_LEGACY
#endif

/* 5.14 takes a path, before it took its two halves. */
static inline struct file *hpdma_file_open_root(struct vfsmount *mnt, int flags,
						umode_t mode)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 14, 0)
	return file_open_root(mnt->mnt_root, mnt, ".", flags, mode);
#else
	struct path root = { .mnt = mnt, .dentry = mnt->mnt_root };

	return file_open_root(&root, ".", flags, mode);
#endif
}

/* Somewhere between 6.12 and 7.0 the length was dropped. */
static inline int hpdma_parse_fs_string(struct fs_context *fc, const char *key,
					const char *value)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(7, 0, 0)
	return vfs_parse_fs_string(fc, key, value, strlen(value));
#else
	return vfs_parse_fs_string(fc, key, value);
#endif
}

/* 5.12 added the mount's user namespace to setattr, 6.3 its idmap. */
static inline int hpdma_inode_setattr(struct file *file, struct iattr *attr)
{
	const struct inode_operations *ops = file_inode(file)->i_op;

#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 12, 0)
	return ops->setattr(file->f_path.dentry, attr);
#elif LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
	return ops->setattr(&init_user_ns, file->f_path.dentry, attr);
#else
	return ops->setattr(&nop_mnt_idmap, file->f_path.dentry, attr);
#endif
}

/* Between 6.12 and 7.0 call_mmap() became vfs_mmap(). */
static inline int hpdma_call_mmap(struct file *file, struct vm_area_struct *vma)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(7, 0, 0)
	return call_mmap(file, vma);
#else
	return vfs_mmap(file, vma);
#endif
}

/*
 * Gives the area another file, whose mmap is called; on failure the area has
 * its old file again where that matters. 5.11 added vma_set_file(); before
 * that the caller of a failed mmap puts the file it began with, so the area
 * must hold that one.
 */
static inline int hpdma_mmap_other_file(struct vm_area_struct *vma,
					struct file *file)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 11, 0)
	struct file *old = vma->vm_file;
	int ret;

	vma->vm_file = get_file(file);
	ret = hpdma_call_mmap(file, vma);
	if (ret) {
		vma->vm_file = old;
		fput(file);
		return ret;
	}
	fput(old);
	return 0;
#else
	vma_set_file(vma, file);
	return hpdma_call_mmap(file, vma);
#endif
}

/* The search for an unmapped area lost its mm in steps (6.10, before 7.0). */
static inline unsigned long hpdma_mm_get_area(struct file *file,
					      unsigned long addr,
					      unsigned long len,
					      unsigned long pgoff,
					      unsigned long flags)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 10, 0)
	return current->mm->get_unmapped_area(file, addr, len, pgoff, flags);
#elif LINUX_VERSION_CODE < KERNEL_VERSION(7, 0, 0)
	return mm_get_unmapped_area(current->mm, file, addr, len, pgoff, flags);
#else
	return mm_get_unmapped_area(file, addr, len, pgoff, flags);
#endif
}

/* 5.16 added folios; the index of a compound page is that of its head. */
static inline void hpdma_page_set_index(struct page *head, pgoff_t index)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 16, 0)
	head->index = index;
#else
	page_folio(head)->index = index;
#endif
}

/*
 * Is it in the page cache of a file system that writes pages back? Shared memory
 * and hugetlbfs do not. 5.16 added folios.
 */
static inline bool hpdma_page_is_of_file(struct page *page)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 16, 0)
	page = compound_head(page);
	return !PageAnon(page) && !PageSwapBacked(page) && !PageHuge(page) &&
	       page_mapping(page);
#else
	struct folio *folio = page_folio(page);

	return !folio_test_anon(folio) && !folio_test_swapbacked(folio) &&
	       !folio_test_hugetlb(folio) && folio_mapping(folio);
#endif
}

/* 5.15 unpins a run of pages without an array of them. */
static inline void hpdma_unpin_run(struct page *first, unsigned long count,
				   bool dirty)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 15, 0)
	unsigned long i;

	for (i = 0; i < count; i++) {
		struct page *page = pfn_to_page(page_to_pfn(first) + i);

		unpin_user_pages_dirty_lock(&page, 1, dirty);
	}
#else
	unpin_user_page_range_dirty_lock(first, count, dirty);
#endif
}

/* 6.3 replaced the capability by a question about the group's MSI domain. */
static inline bool hpdma_irq_remapped(struct device *dev)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 1, 0)
	return iommu_capable(dev->bus, IOMMU_CAP_INTR_REMAP);
#elif LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
	return device_iommu_capable(dev, IOMMU_CAP_INTR_REMAP);
#else
	return msi_device_has_isolated_msi(dev);
#endif
}

/* 5.15 lists the ways to reset a function; before there was but one bit. */
static inline bool hpdma_pci_reset_supported(const struct pci_dev *pdev)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 15, 0)
	return pdev->reset_fn;
#else
	return pdev->reset_methods[0];
#endif
}

/* 5.19 moved the domain's operations out of the bus's. */
static inline bool hpdma_iommu_can_flush(struct iommu_domain *domain)
{
	return domain->ops && domain->ops->flush_iotlb_all;
}

/* 6.11 asks for a domain for a device, and says why there is none. */
static inline struct iommu_domain *hpdma_iommu_domain_alloc(struct device *dev)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 11, 0)
	struct iommu_domain *domain = iommu_domain_alloc(dev->bus);

	return domain ? domain : ERR_PTR(-ENOMEM);
#else
	return iommu_paging_domain_alloc(dev);
#endif
}

/* 6.3 lets the caller say who pays for page tables. */
static inline int hpdma_iommu_map(struct iommu_domain *domain,
				  unsigned long iova, phys_addr_t phys,
				  size_t length, int prot)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
	return iommu_map(domain, iova, phys, length, prot);
#else
	return iommu_map(domain, iova, phys, length, prot, GFP_KERNEL_ACCOUNT);
#endif
}

/* Has the kernel map interrupts there; 5.10 declares it elsewhere. */
static inline int hpdma_iommu_map_messages(struct iommu_domain *domain,
					   dma_addr_t base)
{
	return iommu_get_msi_cookie(domain, base);
}

/*
 * Memory that can move is pinned by the attachment of an importer like us, from
 * 6.16 on by its mapping alone.
 */
static inline bool hpdma_dma_buf_pinned_by_map(struct dma_buf *dmabuf)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 16, 0)
	return false;
#else
	return dmabuf->ops->pin;
#endif
}

/* 6.1 has variants that take the dma-buf's lock, where it has to be held. */
static inline struct sg_table *hpdma_dma_buf_map(
	struct dma_buf_attachment *attachment,
	enum dma_data_direction direction)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 1, 0)
	return dma_buf_map_attachment(attachment, direction);
#else
	return dma_buf_map_attachment_unlocked(attachment, direction);
#endif
}

static inline void hpdma_dma_buf_unmap(struct dma_buf_attachment *attachment,
				       struct sg_table *table,
				       enum dma_data_direction direction)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 1, 0)
	dma_buf_unmap_attachment(attachment, table, direction);
#else
	dma_buf_unmap_attachment_unlocked(attachment, table, direction);
#endif
}

/*
 * The exporter's vmap and vunmap, in terms of addresses alone: 5.11 wraps the
 * address in a struct, which 5.18 renamed.
 */
int hpdma_export_vmap(struct dma_buf *dmabuf, void **addr);
void hpdma_export_vunmap(struct dma_buf *dmabuf, void *addr);

#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 11, 0)
static inline void *hpdma_dma_buf_vmap(struct dma_buf *dmabuf)
{
	void *addr;

	return hpdma_export_vmap(dmabuf, &addr) ? NULL : addr;
}

static inline void hpdma_dma_buf_vunmap(struct dma_buf *dmabuf, void *addr)
{
	hpdma_export_vunmap(dmabuf, addr);
}
#else
#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 18, 0)
#define iosys_map dma_buf_map
#define iosys_map_set_vaddr dma_buf_map_set_vaddr
#endif
static inline int hpdma_dma_buf_vmap(struct dma_buf *dmabuf,
				     struct iosys_map *map)
{
	void *addr;
	int ret = hpdma_export_vmap(dmabuf, &addr);

	if (!ret)
		iosys_map_set_vaddr(map, addr);
	return ret;
}

static inline void hpdma_dma_buf_vunmap(struct dma_buf *dmabuf,
					struct iosys_map *map)
{
	hpdma_export_vunmap(dmabuf, map->vaddr);
}
#endif

/* 6.13 takes a string; a namespace that does not exist (5.10) does no harm. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 13, 0)
#define HPDMA_IMPORT_DMA_BUF MODULE_IMPORT_NS(DMA_BUF)
#else
#define HPDMA_IMPORT_DMA_BUF MODULE_IMPORT_NS("DMA_BUF")
#endif

#endif /* HPDMA_COMPAT_H */
