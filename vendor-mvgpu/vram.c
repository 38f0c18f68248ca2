// SPDX-License-Identifier: GPL-2.0-only
/*
 * VRAM: memory behind BAR 0.
 *
 * It is allocated in chunks of 2 MiB, zeroed, when somebody first touches them,
 * and charged to the cgroup of whoever does: the VMM.  A chunk is one block of
 * pages where the allocator has one, so that a mapping of it is one huge page
 * table entry (where transparent huge pages are not switched off), and single
 * pages, allocated one by one, where it has not.
 *
 * The block is split into pages with a reference each: up to 6.12 KVM takes a
 * reference on every page that it maps into a guest, and the tail pages of a
 * compound page have none to give.
 *
 * Mappings are of page frames (VM_PFNMAP): there is no rmap and no page
 * reference of theirs.  So nothing is freed while there can be one: a reset
 * zeroes the chunks where they are, and they go when the device is closed, which
 * is after the last mapping, because each holds the file.  Taking the mappings
 * away by unmap_mapping_range() would not do: fork() copies a huge entry that it
 * has read before without looking again.
 */
#include <linux/slab.h>

#include "mvgpu.h"

#define MVGPU_CHUNK_ORDER	(MVGPU_CHUNK_SHIFT - PAGE_SHIFT)
#define MVGPU_CHUNK_PAGES	((unsigned int)(MVGPU_CHUNK_SIZE / PAGE_SIZE))

static_assert(MVGPU_CHUNK_SHIFT == PMD_SHIFT, "a chunk is what a huge entry maps");

/**
 * struct mvgpu_chunk - 2 MiB of VRAM
 * @block: first of MVGPU_CHUNK_PAGES adjacent pages, or NULL
 * @pages: as many single ones, each NULL until it is touched; or NULL
 *
 * Both are NULL in a chunk that nobody has touched.  Once set they stay until the device is closed.
 * What is there has been zeroed before it is stored: mvgpu_chunk_find() looks without a lock.
 */
struct mvgpu_chunk {
	struct page *block;
	struct page **pages;
};

static bool mvgpu_chunk_present(const struct mvgpu_chunk *chunk)
{
	return chunk->block || chunk->pages;
}

/* A page of a chunk, NULL if it has not been touched. */
static struct page *mvgpu_chunk_peek(const struct mvgpu_chunk *chunk, unsigned int i)
{
	if (chunk->block)
		return chunk->block + i;
	return chunk->pages ? chunk->pages[i] : NULL;
}

static void mvgpu_chunk_free(struct mvgpu_chunk *chunk)
{
	unsigned int i;

	for (i = 0; i < MVGPU_CHUNK_PAGES; i++) {
		struct page *page = mvgpu_chunk_peek(chunk, i);

		if (page)
			__free_page(page);
	}
	kvfree(chunk->pages);
	*chunk = (struct mvgpu_chunk) {};
	cond_resched();
}

static void mvgpu_chunk_zero(const struct mvgpu_chunk *chunk)
{
	unsigned int i;

	for (i = 0; i < MVGPU_CHUNK_PAGES; i++) {
		struct page *page = mvgpu_chunk_peek(chunk, i);

		if (page)
			clear_page(page_address(page));
	}
	cond_resched();
}

static int mvgpu_chunk_alloc(struct mvgpu_chunk *chunk, gfp_t gfp)
{
	struct page *block, **pages;

	block = alloc_pages((gfp & ~__GFP_RETRY_MAYFAIL) | __GFP_ZERO | __GFP_NORETRY |
			    __GFP_NOWARN, MVGPU_CHUNK_ORDER);
	if (block) {
		split_page(block, MVGPU_CHUNK_ORDER);
		/* Pairs with mvgpu_chunk_find(). */
		smp_store_release(&chunk->block, block);
		return 0;
	}
	pages = kvcalloc(MVGPU_CHUNK_PAGES, sizeof(*pages), gfp);
	/* Pairs with mvgpu_chunk_find(). */
	smp_store_release(&chunk->pages, pages);
	return pages ? 0 : -ENOMEM;
}

/* The page at @vram_page, allocated by @gfp if need be; NULL without memory. */
static struct page *mvgpu_vram_page(struct mvgpu_vram *vram, u64 vram_page, gfp_t gfp)
{
	struct mvgpu_chunk *chunk = &vram->chunks[vram_page >> MVGPU_CHUNK_ORDER];
	unsigned int i = vram_page % MVGPU_CHUNK_PAGES;
	struct page *page;

	lockdep_assert_held(&vram->lock);

	if (!mvgpu_chunk_present(chunk)) {
		if (mvgpu_chunk_alloc(chunk, gfp))
			return NULL;
		WRITE_ONCE(vram->nr_present, vram->nr_present + 1);
	}
	if (!chunk->block && !chunk->pages[i]) {
		page = alloc_page(gfp | __GFP_ZERO | __GFP_NOWARN);
		/* Pairs with mvgpu_chunk_find(). */
		smp_store_release(&chunk->pages[i], page);
	}
	return mvgpu_chunk_peek(chunk, i);
}

/**
 * mvgpu_vram_init() - make an untouched VRAM
 * @vram: zeroed memory
 * @size: bytes, a multiple of 2 MiB
 *
 * Context: process, may sleep.
 * Return: 0 or -ENOMEM.
 */
int mvgpu_vram_init(struct mvgpu_vram *vram, u64 size)
{
	mutex_init(&vram->lock);
	vram->nr_chunks = size >> MVGPU_CHUNK_SHIFT;
	vram->chunks = kvcalloc(vram->nr_chunks, sizeof(*vram->chunks), GFP_KERNEL_ACCOUNT);
	return vram->chunks ? 0 : -ENOMEM;
}

/**
 * mvgpu_vram_free() - free the content: VRAM holds no memory and reads as zero
 * @vram: without mappings or other users
 *
 * Context: process, may sleep.
 */
void mvgpu_vram_free(struct mvgpu_vram *vram)
{
	unsigned int i;

	/* Without mappings, and closed, nobody allocates any. */
	if (!READ_ONCE(vram->nr_present))
		return;
	guard(mutex)(&vram->lock);
	for (i = 0; i < vram->nr_chunks; i++)
		if (mvgpu_chunk_present(&vram->chunks[i]))
			mvgpu_chunk_free(&vram->chunks[i]);
	WRITE_ONCE(vram->nr_present, 0);
}

/**
 * mvgpu_vram_fini() - free it all
 * @vram: without mappings
 */
void mvgpu_vram_fini(struct mvgpu_vram *vram)
{
	mvgpu_vram_free(vram);
	kvfree(vram->chunks);
}

/**
 * mvgpu_vram_zero() - zero the content, under the mappings that there are
 * @vram: the VRAM
 *
 * What somebody writes meanwhile may stay.
 *
 * Context: process, may sleep.
 */
void mvgpu_vram_zero(struct mvgpu_vram *vram)
{
	unsigned int i;

	guard(mutex)(&vram->lock);
	for (i = 0; i < vram->nr_chunks; i++)
		if (mvgpu_chunk_present(&vram->chunks[i]))
			mvgpu_chunk_zero(&vram->chunks[i]);
}

/* One page's share of a copy; a page that nobody touched reads as zero, and stays so. */
static int mvgpu_vram_copy_page(struct mvgpu_vram *vram, u64 offset, void *buf, size_t len,
				bool write)
{
	u64 vram_page = offset >> PAGE_SHIFT;
	struct page *page;

	if (write)
		page = mvgpu_vram_page(vram, vram_page, GFP_KERNEL_ACCOUNT);
	else
		page = mvgpu_chunk_peek(&vram->chunks[vram_page >> MVGPU_CHUNK_ORDER],
					vram_page % MVGPU_CHUNK_PAGES);
	if (!page) {
		if (write)
			return -ENOMEM;
		memset(buf, 0, len);
		return 0;
	}
	if (write)
		memcpy(page_address(page) + offset_in_page(offset), buf, len);
	else
		memcpy(buf, page_address(page) + offset_in_page(offset), len);
	return 0;
}

/**
 * mvgpu_vram_copy() - copy to or from VRAM
 * @vram: the VRAM
 * @offset: byte in it
 * @buf: kernel memory
 * @len: bytes; the range is inside the VRAM, which the caller has checked
 * @write: to VRAM
 *
 * Context: process, may sleep.
 * Return: 0, or -ENOMEM when a chunk that is written could not be allocated.
 */
int mvgpu_vram_copy(struct mvgpu_vram *vram, u64 offset, void *buf, size_t len, bool write)
{
	size_t part;
	int ret;

	guard(mutex)(&vram->lock);
	for (; len; len -= part, offset += part, buf += part) {
		part = min_t(size_t, len, PAGE_SIZE - offset_in_page(offset));
		ret = mvgpu_vram_copy_page(vram, offset, buf, part, write);
		if (ret)
			return ret;
		cond_resched();
	}
	return 0;
}

/* A page of a chunk and those that follow it, without a lock; NULL if it has not been touched. */
static struct page *mvgpu_chunk_find(const struct mvgpu_chunk *chunk, unsigned int i,
				     unsigned int *count)
{
	struct page *block, **pages;

	/* Pairs with mvgpu_chunk_alloc(): what is there has been zeroed. */
	block = smp_load_acquire(&chunk->block);
	if (block) {
		*count = MVGPU_CHUNK_PAGES - i;
		return block + i;
	}
	*count = 1;
	/* Pairs with mvgpu_chunk_alloc(). */
	pages = smp_load_acquire(&chunk->pages);
	/* Pairs with mvgpu_vram_page(). */
	return pages ? smp_load_acquire(&pages[i]) : NULL;
}

/**
 * mvgpu_vram_find() - VRAM for the engine, if there is some
 * @vram: the VRAM
 * @offset: byte in it
 * @len: bytes that are wanted, inside the VRAM; set to those that are there in one piece
 * @write: whether they will be written
 *
 * What nobody has touched is read as zeros that all share.  The memory stays where it is until
 * mvgpu_vram_free().
 *
 * Context: any; takes no lock.
 * Return: where they are; NULL where what is to be written is not there.
 */
void *mvgpu_vram_find(const struct mvgpu_vram *vram, u64 offset, size_t *len, bool write)
{
	unsigned int i = (offset >> PAGE_SHIFT) % MVGPU_CHUNK_PAGES, count;
	struct page *page;
	size_t there;

	page = mvgpu_chunk_find(&vram->chunks[offset >> MVGPU_CHUNK_SHIFT], i, &count);
	if (!page && write)
		return NULL;
	there = count * PAGE_SIZE - offset_in_page(offset);
	*len = min(*len, there);
	return page_address(page ?: ZERO_PAGE(0)) + offset_in_page(offset);
}

/**
 * mvgpu_vram_make() - VRAM for the engine
 * @vram: the VRAM
 * @offset: byte in it
 * @len: bytes that are wanted, inside the VRAM; set to those that are there in one piece
 * @write: whether they will be written
 *
 * As mvgpu_vram_find(), but it is allocated first.  An engine kills nobody for memory: its command
 * fails.
 *
 * Context: process, may sleep.
 * Return: where they are; NULL without memory.
 */
void *mvgpu_vram_make(struct mvgpu_vram *vram, u64 offset, size_t *len, bool write)
{
	mutex_lock(&vram->lock);
	mvgpu_vram_page(vram, offset >> PAGE_SHIFT, GFP_KERNEL_ACCOUNT | __GFP_RETRY_MAYFAIL);
	mutex_unlock(&vram->lock);
	return mvgpu_vram_find(vram, offset, len, write);
}

/*
 * Map the page that the fault is about, and with it what the VMA has of the same
 * chunk, so that one fault does for all of it.  Only the first can fail.
 */
static vm_fault_t mvgpu_chunk_map_pages(const struct mvgpu_chunk *chunk, struct vm_fault *vmf,
					unsigned int i)
{
	struct vm_area_struct *vma = vmf->vma;
	unsigned long addr = vmf->address & PAGE_MASK;
	unsigned long before = min_t(unsigned long, i, (addr - vma->vm_start) >> PAGE_SHIFT);
	struct page *page;
	vm_fault_t ret;

	ret = vmf_insert_pfn(vma, addr, page_to_pfn(mvgpu_chunk_peek(chunk, i)));
	if (ret != VM_FAULT_NOPAGE)
		return ret;

	i -= before;
	addr -= before << PAGE_SHIFT;
	for (; i < MVGPU_CHUNK_PAGES && addr < vma->vm_end; i++, addr += PAGE_SIZE) {
		page = mvgpu_chunk_peek(chunk, i);
		if (page && vmf_insert_pfn(vma, addr, page_to_pfn(page)) != VM_FAULT_NOPAGE)
			break;
	}
	return VM_FAULT_NOPAGE;
}

/* Whether a huge entry may be made: congruent, inside the VMA, nothing there yet. */
static bool mvgpu_huge_fits(struct vm_fault *vmf, unsigned int i)
{
	unsigned long start = vmf->address & PMD_MASK;

	/*
	 * A write to an entry that is there, but read only (clear_refs makes such
	 * ones), needs it replaced: the core does so for single pages.
	 */
	return i == (vmf->address & ~PMD_MASK) >> PAGE_SHIFT &&
	       start >= vmf->vma->vm_start && start + PMD_SIZE <= vmf->vma->vm_end &&
	       !pmd_present(vmf->orig_pmd);
}

/**
 * mvgpu_vram_map() - resolve a fault by a page of VRAM
 * @vram: the VRAM
 * @vmf: the fault, in a VM_PFNMAP mapping
 * @vram_page: which page of VRAM belongs at the fault's address
 * @order: 0, or PMD_ORDER to map a huge page
 *
 * Context: mmap_lock or the VMA's lock held; may sleep.
 * Return: as a fault handler; SIGBUS past the end of VRAM and without memory, OOM
 * without memory for page tables.
 */
vm_fault_t mvgpu_vram_map(struct mvgpu_vram *vram, struct vm_fault *vmf, u64 vram_page,
			  unsigned int order)
{
	unsigned int i = vram_page % MVGPU_CHUNK_PAGES;
	struct mvgpu_chunk *chunk;

	if (vram_page >> MVGPU_CHUNK_ORDER >= vram->nr_chunks)
		return VM_FAULT_SIGBUS;
	if (order && (order != PMD_ORDER || !mvgpu_huge_fits(vmf, i)))
		return VM_FAULT_FALLBACK;

	guard(mutex)(&vram->lock);
	if (!mvgpu_vram_page(vram, vram_page, GFP_KERNEL_ACCOUNT))
		return VM_FAULT_SIGBUS;
	chunk = &vram->chunks[vram_page >> MVGPU_CHUNK_ORDER];
	if (order)
		return IS_ENABLED(CONFIG_ARCH_SUPPORTS_PMD_PFNMAP) && chunk->block ?
		       mvgpu_insert_pfn_pmd(vmf, page_to_pfn(chunk->block)) : VM_FAULT_FALLBACK;
	/* Another CPU may have made it huge since this fault fell back to a page. */
	if (pmd_leaf(pmdp_get_lockless(vmf->pmd)))
		return VM_FAULT_NOPAGE;
	return mvgpu_chunk_map_pages(chunk, vmf, i);
}

static vm_fault_t mvgpu_vram_huge_fault(struct vm_fault *vmf, unsigned int order)
{
	struct mvgpu_device *gpu = vmf->vma->vm_private_data;
	vm_fault_t ret;

	/* BAR 0 is region 0: the mapping's page offset is the page of VRAM. */
	ret = mvgpu_vram_map(&gpu->vram, vmf, vmf->pgoff, order);
	if (ret == VM_FAULT_NOPAGE)
		this_cpu_inc(gpu->stats->faults);
	return ret;
}

static vm_fault_t mvgpu_vram_fault(struct vm_fault *vmf)
{
	return mvgpu_vram_huge_fault(vmf, 0);
}

const struct vm_operations_struct mvgpu_vram_vm_ops = {
	.fault = mvgpu_vram_fault,
#ifdef CONFIG_ARCH_SUPPORTS_PMD_PFNMAP
	.huge_fault = mvgpu_vram_huge_fault,
#endif
};
