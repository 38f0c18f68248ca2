// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The blitter: runs operations, piece by piece.
 *
 * A piece is a part of one line that is in one piece of memory on either side.  Pieces follow one
 * another from the first byte to the last.  Where the destination begins inside of the source they
 * go backward, so that nothing is read that has been written: then a piece stays inside a page of
 * either side, which is in one piece of memory always.
 */
#include "engine_parts.h"

/* Where a piece is, on one side: @skip bytes into line @op->line. */
static u64 mvgpu_op_address(const struct mvgpu_op *op, u64 start, u64 stride, u64 skip)
{
	u64 line = op->backward ? op->height - 1 - op->line : op->line;

	return start + line * stride + skip;
}

/* How many of the @left bytes before @end are in the last page that they touch. */
static size_t mvgpu_page_tail(u64 end, size_t left)
{
	return min(left, (size_t)((end - 1) % MVGPU_GPU_PAGE + 1));
}

/* The next piece: how far into the line it is, and its length. */
static u64 mvgpu_op_piece(const struct mvgpu_op *op, u64 budget, size_t *len)
{
	u64 left = op->width - op->done;
	size_t n = min(left, budget);

	if (op->backward) {
		n = mvgpu_page_tail(mvgpu_op_address(op, op->dst, op->dst_stride, left), n);
		n = mvgpu_page_tail(mvgpu_op_address(op, op->src, op->src_stride, left), n);
		*len = n;
		return left - n;
	}
	*len = n;
	return op->done;
}

/* Two channels of a pixel are in a word: in its lower half, and in its upper half. */
#define MVGPU_CHANNELS		0x00ff00ffu

/* x / 255, rounded, of each half, which is 255 * 255 at most */
static u32 mvgpu_div255(u32 x)
{
	x += 0x00800080;
	return (x + (x >> 8 & MVGPU_CHANNELS)) >> 8 & MVGPU_CHANNELS;
}

/* What is left of @dst under alpha, with @src on it; 255 at most in each half. */
static u32 mvgpu_blend_pair(u32 dst, u32 src, u32 alpha)
{
	u32 sum = mvgpu_div255(dst * (255 - alpha)) + src;
	u32 over = sum >> 8 & 0x00010001;

	return (sum | over * 255) & MVGPU_CHANNELS;
}

static u32 mvgpu_blend_pixel(u32 dst, u32 src, u32 opacity, bool premultiplied)
{
	u32 alpha = mvgpu_div255((src >> 24) * opacity);
	u32 factor = premultiplied ? opacity : alpha;
	u32 red_blue = mvgpu_div255((src & MVGPU_CHANNELS) * factor);
	u32 alpha_green = alpha << 16 | mvgpu_div255((src >> 8 & 0xff) * factor);

	return mvgpu_blend_pair(dst & MVGPU_CHANNELS, red_blue, alpha) |
	       mvgpu_blend_pair(dst >> 8 & MVGPU_CHANNELS, alpha_green, alpha) << 8;
}

static void mvgpu_blend(const struct mvgpu_op *op, __le32 *dst, const __le32 *src, size_t count)
{
	bool premultiplied = op->flags & MVGPU_BLEND_PREMULTIPLIED;
	size_t i;

	for (i = 0; i < count; i++) {
		size_t at = op->backward ? count - 1 - i : i;
		/* A guest may write there meanwhile; each is read once. */
		u32 s = le32_to_cpu(READ_ONCE(src[at]));
		u32 d = le32_to_cpu(READ_ONCE(dst[at]));

		dst[at] = cpu_to_le32(mvgpu_blend_pixel(d, s, op->value, premultiplied));
	}
}

static void mvgpu_op_apply(const struct mvgpu_op *op, void *dst, const void *src, size_t len)
{
	switch (op->opcode) {
	case MVGPU_CMD_FILL:
		mvgpu_fill32(dst, (__force u32)cpu_to_le32(op->value), len / 4);
		break;
	case MVGPU_CMD_COPY:
	case MVGPU_CMD_BLIT:
		memmove(dst, src, len);
		break;
	case MVGPU_CMD_BLEND:
		mvgpu_blend(op, dst, src, len / 4);
		break;
	case MVGPU_CMD_FENCE:
		/* It is in one page, and seen as a whole after all that was written before. */
		mvgpu_store_release((__le64 *)dst, cpu_to_le64(op->arg));
		break;
	}
}

/* Run one piece of at most @budget bytes; how many they were, 0 where it fails. */
static size_t mvgpu_op_run_piece(struct mvgpu *vgpu, struct mvgpu_op *op, u64 budget,
				 struct mvgpu_trouble *trouble)
{
	bool two = op->opcode != MVGPU_CMD_FILL && op->opcode != MVGPU_CMD_FENCE;
	struct mvgpu_span spans[2];
	size_t len;
	u64 skip;

	skip = mvgpu_op_piece(op, budget, &len);
	spans[0] = (struct mvgpu_span) {
		.mem = op->dst_mem, .write = true, .read = op->opcode == MVGPU_CMD_BLEND,
		.address = mvgpu_op_address(op, op->dst, op->dst_stride, skip), .len = len,
	};
	spans[1] = (struct mvgpu_span) {
		.mem = op->src_mem, .read = true,
		.address = mvgpu_op_address(op, op->src, op->src_stride, skip), .len = len,
	};
	if (!mvgpu_memory_get(vgpu, spans, 1 + two, trouble))
		return 0;
	len = spans[0].len;
	if (two)
		len = min(len, spans[1].len);
	spans[0].len = len;
	mvgpu_op_apply(op, spans[0].ptr, spans[1].ptr, len);
	if (mvgpu_memory_put(vgpu, spans, 1 + two)) {
		trouble->error = MVGPU_ERROR_DMA;
		trouble->address = mvgpu_op_address(op, op->dst, op->dst_stride, skip);
		return 0;
	}
	return len;
}

/**
 * mvgpu_op_run() - go on with an operation
 * @vgpu: the vGPU
 * @op: the operation, not done yet
 * @trouble: set where it fails
 *
 * Writes MVGPU_STEP_BYTES, or fills MVGPU_STEP_FILL, in MVGPU_STEP_PIECES at most.
 *
 * Context: the engine's owner; may sleep if he may.
 * Return: the bytes that it has written.
 */
u64 mvgpu_op_run(struct mvgpu *vgpu, struct mvgpu_op *op, struct mvgpu_trouble *trouble)
{
	u64 budget = op->opcode == MVGPU_CMD_FILL ? MVGPU_STEP_FILL : MVGPU_STEP_BYTES;
	unsigned int pieces;
	u64 total = 0;
	size_t len;

	if (!op->width)
		op->line = op->height;
	for (pieces = 0; pieces < MVGPU_STEP_PIECES; pieces++) {
		if (mvgpu_op_done(op) || total == budget)
			break;
		len = mvgpu_op_run_piece(vgpu, op, budget - total, trouble);
		if (!len)
			break;
		total += len;
		op->done += len;
		if (op->done == op->width) {
			op->done = 0;
			op->line++;
		}
	}
	return total;
}
