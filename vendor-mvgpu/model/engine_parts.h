/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * What the parts of the engine know of each other.
 */
#ifndef MVGPU_MODEL_ENGINE_PARTS_H
#define MVGPU_MODEL_ENGINE_PARTS_H

#include "vgpu.h"

/**
 * struct mvgpu_trouble - why a command fails
 * @error: MVGPU_ERROR_*, MVGPU_ERROR_NONE as long as all is well
 * @address: the address that is to blame, where one is
 * @later: nothing has failed, but it is to be tried in another step
 */
struct mvgpu_trouble {
	u32 error;
	u64 address;
	bool later;
};

/* command.c */
bool mvgpu_command_decode(const struct mvgpu *vgpu, const struct mvgpu_cmd *cmd,
			  struct mvgpu_op *op, struct mvgpu_trouble *trouble);
bool mvgpu_range_valid(const struct mvgpu *vgpu, u8 mem, u64 address, u64 size);
u64 mvgpu_op_cost(const struct mvgpu_op *op);

/* blitter.c */
u64 mvgpu_op_run(struct mvgpu *vgpu, struct mvgpu_op *op, struct mvgpu_trouble *trouble);
static inline bool mvgpu_op_done(const struct mvgpu_op *op)
{
	return op->line == op->height;
}

/* memory.c */
bool mvgpu_memory_get(struct mvgpu *vgpu, struct mvgpu_span *spans, unsigned int count,
		      struct mvgpu_trouble *trouble);
int mvgpu_memory_put(struct mvgpu *vgpu, struct mvgpu_span *spans, unsigned int count);
bool mvgpu_memory_read(struct mvgpu *vgpu, u8 mem, u64 address, void *buf, size_t len,
		       struct mvgpu_trouble *trouble);

/* gart.c */
void mvgpu_gart_reset(struct mvgpu *vgpu);
void mvgpu_gart_invalidate(struct mvgpu *vgpu);
bool mvgpu_gart_translate(struct mvgpu *vgpu, struct mvgpu_span *span,
			  struct mvgpu_trouble *trouble);

/* ring.c */
struct mvgpu_field;
void mvgpu_ring_ctrl_write(struct mvgpu *vgpu, const struct mvgpu_field *field, u32 offset,
			   u32 value, u32 mask);
void mvgpu_ring_kick_write(struct mvgpu *vgpu, const struct mvgpu_field *field, u32 offset,
			   u32 value, u32 mask);
void mvgpu_engine_allow(struct mvgpu *vgpu);
void mvgpu_engine_init(struct mvgpu *vgpu);
void mvgpu_engine_reset(struct mvgpu *vgpu);

/* control.c */
void mvgpu_causes_change(struct mvgpu *vgpu, u32 raised, u32 acknowledged);

#endif /* MVGPU_MODEL_ENGINE_PARTS_H */
