// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is taken away from the engine while it works: by a reset, a function-level reset, DMA_UNMAP,
 * the end of the session; and a client that does not answer it.
 *
 * The server would wait for an answer for longer than a test may take.  A reply that comes before
 * the answer has not waited for it.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <linux/pci_regs.h>

#include "../lib/commands.h"
#include "gpu.h"

#define ROUNDS		60
#define REQUESTS	100
#define WINDOWS		40
#define AREA		(128 * PAGE)
#define LINE		512
/* Seconds */
#define PATIENCE	"600"
#define SILENCE		"3"

static struct server server;

/* Fills the area again and again. */
static struct mvgpu_cmd endless(uint8_t mem, uint64_t address)
{
	struct place area = { .mem = mem, .address = address };

	return cmd_fill(area, AREA, UINT32_MAX, UINT32_MAX);
}

/* The same in VRAM, in many small pieces: a step takes the longer. */
static struct mvgpu_cmd endless_vram(void)
{
	struct place line = { .mem = MVGPU_MEM_VRAM };

	return cmd_fill(line, LINE, UINT32_MAX, UINT32_MAX);
}

static bool is_clear(const uint8_t *memory)
{
	return !memory[0] && !memcmp(memory, memory + 1, AREA - 1);
}

/* Somebody who still writes is seen, if not at once. */
static bool stays_clear(struct gpu *gpu, const uint8_t *memory)
{
	unsigned int i;

	for (i = 0; i < 10; i++) {
		if (!is_clear(memory))
			return false;
		gpu_read(gpu, MVGPU_REG_ID);
	}
	return true;
}

static ssize_t function_reset(struct gpu *gpu)
{
	struct {
		struct vu_region_access access;
		uint16_t value;
	} __attribute__((packed)) write = {
		{ .region = CONFIG, .offset = MVGPU_PCI_CAP_EXP + PCI_EXP_DEVCTL, .count = 2 },
		PCI_EXP_DEVCTL_BCR_FLR,
	};
	ssize_t got = gpu_call(gpu, VU_REGION_WRITE, &write, sizeof(write), &write.access,
			       sizeof(write.access));

	return got == sizeof(write.access) ? 0 : -EPROTO;
}

/* Begins to fill, and waits until that can be seen. */
static void begin(struct ring *ring, struct gpu *gpu, struct mvgpu_cmd cmd, uint8_t *memory)
{
	*memory = 0;
	ring_enable(ring, gpu, 0);
	ring_submit(ring, cmd);
	while (*(const volatile uint8_t *)memory != 0xff)
		;
	usleep(rnd_below(500));
}

static void test_reset(ssize_t (*reset)(struct gpu *gpu), const char *name)
{
	unsigned int i, failed = 0, written = 0, on = 0;
	struct ring ring;
	struct gpu gpu;

	gpu_open(&gpu, &server);
	for (i = 0; i < ROUNDS; i++) {
		begin(&ring, &gpu, endless_vram(), gpu.vram);
		failed += reset(&gpu) != 0;
		written += !stays_clear(&gpu, gpu.vram);
		on += ring_reg(&ring, MVGPU_RING_STATE) != MVGPU_RING_STATE_OFF;
	}
	tap_is(failed, 0, "%s while the engine fills VRAM, %u times", name, ROUNDS);
	tap_is(written, 0, "%s: it does not write when that is done", name);
	tap_is(on, 0, "%s: the ring is off", name);
	ring_enable(&ring, &gpu, 0);
	tap_ok(ring_finish(&ring), "%s: the ring can be used again", name);
	gpu_close(&gpu);
}

static void test_unmap(void)
{
	unsigned int i, failed = 0, written = 0, errors = 0;
	struct ring ring;
	struct gpu gpu;

	gpu_open(&gpu, &server);
	for (i = 0; i < ROUNDS; i++) {
		begin(&ring, &gpu, endless(MVGPU_MEM_GUEST, SHARED), gpu.shared);
		failed += gpu_unmap(&gpu, SHARED, MEMORY_SIZE) < 0;
		memset(gpu.shared, 0, AREA);
		written += !stays_clear(&gpu, gpu.shared);
		errors += ring_await_state(&ring, MVGPU_RING_STATE_ERROR) &&
			  ring_reg(&ring, MVGPU_RING_ERROR) == MVGPU_ERROR_DMA;
		failed += gpu_map(&gpu, SHARED, MEMORY_SIZE, gpu.file, RW) < 0;
		ring_disable(&ring);
	}
	tap_is(failed, 0, "DMA_UNMAP while the engine fills the memory, %u times", ROUNDS);
	tap_is(written, 0, "DMA_UNMAP: it does not write when that is done");
	tap_is(errors, ROUNDS, "DMA_UNMAP: the ring has an error");
	gpu_close(&gpu);
}

/* So many windows that the list of them has to grow, and moves. */
static void test_windows(void)
{
	unsigned int i, n, failed = 0, off = 0;
	struct ring ring;
	struct gpu gpu;

	for (n = 0; n < ROUNDS; n++) {
		gpu_open(&gpu, &server);
		begin(&ring, &gpu, endless(MVGPU_MEM_GUEST, SHARED), gpu.shared);
		for (i = 0; i < WINDOWS; i++) {
			failed += gpu_map(&gpu, (uint64_t)i * PAGE, PAGE, -1, RW) < 0;
			usleep(rnd_below(400));
		}
		off += ring_reg(&ring, MVGPU_RING_STATE) != MVGPU_RING_STATE_ON;
		gpu_close(&gpu);
	}
	tap_is(failed, 0, "%u windows come while the engine uses one, %u times", WINDOWS, ROUNDS);
	tap_is(off, 0, "it goes on");
}

static ssize_t unmap_remote(struct gpu *gpu)
{
	ssize_t got = gpu_unmap(gpu, REMOTE, MEMORY_SIZE);

	if (got < 0)
		return got;
	got = gpu_map(gpu, REMOTE, MEMORY_SIZE, -1, RW);
	return got < 0 ? got : 0;
}

/* The client waits for a reply where it should answer. */
static void test_question(ssize_t (*take)(struct gpu *gpu), const char *name, bool error)
{
	struct ring ring;
	struct gpu gpu;

	gpu_open(&gpu, &server);
	ring_enable(&ring, &gpu, 0);
	gpu_mute(&gpu);
	ring_submit(&ring, endless(MVGPU_MEM_GUEST, REMOTE));
	tap_ok(gpu_await_question(&gpu), "%s: the engine asks", name);
	tap_is(take(&gpu), 0, "%s does not wait for the answer", name);
	gpu_answer(&gpu);
	tap_ok(ring_await_state(&ring, error ? MVGPU_RING_STATE_ERROR : MVGPU_RING_STATE_OFF),
	       "%s: the command has ended", name);
	ring_disable(&ring);
	ring_enable(&ring, &gpu, 0);
	ring_submit(&ring, cmd_copy(MVGPU_MEM_VRAM, 0, MVGPU_MEM_GUEST, REMOTE, AREA));
	tap_ok(ring_finish(&ring) && !memcmp(gpu.vram, gpu.remote, AREA),
	       "%s: the memory can be asked for again", name);
	gpu_close(&gpu);
}

/* What is taken away is not what the engine is at. */
static void test_other_window(void)
{
	struct ring ring;
	struct gpu gpu;

	gpu_open(&gpu, &server);
	ring_enable(&ring, &gpu, 0);
	gpu_map(&gpu, 0, PAGE, -1, RW);
	gpu_mute(&gpu);
	ring_submit(&ring, cmd_copy(MVGPU_MEM_VRAM, 0, MVGPU_MEM_GUEST, REMOTE, AREA));
	tap_ok(gpu_await_question(&gpu), "other memory: the engine asks");
	tap_ok(gpu_unmap(&gpu, 0, PAGE) > 0, "other memory can be taken away meanwhile");
	gpu_answer(&gpu);
	tap_ok(ring_finish(&ring) && !memcmp(gpu.vram, gpu.remote, AREA),
	       "other memory: the command is done");
	gpu_close(&gpu);
}

/* The memory that a command writes goes while it waits for what it reads. */
static void test_half(void)
{
	struct ring ring;
	struct gpu gpu;

	gpu_open(&gpu, &server);
	ring_enable(&ring, &gpu, 0);
	gpu_mute(&gpu);
	ring_submit(&ring, cmd_copy(MVGPU_MEM_GUEST, SHARED, MVGPU_MEM_GUEST, REMOTE, PAGE));
	tap_ok(gpu_await_question(&gpu), "half of it: the engine asks");
	tap_ok(gpu_unmap(&gpu, SHARED, MEMORY_SIZE) > 0, "half of it: the other half goes");
	gpu_answer(&gpu);
	tap_ok(ring_await_state(&ring, MVGPU_RING_STATE_ERROR), "half of it: the command fails");
	tap_is(ring_reg(&ring, MVGPU_RING_ERROR), MVGPU_ERROR_DMA, "half of it: for that reason");
	tap_is_hex(ring_reg(&ring, MVGPU_RING_ERROR_ADDR_LO), SHARED, "half of it: says where");
	gpu_close(&gpu);
}

static size_t put_message(uint8_t *to, uint16_t command, const void *payload, size_t size)
{
	struct vu_header header;

	vuc_header(&header, command, size);
	memcpy(to, &header, sizeof(header));
	memcpy(to + sizeof(header), payload, size);
	return sizeof(header) + size;
}

/* An answer, and at once other memory in the place of what it was about. */
static void answer_and_replace(struct gpu *gpu)
{
	struct vu_dma_unmap unmap = {
		.argsz = sizeof(unmap), .address = REMOTE, .size = MEMORY_SIZE,
	};
	struct vu_dma_map map = {
		.argsz = sizeof(map), .address = REMOTE, .size = MEMORY_SIZE,
		.flags = VU_DMA_FLAG_READ | VU_DMA_FLAG_WRITE,
	};
	uint8_t messages[1024] = { };
	struct vu_header header = gpu->last;
	size_t size;

	header.flags = VU_TYPE_REPLY;
	header.size = sizeof(header) + sizeof(gpu->access) + gpu->access.count;
	memcpy(messages, &header, sizeof(header));
	memcpy(messages + sizeof(header), &gpu->access, sizeof(gpu->access));
	size = header.size;
	size += put_message(messages + size, VU_DMA_UNMAP, &unmap, sizeof(unmap));
	size += put_message(messages + size, VU_DMA_MAP, &map, sizeof(map));
	vuc_send_raw(gpu->fd, messages, size, NULL, 0);
}

static void test_replaced(void)
{
	struct place there = { .mem = MVGPU_MEM_GUEST, .address = REMOTE, .stride = 256 };
	struct place here = { .mem = MVGPU_MEM_VRAM, .address = 0, .stride = 256 };
	unsigned int i, wrong = 0, errors = 0, asked = 0;
	struct vuc_reply reply;
	struct ring ring;
	struct gpu gpu;

	gpu_open(&gpu, &server);
	for (i = 0; i < ROUNDS && !wrong && errors == i; i++) {
		ring_enable(&ring, &gpu, 0);
		gpu_mute(&gpu);
		ring_submit(&ring, cmd_blend(there, here, 256, 1, 255, 0));
		wrong += !gpu_await_question(&gpu) || gpu.last.command != VU_DMA_READ;
		answer_and_replace(&gpu);
		wrong += vuc_receive(gpu.fd, &reply) || reply.header.command != VU_DMA_UNMAP;
		wrong += vuc_receive(gpu.fd, &reply) || reply.header.command != VU_DMA_MAP;
		errors += ring_await_state(&ring, MVGPU_RING_STATE_ERROR);
		asked += gpu.asked;
		ring_disable(&ring);
	}
	tap_is(wrong, 0, "memory that has come to the place of other memory is not written");
	tap_is(errors, ROUNDS, "the ring has an error");
	tap_is(asked, ROUNDS, "and the server has asked no more than it should");
	gpu_close(&gpu);
}

static void test_close(unsigned int descriptors)
{
	unsigned int i, failed = 0;
	struct ring ring;
	struct gpu gpu;

	for (i = 0; i < ROUNDS; i++) {
		gpu_open(&gpu, &server);
		if (i % 3 == 0) {
			begin(&ring, &gpu, endless_vram(), gpu.vram);
		} else if (i % 3 == 1) {
			begin(&ring, &gpu, endless(MVGPU_MEM_GUEST, SHARED), gpu.shared);
		} else {
			ring_enable(&ring, &gpu, 0);
			gpu_mute(&gpu);
			ring_submit(&ring, endless(MVGPU_MEM_GUEST, REMOTE));
			failed += !gpu_await_question(&gpu);
		}
		gpu_close(&gpu);
	}
	tap_is(failed, 0, "sessions that end while the engine works, %u of them", ROUNDS);
	tap_ok(server_settles(&server, descriptors), "leave no descriptor");
}

/* A client that does not answer, and one of another device. */
static void test_silence(void)
{
	struct server both, second;
	struct ring ring, other_ring;
	struct gpu gpu, other;
	unsigned int i, wrong = 0;
	char path[80];

	server_folder(&both);
	snprintf(path, sizeof(path), "%s.other", both.folder);
	server_folder_remove(&both);
	server_start(&both, (const char *const []) { "--timeout", SILENCE, "--socket", path,
						     NULL });
	second = both;
	strcpy(second.socket, path);
	gpu_open(&gpu, &both);
	gpu_open(&other, &second);
	ring_enable(&ring, &gpu, 0);
	ring_enable(&other_ring, &other, 0);
	gpu_mute(&gpu);
	ring_submit(&ring, endless(MVGPU_MEM_GUEST, REMOTE));
	tap_ok(gpu_await_question(&gpu), "silence: the engine asks");
	for (i = 0; i < REQUESTS; i++) {
		gpu_write(&gpu, MVGPU_REG_SCRATCH, i);
		wrong += gpu_read(&gpu, MVGPU_REG_SCRATCH) != i;
	}
	tap_is(wrong, 0, "silence: requests are answered meanwhile");
	tap_ok(closed(gpu.fd), "silence: the client is sent away");
	ring_submit(&other_ring, cmd_copy(MVGPU_MEM_VRAM, 0, MVGPU_MEM_GUEST, REMOTE, AREA));
	tap_ok(ring_finish(&other_ring) && !memcmp(other.vram, other.remote, AREA),
	       "silence: the client of another device does not notice");
	gpu_close(&gpu);
	gpu_close(&other);
	tap_is(server_stop(&both, SIGTERM), 0, "the server ends as it should");
}

int main(void)
{
	unsigned int descriptors;

	rnd_init();
	server_start(&server, (const char *const []) { "--timeout", PATIENCE, NULL });
	descriptors = server_descriptors(&server);
	test_reset(gpu_reset, "RESET");
	test_reset(function_reset, "FLR");
	test_unmap();
	test_windows();
	test_question(gpu_reset, "RESET", false);
	test_question(function_reset, "FLR", false);
	test_question(unmap_remote, "DMA_UNMAP", true);
	test_other_window();
	test_half();
	test_replaced();
	test_close(descriptors);
	tap_is(server_stop(&server, SIGTERM), 0, "the server ends as it should");
	test_silence();
	return tap_done();
}
