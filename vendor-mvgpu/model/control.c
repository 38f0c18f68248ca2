// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Page 1 of BAR 2: the control registers.
 */
#include "engine_parts.h"
#include "fields.h"

static void mvgpu_control_store(struct mvgpu *vgpu, u32 offset, u32 value, u32 mask)
{
	mvgpu_image_store(vgpu, MVGPU_IMAGE_REGS, offset, value, mask);
}

static void mvgpu_enable_write(struct mvgpu *vgpu, const struct mvgpu_field *field, u32 offset,
			       u32 value, u32 mask)
{
	u32 before = mvgpu_irq_active(vgpu);

	mvgpu_control_store(vgpu, offset, value, mask & field->writable);
	mvgpu_irq_update(vgpu, before);
}

/**
 * mvgpu_causes_change() - causes of interrupt come and go
 * @vgpu: the vGPU
 * @raised: those that become pending, a mask
 * @acknowledged: those that are not pending any more, unless they are raised
 *
 * Context: under the vGPU's lock; calls the host's interrupt ops.
 */
void mvgpu_causes_change(struct mvgpu *vgpu, u32 raised, u32 acknowledged)
{
	u32 enabled = mvgpu_image_load(vgpu, MVGPU_IMAGE_REGS, MVGPU_REG_INTR_ENABLE, 4);
	u32 pending = mvgpu_image_load(vgpu, MVGPU_IMAGE_REGS, MVGPU_REG_INTR_STATUS, 4);
	u32 now = (pending & ~acknowledged) | (raised & MVGPU_CAUSE_MASK);

	mvgpu_control_store(vgpu, MVGPU_REG_INTR_STATUS, now, ~0u);
	if ((now ^ pending) & enabled)
		mvgpu_irq_update(vgpu, pending & enabled);
}

static void mvgpu_ack_write(struct mvgpu *vgpu, const struct mvgpu_field *field, u32 offset,
			    u32 value, u32 mask)
{
	mvgpu_causes_change(vgpu, 0, value);
}

static void mvgpu_raise_write(struct mvgpu *vgpu, const struct mvgpu_field *field, u32 offset,
			      u32 value, u32 mask)
{
	mvgpu_causes_change(vgpu, value, 0);
}

/**
 * mvgpu_irq_raise() - something happened in the device
 * @vgpu: the vGPU
 * @causes: the causes of interrupt that become pending, a mask; others than MVGPU_CAUSE_MASK has
 *	are ignored
 *
 * Context: any; calls the host's interrupt ops.
 */
void mvgpu_irq_raise(struct mvgpu *vgpu, u32 causes)
{
	mvgpu_lock(&vgpu->lock);
	mvgpu_causes_change(vgpu, causes, 0);
	mvgpu_unlock(&vgpu->lock);
}

static void mvgpu_gart_invalidate_write(struct mvgpu *vgpu, const struct mvgpu_field *field,
					u32 offset, u32 value, u32 mask)
{
	mvgpu_gart_invalidate(vgpu);
}

static u32 mvgpu_num_rings(const struct mvgpu_config *config)
{
	return config->num_rings;
}

#define MVGPU_RING_FIELD(_name, _reg)						\
	.name = (_name), .offset = MVGPU_REG_RING(0, _reg), .size = 4,		\
	.count = MVGPU_MAX_RINGS, .stride = MVGPU_RING_STRIDE

static const struct mvgpu_field mvgpu_control_fields[] = {
	{
		.name = "ID", .offset = MVGPU_REG_ID, .size = 4,
		.access = MVGPU_RO, .reset = MVGPU_ID_VALUE,
	}, {
		.name = "VERSION", .offset = MVGPU_REG_VERSION, .size = 4,
		.access = MVGPU_RO, .reset = MVGPU_VERSION_VALUE,
	}, {
		.name = "SCRATCH", .offset = MVGPU_REG_SCRATCH, .size = 4,
		.access = MVGPU_RW, .writable = 0xffffffff,
	}, {
		.name = "FEATURES", .offset = MVGPU_REG_FEATURES, .size = 4,
		.access = MVGPU_RO, .reset = MVGPU_FEATURE_ENGINE | MVGPU_FEATURE_GART,
	}, {
		.name = "INTR_STATUS", .offset = MVGPU_REG_INTR_STATUS, .size = 4,
		.access = MVGPU_RO,
	}, {
		.name = "INTR_ENABLE", .offset = MVGPU_REG_INTR_ENABLE, .size = 4,
		.access = MVGPU_RW, .writable = MVGPU_CAUSE_MASK, .write = mvgpu_enable_write,
	}, {
		.name = "INTR_ACK", .offset = MVGPU_REG_INTR_ACK, .size = 4,
		.access = MVGPU_WO, .write = mvgpu_ack_write,
	}, {
		.name = "INTR_RAISE", .offset = MVGPU_REG_INTR_RAISE, .size = 4,
		.access = MVGPU_WO, .write = mvgpu_raise_write,
	}, {
		.name = "NUM_RINGS", .offset = MVGPU_REG_NUM_RINGS, .size = 4,
		.access = MVGPU_RO, .type_reset = mvgpu_num_rings,
	}, {
		.name = "GART_BASE_LO", .offset = MVGPU_REG_GART_BASE_LO, .size = 4,
		.access = MVGPU_RW, .writable = 0xffffffc0,
	}, {
		.name = "GART_BASE_HI", .offset = MVGPU_REG_GART_BASE_HI, .size = 4,
		.access = MVGPU_RW, .writable = 0xffffffff,
	}, {
		.name = "GART_ENTRIES", .offset = MVGPU_REG_GART_ENTRIES, .size = 4,
		.access = MVGPU_RW, .writable = 0xffffffff,
	}, {
		.name = "GART_INVALIDATE", .offset = MVGPU_REG_GART_INVALIDATE, .size = 4,
		.access = MVGPU_WO, .write = mvgpu_gart_invalidate_write,
	}, {
		MVGPU_RING_FIELD("RING_CTRL", MVGPU_RING_CTRL), .access = MVGPU_RW,
		.writable = MVGPU_RING_CTRL_ENABLE | MVGPU_RING_CTRL_MEM_MASK,
		.write = mvgpu_ring_ctrl_write,
	}, {
		MVGPU_RING_FIELD("RING_STATE", MVGPU_RING_STATE), .access = MVGPU_RO,
	}, {
		MVGPU_RING_FIELD("RING_BASE_LO", MVGPU_RING_BASE_LO), .access = MVGPU_RW,
		.writable = 0xffffffc0,
	}, {
		MVGPU_RING_FIELD("RING_BASE_HI", MVGPU_RING_BASE_HI), .access = MVGPU_RW,
		.writable = 0xffffffff,
	}, {
		MVGPU_RING_FIELD("RING_ORDER", MVGPU_RING_ORDER), .access = MVGPU_RW,
		.writable = 0xffffffff,
	}, {
		MVGPU_RING_FIELD("RING_KICK", MVGPU_RING_KICK), .access = MVGPU_WO,
		.write = mvgpu_ring_kick_write,
	}, {
		MVGPU_RING_FIELD("RING_COALESCE", MVGPU_RING_COALESCE), .access = MVGPU_RW,
		.writable = 0xff,
	}, {
		MVGPU_RING_FIELD("RING_ERROR", MVGPU_RING_ERROR), .access = MVGPU_RO,
	}, {
		MVGPU_RING_FIELD("RING_ERROR_HEAD", MVGPU_RING_ERROR_HEAD), .access = MVGPU_RO,
	}, {
		MVGPU_RING_FIELD("RING_ERROR_ADDR_LO", MVGPU_RING_ERROR_ADDR_LO),
		.access = MVGPU_RO,
	}, {
		MVGPU_RING_FIELD("RING_ERROR_ADDR_HI", MVGPU_RING_ERROR_ADDR_HI),
		.access = MVGPU_RO,
	},
};

const struct mvgpu_page mvgpu_control_page = {
	.image = MVGPU_IMAGE_REGS,
	.base = MVGPU_CTRL_OFFSET,
	.fields = mvgpu_control_fields,
	.num_fields = ARRAY_SIZE(mvgpu_control_fields),
};
