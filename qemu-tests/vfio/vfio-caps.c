// SPDX-License-Identifier: GPL-2.0-only
/*
 * The capabilities: the chain itself, power management, PCI Express with its function
 * level reset, MSI and MSI-X as the guest finds them.
 */
#include <linux/pci_regs.h>
#include <string.h>

#include "mvgpu_pci.h"
#include "mvgpu_regs.h"
#include "tap.h"
#include "util.h"
#include "vdev.h"

#define CONFIG		VFIO_PCI_CONFIG_REGION_INDEX
#define REGS		VFIO_PCI_BAR2_REGION_INDEX
#define VRAM		VFIO_PCI_BAR0_REGION_INDEX
#define SIZE		MVGPU_PCI_CONFIG_SIZE

/* How many bytes each kind of capability takes; 0 for those that say it themselves. */
static unsigned int cap_size(struct vdev *vdev, unsigned int pos)
{
	uint16_t flags = vdev_read16(vdev, CONFIG, pos + 2);

	switch (vdev_read8(vdev, CONFIG, pos)) {
	case PCI_CAP_ID_PM:
		return PCI_PM_SIZEOF;
	case PCI_CAP_ID_EXP:
		return PCI_CAP_EXP_ENDPOINT_SIZEOF_V2;
	case PCI_CAP_ID_MSI:
		if (!(flags & PCI_MSI_FLAGS_64BIT))
			return flags & PCI_MSI_FLAGS_MASKBIT ? 0x14 : 0x0a;
		return flags & PCI_MSI_FLAGS_MASKBIT ? 0x18 : 0x0e;
	case PCI_CAP_ID_MSIX:
		return PCI_CAP_MSIX_SIZEOF;
	case PCI_CAP_ID_VNDR:
		return flags & 0xff;
	default:
		return 4;
	}
}

static void test_chain(struct vdev *vdev)
{
	static const uint8_t wanted[] = { PCI_CAP_ID_PM, PCI_CAP_ID_EXP, PCI_CAP_ID_MSI,
					  PCI_CAP_ID_MSIX };
	unsigned int pos, i, outside = 0, overlaps = 0, count = 0;
	uint8_t used[256] = { 0 };

	pos = vdev_read8(vdev, CONFIG, PCI_CAPABILITY_LIST);
	for (; pos && count < 64; count++) {
		unsigned int size = cap_size(vdev, pos);

		if (pos < PCI_STD_HEADER_SIZEOF || (pos & 3) || pos + size > sizeof(used)) {
			outside++;
			break;
		}
		for (i = pos; i < pos + size; i++)
			overlaps += used[i]++;
		pos = vdev_read8(vdev, CONFIG, pos + PCI_CAP_LIST_NEXT);
	}
	tap_ok(!pos, "the chain of %u capabilities ends", count);
	tap_is(outside, 0, "capabilities are aligned and lie inside the space");
	tap_is(overlaps, 0, "no two capabilities overlap");
	for (i = 0; i < ARRAY_SIZE(wanted); i++)
		tap_ok(vdev_find_cap(vdev, wanted[i]), "capability %#x is there", wanted[i]);
	tap_is_hex(vdev_read32(vdev, CONFIG, PCI_CFG_SPACE_SIZE), 0,
		   "no extended capabilities, in the form that says so");
}

static void test_express(struct vdev *vdev, unsigned int exp)
{
	uint16_t flags = vdev_read16(vdev, CONFIG, exp + PCI_EXP_FLAGS);
	uint32_t devcap = vdev_read32(vdev, CONFIG, exp + PCI_EXP_DEVCAP);
	uint32_t lnkcap = vdev_read32(vdev, CONFIG, exp + PCI_EXP_LNKCAP);
	uint16_t lnksta = vdev_read16(vdev, CONFIG, exp + PCI_EXP_LNKSTA);

	tap_is(flags & PCI_EXP_FLAGS_VERS, 2, "PCI Express capability version 2");
	tap_is((flags & PCI_EXP_FLAGS_TYPE) >> 4, PCI_EXP_TYPE_ENDPOINT, "an endpoint");
	tap_ok(devcap & PCI_EXP_DEVCAP_FLR, "it says that it can reset its function");
	tap_ok((lnkcap & PCI_EXP_LNKCAP_SLS) && (lnkcap & PCI_EXP_LNKCAP_MLW),
	       "the link has a speed and a width");
	tap_ok((lnksta & PCI_EXP_LNKSTA_CLS) &&
	       (lnksta & PCI_EXP_LNKSTA_CLS) <= (lnkcap & PCI_EXP_LNKCAP_SLS),
	       "the current speed is one that the link can do");
	tap_ok((lnksta & PCI_EXP_LNKSTA_NLW) &&
	       (lnksta & PCI_EXP_LNKSTA_NLW) <= (lnkcap & PCI_EXP_LNKCAP_MLW),
	       "the current width is one that the link can do");
}

static void test_msi(struct vdev *vdev, unsigned int msi, unsigned int msix)
{
	uint16_t flags = vdev_read16(vdev, CONFIG, msi + PCI_MSI_FLAGS);
	uint32_t table, pba;

	tap_is(1 << ((flags & PCI_MSI_FLAGS_QMASK) >> 1), MVGPU_NUM_VECTORS, "MSI vectors");
	tap_ok(flags & PCI_MSI_FLAGS_64BIT, "MSI takes 64-bit addresses, as an endpoint must");
	tap_ok(!(flags & (PCI_MSI_FLAGS_ENABLE | PCI_MSI_FLAGS_QSIZE)), "MSI is off at first");

	flags = vdev_read16(vdev, CONFIG, msix + PCI_MSIX_FLAGS);
	table = vdev_read32(vdev, CONFIG, msix + PCI_MSIX_TABLE);
	pba = vdev_read32(vdev, CONFIG, msix + PCI_MSIX_PBA);
	tap_is_hex(flags, MVGPU_NUM_VECTORS - 1, "MSI-X has its vectors and is off at first");
	tap_is_hex(table, MVGPU_BAR_MSIX | MVGPU_MSIX_TABLE, "where the MSI-X table is");
	tap_is_hex(pba, MVGPU_BAR_MSIX | MVGPU_MSIX_PBA, "where the MSI-X pending bits are");
}

static void test_power(struct vdev *vdev, unsigned int pm)
{
	uint16_t pmc = vdev_read16(vdev, CONFIG, pm + PCI_PM_PMC);
	uint16_t ctrl = vdev_read16(vdev, CONFIG, pm + PCI_PM_CTRL);
	bool keeps = ctrl & PCI_PM_CTRL_NO_SOFT_RESET;

	tap_is(pmc & PCI_PM_CAP_VER_MASK, 3, "power management version 3");
	tap_is(ctrl & PCI_PM_CTRL_STATE_MASK, 0, "the device starts in D0");

	vdev_write8(vdev, CONFIG, PCI_INTERRUPT_LINE, 0x5a);
	vdev_write16(vdev, CONFIG, pm + PCI_PM_CTRL, 3);
	tap_is(vdev_read16(vdev, CONFIG, pm + PCI_PM_CTRL) & PCI_PM_CTRL_STATE_MASK, 3,
	       "it goes to D3hot");
	vdev_write16(vdev, CONFIG, pm + PCI_PM_CTRL, 0);
	tap_is(vdev_read16(vdev, CONFIG, pm + PCI_PM_CTRL) & PCI_PM_CTRL_STATE_MASK, 0,
	       "and back to D0");
	tap_is_hex(vdev_read8(vdev, CONFIG, PCI_INTERRUPT_LINE), keeps ? 0x5a : 0,
		   "that resets the function if it says so");
	if (!(pmc & PCI_PM_CAP_D1)) {
		vdev_write16(vdev, CONFIG, pm + PCI_PM_CTRL, 1);
		tap_is(vdev_read16(vdev, CONFIG, pm + PCI_PM_CTRL) & PCI_PM_CTRL_STATE_MASK, 0,
		       "it does not go to D1, which it does not have");
	}
	if (!(pmc & PCI_PM_CAP_D2)) {
		vdev_write16(vdev, CONFIG, pm + PCI_PM_CTRL, 2);
		tap_is(vdev_read16(vdev, CONFIG, pm + PCI_PM_CTRL) & PCI_PM_CTRL_STATE_MASK, 0,
		       "it does not go to D2, which it does not have");
	}
	vdev->ops->reset(vdev);
}

/* Leaves something in every place that a function level reset has to clear. */
static void use_function(struct vdev *vdev)
{
	vdev_write16(vdev, CONFIG, PCI_COMMAND, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	vdev_write32(vdev, CONFIG, PCI_BASE_ADDRESS_0, 0xe0000000);
	vdev_write8(vdev, CONFIG, PCI_INTERRUPT_LINE, 11);
	vdev_write32(vdev, REGS, MVGPU_REG_SCRATCH, 0x12345678);
	vdev_write32(vdev, REGS, MVGPU_REG_INTR_RAISE, MVGPU_CAUSE_MASK);
	vdev_write32(vdev, VRAM, 0x1000, 0xdeadbeef);
}

static bool is_used(struct vdev *vdev)
{
	return vdev_read8(vdev, CONFIG, PCI_INTERRUPT_LINE) == 11 &&
	       vdev_read32(vdev, REGS, MVGPU_REG_SCRATCH) == 0x12345678 &&
	       vdev_read32(vdev, VRAM, 0x1000) == 0xdeadbeef;
}

static void test_function_reset(struct vdev *vdev, unsigned int exp)
{
	const unsigned int devctl = exp + PCI_EXP_DEVCTL;
	/* Accesses that carry the reset bit: all widths, aligned and not. */
	static const struct {
		int start;
		unsigned int len;
	} ways[] = { { 1, 1 }, { 0, 2 }, { 0, 4 }, { 1, 2 }, { -2, 4 }, { -4, 8 }, { -6, 8 } };
	uint8_t reset[SIZE], now[SIZE], data[8];
	unsigned int i;

	vdev_must_read(vdev, CONFIG, reset, SIZE, 0);
	for (i = 0; i < ARRAY_SIZE(ways); i++) {
		use_function(vdev);
		vdev_must_read(vdev, CONFIG, data, ways[i].len, devctl + ways[i].start);
		data[1 - ways[i].start] |= PCI_EXP_DEVCTL_BCR_FLR >> 8;
		vdev_must_write(vdev, CONFIG, data, ways[i].len, devctl + ways[i].start);
		vdev_must_read(vdev, CONFIG, now, SIZE, 0);
		tap_ok(!memcmp(now, reset, SIZE),
		       "function level reset by %u bytes at %+d clears config space", ways[i].len,
		       ways[i].start);
		tap_is_hex(vdev_read32(vdev, REGS, MVGPU_REG_SCRATCH), 0, "and the registers");
		tap_is_hex(vdev_read32(vdev, REGS, MVGPU_REG_INTR_STATUS), 0,
			   "and what was pending");
		tap_is_hex(vdev_read32(vdev, VRAM, 0x1000), 0, "and VRAM");
	}

	use_function(vdev);
	vdev_write8(vdev, CONFIG, devctl, 0x0f);
	vdev_write8(vdev, CONFIG, devctl + 1, 0);
	tap_ok(is_used(vdev), "writes to the register without its reset bit do not reset");
	vdev_write8(vdev, CONFIG, devctl + 2, 0xff);
	vdev_write32(vdev, CONFIG, exp + PCI_EXP_DEVCAP, 0xffffffff);
	tap_ok(is_used(vdev), "writes beside it do not either");
	vdev->ops->reset(vdev);
}

int main(void)
{
	struct vdev *vdev = vdev_must_open(NULL);
	unsigned int pm = vdev_find_cap(vdev, PCI_CAP_ID_PM);
	unsigned int exp = vdev_find_cap(vdev, PCI_CAP_ID_EXP);
	unsigned int msi = vdev_find_cap(vdev, PCI_CAP_ID_MSI);
	unsigned int msix = vdev_find_cap(vdev, PCI_CAP_ID_MSIX);

	test_chain(vdev);
	if (!pm || !exp || !msi || !msix)
		tap_bail("a capability is missing");
	test_express(vdev, exp);
	test_msi(vdev, msi, msix);
	test_power(vdev, pm);
	test_function_reset(vdev, exp);
	vdev_close(vdev);
	return tap_done();
}
