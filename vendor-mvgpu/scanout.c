// SPDX-License-Identifier: GPL-2.0-only
/*
 * The picture, as a VMM gets it: VFIO_DEVICE_QUERY_GFX_PLANE with a region
 * plane.
 *
 * A VMM maps the region that the query names and draws from its start, so the
 * mapping of a scan-out region is of those pages of VRAM where the picture is
 * at the moment.  The guest moves it at will; nothing follows until the VMM
 * asks again.  Then
 *  - a picture of the same shape elsewhere (a page flip) keeps its region: the
 *    mapping is zapped and faults in the other pages;
 *  - a new shape goes to the other of two regions: a VMM that compares only
 *    width and height would otherwise not notice a new stride;
 *  - a picture that does not start at a page cannot be mapped: a copy is shown,
 *    made anew by each query.  So a guest can make its VMM pay for VRAM twice.
 */
#include <linux/vmalloc.h>
#include <drm/drm_fourcc.h>
#include <drm/drm_plane.h>

#include "mvgpu.h"

/**
 * mvgpu_scanout_init() - no picture yet
 * @view: zeroed memory
 */
void mvgpu_scanout_init(struct mvgpu_scanout_view *view)
{
	mutex_init(&view->lock);
}

static u64 mvgpu_scanout_bytes(const struct mvgpu_scanout *scanout)
{
	return (u64)scanout->stride * scanout->height;
}

static bool mvgpu_scanout_same_shape(const struct mvgpu_scanout *a, const struct mvgpu_scanout *b)
{
	return a->width == b->width && a->height == b->height && a->stride == b->stride;
}

static u64 mvgpu_scanout_region(unsigned int window)
{
	return MVGPU_INDEX_TO_OFFSET(MVGPU_REGION_SCANOUT + window);
}

static void mvgpu_scanout_zap(struct mvgpu_device *gpu)
{
	lockdep_assert_held(&gpu->view.lock);
	unmap_mapping_range(gpu->vfio->vdev.inode->i_mapping, mvgpu_scanout_region(0),
			    MVGPU_INDEX_TO_OFFSET(MVGPU_VFIO_NUM_SCANOUTS), true);
}

static void mvgpu_scanout_free_shadow(struct mvgpu_scanout_view *view)
{
	vfree(view->shadow);
	view->shadow = NULL;
	view->shadow_size = 0;
}

/**
 * mvgpu_scanout_forget() - forget the picture
 * @view: of a vGPU that is being closed: there are no mappings any more
 *
 * Context: process, may sleep.
 */
void mvgpu_scanout_forget(struct mvgpu_scanout_view *view)
{
	guard(mutex)(&view->lock);
	mvgpu_scanout_free_shadow(view);
	view->shown = (struct mvgpu_scanout) {};
	view->window = 0;
}

/**
 * mvgpu_scanout_blank() - the picture went with the VRAM's content
 * @gpu: a vGPU that has been reset
 *
 * What the VMM has mapped stays mapped: it may look at it until it asks again.
 *
 * Context: process, may sleep.
 */
void mvgpu_scanout_blank(struct mvgpu_device *gpu)
{
	guard(mutex)(&gpu->view.lock);
	if (gpu->view.shadow)
		memset(gpu->view.shadow, 0, gpu->view.shadow_size);
}

/* Show @now, which is not what the view has. */
static int mvgpu_scanout_move(struct mvgpu_device *gpu, const struct mvgpu_scanout *now)
{
	struct mvgpu_scanout_view *view = &gpu->view;
	size_t size = PAGE_ALIGNED(now->offset) ? 0 : PAGE_ALIGN(mvgpu_scanout_bytes(now));
	void *shadow = NULL;

	lockdep_assert_held(&view->lock);

	if (size && size != view->shadow_size) {
		shadow = __vmalloc(size, GFP_KERNEL_ACCOUNT | __GFP_ZERO | __GFP_NOWARN);
		if (!shadow)
			return -ENOMEM;
	}
	mvgpu_scanout_zap(gpu);
	if (size != view->shadow_size) {
		mvgpu_scanout_free_shadow(view);
		view->shadow = shadow;
		view->shadow_size = size;
	}
	if (view->shown.width && !mvgpu_scanout_same_shape(&view->shown, now))
		view->window = (view->window + 1) % MVGPU_VFIO_NUM_SCANOUTS;
	view->shown = *now;
	return 0;
}

/* Let the view follow the guest. */
static int mvgpu_scanout_update(struct mvgpu_device *gpu, const struct mvgpu_scanout *now)
{
	struct mvgpu_scanout_view *view = &gpu->view;
	int ret;

	if (view->shown.offset != now->offset ||
	    !mvgpu_scanout_same_shape(&view->shown, now)) {
		ret = mvgpu_scanout_move(gpu, now);
		if (ret)
			return ret;
	}
	if (!view->shadow)
		return 0;
	return mvgpu_vram_copy(&gpu->vram, now->offset, view->shadow, mvgpu_scanout_bytes(now),
			       false);
}

static int mvgpu_scanout_plane(struct mvgpu_device *gpu, struct vfio_device_gfx_plane_info *plane)
{
	struct mvgpu_scanout now;
	int ret;

	*plane = (struct vfio_device_gfx_plane_info) {
		.argsz = plane->argsz,
		.flags = plane->flags,
		.drm_plane_type = plane->drm_plane_type,
		.x_hot = U32_MAX,
		.y_hot = U32_MAX,
	};
	/* The cursor, if there is one, is part of the picture. */
	if (plane->drm_plane_type == DRM_PLANE_TYPE_CURSOR ||
	    !mvgpu_scanout_get(&gpu->model, &now))
		return 0;

	guard(mutex)(&gpu->view.lock);
	ret = mvgpu_scanout_update(gpu, &now);
	if (ret)
		return ret;

	plane->drm_format = DRM_FORMAT_XRGB8888;
	plane->drm_format_mod = DRM_FORMAT_MOD_LINEAR;
	plane->width = now.width;
	plane->height = now.height;
	plane->stride = now.stride;
	plane->size = PAGE_ALIGN(mvgpu_scanout_bytes(&now));
	plane->region_index = MVGPU_REGION_SCANOUT + gpu->view.window;
	return 0;
}

/**
 * mvgpu_scanout_query() - VFIO_DEVICE_QUERY_GFX_PLANE
 * @gpu: the vGPU
 * @arg: user memory
 *
 * Context: process, may sleep.
 * Return: 0; -EINVAL for all but region planes, -EFAULT, -ENOMEM.
 */
long mvgpu_scanout_query(struct mvgpu_device *gpu, void __user *arg)
{
	size_t minsz = offsetofend(struct vfio_device_gfx_plane_info, region_index);
	struct vfio_device_gfx_plane_info plane = {};
	int ret;

	if (copy_from_user(&plane, arg, minsz))
		return -EFAULT;
	if (plane.argsz < minsz)
		return -EINVAL;
	if (plane.flags == (VFIO_GFX_PLANE_TYPE_PROBE | VFIO_GFX_PLANE_TYPE_REGION))
		return 0;
	/* QEMU asks for the region plane with type 0, which says overlay. */
	if (plane.flags != VFIO_GFX_PLANE_TYPE_REGION ||
	    plane.drm_plane_type > DRM_PLANE_TYPE_CURSOR)
		return -EINVAL;

	ret = mvgpu_scanout_plane(gpu, &plane);
	if (ret)
		return ret;
	return copy_to_user(arg, &plane, minsz) ? -EFAULT : 0;
}

/* Whether @window shows something at @offset. */
static bool mvgpu_scanout_shows(const struct mvgpu_scanout_view *view, unsigned int window,
				u64 offset)
{
	return view->shown.width && window == view->window &&
	       (!view->shadow || offset < view->shadow_size);
}

/**
 * mvgpu_scanout_copy() - read a scan-out region
 * @gpu: the vGPU
 * @window: which of them
 * @offset: from the start of the picture
 * @buf: kernel memory
 * @len: bytes, in one page
 *
 * Context: process, may sleep.
 * Return: 0, or -EINVAL where the region shows nothing.
 */
int mvgpu_scanout_copy(struct mvgpu_device *gpu, unsigned int window, u64 offset, void *buf,
		       size_t len)
{
	struct mvgpu_scanout_view *view = &gpu->view;
	u64 vram_size = gpu->type->desc->config.vram_size;

	guard(mutex)(&view->lock);
	if (!mvgpu_scanout_shows(view, window, offset))
		return -EINVAL;
	if (view->shadow) {
		memcpy(buf, view->shadow + offset, len);
		return 0;
	}
	if (view->shown.offset + offset + len > vram_size)
		return -EINVAL;
	return mvgpu_vram_copy(&gpu->vram, view->shown.offset + offset, buf, len, false);
}

static vm_fault_t mvgpu_scanout_fault(struct vm_fault *vmf)
{
	struct mvgpu_device *gpu = vmf->vma->vm_private_data;
	struct mvgpu_scanout_view *view = &gpu->view;
	u64 pos = (u64)vmf->pgoff << PAGE_SHIFT;
	unsigned int window = (pos >> MVGPU_OFFSET_SHIFT) - MVGPU_REGION_SCANOUT;
	u64 offset = pos & MVGPU_OFFSET_MASK;
	vm_fault_t ret;

	guard(mutex)(&view->lock);
	if (!mvgpu_scanout_shows(view, window, offset))
		return VM_FAULT_SIGBUS;
	if (view->shadow)
		ret = vmf_insert_pfn(vmf->vma, vmf->address & PAGE_MASK,
				     vmalloc_to_pfn(view->shadow + offset));
	else
		ret = mvgpu_vram_map(&gpu->vram, vmf,
				     (view->shown.offset + offset) >> PAGE_SHIFT, 0);
	if (ret == VM_FAULT_NOPAGE)
		this_cpu_inc(gpu->stats->faults);
	return ret;
}

const struct vm_operations_struct mvgpu_scanout_vm_ops = {
	.fault = mvgpu_scanout_fault,
};
