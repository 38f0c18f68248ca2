// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * PCI config space: a type 0 header and the capabilities, after PCI Express Base 4.0, chapter 7.
 *
 * What a PCI Express function without I/O space, link power management, extended tags or payloads
 * above 128 bytes may hardwire to zero is not in the table.
 */
#include "engine_parts.h"
#include "fields.h"

#define MVGPU_PM(reg)		(MVGPU_PCI_CAP_PM + (reg))
#define MVGPU_MSI(reg)		(MVGPU_PCI_CAP_MSI + (reg))
#define MVGPU_EXP(reg)		(MVGPU_PCI_CAP_EXP + (reg))
#define MVGPU_MSIX(reg)		(MVGPU_PCI_CAP_MSIX + (reg))
#define MVGPU_VENDOR(reg)	(MVGPU_PCI_CAP_VENDOR + (reg))

/* The fields that pci_regs.h has no name for. */
#define MVGPU_EXP_LNKCAP_ASPM_OPTIONALITY	0x00400000
#define MVGPU_PM_CAP_VERSION			3
#define MVGPU_EXP_VERSION			2
#define MVGPU_MSI_QMASK				(__builtin_ctz(MVGPU_NUM_VECTORS) << 1)

/* Fields that have a say in which interrupts get out. */
static void mvgpu_gate_write(struct mvgpu *vgpu, const struct mvgpu_field *field, u32 offset,
			     u32 value, u32 mask)
{
	mvgpu_image_store(vgpu, MVGPU_IMAGE_CONFIG, offset, value, mask & field->writable);
	mvgpu_irq_gates_changed(vgpu);
}

static void mvgpu_command_write(struct mvgpu *vgpu, const struct mvgpu_field *field, u32 offset,
				u32 value, u32 mask)
{
	mvgpu_gate_write(vgpu, field, offset, value, mask);
	mvgpu_engine_allow(vgpu);
}

static u32 mvgpu_device_id(const struct mvgpu_config *config)
{
	return config->native ? MVGPU_PCI_DEVICE_ID_NATIVE : MVGPU_PCI_DEVICE_ID_BOCHS;
}

static u32 mvgpu_subsystem_vendor_id(const struct mvgpu_config *config)
{
	return config->native ? MVGPU_PCI_VENDOR_ID : MVGPU_PCI_SUBSYS_VENDOR_ID;
}

static u32 mvgpu_subsystem_id(const struct mvgpu_config *config)
{
	return config->native ? MVGPU_PCI_DEVICE_ID_NATIVE : MVGPU_PCI_SUBSYS_ID;
}

static u32 mvgpu_bar0_flags(const struct mvgpu_config *config)
{
	return PCI_BASE_ADDRESS_SPACE_MEMORY | PCI_BASE_ADDRESS_MEM_PREFETCH |
	       (config->native ? PCI_BASE_ADDRESS_MEM_TYPE_64 : PCI_BASE_ADDRESS_MEM_TYPE_32);
}

/* The size of BAR 0 depends on the type: its address bits below the size stay zero. */
static void mvgpu_bar0_write(struct mvgpu *vgpu, const struct mvgpu_field *field, u32 offset,
			     u32 value, u32 mask)
{
	mask &= ~(vgpu->config->vram_size - 1);
	mvgpu_image_store(vgpu, MVGPU_IMAGE_CONFIG, offset, value, mask & field->writable);
}

/* The high half of BAR 0's address, where it has one. */
static void mvgpu_bar1_write(struct mvgpu *vgpu, const struct mvgpu_field *field, u32 offset,
			     u32 value, u32 mask)
{
	if (vgpu->config->native)
		mvgpu_image_store(vgpu, MVGPU_IMAGE_CONFIG, offset, value, mask);
}

/* A write of a power state that the function does not have is discarded (7.5.2.2). */
static void mvgpu_pmcsr_write(struct mvgpu *vgpu, const struct mvgpu_field *field, u32 offset,
			      u32 value, u32 mask)
{
	u32 state = value & PCI_PM_CTRL_STATE_MASK;

	if (state != 0 && state != PCI_PM_CTRL_STATE_MASK)
		return;
	mvgpu_image_store(vgpu, MVGPU_IMAGE_CONFIG, offset, state, mask & field->writable);
	mvgpu_engine_allow(vgpu);
}

static void mvgpu_devctl_write(struct mvgpu *vgpu, const struct mvgpu_field *field, u32 offset,
			       u32 value, u32 mask)
{
	mvgpu_image_store(vgpu, MVGPU_IMAGE_CONFIG, offset, value, mask & field->writable);
	if (value & PCI_EXP_DEVCTL_BCR_FLR)
		vgpu->requests |= MVGPU_REQUEST_RESET;
}

static const struct mvgpu_field mvgpu_config_fields[] = {
	{
		.name = "Vendor ID", .offset = PCI_VENDOR_ID, .size = 2,
		.access = MVGPU_RO, .reset = MVGPU_PCI_VENDOR_ID,
	}, {
		.name = "Device ID", .offset = PCI_DEVICE_ID, .size = 2,
		.access = MVGPU_RO, .type_reset = mvgpu_device_id,
	}, {
		.name = "Command", .offset = PCI_COMMAND, .size = 2, .access = MVGPU_RW,
		.writable = PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER | PCI_COMMAND_PARITY |
			    PCI_COMMAND_SERR | PCI_COMMAND_INTX_DISABLE,
		.write = mvgpu_command_write,
	}, {
		.name = "Status", .offset = PCI_STATUS, .size = 2,
		.access = MVGPU_RO, .reset = PCI_STATUS_CAP_LIST,
	}, {
		.name = "Revision ID", .offset = PCI_REVISION_ID, .size = 1,
		.access = MVGPU_RO, .reset = MVGPU_PCI_REVISION,
	}, {
		.name = "Programming Interface", .offset = PCI_CLASS_PROG, .size = 1,
		.access = MVGPU_RO,
	}, {
		.name = "Class", .offset = PCI_CLASS_DEVICE, .size = 2,
		.access = MVGPU_RO, .reset = MVGPU_PCI_CLASS,
	}, {
		.name = "Cache Line Size", .offset = PCI_CACHE_LINE_SIZE, .size = 1,
		.access = MVGPU_RW, .writable = 0xff,
	}, {
		.name = "BAR 0", .offset = PCI_BASE_ADDRESS_0, .size = 4, .access = MVGPU_RW,
		.type_reset = mvgpu_bar0_flags,
		.writable = ~(MVGPU_VRAM_MIN - 1), .write = mvgpu_bar0_write,
	}, {
		.name = "BAR 1", .offset = PCI_BASE_ADDRESS_1, .size = 4, .access = MVGPU_RW,
		.writable = 0xffffffff, .write = mvgpu_bar1_write,
	}, {
		.name = "BAR 2", .offset = PCI_BASE_ADDRESS_2, .size = 4, .access = MVGPU_RW,
		.reset = PCI_BASE_ADDRESS_SPACE_MEMORY | PCI_BASE_ADDRESS_MEM_TYPE_32,
		.writable = ~(MVGPU_REGS_SIZE - 1u),
	}, {
		.name = "BAR 4", .offset = PCI_BASE_ADDRESS_4, .size = 4, .access = MVGPU_RW,
		.reset = PCI_BASE_ADDRESS_SPACE_MEMORY | PCI_BASE_ADDRESS_MEM_TYPE_32,
		.writable = ~(MVGPU_MSIX_SIZE - 1u),
	}, {
		.name = "Subsystem Vendor ID", .offset = PCI_SUBSYSTEM_VENDOR_ID, .size = 2,
		.access = MVGPU_RO, .type_reset = mvgpu_subsystem_vendor_id,
	}, {
		.name = "Subsystem ID", .offset = PCI_SUBSYSTEM_ID, .size = 2,
		.access = MVGPU_RO, .type_reset = mvgpu_subsystem_id,
	}, {
		.name = "Capabilities Pointer", .offset = PCI_CAPABILITY_LIST, .size = 1,
		.access = MVGPU_RO, .reset = MVGPU_PCI_CAP_PM,
	}, {
		.name = "Interrupt Line", .offset = PCI_INTERRUPT_LINE, .size = 1,
		.access = MVGPU_RW, .writable = 0xff,
	}, {
		.name = "Interrupt Pin", .offset = PCI_INTERRUPT_PIN, .size = 1,
		.access = MVGPU_RO, .reset = 1,	/* INTA */
	},

	{
		.name = "PM Capability ID", .offset = MVGPU_PM(PCI_CAP_LIST_ID), .size = 1,
		.access = MVGPU_RO, .reset = PCI_CAP_ID_PM,
	}, {
		.name = "PM Next Capability", .offset = MVGPU_PM(PCI_CAP_LIST_NEXT), .size = 1,
		.access = MVGPU_RO, .reset = MVGPU_PCI_CAP_MSI,
	}, {
		.name = "PM Capabilities", .offset = MVGPU_PM(PCI_PM_PMC), .size = 2,
		.access = MVGPU_RO, .reset = MVGPU_PM_CAP_VERSION,
	}, {
		.name = "PM Control/Status", .offset = MVGPU_PM(PCI_PM_CTRL), .size = 2,
		.access = MVGPU_RW, .reset = PCI_PM_CTRL_NO_SOFT_RESET,
		.writable = PCI_PM_CTRL_STATE_MASK, .write = mvgpu_pmcsr_write,
	},

	{
		.name = "MSI Capability ID", .offset = MVGPU_MSI(PCI_CAP_LIST_ID), .size = 1,
		.access = MVGPU_RO, .reset = PCI_CAP_ID_MSI,
	}, {
		.name = "MSI Next Capability", .offset = MVGPU_MSI(PCI_CAP_LIST_NEXT), .size = 1,
		.access = MVGPU_RO, .reset = MVGPU_PCI_CAP_EXP,
	}, {
		.name = "MSI Message Control", .offset = MVGPU_MSI(PCI_MSI_FLAGS), .size = 2,
		.access = MVGPU_RW, .reset = PCI_MSI_FLAGS_64BIT | MVGPU_MSI_QMASK,
		.writable = PCI_MSI_FLAGS_ENABLE | PCI_MSI_FLAGS_QSIZE,
	}, {
		.name = "MSI Message Address", .offset = MVGPU_MSI(PCI_MSI_ADDRESS_LO), .size = 4,
		.access = MVGPU_RW, .writable = 0xfffffffc,
	}, {
		.name = "MSI Message Upper Address", .offset = MVGPU_MSI(PCI_MSI_ADDRESS_HI),
		.size = 4, .access = MVGPU_RW, .writable = 0xffffffff,
	}, {
		.name = "MSI Message Data", .offset = MVGPU_MSI(PCI_MSI_DATA_64), .size = 2,
		.access = MVGPU_RW, .writable = 0xffff,
	},

	{
		.name = "PCI Express Capability ID", .offset = MVGPU_EXP(PCI_CAP_LIST_ID),
		.size = 1, .access = MVGPU_RO, .reset = PCI_CAP_ID_EXP,
	}, {
		.name = "PCI Express Next Capability", .offset = MVGPU_EXP(PCI_CAP_LIST_NEXT),
		.size = 1, .access = MVGPU_RO, .reset = MVGPU_PCI_CAP_VENDOR,
	}, {
		.name = "PCI Express Capabilities", .offset = MVGPU_EXP(PCI_EXP_FLAGS), .size = 2,
		.access = MVGPU_RO, .reset = MVGPU_EXP_VERSION | PCI_EXP_TYPE_ENDPOINT << 4,
	}, {
		.name = "Device Capabilities", .offset = MVGPU_EXP(PCI_EXP_DEVCAP), .size = 4,
		.access = MVGPU_RO, .reset = PCI_EXP_DEVCAP_RBER | PCI_EXP_DEVCAP_FLR,
	}, {
		.name = "Device Control", .offset = MVGPU_EXP(PCI_EXP_DEVCTL), .size = 2,
		.access = MVGPU_RW,
		.reset = PCI_EXP_DEVCTL_RELAX_EN | PCI_EXP_DEVCTL_NOSNOOP_EN |
			 PCI_EXP_DEVCTL_READRQ_512B,
		.writable = PCI_EXP_DEVCTL_CERE | PCI_EXP_DEVCTL_NFERE | PCI_EXP_DEVCTL_FERE |
			    PCI_EXP_DEVCTL_URRE | PCI_EXP_DEVCTL_RELAX_EN |
			    PCI_EXP_DEVCTL_NOSNOOP_EN | PCI_EXP_DEVCTL_READRQ,
		.write = mvgpu_devctl_write,
	}, {
		.name = "Device Status", .offset = MVGPU_EXP(PCI_EXP_DEVSTA), .size = 2,
		.access = MVGPU_RO,
	}, {
		.name = "Link Capabilities", .offset = MVGPU_EXP(PCI_EXP_LNKCAP), .size = 4,
		.access = MVGPU_RO,
		.reset = PCI_EXP_LNKCAP_SLS_2_5GB | 1 << 4 | MVGPU_EXP_LNKCAP_ASPM_OPTIONALITY,
	}, {
		.name = "Link Control", .offset = MVGPU_EXP(PCI_EXP_LNKCTL), .size = 2,
		.access = MVGPU_RW,
		.writable = PCI_EXP_LNKCTL_RCB | PCI_EXP_LNKCTL_CCC | PCI_EXP_LNKCTL_ES,
	}, {
		.name = "Link Status", .offset = MVGPU_EXP(PCI_EXP_LNKSTA), .size = 2,
		.access = MVGPU_RO, .reset = PCI_EXP_LNKSTA_CLS_2_5GB | PCI_EXP_LNKSTA_NLW_X1,
	}, {
		.name = "Device Capabilities 2", .offset = MVGPU_EXP(PCI_EXP_DEVCAP2), .size = 4,
		.access = MVGPU_RO, .reset = PCI_EXP_DEVCAP2_COMP_TMOUT_DIS,
	}, {
		.name = "Device Control 2", .offset = MVGPU_EXP(PCI_EXP_DEVCTL2), .size = 2,
		.access = MVGPU_RW, .writable = PCI_EXP_DEVCTL2_COMP_TMOUT_DIS,
	}, {
		.name = "Link Capabilities 2", .offset = MVGPU_EXP(PCI_EXP_LNKCAP2), .size = 4,
		.access = MVGPU_RO, .reset = PCI_EXP_LNKCAP2_SLS_2_5GB,
	},

	{
		.name = "MSI-X Capability ID", .offset = MVGPU_MSIX(PCI_CAP_LIST_ID), .size = 1,
		.access = MVGPU_RO, .reset = PCI_CAP_ID_MSIX,
	}, {
		.name = "MSI-X Next Capability", .offset = MVGPU_MSIX(PCI_CAP_LIST_NEXT), .size = 1,
		.access = MVGPU_RO,
	}, {
		.name = "MSI-X Message Control", .offset = MVGPU_MSIX(PCI_MSIX_FLAGS), .size = 2,
		.access = MVGPU_RW, .reset = MVGPU_NUM_VECTORS - 1,
		.writable = PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL,
		.write = mvgpu_gate_write,
	}, {
		.name = "MSI-X Table", .offset = MVGPU_MSIX(PCI_MSIX_TABLE), .size = 4,
		.access = MVGPU_RO, .reset = MVGPU_MSIX_TABLE | MVGPU_BAR_MSIX,
	}, {
		.name = "MSI-X PBA", .offset = MVGPU_MSIX(PCI_MSIX_PBA), .size = 4,
		.access = MVGPU_RO, .reset = MVGPU_MSIX_PBA | MVGPU_BAR_MSIX,
	},

	{
		.name = "Vendor Capability ID", .offset = MVGPU_VENDOR(PCI_CAP_LIST_ID), .size = 1,
		.access = MVGPU_RO, .reset = PCI_CAP_ID_VNDR,
	}, {
		.name = "Vendor Next Capability", .offset = MVGPU_VENDOR(PCI_CAP_LIST_NEXT),
		.size = 1, .access = MVGPU_RO, .reset = MVGPU_PCI_CAP_MSIX,
	}, {
		.name = "Vendor Capability Length", .offset = MVGPU_VENDOR(PCI_CAP_FLAGS),
		.size = 1, .access = MVGPU_RO, .reset = MVGPU_PCI_VENDOR_SIZE,
	}, {
		.name = "Vendor ABI Version", .offset = MVGPU_VENDOR(MVGPU_PCI_VENDOR_VERSION),
		.size = 4, .access = MVGPU_RO, .reset = MVGPU_VERSION_VALUE,
	}, {
		.name = "Vendor Features", .offset = MVGPU_VENDOR(MVGPU_PCI_VENDOR_FEATURES),
		.size = 4, .access = MVGPU_RO,
		.reset = MVGPU_FEATURE_ENGINE | MVGPU_FEATURE_GART,
	},
};

const struct mvgpu_page mvgpu_config_page = {
	.image = MVGPU_IMAGE_CONFIG,
	.base = 0,
	.fields = mvgpu_config_fields,
	.num_fields = ARRAY_SIZE(mvgpu_config_fields),
};
