// SPDX-License-Identifier: GPL-2.0-only
/*
 * Parents: the devices that mdevs are made on
 *
 * Each parent has a barrier. Whoever creates or removes one of its mdevs
 * through sysfs enters it first and leaves it last; unregistering closes it,
 * and from then on entering fails instead of waiting. That is what keeps the
 * vendor's code and data in place while a create runs, and what lets an
 * unregister drain the sysfs attributes without a deadlock: no writer of them
 * ever waits for an unregister.
 *
 * It is a percpu_ref, so that creates on one parent do not share a cache line.
 */
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "compat.h"
#include "mdev_api.h"
#include "mdev_ext.h"
#include "mdev_private.h"
#include "mdev_trace.h"

/**
 * mdev_parent_enter - enter a parent's barrier
 * @pc: the parent; the caller knows by other means that it is still there, as a
 *	sysfs callback does that unregistering drains
 *
 * Context: any. Never waits.
 * Return: false if the parent is being unregistered, or is not registered yet.
 */
bool mdev_parent_enter(struct mdev_parent_core *pc)
{
	if (!percpu_ref_tryget_live(&pc->barrier))
		return false;
	rwsem_acquire_read(&pc->dep_map, 0, 1, _RET_IP_);
	return true;
}

/**
 * mdev_parent_leave - leave a parent's barrier
 * @pc: the parent, which may be gone when this returns
 *
 * Context: any.
 */
void mdev_parent_leave(struct mdev_parent_core *pc)
{
	rwsem_release(&pc->dep_map, _RET_IP_);
	percpu_ref_put(&pc->barrier);
}

static void mdev_parent_drained(struct percpu_ref *ref)
{
	complete(&container_of(ref, struct mdev_parent_core, barrier)->drained);
}

static void mdev_parent_closed(struct percpu_ref *ref)
{
	complete(&container_of(ref, struct mdev_parent_core, barrier)->closed);
}

/* When it returns, nobody enters any more, on no CPU. */
static void mdev_parent_close(struct mdev_parent_core *pc)
{
	percpu_ref_kill_and_confirm(&pc->barrier, mdev_parent_closed);
	wait_for_completion(&pc->closed);
}

static void mdev_parent_core_free(struct mdev_parent_core *pc)
{
	percpu_ref_exit(&pc->barrier);
	kfree_rcu(pc, rcu);
	mdev_object_put();
}

static void mdev_parent_kset_release(struct kobject *kobj)
{
	mdev_parent_core_free(container_of(kobj, struct mdev_parent_core,
					   types.kobj));
}

static const struct kobj_type mdev_parent_kset_ktype = {
	.release = mdev_parent_kset_release,
};

static struct mdev_parent_core *mdev_parent_core_alloc(const char *name)
{
	static const char key[] = "MDEV_PARENT=";
	static struct lock_class_key barrier_key;
	size_t size = strlen(key) + strlen(name) + 1;
	struct mdev_parent_core *pc;

	pc = kzalloc(struct_size(pc, uevent, size), GFP_KERNEL);
	if (!pc)
		return NULL;
	snprintf(pc->uevent, size, "%s%s", key, name);
	pc->name = pc->uevent + strlen(key);
	/* Closed until the parent is complete. */
	if (percpu_ref_init(&pc->barrier, mdev_parent_drained,
			    PERCPU_REF_INIT_DEAD, GFP_KERNEL)) {
		kfree(pc);
		return NULL;
	}
	mdev_object_get();
	lockdep_init_map(&pc->dep_map, "mdev_parent_barrier", &barrier_key, 0);
	xa_init(&pc->units);
	init_completion(&pc->closed);
	init_completion(&pc->drained);
	refcount_set(&pc->nr_removals, 1);
	init_completion(&pc->removed);
	return pc;
}

static int mdev_parent_add_kset(struct mdev_parent_core *pc, struct device *dev)
{
	int ret;

	pc->types.kobj.ktype = &mdev_parent_kset_ktype;
	pc->types.kobj.parent = &dev->kobj;
	ret = kobject_set_name(&pc->types.kobj, "mdev_supported_types");
	if (!ret)
		ret = kset_register(&pc->types);
	/* A kset that was not registered has no release, but for its name. */
	if (ret)
		mdev_parent_core_free(pc);
	return ret;
}

static int mdev_parent_add_types(struct mdev_parent *parent)
{
	unsigned int i;
	int ret;

	for (i = 0; i < parent->nr_types; i++) {
		ret = mdev_type_add(parent, parent->types[i]);
		if (ret)
			goto err_remove;
	}
	return 0;

err_remove:
	while (i--)
		mdev_type_remove(parent->types[i]);
	return ret;
}

static void mdev_parent_uevent(struct device *dev, char *state)
{
	char *envp[2] = { state };

	kobject_uevent_env(&dev->kobj, KOBJ_CHANGE, envp);
}

static int mdev_parent_add(struct mdev_parent *parent, struct device *dev,
			   struct mdev_driver *mdev_driver,
			   struct mdev_type **types, unsigned int nr_types,
			   const struct mdev_parent_ops *ops)
{
	struct mdev_driver_core *dc;
	struct mdev_parent_core *pc;
	int ret;

	if (!mdev_driver->device_api) {
		dev_err(dev, "MDEV: driver %s lacks device_api\n",
			mdev_driver->driver.name);
		return -EINVAL;
	}

	memset(parent, 0, sizeof(*parent));
	init_rwsem(&parent->unreg_sem);
	parent->dev = dev;
	parent->mdev_driver = mdev_driver;
	parent->types = types;
	parent->nr_types = nr_types;
	atomic_set(&parent->available_instances, mdev_driver->max_instances);

	dc = mdev_driver_get(&mdev_driver->driver);
	if (IS_ERR(dc))
		return PTR_ERR(dc);
	pc = mdev_parent_core_alloc(dev_name(dev));
	if (!pc) {
		ret = -ENOMEM;
		goto err_driver;
	}
	pc->parent = parent;
	pc->driver = dc;
	pc->ops = ops;

	ret = mdev_parent_add_kset(pc, dev);
	if (ret)
		goto err_driver;
	parent->mdev_types_kset = &pc->types;

	ret = mdev_parent_add_types(parent);
	if (ret)
		goto err_kset;

	if (class_compat_create_link(mdev_class, dev))
		dev_warn(dev, "Failed to create compatibility class link\n");

	percpu_ref_reinit(&pc->barrier);
	dev_info(dev, "MDEV: Registered\n");
	mdev_parent_uevent(dev, "MDEV_STATE=registered");
	return 0;

err_kset:
	parent->mdev_types_kset = NULL;
	kset_unregister(&pc->types);
err_driver:
	mdev_driver_put(dc);
	return ret;
}

/* See mdev_register_parent() and mdev_register_parent_ops(). */
int mdev_parent_register(struct mdev_parent *parent, struct device *dev,
			 struct mdev_driver *mdev_driver,
			 struct mdev_type **types, unsigned int nr_types,
			 const struct mdev_parent_ops *ops)
{
	u64 start = mdev_trace_start(trace_mdev_register_enabled());
	int ret;

	ret = mdev_parent_add(parent, dev, mdev_driver, types, nr_types, ops);
	trace_mdev_register(dev_name(dev), ret, mdev_trace_since(start));
	return ret;
}

/**
 * mdev_register_parent_ops - register a parent that makes mdevs in two steps
 * @parent: as for mdev_register_parent()
 * @dev: as for mdev_register_parent()
 * @mdev_driver: as for mdev_register_parent()
 * @types: as for mdev_register_parent()
 * @nr_types: as for mdev_register_parent()
 * @ops: makes and unmakes the vendor's half of an mdev, apart from the binding
 *	of a driver; valid until mdev_unregister_parent() returns
 *
 * Context: may sleep. mdevs can be created before this returns.
 * Return: 0 or a negative error; -EINVAL if @ops lacks a function.
 */
int mdev_register_parent_ops(struct mdev_parent *parent, struct device *dev,
			     struct mdev_driver *mdev_driver,
			     struct mdev_type **types, unsigned int nr_types,
			     const struct mdev_parent_ops *ops)
{
	if (!ops || !ops->create || !ops->remove)
		return -EINVAL;
	return mdev_parent_register(parent, dev, mdev_driver, types, nr_types,
				    ops);
}
EXPORT_SYMBOL_GPL(mdev_register_parent_ops);

/*
 * Removes every mdev, with the barrier closed. Those that exist go first and in
 * parallel, while creates and removes are still under way; what those creates
 * leave behind goes after them.
 */
static void mdev_parent_drain(struct mdev_parent_core *pc)
{
	rwsem_acquire(&pc->dep_map, 0, 0, _RET_IP_);
	mdev_parent_remove_devices(pc);
	wait_for_completion_state(&pc->drained, TASK_IDLE);
	mdev_parent_remove_devices(pc);
	if (!refcount_dec_and_test(&pc->nr_removals))
		wait_for_completion_state(&pc->removed, TASK_IDLE);
	rwsem_release(&pc->dep_map, _RET_IP_);
	WARN_ON(atomic_read(&pc->nr_instances));
	WARN_ON(!xa_empty(&pc->units));
}

/* See mdev_unregister_parent(). */
void mdev_parent_unregister(struct mdev_parent *parent)
{
	u64 start = mdev_trace_start(trace_mdev_unregister_enabled());
	struct mdev_parent_core *pc = to_mdev_parent_core(parent);
	struct device *dev = parent->dev;
	unsigned int i;

	dev_info(dev, "MDEV: Unregistering\n");
	mdev_parent_close(pc);
	class_compat_remove_link(mdev_class, dev);
	mdev_parent_drain(pc);
	for (i = 0; i < parent->nr_types; i++)
		mdev_type_remove(parent->types[i]);
	mdev_driver_put(pc->driver);
	parent->mdev_types_kset = NULL;
	pc->parent = NULL;
	pc->ops = NULL;
	kset_unregister(&pc->types);
	mdev_parent_uevent(dev, "MDEV_STATE=unregistered");
	trace_mdev_unregister(dev_name(dev), 0, mdev_trace_since(start));
}
