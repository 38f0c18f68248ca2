/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Fields: the config fields and registers of the device, one table a page.
 *
 * A table has the fields in the order of their offsets and is the only place that says where a
 * field is, what it holds after a reset and which of its bits can be written.  What no field covers
 * reads as zero (the EDID: as it was made) and ignores writes.
 */
#ifndef MVGPU_MODEL_FIELDS_H
#define MVGPU_MODEL_FIELDS_H

#include "vgpu.h"

#define MVGPU_PAGE_SIZE		0x1000

/**
 * enum mvgpu_access - what a guest can do with a field
 * @MVGPU_RO: read it; writes are ignored
 * @MVGPU_RW: read it, and write the bits of its write mask
 * @MVGPU_WO: write it, to some effect; it reads as zero
 */
enum mvgpu_access {
	MVGPU_RO,
	MVGPU_RW,
	MVGPU_WO,
};

/**
 * struct mvgpu_field - one config field or register, or an array of them
 * @name: as the manual has it
 * @offset: bytes from the start of the image; a field does not cross a multiple of 4
 * @size: 1, 2 or 4 bytes
 * @count: elements of an array of 4-byte fields; 0 for a single field
 * @stride: bytes from one element to the next
 * @access: what a guest can do with it
 * @reset: its value after a reset
 * @type_reset: instead of @reset, where the value depends on the vGPU's type
 * @writable: the bits that a write changes
 * @write: instead of just storing the writable bits.  Called under the vGPU's lock with the
 *	offset of the field (of the element), the bits that the access carries as @mask, never 0,
 *	and their values; the other bits of @value are 0.
 */
struct mvgpu_field {
	const char *name;
	u16 offset;
	u8 size;
	u8 count;
	u8 stride;
	enum mvgpu_access access;
	u32 reset;
	u32 (*type_reset)(const struct mvgpu_config *config);
	u32 writable;
	void (*write)(struct mvgpu *vgpu, const struct mvgpu_field *field, u32 offset, u32 value,
		      u32 mask);
};

/**
 * struct mvgpu_page - a page of an image and its fields
 * @image: the image it is in
 * @base: where in the image it starts
 * @fields: its table
 * @num_fields: rows of @fields, less than MVGPU_NO_FIELD
 */
struct mvgpu_page {
	enum mvgpu_image image;
	u32 base;
	const struct mvgpu_field *fields;
	unsigned int num_fields;
};

#define MVGPU_NO_FIELD		U8_MAX

/* The pages that have fields. */
enum mvgpu_page_id {
	MVGPU_PAGE_CONFIG,
	MVGPU_PAGE_DISPI,
	MVGPU_PAGE_CONTROL,
	MVGPU_PAGE_MSIX,
	MVGPU_NUM_PAGES
};

extern const struct mvgpu_page *const mvgpu_pages[MVGPU_NUM_PAGES];
extern const struct mvgpu_page mvgpu_config_page;
extern const struct mvgpu_page mvgpu_dispi_page;
extern const struct mvgpu_page mvgpu_control_page;
extern const struct mvgpu_page mvgpu_msix_page;

/* The bits of a field of @size bytes */
static inline u32 mvgpu_size_mask(unsigned int size)
{
	return 0xffffffffu >> (32 - 8 * size);
}

/**
 * mvgpu_image_load() - a field's value
 * @vgpu: the vGPU
 * @image: the image that the field is in
 * @offset: of the field in the image
 * @size: of the field: 1, 2 or 4, not crossing a multiple of 4
 *
 * Context: under the vGPU's lock where a change meanwhile would matter.
 * Return: the value, in the CPU's byte order.
 */
static inline u32 mvgpu_image_load(const struct mvgpu *vgpu, enum mvgpu_image image, u32 offset,
				   unsigned int size)
{
	u32 word = le32_to_cpu(READ_ONCE(vgpu->spaces[image].words[offset / 4]));

	return word >> (8 * (offset % 4)) & mvgpu_size_mask(size);
}

/**
 * mvgpu_image_store() - change bits of a field
 * @vgpu: the vGPU
 * @image: the image that the field is in
 * @offset: of the field in the image
 * @value: the bits
 * @mask: which of them; none beyond the word that @offset is in
 *
 * A reader sees all of the change or nothing of it.
 *
 * Context: under the vGPU's lock.
 */
static inline void mvgpu_image_store(struct mvgpu *vgpu, enum mvgpu_image image, u32 offset,
				     u32 value, u32 mask)
{
	__le32 *word = &vgpu->spaces[image].words[offset / 4];
	unsigned int shift = 8 * (offset % 4);
	u32 old = le32_to_cpu(*word);

	WRITE_ONCE(*word, cpu_to_le32((old & ~(mask << shift)) | (value & mask) << shift));
}

/* edid.c */
bool mvgpu_edid_mode_valid(u32 width, u32 height);
void mvgpu_edid_build(u8 edid[MVGPU_EDID_SIZE], u32 width, u32 height);

/* irq.c */
u32 mvgpu_irq_active(const struct mvgpu *vgpu);
void mvgpu_irq_gates_changed(struct mvgpu *vgpu);
void mvgpu_irq_update(struct mvgpu *vgpu, u32 before);

#endif /* MVGPU_MODEL_FIELDS_H */
