// SPDX-License-Identifier: GPL-2.0-only
/*
 * PCI config space: every width at every offset, which bits can be written and which
 * cannot, BAR sizing.
 */
#include <linux/pci_regs.h>
#include <string.h>

#include "mvgpu_pci.h"
#include "sweep.h"
#include "tap.h"
#include "util.h"
#include "vdev.h"

#define CONFIG		VFIO_PCI_CONFIG_REGION_INDEX
#define SIZE		MVGPU_PCI_CONFIG_SIZE

/*
 * The bits of config space that a driver can store in, as the PCI specifications have
 * them: @must those that a device like this one has to have, @may those that it can
 * have too.
 */
struct config_bits {
	uint8_t must[SIZE];
	uint8_t may[SIZE];
};

/* The type has an identity of its own, and a 64-bit BAR 0. */
static bool is_native(struct vdev *vdev)
{
	return vdev_read16(vdev, CONFIG, PCI_DEVICE_ID) == MVGPU_PCI_DEVICE_ID_NATIVE;
}

static void allow(struct config_bits *bits, unsigned int offset, unsigned int width, uint32_t must,
		  uint32_t may)
{
	for (; width--; offset++, must >>= 8, may >>= 8) {
		bits->must[offset] |= must;
		bits->may[offset] |= must | may;
	}
}

static void allow_msi(struct vdev *vdev, struct config_bits *bits)
{
	unsigned int msi = vdev_find_cap(vdev, PCI_CAP_ID_MSI);
	uint16_t flags;

	if (!msi)
		return;
	flags = vdev_read16(vdev, CONFIG, msi + PCI_MSI_FLAGS);
	allow(bits, msi + PCI_MSI_FLAGS, 2, PCI_MSI_FLAGS_ENABLE | PCI_MSI_FLAGS_QSIZE, 0);
	allow(bits, msi + PCI_MSI_ADDRESS_LO, 4, 0xfffffffc, 0);
	if (!(flags & PCI_MSI_FLAGS_64BIT)) {
		allow(bits, msi + PCI_MSI_DATA_32, 2, 0xffff, 0);
		if (flags & PCI_MSI_FLAGS_MASKBIT)
			allow(bits, msi + PCI_MSI_MASK_32, 4, (1 << MVGPU_NUM_VECTORS) - 1, 0);
		return;
	}
	allow(bits, msi + PCI_MSI_ADDRESS_HI, 4, 0xffffffff, 0);
	allow(bits, msi + PCI_MSI_DATA_64, 2, 0xffff, 0);
	if (flags & PCI_MSI_FLAGS_MASKBIT)
		allow(bits, msi + PCI_MSI_MASK_64, 4, (1 << MVGPU_NUM_VECTORS) - 1, 0);
}

static void allow_caps(struct vdev *vdev, struct config_bits *bits)
{
	unsigned int pm = vdev_find_cap(vdev, PCI_CAP_ID_PM);
	unsigned int exp = vdev_find_cap(vdev, PCI_CAP_ID_EXP);
	unsigned int msix = vdev_find_cap(vdev, PCI_CAP_ID_MSIX);

	if (pm) {
		uint16_t pmc = vdev_read16(vdev, CONFIG, pm + PCI_PM_PMC);

		allow(bits, pm + PCI_PM_CTRL, 2, PCI_PM_CTRL_STATE_MASK,
		      pmc & PCI_PM_CAP_PME_MASK ? PCI_PM_CTRL_PME_ENABLE : 0);
	}
	if (exp) {
		allow(bits, exp + PCI_EXP_DEVCTL, 2,
		      PCI_EXP_DEVCTL_CERE | PCI_EXP_DEVCTL_NFERE | PCI_EXP_DEVCTL_FERE |
		      PCI_EXP_DEVCTL_URRE, 0x7fff);
		allow(bits, exp + PCI_EXP_LNKCTL, 2, 0, 0xffff);
		allow(bits, exp + PCI_EXP_DEVCTL2, 2, 0, 0xffff);
		allow(bits, exp + PCI_EXP_LNKCTL2, 2, 0, 0xffff);
	}
	if (msix)
		allow(bits, msix + PCI_MSIX_FLAGS, 2,
		      PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL, 0);
}

static void allow_all(struct vdev *vdev, struct config_bits *bits)
{
	unsigned int bar;

	memset(bits, 0, sizeof(*bits));
	allow(bits, PCI_COMMAND, 2,
	      PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER | PCI_COMMAND_INTX_DISABLE,
	      PCI_COMMAND_PARITY | PCI_COMMAND_SERR);
	allow(bits, PCI_CACHE_LINE_SIZE, 1, 0, 0xff);
	allow(bits, PCI_INTERRUPT_LINE, 1, 0xff, 0);
	for (bar = 0; bar < PCI_STD_NUM_BARS; bar++) {
		uint64_t size = vdev_region_size(vdev, bar);

		if (size)
			allow(bits, PCI_BASE_ADDRESS_0 + 4 * bar, 4, ~(size - 1), 0);
	}
	if (is_native(vdev))
		allow(bits, PCI_BASE_ADDRESS_1, 4, 0xffffffff, 0);
	allow_caps(vdev, bits);
	allow_msi(vdev, bits);
}

/*
 * The bits that differ after ones and zeros have been stored, one word at a time, each
 * put back at once.  The bit that resets the function stays zero.
 */
static void find_writable(struct vdev *vdev, uint8_t *writable)
{
	unsigned int exp = vdev_find_cap(vdev, PCI_CAP_ID_EXP);
	uint8_t high[4], low[4], old[4];
	unsigned int offset, i;
	uint32_t ones;

	for (offset = 0; offset < SIZE; offset += 4) {
		vdev_must_read(vdev, CONFIG, old, 4, offset);
		ones = 0xffffffff;
		if (offset == exp + PCI_EXP_DEVCTL)
			ones &= ~PCI_EXP_DEVCTL_BCR_FLR;
		vdev_write32(vdev, CONFIG, offset, ones);
		vdev_must_read(vdev, CONFIG, high, 4, offset);
		vdev_write32(vdev, CONFIG, offset, 0);
		vdev_must_read(vdev, CONFIG, low, 4, offset);
		vdev_must_write(vdev, CONFIG, old, 4, offset);
		for (i = 0; i < 4; i++)
			writable[offset + i] = high[i] ^ low[i];
	}
}

static void test_writable(struct sweep *sweep)
{
	static struct config_bits bits;
	unsigned int offset, missing = 0, extra = 0;

	allow_all(sweep->vdev, &bits);
	find_writable(sweep->vdev, sweep->writable);
	for (offset = 0; offset < SIZE; offset++) {
		uint8_t writable = sweep->writable[offset];

		if (bits.must[offset] & ~writable) {
			missing++;
			tap_diag("%#x: bits %#x cannot be written", offset,
				 bits.must[offset] & ~writable);
		}
		if (writable & ~bits.may[offset]) {
			extra++;
			tap_diag("%#x: bits %#x can be written", offset,
				 writable & ~bits.may[offset]);
		}
	}
	tap_is(missing, 0, "all bits can be written that a driver writes");
	tap_is(extra, 0, "no other bit can");
	sweep_unchanged(sweep, "what was put back is what was there");
}

/*
 * Bytes that not every pattern can be stored in: the power state and the number of MSI
 * vectors know values that are refused, and one bit resets the function.
 */
static void avoid_picky(struct vdev *vdev, uint8_t *avoid)
{
	avoid[vdev_find_cap(vdev, PCI_CAP_ID_PM) + PCI_PM_CTRL] = 1;
	avoid[vdev_find_cap(vdev, PCI_CAP_ID_MSI) + PCI_MSI_FLAGS] = 1;
	avoid[vdev_find_cap(vdev, PCI_CAP_ID_EXP) + PCI_EXP_DEVCTL + 1] = 1;
}

static void test_random(struct sweep *sweep)
{
	uint8_t avoid[SIZE] = { 0 }, reset[SIZE];

	memcpy(reset, sweep->image, SIZE);
	avoid_picky(sweep->vdev, avoid);
	sweep->avoid = avoid;
	sweep_write_random(sweep);
	sweep->avoid = NULL;
	sweep->vdev->ops->reset(sweep->vdev);
	memcpy(sweep->image, reset, SIZE);
	sweep_unchanged(sweep, "a reset brings all of it back");
}

static void test_identity(struct vdev *vdev)
{
	bool native = is_native(vdev);

	tap_is_hex(vdev_read16(vdev, CONFIG, PCI_VENDOR_ID), MVGPU_PCI_VENDOR_ID, "vendor");
	tap_is_hex(vdev_read16(vdev, CONFIG, PCI_DEVICE_ID),
		   native ? MVGPU_PCI_DEVICE_ID_NATIVE : MVGPU_PCI_DEVICE_ID_BOCHS, "device");
	tap_is_hex(vdev_read16(vdev, CONFIG, PCI_SUBSYSTEM_VENDOR_ID),
		   native ? MVGPU_PCI_VENDOR_ID : MVGPU_PCI_SUBSYS_VENDOR_ID, "subsystem vendor");
	tap_is_hex(vdev_read16(vdev, CONFIG, PCI_SUBSYSTEM_ID),
		   native ? MVGPU_PCI_DEVICE_ID_NATIVE : MVGPU_PCI_SUBSYS_ID, "subsystem");
	tap_ok(vdev_read8(vdev, CONFIG, PCI_REVISION_ID) >= 2,
	       "the revision says that the extension registers are there");
	tap_is_hex(vdev_read8(vdev, CONFIG, PCI_CLASS_DEVICE + 1), 3, "a display controller");
	tap_is_hex(vdev_read8(vdev, CONFIG, PCI_HEADER_TYPE), PCI_HEADER_TYPE_NORMAL,
		   "one function, header type 0");
	tap_is(vdev_read8(vdev, CONFIG, PCI_INTERRUPT_PIN), 1, "INTx is pin A");
	tap_is_hex(vdev_read16(vdev, CONFIG, PCI_COMMAND), 0, "command is 0 at first");
	tap_is_hex(vdev_read16(vdev, CONFIG, PCI_STATUS), PCI_STATUS_CAP_LIST,
		   "status says that there are capabilities, and nothing else");
	tap_is_hex(vdev_read32(vdev, CONFIG, PCI_ROM_ADDRESS), 0, "no ROM");
}

static void test_bar_sizes(struct vdev *vdev)
{
	bool native = is_native(vdev);
	const uint32_t flags[PCI_STD_NUM_BARS] = {
		[MVGPU_BAR_VRAM] = PCI_BASE_ADDRESS_MEM_PREFETCH |
				   (native ? PCI_BASE_ADDRESS_MEM_TYPE_64 :
					     PCI_BASE_ADDRESS_MEM_TYPE_32),
		[MVGPU_BAR_REGS] = PCI_BASE_ADDRESS_MEM_TYPE_32,
		[MVGPU_BAR_MSIX] = PCI_BASE_ADDRESS_MEM_TYPE_32,
	};
	unsigned int bar, byte, offset;
	uint32_t want, size, bits;

	for (bar = 0; bar < PCI_STD_NUM_BARS; bar++) {
		offset = PCI_BASE_ADDRESS_0 + 4 * bar;
		size = vdev_region_size(vdev, bar);
		bits = size ? ~(size - 1) : 0;
		/* The high half of BAR 0. */
		if (native && bar == MVGPU_BAR_VRAM + 1)
			bits = 0xffffffff;
		want = bits | flags[bar];
		vdev_write32(vdev, CONFIG, offset, 0xffffffff);
		tap_is_hex(vdev_read32(vdev, CONFIG, offset), want, "BAR %u sized by a word", bar);
		vdev_write32(vdev, CONFIG, offset, 0);
		for (byte = 0; byte < 4; byte++)
			vdev_write8(vdev, CONFIG, offset + byte, 0xff);
		tap_is_hex(vdev_read32(vdev, CONFIG, offset), want, "BAR %u sized by bytes", bar);
		vdev_write32(vdev, CONFIG, offset, 0xfebcdeff);
		tap_is_hex(vdev_read32(vdev, CONFIG, offset),
			   (0xfebcdeff & bits) | flags[bar], "BAR %u keeps an address", bar);
		vdev_write32(vdev, CONFIG, offset, 0);
	}
}

int main(void)
{
	struct vdev *vdev = vdev_must_open(NULL);
	struct sweep sweep;

	rnd_init();
	sweep_init(&sweep, vdev, CONFIG, "config space");
	tap_is(sweep.size, SIZE, "size of config space");
	test_identity(vdev);
	sweep_bounds(&sweep);
	sweep_read(&sweep);
	sweep_write_same(&sweep);
	test_bar_sizes(vdev);
	test_writable(&sweep);
	test_random(&sweep);
	sweep_fini(&sweep);
	vdev_close(vdev);
	return tap_done();
}
