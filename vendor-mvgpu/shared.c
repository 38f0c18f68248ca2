// SPDX-License-Identifier: GPL-2.0-only
/*
 * The pages of BAR 2 that the driver shares with the device: tails and status.
 *
 * They are there as long as the vGPU, and charged to the cgroup of whoever makes
 * it.  Mappings of them are of page frames, and the pages have a reference each, for
 * the reasons that vram.c has.
 */
#include "mvgpu.h"

#define MVGPU_SHARED_PAGES	((unsigned int)(MVGPU_SHARED_SIZE / PAGE_SIZE))

static_assert(IS_ALIGNED(MVGPU_TAILS_OFFSET, PAGE_SIZE) && MVGPU_SHARED_PAGES,
	      "nothing else of BAR 2 is mapped with them");

/**
 * mvgpu_shared_init() - allocate the pages, zeroed
 * @gpu: the vGPU
 *
 * Context: process, may sleep.
 * Return: 0 or -ENOMEM.
 */
int mvgpu_shared_init(struct mvgpu_device *gpu)
{
	unsigned int order = get_order(MVGPU_SHARED_SIZE);

	gpu->shared = alloc_pages(GFP_KERNEL_ACCOUNT | __GFP_ZERO, order);
	if (!gpu->shared)
		return -ENOMEM;
	split_page(gpu->shared, order);
	return 0;
}

/**
 * mvgpu_shared_fini() - free them
 * @gpu: the vGPU; nobody maps them any more
 */
void mvgpu_shared_fini(struct mvgpu_device *gpu)
{
	unsigned int i;

	for (i = 0; i < MVGPU_SHARED_PAGES; i++)
		__free_page(gpu->shared + i);
}

static vm_fault_t mvgpu_shared_fault(struct vm_fault *vmf)
{
	struct mvgpu_device *gpu = vmf->vma->vm_private_data;
	u64 offset = ((u64)vmf->pgoff << PAGE_SHIFT) & MVGPU_OFFSET_MASK;
	unsigned long i = (offset - MVGPU_TAILS_OFFSET) >> PAGE_SHIFT;
	vm_fault_t ret;

	/* A mapping that mremap() has made larger than it was. */
	if (i >= MVGPU_SHARED_PAGES)
		return VM_FAULT_SIGBUS;
	ret = vmf_insert_pfn(vmf->vma, vmf->address & PAGE_MASK, page_to_pfn(gpu->shared + i));
	if (ret == VM_FAULT_NOPAGE)
		this_cpu_inc(gpu->stats->faults);
	return ret;
}

const struct vm_operations_struct mvgpu_shared_vm_ops = {
	.fault = mvgpu_shared_fault,
};
