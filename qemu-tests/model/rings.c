// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rings: enabled, given commands, kicked, disabled.
 */
#include "engine.h"

static void test_commands(struct host *host)
{
	struct mvgpu_cmd nop = cmd_nop();
	struct mvgpu_cmd fill = cmd_fill(MVGPU_MEM_VRAM, 0x1000, 4096, 64, 2, 0x11223344);
	struct mvgpu_cmd copy = cmd_copy(MVGPU_MEM_GUEST, GUEST_BASE + 5, MVGPU_MEM_VRAM, 0x1001,
					 63);
	struct mvgpu_cmd fence = cmd_fence(77, MVGPU_FENCE_INTERRUPT);

	ring_enable(host, 0);
	tap_is(ring_reg(host, 0, MVGPU_RING_STATE), MVGPU_RING_STATE_ON, "a ring is enabled");
	tap_is(ring_need_kick(host, 0), 1, "it needs a kick");
	ring_submit(host, 0, &nop);
	ring_submit(host, 0, &fill);
	ring_submit(host, 0, &copy);
	ring_submit(host, 0, &fence);
	reg_write(host, MVGPU_REG_RING(0, MVGPU_RING_KICK), 1);
	tap_ok(host->kicks >= 1, "the kick arrives");
	engine_run(host);
	tap_is(ring_fence(host, 0), 77, "fence");
	tap_is(ring_head(host, 0), 4, "head");
	tap_is(reg_read(host, MVGPU_REG_INTR_STATUS), MVGPU_CAUSE_RING(0), "cause");
	tap_is_hex(*(u32 *)(host->vram + 0x103c), 0x11223344, "filled");
	tap_is_hex(host->guest[5], 0x33, "copied");
	tap_is_hex(host->guest[5 + 62], 0x11, "to the end");
	tap_is_hex(host->guest[5 + 63], 0, "and no further");
	ring_disable(host, 0);
	tap_is(ring_reg(host, 0, MVGPU_RING_STATE), MVGPU_RING_STATE_OFF, "it is disabled");
}

/* Memory that has gone by the time when it is given back */
static void test_lost(struct host *host)
{
	struct mvgpu_cmd copy = cmd_copy(MVGPU_MEM_GUEST, GUEST_BASE + 64, MVGPU_MEM_VRAM, 0, 8);

	ring_enable(host, 0);
	ring_submit(host, 0, &copy);
	host->put_fails = true;
	engine_run(host);
	host->put_fails = false;
	tap_is(ring_reg(host, 0, MVGPU_RING_ERROR), MVGPU_ERROR_DMA, "what is lost is an error");
	tap_is_hex(ring_reg(host, 0, MVGPU_RING_ERROR_ADDR_LO), GUEST_BASE + 64, "with the address");
	ring_disable(host, 0);
}

int main(void)
{
	struct mvgpu vgpu;
	struct host host;

	host_init(&host, &vgpu, &host_config);
	test_commands(&host);
	test_lost(&host);
	host_fini(&host);
	return tap_done();
}
