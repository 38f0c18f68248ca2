// SPDX-License-Identifier: GPL-2.0-only
/*
 * An empty VFIO mdev driver: the floor of the benchmarks.
 *
 * Each call does what no driver can leave out and nothing else.  A read or
 * write is the copy to or from user space, of a size that the compiler knows;
 * the position is not looked at, so any region "has" a register everywhere.
 * The info calls fill their structs in.  SET_IRQS keeps one eventfd, and
 * signals it.
 */

#include <linux/eventfd.h>
#include <linux/mdev.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/platform_device.h>
#include <linux/vfio.h>

#include "compat.h"

#define NULL_VFIO_NAME		"null_vfio"
#define NULL_VFIO_REGION_SIZE	4096
#define NULL_VFIO_REGION_SHIFT	40
#define NULL_VFIO_WORD		4
#define NULL_VFIO_BLOCK		64

/**
 * struct null_vfio - one empty device
 * @vdev: VFIO's part; first, as vfio_alloc_device() asks
 * @lock: protects @trigger
 * @trigger: what SET_IRQS signals, or NULL
 * @block: what has been written; nobody minds a torn one
 */
struct null_vfio {
	struct vfio_device vdev;
	struct mutex lock;	/* protects trigger */
	struct eventfd_ctx *trigger;
	u8 block[NULL_VFIO_BLOCK];
};

static struct null_vfio *to_null_vfio(struct vfio_device *vdev)
{
	return container_of(vdev, struct null_vfio, vdev);
}

static ssize_t null_vfio_read(struct vfio_device *vdev, char __user *buf,
			      size_t count, loff_t *ppos)
{
	struct null_vfio *null = to_null_vfio(vdev);

	if (count == NULL_VFIO_WORD)
		return copy_to_user(buf, null->block, NULL_VFIO_WORD) ?
			-EFAULT : NULL_VFIO_WORD;
	if (count != NULL_VFIO_BLOCK)
		return -EINVAL;
	return copy_to_user(buf, null->block, NULL_VFIO_BLOCK) ?
		-EFAULT : NULL_VFIO_BLOCK;
}

static ssize_t null_vfio_write(struct vfio_device *vdev, const char __user *buf,
			       size_t count, loff_t *ppos)
{
	struct null_vfio *null = to_null_vfio(vdev);

	if (count == NULL_VFIO_WORD)
		return copy_from_user(null->block, buf, NULL_VFIO_WORD) ?
			-EFAULT : NULL_VFIO_WORD;
	if (count != NULL_VFIO_BLOCK)
		return -EINVAL;
	return copy_from_user(null->block, buf, NULL_VFIO_BLOCK) ?
		-EFAULT : NULL_VFIO_BLOCK;
}

static int null_vfio_region_info(struct vfio_device *vdev,
				 struct vfio_region_info *info,
				 struct vfio_info_cap *caps)
{
	if (info->index >= VFIO_PCI_NUM_REGIONS)
		return -EINVAL;
	info->flags = VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE;
	info->size = NULL_VFIO_REGION_SIZE;
	info->offset = (u64)info->index << NULL_VFIO_REGION_SHIFT;
	return 0;
}

static long null_vfio_device_info(void __user *arg)
{
	unsigned long minsz = offsetofend(struct vfio_device_info, num_irqs);
	struct vfio_device_info info;

	if (copy_from_user(&info, arg, minsz))
		return -EFAULT;
	if (info.argsz < minsz)
		return -EINVAL;
	info.flags = VFIO_DEVICE_FLAGS_PCI;
	info.num_regions = VFIO_PCI_NUM_REGIONS;
	info.num_irqs = 1;
	return copy_to_user(arg, &info, minsz) ? -EFAULT : 0;
}

static long null_vfio_irq_info(void __user *arg)
{
	unsigned long minsz = offsetofend(struct vfio_irq_info, count);
	struct vfio_irq_info info;

	if (copy_from_user(&info, arg, minsz))
		return -EFAULT;
	if (info.argsz < minsz || info.index)
		return -EINVAL;
	info.flags = VFIO_IRQ_INFO_EVENTFD;
	info.count = 1;
	return copy_to_user(arg, &info, minsz) ? -EFAULT : 0;
}

static void null_vfio_set_trigger(struct null_vfio *null,
				  struct eventfd_ctx *trigger)
{
	mutex_lock(&null->lock);
	swap(null->trigger, trigger);
	mutex_unlock(&null->lock);
	if (trigger)
		eventfd_ctx_put(trigger);
}

static long null_vfio_set_irqs(struct null_vfio *null, void __user *arg)
{
	unsigned long minsz = offsetofend(struct vfio_irq_set, count);
	struct eventfd_ctx *trigger;
	struct vfio_irq_set set;
	s32 fd;

	if (copy_from_user(&set, arg, minsz))
		return -EFAULT;

	if (set.flags & VFIO_IRQ_SET_DATA_NONE) {
		mutex_lock(&null->lock);
		if (null->trigger)
			eventfd_signal(null->trigger);
		mutex_unlock(&null->lock);
		return 0;
	}

	if (get_user(fd, (s32 __user *)(arg + minsz)))
		return -EFAULT;
	trigger = eventfd_ctx_fdget(fd);
	if (IS_ERR(trigger))
		return PTR_ERR(trigger);
	null_vfio_set_trigger(null, trigger);
	return 0;
}

static long null_vfio_ioctl(struct vfio_device *vdev, unsigned int cmd,
			    unsigned long arg)
{
	switch (cmd) {
	case VFIO_DEVICE_GET_INFO:
		return null_vfio_device_info((void __user *)arg);
	case VFIO_DEVICE_GET_REGION_INFO:
		return test_region_info_ioctl(vdev, (void __user *)arg,
					      null_vfio_region_info);
	case VFIO_DEVICE_GET_IRQ_INFO:
		return null_vfio_irq_info((void __user *)arg);
	case VFIO_DEVICE_SET_IRQS:
		return null_vfio_set_irqs(to_null_vfio(vdev), (void __user *)arg);
	default:
		return -ENOTTY;
	}
}

static int null_vfio_open_device(struct vfio_device *vdev)
{
	return 0;
}

static void null_vfio_close_device(struct vfio_device *vdev)
{
	null_vfio_set_trigger(to_null_vfio(vdev), NULL);
}

static int null_vfio_init(struct vfio_device *vdev)
{
	mutex_init(&to_null_vfio(vdev)->lock);
	return 0;
}

static const struct vfio_device_ops null_vfio_ops = {
	.name		= NULL_VFIO_NAME,
	.init		= null_vfio_init,
	.open_device	= null_vfio_open_device,
	.close_device	= null_vfio_close_device,
	.read		= null_vfio_read,
	.write		= null_vfio_write,
	.ioctl		= null_vfio_ioctl,
	.bind_iommufd	= vfio_iommufd_emulated_bind,
	.unbind_iommufd	= vfio_iommufd_emulated_unbind,
	.attach_ioas	= vfio_iommufd_emulated_attach_ioas,
	.detach_ioas	= vfio_iommufd_emulated_detach_ioas,
	TEST_REGION_INFO_OP(null_vfio_region_info),
};

static int null_vfio_probe(struct mdev_device *mdev)
{
	struct null_vfio *null;
	int ret;

	null = vfio_alloc_device(null_vfio, vdev, &mdev->dev, &null_vfio_ops);
	if (IS_ERR(null))
		return PTR_ERR(null);
	ret = vfio_register_emulated_iommu_dev(&null->vdev);
	if (ret) {
		vfio_put_device(&null->vdev);
		return ret;
	}
	dev_set_drvdata(&mdev->dev, null);
	return 0;
}

static void null_vfio_remove(struct mdev_device *mdev)
{
	struct null_vfio *null = dev_get_drvdata(&mdev->dev);

	vfio_unregister_group_dev(&null->vdev);
	vfio_put_device(&null->vdev);
}

static struct mdev_driver null_vfio_driver = {
	.device_api	= VFIO_DEVICE_API_PCI_STRING,
	.max_instances	= 16,
	.probe		= null_vfio_probe,
	.remove		= null_vfio_remove,
	.driver		= {
		.name		= NULL_VFIO_NAME,
		.owner		= THIS_MODULE,
		.mod_name	= KBUILD_MODNAME,
	},
};

static struct mdev_type null_vfio_type = {
	.sysfs_name	= "empty",
	.pretty_name	= "Empty device",
};

static struct mdev_type *null_vfio_types[] = { &null_vfio_type };
static struct mdev_parent null_vfio_parent;
static struct platform_device *null_vfio_pdev;

static int __init null_vfio_parent_probe(struct platform_device *pdev)
{
	return mdev_register_parent(&null_vfio_parent, &pdev->dev,
				    &null_vfio_driver, null_vfio_types,
				    ARRAY_SIZE(null_vfio_types));
}

static void null_vfio_parent_remove(struct platform_device *pdev)
{
	mdev_unregister_parent(&null_vfio_parent);
}

static struct platform_driver null_vfio_parent_driver = {
	.remove		= null_vfio_parent_remove,
	.driver.name	= NULL_VFIO_NAME,
};

static int __init null_vfio_module_init(void)
{
	int ret;

	ret = mdev_register_driver(&null_vfio_driver);
	if (ret)
		return ret;
	null_vfio_pdev = platform_create_bundle(&null_vfio_parent_driver,
						null_vfio_parent_probe,
						NULL, 0, NULL, 0);
	if (IS_ERR(null_vfio_pdev)) {
		mdev_unregister_driver(&null_vfio_driver);
		return PTR_ERR(null_vfio_pdev);
	}
	return 0;
}

static void __exit null_vfio_module_exit(void)
{
	platform_device_unregister(null_vfio_pdev);
	platform_driver_unregister(&null_vfio_parent_driver);
	mdev_unregister_driver(&null_vfio_driver);
}

module_init(null_vfio_module_init);
module_exit(null_vfio_module_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Empty VFIO mdev driver, the floor of the benchmarks");
