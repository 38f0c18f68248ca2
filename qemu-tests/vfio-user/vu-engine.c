// SPDX-License-Identifier: GPL-2.0-only
/*
 * The engine: commands on VRAM, on memory that the client shares, on memory that the server has to
 * ask for, and through the GART; made known and awaited in mapped pages.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/vfio.h>

#include "../lib/commands.h"
#include "../lib/reference.h"
#include "gpu.h"

/* What the commands work on, of each memory: the rest of the shared one has rings and the GART. */
#define ROOM		(128 * PAGE)
#define GART_OFFSET	(160 * PAGE)
#define GART_PAGES	(ROOM / PAGE)
#define NUM_PLACES	3
/* Where there is memory for a while */
#define ASIDE		0x30000000ull
#define COMMANDS	400
#define AWAKE		200
#define TRIES		20

static struct server server;

/* The same memories, on which the reference works. */
struct copy {
	uint8_t *vram;
	uint8_t *shared;
	uint8_t *remote;
	const uint64_t *gart;
};

static uint8_t *guest_byte(struct copy *copy, uint64_t address)
{
	return address >= REMOTE ? copy->remote + (address - REMOTE) :
				   copy->shared + (address - SHARED);
}

static uint8_t *byte_at(void *context, unsigned int mem, uint64_t address)
{
	struct copy *copy = context;

	switch (mem) {
	case MVGPU_MEM_VRAM:
		return copy->vram + address;
	case MVGPU_MEM_GUEST:
		return guest_byte(copy, address);
	default:
		return guest_byte(copy, (copy->gart[address / PAGE] & MVGPU_GART_ADDRESS) +
					address % PAGE);
	}
}

/* Every other page of the GART is remote; no two of its pages are the same. */
static uint64_t *gart_set_up(struct gpu *gpu)
{
	uint64_t *entries = (uint64_t *)(gpu->shared + GART_OFFSET);
	uint64_t base = SHARED + GART_OFFSET;
	unsigned int i;

	for (i = 0; i < GART_PAGES; i++)
		entries[i] = ((i % 2 ? REMOTE : SHARED) + (uint64_t)(i ^ 5) * PAGE) |
			     MVGPU_GART_VALID | MVGPU_GART_WRITABLE;
	gpu_write(gpu, MVGPU_REG_GART_BASE_LO, base);
	gpu_write(gpu, MVGPU_REG_GART_BASE_HI, base >> 32);
	gpu_write(gpu, MVGPU_REG_GART_ENTRIES, GART_PAGES);
	gpu_write(gpu, MVGPU_REG_GART_INVALIDATE, 1);
	return entries;
}

/* In VRAM, shared memory, or memory that is asked for. */
static struct place random_place(unsigned int where, uint32_t width, uint32_t height)
{
	static const uint64_t begins[NUM_PLACES] = { 0, SHARED, REMOTE };
	uint32_t stride = width + 4 * rnd_below(64);

	return (struct place){
		.mem = where ? MVGPU_MEM_GUEST : MVGPU_MEM_VRAM, .stride = stride,
		.address = begins[where] + 4 * rnd_below((ROOM - stride * height) / 4),
	};
}

/* From one to another: what overlaps is for the model's own tests to look into. */
static struct mvgpu_cmd random_command(void)
{
	uint32_t width = 4 * (1 + rnd_below(rnd_below(4) ? 64 : 1500));
	uint32_t height = 1 + rnd_below(20);
	unsigned int to = rnd_below(NUM_PLACES);
	struct place dst = random_place(to, width, height);
	struct place src = random_place((to + 1 + rnd_below(NUM_PLACES - 1)) % NUM_PLACES, width,
					height);

	switch (rnd_below(4)) {
	case 0:
		return cmd_fill(dst, width, height, rnd());
	case 1:
		return cmd_copy(dst.mem, dst.address, src.mem, src.address, width);
	case 2:
		return cmd_blit(dst, src, width, height);
	default:
		return cmd_blend(dst, src, width, height, rnd(), rnd_below(2));
	}
}

/* The GART's pages are those of the guest: it meets VRAM alone. */
static struct mvgpu_cmd gart_command(void)
{
	struct place vram = random_place(0, 256, 8), gart = vram;

	gart.mem = MVGPU_MEM_GART;
	gart.address = 4 * rnd_below(ROOM / 8);
	return rnd_below(2) ? cmd_blit(vram, gart, 256, 8) : cmd_blend(gart, vram, 256, 8, 200, 0);
}

static void copy_init(struct copy *copy, const struct gpu *gpu, const uint64_t *gart)
{
	copy->vram = malloc(ROOM);
	copy->shared = malloc(MEMORY_SIZE);
	copy->remote = malloc(MEMORY_SIZE);
	copy->gart = gart;
	memcpy(copy->vram, gpu->vram, ROOM);
	memcpy(copy->shared, gpu->shared, MEMORY_SIZE);
	memcpy(copy->remote, gpu->remote, MEMORY_SIZE);
}

static void copy_compare(const struct copy *copy, const struct gpu *gpu)
{
	tap_ok(!memcmp(copy->vram, gpu->vram, ROOM), "VRAM is as the commands say");
	tap_ok(!memcmp(copy->shared, gpu->shared, ROOM), "shared memory is");
	tap_ok(!memcmp(copy->remote, gpu->remote, ROOM), "memory without a file is");
}

static void copy_free(struct copy *copy)
{
	free(copy->vram);
	free(copy->shared);
	free(copy->remote);
}

static void test_commands(void)
{
	unsigned int i, late = 0;
	struct reference ref;
	struct copy copy;
	struct ring ring;
	struct gpu gpu;

	gpu_open(&gpu, &server);
	rnd_fill(gpu.vram, ROOM);
	copy_init(&copy, &gpu, gart_set_up(&gpu));
	ref = (struct reference){ .at = byte_at, .context = &copy };
	ring_enable(&ring, &gpu, 0);
	for (i = 0; i < COMMANDS; i++) {
		struct mvgpu_cmd cmd = i % 4 ? random_command() : gart_command();

		ring_submit(&ring, cmd);
		reference_run(&ref, &cmd);
		if (i % 8 == 7)
			late += !ring_finish(&ring);
	}
	tap_is(late, 0, "%u commands, with fences between them", COMMANDS);
	tap_is(ring_reg(&ring, MVGPU_RING_ERROR), MVGPU_ERROR_NONE, "without an error");
	copy_compare(&copy, &gpu);
	tap_ok(gpu.asked > 0, "the server has asked for memory without a file");
	copy_free(&copy);
	gpu_close(&gpu);
}

/* Memory in place, however much of it, is not asked for. */
static void test_in_place(void)
{
	struct ring ring;
	struct gpu gpu;

	gpu_open(&gpu, &server);
	ring_enable(&ring, &gpu, 0);
	ring_submit(&ring, cmd_copy(MVGPU_MEM_VRAM, 0, MVGPU_MEM_GUEST, SHARED, ROOM));
	tap_ok(ring_finish(&ring) && !memcmp(gpu.vram, gpu.shared, ROOM),
	       "a copy from shared memory");
	ring_submit(&ring, cmd_copy(MVGPU_MEM_GUEST, SHARED + ROOM / 2, MVGPU_MEM_VRAM, 4, 1001));
	tap_ok(ring_finish(&ring) && !memcmp(gpu.vram + 4, gpu.shared + ROOM / 2, 1001),
	       "and back, at odd places");
	tap_is(gpu.asked, 0, "no message asks for it");
	gpu_close(&gpu);
}

static void test_nowhere(void)
{
	uint64_t hole = SHARED + MEMORY_SIZE;
	struct ring ring;
	struct gpu gpu;

	gpu_open(&gpu, &server);
	ring_enable(&ring, &gpu, 0);
	ring_submit(&ring, cmd_copy(MVGPU_MEM_VRAM, 0, MVGPU_MEM_GUEST, hole - 8, 16));
	tap_ok(ring_await_state(&ring, MVGPU_RING_STATE_ERROR), "memory that is not there");
	tap_is(ring_reg(&ring, MVGPU_RING_ERROR), MVGPU_ERROR_DMA, "is an error");
	tap_is_hex(ring_reg(&ring, MVGPU_RING_ERROR_ADDR_LO), hole, "with its address");
	ring_disable(&ring);
	ring_enable(&ring, &gpu, 0);
	tap_ok(ring_finish(&ring), "the ring can be used again");
	gpu_close(&gpu);
}

/* Windows for one direction: one of shared memory, one of the other. */
static void test_rights(void)
{
	static const struct {
		bool remote;
		uint32_t flags;
	} cases[] = {
		{ false, VU_DMA_FLAG_READ }, { true, VU_DMA_FLAG_READ },
		{ false, VU_DMA_FLAG_WRITE }, { true, VU_DMA_FLAG_WRITE },
	};
	unsigned int i, wrong = 0;
	struct mvgpu_cmd cmd;
	struct ring ring;
	struct gpu gpu;
	int file;

	gpu_open(&gpu, &server);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		file = cases[i].remote ? -1 : gpu.file;
		wrong += gpu_map(&gpu, ASIDE, PAGE, file, cases[i].flags) != 0;
		ring_enable(&ring, &gpu, 0);
		if (cases[i].flags == VU_DMA_FLAG_READ)
			cmd = cmd_copy(MVGPU_MEM_GUEST, ASIDE, MVGPU_MEM_VRAM, 0, 16);
		else
			cmd = cmd_copy(MVGPU_MEM_VRAM, 0, MVGPU_MEM_GUEST, ASIDE, 16);
		ring_submit(&ring, cmd);
		wrong += !ring_await_state(&ring, MVGPU_RING_STATE_ERROR);
		wrong += ring_reg(&ring, MVGPU_RING_ERROR) != MVGPU_ERROR_DMA;
		ring_disable(&ring);
		wrong += gpu_unmap(&gpu, ASIDE, PAGE) < 0;
	}
	tap_is(wrong, 0, "memory that may be read is not written, nor the other way round");
	tap_is(gpu.asked, 0, "and not asked for");
	gpu_close(&gpu);
}

static void test_interrupt(void)
{
	struct vfio_irq_set set = {
		.argsz = sizeof(set), .index = VFIO_PCI_MSI_IRQ_INDEX, .count = 1,
		.flags = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER,
	};
	struct vuc_reply reply;
	struct ring ring;
	struct gpu gpu;
	int efd = efd_new();

	gpu_open(&gpu, &server);
	tap_is(vuc_call_fds(gpu.fd, VU_DEVICE_SET_IRQS, &set, sizeof(set), &efd, 1, &reply), 0,
	       "an eventfd for MSI");
	gpu_write(&gpu, MVGPU_REG_INTR_ENABLE, MVGPU_CAUSE_RING(0));
	ring_enable(&ring, &gpu, 0);
	ring_submit(&ring, cmd_fence(77, MVGPU_FENCE_INTERRUPT));
	tap_ok(efd_wait(efd, VUC_PATIENCE_MS), "a fence interrupts");
	tap_is(ring_fence(&ring), 77, "its value is there by then");
	tap_is(gpu_read(&gpu, MVGPU_REG_INTR_STATUS), MVGPU_CAUSE_RING(0), "so is the cause");
	gpu_close(&gpu);
	close(efd);
}

/* An engine that has something else to do is awake. */
static struct mvgpu_cmd endless(void)
{
	struct place top = { .mem = MVGPU_MEM_VRAM, .stride = 0 };

	return cmd_fill(top, PAGE, UINT32_MAX, 0x12345678);
}

/* Whether AWAKE fences came without a kick; not, where the other ring's command has ended. */
static bool silent(struct ring *ring)
{
	unsigned int i;

	for (i = 0; i < AWAKE; i++)
		if (!ring_finish(ring))
			return false;
	return !ring->kicks;
}

static void test_round_trips(void)
{
	struct ring busy, ring;
	unsigned int i, sent = 0;
	bool done = false;
	struct gpu gpu;

	gpu_open(&gpu, &server);
	for (i = 0; i < TRIES && !done; i++) {
		ring_enable(&ring, &gpu, 1);
		ring_enable(&busy, &gpu, 0);
		ring_submit(&busy, endless());
		sent = gpu.sent;
		done = silent(&ring);
		sent = gpu.sent - sent;
		ring_disable(&busy);
		ring_disable(&ring);
	}
	tap_ok(done, "%u fences of an engine that is awake", AWAKE);
	tap_is(sent, 0, "take no message to be published");
	tap_is(gpu.asked, 0, "nor any other way");
	gpu_close(&gpu);
}

/* Every kick that is needed is one message, and none is lost. */
static void test_asleep(void)
{
	unsigned int i, late = 0;
	struct ring ring;
	struct gpu gpu;

	gpu_open(&gpu, &server);
	ring_enable(&ring, &gpu, 0);
	for (i = 0; i < 1000; i++) {
		late += !ring_finish(&ring);
		if (rnd_below(2))
			usleep(rnd_below(200));
	}
	tap_is(late, 0, "no wake-up is lost where the engine sleeps now and then");
	tap_diag("%u kicks for %u fences", ring.kicks, i);
	gpu_close(&gpu);
}

static void test_watchdog(void)
{
	struct ring ring, other;
	struct gpu gpu;

	gpu_open(&gpu, &server);
	ring_enable(&ring, &gpu, 0);
	ring_enable(&other, &gpu, 1);
	ring_submit(&ring, endless());
	tap_ok(ring_await_state(&ring, MVGPU_RING_STATE_ERROR), "a command without end stops");
	tap_is(ring_reg(&ring, MVGPU_RING_ERROR), MVGPU_ERROR_TIMEOUT, "and says why");
	tap_ok(ring_finish(&other), "another ring goes on");
	gpu_close(&gpu);
}

int main(void)
{
	unsigned int descriptors;
	int fd;

	rnd_init();
	server_start(&server, (const char *const []) { "--type", "native-64m", NULL });
	descriptors = server_descriptors(&server);
	test_commands();
	test_in_place();
	test_nowhere();
	test_rights();
	test_interrupt();
	test_round_trips();
	test_asleep();
	test_watchdog();
	tap_ok(server_settles(&server, descriptors), "no descriptor is left in the server");
	fd = server_attach(&server);
	tap_ok(answers(fd), "the next session finds it well");
	close(fd);
	tap_is(server_stop(&server, SIGTERM), 0, "the server ends as it should");
	return tap_done();
}
