// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is refused: every opcode with every bit that it does not know, and every field at its
 * limits and past them.  A command that is refused has written nothing.
 */
#include "engine.h"

#define VRAM_SIZE	((u64)host_config.vram_size)
#define GUEST_END	(GUEST_BASE + (u64)GUEST_SIZE)

/* Something was lent to be written to. */
static bool written;

static void hook_note(struct host *host, const struct mvgpu_span *spans, unsigned int count)
{
	written |= spans[0].write;
}

static u32 do_noting(struct host *host, const struct mvgpu_cmd *cmd)
{
	written = false;
	return engine_do(host, cmd);
}

/*
 * Each opcode as it is right, and what of it can have other values: ones where any bit may be set
 * without being refused as malformed.
 */
static const struct {
	const char *name;
	struct mvgpu_cmd cmd;
	struct mvgpu_cmd free;
} forms[] = {
	{
		.name = "NOP",
		.cmd = { .opcode = 1 },
	}, {
		.name = "FILL",
		.cmd = { .opcode = 2, .width = 64, .height = 4 },
		.free = {
			.dst_mem = 0x03, .value = ~0u, .dst = ~0ull, .dst_stride = ~0u,
			.width = ~0u, .height = ~0u,
		},
	}, {
		.name = "COPY",
		.cmd = { .opcode = 3, .arg = 64 },
		.free = { .dst_mem = 0x03, .src_mem = 0x03, .dst = ~0ull, .src = ~0ull, .arg = ~0ull },
	}, {
		.name = "BLIT",
		.cmd = { .opcode = 4, .width = 64, .height = 4 },
		.free = {
			.dst_mem = 0x03, .src_mem = 0x03, .dst = ~0ull, .src = ~0ull,
			.dst_stride = ~0u, .src_stride = ~0u, .width = ~0u, .height = ~0u,
		},
	}, {
		.name = "BLEND",
		.cmd = { .opcode = 5, .width = 64, .height = 4 },
		.free = {
			.flags = 0x01, .dst_mem = 0x03, .src_mem = 0x03, .value = 0xff,
			.dst = ~0ull, .src = ~0ull, .dst_stride = ~0u, .src_stride = ~0u,
			.width = ~0u, .height = ~0u,
		},
	}, {
		.name = "FENCE",
		.cmd = { .opcode = 6, .arg = 5 },
		.free = { .flags = 0x03, .arg = ~0ull },
	}, {
		.name = "FENCE, stored",
		.cmd = { .opcode = 6, .flags = 0x02, .arg = 5 },
		.free = { .flags = 0x01, .dst_mem = 0x03, .dst = ~0ull, .arg = ~0ull },
	}, {
		.name = "WAIT",
		.cmd = { .opcode = 7 },
		.free = { .value = 0x01, .arg = ~0ull },
	},
};

static void test_form(struct host *host, unsigned int form)
{
	const u8 *free = (const u8 *)&forms[form].free;
	bool refused = true, known = true;
	struct mvgpu_cmd cmd;
	unsigned int bit;

	tap_is(do_noting(host, &forms[form].cmd), MVGPU_ERROR_NONE, "%s is run", forms[form].name);
	/* The opcode's own bits have a test of their own. */
	for (bit = 8; bit < 8 * sizeof(cmd); bit++) {
		u32 error;

		cmd = forms[form].cmd;
		((u8 *)&cmd)[bit / 8] ^= 1u << bit % 8;
		error = do_noting(host, &cmd);
		if (free[bit / 8] & 1u << bit % 8)
			known &= error != MVGPU_ERROR_COMMAND;
		else if (((u8 *)&cmd)[bit / 8] & 1u << bit % 8)
			refused &= error == MVGPU_ERROR_COMMAND && !written &&
				   !ring_error_address(host, 0) && !ring_head(host, 0);
		if (!known || !refused)
			break;
	}
	tap_ok(known, "%s: what it uses can have any bit set (bit %u)", forms[form].name, bit);
	tap_ok(refused, "%s: all else is refused (bit %u)", forms[form].name, bit);
}

static void test_opcodes(struct host *host)
{
	struct mvgpu_cmd cmd = { 0 };
	bool refused = true;
	unsigned int opcode;

	for (opcode = 0; opcode < 256; opcode++) {
		if (opcode >= MVGPU_CMD_NOP && opcode <= MVGPU_CMD_WAIT)
			continue;
		cmd.opcode = opcode;
		refused &= do_noting(host, &cmd) == MVGPU_ERROR_COMMAND;
	}
	tap_ok(refused, "opcodes that there are not");
}

/* Whole values, where bits alone do not tell. */
static void test_values(struct host *host)
{
	struct place place = { MVGPU_MEM_VRAM, 0, 0 };
	struct mvgpu_cmd blend = cmd_blend(place, place, 4, 1, 255, 0);
	struct mvgpu_cmd copy = cmd_copy(MVGPU_MEM_VRAM, 0, MVGPU_MEM_VRAM, 0, 0);
	struct mvgpu_cmd wait = cmd_wait(1, 0);

	tap_is(do_noting(host, &blend), MVGPU_ERROR_NONE, "opacity 255");
	blend.value = cpu_to_le32(256);
	tap_is(do_noting(host, &blend), MVGPU_ERROR_COMMAND, "opacity 256");
	tap_is(do_noting(host, &wait), MVGPU_ERROR_NONE, "a wait for the last ring");
	wait.value = cpu_to_le32(2);
	tap_is(do_noting(host, &wait), MVGPU_ERROR_COMMAND, "for one that the type does not have");
	wait.value = cpu_to_le32(UINT32_MAX);
	tap_is(do_noting(host, &wait), MVGPU_ERROR_COMMAND, "for one that there cannot be");
	copy.dst_mem = 3;
	tap_is(do_noting(host, &copy), MVGPU_ERROR_COMMAND, "no fourth memory to write to");
	copy.dst_mem = 0;
	copy.src_mem = 3;
	tap_is(do_noting(host, &copy), MVGPU_ERROR_COMMAND, "nor to read, even nothing");
}

/**
 * struct limit - a command, and what becomes of it
 * @cmd: the command
 * @error: MVGPU_ERROR_*
 * @address: which is told
 * @what: it is
 */
struct limit {
	struct mvgpu_cmd cmd;
	u32 error;
	u64 address;
	const char *what;
};

static void test_limits(struct host *host, const struct limit *limits, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++) {
		const struct limit *limit = &limits[i];

		tap_is(do_noting(host, &limit->cmd), limit->error, "%s", limit->what);
		if (!limit->error)
			continue;
		tap_is_hex(ring_error_address(host, 0), limit->address, "the address");
		if (limit->error == MVGPU_ERROR_RANGE)
			tap_ok(!written, "nothing is written");
	}
}

static void test_fills(struct host *host)
{
	const struct place vram = { MVGPU_MEM_VRAM, 0x1000, 256 };
	const struct place end = { MVGPU_MEM_VRAM, VRAM_SIZE - 64, 256 };
	const struct place far = { MVGPU_MEM_VRAM, VRAM_SIZE, 256 };
	const struct place wild = { MVGPU_MEM_VRAM, ~3ull, 0xfffffffc };
	const struct place odd = { MVGPU_MEM_VRAM, 0x1001, 256 };
	const struct place odd_stride = { MVGPU_MEM_VRAM, 0x1000, 258 };
	const struct place wide = { MVGPU_MEM_VRAM, 0, 0xfffffffc };
	const struct place guest = { MVGPU_MEM_GUEST, GUEST_BASE, 0xfffffffc };
	const struct place guest_last = { MVGPU_MEM_GUEST, GUEST_END - 64, 256 };
	const struct place top = { MVGPU_MEM_GUEST, -64ull, 0 };
	const struct place top_gart = { MVGPU_MEM_GART, -64ull, 0 };
	const struct limit limits[] = {
		{ cmd_fill(vram, 64, 2, 1), 0, 0, "a fill" },
		{ cmd_fill(end, 64, 1, 1), 0, 0, "at the end of VRAM" },
		{ cmd_fill(end, 68, 1, 1), MVGPU_ERROR_RANGE, VRAM_SIZE - 64, "beyond it" },
		{ cmd_fill(end, 64, 2, 1), MVGPU_ERROR_RANGE, VRAM_SIZE - 64, "by a line" },
		{ cmd_fill(far, 4, 1, 1), MVGPU_ERROR_RANGE, VRAM_SIZE, "behind it" },
		{ cmd_fill(wild, 4, 1, 1), MVGPU_ERROR_RANGE, ~3ull, "far behind it" },
		{ cmd_fill(wild, 8, 1, 1), MVGPU_ERROR_RANGE, ~3ull, "round the end" },
		{ cmd_fill(wild, 0, UINT32_MAX, 1), 0, 0, "nothing, there" },
		{ cmd_fill(wild, UINT32_MAX, 0, 1), 0, 0, "no lines, there" },
		{ cmd_fill(wide, 4, UINT32_MAX, 1), MVGPU_ERROR_RANGE, 0, "all lines" },
		{ cmd_fill(wide, 0xfffffffc, UINT32_MAX, 1), MVGPU_ERROR_RANGE, 0, "that are long" },
		{ cmd_fill(wide, 4, 2, 1), MVGPU_ERROR_RANGE, 0, "two, far apart" },
		{ cmd_fill(odd, 64, 1, 1), MVGPU_ERROR_RANGE, 0x1001, "an odd address" },
		{ cmd_fill(odd_stride, 64, 1, 1), MVGPU_ERROR_RANGE, 0x1000, "an odd stride" },
		{ cmd_fill(vram, 62, 1, 1), MVGPU_ERROR_RANGE, 0x1000, "an odd width" },
		{ cmd_fill(guest, 64, 2, 1), MVGPU_ERROR_DMA, GUEST_BASE + 0xfffffffcull,
		  "a line that the guest does not have" },
		{ cmd_fill(guest_last, 64, 1, 1), 0, 0, "the guest's last one" },
		{ cmd_fill(guest_last, 68, 1, 1), MVGPU_ERROR_DMA, GUEST_END, "beyond that" },
		{ cmd_fill(top, 64, 1, 1), MVGPU_ERROR_DMA, -64ull, "the last of all addresses" },
		{ cmd_fill(top, 68, 1, 1), MVGPU_ERROR_RANGE, -64ull, "round the end" },
		{ cmd_fill(top_gart, 64, 1, 1), MVGPU_ERROR_GART, -64ull, "the GART's last" },
		{ cmd_fill(top_gart, 68, 1, 1), MVGPU_ERROR_RANGE, -64ull, "round the end" },
	};

	test_limits(host, limits, ARRAY_SIZE(limits));
}

static void test_copies(struct host *host)
{
	const u8 vram = MVGPU_MEM_VRAM, guest = MVGPU_MEM_GUEST;
	const struct limit limits[] = {
		{ cmd_copy(vram, 0, vram, VRAM_SIZE - 9, 9), 0, 0, "a copy from VRAM's end" },
		{ cmd_copy(vram, VRAM_SIZE - 9, vram, 0, 9), 0, 0, "to it" },
		{ cmd_copy(vram, 0, vram, VRAM_SIZE - 9, 10), MVGPU_ERROR_RANGE, VRAM_SIZE - 9,
		  "from beyond" },
		{ cmd_copy(vram, VRAM_SIZE - 9, vram, 0, 10), MVGPU_ERROR_RANGE, VRAM_SIZE - 9,
		  "to beyond" },
		{ cmd_copy(vram, 5, vram, 0, ~0ull), MVGPU_ERROR_RANGE, 5, "everything" },
		{ cmd_copy(vram, 0, vram, ~0ull, 2), MVGPU_ERROR_RANGE, ~0ull, "round the end" },
		{ cmd_copy(vram, VRAM_SIZE, vram, VRAM_SIZE, 0), 0, 0, "nothing" },
		{ cmd_copy(vram, 0, guest, GUEST_END - 1, 1), 0, 0, "the guest's last byte" },
		{ cmd_copy(vram, 0, guest, GUEST_END - 1, 2), MVGPU_ERROR_DMA, GUEST_END,
		  "and one that it does not have" },
		{ cmd_copy(guest, GUEST_BASE - 1, vram, 0, 2), MVGPU_ERROR_DMA, GUEST_BASE - 1,
		  "to before its first" },
		{ cmd_copy(vram, 0, guest, ~0ull, 1), MVGPU_ERROR_DMA, ~0ull, "the very last" },
		{ cmd_copy(vram, 0, guest, ~0ull, 2), MVGPU_ERROR_RANGE, ~0ull, "round the end" },
		{ cmd_copy(guest, 1, guest, 0, ~0ull), MVGPU_ERROR_DMA, -4095ull,
		  "all addresses, from their end" },
		{ cmd_copy(guest, 2, guest, 0, ~0ull), MVGPU_ERROR_RANGE, 2, "one more" },
	};

	test_limits(host, limits, ARRAY_SIZE(limits));
}

static void test_blits(struct host *host)
{
	const struct place vram = { MVGPU_MEM_VRAM, 0x1000, 256 };
	const struct place end = { MVGPU_MEM_VRAM, VRAM_SIZE - 256, 192 };
	const struct place odd = { MVGPU_MEM_VRAM, 0x1002, 256 };
	const struct place odd_stride = { MVGPU_MEM_VRAM, 0x1000, 257 };
	const struct limit limits[] = {
		{ cmd_blit(vram, end, 64, 2), 0, 0, "a blit from VRAM's end" },
		{ cmd_blit(end, vram, 64, 2), 0, 0, "to it" },
		{ cmd_blit(vram, end, 65, 2), MVGPU_ERROR_RANGE, VRAM_SIZE - 256, "from beyond" },
		{ cmd_blit(end, vram, 65, 2), MVGPU_ERROR_RANGE, VRAM_SIZE - 256, "to beyond" },
		{ cmd_blit(vram, end, 64, 3), MVGPU_ERROR_RANGE, VRAM_SIZE - 256, "a line" },
		{ cmd_blit(odd, odd_stride, 63, 2), 0, 0, "odd numbers" },
		{ cmd_blend(vram, end, 64, 2, 9, 0), 0, 0, "a blend from VRAM's end" },
		{ cmd_blend(end, vram, 64, 2, 9, 0), 0, 0, "to it" },
		{ cmd_blend(vram, end, 68, 2, 9, 0), MVGPU_ERROR_RANGE, VRAM_SIZE - 256,
		  "from beyond" },
		{ cmd_blend(odd, vram, 64, 2, 9, 0), MVGPU_ERROR_RANGE, 0x1002, "to odd" },
		{ cmd_blend(vram, odd, 64, 2, 9, 0), MVGPU_ERROR_RANGE, 0x1002, "from odd" },
		{ cmd_blend(odd_stride, vram, 64, 2, 9, 0), MVGPU_ERROR_RANGE, 0x1000, "odd lines" },
		{ cmd_blend(vram, odd_stride, 64, 2, 9, 0), MVGPU_ERROR_RANGE, 0x1000, "odd lines" },
		{ cmd_blend(vram, vram, 63, 2, 9, 0), MVGPU_ERROR_RANGE, 0x1000, "odd width" },
	};

	test_limits(host, limits, ARRAY_SIZE(limits));
}

static void test_fences(struct host *host)
{
	const u8 vram = MVGPU_MEM_VRAM, guest = MVGPU_MEM_GUEST;
	const struct limit limits[] = {
		{ cmd_fence_store(1, 0, vram, VRAM_SIZE - 8), 0, 0, "a fence at VRAM's end" },
		{ cmd_fence_store(1, 0, vram, VRAM_SIZE), MVGPU_ERROR_RANGE, VRAM_SIZE, "beyond" },
		{ cmd_fence_store(1, 0, vram, 4), MVGPU_ERROR_RANGE, 4, "between" },
		{ cmd_fence_store(1, 0, guest, -8ull), MVGPU_ERROR_DMA, -8ull, "the last address" },
		{ cmd_fence_store(1, 0, guest, GUEST_BASE + 1), MVGPU_ERROR_RANGE, GUEST_BASE + 1,
		  "an odd one" },
	};
	struct mvgpu_cmd failing = cmd_fence_store(9, MVGPU_FENCE_INTERRUPT, guest, 0);

	test_limits(host, limits, ARRAY_SIZE(limits));
	reg_write(host, MVGPU_REG_INTR_ACK, MVGPU_CAUSE_MASK);
	tap_is(do_noting(host, &failing), MVGPU_ERROR_DMA, "a fence that cannot be stored");
	tap_is(ring_fence(host, 0), 0, "has not come");
	tap_is_hex(reg_read(host, MVGPU_REG_INTR_STATUS), MVGPU_CAUSE_ERROR, "nor its interrupt");
}

int main(void)
{
	struct mvgpu vgpu;
	struct host host;
	unsigned int i;

	host_init(&host, &vgpu, &host_config);
	host.on_get = hook_note;
	for (i = 0; i < ARRAY_SIZE(forms); i++)
		test_form(&host, i);
	test_opcodes(&host);
	test_values(&host);
	test_fills(&host);
	test_copies(&host);
	test_blits(&host);
	test_fences(&host);
	host_fini(&host);
	return tap_done();
}
