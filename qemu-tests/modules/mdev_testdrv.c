// SPDX-License-Identifier: GPL-2.0-only
/*
 * A vendor driver for testing the mdev core
 *
 * It knows nothing but <linux/mdev.h>, so that one binary of it runs on the
 * kernel's own mdev.ko and on ours. It has no hardware and no VFIO device: what
 * it offers are knobs, as module parameters, with which a test stops or breaks
 * a create or a remove at the vendor's steps. A step that is stopped waits at a
 * gate until the test opens it, and is counted while it waits: no test has to
 * guess how long something takes.
 */
#include <linux/device.h>
#include <linux/mdev.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/sysfs.h>

#include "mdev_testknobs.h"

#define TESTDRV_MAX_PARENTS	4
#define TESTDRV_NR_TYPES	2

struct testdrv_parent {
	struct mutex lock;	/* protects registered and what it tells of */
	struct mdev_parent parent;
	struct device *dev;
	struct mdev_type types[TESTDRV_NR_TYPES];
	struct mdev_type *type_ptrs[TESTDRV_NR_TYPES];
	bool registered;
};

/* A reference that outlives the device, for the hold_refs knob */
struct testdrv_ref {
	struct list_head node;
	struct device *dev;
};

static struct class *testdrv_class;
static struct testdrv_parent testdrv_parents[TESTDRV_MAX_PARENTS];
static LIST_HEAD(testdrv_refs);
static DEFINE_MUTEX(testdrv_refs_lock);	/* protects testdrv_refs */

static struct test_gate probe_gate = TEST_GATE_INIT(probe_gate);
static struct test_gate remove_gate = TEST_GATE_INIT(remove_gate);

static bool driver_registered;
static DEFINE_MUTEX(testdrv_driver_lock);	/* protects driver_registered */

static bool parents_first;
module_param(parents_first, bool, 0444);
MODULE_PARM_DESC(parents_first, "begin without the driver, as GVT-g does");

static uint nr_parents = 2;
module_param(nr_parents, uint, 0444);
MODULE_PARM_DESC(nr_parents, "number of parents, 1 to 4");

static uint max_instances = 8;
module_param(max_instances, uint, 0444);
MODULE_PARM_DESC(max_instances, "mdevs that a parent takes");

static int fail_probe;
module_param(fail_probe, int, 0644);
MODULE_PARM_DESC(fail_probe, "error number that probe fails with, or 0");

static bool hold_refs;
module_param(hold_refs, bool, 0644);
MODULE_PARM_DESC(hold_refs, "probe keeps a reference, until drop_refs");

static atomic_t nr_probed = ATOMIC_INIT(0);
static atomic_t nr_removed = ATOMIC_INIT(0);

module_param_cb(block_probe, &test_gate_ops, &probe_gate, 0644);
MODULE_PARM_DESC(block_probe, "stop in probe; reads as the number that wait");
module_param_cb(block_remove, &test_gate_ops, &remove_gate, 0644);
MODULE_PARM_DESC(block_remove, "stop in remove; reads as the number that wait");

module_param_cb(probed, &test_count_ops, &nr_probed, 0444);
MODULE_PARM_DESC(probed, "probes that succeeded");
module_param_cb(removed, &test_count_ops, &nr_removed, 0444);
MODULE_PARM_DESC(removed, "removes that were called");

static void testdrv_put_refs(void)
{
	struct testdrv_ref *ref, *next;

	mutex_lock(&testdrv_refs_lock);
	list_for_each_entry_safe(ref, next, &testdrv_refs, node) {
		list_del(&ref->node);
		put_device(ref->dev);
		kfree(ref);
	}
	mutex_unlock(&testdrv_refs_lock);
}

static int testdrv_drop_refs(const char *val, const struct kernel_param *kp)
{
	testdrv_put_refs();
	return 0;
}

static const struct kernel_param_ops testdrv_drop_refs_ops = {
	.set = testdrv_drop_refs,
};

module_param_cb(drop_refs, &testdrv_drop_refs_ops, NULL, 0200);
MODULE_PARM_DESC(drop_refs, "drop the references that hold_refs kept");

static int testdrv_keep_ref(struct mdev_device *mdev)
{
	struct testdrv_ref *ref;

	if (!hold_refs)
		return 0;
	ref = kzalloc_obj(*ref);
	if (!ref)
		return -ENOMEM;
	ref->dev = get_device(mdev_dev(mdev));
	mutex_lock(&testdrv_refs_lock);
	list_add(&ref->node, &testdrv_refs);
	mutex_unlock(&testdrv_refs_lock);
	return 0;
}

static int testdrv_probe(struct mdev_device *mdev)
{
	int ret;

	test_gate_pass(&probe_gate);
	if (fail_probe)
		return -fail_probe;
	ret = testdrv_keep_ref(mdev);
	if (ret)
		return ret;
	atomic_inc(&nr_probed);
	return 0;
}

static void testdrv_remove(struct mdev_device *mdev)
{
	test_gate_pass(&remove_gate);
	atomic_inc(&nr_removed);
}

static struct mdev_driver testdrv_driver = {
	.device_api = "mdev-testdrv",
	.probe = testdrv_probe,
	.remove = testdrv_remove,
	.driver = {
		.name = "mdev_testdrv",
		.owner = THIS_MODULE,
		.mod_name = KBUILD_MODNAME,
	},
};

static int testdrv_register(struct testdrv_parent *tp)
{
	int ret;

	lockdep_assert_held(&tp->lock);
	if (tp->registered)
		return 0;
	memset(tp->types, 0, sizeof(tp->types));
	tp->types[0].sysfs_name = "small";
	tp->types[0].pretty_name = "Small test type";
	tp->types[1].sysfs_name = "large";
	tp->type_ptrs[0] = &tp->types[0];
	tp->type_ptrs[1] = &tp->types[1];
	ret = mdev_register_parent(&tp->parent, tp->dev, &testdrv_driver,
				   tp->type_ptrs, TESTDRV_NR_TYPES);
	tp->registered = !ret;
	return ret;
}

static void testdrv_unregister(struct testdrv_parent *tp)
{
	lockdep_assert_held(&tp->lock);
	if (tp->registered)
		mdev_unregister_parent(&tp->parent);
	tp->registered = false;
	/* Whoever looks at it now is seen to do so. */
	memset(&tp->parent, 0x5a, sizeof(tp->parent));
	memset(tp->types, 0x5a, sizeof(tp->types));
}

static ssize_t registered_show(struct device *dev,
			       struct device_attribute *attr, char *buf)
{
	struct testdrv_parent *tp = dev_get_drvdata(dev);

	return sysfs_emit(buf, "%d\n", READ_ONCE(tp->registered));
}

/*
 * An attribute of the parent, not a module parameter: while an unregister
 * waits, the parameters stay usable.
 */
static ssize_t registered_store(struct device *dev,
				struct device_attribute *attr, const char *buf,
				size_t count)
{
	struct testdrv_parent *tp = dev_get_drvdata(dev);
	bool registered;
	int ret;

	ret = kstrtobool(buf, &registered);
	if (ret)
		return ret;
	mutex_lock(&tp->lock);
	if (registered)
		ret = testdrv_register(tp);
	else
		testdrv_unregister(tp);
	mutex_unlock(&tp->lock);
	return ret ?: count;
}

static DEVICE_ATTR_RW(registered);

static int testdrv_set_driver(bool registered)
{
	int ret = 0;

	mutex_lock(&testdrv_driver_lock);
	if (registered && !driver_registered)
		ret = mdev_register_driver(&testdrv_driver);
	else if (!registered && driver_registered)
		mdev_unregister_driver(&testdrv_driver);
	if (!ret)
		driver_registered = registered;
	mutex_unlock(&testdrv_driver_lock);
	return ret;
}

static ssize_t driver_registered_show(struct device *dev,
				      struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%d\n", READ_ONCE(driver_registered));
}

/* Of the driver of all parents, whichever of them it is written to. */
static ssize_t driver_registered_store(struct device *dev,
				       struct device_attribute *attr,
				       const char *buf, size_t count)
{
	bool registered;
	int ret;

	ret = kstrtobool(buf, &registered) ?: testdrv_set_driver(registered);
	return ret ?: count;
}

static DEVICE_ATTR_RW(driver_registered);

static struct attribute *testdrv_attrs[] = {
	&dev_attr_registered.attr,
	&dev_attr_driver_registered.attr,
	NULL,
};
ATTRIBUTE_GROUPS(testdrv);

static int testdrv_add_parent(unsigned int i)
{
	struct testdrv_parent *tp = &testdrv_parents[i];
	struct device *dev;
	int ret;

	mutex_init(&tp->lock);
	dev = device_create_with_groups(testdrv_class, NULL, 0, tp,
					testdrv_groups, "mdev_testdrv%u", i);
	if (IS_ERR(dev))
		return PTR_ERR(dev);
	tp->dev = dev;
	mutex_lock(&tp->lock);
	ret = testdrv_register(tp);
	mutex_unlock(&tp->lock);
	return ret;
}

static void testdrv_remove_parents(void)
{
	unsigned int i;

	for (i = 0; i < nr_parents; i++) {
		struct testdrv_parent *tp = &testdrv_parents[i];

		if (!tp->dev)
			continue;
		mutex_lock(&tp->lock);
		testdrv_unregister(tp);
		mutex_unlock(&tp->lock);
		device_unregister(tp->dev);
	}
	testdrv_put_refs();
}

static int __init testdrv_init(void)
{
	unsigned int i;
	int ret;

	if (!nr_parents || nr_parents > TESTDRV_MAX_PARENTS)
		return -EINVAL;
	testdrv_driver.max_instances = max_instances;

	testdrv_class = class_create("mdev_testdrv");
	if (IS_ERR(testdrv_class))
		return PTR_ERR(testdrv_class);
	ret = testdrv_set_driver(!parents_first);
	if (ret)
		goto err_class;
	for (i = 0; i < nr_parents; i++) {
		ret = testdrv_add_parent(i);
		if (ret)
			goto err_parents;
	}
	return 0;

err_parents:
	testdrv_remove_parents();
	testdrv_set_driver(false);
err_class:
	class_destroy(testdrv_class);
	return ret;
}

static void __exit testdrv_exit(void)
{
	testdrv_remove_parents();
	testdrv_set_driver(false);
	class_destroy(testdrv_class);
}

module_init(testdrv_init);
module_exit(testdrv_exit);

MODULE_LICENSE("GPL");
MODULE_VERSION("1.0");
MODULE_DESCRIPTION("Vendor driver for tests of the mdev core");
