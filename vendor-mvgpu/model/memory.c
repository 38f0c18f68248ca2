// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Memory for the engine: what the transport lends, for the length of a copy.
 */
#include "engine_parts.h"

/**
 * mvgpu_memory_get() - borrow pieces of memory
 * @vgpu: the vGPU
 * @spans: what is wanted; inside of VRAM where it is VRAM.  Set to what there is: at least a byte
 *	of each.
 * @count: how many, 1 or 2
 * @trouble: set where one of them is not there, or not now
 *
 * Context: the engine's owner; may sleep if he may.
 * Return: whether they are lent, until mvgpu_memory_put().
 */
bool mvgpu_memory_get(struct mvgpu *vgpu, struct mvgpu_span *spans, unsigned int count,
		      struct mvgpu_trouble *trouble)
{
	u64 addresses[2];
	unsigned int i;
	int ret;

	for (i = 0; i < count; i++) {
		addresses[i] = spans[i].address;
		if (spans[i].mem == MVGPU_MEM_GART &&
		    !mvgpu_gart_translate(vgpu, &spans[i], trouble))
			return false;
	}
	ret = vgpu->ops->get_memory(vgpu->host, spans, count);
	if (!ret)
		return true;
	trouble->later = ret == -EAGAIN;
	if (trouble->later)
		return false;

	trouble->error = MVGPU_ERROR_DMA;
	for (i = 0; i < count; i++) {
		if (!spans[i].len)
			trouble->address = addresses[i];
	}
	return false;
}

/**
 * mvgpu_memory_put() - give back what mvgpu_memory_get() has lent
 * @vgpu: the vGPU
 * @spans: as it has set them; how much was written, from the start, is in @len
 * @count: how many
 *
 * Context: the engine's owner; may sleep if he may.
 * Return: 0, or a negative errno where what was written is lost.
 */
int mvgpu_memory_put(struct mvgpu *vgpu, struct mvgpu_span *spans, unsigned int count)
{
	return vgpu->ops->put_memory(vgpu->host, spans, count);
}

/**
 * mvgpu_memory_read() - copy out of a memory
 * @vgpu: the vGPU
 * @mem: MVGPU_MEM_*
 * @address: in it; inside of VRAM where it is VRAM
 * @buf: where to
 * @len: bytes, all of one page, which is in one piece
 * @trouble: set where they are not there
 *
 * Context: the engine's owner; may sleep if he may.
 * Return: whether they were read.
 */
bool mvgpu_memory_read(struct mvgpu *vgpu, u8 mem, u64 address, void *buf, size_t len,
		       struct mvgpu_trouble *trouble)
{
	struct mvgpu_span span = {
		.mem = mem, .read = true, .address = address, .len = len,
	};

	if (!mvgpu_memory_get(vgpu, &span, 1, trouble))
		return false;
	memcpy(buf, span.ptr, len);
	/* Nothing was written that could be lost. */
	mvgpu_memory_put(vgpu, &span, 1);
	return true;
}
