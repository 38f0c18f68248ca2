// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unit tests: the namespace of UUIDs, the counts of instances, and who may own the
 * DMA. Compiled in with MDEV_TEST=1 on kernels that have KUnit; they run when the
 * module is loaded.
 */
#include <linux/device.h>
#include <linux/module.h>
#include <linux/rhashtable.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/workqueue.h>
#include <kunit/test.h>

#include "mdev_api.h"
#include "mdev_ext.h"
#include "mdev_private.h"

#define TEST_MANY	3000u
#define TEST_RACERS	4u
#define TEST_UNIT	7

/* mdevs that nobody knows of, with UUIDs from @first on */
static struct mdev_device_core *test_mdevs(struct kunit *test, unsigned int n,
					   unsigned int first)
{
	struct mdev_device_core *mdevs;
	unsigned int i;

	mdevs = kunit_kcalloc(test, n, sizeof(*mdevs), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, mdevs);
	for (i = 0; i < n; i++) {
		unsigned int number = first + i;

		memcpy(&mdevs[i].mdev.uuid, &number, sizeof(number));
	}
	return mdevs;
}

/* Readers of the table may still look at what was in it. */
static void test_uuid_exit(struct kunit *test)
{
	synchronize_rcu();
}

static void test_uuid_once(struct kunit *test)
{
	struct mdev_device_core *one = test_mdevs(test, 1, 1);
	struct mdev_device_core *same = test_mdevs(test, 1, 1);

	KUNIT_EXPECT_EQ(test, mdev_uuid_reserve(one), 0);
	KUNIT_EXPECT_EQ(test, mdev_uuid_reserve(same), -EEXIST);
	KUNIT_EXPECT_EQ(test, mdev_uuid_reserve(same), -EEXIST);
	mdev_uuid_release(one);
	KUNIT_EXPECT_EQ(test, mdev_uuid_reserve(same), 0);
	KUNIT_EXPECT_EQ(test, mdev_uuid_reserve(one), -EEXIST);
	mdev_uuid_release(same);
}

/* Enough of them to make the table grow, and shrink again */
static void test_uuid_many(struct kunit *test)
{
	struct mdev_device_core *mdevs = test_mdevs(test, TEST_MANY, 0);
	struct mdev_device_core *same = test_mdevs(test, TEST_MANY, 0);
	int before = atomic_read(&mdev_uuids.nelems);
	unsigned int i, taken = 0, refused = 0;

	for (i = 0; i < TEST_MANY; i++)
		taken += !mdev_uuid_reserve(&mdevs[i]);
	for (i = 0; i < TEST_MANY; i++)
		refused += mdev_uuid_reserve(&same[i]) == -EEXIST;
	KUNIT_EXPECT_EQ(test, taken, TEST_MANY);
	KUNIT_EXPECT_EQ(test, refused, TEST_MANY);
	KUNIT_EXPECT_EQ(test, atomic_read(&mdev_uuids.nelems) - before,
			(int)TEST_MANY);
	for (i = 0; i < TEST_MANY; i++)
		mdev_uuid_release(&mdevs[i]);
	KUNIT_EXPECT_EQ(test, atomic_read(&mdev_uuids.nelems), before);
}

struct test_racer {
	struct work_struct work;
	struct mdev_device_core *mdevs;
	bool *won;
	unsigned int nr_won;
};

static void test_race_work(struct work_struct *work)
{
	struct test_racer *racer = container_of(work, struct test_racer, work);
	unsigned int i;

	for (i = 0; i < TEST_MANY; i++) {
		racer->won[i] = !mdev_uuid_reserve(&racer->mdevs[i]);
		racer->nr_won += racer->won[i];
	}
}

/* Each UUID has one winner, whoever it is. */
static void test_uuid_race(struct kunit *test)
{
	struct test_racer racers[TEST_RACERS] = {};
	unsigned int i, j, winners, wrong = 0;
	struct workqueue_struct *wq;

	for (i = 0; i < TEST_RACERS; i++) {
		racers[i].mdevs = test_mdevs(test, TEST_MANY, 0);
		racers[i].won = kunit_kcalloc(test, TEST_MANY, sizeof(bool),
					      GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, racers[i].won);
	}
	wq = alloc_workqueue("mdev_kunit", WQ_UNBOUND, TEST_RACERS);
	KUNIT_ASSERT_NOT_NULL(test, wq);
	for (i = 0; i < TEST_RACERS; i++) {
		INIT_WORK_ONSTACK(&racers[i].work, test_race_work);
		queue_work(wq, &racers[i].work);
	}
	destroy_workqueue(wq);
	for (i = 0; i < TEST_RACERS; i++)
		destroy_work_on_stack(&racers[i].work);

	for (j = 0; j < TEST_MANY; j++) {
		winners = 0;
		for (i = 0; i < TEST_RACERS; i++) {
			winners += racers[i].won[j];
			if (racers[i].won[j])
				mdev_uuid_release(&racers[i].mdevs[j]);
		}
		wrong += winners != 1;
	}
	KUNIT_EXPECT_EQ(test, wrong, 0u);
}

static struct kunit_case test_uuid_cases[] = {
	KUNIT_CASE(test_uuid_once),
	KUNIT_CASE(test_uuid_many),
	KUNIT_CASE(test_uuid_race),
	{}
};

static struct kunit_suite test_uuid_suite = {
	.name = "mdev_uuid",
	.exit = test_uuid_exit,
	.test_cases = test_uuid_cases,
};

/**
 * struct test_limits - how many mdevs of a type there may be
 * @name: of the case
 * @type: the type's own limit
 * @parent: the parent's limit
 * @get_available: the driver counts, and has none
 * @wanted: how many can be had
 */
struct test_limits {
	const char *name;
	int type;
	int parent;
	bool get_available;
	int wanted;
};

static const struct test_limits test_limits[] = {
	{ "the type's limit", 2, 5, false, 2 },
	{ "the parent's limit", 5, 2, false, 2 },
	{ "both at once", 3, 3, false, 3 },
	{ "none of the parent's", 3, 0, false, 0 },
	{ "no limit of the type's", INT_MAX, 4, false, 4 },
	{ "none of the driver's", 3, 3, true, 0 },
};

KUNIT_ARRAY_PARAM_DESC(test_limits, test_limits, name);

static unsigned int test_none_available(struct mdev_type *type)
{
	return 0;
}

static void test_instances(struct kunit *test)
{
	const struct test_limits *limits = test->param_value;
	struct mdev_driver driver = {};
	struct mdev_parent_core pc = {};
	struct mdev_type_core tc = { .limit = limits->type };
	struct mdev_parent parent = { .mdev_driver = &driver };
	struct mdev_type type = { .parent = &parent };
	int i, round, got;

	if (limits->get_available)
		driver.get_available = test_none_available;
	parent.mdev_types_kset = &pc.types;
	type.devices_kobj = &tc.devices;
	atomic_set(&parent.available_instances, limits->parent);

	for (round = 0; round < 2; round++) {
		got = 0;
		while (got <= limits->wanted && !mdev_instance_get(&type))
			got++;
		KUNIT_EXPECT_EQ(test, got, limits->wanted);
		KUNIT_EXPECT_EQ(test, mdev_instance_get(&type), -EUSERS);
		KUNIT_EXPECT_EQ(test, atomic_read(&tc.nr_instances), got);
		KUNIT_EXPECT_EQ(test, atomic_read(&pc.nr_instances), got);
		for (i = 0; i < got; i++)
			mdev_instance_put(&type);
		KUNIT_EXPECT_EQ(test, atomic_read(&tc.nr_instances), 0);
		KUNIT_EXPECT_EQ(test, atomic_read(&pc.nr_instances), 0);
		KUNIT_EXPECT_EQ(test, atomic_read(&parent.available_instances),
				limits->parent);
	}
}

static struct kunit_case test_instance_cases[] = {
	KUNIT_CASE_PARAM(test_instances, test_limits_gen_params),
	{}
};

static struct kunit_suite test_instance_suite = {
	.name = "mdev_instances",
	.test_cases = test_instance_cases,
};

#define TEST_UNIT_SIZE	4

/* As VFIO's drivers are, and as drivers of the host are */
static struct mdev_driver test_user_driver = {
	.driver = { .name = "mdev_kunit_user", .owner = THIS_MODULE },
};

static struct mdev_driver test_host_driver = {
	.driver = { .name = "mdev_kunit_host", .owner = THIS_MODULE },
};

static int test_dma_suite_init(struct kunit_suite *suite)
{
	int ret;

	ret = mdev_driver_register(&test_user_driver, true, true);
	if (ret)
		return ret;
	ret = mdev_driver_register(&test_host_driver, true, false);
	if (ret)
		mdev_driver_unregister(&test_user_driver);
	return ret;
}

static void test_dma_suite_exit(struct kunit_suite *suite)
{
	mdev_driver_unregister(&test_host_driver);
	mdev_driver_unregister(&test_user_driver);
}

struct test_unit {
	struct mdev_device_core *mdevs[TEST_UNIT_SIZE];
};

static void test_mdev_free(struct device *dev)
{
	kfree(dev_to_mdev_core(dev));
}

static void test_mdev_put(void *mdc)
{
	mdev_isolation_unit_put(mdc);
	put_device(&((struct mdev_device_core *)mdc)->mdev.dev);
}

/* An mdev that can be bound in no way but by mdev_dma_configure() */
static struct mdev_device_core *test_dma_mdev(struct kunit *test,
					      struct mdev_parent_core *parent)
{
	struct mdev_device_core *mdc;

	mdc = kzalloc_obj(*mdc);
	KUNIT_ASSERT_NOT_NULL(test, mdc);
	device_initialize(&mdc->mdev.dev);
	mdc->mdev.dev.release = test_mdev_free;
	mdc->parent = parent;
	atomic_set(&mdc->state, MDEV_ACTIVE);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, test_mdev_put, mdc), 0);
	return mdc;
}

static struct mdev_parent_core *test_dma_parent(struct kunit *test)
{
	struct mdev_parent_core *parent;

	parent = kunit_kzalloc(test, sizeof(*parent), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, parent);
	xa_init(&parent->units);
	return parent;
}

static int test_bind(struct mdev_device_core *mdc, struct mdev_driver *driver)
{
	struct device *dev = &mdc->mdev.dev;
	int ret;

	device_lock(dev);
	dev->driver = &driver->driver;
	ret = mdev_dma_configure(dev);
	if (ret)
		dev->driver = NULL;
	device_unlock(dev);
	return ret;
}

static void test_unbind(struct mdev_device_core *mdc)
{
	struct device *dev = &mdc->mdev.dev;

	device_lock(dev);
	mdev_dma_cleanup(dev);
	dev->driver = NULL;
	device_unlock(dev);
}

/* The first mdev of a unit that has this driver, or none for NULL */
static struct mdev_device_core *test_find(struct test_unit *unit,
					  struct mdev_driver *driver)
{
	unsigned int i;

	for (i = 0; i < TEST_UNIT_SIZE; i++)
		if (unit->mdevs[i]->mdev.dev.driver ==
		    (driver ? &driver->driver : NULL))
			return unit->mdevs[i];
	return NULL;
}

/*
 * What happens to the mdevs of one unit: '+' one is bound, '!' one cannot be bound,
 * '-' one is unbound; 'u' to a driver that manages DMA by itself, 'h' to one that
 * uses the kernel's DMA API.
 */
static const char *const test_rules[] = {
	"+u -u +h -h",
	"+u !h -u +h !u -h +u -u",
	"+u +u !h -u !h -u +h -h",
	"+h +h !u -h !u -h +u -u",
	"+u +u +u +u -u -u -u !h -u +h -h",
	"+h !u !u !u -h +u !h !h -u +h -h",
};

static void test_rule_desc(const char *const *rule, char *desc)
{
	strscpy(desc, *rule, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(test_rules, test_rules, test_rule_desc);

static void test_event(struct kunit *test, struct test_unit *unit, char what,
		       struct mdev_driver *driver)
{
	struct mdev_device_core *mdc;

	mdc = test_find(unit, what == '-' ? driver : NULL);
	KUNIT_ASSERT_NOT_NULL(test, mdc);
	if (what == '-')
		test_unbind(mdc);
	else
		KUNIT_EXPECT_EQ(test, test_bind(mdc, driver),
				what == '!' ? -EBUSY : 0);
}

static void test_ownership(struct kunit *test)
{
	const char *rule = *(const char *const *)test->param_value;
	struct mdev_parent_core *parent = test_dma_parent(test);
	struct mdev_device_core *other;
	struct test_unit unit;
	unsigned int i;

	for (i = 0; i < TEST_UNIT_SIZE; i++) {
		unit.mdevs[i] = test_dma_mdev(test, parent);
		KUNIT_ASSERT_EQ(test, mdev_set_isolation_unit(&unit.mdevs[i]->mdev,
							      TEST_UNIT), 0);
	}
	other = test_dma_mdev(test, parent);

	for (; *rule; rule += rule[2] ? 3 : 2) {
		test_event(test, &unit, rule[0], rule[1] == 'u' ?
			   &test_user_driver : &test_host_driver);
		/* An mdev that is a unit of its own does not mind. */
		KUNIT_EXPECT_EQ(test, test_bind(other, &test_host_driver), 0);
		test_unbind(other);
		KUNIT_EXPECT_EQ(test, test_bind(other, &test_user_driver), 0);
		test_unbind(other);
	}
}

static void test_removing(struct kunit *test)
{
	struct mdev_device_core *mdc = test_dma_mdev(test, test_dma_parent(test));

	atomic_set(&mdc->state, MDEV_REMOVING);
	KUNIT_EXPECT_EQ(test, test_bind(mdc, &test_user_driver), -ENODEV);
	KUNIT_EXPECT_EQ(test, test_bind(mdc, &test_host_driver), -ENODEV);
	KUNIT_EXPECT_EQ(test, atomic_read(&mdc->own_owners), 0);
}

static void test_units(struct kunit *test)
{
	struct mdev_parent_core *parent = test_dma_parent(test);
	struct mdev_device_core *a = test_dma_mdev(test, parent);
	struct mdev_device_core *b = test_dma_mdev(test, parent);
	struct mdev_device_core *c = test_dma_mdev(test, parent);

	KUNIT_EXPECT_EQ(test, mdev_set_isolation_unit(&a->mdev, 1), 0);
	KUNIT_EXPECT_EQ(test, mdev_set_isolation_unit(&b->mdev, 1), 0);
	KUNIT_EXPECT_EQ(test, mdev_set_isolation_unit(&c->mdev, 2), 0);
	KUNIT_EXPECT_PTR_EQ(test, a->unit, b->unit);
	KUNIT_EXPECT_PTR_NE(test, a->unit, c->unit);
	KUNIT_EXPECT_EQ(test, mdev_set_isolation_unit(&a->mdev, 2), -EBUSY);
	mdev_isolation_unit_put(a);
	KUNIT_EXPECT_PTR_EQ(test, xa_load(&parent->units, 1), (void *)b->unit);
	mdev_isolation_unit_put(b);
	KUNIT_EXPECT_NULL(test, xa_load(&parent->units, 1));
	mdev_isolation_unit_put(c);
	KUNIT_EXPECT_TRUE(test, xa_empty(&parent->units));
}

static struct kunit_case test_dma_cases[] = {
	KUNIT_CASE_PARAM(test_ownership, test_rules_gen_params),
	KUNIT_CASE(test_removing),
	KUNIT_CASE(test_units),
	{}
};

static struct kunit_suite test_dma_suite = {
	.name = "mdev_dma",
	.suite_init = test_dma_suite_init,
	.suite_exit = test_dma_suite_exit,
	.test_cases = test_dma_cases,
};

kunit_test_suites(&test_uuid_suite, &test_instance_suite, &test_dma_suite);
