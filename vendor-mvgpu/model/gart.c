// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The GART: from pages of the device's address space to pages of the guest.
 *
 * Entries are read eight at a time, which are in one line of memory, and remembered until the guest
 * says that it has changed some.
 */
#include "engine_parts.h"
#include "fields.h"

#define MVGPU_GART_LINE		8

static_assert(MVGPU_GART_CACHE % MVGPU_GART_LINE == 0, "a line has places side by side");

static void mvgpu_gart_set(struct mvgpu_gart *gart, u64 base, u32 entries)
{
	gart->table.base = base;
	gart->table.entries = entries;
	gart->table.generation++;
}

/**
 * mvgpu_gart_reset() - no GART
 * @vgpu: the vGPU
 *
 * Context: under the vGPU's lock.
 */
void mvgpu_gart_reset(struct mvgpu *vgpu)
{
	mvgpu_gart_set(&vgpu->engine.gart, 0, 0);
}

/**
 * mvgpu_gart_invalidate() - look at the registers again, and forget all translations
 * @vgpu: the vGPU
 *
 * Context: under the vGPU's lock.
 */
void mvgpu_gart_invalidate(struct mvgpu *vgpu)
{
	u64 high = mvgpu_image_load(vgpu, MVGPU_IMAGE_REGS, MVGPU_REG_GART_BASE_HI, 4);
	u64 base = mvgpu_image_load(vgpu, MVGPU_IMAGE_REGS, MVGPU_REG_GART_BASE_LO, 4) | high << 32;
	u32 entries = mvgpu_image_load(vgpu, MVGPU_IMAGE_REGS, MVGPU_REG_GART_ENTRIES, 4);

	entries = min(entries, MVGPU_GART_MAX_ENTRIES);
	if (!mvgpu_range_valid(vgpu, MVGPU_MEM_GUEST, base, entries * sizeof(u64)))
		entries = 0;
	mvgpu_gart_set(&vgpu->engine.gart, base, entries);
}

/* Read the line of entries that @page is in into the cache. */
static bool mvgpu_gart_fetch(struct mvgpu *vgpu, u32 page, struct mvgpu_trouble *trouble)
{
	u32 first = page - page % MVGPU_GART_LINE;
	struct mvgpu_gart *gart = &vgpu->engine.gart;
	u64 address = gart->used.base + first * sizeof(u64);
	__le64 line[MVGPU_GART_LINE];
	unsigned int i;

	if (!mvgpu_memory_read(vgpu, MVGPU_MEM_GUEST, address, line, sizeof(line), trouble))
		return false;
	for (i = 0; i < MVGPU_GART_LINE; i++) {
		unsigned int place = (first + i) % MVGPU_GART_CACHE;

		gart->cache[place].page = first + i;
		gart->cache[place].generation = gart->used.generation;
		gart->cache[place].entry = le64_to_cpu(line[i]);
	}
	return true;
}

/* Where in the guest the page is that @address is in. */
static bool mvgpu_gart_look_up(struct mvgpu *vgpu, u64 address, bool write, u64 *guest,
			       struct mvgpu_trouble *trouble)
{
	u64 needed = write ? MVGPU_GART_VALID | MVGPU_GART_WRITABLE : MVGPU_GART_VALID;
	struct mvgpu_gart *gart = &vgpu->engine.gart;
	u64 page = address / MVGPU_GPU_PAGE;
	unsigned int place = page % MVGPU_GART_CACHE;

	if (page >= gart->used.entries)
		goto invalid;
	if (gart->cache[place].page != page ||
	    gart->cache[place].generation != gart->used.generation) {
		if (!mvgpu_gart_fetch(vgpu, page, trouble))
			return false;
	}
	if ((gart->cache[place].entry & (needed | MVGPU_GART_RESERVED)) != needed)
		goto invalid;
	*guest = gart->cache[place].entry & MVGPU_GART_ADDRESS;
	return true;

invalid:
	trouble->error = MVGPU_ERROR_GART;
	trouble->address = address;
	return false;
}

/**
 * mvgpu_gart_translate() - find what a span of GPU addresses is in the guest
 * @vgpu: the vGPU
 * @span: its memory, address and length are set: the length to what is in one piece
 * @trouble: set where the first page is not there
 *
 * Context: the engine's owner.
 * Return: whether it is there.
 */
bool mvgpu_gart_translate(struct mvgpu *vgpu, struct mvgpu_span *span,
			  struct mvgpu_trouble *trouble)
{
	u32 skip = span->address % MVGPU_GPU_PAGE;
	struct mvgpu_trouble end = { };
	u64 guest, next;
	size_t len;

	if (!mvgpu_gart_look_up(vgpu, span->address, span->write, &guest, trouble))
		return false;
	len = MVGPU_GPU_PAGE - skip;
	while (len < span->len &&
	       mvgpu_gart_look_up(vgpu, span->address + len, span->write, &next, &end) &&
	       next && next == guest + skip + len)
		len += MVGPU_GPU_PAGE;

	span->mem = MVGPU_MEM_GUEST;
	span->address = guest + skip;
	span->len = min(span->len, len);
	return true;
}
