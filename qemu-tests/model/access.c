// SPDX-License-Identifier: GPL-2.0-only
/*
 * Accesses of any length at any offset of all address spaces: bounds, and that a long access is
 * what the short ones it consists of are.
 */
#include <errno.h>
#include <stdlib.h>

#include "host.h"

#define MAX_SIZE	0x2000
#define GUARD		0x5a

static void dump_all(struct host *host, u8 dumps[MVGPU_NUM_IMAGES][MAX_SIZE])
{
	enum mvgpu_image image;

	for (image = 0; image < MVGPU_NUM_IMAGES; image++)
		host_dump(host, image, dumps[image]);
}

/* Sums of offset and length that would wrap in 32 or 64 bits are among them. */
static void test_bounds(struct host *host, enum mvgpu_image image)
{
	u32 size = mvgpu_image_size(image);
	const struct {
		u32 offset;
		size_t len;
		int want;
	} cases[] = {
		{ 0, 0, 0 }, { size, 0, 0 }, { 0, size, 0 }, { size - 1, 1, 0 },
		{ 0, size + 1ul, -EINVAL }, { size - 1, 2, -EINVAL }, { size, 1, -EINVAL },
		{ size + 1, 0, -EINVAL }, { UINT32_MAX, 1, -EINVAL }, { UINT32_MAX, 4, -EINVAL },
		{ 4, SIZE_MAX, -EINVAL }, { 4, SIZE_MAX - 3, -EINVAL }, { 0, SIZE_MAX, -EINVAL },
		{ 8, UINT32_MAX - 7ul, -EINVAL }, { 8, UINT32_MAX, -EINVAL },
	};
	static u8 before[MVGPU_NUM_IMAGES][MAX_SIZE], after[MVGPU_NUM_IMAGES][MAX_SIZE];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		u8 *buf = malloc(size);

		memset(buf, GUARD, size);
		dump_all(host, before);
		tap_ret(mvgpu_image_read(host->vgpu, image, cases[i].offset, buf, cases[i].len),
			cases[i].want, "%s: read of %#zx at %#x", host_images[image], cases[i].len,
			cases[i].offset);
		if (cases[i].want)
			tap_ok(buf[0] == GUARD && buf[size - 1] == GUARD, "nothing was read");
		memset(buf, 0xff, size);
		if (cases[i].want || !cases[i].len) {
			tap_ret(mvgpu_image_write(host->vgpu, image, cases[i].offset, buf,
						  cases[i].len),
				cases[i].want, "%s: write", host_images[image]);
			dump_all(host, after);
			tap_ok(!memcmp(before, after, sizeof(after)), "nothing was written");
		}
		free(buf);
	}
}

/* Every width at every offset, in buffers of exactly that width, aligned and not. */
static void test_reads(struct host *host, enum mvgpu_image image)
{
	static u8 dump[MAX_SIZE];
	u32 size = mvgpu_image_size(image);
	bool agrees = true;
	size_t len;
	u32 offset;

	host_dump(host, image, dump);
	for (offset = 0; offset < size; offset++) {
		for (len = 1; len <= 16 && len <= size - offset; len++) {
			u8 *buf = malloc(len + 1);

			agrees &= !mvgpu_image_read(host->vgpu, image, offset, buf + 1, len) &&
				  !memcmp(buf + 1, dump + offset, len);
			free(buf);
		}
	}
	tap_ok(agrees, "%s: reads of 1 to 16 bytes at every offset", host_images[image]);

	for (offset = 0, agrees = true; offset < size; offset += 4) {
		u32 word = mvgpu_image_read32(host->vgpu, image, offset);

		agrees &= !memcmp(&word, dump + offset, 4);
	}
	tap_ok(agrees, "%s: the inline read is the same", host_images[image]);
}

/* Interrupt wiring changes too, so that handlers do all that they can do. */
static void random_step(struct host *one, struct host *two)
{
	if (rnd_below(16) == 0) {
		enum mvgpu_irq_mode mode = rnd_below(4);
		u32 listeners = rnd();

		mvgpu_irq_set_mode(one->vgpu, mode, listeners);
		mvgpu_irq_set_mode(two->vgpu, mode, listeners);
	}
	if (rnd_below(16) == 0) {
		u32 causes = rnd();

		mvgpu_irq_raise(one->vgpu, causes);
		mvgpu_irq_raise(two->vgpu, causes);
	}
}

/* In one go here, aligned word by aligned word there. */
static void random_write(struct host *one, struct host *two, enum mvgpu_image image)
{
	u32 size = mvgpu_image_size(image);
	u32 len = rnd_below(80);
	u32 near = rnd_below(2) ? size : 0x100;
	u32 offset = rnd_below(near - len);
	u8 bytes[80];

	if (image == MVGPU_IMAGE_REGS && rnd_below(2))
		offset = (rnd_below(2) ? MVGPU_CTRL_OFFSET : MVGPU_DISPI_OFFSET) + rnd_below(0x200);
	rnd_fill(bytes, len);
	if (mvgpu_image_write(one->vgpu, image, offset, bytes, len))
		tap_bail("write of %u at %#x", len, offset);
	while (len) {
		u32 n = 4 - offset % 4;

		n = n < len ? n : len;
		if (n == 4) {
			u32 word;

			memcpy(&word, bytes, 4);
			mvgpu_image_write32(two->vgpu, image, offset, word);
		} else if (mvgpu_image_write(two->vgpu, image, offset, bytes, n)) {
			tap_bail("write of %u at %#x", n, offset);
		}
		memmove(bytes, bytes + n, len - n);
		offset += n;
		len -= n;
	}
}

static bool same(struct host *one, struct host *two)
{
	static u8 dump_one[MVGPU_NUM_IMAGES][MAX_SIZE], dump_two[MVGPU_NUM_IMAGES][MAX_SIZE];

	dump_all(one, dump_one);
	dump_all(two, dump_two);
	return !memcmp(dump_one, dump_two, sizeof(dump_one)) && one->intx == two->intx &&
	       one->resets == two->resets &&
	       one->intx_changes == two->intx_changes &&
	       !memcmp(one->messages, two->messages, sizeof(one->messages));
}

static void test_random(void)
{
	struct mvgpu vgpu_one, vgpu_two;
	struct host one, two;
	bool agrees = true;
	unsigned int i;

	host_init(&one, &vgpu_one, &host_config);
	host_init(&two, &vgpu_two, &host_config);
	for (i = 0; agrees && i < 30000; i++) {
		random_step(&one, &two);
		random_write(&one, &two, rnd_below(MVGPU_NUM_IMAGES));
		/* Looking at everything takes longer than changing it. */
		if (i % 16 == 0)
			agrees = same(&one, &two);
	}
	tap_ok(agrees && same(&one, &two), "30000 random writes, whole and cut: the same state");
	mvgpu_reset(&vgpu_one);
	mvgpu_reset(&vgpu_two);
	tap_is(one.kicks, two.kicks, "and as many kicks");
	host_fini(&one);

	host_init(&one, &vgpu_one, &host_config);
	memcpy(one.messages, two.messages, sizeof(one.messages));
	one.resets = two.resets;
	one.intx_changes = two.intx_changes;
	tap_ok(same(&one, &two), "a reset makes it as a new one is");
	host_fini(&one);
	host_fini(&two);
}

int main(void)
{
	enum mvgpu_image image;
	struct mvgpu vgpu;
	struct host host;

	rnd_init();
	host_init(&host, &vgpu, &host_config);
	for (image = 0; image < MVGPU_NUM_IMAGES; image++) {
		test_bounds(&host, image);
		test_reads(&host, image);
	}
	host_fini(&host);
	test_random();
	return tap_done();
}
