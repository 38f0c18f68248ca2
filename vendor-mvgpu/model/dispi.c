// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Page 0 of BAR 2: the bochs-display window, and the scan-out that it describes.
 *
 * As in QEMU's bochs-display the registers store what they are given; whether it makes a picture
 * is seen when somebody wants the picture.
 */
#include "fields.h"

static u32 mvgpu_dispi_memory(const struct mvgpu_config *config)
{
	return config->vram_size >> 16;
}

#define MVGPU_DISPI_RW(_name) {						\
	.name = "DISPI_" #_name,					\
	.offset = MVGPU_DISPI_REG(MVGPU_DISPI_ ## _name),		\
	.size = 2, .access = MVGPU_RW, .writable = 0xffff,		\
}

static const struct mvgpu_field mvgpu_dispi_fields[] = {
	{
		.name = "DISPI_ID", .offset = MVGPU_DISPI_REG(MVGPU_DISPI_ID), .size = 2,
		.access = MVGPU_RO, .reset = MVGPU_DISPI_ID_VALUE,
	},
	MVGPU_DISPI_RW(XRES),
	MVGPU_DISPI_RW(YRES),
	MVGPU_DISPI_RW(BPP),
	MVGPU_DISPI_RW(ENABLE),
	MVGPU_DISPI_RW(BANK),
	MVGPU_DISPI_RW(VIRT_WIDTH),
	MVGPU_DISPI_RW(VIRT_HEIGHT),
	MVGPU_DISPI_RW(X_OFFSET),
	MVGPU_DISPI_RW(Y_OFFSET),
	{
		.name = "DISPI_VIDEO_MEMORY_64K",
		.offset = MVGPU_DISPI_REG(MVGPU_DISPI_VIDEO_MEMORY_64K), .size = 2,
		.access = MVGPU_RO, .type_reset = mvgpu_dispi_memory,
	}, {
		.name = "QEXT_SIZE", .offset = MVGPU_QEXT_SIZE, .size = 4,
		.access = MVGPU_RO, .reset = MVGPU_QEXT_SIZE_VALUE,
	}, {
		.name = "QEXT_ENDIAN", .offset = MVGPU_QEXT_ENDIAN, .size = 4,
		.access = MVGPU_RO, .reset = MVGPU_QEXT_ENDIAN_LITTLE,
	},
};

const struct mvgpu_page mvgpu_dispi_page = {
	.image = MVGPU_IMAGE_REGS,
	.base = 0,
	.fields = mvgpu_dispi_fields,
	.num_fields = ARRAY_SIZE(mvgpu_dispi_fields),
};

static u32 mvgpu_dispi_load(const struct mvgpu *vgpu, enum mvgpu_dispi index)
{
	return mvgpu_image_load(vgpu, MVGPU_IMAGE_REGS, MVGPU_DISPI_REG(index), 2);
}

/**
 * mvgpu_scanout_get() - where the picture is now
 * @vgpu: the vGPU
 * @scanout: filled in, where there is a picture
 *
 * The registers are read in one go: none of them is from before another write than the rest.
 *
 * Context: any.
 * Return: whether there is a picture: the display is enabled, has 32 bits a pixel and a size, and
 * all its lines, in their full stride, are inside the VRAM.
 */
bool mvgpu_scanout_get(struct mvgpu *vgpu, struct mvgpu_scanout *scanout)
{
	u32 regs[MVGPU_DISPI_COUNT];
	u32 width, height, stride;
	u64 offset;
	unsigned int i;

	mvgpu_lock(&vgpu->lock);
	for (i = 0; i < MVGPU_DISPI_COUNT; i++)
		regs[i] = mvgpu_dispi_load(vgpu, i);
	mvgpu_unlock(&vgpu->lock);

	width = regs[MVGPU_DISPI_XRES];
	height = regs[MVGPU_DISPI_YRES];
	stride = 4 * max(width, regs[MVGPU_DISPI_VIRT_WIDTH]);
	offset = 4 * regs[MVGPU_DISPI_X_OFFSET] + (u64)stride * regs[MVGPU_DISPI_Y_OFFSET];

	if (!(regs[MVGPU_DISPI_ENABLE] & MVGPU_DISPI_ENABLED) || regs[MVGPU_DISPI_BPP] != 32 ||
	    !width || !height || offset + (u64)stride * height > vgpu->config->vram_size)
		return false;

	scanout->offset = offset;
	scanout->width = width;
	scanout->height = height;
	scanout->stride = stride;
	return true;
}
