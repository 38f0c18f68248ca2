// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * A vGPU's life, and the accesses to its images.
 *
 * A write finds its fields without a search: an index, made once, has the number of the first field
 * of each word.  Where a word is one field that is only stored, no lock is taken.
 */
#include "engine_parts.h"
#include "fields.h"

static const u32 mvgpu_image_sizes[MVGPU_NUM_IMAGES] = {
	[MVGPU_IMAGE_CONFIG] = MVGPU_PCI_CONFIG_SIZE,
	[MVGPU_IMAGE_REGS] = MVGPU_TRAPPED_SIZE,
	[MVGPU_IMAGE_SHARED] = MVGPU_SHARED_SIZE,
	[MVGPU_IMAGE_MSIX] = MVGPU_MSIX_SIZE,
};

const struct mvgpu_page *const mvgpu_pages[MVGPU_NUM_PAGES] = {
	[MVGPU_PAGE_CONFIG] = &mvgpu_config_page,
	[MVGPU_PAGE_DISPI] = &mvgpu_dispi_page,
	[MVGPU_PAGE_CONTROL] = &mvgpu_control_page,
	[MVGPU_PAGE_MSIX] = &mvgpu_msix_page,
};

static unsigned int mvgpu_field_offset(const struct mvgpu_field *field, unsigned int element)
{
	return field->offset + element * field->stride;
}

/* Elements of an array; a single field is one of one. */
static unsigned int mvgpu_field_count(const struct mvgpu_field *field)
{
	return field->count ? field->count : 1;
}

static void mvgpu_space_free(struct mvgpu_space *space)
{
	if (!space->memory)
		mvgpu_free(space->words);
	mvgpu_free(space->rows);
	mvgpu_free(space->fields);
}

static int mvgpu_space_alloc(struct mvgpu_space *space, enum mvgpu_image image)
{
	u32 size = mvgpu_image_sizes[image];
	unsigned int i, count = 0;

	for (i = 0; i < MVGPU_NUM_PAGES; i++) {
		if (mvgpu_pages[i]->image == image)
			count += mvgpu_pages[i]->num_fields;
	}
	if (!space->memory)
		space->words = mvgpu_alloc(size);
	space->rows = mvgpu_alloc(size / 4);
	space->fields = mvgpu_alloc((count + 1) * sizeof(*space->fields));
	if (space->words && space->rows && space->fields)
		return 0;
	mvgpu_space_free(space);
	return -ENOMEM;
}

static void mvgpu_space_add(struct mvgpu_space *space, unsigned int n,
			    const struct mvgpu_field *field)
{
	unsigned int element, word;

	space->fields[n] = field;
	for (element = 0; element < mvgpu_field_count(field); element++) {
		word = mvgpu_field_offset(field, element) / 4;
		if (space->rows[word] == MVGPU_NO_FIELD)
			space->rows[word] = n;
	}
}

static void mvgpu_space_index(struct mvgpu_space *space, enum mvgpu_image image)
{
	unsigned int i, n, count = 0;

	memset(space->rows, MVGPU_NO_FIELD, mvgpu_image_sizes[image] / 4);
	for (i = 0; i < MVGPU_NUM_PAGES; i++) {
		const struct mvgpu_page *page = mvgpu_pages[i];

		for (n = 0; page->image == image && n < page->num_fields; n++)
			mvgpu_space_add(space, count++, &page->fields[n]);
	}
}

/* The fields as they are after a reset, from their table. */
static void mvgpu_space_fill(struct mvgpu *vgpu, enum mvgpu_image image)
{
	const struct mvgpu_field **next;
	unsigned int element;

	for (next = vgpu->spaces[image].fields; *next; next++) {
		const struct mvgpu_field *field = *next;
		u32 value = field->type_reset ? field->type_reset(vgpu->config) : field->reset;

		for (element = 0; element < mvgpu_field_count(field); element++)
			mvgpu_image_store(vgpu, image, mvgpu_field_offset(field, element), value,
					  mvgpu_size_mask(field->size));
	}
}

static void mvgpu_reset_remember_range(struct mvgpu *vgpu, enum mvgpu_image image, u32 offset,
				       u32 end)
{
	const struct mvgpu_space *space = &vgpu->spaces[image];
	mvgpu_two_words *at;
	u32 word;

	for (word = offset / 4; word < end / 4; word += 2) {
		if (space->rows[word] == MVGPU_NO_FIELD &&
		    space->rows[word + 1] == MVGPU_NO_FIELD)
			continue;
		at = (__force mvgpu_two_words *)&space->words[word];
		if (vgpu->reset_words)
			vgpu->reset_words[vgpu->num_reset_words] =
				(struct mvgpu_reset_words) { .at = at, .value = *at };
		vgpu->num_reset_words++;
	}
}

static void mvgpu_reset_remember_all(struct mvgpu *vgpu)
{
	unsigned int before;

	vgpu->num_reset_words = 0;
	mvgpu_reset_remember_range(vgpu, MVGPU_IMAGE_CONFIG, 0, MVGPU_PCI_CONFIG_SIZE);
	mvgpu_reset_remember_range(vgpu, MVGPU_IMAGE_REGS, 0, MVGPU_TRAPPED_SIZE);
	mvgpu_reset_remember_range(vgpu, MVGPU_IMAGE_MSIX, MVGPU_MSIX_PBA, MVGPU_MSIX_SIZE);
	before = vgpu->num_reset_words;
	mvgpu_reset_remember_range(vgpu, MVGPU_IMAGE_MSIX, MVGPU_MSIX_TABLE, MVGPU_MSIX_PBA);
	vgpu->num_table_words = vgpu->num_reset_words - before;
}

/* Remembers the words that have fields, as they are now. */
static int mvgpu_reset_remember(struct mvgpu *vgpu)
{
	mvgpu_reset_remember_all(vgpu);
	vgpu->reset_words = mvgpu_alloc(vgpu->num_reset_words * sizeof(*vgpu->reset_words));
	if (!vgpu->reset_words)
		return -ENOMEM;
	mvgpu_reset_remember_all(vgpu);
	return 0;
}

static bool mvgpu_config_valid(const struct mvgpu_config *config)
{
	u64 picture = 4ull * config->mode_width * config->mode_height;

	u32 vram_max = config->native ? MVGPU_VRAM_MAX_NATIVE : MVGPU_VRAM_MAX;

	return is_power_of_2(config->vram_size) && config->vram_size >= MVGPU_VRAM_MIN &&
	       config->vram_size <= vram_max && config->num_rings >= 1 &&
	       config->num_rings <= MVGPU_MAX_RINGS && picture <= config->vram_size &&
	       mvgpu_edid_mode_valid(config->mode_width, config->mode_height);
}

static int mvgpu_spaces_init(struct mvgpu *vgpu)
{
	unsigned int i;
	int ret;

	for (i = 0; i < MVGPU_NUM_IMAGES; i++) {
		ret = mvgpu_space_alloc(&vgpu->spaces[i], i);
		if (ret)
			goto err_free;
		mvgpu_space_index(&vgpu->spaces[i], i);
		mvgpu_space_fill(vgpu, i);
	}
	ret = mvgpu_reset_remember(vgpu);
	if (ret)
		goto err_free;
	return 0;

err_free:
	while (i--)
		mvgpu_space_free(&vgpu->spaces[i]);
	return ret;
}

/**
 * mvgpu_init() - make a vGPU, in its reset state
 * @vgpu: memory for it, of any content
 * @config: its type's constants; must stay as long as the vGPU
 * @ops: the transport's side; must stay as long as the vGPU.  None of them is called from here.
 * @host: passed back to @ops
 * @shared: MVGPU_SHARED_SIZE bytes, zeroed, at a page: pages 2 and 3 of BAR 2.  They stay the
 *	caller's and must stay as long as the vGPU.
 *
 * No interrupt mode is set: mvgpu_irq_set_mode() does that.
 *
 * Context: may sleep.
 * Return: 0; -EINVAL where @config is not what struct mvgpu_config says; -ENOMEM.
 */
int mvgpu_init(struct mvgpu *vgpu, const struct mvgpu_config *config,
	       const struct mvgpu_host_ops *ops, void *host, void *shared)
{
	int ret;

	if (!mvgpu_config_valid(config))
		return -EINVAL;

	memset(vgpu, 0, sizeof(*vgpu));
	vgpu->config = config;
	vgpu->ops = ops;
	vgpu->host = host;
	vgpu->spaces[MVGPU_IMAGE_SHARED].words = shared;
	vgpu->spaces[MVGPU_IMAGE_SHARED].memory = true;
	ret = mvgpu_spaces_init(vgpu);
	if (ret)
		return ret;

	mvgpu_edid_build((u8 *)vgpu->spaces[MVGPU_IMAGE_REGS].words + MVGPU_EDID_OFFSET,
			 config->mode_width, config->mode_height);
	mvgpu_engine_init(vgpu);
	mvgpu_lock_init(&vgpu->lock);
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
	unsigned int i;

	mvgpu_lock_destroy(&vgpu->lock);
	for (i = 0; i < MVGPU_NUM_IMAGES; i++)
		mvgpu_space_free(&vgpu->spaces[i]);
	mvgpu_free(vgpu->reset_words);
}

static void mvgpu_reset_locked(struct mvgpu *vgpu)
{
	const struct mvgpu_reset_words *reset = vgpu->reset_words;
	const struct mvgpu_reset_words *end = reset + vgpu->num_reset_words;

	if (!vgpu->msix_table_used)
		end -= vgpu->num_table_words;
	/* Each close of the device waits for it. */
#pragma GCC unroll 4
	for (; reset < end; reset++)
		WRITE_ONCE(*reset->at, reset->value);
	vgpu->msix_table_used = false;
	mvgpu_engine_reset(vgpu);
	mvgpu_irq_gates_changed(vgpu);
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
 * mvgpu_shared_expose() - somebody is going to write to pages 2 and 3 of BAR 2
 * @vgpu: the vGPU
 *
 * From then on a reset clears them.
 *
 * Context: any.
 */
void mvgpu_shared_expose(struct mvgpu *vgpu)
{
	WRITE_ONCE(vgpu->shared_exposed, true);
}

/**
 * mvgpu_shared_hide() - nobody can write to pages 2 and 3 of BAR 2 any more
 * @vgpu: the vGPU, reset, with a guest that has gone
 *
 * Context: any.
 */
void mvgpu_shared_hide(struct mvgpu *vgpu)
{
	WRITE_ONCE(vgpu->shared_exposed, false);
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

/*
 * A word that is one field without a handler.  Writers do not wait for each other,
 * nor for the lock: nothing else in the device looks at it.
 */
static void mvgpu_plain_write(__le32 *word, u32 value, u32 mask)
{
	__le32 bits = cpu_to_le32(mask);
	__le32 old = READ_ONCE(*word);

	if (!bits)
		return;
	while (!mvgpu_try_cmpxchg(word, &old, (old & ~bits) | (cpu_to_le32(value) & bits)))
		;
}

/* The end of a write that took the lock: what it has asked for. */
static inline void mvgpu_write_end(struct mvgpu *vgpu)
{
	u8 requests = vgpu->requests;

	if (!requests) {
		mvgpu_unlock(&vgpu->lock);
		return;
	}
	vgpu->requests = 0;
	if (requests & MVGPU_REQUEST_RESET)
		mvgpu_reset_locked(vgpu);
	mvgpu_unlock(&vgpu->lock);

	if (requests & MVGPU_REQUEST_RESET)
		vgpu->ops->function_reset(vgpu->host);
	if (requests & MVGPU_REQUEST_KICK)
		vgpu->ops->kick(vgpu->host);
}

/* A word that is one field with a handler. */
static void mvgpu_register_write(struct mvgpu *vgpu, const struct mvgpu_field *field, u32 offset,
				 u32 value, u32 mask)
{
	mvgpu_lock(&vgpu->lock);
	field->write(vgpu, field, offset, value & mask, mask);
	mvgpu_write_end(vgpu);
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

/* A word of several fields, from @field: they follow one another in the list. */
static void mvgpu_fields_write(struct mvgpu *vgpu, enum mvgpu_image image,
			       const struct mvgpu_field **field, u32 offset, u32 value, u32 mask)
{
	u32 row = (*field)->offset / 4;

	mvgpu_lock(&vgpu->lock);
	for (; *field && (*field)->offset / 4 == row; field++) {
		unsigned int byte = (*field)->offset % 4;

		mvgpu_field_write(vgpu, image, *field, offset + byte, value >> (8 * byte),
				  mask >> (8 * byte) & mvgpu_size_mask((*field)->size));
	}
	mvgpu_write_end(vgpu);
}

/* A word that no field covers: it is memory, or nothing. */
static void mvgpu_loose_write(struct mvgpu *vgpu, const struct mvgpu_space *space, u32 offset,
			      u32 value, u32 mask)
{
	if (!space->memory)
		return;
	mvgpu_shared_expose(vgpu);
	mvgpu_plain_write(&space->words[offset / 4], value, mask);
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
	const struct mvgpu_space *space = mvgpu_space(vgpu, image);
	u32 value = le32_to_cpu((__force __le32)word);
	const struct mvgpu_field **field;
	u8 n = space->rows[offset / 4];

	if (n == MVGPU_NO_FIELD) {
		mvgpu_loose_write(vgpu, space, offset, value, ~0u);
		return;
	}
	field = &space->fields[n];
	if ((*field)->size != 4)
		mvgpu_fields_write(vgpu, image, field, offset, value, ~0u);
	else if ((*field)->write)
		mvgpu_register_write(vgpu, *field, offset, value, ~0u);
	else if ((*field)->writable == ~0u)
		WRITE_ONCE(space->words[offset / 4], (__force __le32)word);
	else
		mvgpu_plain_write(&space->words[offset / 4], value, (*field)->writable);
}

/* The @len bytes of @from to one word: less than four, or not aligned. */
static void mvgpu_bytes_write(struct mvgpu *vgpu, enum mvgpu_image image, u32 offset,
			      const u8 *from, size_t len)
{
	const struct mvgpu_space *space = mvgpu_space(vgpu, image);
	u32 skip = offset % 4;
	u32 mask = mvgpu_size_mask(len) << (8 * skip);
	const struct mvgpu_field **field;
	u8 n = space->rows[offset / 4];
	__le32 word = 0;
	u32 value;

	memcpy((u8 *)&word + skip, from, len);
	value = le32_to_cpu(word);
	if (n == MVGPU_NO_FIELD) {
		mvgpu_loose_write(vgpu, space, offset - skip, value, mask);
		return;
	}
	field = &space->fields[n];
	if ((*field)->size != 4)
		mvgpu_fields_write(vgpu, image, field, offset - skip, value, mask);
	else if ((*field)->write)
		mvgpu_register_write(vgpu, *field, offset - skip, value, mask);
	else
		mvgpu_plain_write(&space->words[offset / 4], value, mask & (*field)->writable);
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
		size_t n = min(len, (size_t)4 - offset % 4);

		mvgpu_bytes_write(vgpu, image, offset, from, n);
		from += n;
		offset += n;
		len -= n;
	}
	return 0;
}
