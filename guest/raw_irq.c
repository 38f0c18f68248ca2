// SPDX-License-Identifier: GPL-2.0-only
/*
 * mvgpu_raw: interrupts.
 */
#include <linux/interrupt.h>
#include <linux/io.h>
#include <linux/log2.h>

#include "raw.h"

static irqreturn_t raw_irq_handler(int irq, void *data)
{
	struct raw_vector *vector = data;
	struct raw_device *raw = vector->raw;
	u32 causes = vector->causes;

	/* A vector with one cause needs no look at the register, which costs an exit. */
	if (!is_power_of_2(causes))
		causes &= ioread32(raw->regs + MVGPU_REG_INTR_STATUS);
	if (!causes)
		return IRQ_NONE;
	/* Acknowledge first and then look: what happens meanwhile interrupts again. */
	iowrite32(causes, raw->regs + MVGPU_REG_INTR_ACK);
	atomic64_inc(&vector->count);
	if (causes & MVGPU_CAUSE_ERROR)
		raw_rings_check(raw);
	atomic_or(causes, &raw->pending);
	wake_up_all(&raw->wait);
	return IRQ_HANDLED;
}

/* Vector n has cause n, and the first one also those that have no vector. */
static u32 raw_irq_causes(unsigned int vector, unsigned int num_vectors)
{
	u32 causes = BIT(vector);

	if (!vector)
		causes |= MVGPU_CAUSE_MASK & ~(BIT(num_vectors) - 1);
	return causes;
}

static void raw_irq_free(struct raw_device *raw, unsigned int requested)
{
	while (requested--)
		free_irq(pci_irq_vector(raw->pdev, requested), &raw->vectors[requested]);
	pci_free_irq_vectors(raw->pdev);
	raw->num_vectors = 0;
}

/* Get the best of some kinds of interrupt: the device makes do with any number of vectors. */
static int raw_irq_request(struct raw_device *raw, unsigned int kinds)
{
	struct pci_dev *pdev = raw->pdev;
	unsigned int i;
	int num, ret;

	num = pci_alloc_irq_vectors(pdev, 1, MVGPU_NUM_VECTORS, kinds);
	if (num < 0)
		return num;
	for (i = 0; i < num; i++) {
		struct raw_vector *vector = &raw->vectors[i];

		vector->raw = raw;
		vector->causes = raw_irq_causes(i, num);
		atomic64_set(&vector->count, 0);
		ret = request_irq(pci_irq_vector(pdev, i), raw_irq_handler,
				  pci_dev_msi_enabled(pdev) ? 0 : IRQF_SHARED, KBUILD_MODNAME,
				  vector);
		if (ret) {
			raw_irq_free(raw, i);
			return ret;
		}
	}
	raw->num_vectors = num;
	raw->irq = pdev->msix_enabled ? MVGPU_RAW_IRQ_MSIX :
		   pdev->msi_enabled ? MVGPU_RAW_IRQ_MSI : MVGPU_RAW_IRQ_INTX;
	raw_irq_enable(raw);
	return 0;
}

/**
 * raw_irq_init() - get interrupts, of the best kind that there is
 * @raw: the device
 *
 * Return: 0 or a negative errno.
 */
int raw_irq_init(struct raw_device *raw)
{
	return raw_irq_request(raw, PCI_IRQ_ALL_TYPES);
}

/**
 * raw_irq_choose() - get interrupts of a kind instead of those that are in use
 * @raw: the device
 * @irq: MVGPU_RAW_IRQ_*
 *
 * Context: under the device's lock.
 * Return: 0 or a negative errno; then there are none.
 */
int raw_irq_choose(struct raw_device *raw, unsigned long irq)
{
	static const unsigned int kinds[] = {
		[MVGPU_RAW_IRQ_INTX] = PCI_IRQ_INTX,
		[MVGPU_RAW_IRQ_MSI] = PCI_IRQ_MSI,
		[MVGPU_RAW_IRQ_MSIX] = PCI_IRQ_MSIX,
	};

	if (irq >= ARRAY_SIZE(kinds))
		return -EINVAL;
	raw_irq_fini(raw);
	return raw_irq_request(raw, kinds[irq]);
}

/**
 * raw_irq_enable() - let all causes interrupt
 * @raw: the device
 */
void raw_irq_enable(struct raw_device *raw)
{
	iowrite32(MVGPU_CAUSE_MASK, raw->regs + MVGPU_REG_INTR_ENABLE);
}

/**
 * raw_irq_fini() - no interrupts any more
 * @raw: the device
 */
void raw_irq_fini(struct raw_device *raw)
{
	iowrite32(0, raw->regs + MVGPU_REG_INTR_ENABLE);
	if (raw->num_vectors)
		raw_irq_free(raw, raw->num_vectors);
}
