/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a driver does with the engine, in short forms.
 */
#ifndef ENGINE_H
#define ENGINE_H

#include "host.h"
#include "commands.h"

/* Where tests put ring n if they do not care: at the end of VRAM, 64 KiB each. */
#define RING_SIZE	(64u << 10)
#define RING_BASE(n)	(host_config.vram_size - ((n) + 1) * RING_SIZE)
#define RING_ENTRIES	16

/* Bus Master Enable: without it no ring is worked on. */
void set_master(struct host *host, bool master);

/* Set up and enable ring @n, of 2^@order commands, in @mem at @base, and bus mastering. */
void ring_enable_at(struct host *host, unsigned int n, u8 mem, u64 base, u32 order);

/* The same, of RING_ENTRIES commands at RING_BASE(@n). */
void ring_enable(struct host *host, unsigned int n);

void ring_disable(struct host *host, unsigned int n);

u32 ring_reg(struct host *host, unsigned int n, u32 reg);
u64 ring_error_address(struct host *host, unsigned int n);

void ring_set_tail(struct host *host, unsigned int n, u32 tail);

/* Put a command behind the last one, and store the tail.  There must be room. */
void ring_submit(struct host *host, unsigned int n, const struct mvgpu_cmd *cmd);
void ring_submit_nops(struct host *host, unsigned int n, unsigned int count);

/* What the status page has */
u64 ring_fence(struct host *host, unsigned int n);
u32 ring_head(struct host *host, unsigned int n);
u32 ring_need_kick(struct host *host, unsigned int n);

/* Own the engine until there is nothing to do; the number of steps. */
unsigned int engine_run(struct host *host);

/* One step, of which @ring is told, if it is one. */
enum mvgpu_step_result engine_step(struct host *host, u64 limit, unsigned int *ring);

/*
 * One command on a ring of its own, to its end, or for ENGINE_PATIENCE steps: MVGPU_ERROR_*.  What
 * the ring says of it can be read until the next one.
 */
#define ENGINE_PATIENCE	64
u32 engine_do(struct host *host, const struct mvgpu_cmd *cmd);

/* Use a GART of @entries in guest memory, at @base. */
void gart_use(struct host *host, u64 base, u32 entries);
void gart_invalidate(struct host *host);
void gart_set(struct host *host, u64 base, u32 page, u64 entry);

/* Where the byte at an address is; bails out if nowhere.  GART: by the table that is in use. */
u8 *engine_byte(struct host *host, u8 mem, u64 address);

#endif /* ENGINE_H */
