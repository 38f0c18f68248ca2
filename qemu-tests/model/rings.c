// SPDX-License-Identifier: GPL-2.0-only
/*
 * The life of a ring: enabled, given commands, stopped by mistakes, disabled, reset.
 */
#include "engine.h"

#define STATE(host, n)		ring_reg(host, n, MVGPU_RING_STATE)
#define ERROR(host, n)		ring_reg(host, n, MVGPU_RING_ERROR)

static void test_commands(struct host *host)
{
	struct mvgpu_cmd fill = cmd_fill((struct place){ MVGPU_MEM_VRAM, 0x1000, 4096 }, 64, 2,
					 0x11223344);
	struct mvgpu_cmd copy = cmd_copy(MVGPU_MEM_GUEST, GUEST_BASE + 5, MVGPU_MEM_VRAM, 0x1001,
					 63);
	struct mvgpu_cmd fence = cmd_fence(77, MVGPU_FENCE_INTERRUPT);

	tap_is(STATE(host, 0), MVGPU_RING_STATE_OFF, "a ring is off");
	ring_enable(host, 0);
	tap_is(STATE(host, 0), MVGPU_RING_STATE_ON, "it is enabled");
	ring_submit_nops(host, 0, 1);
	ring_submit(host, 0, &fill);
	ring_submit(host, 0, &copy);
	ring_submit(host, 0, &fence);
	engine_run(host);
	tap_is(ring_fence(host, 0), 77, "fence");
	tap_is(ring_head(host, 0), 4, "head");
	tap_is(reg_read(host, MVGPU_REG_INTR_STATUS), MVGPU_CAUSE_RING(0), "cause");
	tap_is_hex(*(u32 *)(host->vram + 0x103c), 0x11223344, "filled");
	tap_is_hex(host->guest[5], 0x33, "copied");
	tap_is_hex(host->guest[5 + 62], 0x11, "to the end");
	tap_is_hex(host->guest[5 + 63], 0, "and no further");
	tap_is(host->vgpu->engine.stats.commands, 4, "commands are counted");
	tap_is(host->vgpu->engine.stats.bytes, 2 * 64 + 63, "and the bytes that they write");

	ring_disable(host, 0);
	tap_is(STATE(host, 0), MVGPU_RING_STATE_OFF, "it is disabled");
	tap_is(ring_fence(host, 0), 77, "the fence stays");
	ring_enable(host, 0);
	tap_is(ring_fence(host, 0), 0, "it is 0 when the ring is enabled again");
	tap_is(ring_head(host, 0), 0, "and so is the head");
	ring_disable(host, 0);
}

/* Memory that has gone by the time when it is given back */
static void test_lost(struct host *host)
{
	struct mvgpu_cmd copy = cmd_copy(MVGPU_MEM_GUEST, GUEST_BASE + 64, MVGPU_MEM_VRAM, 0, 8);

	host->put_fails = true;
	tap_is(engine_do(host, &copy), MVGPU_ERROR_DMA, "what is lost is an error");
	host->put_fails = false;
	tap_is_hex(ring_error_address(host, 0), GUEST_BASE + 64, "with the address");
	ring_disable(host, 0);
}

/* Filled to the brim again and again, in each memory and of the smallest and the largest size. */
static void test_wrap(struct host *host, u8 mem, u64 base, u32 order)
{
	u32 room = (1u << order) - 1, done = 0, i;
	bool agrees = true;
	u64 value = 0;

	ring_enable_at(host, 0, mem, base, order);
	for (i = 0; i < 5; i++) {
		struct mvgpu_cmd fence = cmd_fence(++value, 0);

		ring_submit_nops(host, 0, room - 1);
		ring_submit(host, 0, &fence);
		done += room;
		agrees &= engine_run(host) == room && ring_fence(host, 0) == value &&
			  ring_head(host, 0) == done % (room + 1);
	}
	tap_ok(agrees, "memory %u: 5 times %u commands, around the ring", mem, room);
	ring_disable(host, 0);
}

static void test_bad_tail(struct host *host, u32 tail)
{
	reg_write(host, MVGPU_REG_INTR_ACK, MVGPU_CAUSE_MASK);
	ring_enable(host, 0);
	ring_submit_nops(host, 0, 3);
	engine_run(host);
	ring_set_tail(host, 0, tail);
	engine_run(host);
	tap_is(STATE(host, 0), MVGPU_RING_STATE_ERROR, "tail %#x stops the ring", tail);
	tap_is(ERROR(host, 0), MVGPU_ERROR_TAIL, "because of the tail");
	tap_is(ring_reg(host, 0, MVGPU_RING_ERROR_HEAD), 3, "at the head");
	tap_is_hex(reg_read(host, MVGPU_REG_INTR_STATUS), MVGPU_CAUSE_ERROR, "with an interrupt");

	ring_set_tail(host, 0, 5);
	tap_is(engine_run(host), 0, "a good one does not wake it");
	ring_disable(host, 0);
	tap_is(STATE(host, 0), MVGPU_RING_STATE_OFF, "it can be disabled");
	tap_is(ERROR(host, 0), MVGPU_ERROR_TAIL, "what the error was can still be read");
	ring_enable(host, 0);
	tap_is(ERROR(host, 0), MVGPU_ERROR_NONE, "it is gone with the next time");
	ring_submit_nops(host, 0, 2);
	tap_is(engine_run(host), 2, "which works");
	ring_disable(host, 0);
}

static void test_configs(struct host *host)
{
	u64 vram = host_config.vram_size;
	const struct {
		unsigned int n;
		u8 mem;
		u64 base;
		u32 order;
		bool good;
	} cases[] = {
		{ 0, MVGPU_MEM_VRAM, 0, 1, true },
		{ 0, MVGPU_MEM_VRAM, 0, 12, true },
		{ 0, MVGPU_MEM_VRAM, 0, 0, false },
		{ 0, MVGPU_MEM_VRAM, 0, 13, false },
		{ 0, MVGPU_MEM_VRAM, 0, 32, false },
		{ 0, MVGPU_MEM_VRAM, 0, UINT32_MAX, false },
		{ 0, MVGPU_MEM_VRAM, vram - 2 * MVGPU_CMD_SIZE, 1, true },
		{ 0, MVGPU_MEM_VRAM, vram - MVGPU_CMD_SIZE, 1, false },
		{ 0, MVGPU_MEM_VRAM, vram, 1, false },
		{ 0, MVGPU_MEM_VRAM, 1ull << 32, 1, false },
		{ 0, MVGPU_MEM_VRAM, ~63ull, 1, false },
		{ 0, MVGPU_MEM_GUEST, -2ull * MVGPU_CMD_SIZE, 1, true },
		{ 0, MVGPU_MEM_GUEST, -1ull * MVGPU_CMD_SIZE, 1, false },
		{ 0, MVGPU_MEM_GART, 0, 1, true },
		{ 0, 3, 0, 1, false },
		{ 1, MVGPU_MEM_VRAM, 0, 1, true },
		{ 2, MVGPU_MEM_VRAM, 0, 1, false },	/* the type has two rings */
		{ 3, MVGPU_MEM_VRAM, 0, 1, false },
	};
	unsigned int gets = host->gets, i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		unsigned int n = cases[i].n;

		reg_write(host, MVGPU_REG_INTR_ACK, MVGPU_CAUSE_MASK);
		ring_enable_at(host, n, cases[i].mem, cases[i].base, cases[i].order);
		tap_is(STATE(host, n),
		       cases[i].good ? MVGPU_RING_STATE_ON : MVGPU_RING_STATE_ERROR,
		       "ring %u, memory %u, base %#llx, order %u", n, cases[i].mem,
		       (unsigned long long)cases[i].base, cases[i].order);
		tap_is(ERROR(host, n), cases[i].good ? MVGPU_ERROR_NONE : MVGPU_ERROR_RING,
		       "%s", cases[i].good ? "is good" : "makes no sense");
		tap_is_hex(reg_read(host, MVGPU_REG_INTR_STATUS),
			   cases[i].good ? 0 : MVGPU_CAUSE_ERROR, "causes");
		engine_run(host);
		ring_disable(host, n);
	}
	tap_is(host->gets, gets, "nothing was read");
}

/* A bad command between good ones */
static void test_error(struct host *host)
{
	struct mvgpu_cmd copy = cmd_copy(MVGPU_MEM_VRAM, 0, MVGPU_MEM_GUEST, 0x123456789, 8);
	struct mvgpu_cmd fence = cmd_fence(5, MVGPU_FENCE_INTERRUPT);
	u64 errors = host->vgpu->engine.stats.errors;

	reg_write(host, MVGPU_REG_INTR_ACK, MVGPU_CAUSE_MASK);
	reg_write(host, MVGPU_REG_RING(0, MVGPU_RING_COALESCE), 255);
	ring_enable(host, 0);
	ring_submit(host, 0, &fence);
	ring_submit_nops(host, 0, 1);
	ring_submit(host, 0, &copy);
	ring_submit_nops(host, 0, 1);
	engine_run(host);
	tap_is(ERROR(host, 0), MVGPU_ERROR_DMA, "memory that the guest does not have");
	tap_is_hex(ring_error_address(host, 0), 0x123456789, "its address");
	tap_is(ring_reg(host, 0, MVGPU_RING_ERROR_HEAD), 2, "the command");
	tap_is(ring_head(host, 0), 2, "those before it are done");
	tap_is(ring_fence(host, 0), 5, "and their fence is there");
	tap_is_hex(reg_read(host, MVGPU_REG_INTR_STATUS),
		   MVGPU_CAUSE_RING(0) | MVGPU_CAUSE_ERROR, "with its interrupt");
	tap_is(host->vgpu->engine.stats.errors, errors + 1, "errors are counted");
	reg_write(host, MVGPU_REG_RING(0, MVGPU_RING_COALESCE), 0);
	ring_disable(host, 0);
}

/* What the hooks below do in the middle of a step: while the ring's second command is being run */
static bool second_command(struct host *host, const struct mvgpu_span *spans, unsigned int count)
{
	if (count != 2)
		return false;
	host->on_get = NULL;
	return true;
}

static void hook_disable(struct host *host, const struct mvgpu_span *spans, unsigned int count)
{
	if (!second_command(host, spans, count))
		return;
	ring_disable(host, 0);
	tap_is(STATE(host, 0), MVGPU_RING_STATE_STOPPING, "disabled while it works: stopping");
}

static void hook_enable(struct host *host, const struct mvgpu_span *spans, unsigned int count)
{
	struct mvgpu_cmd fence = cmd_fence(22, 0);

	if (!second_command(host, spans, count))
		return;
	ring_disable(host, 0);
	ring_enable(host, 0);
	tap_is(STATE(host, 0), MVGPU_RING_STATE_ON, "enabled again while it works: on");
	ring_submit(host, 0, &fence);
}

static void hook_bad_enable(struct host *host, const struct mvgpu_span *spans, unsigned int count)
{
	if (!second_command(host, spans, count))
		return;
	ring_disable(host, 0);
	ring_enable_at(host, 0, 3, 0, 1);
	tap_is(STATE(host, 0), MVGPU_RING_STATE_ERROR, "badly enabled while it works: error");
}

static void hook_reset(struct host *host, const struct mvgpu_span *spans, unsigned int count)
{
	if (second_command(host, spans, count))
		mvgpu_reset(host->vgpu);
}

/* A fence and a copy; the hook comes while the copy is being run. */
static void run_hooked(struct host *host, void (*hook)(struct host *host,
						       const struct mvgpu_span *spans,
						       unsigned int count))
{
	struct mvgpu_cmd copy = cmd_copy(MVGPU_MEM_GUEST, GUEST_BASE, MVGPU_MEM_VRAM, 0,
					 4 * MVGPU_STEP_BYTES);
	struct mvgpu_cmd fence = cmd_fence(11, 0);

	ring_enable(host, 0);
	ring_submit(host, 0, &fence);
	ring_submit(host, 0, &copy);
	ring_submit_nops(host, 0, 3);
	host->on_get = hook;
	engine_run(host);
	tap_ok(!host->on_get, "the hook came");
}

static void test_busy(struct host *host)
{
	run_hooked(host, hook_disable);
	tap_is(STATE(host, 0), MVGPU_RING_STATE_OFF, "then off");
	tap_is(ring_head(host, 0), 1, "the command is not done");
	tap_is(ring_fence(host, 0), 11, "the fence stays");

	run_hooked(host, hook_enable);
	tap_is(STATE(host, 0), MVGPU_RING_STATE_ON, "the step's end changes nothing");
	tap_is(ring_head(host, 0), 1, "the new commands are run, the old ones are not");
	tap_is(ring_fence(host, 0), 22, "the new fence is there");
	ring_disable(host, 0);

	run_hooked(host, hook_bad_enable);
	tap_is(STATE(host, 0), MVGPU_RING_STATE_ERROR, "the step's end changes nothing");
	ring_disable(host, 0);
	tap_is(STATE(host, 0), MVGPU_RING_STATE_OFF, "and it is off at once");
}

/* A reset forgets all, also what a step is at. */
static void test_reset(struct host *host)
{
	struct mvgpu_cmd wait = cmd_wait(0, 11), fence = cmd_fence(1, 0);
	static u8 want[MVGPU_SHARED_SIZE];
	unsigned int n;

	run_hooked(host, hook_reset);
	tap_is(STATE(host, 0), MVGPU_RING_STATE_OFF, "reset while it works: off");
	memset(want, 0, sizeof(want));
	for (n = 0; n < host_config.num_rings; n++)
		want[MVGPU_STATUS_NEED_KICK(n) - MVGPU_TAILS_OFFSET] = 1;
	tap_ok(!memcmp(host->shared, want, sizeof(want)),
	       "the shared pages are as they began, whatever the step came to");
	tap_is_hex(reg_read(host, MVGPU_REG_INTR_STATUS), 0, "no cause is pending");

	ring_enable(host, 1);
	ring_submit(host, 1, &wait);
	ring_submit(host, 1, &fence);
	engine_run(host);
	tap_is(ring_fence(host, 1), 0, "nobody can wait for fences from before");
	mvgpu_reset(host->vgpu);
}

/* What is in a ring is copied before it is looked at. */
static void hook_rewrite(struct host *host, const struct mvgpu_span *spans, unsigned int count)
{
	if (count != 1 || !spans[0].write)
		return;
	memset(host->vram + RING_BASE(0), 0xff, RING_ENTRIES * MVGPU_CMD_SIZE);
}

static void test_read_once(struct host *host)
{
	u32 size = 3 * MVGPU_STEP_FILL;
	struct mvgpu_cmd fill = cmd_fill((struct place){ MVGPU_MEM_VRAM, 0x1000, 0 }, size, 1,
					 0xabcdef01);

	memset(host->vram, 0, size + 0x2000);
	host->on_get = hook_rewrite;
	tap_is(engine_do(host, &fill), MVGPU_ERROR_NONE, "a command that changes in its ring");
	host->on_get = NULL;
	tap_is_hex(*(u32 *)(host->vram + 0x1000 + size - 4), 0xabcdef01, "is run as it was");
	tap_is_hex(*(u32 *)(host->vram + 0x1000 + size), 0, "to its end");
	ring_disable(host, 0);
}

/* A command that writes the next one, into a ring that is two at once */
static void test_self(struct host *host)
{
	struct mvgpu_cmd copy = cmd_copy(MVGPU_MEM_VRAM, RING_BASE(0) + MVGPU_CMD_SIZE,
					 MVGPU_MEM_VRAM, 0x8000, MVGPU_CMD_SIZE);
	struct mvgpu_cmd fence = cmd_fence(42, 0);

	memcpy(host->vram + 0x8000, &fence, sizeof(fence));
	ring_enable(host, 0);
	ring_enable_at(host, 1, MVGPU_MEM_VRAM, RING_BASE(0), 4);
	ring_submit(host, 0, &copy);
	ring_submit_nops(host, 0, 1);
	engine_run(host);
	tap_is(ring_fence(host, 0), 42, "a ring that writes to itself");
	ring_set_tail(host, 1, 2);
	engine_run(host);
	tap_is(ring_fence(host, 1), 42, "two rings at one place");
	tap_is(ring_head(host, 1), 2, "each with its own head");
	ring_disable(host, 0);
	ring_disable(host, 1);
}

int main(void)
{
	unsigned int mem, order;
	struct mvgpu vgpu;
	struct host host;

	rnd_init();
	host_init(&host, &vgpu, &host_config);
	test_commands(&host);
	test_lost(&host);
	for (mem = 0; mem < MVGPU_NUM_MEMS; mem++) {
		/* The GART's pages are the guest's in another order. */
		static const u64 bases[] = { 0x40, GUEST_BASE + 0x40, 0x1040 };

		for (order = 0; order < 4096; order++)
			gart_set(&host, GUEST_BASE + 0x200000, order,
				 MVGPU_GART_VALID | (GUEST_BASE + (order ^ 5) % 256 * 4096));
		gart_use(&host, GUEST_BASE + 0x200000, 4096);
		for (order = MVGPU_RING_MIN_ORDER; order <= MVGPU_RING_MAX_ORDER; order += 11)
			test_wrap(&host, mem, bases[mem], order);
	}
	test_bad_tail(&host, RING_ENTRIES);
	test_bad_tail(&host, UINT32_MAX);
	test_configs(&host);
	test_error(&host);
	test_busy(&host);
	test_reset(&host);
	test_read_once(&host);
	test_self(&host);
	host_fini(&host);
	return tap_done();
}
