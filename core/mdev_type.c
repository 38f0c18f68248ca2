// SPDX-License-Identifier: GPL-2.0-only
/*
 * mdev types: their directories in sysfs, and the count of their instances
 */
#include <linux/completion.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "compat.h"
#include "mdev_ext.h"
#include "mdev_private.h"

struct mdev_type_attribute {
	struct attribute attr;
	ssize_t (*show)(struct mdev_type *type, char *buf);
	ssize_t (*store)(struct mdev_type *type, const char *buf, size_t count);
};

static struct mdev_type *to_mdev_type(struct kobject *kobj)
{
	return container_of(kobj, struct mdev_type, kobj);
}

/**
 * mdev_instance_get - account a new mdev against its type and its parent
 * @type: the type
 *
 * A parent whose driver has get_available() counts by itself, in create() or
 * probe(), which decide when two creates race for the last instance; it is
 * asked here first, because a probe() that fails is an error in the kernel log.
 * For the others the parent's limit is mdev_driver.max_instances, as in
 * mainline.
 *
 * Context: may sleep, if get_available() does; inside the parent's barrier.
 * Return: 0, or -EUSERS if one of them is full.
 */
int mdev_instance_get(struct mdev_type *type)
{
	struct mdev_type_core *tc = to_mdev_type_core(type);
	struct mdev_parent *parent = type->parent;
	struct mdev_driver *drv = parent->mdev_driver;
	bool available;

	if (!atomic_add_unless(&tc->nr_instances, 1, tc->limit))
		return -EUSERS;
	if (drv->get_available)
		available = drv->get_available(type);
	else
		available = atomic_dec_if_positive(&parent->available_instances) >= 0;
	if (!available) {
		atomic_dec(&tc->nr_instances);
		return -EUSERS;
	}
	atomic_inc(&to_mdev_parent_core(parent)->nr_instances);
	return 0;
}

/**
 * mdev_instance_put - undo mdev_instance_get()
 * @type: the type
 *
 * Context: any.
 */
void mdev_instance_put(struct mdev_type *type)
{
	struct mdev_parent *parent = type->parent;

	atomic_dec(&to_mdev_parent_core(parent)->nr_instances);
	if (!parent->mdev_driver->get_available)
		atomic_inc(&parent->available_instances);
	atomic_dec(&to_mdev_type_core(type)->nr_instances);
}

static ssize_t create_store(struct mdev_type *type, const char *buf,
			    size_t count)
{
	guid_t uuid;
	int ret;

	if (count == UUID_STRING_LEN + 1 && buf[UUID_STRING_LEN] != '\n')
		return -EINVAL;
	if (count < UUID_STRING_LEN || count > UUID_STRING_LEN + 1)
		return -EINVAL;

	ret = guid_parse(buf, &uuid);
	if (ret)
		return ret;

	ret = mdev_device_create(type, &uuid);
	return ret ?: count;
}

static ssize_t device_api_show(struct mdev_type *type, char *buf)
{
	return sysfs_emit(buf, "%s\n", type->parent->mdev_driver->device_api);
}

static ssize_t name_show(struct mdev_type *type, char *buf)
{
	return sysfs_emit(buf, "%s\n", type->pretty_name ?: type->sysfs_name);
}

static ssize_t available_instances_show(struct mdev_type *type, char *buf)
{
	struct mdev_driver *drv = type->parent->mdev_driver;
	struct mdev_type_core *tc = to_mdev_type_core(type);
	unsigned int left = tc->limit - atomic_read(&tc->nr_instances);
	unsigned int parent_left;

	if (drv->get_available)
		parent_left = drv->get_available(type);
	else
		parent_left = atomic_read(&type->parent->available_instances);
	return sysfs_emit(buf, "%u\n", min(left, parent_left));
}

static ssize_t description_show(struct mdev_type *type, char *buf)
{
	return type->parent->mdev_driver->show_description(type, buf);
}

static struct mdev_type_attribute mdev_type_attr_create = __ATTR_WO(create);
static struct mdev_type_attribute mdev_type_attr_device_api =
	__ATTR_RO(device_api);
static struct mdev_type_attribute mdev_type_attr_name = __ATTR_RO(name);
static struct mdev_type_attribute mdev_type_attr_available_instances =
	__ATTR_RO(available_instances);
static struct mdev_type_attribute mdev_type_attr_description =
	__ATTR_RO(description);

static struct attribute *mdev_type_attrs[] = {
	&mdev_type_attr_create.attr,
	&mdev_type_attr_device_api.attr,
	&mdev_type_attr_name.attr,
	&mdev_type_attr_available_instances.attr,
	&mdev_type_attr_description.attr,
	NULL,
};

static umode_t mdev_type_attr_is_visible(struct kobject *kobj,
					 struct attribute *attr, int n)
{
	if (attr == &mdev_type_attr_description.attr &&
	    !to_mdev_type(kobj)->parent->mdev_driver->show_description)
		return 0;
	return attr->mode;
}

static const struct attribute_group mdev_type_group = {
	.attrs = mdev_type_attrs,
	.is_visible = mdev_type_attr_is_visible,
};

static const struct attribute_group *mdev_type_groups[] = {
	&mdev_type_group,
	NULL,
};

static ssize_t mdev_type_attr_show(struct kobject *kobj, struct attribute *attr,
				   char *buf)
{
	struct mdev_type_attribute *type_attr =
		container_of(attr, struct mdev_type_attribute, attr);

	if (!type_attr->show)
		return -EIO;
	return type_attr->show(to_mdev_type(kobj), buf);
}

static ssize_t mdev_type_attr_store(struct kobject *kobj,
				    struct attribute *attr, const char *buf,
				    size_t count)
{
	struct mdev_type_attribute *type_attr =
		container_of(attr, struct mdev_type_attribute, attr);

	if (!type_attr->store)
		return -EIO;
	return type_attr->store(to_mdev_type(kobj), buf, count);
}

static const struct sysfs_ops mdev_type_sysfs_ops = {
	.show = mdev_type_attr_show,
	.store = mdev_type_attr_store,
};

static void mdev_type_release(struct kobject *kobj)
{
	struct mdev_type *type = to_mdev_type(kobj);

	/* From here on the vendor may free @type. */
	complete(&to_mdev_type_core(type)->released);
}

static const struct kobj_type mdev_type_ktype = {
	.sysfs_ops = &mdev_type_sysfs_ops,
	.release = mdev_type_release,
	.default_groups = mdev_type_groups,
};

static void mdev_type_devices_release(struct kobject *kobj)
{
	struct mdev_type_core *tc =
		container_of(kobj, struct mdev_type_core, devices);

	kfree_rcu(tc, rcu);
	mdev_object_put();
}

static const struct kobj_type mdev_type_devices_ktype = {
	.release = mdev_type_devices_release,
};

/* Drops @type's kobject and waits until nobody has it any more. */
static void mdev_type_put_sync(struct mdev_type *type)
{
	struct mdev_type_core *tc = to_mdev_type_core(type);

	kobject_put(&type->kobj);
	wait_for_completion_state(&tc->released, TASK_IDLE);
	type->devices_kobj = NULL;
	type->parent = NULL;
	kobject_put(&tc->devices);
}

static struct mdev_type_core *mdev_type_core_alloc(struct mdev_parent *parent,
						   struct mdev_type *type)
{
	const struct mdev_parent_ops *ops = to_mdev_parent_core(parent)->ops;
	const char *driver = dev_driver_string(parent->dev);
	static const char key[] = "MDEV_TYPE=";
	struct mdev_type_core *tc;
	unsigned int limit = 0;
	size_t size;

	size = strlen(key) + strlen(driver) + 1 + strlen(type->sysfs_name) + 1;
	tc = kzalloc(struct_size(tc, uevent, size), GFP_KERNEL);
	if (!tc)
		return NULL;
	snprintf(tc->uevent, size, "%s%s-%s", key, driver, type->sysfs_name);
	tc->name = tc->uevent + strlen(key);
	mdev_object_get();
	kobject_init(&tc->devices, &mdev_type_devices_ktype);
	init_completion(&tc->released);

	if (ops && ops->type_limit)
		limit = ops->type_limit(type);
	tc->limit = limit && limit < INT_MAX ? limit : INT_MAX;
	return tc;
}

/**
 * mdev_type_add - make a type known to user space
 * @parent: the parent, with its kset registered
 * @type: the type; its names are the vendor's
 *
 * Context: may sleep. The parent's barrier is not open yet, so that nobody
 * creates an mdev before the last type is there.
 * Return: 0 or a negative error.
 */
int mdev_type_add(struct mdev_parent *parent, struct mdev_type *type)
{
	struct mdev_type_core *tc;
	int ret;

	tc = mdev_type_core_alloc(parent, type);
	if (!tc)
		return -ENOMEM;

	/* A parent that is registered again brings the kobjects it had. */
	memset(&type->kobj, 0, sizeof(type->kobj));
	type->kobj.kset = parent->mdev_types_kset;
	type->parent = parent;
	type->devices_kobj = &tc->devices;

	ret = kobject_init_and_add(&type->kobj, &mdev_type_ktype, NULL, "%s",
				   tc->name);
	if (ret)
		goto err_put;

	ret = kobject_add(&tc->devices, &type->kobj, "devices");
	if (ret)
		goto err_del;
	return 0;

err_del:
	kobject_del(&type->kobj);
err_put:
	mdev_type_put_sync(type);
	return ret;
}

/**
 * mdev_type_remove - take a type away from user space
 * @type: the type; has no instances, and nobody enters its parent's barrier
 *
 * When it returns, nothing of the core points to @type.
 *
 * Context: may sleep.
 */
void mdev_type_remove(struct mdev_type *type)
{
	struct mdev_type_core *tc = to_mdev_type_core(type);

	WARN_ON(atomic_read(&tc->nr_instances));
	kobject_del(&tc->devices);
	kobject_del(&type->kobj);
	mdev_type_put_sync(type);
}
