// SPDX-License-Identifier: GPL-2.0-only
/*
 * Commands at random against the reference, bit for bit: all memories, rectangles that overlap,
 * lines that do, memory in pieces of any size.
 */
#include <stdlib.h>

#include "engine.h"
#include "reference.h"

/* What the commands work on: the beginning of each memory. */
#define AREA		(512u << 10)
/* The GART's pages and its table, in guest memory behind the area */
#define GART_PAGES	(GUEST_BASE + (1u << 20))
#define GART_TABLE	(GUEST_BASE + (3u << 20))

/* A second set of memories, for the reference. */
static struct host shadow;

static uint8_t *shadow_byte(void *context, unsigned int mem, uint64_t address)
{
	return engine_byte(context, mem, address);
}

/* Runs of pages, in disorder: some neighbours stay together. */
static void make_gart(struct host *host)
{
	u32 pages = AREA / MVGPU_GPU_PAGE, run = 4, page;

	for (page = 0; page < pages; page++) {
		u32 at = (page / run * 7 % (pages / run)) * run + page % run;

		/* And in some of these the order is another one */
		if (page / run % 3 == 0)
			at ^= 1;
		gart_set(host, GART_TABLE, page, (GART_PAGES + at * MVGPU_GPU_PAGE) |
			 MVGPU_GART_VALID | MVGPU_GART_WRITABLE);
	}
	gart_use(host, GART_TABLE, pages);
}

static u64 rect_size(u32 stride, u32 width, u32 height)
{
	return (u64)(height - 1) * stride + width;
}

static u32 random_number(u32 limit, u32 align)
{
	return rnd_below(limit) / align * align;
}

static struct place random_place(u64 size, u32 stride, u32 align)
{
	return (struct place){
		.mem = rnd_below(MVGPU_NUM_MEMS),
		.address = random_number(AREA - size + 1, align), .stride = stride,
	};
}

/*
 * Two rectangles.  Where they are in one memory and overlap the outcome is defined if their lines
 * are as far apart, and do not overlap one another.
 */
static void random_places(struct place *dst, struct place *src, u32 *width, u32 *height, u32 align)
{
	u32 dst_stride, src_stride;

	*width = random_number(rnd_below(8) ? 300 : 6000, align) + align;
	*height = 1 + rnd_below(12);
	dst_stride = random_number(rnd_below(4) ? 8000 : 64, align);
	src_stride = random_number(8000, align);
	*dst = random_place(rect_size(dst_stride, *width, *height), dst_stride, align);
	*src = random_place(rect_size(src_stride, *width, *height), src_stride, align);
	if (src->mem != dst->mem)
		return;

	src->stride = *width + random_number(200, align);
	dst->stride = src->stride;
	*src = random_place(rect_size(src->stride, *width, *height) + 10000, src->stride, align);
	dst->mem = src->mem;
	dst->address = src->address + random_number(rnd_below(2) ? 64 : 10000, align);
	if (rnd_below(2)) {
		u64 address = dst->address;

		dst->address = src->address;
		src->address = address;
	}
}

static struct mvgpu_cmd random_copy(u32 limit)
{
	u64 size = rnd_below(limit);
	struct place dst = random_place(size, 0, 1);
	struct place src = random_place(size, 0, 1);

	return cmd_copy(dst.mem, dst.address, src.mem, src.address, size);
}

static struct mvgpu_cmd random_command(void)
{
	u32 align = rnd_below(2) ? 4 : 1, width, height;
	struct place dst, src;

	switch (rnd_below(6)) {
	case 0:
		random_places(&dst, &src, &width, &height, 4);
		return cmd_fill(dst, width, height, rnd());
	case 1:
		return random_copy(rnd_below(8) ? 5000 : 40000);
	case 2:
		dst = random_place(8, 0, 8);
		return cmd_fence_store(rnd(), 0, dst.mem, dst.address);
	case 3:
		random_places(&dst, &src, &width, &height, align);
		return cmd_blit(dst, src, width, height);
	default:
		random_places(&dst, &src, &width, &height, 4);
		return cmd_blend(dst, src, width, height, rnd_below(4) ? rnd() : 255,
				 rnd_below(2) ? MVGPU_BLEND_PREMULTIPLIED : 0);
	}
}

/* Addresses are from 0 on in all memories; the guest's begins elsewhere. */
static void to_guest(struct mvgpu_cmd *cmd)
{
	if (cmd->dst_mem == MVGPU_MEM_GUEST)
		cmd->dst = cpu_to_le64(le64_to_cpu(cmd->dst) + GUEST_BASE);
	if (cmd->src_mem == MVGPU_MEM_GUEST)
		cmd->src = cpu_to_le64(le64_to_cpu(cmd->src) + GUEST_BASE);
}

static bool agrees(struct host *host, struct mvgpu_cmd cmd)
{
	struct reference reference = { .at = shadow_byte, .context = &shadow };
	u32 error;

	to_guest(&cmd);
	host->cut = rnd_below(4);
	host->bounce = !rnd_below(4);
	/* A step that asks for as much as it can is not always put off. */
	host->put_off = rnd_below(4) ? 0 : 17;
	error = engine_do(host, &cmd);
	reference_run(&reference, &cmd);
	if (!error && !memcmp(host->vram, shadow.vram, AREA) &&
	    !memcmp(host->guest, shadow.guest, GUEST_SIZE))
		return true;
	tap_diag("opcode %u, error %u: dst %u:%#llx/%u, src %u:%#llx/%u, %u x %u, arg %#llx",
		 cmd.opcode, error, cmd.dst_mem, (unsigned long long)cmd.dst, cmd.dst_stride,
		 cmd.src_mem, (unsigned long long)cmd.src, cmd.src_stride, cmd.width, cmd.height,
		 (unsigned long long)cmd.arg);
	return false;
}

static void test_random(struct host *host)
{
	bool good = true;
	unsigned int i;

	for (i = 0; good && i < 3000; i++)
		good = agrees(host, random_command());
	tap_ok(good, "%u commands at random", i);
}

/* Longer than a step, with all that can be between source and destination. */
static void test_long(struct host *host)
{
	static const s64 distances[] = { 1, 3, 64, 4095, 4096, 5000, 100000 };
	u64 size = 2 * MVGPU_STEP_BYTES + 777, from = 110000;
	unsigned int i, mem;
	bool good = true;

	for (mem = 0; mem < MVGPU_NUM_MEMS; mem++) {
		for (i = 0; good && i < ARRAY_SIZE(distances); i++) {
			good = agrees(host, cmd_copy(mem, from + distances[i], mem, from, size)) &&
			       agrees(host, cmd_copy(mem, from - distances[i], mem, from, size));
		}
		good = good && agrees(host, cmd_copy(mem, from, mem, from, size));
		good = good && agrees(host, cmd_copy(mem, 1, (mem + 1) % MVGPU_NUM_MEMS, 2, size));
	}
	tap_ok(good, "long copies");
}

/* All that one channel can be; the others have other values meanwhile. */
static void test_blend(struct host *host, u8 opacity, u8 flags)
{
	struct place dst = { MVGPU_MEM_VRAM, 0, 1024 }, src = { MVGPU_MEM_VRAM, AREA / 2, 1024 };
	u32 x, y;

	for (y = 0; y < 256; y++) {
		for (x = 0; x < 256; x++) {
			u8 *d = &host->vram[1024 * y + 4 * x], *s = d + AREA / 2;

			s[0] = x;
			s[1] = 255 - x;
			s[2] = y;
			s[3] = y;
			d[0] = opacity;
			d[1] = x ^ y;
			d[2] = x;
			d[3] = x;
		}
	}
	memcpy(shadow.vram, host->vram, AREA);
	tap_ok(agrees(host, cmd_blend(dst, src, 1024, 256, opacity, flags)),
	       "each alpha with each value, opacity %u%s", opacity,
	       flags ? ", multiplied already" : "");
}

int main(void)
{
	static const u8 opacities[] = { 0, 1, 127, 128, 254, 255 };
	struct mvgpu vgpu;
	struct host host;
	unsigned int i;

	rnd_init();
	host_init(&host, &vgpu, &host_config);
	rnd_fill(host.vram, AREA);
	rnd_fill(host.guest, GUEST_SIZE);
	make_gart(&host);
	shadow = host;
	shadow.vram = malloc(AREA);
	shadow.guest = malloc(GUEST_SIZE);
	memcpy(shadow.vram, host.vram, AREA);
	memcpy(shadow.guest, host.guest, GUEST_SIZE);

	test_random(&host);
	test_long(&host);
	for (i = 0; i < ARRAY_SIZE(opacities); i++) {
		test_blend(&host, opacities[i], 0);
		test_blend(&host, opacities[i], MVGPU_BLEND_PREMULTIPLIED);
	}
	free(shadow.vram);
	free(shadow.guest);
	host_fini(&host);
	return tap_done();
}
