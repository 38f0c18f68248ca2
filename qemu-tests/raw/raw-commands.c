// SPDX-License-Identifier: GPL-2.0-only
/*
 * Random commands from a guest, in all memories, against a reference, bit for bit.
 *
 *  raw-commands DEVICE BATCHES
 */
#include <stdlib.h>
#include <string.h>

#include "random_command.h"
#include "raw.h"
#include "reference.h"
#include "tap.h"
#include "util.h"

#define PAGE		4096u
#define NUM_PAGES	48u
#define ARENA		(NUM_PAGES * PAGE)
#define BATCH		24
/* So that batches wrap and the ring gets full */
#define RING_ORDER	4
/* Where the arena begins: in VRAM so that it goes across 2 MiB, in the GART behind invalid pages */
#define VRAM_BASE	((2u << 20) - 20 * PAGE)
#define GART_BASE	(5 * PAGE)

/* An arena in each of the memories, and a copy of what has to be in it. */
struct arenas {
	struct raw raw;
	struct raw_memory guest;
	struct raw_memory paged;
	struct raw_memory table;
	unsigned int order[NUM_PAGES];	/* where in @paged the pages of the GART are */
	struct arena arena;
	uint8_t shadows[MVGPU_NUM_MEMS][ARENA];
};

static uint8_t *shadow_at(void *context, unsigned int mem, uint64_t address)
{
	struct arenas *arenas = context;
	uint64_t offset = address - arenas->arena.bases[mem];

	if (offset >= ARENA)
		tap_bail("the test leaves its arena: memory %u, %#llx", mem,
			 (unsigned long long)address);
	return &arenas->shadows[mem][offset];
}

/* What a page of an arena really is */
static uint8_t *page_at(struct arenas *arenas, unsigned int mem, unsigned int page)
{
	switch (mem) {
	case MVGPU_MEM_VRAM:
		return arenas->raw.vram + VRAM_BASE + page * PAGE;
	case MVGPU_MEM_GUEST:
		return arenas->guest.bytes + page * PAGE;
	default:
		return arenas->paged.bytes + arenas->order[page] * PAGE;
	}
}

static void set_up_gart(struct arenas *arenas)
{
	uint64_t *entries = (uint64_t *)arenas->table.bytes;
	unsigned int first = GART_BASE / PAGE;
	unsigned int i;

	for (i = 0; i < NUM_PAGES; i++) {
		unsigned int other = rnd_below(i + 1);

		arenas->order[i] = arenas->order[other];
		arenas->order[other] = i;
	}
	for (i = 0; i < NUM_PAGES; i++)
		entries[first + i] = htole64((arenas->paged.address + arenas->order[i] * PAGE) |
					     MVGPU_GART_VALID | MVGPU_GART_WRITABLE);
	raw_set_reg(&arenas->raw, MVGPU_REG_GART_BASE_LO, arenas->table.address);
	raw_set_reg(&arenas->raw, MVGPU_REG_GART_BASE_HI, arenas->table.address >> 32);
	raw_set_reg(&arenas->raw, MVGPU_REG_GART_ENTRIES, first + NUM_PAGES);
	raw_set_reg(&arenas->raw, MVGPU_REG_GART_INVALIDATE, 1);
}

static void set_up(struct arenas *arenas, unsigned int device)
{
	unsigned int mem, page, ring;

	raw_open(&arenas->raw, device);
	arenas->guest = raw_alloc(&arenas->raw, ARENA);
	arenas->paged = raw_alloc(&arenas->raw, ARENA);
	arenas->table = raw_alloc(&arenas->raw, PAGE);
	set_up_gart(arenas);
	arenas->arena.bases[MVGPU_MEM_VRAM] = VRAM_BASE;
	arenas->arena.bases[MVGPU_MEM_GUEST] = arenas->guest.address;
	arenas->arena.bases[MVGPU_MEM_GART] = GART_BASE;
	arenas->arena.size = ARENA;
	for (mem = 0; mem < MVGPU_NUM_MEMS; mem++) {
		rnd_fill(arenas->shadows[mem], ARENA);
		for (page = 0; page < NUM_PAGES; page++)
			memcpy(page_at(arenas, mem, page), &arenas->shadows[mem][page * PAGE],
			       PAGE);
	}
	for (ring = 0; ring < arenas->raw.info.num_rings; ring++)
		tap_ret(raw_start(&arenas->raw, ring, RING_ORDER), 0, "ring %u starts", ring);
}

static bool all_as_expected(struct arenas *arenas)
{
	unsigned int mem, page;

	for (mem = 0; mem < MVGPU_NUM_MEMS; mem++) {
		for (page = 0; page < NUM_PAGES; page++) {
			if (!memcmp(page_at(arenas, mem, page),
				    &arenas->shadows[mem][page * PAGE], PAGE))
				continue;
			tap_diag("memory %u, page %u is not what it should be", mem, page);
			return false;
		}
	}
	return true;
}

static bool run_batch(struct arenas *arenas, unsigned int ring)
{
	struct reference reference = { .at = shadow_at, .context = arenas };
	struct mvgpu_cmd cmds[BATCH];
	unsigned int i;
	int ret;

	for (i = 0; i < BATCH; i++) {
		cmds[i] = random_command(&arenas->arena);
		if (cmds[i].opcode == MVGPU_CMD_FENCE) {
			arenas->raw.fences[ring] += rnd() >> 8;
			cmds[i].arg = htole64(arenas->raw.fences[ring]);
		}
		reference_run(&reference, &cmds[i]);
	}
	ret = raw_submit(&arenas->raw, ring, cmds, BATCH);
	if (!ret)
		ret = raw_finish(&arenas->raw, ring);
	if (ret)
		tap_diag("ring %u: %s; state %u, error %u at %u", ring, strerror(-ret),
			 raw_reg(&arenas->raw, MVGPU_REG_RING(ring, MVGPU_RING_STATE)),
			 raw_reg(&arenas->raw, MVGPU_REG_RING(ring, MVGPU_RING_ERROR)),
			 raw_reg(&arenas->raw, MVGPU_REG_RING(ring, MVGPU_RING_ERROR_HEAD)));
	return !ret && all_as_expected(arenas);
}

int main(int argc, char **argv)
{
	static struct arenas arenas;
	unsigned int batches, i;

	if (argc != 3)
		tap_bail("usage: raw-commands DEVICE BATCHES");
	rnd_init();
	set_up(&arenas, atoi(argv[1]));
	batches = atoi(argv[2]);
	for (i = 0; i < batches; i++)
		if (!run_batch(&arenas, i % arenas.raw.info.num_rings))
			break;
	tap_is(i, batches, "batches of %u random commands, bit for bit", BATCH);
	return tap_done();
}
