// SPDX-License-Identifier: GPL-2.0-only
/*
 * A vendor driver for testing what our mdev core has beyond <linux/mdev.h>
 *
 * One parent makes its mdevs in two steps. Two drivers can be bound to them: its
 * own, which manages DMA by itself, and mdev_testhost, which uses the kernel's
 * DMA API. The mdevs of type "tied" cannot be isolated from each other.
 */
#include <linux/device.h>
#include <linux/mdev.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "mdev_ext.h"
#include "mdev_testknobs.h"

#define TESTOPS_TIED_LIMIT	3
#define TESTOPS_TIED_UNIT	7

enum { TESTOPS_PLAIN, TESTOPS_TIED, TESTOPS_NR_TYPES };

/* The vendor's half of an mdev */
struct testops_vdev {
	bool bound;
};

static struct mdev_parent testops_parent;
static struct class *testops_class;
static struct device *testops_dev;

static struct mdev_type testops_types[TESTOPS_NR_TYPES] = {
	[TESTOPS_PLAIN] = { .sysfs_name = "plain" },
	[TESTOPS_TIED] = { .sysfs_name = "tied" },
};

static struct mdev_type *testops_type_ptrs[TESTOPS_NR_TYPES] = {
	&testops_types[TESTOPS_PLAIN],
	&testops_types[TESTOPS_TIED],
};

static struct test_gate create_gate = TEST_GATE_INIT(create_gate);
static struct test_gate probe_gate = TEST_GATE_INIT(probe_gate);

module_param_cb(block_create, &test_gate_ops, &create_gate, 0644);
MODULE_PARM_DESC(block_create, "stop in create; reads as the number that wait");
module_param_cb(block_probe, &test_gate_ops, &probe_gate, 0644);
MODULE_PARM_DESC(block_probe, "stop in probe; reads as the number that wait");

static int fail_create;
module_param(fail_create, int, 0644);
MODULE_PARM_DESC(fail_create, "error number that create fails with, or 0");

static int fail_probe;
module_param(fail_probe, int, 0644);
MODULE_PARM_DESC(fail_probe, "error number that probe fails with, or 0");

static atomic_t nr_created = ATOMIC_INIT(0);
static atomic_t nr_destroyed = ATOMIC_INIT(0);
static atomic_t nr_hosted = ATOMIC_INIT(0);
static atomic_t nr_disorders = ATOMIC_INIT(0);

module_param_cb(created, &test_count_ops, &nr_created, 0444);
MODULE_PARM_DESC(created, "creates that succeeded");
module_param_cb(destroyed, &test_count_ops, &nr_destroyed, 0444);
MODULE_PARM_DESC(destroyed, "vendor halves that were removed");
module_param_cb(hosted, &test_count_ops, &nr_hosted, 0444);
MODULE_PARM_DESC(hosted, "mdevs bound to mdev_testhost");
module_param_cb(disorders, &test_count_ops, &nr_disorders, 0444);
MODULE_PARM_DESC(disorders, "calls that came when they must not");

static void testops_expect(bool holds)
{
	if (!holds)
		atomic_inc(&nr_disorders);
}

static int testops_create(struct mdev_device *mdev)
{
	struct testops_vdev *vdev;
	int ret;

	test_gate_pass(&create_gate);
	testops_expect(!device_is_registered(mdev_dev(mdev)));
	testops_expect(!mdev_priv(mdev));
	if (mdev->type == &testops_types[TESTOPS_TIED]) {
		ret = mdev_set_isolation_unit(mdev, TESTOPS_TIED_UNIT);
		if (ret)
			return ret;
		testops_expect(mdev_set_isolation_unit(mdev, 0) == -EBUSY);
	}
	if (fail_create)
		return -fail_create;
	vdev = kzalloc_obj(*vdev);
	if (!vdev)
		return -ENOMEM;
	mdev_set_priv(mdev, vdev);
	atomic_inc(&nr_created);
	return 0;
}

static void testops_remove(struct mdev_device *mdev)
{
	struct testops_vdev *vdev = mdev_priv(mdev);

	testops_expect(!vdev->bound);
	testops_expect(!device_is_registered(mdev_dev(mdev)));
	testops_expect(mdev_dev(mdev)->parent == testops_dev);
	kfree(vdev);
	atomic_inc(&nr_destroyed);
}

static unsigned int testops_type_limit(struct mdev_type *type)
{
	return type == &testops_types[TESTOPS_TIED] ? TESTOPS_TIED_LIMIT : 0;
}

static const struct mdev_parent_ops testops_ops = {
	.create = testops_create,
	.remove = testops_remove,
	.type_limit = testops_type_limit,
};

static int testops_probe(struct mdev_device *mdev)
{
	struct testops_vdev *vdev = mdev_priv(mdev);

	test_gate_pass(&probe_gate);
	testops_expect(!dev_get_drvdata(mdev_dev(mdev)));
	testops_expect(mdev_set_isolation_unit(mdev, 1) == -EBUSY);
	if (fail_probe)
		return -fail_probe;
	testops_expect(vdev && !vdev->bound);
	vdev->bound = true;
	dev_set_drvdata(mdev_dev(mdev), vdev);
	return 0;
}

static void testops_unbind(struct mdev_device *mdev)
{
	struct testops_vdev *vdev = dev_get_drvdata(mdev_dev(mdev));

	testops_expect(vdev == mdev_priv(mdev) && vdev->bound);
	vdev->bound = false;
}

static struct mdev_driver testops_driver = {
	.device_api = "mdev-testops",
	.max_instances = 8,
	.probe = testops_probe,
	.remove = testops_unbind,
	.driver = {
		.name = "mdev_testops",
		.owner = THIS_MODULE,
		.mod_name = KBUILD_MODNAME,
	},
};

static int testhost_probe(struct mdev_device *mdev)
{
	int ret;

	if (mdev->type->parent != &testops_parent)
		return -ENODEV;
	ret = testops_probe(mdev);
	if (ret)
		return ret;
	atomic_inc(&nr_hosted);
	return 0;
}

static void testhost_unbind(struct mdev_device *mdev)
{
	testops_unbind(mdev);
	atomic_dec(&nr_hosted);
}

static struct mdev_driver testhost_driver = {
	.probe = testhost_probe,
	.remove = testhost_unbind,
	.driver = {
		.name = "mdev_testhost",
		.owner = THIS_MODULE,
		.mod_name = KBUILD_MODNAME,
	},
};

static const struct mdev_driver_ext testhost_ext = {
	.driver_managed_dma = false,
};

static int __init testops_init(void)
{
	int ret;

	testops_class = class_create("mdev_testops");
	if (IS_ERR(testops_class))
		return PTR_ERR(testops_class);
	testops_dev = device_create(testops_class, NULL, 0, NULL,
				    "mdev_testops0");
	if (IS_ERR(testops_dev)) {
		ret = PTR_ERR(testops_dev);
		goto err_class;
	}
	ret = mdev_register_driver(&testops_driver);
	if (ret)
		goto err_dev;
	ret = mdev_register_driver_ext(&testhost_driver, &testhost_ext);
	if (ret)
		goto err_driver;
	ret = mdev_register_parent_ops(&testops_parent, testops_dev,
				       &testops_driver, testops_type_ptrs,
				       TESTOPS_NR_TYPES, &testops_ops);
	if (ret)
		goto err_host;
	return 0;

err_host:
	mdev_unregister_driver(&testhost_driver);
err_driver:
	mdev_unregister_driver(&testops_driver);
err_dev:
	device_unregister(testops_dev);
err_class:
	class_destroy(testops_class);
	return ret;
}

static void __exit testops_exit(void)
{
	mdev_unregister_parent(&testops_parent);
	mdev_unregister_driver(&testhost_driver);
	mdev_unregister_driver(&testops_driver);
	device_unregister(testops_dev);
	class_destroy(testops_class);
}

module_init(testops_init);
module_exit(testops_exit);

MODULE_LICENSE("GPL");
MODULE_VERSION("1.0");
MODULE_DESCRIPTION("Vendor driver in two steps for tests of the mdev core");
