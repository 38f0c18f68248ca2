/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What differs between the supported kernels, for the test modules.
 */
#ifndef TEST_MODULES_COMPAT_H
#define TEST_MODULES_COMPAT_H

#include <linux/version.h>
#include <linux/vfio.h>

typedef int (*test_region_info_fn)(struct vfio_device *vdev,
				   struct vfio_region_info *info,
				   struct vfio_info_cap *caps);

/*
 * From 7.0 on vfio.ko takes VFIO_DEVICE_GET_REGION_INFO to pieces and asks the
 * driver through an op.  Before, the driver's ioctl has to do all of it.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(7, 0, 0)

#define TEST_REGION_INFO_OP(fn)	.get_region_info_caps = (fn)

static inline long test_region_info_ioctl(struct vfio_device *vdev,
					  struct vfio_region_info __user *arg,
					  test_region_info_fn fn)
{
	return -ENOTTY;
}

#else

/* No such op to set: an op that nobody has fills the place of its initialiser. */
#define TEST_REGION_INFO_OP(fn)	.device_feature = NULL

static inline long test_region_info_ioctl(struct vfio_device *vdev,
					  struct vfio_region_info __user *arg,
					  test_region_info_fn fn)
{
	unsigned long minsz = offsetofend(struct vfio_region_info, offset);
	struct vfio_region_info info = {};
	struct vfio_info_cap caps = {};
	int ret;

	if (copy_from_user(&info, arg, minsz))
		return -EFAULT;
	if (info.argsz < minsz)
		return -EINVAL;
	ret = fn(vdev, &info, &caps);
	if (ret)
		return ret;
	return copy_to_user(arg, &info, minsz) ? -EFAULT : 0;
}

#endif

#endif /* TEST_MODULES_COMPAT_H */
