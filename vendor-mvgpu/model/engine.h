/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The vGPU's engine: rings of commands, taken one by one, checked and run.
 *
 * The model has no thread.  Whoever gives a vGPU time to work owns its engine meanwhile, one
 * thread at a time, and calls mvgpu_engine_step() as often as there is something to do and it
 * pleases.  A step is short: a long command takes many.
 *
 *	mvgpu_engine_wake();
 *	do
 *		while (mvgpu_engine_step() == MVGPU_STEP_WORKED)
 *			;
 *	while (!mvgpu_engine_sleep());
 *
 * The guest makes work known by a tail in memory that it shares with the device (page 2 of BAR 2).
 * While the engine is asleep, which it says in page 3, the guest has to kick it by a register too;
 * then the model calls the kick op.
 *
 * A command's life: its 64 bytes are copied out of the ring, decoded and checked (command.c), run
 * in pieces (blitter.c), each of them on memory that the transport lends (memory.c, gart.c), and
 * its end is made known (ring.c).  Nothing that the guest changes meanwhile is looked at twice.
 *
 * Locks: a step reads a ring's state under the vGPU's lock when it begins and changes it when it
 * ends, without it in between.  A ring that was disabled, or a device that was reset meanwhile, is
 * recognized by the ring's @epoch: then what the step has found out is forgotten.
 */
#ifndef MVGPU_MODEL_ENGINE_H
#define MVGPU_MODEL_ENGINE_H

#include "platform.h"
#include "mvgpu_cmd.h"
#include "mvgpu_regs.h"

struct mvgpu;

/* A page of the device: what the GART maps, what a piece of an overlapping copy is at most. */
#define MVGPU_GPU_PAGE		4096u

/* What a step works on, at most: bytes, and pieces of memory that they are in. */
#define MVGPU_STEP_BYTES	(128u << 10)
/* The same for a fill: it reads nothing, and is several times as fast. */
#define MVGPU_STEP_FILL		(512u << 10)
#define MVGPU_STEP_PIECES	256

/* What a line costs, however short it is, in bytes. */
#define MVGPU_LINE_COST		64

#define MVGPU_GART_CACHE	64

/**
 * struct mvgpu_span - memory that the transport lends to the engine
 * @mem: MVGPU_MEM_VRAM or MVGPU_MEM_GUEST
 * @read: its content matters
 * @write: it will be written
 * @address: of the first byte in that memory
 * @len: bytes that are wanted; the transport makes it less where they are not in one piece, and 0
 *	where there is nothing
 * @ptr: set by the transport: where the engine finds it
 * @cookie: the transport's
 */
struct mvgpu_span {
	u8 mem;
	bool read;
	bool write;
	u64 address;
	size_t len;
	void *ptr;
	void *cookie;
};

/**
 * struct mvgpu_op - a command that has been decoded and checked, and how far it is
 * @opcode: MVGPU_CMD_*
 * @flags: of that opcode
 * @dst_mem: in which memory @dst is
 * @src_mem: in which memory @src is
 * @backward: @dst is above @src and overlaps it: the last bytes are copied first
 * @value: as in the command
 * @dst: where the first line is
 * @src: where the first line is
 * @dst_stride: bytes from a line to the next
 * @src_stride: bytes from a line to the next
 * @width: bytes a line
 * @height: lines
 * @arg: as in the command
 * @line: lines that are done
 * @done: bytes of the next one that are done
 */
struct mvgpu_op {
	u8 opcode;
	u8 flags;
	u8 dst_mem;
	u8 src_mem;
	bool backward;
	u32 value;
	u64 dst;
	u64 src;
	u64 dst_stride;
	u64 src_stride;
	u64 width;
	u64 height;
	u64 arg;
	u64 line;
	u64 done;
};

/**
 * struct mvgpu_ring - a ring
 * @epoch: changes when the ring is enabled or disabled, or the device is reset
 * @base: address of the ring, as it was when it was enabled
 * @mem: MVGPU_MEM_*, in which that is
 * @entries: commands that it has room for
 * @head: index of the first command that is not done
 * @held: interrupts of fences that are held back
 * @fence: value of the last fence
 * @active: @op is being run
 * @op: the command
 *
 * Protected by the vGPU's lock; @active and @op of a ring that a step is at are the owner's.
 */
struct mvgpu_ring {
	u32 epoch;
	u64 base;
	u8 mem;
	u32 entries;
	u32 head;
	u32 held;
	u64 fence;
	bool active;
	struct mvgpu_op op;
};

/**
 * struct mvgpu_gart_table - where the GART is
 * @base: its guest address
 * @entries: how many it has
 * @generation: changes when translations are to be forgotten; 0 before there is a table
 */
struct mvgpu_gart_table {
	u64 base;
	u32 entries;
	u64 generation;
};

/**
 * struct mvgpu_gart - the table from GPU pages to guest pages, and what is remembered of it
 * @table: as the guest has set it up.  Protected by the vGPU's lock.
 * @used: as it was when the step began.  The owner's.
 * @cache: translations, by the low bits of the GPU page.  The owner's.
 */
struct mvgpu_gart {
	struct mvgpu_gart_table table;
	struct mvgpu_gart_table used;
	struct {
		u64 generation;
		u64 entry;
		u32 page;
	} cache[MVGPU_GART_CACHE];
};

/**
 * struct mvgpu_engine_stats - what a vGPU's engine has done since it was made
 * @commands: commands that were done
 * @bytes: bytes that they have written
 * @errors: rings that have stopped
 */
struct mvgpu_engine_stats {
	u64 commands;
	u64 bytes;
	u64 errors;
};

/**
 * struct mvgpu_engine - the engine of a vGPU
 * @asleep: a new tail needs a kick.  Protected by the vGPU's lock.
 * @busy: the ring that a step is at, or MVGPU_MAX_RINGS.  Protected by the vGPU's lock.
 * @next: the ring to look at first.  The owner's.
 * @gart: the GART
 * @rings: the rings
 * @stats: written by the owner, read by anybody
 */
struct mvgpu_engine {
	bool asleep;
	unsigned int busy;
	unsigned int next;
	struct mvgpu_gart gart;
	struct mvgpu_ring rings[MVGPU_MAX_RINGS];
	struct mvgpu_engine_stats stats;
};

/**
 * enum mvgpu_step_result - what a step has come to
 * @MVGPU_STEP_IDLE: there is nothing to do: all rings are empty, off or waiting
 * @MVGPU_STEP_COSTLY: the command costs more than allowed, or its memory is not there yet; it waits
 *	to be worked on
 * @MVGPU_STEP_WORKED: something was done
 */
enum mvgpu_step_result {
	MVGPU_STEP_IDLE,
	MVGPU_STEP_COSTLY,
	MVGPU_STEP_WORKED,
};

/**
 * struct mvgpu_step - a step of the engine
 * @limit: what the command may cost, in bytes that it writes, for the step to work on it; a line
 *	counts as MVGPU_LINE_COST at least.  Set by the caller.
 * @ring: the ring that it was about
 * @began: its command was taken out of the ring by this step
 * @finished: its command has come to an end: it is done, has failed or was abandoned
 */
struct mvgpu_step {
	u64 limit;
	unsigned int ring;
	bool began;
	bool finished;
};

#define MVGPU_STEP_ANY		(~0ull)

enum mvgpu_step_result mvgpu_engine_step(struct mvgpu *vgpu, struct mvgpu_step *step);
void mvgpu_engine_timeout(struct mvgpu *vgpu, unsigned int ring);
bool mvgpu_engine_has_work(struct mvgpu *vgpu);
bool mvgpu_engine_sleep(struct mvgpu *vgpu);
void mvgpu_engine_wake(struct mvgpu *vgpu);
void mvgpu_engine_want_kicks(struct mvgpu *vgpu);

#endif /* MVGPU_MODEL_ENGINE_H */
