// SPDX-License-Identifier: GPL-2.0-only
/*
 * The engine, as a guest's driver uses it: rings in all memories, commands against the reference,
 * fences, the GART, errors.
 */
#include <endian.h>
#include <linux/pci_regs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "dmamem.h"
#include "mvregs.h"
#include "mvring.h"
#include "random_command.h"
#include "reference.h"
#include "tap.h"
#include "util.h"

#define CONFIG		VFIO_PCI_CONFIG_REGION_INDEX
#define VRAM		VFIO_PCI_BAR0_REGION_INDEX
#define REGS		VFIO_PCI_BAR2_REGION_INDEX
#define MSIX		VFIO_PCI_MSIX_IRQ_INDEX
#define PAGE		4096u
#define ROUNDS		400
#define FILLS		64
#define PATIENCE_MS	60000
/* Long enough for an engine that does what it must not */
#define STAND_STILL_US	50000
#define D3HOT		3
#define UNTOUCHED	0xa5

/* What commands work on is the beginning of each memory, and that large. */
#define AREA		(512u << 10)
#define AREA_PAGES	(AREA / PAGE)
/* The ring is behind it, wherever it is, and the GART behind that. */
#define RING_AT		AREA
#define RING_ORDER	4
#define RING_BYTES	(MVGPU_CMD_SIZE << RING_ORDER)
#define GART_AT		(AREA + PAGE)
#define GUEST_PAGES_AT	(1u << 20)
#define GUEST_SIZE	(GUEST_PAGES_AT + AREA)
#define IOVA		0x7ff00000u	/* crosses 2 GiB */

/**
 * struct memories - what the device works on, or the reference
 * @vram: AREA bytes
 * @guest: GUEST_SIZE bytes, at IOVA; the last AREA of them are the GART's
 * @gart: for each page of the GART, which of those pages it is
 */
struct memories {
	uint8_t *vram;
	uint8_t *guest;
	uint32_t gart[AREA_PAGES];
};

static struct memories real, model;

static const struct arena arena = { .bases = { [MVGPU_MEM_GUEST] = IOVA }, .size = AREA };

static uint8_t *byte_at(void *context, unsigned int mem, uint64_t address)
{
	struct memories *memories = context;

	if (mem == MVGPU_MEM_VRAM)
		return memories->vram + address;
	if (mem == MVGPU_MEM_GUEST)
		return memories->guest + address - IOVA;
	return memories->guest + GUEST_PAGES_AT + memories->gart[address / PAGE] * PAGE +
	       address % PAGE;
}

static void write_gart_regs(struct vdev *vdev, uint64_t base, uint32_t entries)
{
	vdev_write32(vdev, REGS, MVGPU_REG_GART_BASE_LO, base);
	vdev_write32(vdev, REGS, MVGPU_REG_GART_BASE_HI, base >> 32);
	vdev_write32(vdev, REGS, MVGPU_REG_GART_ENTRIES, entries);
	vdev_write32(vdev, REGS, MVGPU_REG_GART_INVALIDATE, 1);
}

static uint64_t *gart_entry(uint32_t page)
{
	return (uint64_t *)(real.guest + GART_AT) + page;
}

/* Pages in disorder, some neighbours side by side. */
static void make_gart(struct vdev *vdev)
{
	uint32_t i, j, page;

	for (i = 0; i < AREA_PAGES; i++)
		real.gart[i] = i;
	for (i = 0; i < AREA_PAGES / 2; i++) {
		j = rnd_below(AREA_PAGES);
		page = real.gart[i];
		real.gart[i] = real.gart[j];
		real.gart[j] = page;
	}
	memcpy(model.gart, real.gart, sizeof(model.gart));
	for (i = 0; i < AREA_PAGES; i++)
		*gart_entry(i) = htole64((IOVA + GUEST_PAGES_AT + real.gart[i] * PAGE) |
					 MVGPU_GART_VALID | MVGPU_GART_WRITABLE);
	write_gart_regs(vdev, IOVA + GART_AT, AREA_PAGES);
}

static void enable(struct mvring *ring, uint8_t mem)
{
	uint64_t base = arena.bases[mem] + RING_AT;

	mvring_enable(ring, mem, base, byte_at(&real, mem, base), RING_ORDER);
}

static void make_content(void)
{
	rnd_fill(real.vram, AREA);
	rnd_fill(real.guest, AREA);
	rnd_fill(real.guest + GUEST_PAGES_AT, AREA);
	memcpy(model.vram, real.vram, AREA);
	memcpy(model.guest, real.guest, GUEST_SIZE);
}

static bool same(void)
{
	return !memcmp(real.vram, model.vram, AREA) && !memcmp(real.guest, model.guest, AREA) &&
	       !memcmp(real.guest + GUEST_PAGES_AT, model.guest + GUEST_PAGES_AT, AREA);
}

/* Commands one by one, on a ring in @mem. */
static void test_commands(struct mvring *ring, uint8_t mem, const char *name)
{
	struct reference reference = { .at = byte_at, .context = &model };
	uint32_t error = 0, i;
	struct mvgpu_cmd cmd;
	bool good = true;

	make_content();
	enable(ring, mem);
	for (i = 0; good && i < ROUNDS; i++) {
		cmd = random_command(&arena);
		/* A fence of its own would not be in order. */
		if (cmd.opcode == MVGPU_CMD_FENCE)
			cmd.arg = htole64(++ring->fence);
		error = mvring_run(ring, &cmd);
		reference_run(&reference, &cmd);
		good = !error && same();
	}
	if (!tap_ok(good, "%s: %u commands do what the reference does", name, ROUNDS))
		tap_diag("opcode %u, error %u, dst %u:%#llx, src %u:%#llx, %u x %u, stride %u",
			 cmd.opcode, error, cmd.dst_mem, (unsigned long long)cmd.dst, cmd.src_mem,
			 (unsigned long long)cmd.src, cmd.width, cmd.height, cmd.dst_stride);
	mvring_disable(ring);
}

/* Fills of each length that is done in another way, at each alignment of vectors. */
static void test_fills(struct mvring *ring)
{
	static const uint32_t lengths[] = {
		8 << 10, 32 << 10, 128 << 10, 384 << 10,
	};
	struct reference reference = { .at = byte_at, .context = &model };
	struct place dst = { .mem = MVGPU_MEM_VRAM };
	uint32_t i, error = 0;
	struct mvgpu_cmd cmd;
	bool good = true;

	make_content();
	enable(ring, MVGPU_MEM_VRAM);
	for (i = 0; good && i < ARRAY_SIZE(lengths) * FILLS; i++) {
		uint32_t length = lengths[i / FILLS] - 128 + rnd_below(64) * 4;

		dst.address = PAGE + i % 16 * 4;
		cmd = cmd_fill(dst, length, 1, rnd());
		error = mvring_run(ring, &cmd);
		reference_run(&reference, &cmd);
		good = !error && same();
	}
	if (!tap_ok(good, "fills of all sizes and alignments"))
		tap_diag("error %u, dst %#llx, %u bytes", error, (unsigned long long)cmd.dst,
			 cmd.width);
	mvring_disable(ring);
}

/* Many at once: the ring wraps and is full most of the time. */
static void test_stream(struct mvring *ring, uint8_t mem, const char *name)
{
	struct place dst = { MVGPU_MEM_VRAM, 0, 64 };
	struct mvgpu_cmd cmd;
	uint32_t i, *pixels = (uint32_t *)real.vram;
	bool good = true;

	enable(ring, mem);
	for (i = 0; i < 5000; i++) {
		dst.address = i % 64 * 64;
		cmd = cmd_fill(dst, 64, 1, i);
		mvring_submit(ring, &cmd);
	}
	tap_is(mvring_wait(ring, mvring_submit_fence(ring, 0)), MVGPU_ERROR_NONE,
	       "%s: 5000 commands without a pause", name);
	for (i = 5000 - 64; i < 5000; i++)
		good = good && pixels[i % 64 * 16] == i && pixels[i % 64 * 16 + 15] == i;
	tap_ok(good, "%s: the last of them can be seen", name);
	mvring_disable(ring);
}

static void test_fences(struct mvring *ring)
{
	struct mvgpu_cmd store = cmd_fence_store(1, MVGPU_FENCE_INTERRUPT, MVGPU_MEM_GUEST,
						 IOVA + 8);
	int fd = efd_new(), error = efd_new();
	struct mvgpu_cmd bad = { .opcode = 99 };
	unsigned int i;

	mv_enable_causes(ring->vdev, MVGPU_CAUSE_RING(ring->n) | MVGPU_CAUSE_ERROR);
	vdev_set_eventfds(ring->vdev, MSIX, ring->n, 1, &fd);
	vdev_set_eventfds(ring->vdev, MSIX, 5, 1, &error);
	enable(ring, MVGPU_MEM_VRAM);
	memset(real.guest, 0, 64);
	mvring_submit(ring, &store);
	ring->fence = 1;
	tap_ok(efd_wait(fd, PATIENCE_MS), "a fence interrupts");
	tap_is(mvring_fence(ring), 1, "its value is in the status page by then");
	tap_is(le64toh(*(uint64_t *)(real.guest + 8)), 1, "and in memory");
	mv_ack(ring->vdev, MVGPU_CAUSE_RING(ring->n));
	for (i = 0; i < 100; i++)
		mvring_submit_fence(ring, MVGPU_FENCE_INTERRUPT);
	mvring_wait(ring, ring->fence);
	tap_ok(efd_wait(fd, PATIENCE_MS), "so do a hundred of them");
	tap_is(efd_take(error), 0, "nothing was wrong");
	tap_is(mvring_run(ring, &bad), MVGPU_ERROR_COMMAND, "an unknown command is an error");
	tap_ok(efd_wait(error, PATIENCE_MS), "an error interrupts");
	tap_is(mvring_reg(ring, MVGPU_RING_STATE), MVGPU_RING_STATE_ERROR, "the ring has stopped");
	mvring_disable(ring);
	vdev_irq_disable(ring->vdev, MSIX);
	mv_enable_causes(ring->vdev, 0);
	mv_ack(ring->vdev, ~0u);
	close(fd);
	close(error);
}

/* What one command comes to, on a ring that is enabled for it. */
static uint32_t outcome(struct mvring *ring, struct mvgpu_cmd cmd)
{
	uint32_t error;

	enable(ring, MVGPU_MEM_VRAM);
	error = mvring_run(ring, &cmd);
	mvring_disable(ring);
	return error;
}

static void test_gart(struct mvring *ring)
{
	uint64_t entry = *gart_entry(7);
	struct mvgpu_cmd read7, write7, write8;

	read7 = cmd_copy(MVGPU_MEM_VRAM, 0, MVGPU_MEM_GART, 7 * PAGE + 5, 100);
	write7 = cmd_copy(MVGPU_MEM_GART, 7 * PAGE + 5, MVGPU_MEM_VRAM, 0, 100);
	write8 = cmd_copy(MVGPU_MEM_GART, 7 * PAGE, MVGPU_MEM_VRAM, 0, PAGE + 1);
	*gart_entry(7) = entry & ~htole64(MVGPU_GART_WRITABLE);
	vdev_write32(ring->vdev, REGS, MVGPU_REG_GART_INVALIDATE, 1);
	tap_is(outcome(ring, read7), MVGPU_ERROR_NONE, "GART: a page to be read is read");
	tap_is(outcome(ring, write7), MVGPU_ERROR_GART, "GART: and not written");
	tap_is(mvring_error_address(ring), 7 * PAGE + 5, "GART: the error has its address");
	*gart_entry(7) = 0;
	tap_is(outcome(ring, read7), MVGPU_ERROR_NONE, "GART: a translation is remembered");
	vdev_write32(ring->vdev, REGS, MVGPU_REG_GART_INVALIDATE, 1);
	tap_is(outcome(ring, read7), MVGPU_ERROR_GART, "GART: until it is to be forgotten");
	*gart_entry(7) = entry;
	write_gart_regs(ring->vdev, IOVA + GART_AT, 8);
	tap_is(outcome(ring, write7), MVGPU_ERROR_NONE, "GART: the last page");
	tap_is(outcome(ring, write8), MVGPU_ERROR_GART, "GART: and one behind it");
	write_gart_regs(ring->vdev, IOVA - PAGE, 8);
	tap_is(outcome(ring, read7), MVGPU_ERROR_DMA, "GART: a table that is nowhere");
	write_gart_regs(ring->vdev, IOVA + GART_AT, AREA_PAGES);
}

/* A ring's end leaves the others alone. */
static void test_rings(struct mvring *ring)
{
	struct mvgpu_cmd bad = { .opcode = 99 }, wait = cmd_wait(0, 3);
	struct mvring other;

	if (vdev_read32(ring->vdev, REGS, MVGPU_REG_NUM_RINGS) < 2) {
		tap_skip("this type has one ring", "two rings");
		return;
	}
	mvring_init(&other, ring->vdev, 1);
	enable(ring, MVGPU_MEM_VRAM);
	mvring_enable(&other, MVGPU_MEM_GUEST, IOVA + RING_AT, real.guest + RING_AT, RING_ORDER);
	mvring_submit(&other, &wait);
	mvring_submit_fence(&other, 0);
	mvring_wait(ring, mvring_submit_fence(ring, 0));
	mvring_wait(ring, mvring_submit_fence(ring, 0));
	tap_is(mvring_fence(&other), 0, "a ring waits for another's fence");
	mvring_submit_fence(ring, 0);
	tap_is(mvring_wait(&other, 1), MVGPU_ERROR_NONE, "until it has come");
	tap_is(mvring_run(ring, &bad), MVGPU_ERROR_COMMAND, "one ring stops");
	tap_is(mvring_wait(&other, mvring_submit_fence(&other, 0)), MVGPU_ERROR_NONE,
	       "the other one goes on");
	mvring_disable(&other);
	mvring_disable(ring);
	mvring_fini(&other);
}

static void set_power(struct vdev *vdev, uint16_t state)
{
	unsigned int pm = vdev_find_cap(vdev, PCI_CAP_ID_PM);

	mv_config_bits(vdev, pm + PCI_PM_CTRL, state, PCI_PM_CTRL_STATE_MASK);
}

static bool nothing_comes(struct mvring *ring, uint64_t fence)
{
	usleep(STAND_STILL_US);
	return mvring_fence(ring) == fence && mvring_reg(ring, MVGPU_RING_STATE) ==
	       MVGPU_RING_STATE_ON;
}

/* Without Bus Master Enable, and outside of D0, the engine stands still. */
static void test_master(struct mvring *ring)
{
	enable(ring, MVGPU_MEM_GUEST);
	mvring_wait(ring, mvring_submit_fence(ring, 0));
	mvring_set_master(ring->vdev, false);
	mvring_submit_fence(ring, 0);
	tap_ok(nothing_comes(ring, 1), "nothing is run without bus mastering");
	set_power(ring->vdev, D3HOT);
	mvring_set_master(ring->vdev, true);
	tap_ok(nothing_comes(ring, 1), "nor in D3hot");
	set_power(ring->vdev, 0);
	tap_is(mvring_wait(ring, 2), MVGPU_ERROR_NONE, "it is run when both allow it");
	mvring_disable(ring);
}

/* Whether the device is at a piece of a command */
static bool is_pending(struct vdev *vdev)
{
	unsigned int express = vdev_find_cap(vdev, PCI_CAP_ID_EXP);

	return vdev_read16(vdev, CONFIG, express + PCI_EXP_DEVSTA) & PCI_EXP_DEVSTA_TRPND;
}

static bool has_not_written(struct vdev *vdev)
{
	return vdev_read8(vdev, VRAM, 0) == UNTOUCHED;
}

static void wait_while(bool (*condition)(struct vdev *vdev), struct vdev *vdev)
{
	unsigned int ms;

	for (ms = 0; condition(vdev); ms++) {
		if (ms > PATIENCE_MS)
			tap_bail("the engine does not do what it ought to");
		usleep(1000);
	}
}

/* In the middle of a command, which has no end: when nothing is pending nothing is written. */
static void test_master_busy(struct mvring *ring)
{
	struct place dst = { MVGPU_MEM_VRAM, 0, 0 };
	struct mvgpu_cmd fill = cmd_fill(dst, AREA, UINT32_MAX, 0x5a5a5a5a);

	memset(real.vram, UNTOUCHED, AREA);
	enable(ring, MVGPU_MEM_VRAM);
	mvring_submit(ring, &fill);
	wait_while(has_not_written, ring->vdev);
	mvring_set_master(ring->vdev, false);
	wait_while(is_pending, ring->vdev);
	memset(real.vram, UNTOUCHED, AREA);
	memset(model.vram, UNTOUCHED, AREA);
	usleep(STAND_STILL_US);
	tap_ok(!memcmp(real.vram, model.vram, AREA), "a command under way stops");
	mvring_set_master(ring->vdev, true);
	wait_while(has_not_written, ring->vdev);
	tap_ok(true, "and goes on");
	mvring_disable(ring);
}

int main(void)
{
	struct vdev *vdev = vdev_must_open(NULL);
	struct mvring ring;

	rnd_init();
	real.guest = dmamem_alloc(GUEST_SIZE);
	model.guest = malloc(GUEST_SIZE);
	model.vram = malloc(AREA);
	real.vram = vdev->ops->map(vdev, VRAM, NULL, AREA + PAGE, PROT_READ | PROT_WRITE,
				   MAP_SHARED, 0);
	if (real.vram == MAP_FAILED)
		tap_bail("VRAM cannot be mapped");
	tap_ret(vdev->ops->dma_map(vdev, IOVA, real.guest, GUEST_SIZE, VDEV_DMA_RW), 0,
		"guest memory");
	mvring_init(&ring, vdev, 0);
	make_gart(vdev);

	test_commands(&ring, MVGPU_MEM_VRAM, "ring in VRAM");
	test_commands(&ring, MVGPU_MEM_GUEST, "ring in guest memory");
	test_fills(&ring);
	test_stream(&ring, MVGPU_MEM_VRAM, "ring in VRAM");
	test_stream(&ring, MVGPU_MEM_GUEST, "ring in guest memory");
	test_fences(&ring);
	test_gart(&ring);
	test_rings(&ring);
	test_master(&ring);
	test_master_busy(&ring);

	tap_ret(vdev->ops->reset(vdev), 0, "reset");
	tap_ret(vdev->ops->dma_unmap(vdev, IOVA, GUEST_SIZE), 0, "the memory can be taken away");
	mvring_fini(&ring);
	munmap(real.vram, AREA + PAGE);
	vdev_close(vdev);
	return tap_done();
}
