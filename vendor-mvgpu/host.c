// SPDX-License-Identifier: GPL-2.0-only
/*
 * mvgpu_host: a vGPU for the host itself.
 *
 * Bound to the mdev instead of the VFIO driver, it offers the vGPU's VRAM as the
 * file "vram" of the mdev, to be read, written and mapped as the BARs of a PCI
 * device are from their resource files.  It is a driver of the kernel's: it does
 * not let user space decide where the device reads and writes, so the mdev core
 * keeps it away from isolation units in which VFIO does.
 *
 * The mappings and the accesses under way are sysfs' to look after: when the file
 * is removed it ends them all.  Its mappings have no huge pages, so that, unlike
 * with VFIO's (vram.c), memory can be freed once they have been taken away.
 */
#include <linux/slab.h>
#include <linux/sysfs.h>

#include "mvgpu.h"

/**
 * struct mvgpu_host - what the driver has of a vGPU that it is bound to
 * @gpu: the vGPU
 * @vram: the file
 */
struct mvgpu_host {
	struct mvgpu_device *gpu;
	struct bin_attribute vram;
};

static ssize_t mvgpu_host_read(struct file *file, struct kobject *kobj,
			       MVGPU_BIN_ATTRIBUTE *attr, char *buf, loff_t offset, size_t count)
{
	struct mvgpu_host *host = attr->private;
	int ret;

	/* sysfs has cut off what is beyond the size. */
	ret = mvgpu_vram_copy(&host->gpu->vram, offset, buf, count, false);
	return ret ?: count;
}

static ssize_t mvgpu_host_write(struct file *file, struct kobject *kobj,
				MVGPU_BIN_ATTRIBUTE *attr, char *buf, loff_t offset, size_t count)
{
	struct mvgpu_host *host = attr->private;
	int ret;

	ret = mvgpu_vram_copy(&host->gpu->vram, offset, buf, count, true);
	return ret ?: count;
}

static int mvgpu_host_mmap(struct file *file, struct kobject *kobj, MVGPU_BIN_ATTRIBUTE *attr,
			   struct vm_area_struct *vma)
{
	struct mvgpu_host *host = attr->private;
	u64 pages = attr->size >> PAGE_SHIFT;

	if (!(vma->vm_flags & VM_SHARED) || vma->vm_pgoff >= pages ||
	    vma_pages(vma) > pages - vma->vm_pgoff)
		return -EINVAL;
	vm_flags_set(vma, VM_PFNMAP | VM_DONTEXPAND | VM_DONTDUMP);
	vma->vm_private_data = host->gpu;
	vma->vm_ops = &mvgpu_vram_vm_ops;
	return 0;
}

/**
 * mvgpu_host_add() - give a vGPU to the host
 * @gpu: a vGPU that no driver works with
 *
 * Context: process, may sleep.
 * Return: 0 or a negative error.
 */
int mvgpu_host_add(struct mvgpu_device *gpu)
{
	struct mvgpu_host *host;
	int ret;

	host = kzalloc_obj(*host, GFP_KERNEL);
	if (!host)
		return -ENOMEM;
	host->gpu = gpu;
	sysfs_bin_attr_init(&host->vram);
	host->vram.attr.name = "vram";
	host->vram.attr.mode = 0600;
	host->vram.size = gpu->type->desc->config.vram_size;
	host->vram.private = host;
	host->vram.read = mvgpu_host_read;
	host->vram.write = mvgpu_host_write;
	host->vram.mmap = mvgpu_host_mmap;

	gpu->host = host;
	ret = sysfs_create_bin_file(&mdev_dev(gpu->mdev)->kobj, &host->vram);
	if (ret)
		kfree(host);
	return ret;
}

/**
 * mvgpu_host_remove() - take the vGPU away from the host again
 * @gpu: a vGPU that mvgpu_host_add() has added
 *
 * What the host has stored in VRAM is gone.
 *
 * Context: process; sleeps until accesses under way have ended.
 */
void mvgpu_host_remove(struct mvgpu_device *gpu)
{
	struct mvgpu_host *host = gpu->host;

	sysfs_remove_bin_file(&mdev_dev(gpu->mdev)->kobj, &host->vram);
	mvgpu_vram_free(&gpu->vram);
	kfree(host);
}
