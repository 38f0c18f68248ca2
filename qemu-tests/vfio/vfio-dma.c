// SPDX-License-Identifier: GPL-2.0-only
/*
 * The engine and the memory that a VMM gives the device, takes away, and does not have.
 */
#include <linux/capability.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "dmamem.h"
#include "mvring.h"
#include "tap.h"
#include "util.h"

#define VRAM		VFIO_PCI_BAR0_REGION_INDEX
#define PAGE		4096u
#define IOVA		0x40000000u
/* Memory that was unmapped is not pinned for a while: these have never been. */
#define FRESH_IOVA(n)	((n) << 36)
#define SIZE		(4u << 20)
#define RING_ORDER	4
/* Where the ring is in VRAM, behind what is copied */
#define RING_AT		(8u << 20)
#define ROUNDS		30

static struct vdev *vdev;
static struct mvring ring;
static uint8_t *vram;

static void enable(void)
{
	mvring_enable(&ring, MVGPU_MEM_VRAM, RING_AT, vram + RING_AT, RING_ORDER);
}

/* One command, on a ring that is enabled for it: MVGPU_ERROR_* */
static uint32_t outcome(struct mvgpu_cmd cmd)
{
	uint32_t error;

	enable();
	error = mvring_run(&ring, &cmd);
	mvring_disable(&ring);
	return error;
}

static uint32_t copy_in(uint64_t iova, uint64_t size)
{
	return outcome(cmd_copy(MVGPU_MEM_VRAM, 0, MVGPU_MEM_GUEST, iova, size));
}

static uint32_t copy_out(uint64_t iova, uint64_t size)
{
	return outcome(cmd_copy(MVGPU_MEM_GUEST, iova, MVGPU_MEM_VRAM, 0, size));
}

static void map(uint64_t iova, void *memory, uint64_t size, uint32_t flags)
{
	int ret = vdev->ops->dma_map(vdev, iova, memory, size, flags);

	if (ret)
		tap_bail("DMA map: %s", strerror(-ret));
}

static void unmap(uint64_t iova, uint64_t size)
{
	int ret = vdev->ops->dma_unmap(vdev, iova, size);

	if (ret)
		tap_bail("DMA unmap: %s", strerror(-ret));
}

static bool all_are(const uint8_t *bytes, uint8_t value, size_t size)
{
	return bytes[0] == value && !memcmp(bytes, bytes + 1, size - 1);
}

static void test_nowhere(uint8_t *memory)
{
	struct mvgpu_cmd store = cmd_fence_store(1, 0, MVGPU_MEM_GUEST, IOVA - 8);

	tap_is(copy_in(IOVA, 4), MVGPU_ERROR_DMA, "no memory yet");
	tap_is(copy_in(IOVA, SIZE), MVGPU_ERROR_DMA, "nor much of it");
	map(IOVA, memory, SIZE, VDEV_DMA_RW);
	memset(memory, 0x5a, SIZE);
	tap_is(copy_in(IOVA, SIZE), MVGPU_ERROR_NONE, "all that there is");
	tap_ok(all_are(vram, 0x5a, SIZE), "has been read");
	tap_is(copy_in(IOVA + PAGE, SIZE), MVGPU_ERROR_DMA, "and a page more");
	tap_is_hex(mvring_error_address(&ring), IOVA + SIZE, "the error has its address");
	tap_is(copy_out(IOVA + SIZE - 100, 200), MVGPU_ERROR_DMA, "some bytes more");
	tap_is(outcome(store), MVGPU_ERROR_DMA, "a fence in front of it");
	tap_is(mvring_fence(&ring), 0, "has not passed");
	tap_is(copy_in(UINT64_MAX - 7, 8), MVGPU_ERROR_DMA, "the last address");
	tap_is(copy_in(IOVA + SIZE - 100, 100), MVGPU_ERROR_NONE, "the ring works afterwards");
	unmap(IOVA, SIZE);
	tap_is(copy_in(IOVA, 4), MVGPU_ERROR_DMA, "it is gone");
	tap_is(copy_in(IOVA, SIZE), MVGPU_ERROR_DMA, "all of it");
}

static void test_read_only(uint8_t *memory)
{
	struct mvgpu_cmd store = cmd_fence_store(1, 0, MVGPU_MEM_GUEST, IOVA);
	struct place dst = { MVGPU_MEM_GUEST, IOVA, 64 }, src = { MVGPU_MEM_VRAM, 0, 64 };

	memset(memory, 0x11, SIZE);
	memset(vram, 0x22, SIZE);
	map(IOVA, memory, SIZE, VFIO_DMA_MAP_FLAG_READ);
	tap_is(copy_out(IOVA, SIZE), MVGPU_ERROR_DMA, "read only: memory is not copied to");
	tap_is(outcome(store), MVGPU_ERROR_DMA, "read only: a fence is not stored");
	tap_is(outcome(cmd_blend(dst, src, 64, 1, 255, 0)), MVGPU_ERROR_DMA,
	       "read only: nothing is blended");
	tap_ok(all_are(memory, 0x11, SIZE), "read only: it is as it was");
	tap_is(copy_in(IOVA, SIZE), MVGPU_ERROR_NONE, "read only: it can be read");
	tap_ok(all_are(vram, 0x11, SIZE), "read only: and has been");
	tap_is(copy_out(IOVA, 8), MVGPU_ERROR_DMA, "read only: still not written");
	unmap(IOVA, SIZE);
}

/* The same addresses, other memory, again and again. */
static void test_remap(uint8_t *memory)
{
	uint8_t *other = dmamem_alloc(SIZE);
	unsigned int i, good = 0;

	for (i = 0; i < ROUNDS; i++) {
		uint8_t *here = i % 2 ? memory : other, *there = i % 2 ? other : memory;
		size_t size = i % 3 ? SIZE : 64;

		memset(here, i, SIZE);
		memset(there, 0xff, SIZE);
		map(IOVA, here, SIZE, VDEV_DMA_RW);
		good += !copy_in(IOVA, size) && all_are(vram, i, size);
		memset(vram, 0x80 + i, size);
		good += !copy_out(IOVA, size) && all_are(here, 0x80 + i, size);
		unmap(IOVA, SIZE);
		good += all_are(there, 0xff, SIZE);
	}
	tap_is(good, 3 * ROUNDS, "other memory at the same addresses");
	dmamem_free(other);
}

/* Neighbours that are used together, taken away one by one. */
static void test_parts(uint8_t *memory)
{
	unsigned int i, good = 0, parts = 64, size = 2 * PAGE;

	for (i = 0; i < parts; i++)
		map(IOVA + i * size, memory + i * size, size, VDEV_DMA_RW);
	tap_is(copy_in(IOVA, parts * size), MVGPU_ERROR_NONE, "parts: a copy over all of them");
	for (i = 0; i < parts; i += 2) {
		unmap(IOVA + i * size, size);
		memset(memory + i * size, 0x33, size);
		memset(vram, i, size);
		good += copy_out(IOVA + i * size, size) == MVGPU_ERROR_DMA &&
			all_are(memory + i * size, 0x33, size);
		good += copy_out(IOVA + (i + 1) * size, size) == MVGPU_ERROR_NONE &&
			all_are(memory + (i + 1) * size, i, size);
	}
	tap_is(good, parts, "parts: those that are left work, the others do not");
	for (i = 1; i < parts; i += 2)
		unmap(IOVA + i * size, size);
}

static atomic_bool stop;
static pthread_mutex_t transport = PTHREAD_MUTEX_INITIALIZER;

/* Messages to a server are one thread's at a time, which the kernel does not ask for. */
static void transport_lock(void)
{
	if (vdev_fd(vdev) < 0)
		pthread_mutex_lock(&transport);
}

static void transport_unlock(void)
{
	if (vdev_fd(vdev) < 0)
		pthread_mutex_unlock(&transport);
}

static void submit(const struct mvgpu_cmd *cmd)
{
	transport_lock();
	mvring_submit(&ring, cmd);
	transport_unlock();
}

static bool is_on(void)
{
	uint32_t state;

	transport_lock();
	state = mvring_reg(&ring, MVGPU_RING_STATE);
	transport_unlock();
	return state == MVGPU_RING_STATE_ON;
}

/* Keeps the engine copying to guest memory and from it, whatever comes of it. */
static void *keep_copying(void *unused)
{
	static const uint32_t sizes[] = { 8, 64, PAGE, 100000, SIZE };
	struct mvgpu_cmd cmd;
	unsigned int i = 0;

	while (!stop) {
		transport_lock();
		enable();
		transport_unlock();
		while (!stop && is_on()) {
			cmd = cmd_copy(MVGPU_MEM_GUEST, IOVA, MVGPU_MEM_VRAM, 0,
				       sizes[++i % ARRAY_SIZE(sizes)]);
			submit(&cmd);
			cmd = cmd_copy(MVGPU_MEM_VRAM, SIZE, MVGPU_MEM_GUEST, IOVA + PAGE,
				       SIZE / 2);
			submit(&cmd);
		}
		transport_lock();
		mvring_disable(&ring);
		transport_unlock();
	}
	return unused;
}

/* What the device was lent is the program's own when unmap has returned. */
static void test_unmap(uint8_t *memory)
{
	unsigned int i, touched = 0;
	pthread_t copier;

	memset(vram, 0x77, SIZE);
	stop = false;
	pthread_create(&copier, NULL, keep_copying, NULL);
	for (i = 0; i < ROUNDS; i++) {
		transport_lock();
		map(IOVA, memory, SIZE, VDEV_DMA_RW);
		transport_unlock();
		usleep(rnd_below(10000));
		transport_lock();
		unmap(IOVA, SIZE);
		transport_unlock();
		memset(memory, i, SIZE);
		usleep(rnd_below(5000));
		touched += !all_are(memory, i, SIZE);
	}
	stop = true;
	pthread_join(copier, NULL);
	tap_is(touched, 0, "unmap while the engine copies: nothing is written after it, %u times",
	       ROUNDS);
}

static bool pages_are(const uint8_t *bytes, uint8_t value, uint8_t other)
{
	size_t at;

	for (at = 0; at < SIZE; at += PAGE)
		if (!all_are(bytes + at, value, PAGE) && !all_are(bytes + at, other, PAGE))
			return false;
	return true;
}

/* As a guest's balloon does: its pages go, others come at the next touch. */
static void test_discard(uint8_t *memory)
{
	map(IOVA, memory, SIZE, VDEV_DMA_RW);
	memset(memory, 1, SIZE);
	tap_is(copy_in(IOVA, SIZE), MVGPU_ERROR_NONE, "discard: copied before");
	tap_ret(madvise(memory, SIZE, MADV_REMOVE), 0, "discard: pages are given back");
	tap_is(copy_in(IOVA, SIZE), MVGPU_ERROR_NONE, "discard: copied after");
	tap_ok(pages_are(vram, 1, 0), "discard: the old or the new pages");
	unmap(IOVA, SIZE);
	memset(memory, 2, SIZE);
	map(IOVA, memory, SIZE, VDEV_DMA_RW);
	tap_is(copy_in(IOVA, SIZE), MVGPU_ERROR_NONE, "discard: mapped again");
	tap_ok(all_are(vram, 2, SIZE), "discard: the new pages");
	unmap(IOVA, SIZE);
}

/* Thousands of mappings, none beside another. */
static void test_small_maps(uint8_t *memory)
{
	/* Of more a server asks for the content, which the test's client does not know. */
	unsigned int i, good = 0, count = vdev_fd(vdev) < 0 ? 200 : SIZE / PAGE;

	for (i = 0; i < count; i++) {
		map(IOVA + 2ull * i * PAGE, memory + i * PAGE, PAGE, VDEV_DMA_RW);
		memset(memory + i * PAGE, i, PAGE);
	}
	for (i = 0; i < count; i++) {
		uint64_t iova = IOVA + 2ull * i * PAGE;

		good += !copy_in(iova, PAGE) && all_are(vram, i, PAGE);
		if (i % 64 == 0)
			good -= copy_in(iova, PAGE + 1) != MVGPU_ERROR_DMA;
	}
	tap_is(good, count, "%u mappings of a page", count);
	for (i = 0; i < count; i++)
		unmap(IOVA + 2ull * i * PAGE, PAGE);
}

/* kB of the process's memory that is locked or pinned, as the kernel counts it */
static long locked_kb(void)
{
	FILE *status = fopen("/proc/self/status", "r");
	long kb, sum = 0;
	char line[128];

	while (status && fgets(line, sizeof(line), status))
		if (sscanf(line, "VmLck: %ld", &kb) == 1 || sscanf(line, "VmPin: %ld", &kb) == 1)
			sum += kb;
	if (status)
		fclose(status);
	return sum;
}

static void test_reset(uint8_t *memory)
{
	unsigned int i, good = 0;
	pthread_t copier;

	map(IOVA, memory, SIZE, VDEV_DMA_RW);
	stop = false;
	pthread_create(&copier, NULL, keep_copying, NULL);
	for (i = 0; i < ROUNDS; i++) {
		usleep(rnd_below(10000));
		transport_lock();
		good += !vdev->ops->reset(vdev);
		transport_unlock();
	}
	stop = true;
	pthread_join(copier, NULL);
	tap_is(good, ROUNDS, "reset while the engine copies");
	tap_ret(vdev->ops->reset(vdev), 0, "reset at rest");
	if (vdev_fd(vdev) >= 0)
		tap_is(locked_kb(), 0, "reset: nothing stays pinned");
	unmap(IOVA, SIZE);
}

/* Waits for it, because it is another thread that unpins. */
static void test_pressure(uint8_t *memory)
{
	FILE *file = fopen("/proc/sys/vm/drop_caches", "w");
	unsigned int i;

	if (vdev_fd(vdev) < 0 || !file) {
		tap_skip("nothing is pinned", "memory pressure");
		return;
	}
	map(FRESH_IOVA(1ull), memory, SIZE, VDEV_DMA_RW);
	copy_in(FRESH_IOVA(1ull), SIZE);
	/* iommufd does not count what only a device's driver has pinned. */
	if (!strcmp(vdev->ops->name, "VFIO group"))
		tap_ok(locked_kb() > 0, "pressure: something is pinned");
	fputs("2", file);
	fclose(file);
	for (i = 0; i < 6000 && locked_kb(); i++)
		usleep(10000);
	tap_is(locked_kb(), 0, "pressure: nothing is pinned any more");
	memset(memory, 0x55, SIZE);
	tap_is(copy_in(FRESH_IOVA(1ull), SIZE), MVGPU_ERROR_NONE, "pressure: a copy works");
	tap_ok(all_are(vram, 0x55, SIZE), "pressure: as it should");
	unmap(FRESH_IOVA(1ull), SIZE);
}

static void drop_capabilities(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[2] = { };

	if (syscall(SYS_capset, &header, none))
		tap_bail("capabilities cannot be given up");
}

/* Last: what it gives up is not to be had back. */
static void test_memlock(uint8_t *memory)
{
	struct rlimit limit = { .rlim_cur = 1u << 20, .rlim_max = 1u << 20 };

	if (vdev_fd(vdev) < 0) {
		tap_skip("a server pins nothing", "RLIMIT_MEMLOCK");
		return;
	}
	if (setrlimit(RLIMIT_MEMLOCK, &limit))
		tap_bail("no limit");
	drop_capabilities();
	map(FRESH_IOVA(2ull), memory, SIZE, VDEV_DMA_RW);
	memset(memory, 0x44, SIZE);
	tap_is(copy_in(FRESH_IOVA(2ull), SIZE), MVGPU_ERROR_NONE,
	       "RLIMIT_MEMLOCK: more than it lets be pinned");
	tap_ok(all_are(vram, 0x44, SIZE), "RLIMIT_MEMLOCK: is copied");
	tap_ok(locked_kb() <= 1024, "RLIMIT_MEMLOCK: and it is not passed");
	memset(vram, 0x45, SIZE);
	tap_is(copy_out(FRESH_IOVA(2ull), SIZE), MVGPU_ERROR_NONE, "RLIMIT_MEMLOCK: to memory");
	tap_ok(all_are(memory, 0x45, SIZE), "RLIMIT_MEMLOCK: is copied too");
	unmap(FRESH_IOVA(2ull), SIZE);
	tap_is(locked_kb(), 0, "RLIMIT_MEMLOCK: nothing stays pinned");
}

/* The device's file is closed while the engine is at it. */
static void test_close(uint8_t *memory)
{
	struct mvgpu_cmd cmd = cmd_copy(MVGPU_MEM_GUEST, FRESH_IOVA(3ull), MVGPU_MEM_VRAM, 0, SIZE);
	/* A server learns of it later. */
	bool kernel = vdev_fd(vdev) >= 0;
	unsigned int i;

	map(FRESH_IOVA(3ull), memory, SIZE, VDEV_DMA_RW);
	enable();
	for (i = 0; i < 10; i++)
		mvring_submit(&ring, &cmd);
	munmap(vram, RING_AT + PAGE);
	mvring_fini(&ring);
	vdev_close(vdev);
	if (!kernel)
		return;
	memset(memory, 0x66, SIZE);
	usleep(20000);
	tap_ok(all_are(memory, 0x66, SIZE), "nothing is written after close");
	tap_is(locked_kb(), 0, "nothing is pinned after close");
}

static void open_device(void)
{
	vdev = vdev_must_open(NULL);
	/* The device may access memory. */
	vdev_write16(vdev, VFIO_PCI_CONFIG_REGION_INDEX, 4, 6);
	vram = vdev->ops->map(vdev, VRAM, NULL, RING_AT + PAGE, PROT_READ | PROT_WRITE, MAP_SHARED,
			      0);
	if (vram == MAP_FAILED)
		tap_bail("VRAM cannot be mapped");
	mvring_init(&ring, vdev, 0);
}

int main(void)
{
	uint8_t *memory = dmamem_alloc(SIZE);

	rnd_init();
	open_device();
	test_nowhere(memory);
	test_read_only(memory);
	test_remap(memory);
	test_parts(memory);
	test_discard(memory);
	test_small_maps(memory);
	test_unmap(memory);
	test_reset(memory);
	test_pressure(memory);
	test_memlock(memory);
	test_close(memory);
	return tap_done();
}
