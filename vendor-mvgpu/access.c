// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reads, writes and mappings of the device's regions.
 *
 * A region is either an image of the model, VRAM, or a window on the picture; a
 * table says which.  BAR 2 is two images: registers, and behind them the pages
 * that the driver shares with the device, which are memory (shared.c).
 */
#include <linux/nospec.h>
#include <linux/sched/signal.h>

#include "mvgpu.h"

enum mvgpu_region_kind {
	MVGPU_REGION_NONE,
	MVGPU_REGION_IMAGE,
	MVGPU_REGION_VRAM,
	MVGPU_REGION_WINDOW,
};

/*
 * @size is of a region of images, @image_size of the first of them; the others are
 * as large as VRAM.
 */
struct mvgpu_region {
	enum mvgpu_region_kind kind;
	enum mvgpu_image image;
	u32 image_size;
	u32 size;
};

static const struct mvgpu_region mvgpu_regions[MVGPU_NUM_REGIONS] = {
	[VFIO_PCI_BAR0_REGION_INDEX] = { MVGPU_REGION_VRAM },
	[VFIO_PCI_BAR2_REGION_INDEX] = {
		MVGPU_REGION_IMAGE, MVGPU_IMAGE_REGS, MVGPU_TRAPPED_SIZE, MVGPU_REGS_SIZE
	},
	[VFIO_PCI_BAR4_REGION_INDEX] = {
		MVGPU_REGION_IMAGE, MVGPU_IMAGE_MSIX, MVGPU_MSIX_SIZE, MVGPU_MSIX_SIZE
	},
	[VFIO_PCI_CONFIG_REGION_INDEX] = {
		MVGPU_REGION_IMAGE, MVGPU_IMAGE_CONFIG, MVGPU_PCI_CONFIG_SIZE,
		MVGPU_PCI_CONFIG_SIZE
	},
	[MVGPU_REGION_SCANOUT] = { MVGPU_REGION_WINDOW },
	[MVGPU_REGION_SCANOUT + 1] = { MVGPU_REGION_WINDOW },
};

/* One bounce, on the stack.  Cut at multiples of it, so that no register is cut in two. */
#define MVGPU_BOUNCE	64

/**
 * mvgpu_region_size() - bytes of a region
 * @gpu: the vGPU
 * @index: VFIO's, less than MVGPU_NUM_REGIONS
 *
 * Context: any.
 * Return: the size, 0 for a region that the device does not have.
 */
u64 mvgpu_region_size(const struct mvgpu_device *gpu, unsigned int index)
{
	const struct mvgpu_region *region = &mvgpu_regions[index];

	switch (region->kind) {
	case MVGPU_REGION_IMAGE:
		return region->size;
	case MVGPU_REGION_VRAM:
	case MVGPU_REGION_WINDOW:
		return gpu->type->desc->config.vram_size;
	case MVGPU_REGION_NONE:
		break;
	}
	return 0;
}

/* Which image of a region is at @offset, and where in it. */
static enum mvgpu_image mvgpu_region_image(const struct mvgpu_region *region, u64 *offset)
{
	if (*offset < region->image_size)
		return region->image;
	*offset -= region->image_size;
	return MVGPU_IMAGE_SHARED;
}

static int mvgpu_region_read(struct mvgpu_device *gpu, unsigned int index, u64 offset, void *buf,
			     size_t len)
{
	const struct mvgpu_region *region = &mvgpu_regions[index];
	enum mvgpu_image image;

	switch (region->kind) {
	case MVGPU_REGION_IMAGE:
		image = mvgpu_region_image(region, &offset);
		return mvgpu_image_read(&gpu->model, image, offset, buf, len);
	case MVGPU_REGION_VRAM:
		return mvgpu_vram_copy(&gpu->vram, offset, buf, len, false);
	case MVGPU_REGION_WINDOW:
		return mvgpu_scanout_copy(gpu, index - MVGPU_REGION_SCANOUT, offset, buf, len);
	case MVGPU_REGION_NONE:
		break;
	}
	return -EINVAL;
}

static int mvgpu_region_write(struct mvgpu_device *gpu, unsigned int index, u64 offset, void *buf,
			      size_t len)
{
	const struct mvgpu_region *region = &mvgpu_regions[index];
	enum mvgpu_image image;

	switch (region->kind) {
	case MVGPU_REGION_IMAGE:
		image = mvgpu_region_image(region, &offset);
		return mvgpu_image_write(&gpu->model, image, offset, buf, len);
	case MVGPU_REGION_VRAM:
		return mvgpu_vram_copy(&gpu->vram, offset, buf, len, true);
	case MVGPU_REGION_WINDOW:
	case MVGPU_REGION_NONE:
		break;
	}
	return -EINVAL;
}

/* Where an access may go: the region and how much of @count is inside it, or -EINVAL. */
static ssize_t mvgpu_access_clip(const struct mvgpu_device *gpu, loff_t pos, size_t count,
				 unsigned int *index)
{
	u64 offset = pos & MVGPU_OFFSET_MASK;
	u64 size;

	if ((u64)pos >> MVGPU_OFFSET_SHIFT >= MVGPU_NUM_REGIONS)
		return -EINVAL;
	*index = array_index_nospec(pos >> MVGPU_OFFSET_SHIFT, MVGPU_NUM_REGIONS);
	size = mvgpu_region_size(gpu, *index);
	if (offset >= size)
		return -EINVAL;
	return min_t(u64, count, size - offset);
}

static size_t mvgpu_bounce_len(loff_t pos, size_t left)
{
	return min_t(size_t, left, MVGPU_BOUNCE - (pos & (MVGPU_BOUNCE - 1)));
}

/* Out of line, so that the short way does not pay for the bounce buffer. */
static noinline ssize_t mvgpu_read_slow(struct mvgpu_device *gpu, char __user *buf, size_t count,
					loff_t *ppos)
{
	u8 bounce[MVGPU_BOUNCE] __aligned(8);
	unsigned int index;
	size_t done, len;
	ssize_t clipped;
	int ret;

	clipped = mvgpu_access_clip(gpu, *ppos, count, &index);
	if (clipped < 0)
		return clipped;

	for (done = 0; done < clipped; done += len) {
		len = mvgpu_bounce_len(*ppos, clipped - done);
		ret = mvgpu_region_read(gpu, index, *ppos & MVGPU_OFFSET_MASK, bounce, len);
		if (!ret && copy_to_user(buf + done, bounce, len))
			ret = -EFAULT;
		if (ret)
			return done ?: ret;
		*ppos += len;
	}
	return done;
}

static noinline ssize_t mvgpu_write_slow(struct mvgpu_device *gpu, const char __user *buf,
					 size_t count, loff_t *ppos)
{
	u8 bounce[MVGPU_BOUNCE] __aligned(8);
	unsigned int index;
	size_t done, len;
	ssize_t clipped;
	int ret;

	clipped = mvgpu_access_clip(gpu, *ppos, count, &index);
	if (clipped < 0)
		return clipped;

	for (done = 0; done < clipped; done += len) {
		len = mvgpu_bounce_len(*ppos, clipped - done);
		if (copy_from_user(bounce, buf + done, len))
			return done ?: -EFAULT;
		ret = mvgpu_region_write(gpu, index, *ppos & MVGPU_OFFSET_MASK, bounce, len);
		if (ret)
			return done ?: ret;
		*ppos += len;
	}
	return done;
}

/*
 * Where an access goes that is one aligned word of a region's first image: which, and
 * @offset in it.  MVGPU_NUM_IMAGES for any other access.
 */
static enum mvgpu_image mvgpu_word_image(loff_t pos, size_t count, u32 *offset)
{
	u64 index = (u64)pos >> MVGPU_OFFSET_SHIFT;
	const struct mvgpu_region *region;

	if (count != sizeof(u32) || pos & 3 || index >= MVGPU_NUM_REGIONS)
		return MVGPU_NUM_IMAGES;
	region = &mvgpu_regions[array_index_nospec(index, MVGPU_NUM_REGIONS)];
	/* Only images have a size in the table. */
	if ((pos & MVGPU_OFFSET_MASK) >= region->image_size)
		return MVGPU_NUM_IMAGES;
	*offset = array_index_nospec(pos & MVGPU_OFFSET_MASK, region->image_size);
	return region->image;
}

/**
 * mvgpu_vfio_read() - vfio_device_ops.read
 * @vdev: the vGPU's
 * @buf: user memory
 * @count: bytes, any number
 * @ppos: region and offset, any alignment; advanced by what was read
 *
 * An aligned read of four bytes of config space or registers, the access of a
 * trapping guest, takes no lock.
 *
 * Context: process, may sleep.
 * Return: bytes read, less than @count where the region ends; -EINVAL outside
 * of any region and in a scan-out region that shows nothing, -EFAULT.
 */
ssize_t mvgpu_vfio_read(struct vfio_device *vdev, char __user *buf, size_t count, loff_t *ppos)
{
	struct mvgpu_device *gpu = to_mvgpu_device(vdev);
	enum mvgpu_image image;
	u32 offset, word;

	this_cpu_inc(gpu->stats->reads);
	image = mvgpu_word_image(*ppos, count, &offset);
	if (image == MVGPU_NUM_IMAGES)
		return mvgpu_read_slow(gpu, buf, count, ppos);

	word = mvgpu_image_read32(&gpu->model, image, offset);
	if (put_user(word, (u32 __user *)buf))
		return -EFAULT;
	*ppos += sizeof(word);
	return sizeof(word);
}

/* Whether a write to @pos may be one that kicks: to a ring, or to what lets the engine work. */
static bool mvgpu_write_may_kick(loff_t pos)
{
	u64 index = (u64)pos >> MVGPU_OFFSET_SHIFT;

	return index == VFIO_PCI_CONFIG_REGION_INDEX ||
	       (index == VFIO_PCI_BAR2_REGION_INDEX &&
		(pos & MVGPU_OFFSET_MASK) >= MVGPU_RING_OFFSET);
}

/*
 * A kick has found no thread for the engine, and is tried again with every write.  Where the caller
 * has a signal to handle first, which stops him, and it may have been his kick, his write comes
 * again after that: these registers take the same value twice.
 */
static noinline ssize_t mvgpu_write_kick_again(struct mvgpu_device *gpu, loff_t *ppos, ssize_t done)
{
	if (gpu->card->backend->kick(gpu) != -ERESTARTNOINTR || done <= 0 ||
	    !mvgpu_write_may_kick(*ppos - done))
		return done;
	*ppos -= done;
	return restart_syscall();
}

/**
 * mvgpu_vfio_write() - vfio_device_ops.write
 * @vdev: the vGPU's
 * @buf: user memory
 * @count: bytes, any number
 * @ppos: region and offset, any alignment; advanced by what was written
 *
 * Context: process, may sleep.
 * Return: bytes written, less than @count where the region ends; -EINVAL
 * outside of any region and for what cannot be written, -EFAULT, -ENOMEM for
 * VRAM, -ERESTARTNOINTR.
 */
ssize_t mvgpu_vfio_write(struct vfio_device *vdev, const char __user *buf, size_t count,
			 loff_t *ppos)
{
	struct mvgpu_device *gpu = to_mvgpu_device(vdev);
	enum mvgpu_image image;
	u32 offset, word;
	ssize_t done;

	this_cpu_inc(gpu->stats->writes);
	image = mvgpu_word_image(*ppos, count, &offset);
	if (image == MVGPU_NUM_IMAGES) {
		done = mvgpu_write_slow(gpu, buf, count, ppos);
		goto out;
	}

	if (get_user(word, (const u32 __user *)buf))
		return -EFAULT;
	mvgpu_image_write32(&gpu->model, image, offset, word);
	*ppos += sizeof(word);
	done = sizeof(word);
out:
	if (unlikely(READ_ONCE(gpu->hire_error)))
		done = mvgpu_write_kick_again(gpu, ppos, done);
	return done;
}

/**
 * mvgpu_vfio_mmap() - vfio_device_ops.mmap
 * @vdev: the vGPU's
 * @vma: asked for; must be shared, inside VRAM, the shared pages of BAR 2 or a
 *	scan-out region, and not writable for the latter
 *
 * Context: process, mmap_lock held for writing.
 * Return: 0, or -EINVAL.
 */
int mvgpu_vfio_mmap(struct vfio_device *vdev, struct vm_area_struct *vma)
{
	struct mvgpu_device *gpu = to_mvgpu_device(vdev);
	unsigned long index = vma->vm_pgoff >> (MVGPU_OFFSET_SHIFT - PAGE_SHIFT);
	u64 offset = ((u64)vma->vm_pgoff << PAGE_SHIFT) & MVGPU_OFFSET_MASK;

	if (index >= MVGPU_NUM_REGIONS || !(vma->vm_flags & VM_SHARED))
		return -EINVAL;
	index = array_index_nospec(index, MVGPU_NUM_REGIONS);
	if (offset + (vma->vm_end - vma->vm_start) > mvgpu_region_size(gpu, index))
		return -EINVAL;

	switch (mvgpu_regions[index].kind) {
	case MVGPU_REGION_VRAM:
		vma->vm_ops = &mvgpu_vram_vm_ops;
		break;
	case MVGPU_REGION_IMAGE:
		if (index != VFIO_PCI_BAR2_REGION_INDEX || offset < MVGPU_TAILS_OFFSET)
			return -EINVAL;
		mvgpu_shared_expose(&gpu->model);
		vma->vm_ops = &mvgpu_shared_vm_ops;
		break;
	case MVGPU_REGION_WINDOW:
		if (vma->vm_flags & VM_WRITE)
			return -EINVAL;
		vm_flags_clear(vma, VM_MAYWRITE);
		vma->vm_ops = &mvgpu_scanout_vm_ops;
		break;
	case MVGPU_REGION_NONE:
		return -EINVAL;
	}
	vm_flags_set(vma, VM_PFNMAP | VM_DONTEXPAND | VM_DONTDUMP);
	vma->vm_private_data = gpu;
	return 0;
}
