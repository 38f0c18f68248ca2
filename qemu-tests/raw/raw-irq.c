// SPDX-License-Identifier: GPL-2.0-only
/*
 * Interrupts of fences, as a guest takes them: INTx, MSI, MSI-X, each fence its own, and coalesced.
 *
 *  raw-irq DEVICE
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "raw.h"
#include "tap.h"

#define FENCES		40
#define RING_ORDER	7
/* Between fences: the guest has time to acknowledge an interrupt before the next one. */
#define WORK_SIZE	(4u << 20)
/* Long enough for an interrupt too many to come in */
#define SETTLE_US	100000

static const char * const names[] = {
	[MVGPU_RAW_IRQ_INTX] = "INTx",
	[MVGPU_RAW_IRQ_MSI] = "MSI",
	[MVGPU_RAW_IRQ_MSIX] = "MSI-X",
};

static uint64_t interrupts(struct raw *raw)
{
	uint64_t sum = 0;
	unsigned int i;

	raw_look(raw);
	for (i = 0; i < raw->info.num_vectors; i++)
		sum += raw->info.interrupts[i];
	return sum;
}

static void test_each(struct raw *raw, unsigned int ring, const char *name)
{
	unsigned int vector = ring < raw->info.num_vectors ? ring : 0;
	uint64_t before = raw->info.interrupts[vector];
	unsigned int i;

	for (i = 1; i <= FENCES; i++) {
		struct mvgpu_cmd fence = cmd_fence(i, MVGPU_FENCE_INTERRUPT);

		if (raw_submit(raw, ring, &fence, 1) ||
		    raw_causes(raw, RAW_TIMEOUT_MS) != MVGPU_CAUSE_RING(ring))
			break;
	}
	tap_is(i - 1, FENCES, "%s: fences of ring %u interrupt", name, ring);
	tap_ret(raw_wait(raw, ring, FENCES, 0), 0, "%s: its fence value is there", name);
	usleep(SETTLE_US);
	raw_look(raw);
	tap_is(raw->info.interrupts[vector] - before, FENCES, "%s: each once, through vector %u",
	       name, vector);
}

/* So many fences become known at once; up to @coalesce of their interrupts may be held back. */
static uint64_t batch(struct raw *raw, unsigned int ring, unsigned int coalesce)
{
	static const struct place work = { .mem = MVGPU_MEM_VRAM };
	uint64_t before = interrupts(raw);
	struct mvgpu_cmd cmds[2 * FENCES];
	unsigned int i;

	raw_set_reg(raw, MVGPU_REG_RING(ring, MVGPU_RING_COALESCE), coalesce);
	if (raw_start(raw, ring, RING_ORDER))
		tap_bail("ring %u does not start", ring);
	for (i = 0; i < FENCES; i++) {
		cmds[2 * i] = cmd_fill(work, WORK_SIZE, 1, i);
		cmds[2 * i + 1] = cmd_fence(i + 1, MVGPU_FENCE_INTERRUPT);
	}
	raw_submit(raw, ring, cmds, 2 * FENCES);
	tap_ret(raw_wait(raw, ring, FENCES, MVGPU_RAW_WAIT_SPIN), 0,
		"%u fences at once, coalescing %u", FENCES, coalesce);
	usleep(SETTLE_US);
	while (raw_causes(raw, 0))
		;
	raw_set_reg(raw, MVGPU_REG_RING(ring, MVGPU_RING_COALESCE), 0);
	return interrupts(raw) - before;
}

static void test_coalescing(struct raw *raw)
{
	uint64_t count;

	count = batch(raw, 0, 255);
	tap_is(count, 1, "all held back, until there is nothing more to do");
	count = batch(raw, 0, 9);
	tap_ok(count >= 1 && count <= FENCES / 10, "one of ten at most (%llu)",
	       (unsigned long long)count);
	count = batch(raw, 0, 0);
	tap_ok(count >= 1 && count <= FENCES, "none held back (%llu)", (unsigned long long)count);
}

static void test_without(struct raw *raw)
{
	uint64_t before = interrupts(raw);
	struct mvgpu_cmd fence = cmd_fence(1, 0);

	raw_start(raw, 0, RING_ORDER);
	raw_submit(raw, 0, &fence, 1);
	tap_ret(raw_wait(raw, 0, 1, MVGPU_RAW_WAIT_SPIN), 0, "a fence that does not interrupt");
	usleep(SETTLE_US);
	tap_is(interrupts(raw) - before, 0, "it has not");
}

int main(int argc, char **argv)
{
	unsigned int irq, ring;
	struct raw raw;

	if (argc != 2)
		tap_bail("usage: raw-irq DEVICE");
	raw_open(&raw, atoi(argv[1]));
	for (irq = MVGPU_RAW_IRQ_INTX; irq <= MVGPU_RAW_IRQ_MSIX; irq++) {
		tap_ret(raw_irq(&raw, irq), 0, "%s", names[irq]);
		tap_is(raw.info.irq, irq, "%s is in use", names[irq]);
		for (ring = 0; ring < raw.info.num_rings; ring++) {
			raw_start(&raw, ring, RING_ORDER);
			test_each(&raw, ring, names[irq]);
		}
	}
	test_coalescing(&raw);
	test_without(&raw);
	return tap_done();
}
