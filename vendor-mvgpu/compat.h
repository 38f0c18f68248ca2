/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What differs between the supported kernels, and nowhere else.
 */
#ifndef MVGPU_COMPAT_H
#define MVGPU_COMPAT_H

#include <linux/huge_mm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/version.h>
#include <linux/vfio.h>

#ifndef kzalloc_obj
#define kzalloc_obj(obj, gfp) kzalloc(sizeof(obj), gfp)
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 17, 0)
#include <linux/pfn_t.h>

static inline vm_fault_t mvgpu_insert_pfn_pmd(struct vm_fault *vmf, unsigned long pfn)
{
	return vmf_insert_pfn_pmd(vmf, __pfn_to_pfn_t(pfn, PFN_DEV), false);
}
#else
static inline vm_fault_t mvgpu_insert_pfn_pmd(struct vm_fault *vmf, unsigned long pfn)
{
	return vmf_insert_pfn_pmd(vmf, pfn, false);
}
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 17, 0)
#define MVGPU_BIN_ATTRIBUTE struct bin_attribute
#else
#define MVGPU_BIN_ATTRIBUTE const struct bin_attribute
#endif

/*
 * Before 6.19 VFIO_DEVICE_GET_REGION_INFO is the driver's own ioctl; since then
 * vfio.ko copies the structure and asks the driver through an op, and the ioctl
 * does not reach the driver.
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 19, 0)
#define MVGPU_REGION_INFO_BY_IOCTL

static inline long mvgpu_region_info_ioctl(struct vfio_device *vdev, void __user *arg,
					   int (*fill)(struct vfio_device *vdev,
						       struct vfio_region_info *info,
						       struct vfio_info_cap *caps))
{
	size_t minsz = offsetofend(struct vfio_region_info, offset);
	struct vfio_region_info info = {};
	struct vfio_info_cap caps = {};
	u32 argsz;
	int ret;

	if (copy_from_user(&info, arg, minsz))
		return -EFAULT;
	if (info.argsz < minsz)
		return -EINVAL;

	ret = fill(vdev, &info, &caps);
	if (!ret && caps.size) {
		argsz = info.argsz;
		info.flags |= VFIO_REGION_INFO_FLAG_CAPS;
		info.argsz = sizeof(info) + caps.size;
		info.cap_offset = 0;
		if (argsz >= info.argsz) {
			vfio_info_cap_shift(&caps, sizeof(info));
			info.argsz = argsz;
			info.cap_offset = sizeof(info);
			if (copy_to_user(arg + sizeof(info), caps.buf, caps.size))
				ret = -EFAULT;
		}
	}
	if (!ret && copy_to_user(arg, &info, minsz))
		ret = -EFAULT;
	kfree(caps.buf);
	return ret;
}
#endif

#endif /* MVGPU_COMPAT_H */
