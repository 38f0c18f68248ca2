// SPDX-License-Identifier: GPL-2.0-only
/*
 * Bus Master Enable and power states: the engine stands still where the function may not reach
 * memory, and goes on when it may.
 */
#include "engine.h"

#define PMCSR		(MVGPU_PCI_CAP_PM + PCI_PM_CTRL)
#define D3HOT		3
#define DEVSTA		(MVGPU_PCI_CAP_EXP + PCI_EXP_DEVSTA)
#define LONG_STEPS	8

/* The two ways to forbid it */
static void forbid_by_command(struct host *host, bool forbid)
{
	set_master(host, !forbid);
}

static void forbid_by_power(struct host *host, bool forbid)
{
	cfg_write(host, PMCSR, 2, forbid ? D3HOT : 0);
}

typedef void (*forbid_fn)(struct host *host, bool forbid);

static void kick(struct host *host)
{
	reg_write(host, MVGPU_REG_RING(0, MVGPU_RING_KICK), 1);
}

static u32 state(struct host *host)
{
	return ring_reg(host, 0, MVGPU_RING_STATE);
}

static void test_submit(struct host *host, forbid_fn forbid, const char *name)
{
	struct mvgpu_cmd fence = cmd_fence(7, 0);
	unsigned int kicks;

	ring_enable(host, 0);
	engine_run(host);
	forbid(host, true);
	tap_is(state(host), MVGPU_RING_STATE_ON, "%s: a ring stays on", name);
	ring_submit_nops(host, 0, 2);
	ring_submit(host, 0, &fence);
	kick(host);
	tap_is(engine_run(host), 0, "%s: nothing is run", name);
	tap_ok(!mvgpu_engine_has_work(host->vgpu), "%s: there is no work", name);
	tap_is(ring_need_kick(host, 0), 1, "%s: the engine sleeps", name);
	tap_is(ring_head(host, 0), 0, "%s: the head stays", name);

	kicks = host->kicks;
	forbid(host, false);
	tap_is(host->kicks, kicks + 1, "%s: what was submitted is not forgotten", name);
	tap_is(engine_run(host), 3, "%s: it is run", name);
	tap_is(ring_fence(host, 0), 7, "%s: to its end", name);
	forbid(host, true);
	forbid(host, false);
	tap_is(host->kicks, kicks + 1, "%s: no kick where nothing was submitted", name);
	ring_disable(host, 0);
}

/* A ring can be set up meanwhile, and disabled. */
static void test_set_up(struct host *host, forbid_fn forbid, const char *name)
{
	unsigned int kicks;

	ring_disable(host, 0);
	set_master(host, true);
	forbid(host, true);
	ring_set_tail(host, 0, 0);
	reg_write(host, MVGPU_REG_RING(0, MVGPU_RING_CTRL), MVGPU_RING_CTRL_ENABLE);
	tap_is(state(host), MVGPU_RING_STATE_ON, "%s: a ring is enabled", name);
	ring_submit_nops(host, 0, 1);
	tap_is(engine_run(host), 0, "%s: and stands still", name);
	ring_disable(host, 0);
	tap_is(state(host), MVGPU_RING_STATE_OFF, "%s: it is disabled at once", name);
	kicks = host->kicks;
	forbid(host, false);
	tap_is(host->kicks, kicks, "%s: a ring that is off is none to kick for", name);
}

static bool pending(struct host *host)
{
	return cfg_read(host, DEVSTA, 2) & PCI_EXP_DEVSTA_TRPND;
}

static forbid_fn hook_forbid;

static void hook(struct host *host, const struct mvgpu_span *spans, unsigned int count)
{
	if (count != 2)
		return;
	host->on_get = NULL;
	hook_forbid(host, true);
	tap_ok(pending(host), "a step is under way: Transactions Pending");
}

/* In the middle of a step of a long command: it ends, and the next one is not begun. */
static void test_long(struct host *host, forbid_fn forbid, const char *name)
{
	struct mvgpu_cmd copy = cmd_copy(MVGPU_MEM_VRAM, 0, MVGPU_MEM_GUEST, GUEST_BASE,
					 LONG_STEPS * MVGPU_STEP_BYTES);

	rnd_fill(host->guest, LONG_STEPS * MVGPU_STEP_BYTES);
	memset(host->vram, 0, LONG_STEPS * MVGPU_STEP_BYTES);
	ring_enable(host, 0);
	ring_submit(host, 0, &copy);
	mvgpu_engine_wake(host->vgpu);
	engine_step(host, MVGPU_STEP_ANY, NULL);
	hook_forbid = forbid;
	host->on_get = hook;
	tap_is(engine_step(host, MVGPU_STEP_ANY, NULL), MVGPU_STEP_WORKED,
	       "%s: the step under way ends", name);
	tap_ok(!pending(host), "%s: then nothing is pending", name);
	tap_is(engine_step(host, MVGPU_STEP_ANY, NULL), MVGPU_STEP_IDLE,
	       "%s: the next one does not begin", name);
	tap_ok(mvgpu_engine_sleep(host->vgpu), "%s: the engine goes to sleep", name);
	tap_ok(!memcmp(host->vram, host->guest, 2 * MVGPU_STEP_BYTES) &&
	       !host->vram[2 * MVGPU_STEP_BYTES], "%s: two steps are done", name);
	tap_is(state(host), MVGPU_RING_STATE_ON, "%s: the ring is on", name);

	forbid(host, false);
	tap_is(engine_run(host), LONG_STEPS - 2, "%s: it goes on where it was", name);
	tap_ok(!memcmp(host->vram, host->guest, LONG_STEPS * MVGPU_STEP_BYTES),
	       "%s: nothing is left out", name);
	tap_is(ring_head(host, 0), 1, "%s: the command is done", name);
	ring_disable(host, 0);
}

/* An engine that is awake looks by itself. */
static void test_awake(struct host *host)
{
	unsigned int kicks;

	ring_enable(host, 0);
	set_master(host, false);
	ring_submit_nops(host, 0, 1);
	mvgpu_engine_wake(host->vgpu);
	kicks = host->kicks;
	set_master(host, true);
	tap_is(host->kicks, kicks, "awake: no kick");
	tap_ok(!mvgpu_engine_sleep(host->vgpu), "awake: it does not go to sleep");
	tap_is(engine_run(host), 1, "awake: it finds the command");
	ring_disable(host, 0);
}

/* Either is enough to forbid it; other bits of Command say nothing. */
static void test_both(struct host *host)
{
	ring_enable(host, 0);
	ring_submit_nops(host, 0, 2);
	set_master(host, false);
	forbid_by_power(host, true);
	set_master(host, true);
	tap_is(engine_run(host), 0, "in D3hot with Bus Master Enable: nothing");
	set_master(host, false);
	forbid_by_power(host, false);
	tap_is(engine_run(host), 0, "in D0 without: nothing");
	cfg_write(host, PCI_COMMAND, 2, 0xffff & ~PCI_COMMAND_MASTER);
	tap_is(engine_run(host), 0, "whatever else Command says");
	cfg_write(host, PCI_COMMAND, 2, PCI_COMMAND_MASTER);
	tap_is(engine_run(host), 2, "with Bus Master Enable alone: all");
	cfg_write(host, PMCSR, 2, 1);
	ring_submit_nops(host, 0, 1);
	tap_is(engine_run(host), 1, "D1, which there is not, stops nothing");
	ring_disable(host, 0);
}

static void test_flr(struct host *host)
{
	ring_enable(host, 0);
	ring_submit_nops(host, 0, 1);
	forbid_by_power(host, true);
	cfg_write(host, MVGPU_PCI_CAP_EXP + PCI_EXP_DEVCTL, 2, PCI_EXP_DEVCTL_BCR_FLR);
	tap_is(cfg_read(host, PMCSR, 2) & PCI_PM_CTRL_STATE_MASK, 0, "after an FLR it is in D0");
	tap_is(cfg_read(host, PCI_COMMAND, 2), 0, "without Bus Master Enable");
	set_master(host, true);
	tap_is(engine_run(host), 0, "and there is no ring to go on with");
	ring_enable(host, 0);
	mvgpu_reset(host->vgpu);
	reg_write(host, MVGPU_REG_RING(0, MVGPU_RING_ORDER), 4);
	reg_write(host, MVGPU_REG_RING(0, MVGPU_RING_CTRL), MVGPU_RING_CTRL_ENABLE);
	ring_set_tail(host, 0, 1);
	tap_is(engine_run(host), 0, "a driver has to allow it");
}

int main(void)
{
	static const struct {
		forbid_fn forbid;
		const char *name;
	} ways[] = {
		{ forbid_by_command, "no Bus Master Enable" },
		{ forbid_by_power, "D3hot" },
	};
	struct mvgpu vgpu;
	struct host host;
	unsigned int i;

	rnd_init();
	host_init(&host, &vgpu, &host_config);
	for (i = 0; i < ARRAY_SIZE(ways); i++) {
		test_submit(&host, ways[i].forbid, ways[i].name);
		test_set_up(&host, ways[i].forbid, ways[i].name);
		test_long(&host, ways[i].forbid, ways[i].name);
	}
	test_awake(&host);
	test_both(&host);
	test_flr(&host);
	host_fini(&host);
	return tap_done();
}
