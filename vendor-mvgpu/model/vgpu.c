// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * A vGPU's life, and the accesses to its images.
 *
 * A write finds its fields without a search: an index, made once, has the number of the first field
 * of each word.
 */
#include "fields.h"

#define MVGPU_PAGE_WORDS	(MVGPU_PAGE_SIZE / 4)

static const u32 mvgpu_image_sizes[MVGPU_NUM_IMAGES] = {
	[MVGPU_IMAGE_CONFIG] = MVGPU_PCI_CONFIG_SIZE,
	[MVGPU_IMAGE_REGS] = MVGPU_REGS_SIZE,
	[MVGPU_IMAGE_MSIX] = MVGPU_MSIX_SIZE,
};

const struct mvgpu_page *const mvgpu_pages[MVGPU_NUM_PAGES] = {
	[MVGPU_PAGE_CONFIG] = &mvgpu_config_page,
	[MVGPU_PAGE_DISPI] = &mvgpu_dispi_page,
	[MVGPU_PAGE_CONTROL] = &mvgpu_control_page,
	[MVGPU_PAGE_MSIX] = &mvgpu_msix_page,
};

/* The pages of an image follow one another in mvgpu_pages[] from here. */
static const u8 mvgpu_image_pages[MVGPU_NUM_IMAGES] = {
	[MVGPU_IMAGE_CONFIG] = MVGPU_PAGE_CONFIG,
	[MVGPU_IMAGE_REGS] = MVGPU_PAGE_DISPI,
	[MVGPU_IMAGE_MSIX] = MVGPU_PAGE_MSIX,
};

static void mvgpu_index_build(struct mvgpu *vgpu)
{
	unsigned int i, n, word;

	memset(vgpu->field_index, MVGPU_NO_FIELD, MVGPU_NUM_PAGES * MVGPU_PAGE_WORDS);
	for (i = 0; i < MVGPU_NUM_PAGES; i++) {
		const struct mvgpu_page *page = mvgpu_pages[i];
		u8 *index = vgpu->field_index + i * MVGPU_PAGE_WORDS;

		/* Backwards: of the fields in a word the first is to stay. */
		for (n = page->num_fields; n-- > 0;) {
			const struct mvgpu_field *field = &page->fields[n];
			unsigned int element = 0;

			do {
				word = (field->offset - page->base + element * field->stride) / 4;
				index[word] = n;
			} while (++element < field->count);
		}
	}
}

static void mvgpu_fields_reset(struct mvgpu *vgpu)
{
	unsigned int i, n;

	for (i = 0; i < MVGPU_NUM_PAGES; i++) {
		const struct mvgpu_page *page = mvgpu_pages[i];

		for (n = 0; n < page->num_fields; n++) {
			const struct mvgpu_field *field = &page->fields[n];
			unsigned int element = 0;
			u32 value = field->reset;

			if (field->type_reset)
				value = field->type_reset(vgpu->config);
			do {
				mvgpu_image_store(vgpu, page->image,
						  field->offset + element * field->stride,
						  value, mvgpu_size_mask(field->size));
			} while (++element < field->count);
		}
	}
}

static bool mvgpu_config_valid(const struct mvgpu_config *config)
{
	u64 picture = 4ull * config->mode_width * config->mode_height;

	return is_power_of_2(config->vram_size) && config->vram_size >= MVGPU_VRAM_MIN &&
	       config->vram_size <= MVGPU_VRAM_MAX && picture <= config->vram_size &&
	       mvgpu_edid_mode_valid(config->mode_width, config->mode_height);
}

static void mvgpu_images_free(struct mvgpu *vgpu)
{
	unsigned int i;

	for (i = 0; i < MVGPU_NUM_IMAGES; i++)
		mvgpu_free(vgpu->images[i]);
	mvgpu_free(vgpu->field_index);
}

static int mvgpu_images_alloc(struct mvgpu *vgpu)
{
	bool complete;
	unsigned int i;

	vgpu->field_index = mvgpu_alloc(MVGPU_NUM_PAGES * MVGPU_PAGE_WORDS);
	complete = vgpu->field_index;
	for (i = 0; i < MVGPU_NUM_IMAGES; i++) {
		vgpu->images[i] = mvgpu_alloc(mvgpu_image_sizes[i]);
		complete = complete && vgpu->images[i];
	}
	if (!complete) {
		mvgpu_images_free(vgpu);
		return -ENOMEM;
	}
	return 0;
}

/**
 * mvgpu_init() - make a vGPU, in its reset state
 * @vgpu: memory for it, of any content
 * @config: its type's constants; must stay as long as the vGPU
 * @ops: the transport's side; must stay as long as the vGPU.  None of them is called from here.
 * @host: passed back to @ops
 *
 * No interrupt mode is set: mvgpu_irq_set_mode() does that.
 *
 * Context: may sleep.
 * Return: 0; -EINVAL where @config is not what struct mvgpu_config says; -ENOMEM.
 */
int mvgpu_init(struct mvgpu *vgpu, const struct mvgpu_config *config,
	       const struct mvgpu_host_ops *ops, void *host)
{
	int ret;

	if (!mvgpu_config_valid(config))
		return -EINVAL;

	memset(vgpu, 0, sizeof(*vgpu));
	vgpu->config = config;
	vgpu->ops = ops;
	vgpu->host = host;
	ret = mvgpu_images_alloc(vgpu);
	if (ret)
		return ret;

	mvgpu_lock_init(&vgpu->lock);
	mvgpu_index_build(vgpu);
	mvgpu_edid_build((u8 *)vgpu->images[MVGPU_IMAGE_REGS] + MVGPU_EDID_OFFSET,
			 config->mode_width, config->mode_height);
	mvgpu_fields_reset(vgpu);
	return 0;
}

/**
 * mvgpu_fini() - the end of a vGPU
 * @vgpu: the vGPU; nobody uses it any more
 *
 * Calls none of the host's ops: a transport that cares for the level of INTx sets the interrupt
 * mode to MVGPU_IRQ_NONE before.
 *
 * Context: any.
 */
void mvgpu_fini(struct mvgpu *vgpu)
{
	mvgpu_lock_destroy(&vgpu->lock);
	mvgpu_images_free(vgpu);
}

static void mvgpu_reset_locked(struct mvgpu *vgpu)
{
	mvgpu_fields_reset(vgpu);
	vgpu->msix_table_used = false;
	mvgpu_irq_update(vgpu, 0);
}

/**
 * mvgpu_reset() - the transport resets the vGPU
 * @vgpu: the vGPU
 *
 * All fields go to their reset values, pending interrupts are gone, INTx is low.  The interrupt
 * mode stays: it is the transport's.
 *
 * Context: any; calls set_intx of the host's ops.
 */
void mvgpu_reset(struct mvgpu *vgpu)
{
	mvgpu_lock(&vgpu->lock);
	mvgpu_reset_locked(vgpu);
	mvgpu_unlock(&vgpu->lock);
}

/**
 * mvgpu_image_size() - how large an address space is
 * @image: which one
 *
 * Return: its size in bytes.
 */
size_t mvgpu_image_size(enum mvgpu_image image)
{
	return mvgpu_image_sizes[image];
}

static bool mvgpu_image_contains(enum mvgpu_image image, u32 offset, size_t len)
{
	u32 size = mvgpu_image_sizes[image];

	return offset <= size && len <= size - offset;
}

/**
 * mvgpu_image_read() - a guest reads
 * @vgpu: the vGPU
 * @image: which address space
 * @offset: of the first byte in it
 * @buf: where the bytes go
 * @len: how many
 *
 * What lies in one aligned 32-bit word is read in one go; words are read in ascending order.
 *
 * Context: any; takes no lock.
 * Return: 0; -EINVAL where not all bytes are in the image: nothing is read then.
 */
int mvgpu_image_read(const struct mvgpu *vgpu, enum mvgpu_image image, u32 offset, void *buf,
		     size_t len)
{
	u8 *to = buf;

	if (!mvgpu_image_contains(image, offset, len))
		return -EINVAL;

	while (len) {
		u32 word = mvgpu_image_read32(vgpu, image, offset);
		u32 skip = offset % 4;
		size_t n = min(len, (size_t)4 - skip);

		memcpy(to, (u8 *)&word + skip, n);
		to += n;
		offset += n;
		len -= n;
	}
	return 0;
}

static void mvgpu_field_write(struct mvgpu *vgpu, enum mvgpu_image image,
			      const struct mvgpu_field *field, u32 offset, u32 value, u32 mask)
{
	if (!mask)
		return;
	if (field->write)
		field->write(vgpu, field, offset, value & mask, mask);
	else
		mvgpu_image_store(vgpu, image, offset, value, mask & field->writable);
}

/*
 * The fields that a word has: the first from the index, the others behind it in
 * the table, where an array has the offset of its first element.
 */
static void mvgpu_word_write_locked(struct mvgpu *vgpu, enum mvgpu_image image, u32 offset,
				    u32 value, u32 mask)
{
	unsigned int id = mvgpu_image_pages[image] + offset / MVGPU_PAGE_SIZE;
	unsigned int word = offset % MVGPU_PAGE_SIZE / 4;
	const struct mvgpu_page *page = mvgpu_pages[id];
	const struct mvgpu_field *field, *end = page->fields + page->num_fields;
	u8 n = vgpu->field_index[id * MVGPU_PAGE_WORDS + word];
	u32 row;

	if (n == MVGPU_NO_FIELD)
		return;

	field = &page->fields[n];
	row = field->offset / 4;
	for (; field < end && field->offset / 4 == row; field++) {
		unsigned int byte = field->offset % 4;

		mvgpu_field_write(vgpu, image, field, offset + byte, value >> (8 * byte),
				  mask >> (8 * byte) & mvgpu_size_mask(field->size));
	}
}

/* One transaction, as on a bus: @mask has the bytes that it carries. */
static void mvgpu_word_write(struct mvgpu *vgpu, enum mvgpu_image image, u32 offset, u32 value,
			     u32 mask)
{
	bool reset;

	mvgpu_lock(&vgpu->lock);
	mvgpu_word_write_locked(vgpu, image, offset, value, mask);
	reset = vgpu->reset_requested;
	if (reset) {
		vgpu->reset_requested = false;
		mvgpu_reset_locked(vgpu);
	}
	mvgpu_unlock(&vgpu->lock);

	if (reset)
		vgpu->ops->function_reset(vgpu->host);
}

/**
 * mvgpu_image_write32() - a guest writes one aligned word
 * @vgpu: the vGPU
 * @image: which address space
 * @offset: multiple of 4 inside it, checked by the caller
 * @word: its four bytes as they stand in memory, that is, little endian
 *
 * Context: as mvgpu_image_write().
 */
void mvgpu_image_write32(struct mvgpu *vgpu, enum mvgpu_image image, u32 offset, u32 word)
{
	mvgpu_word_write(vgpu, image, offset, le32_to_cpu((__force __le32)word), ~0u);
}

/**
 * mvgpu_image_write() - a guest writes
 * @vgpu: the vGPU
 * @image: which address space
 * @offset: of the first byte in it
 * @buf: the bytes
 * @len: how many
 *
 * To the same effect as writing each aligned 32-bit word, or what part of it is given, by itself
 * in ascending order.  What cannot be written is ignored.
 *
 * Context: any; where the bytes ask for a function-level reset, that of the function_reset op.
 * Return: 0; -EINVAL where not all bytes are in the image: nothing is written then.
 */
int mvgpu_image_write(struct mvgpu *vgpu, enum mvgpu_image image, u32 offset, const void *buf,
		      size_t len)
{
	const u8 *from = buf;

	if (!mvgpu_image_contains(image, offset, len))
		return -EINVAL;

	while (len) {
		u32 skip = offset % 4;
		size_t n = min(len, (size_t)4 - skip);
		__le32 word = 0;

		memcpy((u8 *)&word + skip, from, n);
		mvgpu_word_write(vgpu, image, offset - skip, le32_to_cpu(word),
				 mvgpu_size_mask(n) << (8 * skip));
		from += n;
		offset += n;
		len -= n;
	}
	return 0;
}
