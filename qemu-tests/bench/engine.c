// SPDX-License-Identifier: GPL-2.0-only
/*
 * The engine: from a kick to the eventfd that reports the end, run by the kick itself and by a
 * thread; a submission that needs no kick; and how fast it fills and copies, beside memset() and
 * memcpy() on the same memory.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "mvgpu_pci.h"
#include "mvring.h"
#include "target.h"

#define RING_ORDER	10
#define LARGEST		(16u << 20)

/* Buffers are so much further than at a huge page: no two of them have the same lines of a TLB. */
#define HUGE_PAGE	(2u << 20)
#define SRC_SKEW	(85u << 12)
#define GUEST_SKEW	(2 * SRC_SKEW)

/* Where in VRAM things are, and where guest memory is for the device: GUEST_SIZE bytes. */
#define RING_BASE	0
#define DST_BASE	LARGEST
#define SRC_BASE	(2 * LARGEST + SRC_SKEW)
#define IOVA		0x100000000ull

#define GUEST_SIZE	(LARGEST + HUGE_PAGE)
#define MAPPING_SIZE	(GUEST_SIZE + HUGE_PAGE)

/* Commands in a window: so many, or as many as that many bytes.  One kick is for all of them. */
#define BATCH_MAX	64
#define BATCH_BYTES	(4 * LARGEST)

#define PARAMETERS	"/sys/module/mvgpu/parameters/"

/**
 * struct engine - what the benches work with
 * @target: the device
 * @ring: its ring 0
 * @vram: all of VRAM, mapped
 * @mapping: MAPPING_SIZE bytes
 * @guest: guest memory in it, at a huge page
 * @size: bytes of the commands and calls that are measured
 * @batch: how many of them a window has
 */
struct engine {
	struct target *target;
	struct mvring ring;
	uint8_t *vram;
	uint8_t *mapping;
	uint8_t *guest;
	size_t size;
	unsigned int batch;
};

static bool set_parameter(const char *name, unsigned int value)
{
	char path[128], text[16];
	int fd, len;
	bool ok;

	snprintf(path, sizeof(path), PARAMETERS "%s", name);
	len = snprintf(text, sizeof(text), "%u", value);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	ok = fd >= 0 && write(fd, text, len) == len;
	if (fd >= 0)
		close(fd);
	return ok;
}

/* The commands are in the ring, with a fence behind them; the last interrupt is acknowledged. */
static bool prepare(struct engine *engine, struct mvgpu_cmd cmd)
{
	struct mvgpu_cmd fence = cmd_fence(++engine->ring.fence, MVGPU_FENCE_INTERRUPT);
	unsigned int i;

	for (i = 0; i < engine->batch; i++)
		if (!mvring_put(&engine->ring, &cmd))
			return false;
	return mvring_put(&engine->ring, &fence) &&
	       target_write_reg(engine->target, MVGPU_REG_INTR_ACK, MVGPU_CAUSE_MASK);
}

static bool prepare_nop(void *ctx)
{
	return prepare(ctx, cmd_nop());
}

static bool prepare_fill(void *ctx)
{
	struct engine *engine = ctx;
	const struct place dst = { MVGPU_MEM_VRAM, DST_BASE, engine->size };

	return prepare(engine, cmd_fill(dst, engine->size, 1, 0x5a5a5a5a));
}

static bool prepare_copy(void *ctx)
{
	struct engine *engine = ctx;

	return prepare(engine, cmd_copy(MVGPU_MEM_VRAM, DST_BASE, MVGPU_MEM_VRAM, SRC_BASE,
					engine->size));
}

static bool prepare_dma(void *ctx)
{
	struct engine *engine = ctx;

	return prepare(engine, cmd_copy(MVGPU_MEM_VRAM, DST_BASE, MVGPU_MEM_GUEST,
					IOVA + GUEST_SKEW, engine->size));
}

/* All begin with the first one; the engine is done with the last one when the eventfd says so. */
static bool op_run(void *ctx, unsigned int i)
{
	struct engine *engine = ctx;
	struct pollfd wait = { .fd = engine->target->event, .events = POLLIN };
	uint64_t count;

	if (i == 0)
		mvring_publish(&engine->ring);
	if (i < engine->batch - 1)
		return true;
	while (read(wait.fd, &count, sizeof(count)) != sizeof(count)) {
		if (errno != EAGAIN || poll(&wait, 1, -1) < 0)
			return false;
	}
	return true;
}

/* Have the engine awake, with a command that ends with its ring. */
static bool begin_long_work(void *ctx)
{
	struct engine *engine = ctx;
	const struct place dst = { MVGPU_MEM_VRAM, DST_BASE, 0 };
	struct mvgpu_cmd work = cmd_fill(dst, 1u << 20, 0xffffffff, 0);

	mvring_submit(&engine->ring, &work);
	while (mvring_is_asleep(&engine->ring))
		usleep(100);
	return true;
}

static bool end_long_work(void *ctx)
{
	struct engine *engine = ctx;

	mvring_disable(&engine->ring);
	mvring_enable(&engine->ring, MVGPU_MEM_VRAM, RING_BASE, engine->vram, RING_ORDER);
	return true;
}

static bool op_submit(void *ctx, unsigned int i)
{
	static const struct mvgpu_cmd nop = { .opcode = MVGPU_CMD_NOP };
	struct engine *engine = ctx;

	(void)i;
	/* It is an error that a kick was needed. */
	return mvring_put(&engine->ring, &nop) && !mvring_publish(&engine->ring);
}

static bool op_memset(void *ctx, unsigned int i)
{
	struct engine *engine = ctx;

	(void)i;
	memset(engine->vram + DST_BASE, 0x5a, engine->size);
	return true;
}

static bool op_memcpy(void *ctx, unsigned int i)
{
	struct engine *engine = ctx;

	(void)i;
	memcpy(engine->vram + DST_BASE, engine->vram + SRC_BASE, engine->size);
	return true;
}

static bool op_memcpy_in(void *ctx, unsigned int i)
{
	struct engine *engine = ctx;

	(void)i;
	memcpy(engine->vram + DST_BASE, engine->guest + GUEST_SKEW, engine->size);
	return true;
}

static const struct bench inline_benches[] = {
	{ .name = "kick-nop-inline", .ops = 1, .before = prepare_nop, .op = op_run },
	{ .name = "kick-copy-4k-inline", .ops = 1, .before = prepare_copy, .op = op_run },
	{ }
};

static const struct bench thread_benches[] = {
	{ .name = "kick-nop-thread", .ops = 1, .before = prepare_nop, .op = op_run },
	{ .name = "kick-copy-4k-thread", .ops = 1, .before = prepare_copy, .op = op_run },
	{
		.name = "submit-awake", .ops = 100,
		.before = begin_long_work, .op = op_submit, .after = end_long_work,
	},
	{ }
};

static const struct bench batch_benches[] = {
	{ .name = "nop-of-64", .ops = BATCH_MAX, .before = prepare_nop, .op = op_run },
	{ }
};

/* What is measured at every size; @reference is not the device's. */
static const struct {
	const char *name;
	bool reference;
	bool (*before)(void *ctx);
	bool (*op)(void *ctx, unsigned int i);
} kinds[] = {
	{ "memset", true, NULL, op_memset },
	{ "fill", false, prepare_fill, op_run },
	{ "memcpy", true, NULL, op_memcpy },
	{ "copy", false, prepare_copy, op_run },
	{ "memcpy-in", true, NULL, op_memcpy_in },
	{ "dma-in", false, prepare_dma, op_run },
};

static const struct {
	size_t size;
	const char *name;
} sizes[] = { { 4 << 10, "4k" }, { 64 << 10, "64k" }, { 1 << 20, "1m" }, { LARGEST, "16m" } };

static bool bench_sizes(struct engine *engine)
{
	unsigned int i, k;
	bool ok = true;
	char name[32];

	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		engine->size = sizes[i].size;
		engine->batch = BATCH_BYTES / engine->size;
		if (engine->batch > BATCH_MAX)
			engine->batch = BATCH_MAX;
		for (k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
			struct bench bench = {
				.name = name, .ops = engine->batch,
				.before = kinds[k].before, .op = kinds[k].op,
			};

			snprintf(name, sizeof(name), "%s-%s", kinds[k].name, sizes[i].name);
			ok &= bench_run(&bench, kinds[k].reference ? "reference" :
					engine->target->variant, engine);
		}
	}
	return ok;
}

static bool set_up(struct engine *engine)
{
	struct target *target = engine->target;
	struct vdev *vdev = target->vdev;

	engine->vram = vdev->ops->map(vdev, MVGPU_BAR_VRAM, NULL, target->vram_size,
				      PROT_READ | PROT_WRITE, MAP_SHARED, 0);
	engine->mapping = mmap(NULL, MAPPING_SIZE, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (engine->vram == MAP_FAILED || engine->mapping == MAP_FAILED)
		return false;
	engine->guest = engine->mapping + -(uintptr_t)engine->mapping % HUGE_PAGE;
	/* As VMMs do for a guest. */
	madvise(engine->guest, GUEST_SIZE, MADV_HUGEPAGE);
	memset(engine->guest, 0xa5, GUEST_SIZE);
	memset(engine->vram, 0, target->vram_size);
	if (vdev->ops->dma_map(vdev, IOVA, engine->guest, GUEST_SIZE,
			       VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE) ||
	    vdev_set_eventfds(vdev, VFIO_PCI_MSI_IRQ_INDEX, 0, 1, &target->event) ||
	    !target_write_reg(target, MVGPU_REG_INTR_ENABLE, MVGPU_CAUSE_RING(0)))
		return false;
	mvring_init(&engine->ring, vdev, 0);
	mvring_enable(&engine->ring, MVGPU_MEM_VRAM, RING_BASE, engine->vram, RING_ORDER);
	return true;
}

bool bench_engine(struct target *target)
{
	struct engine engine = { .target = target, .size = 4 << 10, .batch = 1 };
	bool ok;

	if (!target->full)
		return true;
	if (!set_up(&engine)) {
		perror("bench: the engine");
		return false;
	}
	ok = bench_run_all(inline_benches, target->variant, &engine);
	ok &= set_parameter("inline_bytes", 0);
	ok &= bench_run_all(thread_benches, target->variant, &engine);
	ok &= set_parameter("inline_bytes", 4096);
	engine.batch = BATCH_MAX;
	ok &= bench_run_all(batch_benches, target->variant, &engine);
	ok &= bench_sizes(&engine);
	target->vdev->ops->reset(target->vdev);
	mvring_fini(&engine.ring);
	target->vdev->ops->dma_unmap(target->vdev, IOVA, GUEST_SIZE);
	vdev_irq_disable(target->vdev, VFIO_PCI_MSI_IRQ_INDEX);
	munmap(engine.vram, target->vram_size);
	munmap(engine.mapping, MAPPING_SIZE);
	return ok;
}
