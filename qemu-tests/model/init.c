// SPDX-License-Identifier: GPL-2.0-only
/*
 * Making a vGPU: types that cannot be, and allocations that fail one after the other.  That nothing
 * leaks is the address sanitizer's to see.
 */
#include <errno.h>

#include "host.h"
#include "types.h"

/* How many allocations there have been, and which of them fail. */
static unsigned int alloc_count;
static unsigned int alloc_fail_from;
static unsigned int alloc_fail_to;

void *__real_calloc(size_t nmemb, size_t size);
void *__wrap_calloc(size_t nmemb, size_t size);

void *__wrap_calloc(size_t nmemb, size_t size)
{
	unsigned int n = alloc_count++;

	if (n >= alloc_fail_from && n < alloc_fail_to)
		return NULL;
	return __real_calloc(nmemb, size);
}

static int try_config(const struct mvgpu_config *config)
{
	static _Alignas(4096) u8 shared[MVGPU_SHARED_SIZE];
	struct host host = { 0 };
	struct mvgpu vgpu;
	int ret;

	/* Whatever is in the memory */
	memset(&vgpu, 0xa5, sizeof(vgpu));
	ret = mvgpu_init(&vgpu, config, &host_ops, &host, shared);
	if (!ret)
		mvgpu_fini(&vgpu);
	if (host.intx_changes || host.resets || host.kicks)
		return 1;
	return ret;
}

static void test_config(bool native, u8 num_rings, u32 vram_size, u32 width, u32 height, int want)
{
	struct mvgpu_config config = {
		.native = native, .num_rings = num_rings, .vram_size = vram_size,
		.mode_width = width, .mode_height = height,
	};

	tap_ret(try_config(&config), want, "%u bytes of VRAM, %ux%u, %u rings%s", vram_size, width,
		height, num_rings, native ? ", native" : "");
}

static void test_configs(void)
{
	static const struct {
		u32 vram_size;
		u32 width;
		u32 height;
		int want;
	} cases[] = {
		{ 16 << 20, 1024, 768, 0 },
		{ 64 << 20, 1920, 1080, 0 },
		{ 256 << 20, 2560, 1600, 0 },
		{ 32 << 20, 4088, 2048, 0 },
		{ 16 << 20, 2048, 2048, 0 },
		{ 16 << 20, 640, 480, 0 },
		{ 0, 1024, 768, -EINVAL },
		{ 8 << 20, 1024, 768, -EINVAL },
		{ 512 << 20, 1024, 768, -EINVAL },
		{ (16 << 20) + 1, 1024, 768, -EINVAL },
		{ 48 << 20, 1024, 768, -EINVAL },
		{ 1u << 31, 1024, 768, -EINVAL },
		{ 16 << 20, 2056, 2048, -EINVAL },	/* more than the VRAM */
		{ 16 << 20, 2048, 2049, -EINVAL },
		{ 16 << 20, 632, 480, -EINVAL },
		{ 16 << 20, 640, 479, -EINVAL },
		{ 16 << 20, 1020, 768, -EINVAL },	/* not a multiple of 8 */
		{ 16 << 20, 1023, 768, -EINVAL },
		{ 256 << 20, 4096, 2160, -EINVAL },
		{ 256 << 20, 1920, 4096, -EINVAL },
		{ 256 << 20, 4088, 4095, -EINVAL },	/* more pixel clock than an EDID can tell */
		{ 16 << 20, 0, 0, -EINVAL },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		test_config(false, 1, cases[i].vram_size, cases[i].width, cases[i].height,
			    cases[i].want);
	test_config(true, 1, 1024 << 20, 1024, 768, 0);
	test_config(true, 1, 1u << 31, 1024, 768, -EINVAL);
	test_config(true, 1, 8 << 20, 1024, 768, -EINVAL);
	test_config(false, MVGPU_MAX_RINGS, 16 << 20, 1024, 768, 0);
	test_config(true, MVGPU_MAX_RINGS + 1, 16 << 20, 1024, 768, -EINVAL);
	test_config(true, 0, 16 << 20, 1024, 768, -EINVAL);
	for (i = 0; i < MVGPU_NUM_TYPES; i++)
		tap_ret(try_config(&mvgpu_types[i].config), 0, "type %s", mvgpu_types[i].name);
}

static int try_failing(unsigned int from, unsigned int to)
{
	int ret;

	alloc_count = 0;
	alloc_fail_from = from;
	alloc_fail_to = to;
	ret = try_config(&host_config);
	alloc_fail_to = 0;
	return ret;
}

static void test_allocations(void)
{
	unsigned int needed, i;

	tap_ret(try_failing(0, 0), 0, "a vGPU, counting allocations");
	needed = alloc_count;
	tap_ok(needed > 0, "it needs %u", needed);
	for (i = 0; i < needed; i++) {
		tap_ret(try_failing(i, i + 1), -ENOMEM, "number %u fails", i);
		tap_ret(try_failing(i, needed), -ENOMEM, "all from number %u on fail", i);
	}
	tap_ret(try_failing(needed, needed + 1), 0, "none of them fails");
}

static void test_use(void)
{
	struct mvgpu vgpu;
	struct host host;
	unsigned int before;
	u8 byte = 0;
	u32 offset;

	host_init(&host, &vgpu, &host_config);
	before = alloc_count;
	for (offset = 0; offset < MVGPU_PCI_CONFIG_SIZE; offset++)
		mvgpu_image_write(&vgpu, MVGPU_IMAGE_CONFIG, offset, &byte, 1);
	mvgpu_irq_set_mode(&vgpu, MVGPU_IRQ_MSIX, first_vectors(MVGPU_NUM_VECTORS));
	mvgpu_reset(&vgpu);
	tap_is(alloc_count, before, "nothing is allocated after that");
	host_fini(&host);
}

int main(void)
{
	test_configs();
	test_allocations();
	test_use();
	return tap_done();
}
