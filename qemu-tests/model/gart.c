// SPDX-License-Identifier: GPL-2.0-only
/*
 * The GART: what its entries allow, what is remembered of them, and tables that lie.
 */
#include "engine.h"

#define TABLE		(GUEST_BASE + 0x10000)
#define OTHER_TABLE	(GUEST_BASE + 0x20000)
#define ENTRIES		256
#define PAGE		MVGPU_GPU_PAGE
#define RW		(MVGPU_GART_VALID | MVGPU_GART_WRITABLE)

static u64 guest_page(unsigned int n)
{
	return GUEST_BASE + (256 + n) * PAGE;
}

/* The marker of a page of the guest, which says which one it is. */
static void mark_pages(struct host *host)
{
	unsigned int n;

	for (n = 0; n < 512; n++)
		*(u32 *)engine_byte(host, MVGPU_MEM_GUEST, guest_page(n)) = n;
}

/* The marker at the beginning of a GPU page, or -1 and what is in the registers. */
static s64 marker(struct host *host, u64 page)
{
	struct mvgpu_cmd copy = cmd_copy(MVGPU_MEM_VRAM, 0, MVGPU_MEM_GART, page * PAGE, 4);

	if (engine_do(host, &copy))
		return -1;
	return *(u32 *)host->vram;
}

static u32 write_to(struct host *host, u64 address, u64 size)
{
	struct mvgpu_cmd copy = cmd_copy(MVGPU_MEM_GART, address, MVGPU_MEM_VRAM, 0x10000, size);

	return engine_do(host, &copy);
}

static void test_none(struct host *host)
{
	tap_is(marker(host, 0), -1, "no page without a GART");
	tap_is(ring_reg(host, 0, MVGPU_RING_ERROR), MVGPU_ERROR_GART, "an error of the GART");
	gart_set(host, TABLE, 0, guest_page(0) | RW);
	reg_write(host, MVGPU_REG_GART_BASE_LO, TABLE);
	reg_write(host, MVGPU_REG_GART_ENTRIES, ENTRIES);
	tap_is(marker(host, 0), -1, "nor with one that was not told");
	gart_invalidate(host);
	tap_is(marker(host, 0), 0, "told: there it is");
}

static void test_bounds(struct host *host)
{
	unsigned int gets;

	gart_set(host, TABLE, 2, guest_page(2) | RW);
	gart_set(host, TABLE, 3, guest_page(3) | RW);
	gart_use(host, TABLE, 3);
	tap_is(marker(host, 2), 2, "the last page");
	tap_is(marker(host, 3), -1, "none behind it, though its entry has been read");
	tap_is(ring_reg(host, 0, MVGPU_RING_ERROR), MVGPU_ERROR_GART, "an error of the GART");
	tap_is_hex(ring_error_address(host, 0), 3 * PAGE, "with its address");
	tap_is(write_to(host, 2 * PAGE + 8, PAGE), MVGPU_ERROR_GART, "nor from one to the other");
	tap_is_hex(ring_error_address(host, 0), 3 * PAGE, "that address");
	gets = host->gets;
	tap_is(marker(host, ~0ull / PAGE), -1, "nor at the very end");
	tap_is_hex(ring_error_address(host, 0), ~0ull / PAGE * PAGE, "that address");
	tap_is(marker(host, 1ull << 32), -1, "nor where 32 bits are not enough");
	tap_is(host->gets, gets + 2, "only the commands were read");

	gart_use(host, TABLE, UINT32_MAX);
	gets = host->gets;
	tap_is(marker(host, MVGPU_GART_MAX_ENTRIES), -1, "more entries than there can be");
	tap_is(host->gets, gets + 1, "are not looked at");
	tap_is(marker(host, MVGPU_GART_MAX_ENTRIES - 1), -1, "the last one");
	tap_is(ring_reg(host, 0, MVGPU_RING_ERROR), MVGPU_ERROR_DMA, "is, and is not there");
	tap_is_hex(ring_error_address(host, 0), TABLE + (MVGPU_GART_MAX_ENTRIES - 8ull) * 8,
		   "where it should be");
}

static void test_rights(struct host *host)
{
	static const struct {
		u64 bits;
		u32 read;
		u32 write;
	} cases[] = {
		{ 0, MVGPU_ERROR_GART, MVGPU_ERROR_GART },
		{ MVGPU_GART_VALID, MVGPU_ERROR_NONE, MVGPU_ERROR_GART },
		{ MVGPU_GART_WRITABLE, MVGPU_ERROR_GART, MVGPU_ERROR_GART },
		{ RW, MVGPU_ERROR_NONE, MVGPU_ERROR_NONE },
		{ RW | 0x004, MVGPU_ERROR_GART, MVGPU_ERROR_GART },
		{ RW | 0x800, MVGPU_ERROR_GART, MVGPU_ERROR_GART },
	};
	struct mvgpu_cmd blend = cmd_blend((struct place){ MVGPU_MEM_GART, 0, 0 },
					   (struct place){ MVGPU_MEM_VRAM, 0, 0 }, 8, 1, 1, 0);
	struct mvgpu_cmd fence = cmd_fence_store(1, 0, MVGPU_MEM_GART, 16);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		gart_set(host, TABLE, 0, guest_page(7) | cases[i].bits);
		gart_use(host, TABLE, ENTRIES);
		marker(host, 0);
		tap_is(ring_reg(host, 0, MVGPU_RING_ERROR), cases[i].read, "bits %#llx: reading",
		       (unsigned long long)cases[i].bits);
		tap_is(write_to(host, 0, 8), cases[i].write, "writing");
		tap_is(engine_do(host, &blend), cases[i].write, "blending");
		tap_is(engine_do(host, &fence), cases[i].write, "a fence");
	}
}

static void test_cache(struct host *host)
{
	unsigned int gets, i;

	for (i = 0; i < ENTRIES; i++)
		gart_set(host, TABLE, i, guest_page(i) | RW);
	gart_use(host, TABLE, ENTRIES);
	marker(host, 0);
	gets = host->gets;
	for (i = 0; i < 8; i++)
		marker(host, i);
	tap_is(host->gets - gets, 16, "entries of one line are read once");
	tap_is(marker(host, MVGPU_GART_CACHE + 3), MVGPU_GART_CACHE + 3, "one that takes a place");
	tap_is(marker(host, 3), 3, "and one that takes it back");

	gart_set(host, TABLE, 3, guest_page(100) | RW);
	tap_is(marker(host, 3), 3, "what was changed is as it was");
	gart_invalidate(host);
	tap_is(marker(host, 3), 100, "until the device is told");
	gart_set(host, OTHER_TABLE, 3, guest_page(101) | RW);
	reg_write(host, MVGPU_REG_GART_BASE_LO, OTHER_TABLE);
	tap_is(marker(host, 3), 100, "and so with another table");
	gart_invalidate(host);
	tap_is(marker(host, 3), 101, "until the device is told");
	mvgpu_reset(host->vgpu);
	tap_is(marker(host, 3), -1, "a reset forgets all");
}

/* Told while a step is under way: what comes after it sees the new table. */
static void hook_invalidate(struct host *host, const struct mvgpu_span *spans, unsigned int count)
{
	unsigned int i;

	if (count != 2)
		return;
	host->on_get = NULL;
	for (i = 0; i < ENTRIES; i++)
		gart_set(host, TABLE, i, guest_page(256 + i) | RW);
	gart_invalidate(host);
}

static void test_invalidated_meanwhile(struct host *host)
{
	struct mvgpu_cmd copy = cmd_copy(MVGPU_MEM_VRAM, 0, MVGPU_MEM_GART, 0, 64 * PAGE);
	unsigned int i;

	mark_pages(host);
	for (i = 0; i < ENTRIES; i++)
		gart_set(host, TABLE, i, guest_page(i) | RW);
	gart_use(host, TABLE, ENTRIES);
	host->on_get = hook_invalidate;
	tap_is(engine_do(host, &copy), MVGPU_ERROR_NONE, "a copy of two steps");
	tap_is(*(u32 *)(host->vram + 1 * PAGE), 1, "the first with the old table");
	tap_is(*(u32 *)(host->vram + 63 * PAGE), 256 + 63, "the second with the new one");
}

/* How often memory is asked for in a copy of 8 pages */
static unsigned int pieces(struct host *host, const u8 *order)
{
	struct mvgpu_cmd copy = cmd_copy(MVGPU_MEM_VRAM, 0, MVGPU_MEM_GART, 0, 8 * PAGE);
	unsigned int gets, i;

	for (i = 0; i < 8; i++)
		gart_set(host, TABLE, i, guest_page(order[i]) | RW);
	gart_use(host, TABLE, ENTRIES);
	marker(host, 0);
	gets = host->gets;
	tap_is(engine_do(host, &copy), MVGPU_ERROR_NONE, "a copy of 8 pages");
	for (i = 0; i < 8; i++) {
		if (*(u32 *)(host->vram + i * PAGE) != order[i])
			tap_ok(false, "page %u is another one", i);
	}
	return host->gets - gets - 1;
}

static void test_pieces(struct host *host)
{
	static const u8 up[] = { 10, 11, 12, 13, 14, 15, 16, 17 };
	static const u8 down[] = { 17, 16, 15, 14, 13, 12, 11, 10 };
	static const u8 two[] = { 10, 11, 12, 13, 20, 21, 22, 23 };
	static const u8 same[] = { 9, 9, 9, 9, 9, 9, 9, 9 };

	mark_pages(host);
	tap_is(pieces(host, up), 1, "neighbours are one piece");
	tap_is(pieces(host, down), 8, "in reverse they are not");
	tap_is(pieces(host, two), 2, "two runs are two pieces");
	tap_is(pieces(host, same), 8, "one page is not its own neighbour");

	pieces(host, up);
	gart_set(host, TABLE, 5, guest_page(15) | MVGPU_GART_VALID);
	gart_invalidate(host);
	memset(host->vram + 0x10000, 0x77, 8 * PAGE);
	tap_is(write_to(host, 0, 8 * PAGE), MVGPU_ERROR_GART, "the sixth cannot be written");
	tap_is_hex(ring_error_address(host, 0), 5 * PAGE, "that is the one");
	tap_is_hex(*engine_byte(host, MVGPU_MEM_GUEST, guest_page(14) + PAGE - 1), 0x77,
		   "those before it are");
	tap_is_hex(*engine_byte(host, MVGPU_MEM_GUEST, guest_page(15)), 15, "it is not");
}

static void test_lies(struct host *host)
{
	static const u64 nowhere[] = { 0, GUEST_BASE - PAGE, GUEST_BASE + GUEST_SIZE, ~0xfffull };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(nowhere); i++) {
		gart_set(host, TABLE, 0, nowhere[i] | RW);
		gart_use(host, TABLE, ENTRIES);
		tap_is(write_to(host, 24, 8), MVGPU_ERROR_DMA, "a page at %#llx",
		       (unsigned long long)nowhere[i]);
		tap_is_hex(ring_error_address(host, 0), 24, "the address is the GPU's");
	}
	/* The last page of the address space and the first one are no neighbours. */
	gart_set(host, TABLE, 0, ~0xfffull | RW);
	gart_set(host, TABLE, 1, 0 | RW);
	gart_use(host, TABLE, ENTRIES);
	tap_is(write_to(host, 0, 2 * PAGE), MVGPU_ERROR_DMA, "round the end");

	for (i = 0; i < ARRAY_SIZE(nowhere); i++) {
		gart_use(host, nowhere[i], ENTRIES);
		tap_is(marker(host, 9), -1, "a table at %#llx", (unsigned long long)nowhere[i]);
		tap_is(ring_reg(host, 0, MVGPU_RING_ERROR), MVGPU_ERROR_DMA, "is not there");
		tap_is_hex(ring_error_address(host, 0), nowhere[i] + 64, "where its line should be");
	}
	gart_use(host, ~63ull, 8);
	marker(host, 0);
	tap_is(ring_reg(host, 0, MVGPU_RING_ERROR), MVGPU_ERROR_DMA, "the last line that can be");
	gart_use(host, ~63ull, 9);
	marker(host, 0);
	tap_is(ring_reg(host, 0, MVGPU_RING_ERROR), MVGPU_ERROR_GART, "a table that wraps is none");
}

/* A table that maps itself, and commands that write to it. */
static void test_self(struct host *host)
{
	gart_set(host, TABLE, 0, TABLE | RW);
	gart_set(host, TABLE, 1, guest_page(1) | RW);
	gart_use(host, TABLE, ENTRIES);
	*(u64 *)(host->vram + 0x10000) = guest_page(50) | RW;
	mark_pages(host);
	tap_is(write_to(host, 8, 8), MVGPU_ERROR_NONE, "the table's second entry, by itself");
	tap_is(marker(host, 1), 1, "is as remembered");
	gart_invalidate(host);
	tap_is(marker(host, 1), 50, "until the device is told");
}

int main(void)
{
	struct mvgpu vgpu;
	struct host host;

	host_init(&host, &vgpu, &host_config);
	mark_pages(&host);
	test_none(&host);
	test_bounds(&host);
	test_rights(&host);
	mark_pages(&host);
	test_cache(&host);
	test_invalidated_meanwhile(&host);
	test_pieces(&host);
	test_lies(&host);
	test_self(&host);
	host_fini(&host);
	return tap_done();
}
