// SPDX-License-Identifier: GPL-2.0-only
/*
 * Cards as PCI functions, for management software that knows no other parents.
 *
 * A host bridge of our own, in a PCI domain of its own, with one function for
 * each card and nothing behind them: config space that can be read, no BARs, no
 * interrupts, no DMA.  What the functions are for is their place in sysfs.
 */
#include <linux/pci.h>

#include "mvgpu.h"
#include "mvgpu_pci.h"

#define MVGPU_PCI_FIRST_DOMAIN	0x1000
#define MVGPU_PCI_LAST_DOMAIN	0xffff	/* what fits in the four digits of an address */
#define MVGPU_PCI_CARD_ID	0x11ff
#define MVGPU_PCI_CARD_CLASS	PCI_CLASS_DISPLAY_3D

/* The card's config space; what is not here reads as zero. */
static const u32 mvgpu_pci_config[] = {
	[PCI_VENDOR_ID / 4] = MVGPU_PCI_CARD_ID << 16 | MVGPU_PCI_VENDOR_ID,
	[PCI_CLASS_REVISION / 4] = MVGPU_PCI_CARD_CLASS << 16,
	[PCI_SUBSYSTEM_VENDOR_ID / 4] = MVGPU_PCI_SUBSYS_ID << 16 | MVGPU_PCI_SUBSYS_VENDOR_ID,
};

/* Of the module: there is one bridge. */
static struct pci_sysdata mvgpu_pci_sysdata = { .node = NUMA_NO_NODE };
static struct pci_bus *mvgpu_pci_bus;
static unsigned int mvgpu_pci_cards;

static bool mvgpu_pci_is_card(unsigned int devfn)
{
	return !PCI_FUNC(devfn) && PCI_SLOT(devfn) < mvgpu_pci_cards;
}

/* Called with accesses of 1, 2 or 4 bytes, aligned, inside of config space. */
static int mvgpu_pci_read(struct pci_bus *bus, unsigned int devfn, int where, int size, u32 *value)
{
	u32 word;

	if (!mvgpu_pci_is_card(devfn)) {
		PCI_SET_ERROR_RESPONSE(value);
		return PCIBIOS_DEVICE_NOT_FOUND;
	}
	word = where / 4 < ARRAY_SIZE(mvgpu_pci_config) ? mvgpu_pci_config[where / 4] : 0;
	*value = word >> where % 4 * 8 & GENMASK(size * 8 - 1, 0);
	return PCIBIOS_SUCCESSFUL;
}

/* Nothing can be written: a BAR that stays zero is none. */
static int mvgpu_pci_write(struct pci_bus *bus, unsigned int devfn, int where, int size, u32 value)
{
	return mvgpu_pci_is_card(devfn) ? PCIBIOS_SUCCESSFUL : PCIBIOS_DEVICE_NOT_FOUND;
}

static struct pci_ops mvgpu_pci_ops = {
	.read = mvgpu_pci_read,
	.write = mvgpu_pci_write,
};

static int mvgpu_pci_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	return mvgpu_card_register(&pdev->dev);
}

static void mvgpu_pci_remove(struct pci_dev *pdev)
{
	mvgpu_card_unregister(&pdev->dev);
}

static const struct pci_device_id mvgpu_pci_ids[] = {
	{ PCI_DEVICE(MVGPU_PCI_VENDOR_ID, MVGPU_PCI_CARD_ID) },
	{ }
};

static struct pci_driver mvgpu_pci_driver = {
	.name = "mvgpu",
	.id_table = mvgpu_pci_ids,
	.probe = mvgpu_pci_probe,
	.remove = mvgpu_pci_remove,
	.driver.suppress_bind_attrs = true,
	.driver.probe_type = PROBE_FORCE_SYNCHRONOUS,
};

static int mvgpu_pci_find_domain(void)
{
	int domain;

	for (domain = MVGPU_PCI_FIRST_DOMAIN; domain <= MVGPU_PCI_LAST_DOMAIN; domain++) {
		if (!pci_find_bus(domain, 0))
			return domain;
	}
	return -ENOSPC;
}

static void mvgpu_pci_remove_bus(void)
{
	pci_lock_rescan_remove();
	pci_stop_root_bus(mvgpu_pci_bus);
	pci_remove_root_bus(mvgpu_pci_bus);
	pci_unlock_rescan_remove();
}

static int mvgpu_pci_add_bus(void)
{
	LIST_HEAD(resources);

	mvgpu_pci_sysdata.domain = mvgpu_pci_find_domain();
	if (mvgpu_pci_sysdata.domain < 0)
		return mvgpu_pci_sysdata.domain;

	pci_lock_rescan_remove();
	mvgpu_pci_bus = pci_scan_root_bus(NULL, 0, &mvgpu_pci_ops, &mvgpu_pci_sysdata, &resources);
	if (mvgpu_pci_bus)
		pci_bus_add_devices(mvgpu_pci_bus);
	pci_unlock_rescan_remove();
	return mvgpu_pci_bus ? 0 : -ENOMEM;
}

/* Whether every card's probe has succeeded; where not, it has said why. */
static bool mvgpu_pci_all_bound(void)
{
	unsigned int bound = 0;
	struct pci_dev *pdev;

	list_for_each_entry(pdev, &mvgpu_pci_bus->devices, bus_list)
		bound += pdev->dev.driver == &mvgpu_pci_driver.driver;
	return bound == mvgpu_pci_cards;
}

/**
 * mvgpu_pci_add_cards() - make the host bridge and the cards
 * @cards: how many, at most as many as a bus has slots
 *
 * Context: process, may sleep; when the module is loaded.
 * Return: 0 or a negative error.
 */
int mvgpu_pci_add_cards(unsigned int cards)
{
	int ret;

	mvgpu_pci_cards = cards;
	ret = mvgpu_pci_add_bus();
	if (ret)
		return ret;
	ret = pci_register_driver(&mvgpu_pci_driver);
	if (ret)
		goto err_bus;
	if (!mvgpu_pci_all_bound()) {
		ret = -ENODEV;
		goto err_driver;
	}
	return 0;

err_driver:
	pci_unregister_driver(&mvgpu_pci_driver);
err_bus:
	mvgpu_pci_remove_bus();
	return ret;
}

/**
 * mvgpu_pci_remove_cards() - undo mvgpu_pci_add_cards()
 *
 * Context: process, may sleep; returns when the last vGPU is gone.  That wait comes
 * before the lock that stops all other hot-plug of PCI devices is taken.
 */
void mvgpu_pci_remove_cards(void)
{
	pci_unregister_driver(&mvgpu_pci_driver);
	mvgpu_pci_remove_bus();
}
