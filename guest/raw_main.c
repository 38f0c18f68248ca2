// SPDX-License-Identifier: GPL-2.0-only
/*
 * mvgpu_raw: binding and unbinding, resets.
 *
 * Types of vGPU with an ID of their own are found by it.  Those that look like bochs-display belong
 * to the kernel's bochs driver; a test binds them by driver_override.
 */
#include <linux/dma-mapping.h>
#include <linux/idr.h>
#include <linux/io.h>
#include <linux/module.h>

#include "raw.h"

static DEFINE_IDA(raw_ids);

/**
 * raw_put() - one user less
 * @raw: the device, which may be gone afterwards
 */
void raw_put(struct raw_device *raw)
{
	if (refcount_dec_and_test(&raw->users))
		complete(&raw->unused);
}

/* Whether this is a device that the driver knows how to work. */
static int raw_identify(struct raw_device *raw)
{
	u32 version = ioread32(raw->regs + MVGPU_REG_VERSION);

	if (ioread32(raw->regs + MVGPU_REG_ID) != MVGPU_ID_VALUE)
		return -ENODEV;
	if (version >> 16 != MVGPU_VERSION_VALUE >> 16 ||
	    !(ioread32(raw->regs + MVGPU_REG_FEATURES) & MVGPU_FEATURE_ENGINE)) {
		dev_err(&raw->pdev->dev, "version %#x without an engine is not supported\n",
			version);
		return -ENODEV;
	}
	raw->num_rings = min(ioread32(raw->regs + MVGPU_REG_NUM_RINGS), MVGPU_MAX_RINGS);
	return 0;
}

/* Rings that another kernel has left on (kexec) must not go on: their memory is not theirs now. */
static int raw_stop_rings(struct raw_device *raw)
{
	bool stopped = true;
	unsigned int n;

	mutex_lock(&raw->lock);
	for (n = 0; n < raw->num_rings; n++)
		stopped &= raw_ring_stop(raw, n);
	mutex_unlock(&raw->lock);
	return stopped ? 0 : -EIO;
}

static int raw_bring_up(struct raw_device *raw)
{
	struct pci_dev *pdev = raw->pdev;
	int ret;

	ret = pcim_enable_device(pdev);
	if (ret)
		return ret;
	ret = dma_set_mask_and_coherent(&pdev->dev, DMA_BIT_MASK(64));
	if (ret)
		return ret;
	raw->regs = pcim_iomap(pdev, MVGPU_BAR_REGS, MVGPU_REGS_SIZE);
	if (!raw->regs)
		return -ENOMEM;
	ret = raw_identify(raw);
	if (ret)
		return ret;
	ret = raw_stop_rings(raw);
	if (ret)
		return ret;
	pci_set_master(pdev);
	return raw_irq_init(raw);
}

static int raw_publish(struct raw_device *raw)
{
	struct device *dev = &raw->pdev->dev;
	int ret;

	raw->id = ida_alloc(&raw_ids, GFP_KERNEL);
	if (raw->id < 0)
		return raw->id;
	raw->misc.name = devm_kasprintf(dev, GFP_KERNEL, "mvgpu-raw%d", raw->id);
	raw->misc.minor = MISC_DYNAMIC_MINOR;
	raw->misc.fops = &raw_fops;
	raw->misc.parent = dev;
	raw->misc.mode = 0600;
	ret = raw->misc.name ? misc_register(&raw->misc) : -ENOMEM;
	if (ret)
		ida_free(&raw_ids, raw->id);
	return ret;
}

static int raw_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct raw_device *raw;
	int ret;

	raw = devm_kzalloc(&pdev->dev, sizeof(*raw), GFP_KERNEL);
	if (!raw)
		return -ENOMEM;
	raw->pdev = pdev;
	refcount_set(&raw->users, 1);
	init_completion(&raw->unused);
	mutex_init(&raw->lock);
	INIT_LIST_HEAD(&raw->buffers);
	init_waitqueue_head(&raw->wait);
	pci_set_drvdata(pdev, raw);

	ret = raw_bring_up(raw);
	if (ret)
		return ret;
	ret = raw_publish(raw);
	if (ret)
		raw_irq_fini(raw);
	return ret;
}

/* Mappings of the BARs and of buffers cannot outlive this: wait for who has them. */
static void raw_remove(struct pci_dev *pdev)
{
	struct raw_device *raw = pci_get_drvdata(pdev);

	misc_deregister(&raw->misc);
	WRITE_ONCE(raw->going, true);
	wake_up_all(&raw->wait);
	raw_put(raw);
	wait_for_completion(&raw->unused);
	ida_free(&raw_ids, raw->id);
	raw_irq_fini(raw);
	pci_clear_master(pdev);
}

/* A function-level reset has undone what was set up, but for the interrupts in the PCI core. */
static void raw_reset_done(struct pci_dev *pdev)
{
	struct raw_device *raw = pci_get_drvdata(pdev);

	raw_rings_lost(raw);
	raw_irq_enable(raw);
}

static const struct pci_error_handlers raw_error_handlers = {
	.reset_done = raw_reset_done,
};

static const struct pci_device_id raw_id_table[] = {
	{ PCI_DEVICE(MVGPU_PCI_VENDOR_ID, MVGPU_PCI_DEVICE_ID_NATIVE) },
	{ }
};
MODULE_DEVICE_TABLE(pci, raw_id_table);

static struct pci_driver raw_driver = {
	.name = KBUILD_MODNAME,
	.id_table = raw_id_table,
	.probe = raw_probe,
	.remove = raw_remove,
	.err_handler = &raw_error_handlers,
};
module_pci_driver(raw_driver);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Guest driver that gives an mvgpu to a program");
