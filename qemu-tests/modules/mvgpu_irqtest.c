// SPDX-License-Identifier: GPL-2.0-only
/*
 * A guest's driver for testing the interrupts of mvgpu
 *
 * It matches nothing by itself: a test binds it with driver_override, and works
 * it through the attributes that it adds to the PCI device:
 *
 *  interrupts  "none", "intx", "msi N", "msix N": set up N vectors, enable all
 *              causes, and start counting from zero
 *  raise       "CAUSES [TIMES]": raise a mask of causes and wait until all of it
 *              has been handled; as often as asked
 *  post        "CAUSES": raise them and do not wait
 *  mask        "VECTOR 0|1": the mask bit in the MSI-X table, past the kernel's
 *              own idea of it
 *  pending     the pending bits of MSI-X
 *  status      causes that the device has pending
 *  counts      interrupts by vector, then those in which no cause was found
 *
 * By INTx a handler takes one cause an interrupt: while another one is active
 * the level stays high, and has to interrupt again.
 */
#include <linux/atomic.h>
#include <linux/interrupt.h>
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/sysfs.h>
#include <linux/wait.h>

#include "mvgpu_pci.h"
#include "mvgpu_regs.h"

/* Only for an interrupt that is lost: no machine is that slow. */
#define IRQTEST_TIMEOUT	(20 * HZ)

/**
 * struct irqtest_vector - one interrupt
 * @test: the device
 * @causes: those that interrupt through this vector
 * @count: how often it did
 */
struct irqtest_vector {
	struct irqtest *test;
	u32 causes;
	atomic_t count;
};

/**
 * struct irqtest - one device
 * @pdev: the PCI device
 * @regs: BAR 2
 * @msix: BAR 4
 * @lock: protects @nr_vectors and @level; taken by attributes that use them
 * @nr_vectors: how many are set up
 * @level: by INTx
 * @vectors: their state; handlers use it, while any is set up
 * @handled: causes that were acknowledged since the last raise
 * @stray: interrupts that found no cause of theirs
 * @wq: woken when @handled has changed
 */
struct irqtest {
	struct pci_dev *pdev;
	void __iomem *regs;
	void __iomem *msix;
	struct mutex lock;	/* protects nr_vectors, level */
	unsigned int nr_vectors;
	bool level;
	struct irqtest_vector vectors[MVGPU_NUM_VECTORS];
	atomic_t handled;
	atomic_t stray;
	wait_queue_head_t wq;
};

static irqreturn_t irqtest_handler(int irq, void *data)
{
	struct irqtest_vector *vector = data;
	struct irqtest *test = vector->test;
	u32 causes;

	causes = ioread32(test->regs + MVGPU_REG_INTR_STATUS) & vector->causes;
	if (!causes) {
		atomic_inc(&test->stray);
		return IRQ_NONE;
	}
	if (test->level)
		causes &= -causes;
	iowrite32(causes, test->regs + MVGPU_REG_INTR_ACK);
	atomic_inc(&vector->count);
	atomic_or(causes, &test->handled);
	wake_up(&test->wq);
	return IRQ_HANDLED;
}

static void irqtest_free_irqs(struct irqtest *test, unsigned int requested)
{
	while (requested--)
		free_irq(pci_irq_vector(test->pdev, requested),
			 &test->vectors[requested]);
	pci_free_irq_vectors(test->pdev);
	test->nr_vectors = 0;
}

static void irqtest_teardown(struct irqtest *test)
{
	iowrite32(0, test->regs + MVGPU_REG_INTR_ENABLE);
	iowrite32(MVGPU_CAUSE_MASK, test->regs + MVGPU_REG_INTR_ACK);
	if (test->nr_vectors)
		irqtest_free_irqs(test, test->nr_vectors);
}

/* Vector n has cause n, and the first vector also those that have none. */
static u32 irqtest_causes_of(unsigned int vector, unsigned int nr_vectors)
{
	u32 causes = BIT(vector);

	if (!vector)
		causes |= MVGPU_CAUSE_MASK & ~(BIT(nr_vectors) - 1);
	return causes;
}

static int irqtest_setup(struct irqtest *test, unsigned int flags,
			 unsigned int nr_vectors)
{
	unsigned int i;
	int ret;

	ret = pci_alloc_irq_vectors(test->pdev, nr_vectors, nr_vectors, flags);
	if (ret < 0)
		return ret;
	test->level = flags == PCI_IRQ_INTX;
	atomic_set(&test->stray, 0);
	for (i = 0; i < nr_vectors; i++) {
		struct irqtest_vector *vector = &test->vectors[i];

		vector->test = test;
		vector->causes = irqtest_causes_of(i, nr_vectors);
		atomic_set(&vector->count, 0);
		ret = request_irq(pci_irq_vector(test->pdev, i), irqtest_handler,
				  test->level ? IRQF_SHARED : 0, KBUILD_MODNAME,
				  vector);
		if (ret) {
			irqtest_free_irqs(test, i);
			return ret;
		}
	}
	test->nr_vectors = nr_vectors;
	iowrite32(MVGPU_CAUSE_MASK, test->regs + MVGPU_REG_INTR_ENABLE);
	return 0;
}

static ssize_t interrupts_store(struct device *dev,
				struct device_attribute *attr,
				const char *buf, size_t count)
{
	struct irqtest *test = dev_get_drvdata(dev);
	unsigned int nr_vectors = 1;
	unsigned int flags = 0;
	int ret = 0;

	if (sysfs_streq(buf, "intx"))
		flags = PCI_IRQ_INTX;
	else if (sscanf(buf, "msi %u", &nr_vectors) == 1)
		flags = PCI_IRQ_MSI;
	else if (sscanf(buf, "msix %u", &nr_vectors) == 1)
		flags = PCI_IRQ_MSIX;
	else if (!sysfs_streq(buf, "none"))
		return -EINVAL;
	if (!nr_vectors || nr_vectors > MVGPU_NUM_VECTORS)
		return -EINVAL;

	mutex_lock(&test->lock);
	irqtest_teardown(test);
	if (flags)
		ret = irqtest_setup(test, flags, nr_vectors);
	mutex_unlock(&test->lock);
	return ret ?: count;
}
static DEVICE_ATTR_WO(interrupts);

static int irqtest_raise(struct irqtest *test, u32 causes)
{
	atomic_set(&test->handled, 0);
	iowrite32(causes, test->regs + MVGPU_REG_INTR_RAISE);
	if (!wait_event_timeout(test->wq,
				(u32)atomic_read(&test->handled) == causes,
				IRQTEST_TIMEOUT))
		return -ETIMEDOUT;
	return 0;
}

static ssize_t raise_store(struct device *dev, struct device_attribute *attr,
			   const char *buf, size_t count)
{
	struct irqtest *test = dev_get_drvdata(dev);
	unsigned int times = 1;
	u32 causes;
	int ret = 0;

	if (sscanf(buf, "%i %u", &causes, &times) < 1 ||
	    causes & ~MVGPU_CAUSE_MASK)
		return -EINVAL;
	mutex_lock(&test->lock);
	while (!ret && times--)
		ret = irqtest_raise(test, causes);
	mutex_unlock(&test->lock);
	return ret ?: count;
}
static DEVICE_ATTR_WO(raise);

static ssize_t post_store(struct device *dev, struct device_attribute *attr,
			  const char *buf, size_t count)
{
	struct irqtest *test = dev_get_drvdata(dev);
	u32 causes;
	int ret;

	ret = kstrtou32(buf, 0, &causes);
	if (ret)
		return ret;
	iowrite32(causes, test->regs + MVGPU_REG_INTR_RAISE);
	return count;
}
static DEVICE_ATTR_WO(post);

static ssize_t mask_store(struct device *dev, struct device_attribute *attr,
			  const char *buf, size_t count)
{
	struct irqtest *test = dev_get_drvdata(dev);
	unsigned int vector, masked;

	if (sscanf(buf, "%u %u", &vector, &masked) != 2 ||
	    vector >= MVGPU_NUM_VECTORS || masked > 1)
		return -EINVAL;
	iowrite32(masked ? PCI_MSIX_ENTRY_CTRL_MASKBIT : 0,
		  test->msix + MVGPU_MSIX_TABLE + vector * PCI_MSIX_ENTRY_SIZE +
		  PCI_MSIX_ENTRY_VECTOR_CTRL);
	return count;
}
static DEVICE_ATTR_WO(mask);

static ssize_t pending_show(struct device *dev, struct device_attribute *attr,
			    char *buf)
{
	struct irqtest *test = dev_get_drvdata(dev);

	return sysfs_emit(buf, "%#x\n", ioread32(test->msix + MVGPU_MSIX_PBA));
}
static DEVICE_ATTR_RO(pending);

static ssize_t status_show(struct device *dev, struct device_attribute *attr,
			   char *buf)
{
	struct irqtest *test = dev_get_drvdata(dev);

	return sysfs_emit(buf, "%#x\n",
			  ioread32(test->regs + MVGPU_REG_INTR_STATUS));
}
static DEVICE_ATTR_RO(status);

static ssize_t counts_show(struct device *dev, struct device_attribute *attr,
			   char *buf)
{
	struct irqtest *test = dev_get_drvdata(dev);
	unsigned int i;
	int len = 0;

	mutex_lock(&test->lock);
	for (i = 0; i < test->nr_vectors; i++)
		len += sysfs_emit_at(buf, len, "%d ",
				     atomic_read(&test->vectors[i].count));
	mutex_unlock(&test->lock);
	len += sysfs_emit_at(buf, len, "stray %d\n", atomic_read(&test->stray));
	return len;
}
static DEVICE_ATTR_RO(counts);

static struct attribute *irqtest_attrs[] = {
	&dev_attr_interrupts.attr,
	&dev_attr_raise.attr,
	&dev_attr_post.attr,
	&dev_attr_mask.attr,
	&dev_attr_pending.attr,
	&dev_attr_status.attr,
	&dev_attr_counts.attr,
	NULL,
};
ATTRIBUTE_GROUPS(irqtest);

static int irqtest_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct irqtest *test;
	int ret;

	test = devm_kzalloc(&pdev->dev, sizeof(*test), GFP_KERNEL);
	if (!test)
		return -ENOMEM;
	test->pdev = pdev;
	mutex_init(&test->lock);
	init_waitqueue_head(&test->wq);

	ret = pcim_enable_device(pdev);
	if (ret)
		return ret;
	test->regs = pcim_iomap(pdev, MVGPU_BAR_REGS, MVGPU_REGS_SIZE);
	test->msix = pcim_iomap(pdev, MVGPU_BAR_MSIX, MVGPU_MSIX_SIZE);
	if (!test->regs || !test->msix)
		return -ENOMEM;
	if (ioread32(test->regs + MVGPU_REG_ID) != MVGPU_ID_VALUE)
		return -ENODEV;
	pci_set_master(pdev);
	pci_set_drvdata(pdev, test);
	return 0;
}

static void irqtest_remove(struct pci_dev *pdev)
{
	irqtest_teardown(pci_get_drvdata(pdev));
}

static struct pci_driver irqtest_driver = {
	.name = KBUILD_MODNAME,
	.probe = irqtest_probe,
	.remove = irqtest_remove,
	.dev_groups = irqtest_groups,
};
module_pci_driver(irqtest_driver);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Guest driver for testing the interrupts of mvgpu");
