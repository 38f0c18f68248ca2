// SPDX-License-Identifier: GPL-2.0-only
/*
 * A vGPU as a VFIO device: registered when the VFIO driver is bound to its mdev,
 * opened by a VMM, closed, unregistered.
 *
 * What a guest has left behind goes when its VMM closes the device: the next
 * one finds it as it was created.
 *
 * A device is tied to a VM if KVM had been told of its file (KVM_DEV_VFIO_FILE_ADD)
 * before it was opened.  vfio.ko then holds a reference to the VM, from before
 * open_device() to after close_device(), and vdev->kvm is for that time alone.
 * What KVM is told later changes nothing for an open device.
 */
#include <linux/device.h>

#include "mvgpu.h"

#define CREATE_TRACE_POINTS
#include "mvgpu_trace.h"

static int mvgpu_vfio_check_kvm(const struct mvgpu_device *gpu, const struct vfio_device *vdev)
{
	static struct ratelimit_state limit = MVGPU_RATELIMIT_INIT(limit);

	if (vdev->kvm || !gpu->type->needs_kvm)
		return 0;
	if (__ratelimit(&limit))
		dev_info(vdev->dev,
			 "this type is for KVM guests: KVM must know the device before it is opened\n");
	return -ESRCH;
}

static int mvgpu_vfio_open(struct vfio_device *vdev)
{
	struct mvgpu_device *gpu = to_mvgpu_device(vdev);
	int ret;

	ret = mvgpu_vfio_check_kvm(gpu, vdev);
	trace_mvgpu_open(dev_name(vdev->dev), vdev->kvm, ret);
	if (ret)
		return ret;
	WRITE_ONCE(gpu->kvm, vdev->kvm);
	gpu->card->backend->open(gpu);
	return 0;
}

static void mvgpu_vfio_close(struct vfio_device *vdev)
{
	struct mvgpu_device *gpu = to_mvgpu_device(vdev);

	gpu->card->backend->close(gpu);
	mvgpu_irq_disable_all(gpu);
	mvgpu_reset(&gpu->model);
	mvgpu_shared_hide(&gpu->model);
	mvgpu_dma_close(gpu);
	mvgpu_scanout_forget(&gpu->view);
	mvgpu_vram_free(&gpu->vram);
	trace_mvgpu_close(dev_name(vdev->dev), vdev->kvm, 0);
	WRITE_ONCE(gpu->kvm, MVGPU_KVM_CLOSED);
}

static void mvgpu_vfio_release(struct vfio_device *vdev)
{
	struct mvgpu_vfio *vfio = container_of(vdev, struct mvgpu_vfio, vdev);

	if (vfio->released)
		complete(vfio->released);
}

static const struct vfio_device_ops mvgpu_vfio_ops = {
	.name = "mvgpu",
	.release = mvgpu_vfio_release,
	.open_device = mvgpu_vfio_open,
	.close_device = mvgpu_vfio_close,
	.read = mvgpu_vfio_read,
	.write = mvgpu_vfio_write,
	.mmap = mvgpu_vfio_mmap,
	.ioctl = mvgpu_vfio_ioctl,
#ifndef MVGPU_REGION_INFO_BY_IOCTL
	.get_region_info_caps = mvgpu_vfio_region_info,
#endif
	.request = mvgpu_vfio_request,
	.dma_unmap = mvgpu_vfio_dma_unmap,
	.bind_iommufd = vfio_iommufd_emulated_bind,
	.unbind_iommufd = vfio_iommufd_emulated_unbind,
	.attach_ioas = vfio_iommufd_emulated_attach_ioas,
	.detach_ioas = vfio_iommufd_emulated_detach_ioas,
};

/**
 * mvgpu_vfio_add() - offer a vGPU to user space
 * @gpu: a vGPU that no driver works with
 *
 * Context: process, may sleep.
 * Return: 0 or a negative error.
 */
int mvgpu_vfio_add(struct mvgpu_device *gpu)
{
	struct mvgpu_vfio *vfio;
	int ret;

	vfio = vfio_alloc_device(mvgpu_vfio, vdev, mdev_dev(gpu->mdev), &mvgpu_vfio_ops);
	if (IS_ERR(vfio))
		return PTR_ERR(vfio);
	vfio->gpu = gpu;
	gpu->vfio = vfio;

	ret = vfio_register_emulated_iommu_dev(&vfio->vdev);
	if (ret)
		vfio_put_device(&vfio->vdev);
	return ret;
}

/**
 * mvgpu_vfio_remove() - take the vGPU away from user space again
 * @gpu: a vGPU that mvgpu_vfio_add() has added
 *
 * Context: process; sleeps until the last user has closed the device, and nobody
 * refers to it any more.
 */
void mvgpu_vfio_remove(struct mvgpu_device *gpu)
{
	DECLARE_COMPLETION_ONSTACK(released);
	struct vfio_device *vdev = &gpu->vfio->vdev;

	gpu->vfio->released = &released;
	vfio_unregister_group_dev(vdev);
	/*
	 * Who is about to open the device's file may still hold a reference, and the
	 * last one to go needs the ops, which go with the module.
	 */
	vfio_put_device(vdev);
	wait_for_completion(&released);
}
