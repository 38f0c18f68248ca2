/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * PCI identity of the mvgpu device: what a driver matches and where the BARs are.
 */
#ifndef MVGPU_PCI_H
#define MVGPU_PCI_H

/*
 * The identity of QEMU's bochs-display: firmware and the kernel's bochs driver know it.  Revision 2
 * and later says that BAR 2 has the extension registers (QEMU, docs/specs/standard-vga.rst).
 */
#define MVGPU_PCI_VENDOR_ID		0x1234
#define MVGPU_PCI_DEVICE_ID_BOCHS	0x1111
#define MVGPU_PCI_REVISION		0x02
#define MVGPU_PCI_CLASS			0x0380	/* display controller, other */

/* Red Hat's QEMU subsystem, which bochs-display has too. */
#define MVGPU_PCI_SUBSYS_VENDOR_ID	0x1af4
#define MVGPU_PCI_SUBSYS_ID		0x1100

/* The identity of native types, which mvgpu's own driver knows; of device and subsystem. */
#define MVGPU_PCI_DEVICE_ID_NATIVE	0x6d76

#define MVGPU_PCI_CONFIG_SIZE		4096

/* Where the capabilities are, in the order of their list. */
#define MVGPU_PCI_CAP_PM		0x40
#define MVGPU_PCI_CAP_MSI		0x50
#define MVGPU_PCI_CAP_EXP		0x60
#define MVGPU_PCI_CAP_VENDOR		0xb0
#define MVGPU_PCI_CAP_MSIX		0xa0

/* In the vendor's capability, 32 bits each: what MVGPU_REG_VERSION and _FEATURES say */
#define MVGPU_PCI_VENDOR_SIZE		0x0c
#define MVGPU_PCI_VENDOR_VERSION	0x04
#define MVGPU_PCI_VENDOR_FEATURES	0x08

#define MVGPU_BAR_VRAM			0
#define MVGPU_BAR_REGS			2
#define MVGPU_BAR_MSIX			4

#define MVGPU_VRAM_MIN			(16u << 20)
/* A 32-bit BAR 0 above this size leaves firmware no room below 4 GiB. */
#define MVGPU_VRAM_MAX			(256u << 20)
#define MVGPU_VRAM_MAX_NATIVE		(1024u << 20)

#define MVGPU_REGS_SIZE			0x4000
#define MVGPU_MSIX_SIZE			0x1000
#define MVGPU_MSIX_TABLE		0x000
#define MVGPU_MSIX_PBA			0x800

/* Interrupt vectors, of MSI and of MSI-X alike: a power of two, as MSI asks. */
#define MVGPU_NUM_VECTORS		8u

#endif /* MVGPU_PCI_H */
