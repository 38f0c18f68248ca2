// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Commands: from the 64 bytes that a guest has written to an operation that can be run.
 *
 * One table says what each opcode uses.  Whatever it does not use has to be zero, so that it can
 * be given a meaning later.
 */
#include "engine_parts.h"

static_assert(sizeof(struct mvgpu_cmd) == MVGPU_CMD_SIZE, "as the guest sees it");

#define MVGPU_USES_DST		0x01
#define MVGPU_USES_SRC		0x02
#define MVGPU_USES_RECT		0x04	/* width, height, and strides */
#define MVGPU_USES_LENGTH	0x08	/* arg, as a number of bytes */
#define MVGPU_USES_VALUE	0x10
#define MVGPU_USES_ARG		0x20

/**
 * struct mvgpu_rule - what an opcode uses
 * @uses: MVGPU_USES_*
 * @flags: those that it knows
 * @align: of all addresses, strides and widths
 * @max_value: of the field value
 */
struct mvgpu_rule {
	u8 uses;
	u8 flags;
	u8 align;
	u32 max_value;
};

static const struct mvgpu_rule mvgpu_rules[] = {
	[MVGPU_CMD_NOP] = { .align = 1 },
	[MVGPU_CMD_FILL] = {
		.uses = MVGPU_USES_DST | MVGPU_USES_RECT | MVGPU_USES_VALUE,
		.align = 4, .max_value = ~0u,
	},
	[MVGPU_CMD_COPY] = {
		.uses = MVGPU_USES_DST | MVGPU_USES_SRC | MVGPU_USES_LENGTH, .align = 1,
	},
	[MVGPU_CMD_BLIT] = {
		.uses = MVGPU_USES_DST | MVGPU_USES_SRC | MVGPU_USES_RECT, .align = 1,
	},
	[MVGPU_CMD_BLEND] = {
		.uses = MVGPU_USES_DST | MVGPU_USES_SRC | MVGPU_USES_RECT | MVGPU_USES_VALUE,
		.flags = MVGPU_BLEND_PREMULTIPLIED, .align = 4, .max_value = 255,
	},
	[MVGPU_CMD_FENCE] = {
		.uses = MVGPU_USES_ARG,
		.flags = MVGPU_FENCE_INTERRUPT | MVGPU_FENCE_STORE, .align = 8,
	},
	[MVGPU_CMD_WAIT] = {
		.uses = MVGPU_USES_ARG | MVGPU_USES_VALUE,
		.align = 1, .max_value = ~0u,
	},
};

static bool mvgpu_fail(struct mvgpu_trouble *trouble, u32 error, u64 address)
{
	trouble->error = error;
	trouble->address = address;
	return false;
}

/**
 * mvgpu_range_valid() - whether a memory can have a range
 * @vgpu: the vGPU
 * @mem: MVGPU_MEM_*
 * @address: where it begins
 * @size: bytes, not 0
 *
 * Return: whether it is inside of VRAM; for other memories, that it does not wrap.
 */
bool mvgpu_range_valid(const struct mvgpu *vgpu, u8 mem, u64 address, u64 size)
{
	if (mem != MVGPU_MEM_VRAM)
		return size - 1 <= ~address;
	return address < vgpu->config->vram_size && size <= vgpu->config->vram_size - address;
}

/* Bytes from the first to behind the last of a rectangle that is not empty; it cannot overflow. */
static u64 mvgpu_rect_size(const struct mvgpu_op *op, u64 stride)
{
	return (op->height - 1) * stride + op->width;
}

/* What the opcode does not use is left as it is in @op: zero. */
static bool mvgpu_command_parse(const struct mvgpu_rule *rule, const struct mvgpu_cmd *cmd,
				struct mvgpu_op *op)
{
	struct mvgpu_cmd rest = *cmd;
	static const struct mvgpu_cmd zero;
	u8 uses = rule->uses;

	memset(op, 0, sizeof(*op));
	op->opcode = cmd->opcode;
	op->flags = cmd->flags;
	op->height = 1;
	rest.opcode = 0;
	rest.flags = 0;
	if (op->opcode == MVGPU_CMD_FENCE && op->flags & MVGPU_FENCE_STORE) {
		uses |= MVGPU_USES_DST;
		op->width = sizeof(op->arg);
	}
	if (uses & MVGPU_USES_DST) {
		op->dst_mem = cmd->dst_mem;
		op->dst = le64_to_cpu(cmd->dst);
		rest.dst_mem = 0;
		rest.dst = 0;
	}
	if (uses & MVGPU_USES_SRC) {
		op->src_mem = cmd->src_mem;
		op->src = le64_to_cpu(cmd->src);
		rest.src_mem = 0;
		rest.src = 0;
	}
	if (uses & MVGPU_USES_RECT) {
		op->dst_stride = le32_to_cpu(cmd->dst_stride);
		op->src_stride = le32_to_cpu(cmd->src_stride);
		op->width = le32_to_cpu(cmd->width);
		op->height = le32_to_cpu(cmd->height);
		rest.dst_stride = 0;
		if (uses & MVGPU_USES_SRC)
			rest.src_stride = 0;
		rest.width = 0;
		rest.height = 0;
	}
	if (uses & MVGPU_USES_VALUE) {
		op->value = le32_to_cpu(cmd->value);
		rest.value = 0;
	}
	if (uses & (MVGPU_USES_ARG | MVGPU_USES_LENGTH)) {
		op->arg = le64_to_cpu(cmd->arg);
		rest.arg = 0;
	}
	if (uses & MVGPU_USES_LENGTH)
		op->width = op->arg;
	return !(op->flags & ~rule->flags) && op->value <= rule->max_value &&
	       op->dst_mem < MVGPU_NUM_MEMS && op->src_mem < MVGPU_NUM_MEMS &&
	       !memcmp(&rest, &zero, sizeof(rest));
}

static bool mvgpu_op_check_area(const struct mvgpu *vgpu, const struct mvgpu_op *op,
				const struct mvgpu_rule *rule, struct mvgpu_trouble *trouble)
{
	u64 size;

	if ((op->dst | op->dst_stride | op->width) % rule->align)
		return mvgpu_fail(trouble, MVGPU_ERROR_RANGE, op->dst);
	size = mvgpu_rect_size(op, op->dst_stride);
	if (!mvgpu_range_valid(vgpu, op->dst_mem, op->dst, size))
		return mvgpu_fail(trouble, MVGPU_ERROR_RANGE, op->dst);

	if (!(rule->uses & MVGPU_USES_SRC))
		return true;
	if ((op->src | op->src_stride) % rule->align)
		return mvgpu_fail(trouble, MVGPU_ERROR_RANGE, op->src);
	size = mvgpu_rect_size(op, op->src_stride);
	if (!mvgpu_range_valid(vgpu, op->src_mem, op->src, size))
		return mvgpu_fail(trouble, MVGPU_ERROR_RANGE, op->src);
	return true;
}

/* Whether the rectangles overlap, as far as their first and last bytes tell. */
static bool mvgpu_op_overlaps_upwards(const struct mvgpu_op *op)
{
	return op->src_mem == op->dst_mem && op->dst > op->src &&
	       op->dst - op->src < mvgpu_rect_size(op, op->src_stride);
}

/**
 * mvgpu_command_decode() - make an operation of a command
 * @vgpu: the vGPU
 * @cmd: the command; a copy that nobody changes meanwhile
 * @op: set to the operation
 * @trouble: set where it is none
 *
 * Return: whether it can be run.
 */
bool mvgpu_command_decode(const struct mvgpu *vgpu, const struct mvgpu_cmd *cmd,
			  struct mvgpu_op *op, struct mvgpu_trouble *trouble)
{
	const struct mvgpu_rule *rule;

	if (cmd->opcode >= ARRAY_SIZE(mvgpu_rules) || !mvgpu_rules[cmd->opcode].align)
		return mvgpu_fail(trouble, MVGPU_ERROR_COMMAND, 0);
	rule = &mvgpu_rules[cmd->opcode];
	if (!mvgpu_command_parse(rule, cmd, op))
		return mvgpu_fail(trouble, MVGPU_ERROR_COMMAND, 0);
	if (op->opcode == MVGPU_CMD_WAIT && op->value >= vgpu->config->num_rings)
		return mvgpu_fail(trouble, MVGPU_ERROR_COMMAND, 0);

	/* Nothing to do is done, wherever it would have been. */
	if (!op->width || !op->height) {
		op->width = 0;
		op->height = 1;
		return true;
	}
	if (!mvgpu_op_check_area(vgpu, op, rule, trouble))
		return false;
	if (rule->uses & MVGPU_USES_SRC)
		op->backward = mvgpu_op_overlaps_upwards(op);
	return true;
}

/**
 * mvgpu_op_cost() - what an operation costs, in bytes that it writes
 * @op: the operation
 *
 * Return: their number, where a line counts as MVGPU_LINE_COST at least.
 */
u64 mvgpu_op_cost(const struct mvgpu_op *op)
{
	/* A rectangle's are 32-bit numbers, the height of all else is 1. */
	return op->width ? max_t(u64, op->width, MVGPU_LINE_COST) * op->height : 0;
}
