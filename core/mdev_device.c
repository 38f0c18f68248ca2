// SPDX-License-Identifier: GPL-2.0-only
/*
 * mdevs: the order in which they come to life and leave it
 *
 * An mdev is made in steps. The first ones need no undoing in sysfs: the barrier
 * of the parent is entered, the UUID reserved, the instance accounted, the
 * struct device initialised. The others are the table mdev_steps[] below. A
 * create walks down the table; a step that fails makes it walk back up, from
 * the step before; a remove walks up from the end. So removal is the mirror of
 * creation by construction, and there is one place to read the order from.
 *
 * Who owns an mdev is its state. The creator owns it while it is MDEV_CREATING.
 * Making it MDEV_ACTIVE gives it to everybody, and the one who manages to move
 * it on to MDEV_REMOVING, by compare-and-exchange, is the only one who takes it
 * apart: either a writer of "remove" or an unregister of the parent. A writer
 * that comes second, or too early, gets -EAGAIN and has changed nothing; above
 * all it has not taken the attribute away, which only the winner does.
 *
 * Uevents are suppressed until the mdev is active. A create that fails is never
 * heard of, and whoever hears "add" finds the device complete.
 *
 * The state changes to MDEV_ACTIVE, and "add" and "bind" are sent, under the
 * device lock. A remover that has claimed the device meanwhile needs that lock
 * for its first step that sends an event, so "unbind" and "remove" follow "add".
 */
#include <linux/device.h>
#include <linux/slab.h>
#include <linux/sysfs.h>
#include <linux/workqueue.h>

#include "compat.h"
#include "mdev_ext.h"
#include "mdev_private.h"
#include "mdev_trace.h"

/**
 * struct mdev_step - one step of a creation, and of a removal
 * @name: for messages
 * @enter: does it; a failure leaves nothing behind
 * @leave: undoes it; cannot fail
 */
struct mdev_step {
	const char *name;
	int (*enter)(struct mdev_device_core *mdc);
	void (*leave)(struct mdev_device_core *mdc);
};

static struct workqueue_struct *mdev_remove_wq;

static ssize_t remove_store(struct device *dev, struct device_attribute *attr,
			    const char *buf, size_t count);
static DEVICE_ATTR_WO(remove);

static int mdev_step_create(struct mdev_device_core *mdc)
{
	const struct mdev_parent_ops *ops = mdc->parent->ops;

	return ops ? ops->create(&mdc->mdev) : 0;
}

static void mdev_step_uncreate(struct mdev_device_core *mdc)
{
	const struct mdev_parent_ops *ops = mdc->parent->ops;

	if (ops)
		ops->remove(&mdc->mdev);
}

static int mdev_step_add(struct mdev_device_core *mdc)
{
	return device_add(&mdc->mdev.dev);
}

static void mdev_step_unadd(struct mdev_device_core *mdc)
{
	device_del(&mdc->mdev.dev);
}

static int mdev_step_bind(struct mdev_device_core *mdc)
{
	return mdev_driver_bind(mdc->parent->driver, mdc->own_driver,
				&mdc->mdev.dev);
}

/* The users of the device end here: a driver's remove() waits for them. */
static void mdev_step_unbind(struct mdev_device_core *mdc)
{
	device_release_driver(&mdc->mdev.dev);
}

static int mdev_step_publish(struct mdev_device_core *mdc)
{
	struct device *dev = &mdc->mdev.dev;
	struct mdev_type *type = mdc->mdev.type;
	int ret;

	ret = sysfs_create_link(type->devices_kobj, &dev->kobj, dev_name(dev));
	if (ret)
		return ret;
	ret = sysfs_create_link(&dev->kobj, &type->kobj, "mdev_type");
	if (ret)
		goto err_devices;
	ret = device_create_file(dev, &dev_attr_remove);
	if (ret)
		goto err_type;
	return 0;

err_type:
	sysfs_remove_link(&dev->kobj, "mdev_type");
err_devices:
	sysfs_remove_link(type->devices_kobj, dev_name(dev));
	return ret;
}

/* "remove" is gone already: taken away by the one who claimed the device. */
static void mdev_step_unpublish(struct mdev_device_core *mdc)
{
	struct device *dev = &mdc->mdev.dev;

	sysfs_remove_link(&dev->kobj, "mdev_type");
	sysfs_remove_link(mdc->mdev.type->devices_kobj, dev_name(dev));
}

static const struct mdev_step mdev_steps[] = {
	{ "create", mdev_step_create, mdev_step_uncreate },
	{ "add", mdev_step_add, mdev_step_unadd },
	{ "bind", mdev_step_bind, mdev_step_unbind },
	{ "publish", mdev_step_publish, mdev_step_unpublish },
};

static int mdev_step_enter(struct mdev_device_core *mdc,
			   const struct mdev_step *step)
{
	u64 start = mdev_trace_start(trace_mdev_step_enabled());
	int ret;

	ret = mdev_test_point(step->name) ?: step->enter(mdc);
	trace_mdev_step(&mdc->mdev.uuid, mdc->parent->name, step->name, false,
			ret, mdev_trace_since(start));
	return ret;
}

static void mdev_step_leave(struct mdev_device_core *mdc,
			    const struct mdev_step *step)
{
	u64 start = mdev_trace_start(trace_mdev_step_enabled());

	step->leave(mdc);
	trace_mdev_step(&mdc->mdev.uuid, mdc->parent->name, step->name, true, 0,
			mdev_trace_since(start));
}

static int mdev_steps_enter(struct mdev_device_core *mdc)
{
	unsigned int i;
	int ret;

	for (i = 0; i < ARRAY_SIZE(mdev_steps); i++) {
		ret = mdev_step_enter(mdc, &mdev_steps[i]);
		if (ret)
			goto err_leave;
	}
	return 0;

err_leave:
	dev_info(&mdc->mdev.dev, "MDEV: step \"%s\" of the creation failed: %pe\n",
		 mdev_steps[i].name, ERR_PTR(ret));
	while (i--)
		mdev_step_leave(mdc, &mdev_steps[i]);
	return ret;
}

static void mdev_steps_leave(struct mdev_device_core *mdc)
{
	unsigned int i = ARRAY_SIZE(mdev_steps);

	while (i--)
		mdev_step_leave(mdc, &mdev_steps[i]);
}

/* Touches nothing but the core's memory: the vendor's may be gone by now. */
static void mdev_device_release(struct device *dev)
{
	struct mdev_device_core *mdc = dev_to_mdev_core(dev);

	mdev_override_free(&mdc->override);
	mdev_uuid_release(mdc);
	kfree_rcu(mdc, rcu);
	mdev_object_put();
}

/*
 * Undoes mdev_device_new(). A reference that somebody still has keeps the UUID
 * reserved, but neither the instance nor anything of the vendor's.
 */
static void mdev_device_drop(struct mdev_device_core *mdc)
{
	mdev_isolation_unit_put(mdc);
	mdev_instance_put(mdc->mdev.type);
	mdc->mdev.type = NULL;
	WRITE_ONCE(mdc->type, NULL);
	WRITE_ONCE(mdc->parent, NULL);
	put_device(&mdc->mdev.dev);
}

static struct mdev_device_core *mdev_device_new(struct mdev_type *type,
						const guid_t *uuid)
{
	struct mdev_device_core *mdc;
	struct device *dev;
	int ret;

	mdc = kzalloc_obj(*mdc);
	if (!mdc)
		return ERR_PTR(-ENOMEM);
	guid_copy(&mdc->mdev.uuid, uuid);
	mdc->mdev.type = type;
	mdc->parent = to_mdev_parent_core(type->parent);
	mdc->type = to_mdev_type_core(type);
	mdc->own_driver = &type->parent->mdev_driver->driver;
	atomic_set(&mdc->state, MDEV_CREATING);

	ret = mdev_uuid_reserve(mdc);
	if (ret)
		goto err_free;
	ret = mdev_test_point("account") ?: mdev_instance_get(type);
	if (ret)
		goto err_uuid;

	dev = &mdc->mdev.dev;
	mdev_object_get();
	mdev_override_init(&mdc->override);
	device_initialize(dev);
	dev->parent = type->parent->dev;
	dev->bus = &mdev_bus_type;
	dev->release = mdev_device_release;
	dev->groups = mdev_override_groups;
	dev_set_uevent_suppress(dev, true);
	ret = mdev_test_point("name") ?: dev_set_name(dev, "%pUl", uuid);
	if (ret)
		goto err_drop;
	return mdc;

err_drop:
	mdev_device_drop(mdc);
	return ERR_PTR(ret);
err_uuid:
	mdev_uuid_release(mdc);
	kfree_rcu(mdc, rcu);
	return ERR_PTR(ret);
err_free:
	kfree(mdc);
	return ERR_PTR(ret);
}

static void mdev_device_activate(struct mdev_device_core *mdc)
{
	struct device *dev = &mdc->mdev.dev;

	device_lock(dev);
	mdc->mdev.active = true;
	atomic_set_release(&mdc->state, MDEV_ACTIVE);
	dev_set_uevent_suppress(dev, false);
	kobject_uevent(&dev->kobj, KOBJ_ADD);
	/* Somebody may have unbound the driver by hand. */
	if (device_is_bound(dev))
		kobject_uevent(&dev->kobj, KOBJ_BIND);
	device_unlock(dev);
}

static int mdev_device_make(struct mdev_type *type, const guid_t *uuid)
{
	struct mdev_device_core *mdc;
	int ret;

	mdc = mdev_device_new(type, uuid);
	if (IS_ERR(mdc))
		return PTR_ERR(mdc);

	ret = mdev_steps_enter(mdc);
	if (ret) {
		mdev_device_drop(mdc);
		return ret;
	}

	/* Once it is active, somebody else may remove it and drop it. */
	get_device(&mdc->mdev.dev);
	mdev_test_point("activate");
	mdev_device_activate(mdc);
	put_device(&mdc->mdev.dev);
	return 0;
}

/**
 * mdev_device_create - create an mdev
 * @type: its type
 * @uuid: its UUID
 *
 * Context: may sleep; in a store of a sysfs attribute of @type, which is what
 * keeps @type in place until the barrier is entered.
 * Return: 0; -ENODEV if the parent is being unregistered, -EEXIST if the UUID
 * is taken, -EUSERS if the type or the parent is full, or what a step returned.
 */
int mdev_device_create(struct mdev_type *type, const guid_t *uuid)
{
	struct mdev_parent_core *pc = to_mdev_parent_core(type->parent);
	u64 start = mdev_trace_start(trace_mdev_create_enabled());
	int ret;

	if (!mdev_parent_enter(pc))
		return -ENODEV;
	ret = mdev_device_make(type, uuid);
	trace_mdev_create(uuid, pc->name, ret, mdev_trace_since(start));
	mdev_parent_leave(pc);
	return ret;
}

/* Makes the caller the one who removes @mdc, or returns false. */
static bool mdev_device_claim(struct mdev_device_core *mdc)
{
	if (atomic_cmpxchg(&mdc->state, MDEV_ACTIVE, MDEV_REMOVING) !=
	    MDEV_ACTIVE)
		return false;
	mdc->mdev.active = false;
	return true;
}

static void mdev_device_remove(struct mdev_device_core *mdc)
{
	u64 start = mdev_trace_start(trace_mdev_remove_enabled());

	mdev_steps_leave(mdc);
	trace_mdev_remove(&mdc->mdev.uuid, mdc->parent->name, 0,
			  mdev_trace_since(start));
	mdev_device_drop(mdc);
}

static ssize_t remove_store(struct device *dev, struct device_attribute *attr,
			    const char *buf, size_t count)
{
	struct mdev_device_core *mdc = dev_to_mdev_core(dev);
	struct mdev_parent_core *pc = mdc->parent;
	ssize_t ret = count;
	unsigned long val;

	if (kstrtoul(buf, 0, &val))
		return -EINVAL;
	if (!val)
		return count;

	if (!mdev_parent_enter(pc))
		return -ENODEV;
	if (!mdev_device_claim(mdc)) {
		ret = -EAGAIN;
		goto out_leave;
	}
	mdev_test_point("claimed");
	/* Waits for other writers, who have lost the claim and are leaving. */
	device_remove_file_self(dev, attr);
	mdev_device_remove(mdc);
out_leave:
	mdev_parent_leave(pc);
	return ret;
}

static void mdev_device_remove_work(struct work_struct *work)
{
	struct mdev_device_core *mdc =
		container_of(work, struct mdev_device_core, remove_work);
	struct mdev_parent_core *pc = mdc->parent;

	rwsem_acquire_read(&pc->dep_map, 0, 1, _RET_IP_);
	/* Waits for writers, who find the barrier closed or the claim lost. */
	device_remove_file(&mdc->mdev.dev, &dev_attr_remove);
	mdev_device_remove(mdc);
	rwsem_release(&pc->dep_map, _RET_IP_);
	if (refcount_dec_and_test(&pc->nr_removals))
		complete(&pc->removed);
}

static int mdev_device_remove_async(struct device *dev, void *data)
{
	struct mdev_parent_core *pc = data;
	struct mdev_device_core *mdc;

	if (dev->bus != &mdev_bus_type)
		return 0;
	mdc = dev_to_mdev_core(dev);
	if (!mdev_device_claim(mdc))
		return 0;
	refcount_inc(&pc->nr_removals);
	INIT_WORK(&mdc->remove_work, mdev_device_remove_work);
	queue_work(mdev_remove_wq, &mdc->remove_work);
	return 0;
}

/**
 * mdev_parent_remove_devices - start removing the active mdevs of a parent
 * @pc: the parent; its barrier is closed
 *
 * Each removal runs by itself, is counted in @pc->nr_removals, and the last one
 * completes @pc->removed.
 *
 * Context: may sleep.
 */
void mdev_parent_remove_devices(struct mdev_parent_core *pc)
{
	device_for_each_child(pc->parent->dev, pc, mdev_device_remove_async);
}

/**
 * mdev_set_priv - keep the vendor's state of an mdev
 * @mdev: the mdev
 * @priv: whatever the vendor likes
 *
 * Unlike drvdata it survives the unbinding of a driver. Meant for create() of
 * struct mdev_parent_ops; before it the pointer is NULL.
 *
 * Context: any; not ordered against mdev_priv() on another CPU.
 */
void mdev_set_priv(struct mdev_device *mdev, void *priv)
{
	to_mdev_device_core(mdev)->priv = priv;
}
EXPORT_SYMBOL_GPL(mdev_set_priv);

/**
 * mdev_priv - the vendor's state of an mdev
 * @mdev: the mdev
 *
 * Context: any.
 * Return: what mdev_set_priv() was last given, or NULL.
 */
void *mdev_priv(const struct mdev_device *mdev)
{
	return to_mdev_device_core(mdev)->priv;
}
EXPORT_SYMBOL_GPL(mdev_priv);

/* mdev_remove_wq lets as many removals sleep at once as a workqueue can. */
int mdev_device_init(void)
{
	mdev_remove_wq = alloc_workqueue("mdev_remove", WQ_UNBOUND,
					 WQ_MAX_ACTIVE);
	return mdev_remove_wq ? 0 : -ENOMEM;
}

void mdev_device_exit(void)
{
	destroy_workqueue(mdev_remove_wq);
}
