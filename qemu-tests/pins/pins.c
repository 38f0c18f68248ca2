// SPDX-License-Identifier: GPL-2.0-only
/*
 * The driver's dma.c and pins.c against a VMM that takes its memory away all the time.
 *
 * An engine works on memory at random while threads unmap and map it, memory is short, and the
 * limit changes.  What breaks a rule of VFIO's or of the driver's own ends the program by an
 * assertion; what is written to memory that was unmapped is seen by who has unmapped it.
 */
#include <stdatomic.h>

#include "tap.h"
#include "type1.h"
#include "util.h"

#define SECONDS		2
#define VRAM_SIZE	(2u << 20)
#define MAX_LEN		(128u << 10)

static struct mvgpu_device gpu;
static struct mvgpu_vfio vfio;
static atomic_bool stop;
static atomic_ulong done, failed, put_off, touched;

static struct mvgpu_span random_span(unsigned int *seed, bool write)
{
	struct mvgpu_span span = {
		.mem = rand_r(seed) % 8 ? MVGPU_MEM_GUEST : MVGPU_MEM_VRAM,
		.read = !write || rand_r(seed) % 2, .write = write,
		.len = rand_r(seed) % 3 ? 1 + rand_r(seed) % MAX_LEN : 8,
	};

	if (span.mem == MVGPU_MEM_VRAM)
		span.address = rand_r(seed) % (VRAM_SIZE - MAX_LEN);
	else
		span.address = IOVA + rand_r(seed) % (TOTAL + MAX_LEN);
	return span;
}

static void *engine(void *unused)
{
	unsigned int seed = 1, count, patience, i;
	struct mvgpu_span spans[2];
	size_t len;
	int ret;

	while (!stop) {
		count = 1 + rand_r(&seed) % 2;
		for (i = 0; i < count; i++)
			spans[i] = random_span(&seed, !i);
		patience = rand_r(&seed) % 3;
		gpu.dma.patience = patience;
		ret = mvgpu_dma_get_memory(&gpu, spans, count);
		if (ret == -EAGAIN) {
			assert(!patience);
			put_off++;
			continue;
		}
		assert(gpu.dma.patience <= patience && gpu.dma.patience + 1 >= patience);
		if (ret) {
			assert(!spans[0].len != (count == 2 && !spans[1].len));
			failed++;
			continue;
		}
		lent = true;
		len = count == 2 ? min(spans[0].len, spans[1].len) : spans[0].len;
		assert(len);
		if (count == 2)
			memmove(spans[0].ptr, spans[1].ptr, len);
		else
			memset(spans[0].ptr, 7, len);
		spans[0].len = len;
		lent = false;
		if (mvgpu_dma_put_memory(&gpu, spans, count))
			failed++;
		else
			done++;
	}
	return unused;
}

static bool is_untouched(const char *memory)
{
	return memory[0] == (char)0xee && !memcmp(memory, memory + 1, MAP_SIZE - 1);
}

static void *vmm(void *unused)
{
	unsigned int seed = 2, n;
	char *memory;

	while (!stop) {
		n = rand_r(&seed) % MAPS;
		memory = type1_unmap(n);
		memset(memory, 0xee, MAP_SIZE);
		usleep(rand_r(&seed) % 300);
		touched += !is_untouched(memory);
		type1_map(n);
		if (rand_r(&seed) % 50 == 0)
			usleep(200000);
	}
	return unused;
}

static void *pressure(void *unused)
{
	struct shrink_control control = { .nr_to_scan = 128 };
	struct shrinker *shrinker;
	unsigned int seed = 3;

	while (!stop) {
		usleep(rand_r(&seed) % 3000);
		shrinker = READ_ONCE(gpu.dma.shrinker);
		if (shrinker && shrinker->scan_objects(shrinker, &control) != SHRINK_STOP)
			gpu.dma.relief.func(&gpu.dma.relief);
		if (rand_r(&seed) % 50 == 0)
			mvgpu_dma_clear(&gpu);
		if (rand_r(&seed) % 20 == 0)
			mvgpu_dma_set_limit(&gpu, rand_r(&seed) % (MAPS * MAP_PAGES));
	}
	return unused;
}

static void run(unsigned int limit)
{
	void *(*const bodies[])(void *) = { engine, vmm, pressure };
	pthread_t threads[ARRAY_SIZE(bodies)];
	unsigned int i;

	memset(&gpu, 0, sizeof(gpu));
	done = 0;
	put_off = 0;
	stop = false;
	gpu.vfio = &vfio;
	vfio.vdev.gpu = &gpu;
	gpu.vram.memory = calloc(1, VRAM_SIZE);
	mvgpu_dma_init(&gpu.dma);
	type1_init(&vfio.vdev, limit);
	for (i = 0; i < ARRAY_SIZE(bodies); i++)
		pthread_create(&threads[i], NULL, bodies[i], NULL);
	sleep(SECONDS);
	stop = true;
	for (i = 0; i < ARRAY_SIZE(bodies); i++)
		pthread_join(threads[i], NULL);
	mvgpu_dma_close(&gpu);
	tap_ok(done > 0, "room for %u pages: the engine works", limit);
	tap_ok(put_off > 0, "room for %u pages: without patience nothing is waited for", limit);
	tap_ok(!limit == !type1_total(), "room for %u pages: they are used", limit);
	tap_is(touched, 0, "room for %u pages: memory that was unmapped is left alone", limit);
	tap_is(type1_pinned(), 0, "room for %u pages: nothing stays pinned", limit);
	tap_diag("%lu pieces, %lu not there, %lu pages pinned", done, failed, type1_total());
	mvgpu_dma_fini(&gpu.dma);
	type1_fini();
	free(gpu.vram.memory);
}

int main(void)
{
	run(MAPS * MAP_PAGES);
	run(40);
	run(0);
	return tap_done();
}
