// SPDX-License-Identifier: GPL-2.0-only
/*
 * The simulated card: the parent that vGPUs are cut from, and the module.
 *
 * A card has a pool of VRAM and engines.  What a vGPU may use of the VRAM is
 * reserved when the vGPU is created; memory is allocated only where a guest touches
 * it (vram.c).
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>

#include "mvgpu.h"

#define MVGPU_MAX_CARDS		8
#define MVGPU_MAX_POOL_MB	1048576u

static unsigned int cards = 1;
module_param(cards, uint, 0444);
MODULE_PARM_DESC(cards, "number of simulated cards, 1 to 8 (default 1)");

static unsigned int vram_mb = 1024;
module_param(vram_mb, uint, 0444);
MODULE_PARM_DESC(vram_mb, "VRAM of each card in MiB, 16 to 1048576 (default 1024)");

static bool pci;
module_param(pci, bool, 0444);
MODULE_PARM_DESC(pci, "cards are simulated PCI functions, not platform devices (default no)");

static struct platform_device *mvgpu_cards[MVGPU_MAX_CARDS];

/**
 * mvgpu_card_reserve() - take a vGPU's VRAM out of the pool
 * @card: the card
 * @bytes: how much
 *
 * Context: any.
 * Return: 0, or -EUSERS when less than that is left.
 */
int mvgpu_card_reserve(struct mvgpu_card *card, u64 bytes)
{
	s64 left = atomic64_read(&card->vram_free);

	do {
		if (left < bytes)
			return -EUSERS;
	} while (!atomic64_try_cmpxchg(&card->vram_free, &left, left - bytes));
	return 0;
}

/**
 * mvgpu_card_release() - give back what mvgpu_card_reserve() took
 * @card: the card
 * @bytes: as reserved
 *
 * Context: any.
 */
void mvgpu_card_release(struct mvgpu_card *card, u64 bytes)
{
	atomic64_add(bytes, &card->vram_free);
}

/**
 * mvgpu_card_available() - how many more vGPUs of a size fit
 * @card: the card
 * @bytes: VRAM of each, not zero
 *
 * Context: any.  Another CPU may create or remove a vGPU at any time.
 * Return: the number.
 */
unsigned int mvgpu_card_available(struct mvgpu_card *card, u64 bytes)
{
	return div64_u64(atomic64_read(&card->vram_free), bytes);
}

static void mvgpu_card_set_type(struct mvgpu_card *card, unsigned int i,
				const struct mvgpu_type_desc *desc, const char *name,
				const char *pretty_name)
{
	struct mvgpu_type *type = &card->types[i];

	type->mdev.sysfs_name = name;
	type->mdev.pretty_name = pretty_name;
	type->desc = desc;
	card->mdev_types[i] = &type->mdev;
}

/* The model's types, and one of them once more for KVM guests only: KVM is not the model's. */
static void mvgpu_card_set_types(struct mvgpu_card *card)
{
	unsigned int i;

	for (i = 0; i < MVGPU_NUM_TYPES; i++)
		mvgpu_card_set_type(card, i, &mvgpu_types[i], mvgpu_types[i].name,
				    mvgpu_types[i].pretty_name);
	mvgpu_card_set_type(card, i, &mvgpu_types[0], "bochs-16m-kvm",
			    "mvgpu bochs-display, 16 MiB, for KVM guests");
	card->types[i].needs_kvm = true;
}

/**
 * mvgpu_card_register() - make a device a card: vGPUs can be cut from it
 * @dev: what the card is to the driver core; its drvdata becomes ours
 *
 * Context: process, may sleep; in the probe of @dev's driver.
 * Return: 0 or a negative error.
 */
int mvgpu_card_register(struct device *dev)
{
	struct mvgpu_card *card;
	int ret;

	card = devm_kzalloc(dev, sizeof(*card), GFP_KERNEL);
	if (!card)
		return -ENOMEM;
	card->nr_types = MVGPU_NUM_TYPES + 1;
	card->types = devm_kcalloc(dev, card->nr_types, sizeof(*card->types), GFP_KERNEL);
	if (!card->types)
		return -ENOMEM;
	card->mdev_types = devm_kcalloc(dev, card->nr_types, sizeof(*card->mdev_types), GFP_KERNEL);
	if (!card->mdev_types)
		return -ENOMEM;

	mvgpu_card_set_types(card);
	atomic64_set(&card->vram_free, (u64)vram_mb << 20);
	dev_set_drvdata(dev, card);
	card->backend = &mvgpu_backend;
	ret = card->backend->add_card(card, dev);
	if (ret)
		return ret;

	ret = mvgpu_mdev_register_card(card, dev);
	if (ret)
		card->backend->remove_card(card);
	return ret;
}

/**
 * mvgpu_card_unregister() - undo mvgpu_card_register()
 * @dev: the card
 *
 * Context: process, may sleep; returns when the last vGPU is gone.
 */
void mvgpu_card_unregister(struct device *dev)
{
	struct mvgpu_card *card = dev_get_drvdata(dev);

	mdev_unregister_parent(&card->parent);
	card->backend->remove_card(card);
	WARN_ON(atomic64_read(&card->vram_free) != (u64)vram_mb << 20);
}

static int mvgpu_card_probe(struct platform_device *pdev)
{
	return mvgpu_card_register(&pdev->dev);
}

static void mvgpu_card_remove(struct platform_device *pdev)
{
	mvgpu_card_unregister(&pdev->dev);
}

static struct platform_driver mvgpu_card_driver = {
	.probe = mvgpu_card_probe,
	.remove = mvgpu_card_remove,
	.driver = {
		.name = "mvgpu",
		.suppress_bind_attrs = true,
		.probe_type = PROBE_FORCE_SYNCHRONOUS,
	},
};

static void mvgpu_remove_platform_cards(void)
{
	unsigned int i;

	for (i = 0; i < cards; i++)
		platform_device_unregister(mvgpu_cards[i]);
	platform_driver_unregister(&mvgpu_card_driver);
}

static int mvgpu_add_platform_card(unsigned int i)
{
	struct platform_device *pdev;

	pdev = platform_device_register_simple("mvgpu", i, NULL, 0);
	if (IS_ERR(pdev))
		return PTR_ERR(pdev);
	mvgpu_cards[i] = pdev;
	/* Its probe has said why. */
	return pdev->dev.driver ? 0 : -ENODEV;
}

static int mvgpu_add_platform_cards(void)
{
	unsigned int i;
	int ret;

	ret = platform_driver_register(&mvgpu_card_driver);
	for (i = 0; !ret && i < cards; i++) {
		ret = mvgpu_add_platform_card(i);
		if (ret)
			mvgpu_remove_platform_cards();
	}
	return ret;
}

static int mvgpu_check_params(void)
{
	if (cards < 1 || cards > MVGPU_MAX_CARDS) {
		pr_err("cards=%u is out of range, 1 to %u\n", cards, MVGPU_MAX_CARDS);
		return -EINVAL;
	}
	if (vram_mb < MVGPU_VRAM_MIN >> 20 || vram_mb > MVGPU_MAX_POOL_MB) {
		pr_err("vram_mb=%u is out of range, %u to %u\n", vram_mb,
		       MVGPU_VRAM_MIN >> 20, MVGPU_MAX_POOL_MB);
		return -EINVAL;
	}
	return 0;
}

static int __init mvgpu_module_init(void)
{
	int ret;

	ret = mvgpu_check_params();
	if (ret)
		return ret;

	ret = mvgpu_workers_init();
	if (ret)
		return ret;
	mvgpu_fill_init();
	mvgpu_debugfs_init();
	ret = mvgpu_mdev_register_drivers();
	if (ret)
		goto err_debugfs;
	ret = pci ? mvgpu_pci_add_cards(cards) : mvgpu_add_platform_cards();
	if (ret)
		goto err_mdev;
	return 0;

err_mdev:
	mvgpu_mdev_unregister_drivers();
err_debugfs:
	mvgpu_debugfs_exit();
	mvgpu_workers_exit();
	return ret;
}

static void __exit mvgpu_module_exit(void)
{
	if (pci)
		mvgpu_pci_remove_cards();
	else
		mvgpu_remove_platform_cards();
	mvgpu_mdev_unregister_drivers();
	mvgpu_debugfs_exit();
	mvgpu_workers_exit();
	/* Whoever was the last in mvgpu_vfio_release() has left it after this. */
	synchronize_rcu_tasks();
}

module_init(mvgpu_module_init);
module_exit(mvgpu_module_exit);

MODULE_DESCRIPTION("Mediated virtual GPU without hardware behind it");
MODULE_LICENSE("GPL");
