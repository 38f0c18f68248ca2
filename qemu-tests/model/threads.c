// SPDX-License-Identifier: GPL-2.0-only
/*
 * Several vCPUs at once: readers see whole words, a scan-out is never of two writes, no interrupt
 * is lost, the engine runs while its rings change.  The thread sanitizer watches.
 */
#include <sched.h>

#include "engine.h"

#define ROUNDS		20000
/* Long enough for the threads to run at the same time where CPUs are busy. */
#define WORD_ROUNDS	300000
#define WIDTH		640
#define HEIGHT		480
/* It and its complement have no bit in common: nothing in between is either. */
#define PATTERN		0x55555555u

struct shared {
	struct host *host;
	bool done;
	unsigned int torn;
	unsigned int looks;
};

static void run_beside(struct shared *shared, void *(*beside)(void *), void (*here)(struct host *))
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, beside, shared))
		tap_bail("pthread_create");
	/* It is to have begun, however busy the machine is. */
	while (!__atomic_load_n(&shared->looks, __ATOMIC_RELAXED))
		sched_yield();
	here(shared->host);
	__atomic_store_n(&shared->done, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
}

static bool more(struct shared *shared)
{
	__atomic_add_fetch(&shared->looks, 1, __ATOMIC_RELAXED);
	return !__atomic_load_n(&shared->done, __ATOMIC_RELAXED);
}

static void *read_scratch(void *data)
{
	struct shared *shared = data;

	while (more(shared)) {
		u32 inlined = mvgpu_image_read32(shared->host->vgpu, MVGPU_IMAGE_REGS,
						 MVGPU_REG_SCRATCH);
		u32 whole = reg_read(shared->host, MVGPU_REG_SCRATCH);
		u32 half = host_read(shared->host, MVGPU_IMAGE_REGS, MVGPU_REG_SCRATCH + 2, 2);

		shared->torn += inlined != PATTERN && inlined != ~PATTERN;
		shared->torn += whole != PATTERN && whole != ~PATTERN;
		shared->torn += half != PATTERN >> 16 && half != ~PATTERN >> 16;
	}
	return NULL;
}

static void write_scratch(struct host *host)
{
	unsigned int i;

	for (i = 0; i < WORD_ROUNDS; i++)
		reg_write(host, MVGPU_REG_SCRATCH, i & 1 ? PATTERN : ~PATTERN);
}

/*
 * Writes bytes 2 and 3 of the word, which nobody else does: they stay as written.  The second look
 * is after a pause in the first one.
 */
static void *write_upper(void *data)
{
	struct shared *shared = data;
	unsigned int look;
	u16 i = 0;

	while (more(shared)) {
		host_write(shared->host, MVGPU_IMAGE_REGS, MVGPU_REG_SCRATCH + 2, 2, ++i);
		for (look = 0; look < 2; look++)
			shared->torn += host_read(shared->host, MVGPU_IMAGE_REGS,
						  MVGPU_REG_SCRATCH + 2, 2) != i;
	}
	return NULL;
}

static void write_lower(struct host *host)
{
	unsigned int i;

	for (i = 0; i < WORD_ROUNDS; i++)
		host_write(host, MVGPU_IMAGE_REGS, MVGPU_REG_SCRATCH, 2, i & 0xffff);
}

static void *read_scanout(void *data)
{
	struct shared *shared = data;
	struct mvgpu_scanout scanout;

	while (more(shared)) {
		if (!mvgpu_scanout_get(shared->host->vgpu, &scanout)) {
			shared->torn++;
			continue;
		}
		/* Both offsets are the same number. */
		shared->torn += scanout.offset % (4 * WIDTH + 4) != 0;
	}
	return NULL;
}

static void write_offsets(struct host *host)
{
	u32 i;

	for (i = 0; i < ROUNDS; i++) {
		u32 n = i % 100;

		host_write(host, MVGPU_IMAGE_REGS, MVGPU_DISPI_REG(MVGPU_DISPI_X_OFFSET), 4,
			   n << 16 | n);
	}
}

static void set_mode(struct host *host)
{
	host_write(host, MVGPU_IMAGE_REGS, MVGPU_DISPI_REG(MVGPU_DISPI_XRES), 2, WIDTH);
	host_write(host, MVGPU_IMAGE_REGS, MVGPU_DISPI_REG(MVGPU_DISPI_YRES), 2, HEIGHT);
	host_write(host, MVGPU_IMAGE_REGS, MVGPU_DISPI_REG(MVGPU_DISPI_BPP), 2, 32);
	host_write(host, MVGPU_IMAGE_REGS, MVGPU_DISPI_REG(MVGPU_DISPI_ENABLE), 2,
		   MVGPU_DISPI_ENABLED);
}

/* Masks and unmasks a vector, while its cause is raised and acknowledged beside. */
static void *mask_vector(void *data)
{
	struct shared *shared = data;
	bool masked = true;

	do {
		masked = !masked;
		host_write(shared->host, MVGPU_IMAGE_MSIX, PCI_MSIX_ENTRY_VECTOR_CTRL, 4, masked);
	} while (more(shared));
	host_write(shared->host, MVGPU_IMAGE_MSIX, PCI_MSIX_ENTRY_VECTOR_CTRL, 4, 0);
	return NULL;
}

/* A cause that was raised is pending or sent at any time, whatever happens to its mask. */
static void raise_cause(struct host *host)
{
	unsigned int lost = 0, before, i;

	for (i = 0; i < ROUNDS; i++) {
		reg_write(host, MVGPU_REG_INTR_ACK, 1);
		mvgpu_lock(&host->vgpu->lock);
		before = host->messages[0];
		mvgpu_unlock(&host->vgpu->lock);

		mvgpu_irq_raise(host->vgpu, 1);
		mvgpu_lock(&host->vgpu->lock);
		lost += host->messages[0] == before &&
			!host_read(host, MVGPU_IMAGE_MSIX, MVGPU_MSIX_PBA, 4);
		mvgpu_unlock(&host->vgpu->lock);
	}
	tap_is(lost, 0, "%u causes beside a mask: none lost", ROUNDS);
}

static void test_interrupts(struct host *host)
{
	struct shared shared = { .host = host };

	mvgpu_irq_set_mode(host->vgpu, MVGPU_IRQ_MSIX, first_vectors(MVGPU_NUM_VECTORS));
	reg_write(host, MVGPU_REG_INTR_ENABLE, 1);
	run_beside(&shared, mask_vector, raise_cause);
	tap_is_hex(host_read(host, MVGPU_IMAGE_MSIX, MVGPU_MSIX_PBA, 4), 0,
		   "unmasked in the end: nothing is pending");
	tap_ok(host->messages[0] > 0 && host->messages[0] <= ROUNDS,
	       "%u messages, no more than causes", host->messages[0]);
	mvgpu_reset(host->vgpu);
}

/* The engine's owner, who does not care what comes of it */
static void *step_engine(void *data)
{
	struct mvgpu_step step = { .limit = MVGPU_STEP_ANY };
	struct shared *shared = data;
	struct mvgpu *vgpu = shared->host->vgpu;

	mvgpu_engine_wake(vgpu);
	while (more(shared)) {
		if (mvgpu_engine_step(vgpu, &step) == MVGPU_STEP_WORKED) {
			if (shared->looks % 64 == 0)
				mvgpu_engine_timeout(vgpu, step.ring);
		} else if (mvgpu_engine_sleep(vgpu)) {
			mvgpu_engine_wake(vgpu);
		}
	}
	return NULL;
}

static void set_tail(struct host *host, u32 n, u32 tail)
{
	__le32 *word = &host->shared[(MVGPU_TAIL(n) - MVGPU_TAILS_OFFSET) / 4];

	__atomic_store_n(word, cpu_to_le32(tail), __ATOMIC_RELEASE);
}

/*
 * Rings whose commands are there already are enabled, disabled, reset, and given tails, by a driver
 * that forbids bus mastering now and then.
 */
static void change_rings(struct host *host)
{
	unsigned int i;

	for (i = 0; i < ROUNDS; i++) {
		u32 n = i / 16 % 2, enable = i / 32 % 2;

		if (i % 1000 == 999)
			mvgpu_reset(host->vgpu);
		if (i % 16 == 0) {
			reg_write(host, MVGPU_REG_RING(n, MVGPU_RING_BASE_LO), RING_BASE(n));
			reg_write(host, MVGPU_REG_RING(n, MVGPU_RING_ORDER), 4);
			reg_write(host, MVGPU_REG_RING(n, MVGPU_RING_CTRL), enable);
		}
		if (i % 16 == 4)
			set_master(host, i / 64 % 4 != 3);
		if (i % 16 == 8)
			reg_write(host, MVGPU_REG_GART_INVALIDATE, 1);
		set_tail(host, n, i % RING_ENTRIES);
		reg_write(host, MVGPU_REG_RING(n, MVGPU_RING_KICK), 1);
	}
}

static void test_engine(struct host *host)
{
	struct mvgpu_cmd cmds[] = {
		cmd_copy(MVGPU_MEM_VRAM, 0, MVGPU_MEM_VRAM, 1 << 20, 2 * MVGPU_STEP_BYTES),
		cmd_copy(MVGPU_MEM_VRAM, 0, MVGPU_MEM_GART, 0, 64),
		cmd_fence(1, MVGPU_FENCE_INTERRUPT), cmd_wait(1, 1), cmd_nop(),
	};
	struct shared shared = { .host = host };
	unsigned int n, i;

	for (n = 0; n < 2; n++) {
		for (i = 0; i < RING_ENTRIES; i++)
			memcpy(host->vram + RING_BASE(n) + i * MVGPU_CMD_SIZE,
			       &cmds[i % ARRAY_SIZE(cmds)], MVGPU_CMD_SIZE);
	}
	run_beside(&shared, step_engine, change_rings);
	mvgpu_reset(host->vgpu);
	tap_ok(host->vgpu->engine.busy == MVGPU_MAX_RINGS &&
	       !mvgpu_engine_has_work(host->vgpu) && !ring_head(host, 0) && !ring_head(host, 1),
	       "%llu commands, %llu errors of rings that change: a reset ends it all",
	       (unsigned long long)host->vgpu->engine.stats.commands,
	       (unsigned long long)host->vgpu->engine.stats.errors);
}

int main(void)
{
	struct shared words = { 0 }, halves = { 0 }, pictures = { 0 };
	struct mvgpu vgpu;
	struct host host;

	host_init(&host, &vgpu, &host_config);
	words.host = &host;
	reg_write(&host, MVGPU_REG_SCRATCH, PATTERN);
	run_beside(&words, read_scratch, write_scratch);
	tap_is(words.torn, 0, "%u reads beside %u writes: whole words", words.looks,
	       WORD_ROUNDS);

	halves.host = &host;
	run_beside(&halves, write_upper, write_lower);
	tap_is(halves.torn, 0, "%u writes of one half of a word beside %u of the other: none lost",
	       halves.looks, WORD_ROUNDS);

	pictures.host = &host;
	set_mode(&host);
	run_beside(&pictures, read_scanout, write_offsets);
	tap_is(pictures.torn, 0, "%u scan-outs beside %u flips: none of two", pictures.looks,
	       ROUNDS);

	test_interrupts(&host);
	test_engine(&host);
	host_fini(&host);
	return tap_done();
}
