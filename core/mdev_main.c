// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mediated device core: the module
 */
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/wait.h>

#include "compat.h"
#include "mdev_private.h"

#define CREATE_TRACE_POINTS
#include "mdev_trace.h"

/*
 * A member that a later kernel adds to the public structs is one that this core
 * would not fill in: better to stop here.
 */
#define MDEV_LAST_MEMBER(type, member) \
	(ALIGN(offsetofend(type, member), __alignof__(type)) == sizeof(type))

static_assert(MDEV_LAST_MEMBER(struct mdev_device, active));
static_assert(MDEV_LAST_MEMBER(struct mdev_type, devices_kobj));
static_assert(MDEV_LAST_MEMBER(struct mdev_parent, available_instances));
static_assert(MDEV_LAST_MEMBER(struct mdev_driver, driver));

struct class_compat *mdev_class;

/*
 * Objects of the core that are still referenced. Their release functions are in
 * this module, so it must not go before them.
 */
static atomic_t mdev_objects = ATOMIC_INIT(0);
static DECLARE_WAIT_QUEUE_HEAD(mdev_objects_gone);

/**
 * mdev_object_get - keep the module for one more object
 *
 * Context: any, as long as the caller's own module depends on this one.
 */
void mdev_object_get(void)
{
	atomic_inc(&mdev_objects);
}

/**
 * mdev_object_put - an object is gone
 *
 * Pairs with mdev_object_get(). The last thing that a release function does.
 * Context: any.
 */
void mdev_object_put(void)
{
	if (atomic_dec_and_test(&mdev_objects))
		wake_up(&mdev_objects_gone);
}

static int __init mdev_init(void)
{
	int ret;

	ret = mdev_uuid_init();
	if (ret)
		return ret;

	ret = mdev_device_init();
	if (ret)
		goto err_uuid;

	ret = bus_register(&mdev_bus_type);
	if (ret)
		goto err_device;

	mdev_class = class_compat_register("mdev_bus");
	if (!mdev_class) {
		ret = -ENOMEM;
		goto err_bus;
	}
	mdev_debugfs_init();
	return 0;

err_bus:
	bus_unregister(&mdev_bus_type);
err_device:
	mdev_device_exit();
err_uuid:
	mdev_uuid_exit();
	return ret;
}

static void __exit mdev_exit(void)
{
	wait_event_idle(mdev_objects_gone, !atomic_read(&mdev_objects));
	mdev_debugfs_exit();
	class_compat_unregister(mdev_class);
	bus_unregister(&mdev_bus_type);
	mdev_device_exit();
	mdev_uuid_exit();
	/*
	 * Whoever told us that it is done, by dropping the last object or by
	 * leaving a parent's barrier, may have been preempted on its way out.
	 */
	synchronize_rcu_tasks();
}

module_init(mdev_init)
module_exit(mdev_exit)

MODULE_LICENSE("GPL");
MODULE_VERSION("1.0");
MODULE_AUTHOR("The mvgpu project");
MODULE_DESCRIPTION("Mediated device core");
