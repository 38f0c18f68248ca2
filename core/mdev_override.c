// SPDX-License-Identifier: GPL-2.0-only
/*
 * The driver_override attribute of an mdev, for kernels whose bus type does not
 * bring it
 */
#include <linux/device.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "mdev_private.h"

void mdev_override_init(struct mdev_override *override)
{
	spin_lock_init(&override->lock);
}

void mdev_override_free(struct mdev_override *override)
{
	kfree(override->name);
}

/*
 * Whether @drv is the one that @dev is to be bound to, or -1 if @dev takes any.
 * Called with and without the device lock.
 */
int mdev_override_match(struct device *dev, const struct device_driver *drv)
{
	struct mdev_override *override = &dev_to_mdev_core(dev)->override;
	int match = -1;

	spin_lock(&override->lock);
	if (override->name)
		match = !strcmp(override->name, drv->name);
	spin_unlock(&override->lock);
	return match;
}

static ssize_t driver_override_show(struct device *dev,
				    struct device_attribute *attr, char *buf)
{
	struct mdev_override *override = &dev_to_mdev_core(dev)->override;
	ssize_t len;

	spin_lock(&override->lock);
	len = sysfs_emit(buf, "%s\n", override->name);
	spin_unlock(&override->lock);
	return len;
}

static ssize_t driver_override_store(struct device *dev,
				     struct device_attribute *attr,
				     const char *buf, size_t count)
{
	struct mdev_override *override = &dev_to_mdev_core(dev)->override;
	size_t len = strchrnul(buf, '\n') - buf;
	char *name = NULL;

	/* One page is what the attribute can show. */
	if (count >= PAGE_SIZE - 1)
		return -EINVAL;
	if (len) {
		name = kstrndup(buf, len, GFP_KERNEL);
		if (!name)
			return -ENOMEM;
	}
	spin_lock(&override->lock);
	swap(override->name, name);
	spin_unlock(&override->lock);
	kfree(name);
	return count;
}

static DEVICE_ATTR_RW(driver_override);

static struct attribute *mdev_override_attrs[] = {
	&dev_attr_driver_override.attr,
	NULL,
};

static const struct attribute_group mdev_override_group = {
	.attrs = mdev_override_attrs,
};

const struct attribute_group *mdev_override_groups[] = {
	&mdev_override_group,
	NULL,
};
