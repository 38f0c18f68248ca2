// SPDX-License-Identifier: GPL-2.0-only
/*
 * The engine's steps: whose turn it is, how much is done in one, fences and waits, sleeping and
 * kicking.
 */
#include "engine.h"

static const struct place somewhere = { MVGPU_MEM_VRAM, 0x1000, 4096 };

static void test_round_robin(struct host *host)
{
	struct mvgpu_cmd copy = cmd_copy(MVGPU_MEM_VRAM, 0, MVGPU_MEM_VRAM, 1 << 20, 1 << 20);
	unsigned int turns[2] = { 0 }, last, n, i;
	bool alternate = true;

	ring_enable(host, 0);
	ring_enable(host, 1);
	ring_submit(host, 0, &copy);
	ring_submit_nops(host, 1, 5);
	mvgpu_engine_wake(host->vgpu);
	engine_step(host, MVGPU_STEP_ANY, &last);
	turns[last]++;
	for (i = 1; i < 10; i++) {
		engine_step(host, MVGPU_STEP_ANY, &n);
		alternate &= n != last;
		turns[n]++;
		last = n;
	}
	tap_ok(alternate, "rings take turns, step by step");
	tap_is(turns[1], 5, "a long command leaves the other ring its turns");
	tap_is(engine_run(host), 3, "and then has all of them");
	ring_disable(host, 0);
	ring_disable(host, 1);
}

static unsigned int steps_of(struct host *host, struct mvgpu_cmd cmd)
{
	unsigned int steps;

	ring_enable(host, 0);
	ring_submit(host, 0, &cmd);
	steps = engine_run(host);
	ring_disable(host, 0);
	return steps;
}

static void test_lengths(struct host *host)
{
	struct place lines = { MVGPU_MEM_VRAM, 0x1000, 64 };

	tap_is(steps_of(host, cmd_copy(MVGPU_MEM_VRAM, 0, MVGPU_MEM_VRAM, 64, MVGPU_STEP_BYTES)),
	       1, "a step copies %u bytes", MVGPU_STEP_BYTES);
	tap_is(steps_of(host, cmd_copy(MVGPU_MEM_VRAM, 0, MVGPU_MEM_VRAM, 64,
				       MVGPU_STEP_BYTES + 1)), 2, "and no more");
	tap_is(steps_of(host, cmd_fill(somewhere, MVGPU_STEP_FILL, 1, 0)), 1,
	       "or fills %u bytes", MVGPU_STEP_FILL);
	tap_is(steps_of(host, cmd_fill(somewhere, MVGPU_STEP_FILL + 4, 1, 0)), 2, "and no more");
	tap_is(steps_of(host, cmd_fill(lines, 4, MVGPU_STEP_PIECES, 0)), 1, "or %u pieces",
	       MVGPU_STEP_PIECES);
	tap_is(steps_of(host, cmd_fill(lines, 4, MVGPU_STEP_PIECES + 1, 0)), 2, "and no more");
	tap_is(steps_of(host, cmd_copy(MVGPU_MEM_VRAM, 64, MVGPU_MEM_VRAM, 0,
				       4 * MVGPU_STEP_BYTES)), 4, "backward, too");
	tap_is(steps_of(host, cmd_fill(lines, 0, UINT32_MAX, 0)), 1, "nothing to do is done");
}

static void test_cost(struct host *host)
{
	struct mvgpu_cmd lines = cmd_fill(somewhere, 4, 10, 0x5a5a5a5a);
	struct mvgpu_cmd fill = cmd_fill(somewhere, 4096, 1, 0x5a5a5a5a);
	struct mvgpu_cmd fence = cmd_fence(3, MVGPU_FENCE_INTERRUPT);
	struct mvgpu_step step = { .limit = 4095 };

	memset(host->vram, 0, 0x10000);
	ring_enable(host, 0);
	ring_submit(host, 0, &fence);
	ring_submit(host, 0, &fill);
	ring_submit(host, 0, &lines);
	mvgpu_engine_wake(host->vgpu);
	tap_is(engine_step(host, 0, NULL), MVGPU_STEP_WORKED, "a fence costs nothing");
	tap_is(mvgpu_engine_step(host->vgpu, &step), MVGPU_STEP_COSTLY, "too costly: not begun");
	tap_ok(!step.finished && step.ring == 0, "nor finished");
	tap_is_hex(host->vram[0x1000], 0, "nothing is written");
	tap_is(ring_head(host, 0), 1, "it is still to be done");
	tap_is(engine_step(host, 4095, NULL), MVGPU_STEP_COSTLY, "asked again: too costly");
	step.limit = 4096;
	tap_is(mvgpu_engine_step(host->vgpu, &step), MVGPU_STEP_WORKED, "allowed: done");
	tap_ok(step.finished, "and finished");
	tap_is_hex(host->vram[0x1fff], 0x5a, "all of it");
	tap_is(ring_head(host, 0), 2, "the head goes on");

	tap_is(engine_step(host, 10 * MVGPU_LINE_COST - 1, NULL), MVGPU_STEP_COSTLY,
	       "short lines cost too");
	tap_is(engine_step(host, 10 * MVGPU_LINE_COST, NULL), MVGPU_STEP_WORKED, "so much");
	tap_is(engine_step(host, 0, NULL), MVGPU_STEP_IDLE, "nothing is left");
	ring_disable(host, 0);
}

/* Fences that interrupt, step by step; which of them did. */
static u32 interrupts_of(struct host *host, unsigned int fences, unsigned int coalesce)
{
	struct mvgpu_cmd fence = cmd_fence(1, MVGPU_FENCE_INTERRUPT);
	u32 seen = 0, i;

	ring_enable(host, 0);
	reg_write(host, MVGPU_REG_RING(0, MVGPU_RING_COALESCE), coalesce);
	for (i = 0; i < fences; i++)
		ring_submit(host, 0, &fence);
	for (i = 0; i < fences; i++) {
		reg_write(host, MVGPU_REG_INTR_ACK, MVGPU_CAUSE_MASK);
		engine_step(host, MVGPU_STEP_ANY, NULL);
		if (reg_read(host, MVGPU_REG_INTR_STATUS) == MVGPU_CAUSE_RING(0))
			seen |= 1u << i;
	}
	ring_disable(host, 0);
	return seen;
}

static void test_coalescing(struct host *host)
{
	struct mvgpu_cmd fence = cmd_fence(1, MVGPU_FENCE_INTERRUPT);
	struct mvgpu_cmd quiet = cmd_fence(2, 0);
	struct mvgpu_cmd wait = cmd_wait(0, 99);

	tap_is_hex(interrupts_of(host, 5, 0), 0x1f, "each fence interrupts");
	tap_is_hex(interrupts_of(host, 5, 1), 0x1a, "each second, and the last");
	tap_is_hex(interrupts_of(host, 8, 2), 0xa4, "each third, and the last");
	tap_is_hex(interrupts_of(host, 4, 255), 0x08, "the last");

	reg_write(host, MVGPU_REG_INTR_ACK, MVGPU_CAUSE_MASK);
	ring_enable(host, 0);
	ring_submit(host, 0, &quiet);
	engine_run(host);
	tap_is_hex(reg_read(host, MVGPU_REG_INTR_STATUS), 0, "not one that does not ask for it");
	ring_submit(host, 0, &fence);
	ring_submit(host, 0, &quiet);
	engine_step(host, MVGPU_STEP_ANY, NULL);
	tap_is_hex(reg_read(host, MVGPU_REG_INTR_STATUS), 0, "held back");
	engine_step(host, MVGPU_STEP_ANY, NULL);
	tap_is_hex(reg_read(host, MVGPU_REG_INTR_STATUS), MVGPU_CAUSE_RING(0),
		   "until nothing is left to do, whatever is last");
	reg_write(host, MVGPU_REG_INTR_ACK, MVGPU_CAUSE_MASK);
	ring_submit(host, 0, &fence);
	ring_submit(host, 0, &wait);
	engine_run(host);
	tap_is_hex(reg_read(host, MVGPU_REG_INTR_STATUS), MVGPU_CAUSE_RING(0), "or it waits");
	reg_write(host, MVGPU_REG_INTR_ACK, MVGPU_CAUSE_MASK);
	reg_write(host, MVGPU_REG_RING(0, MVGPU_RING_COALESCE), 0);
	ring_disable(host, 0);
}

static void test_waits(struct host *host)
{
	struct mvgpu_cmd fence = cmd_fence(5, 0), after = cmd_fence(1, 0);
	struct mvgpu_cmd wait = cmd_wait(0, 5);

	ring_enable(host, 0);
	ring_enable(host, 1);
	ring_submit(host, 1, &wait);
	ring_submit(host, 1, &after);
	tap_is(engine_run(host), 1, "a wait begins");
	tap_is(ring_head(host, 1), 0, "and is not done");
	tap_ok(!mvgpu_engine_has_work(host->vgpu), "meanwhile there is nothing to do");
	fence.arg = cpu_to_le64(4);
	ring_submit(host, 0, &fence);
	engine_run(host);
	tap_is(ring_head(host, 1), 0, "an earlier fence does not end it");
	fence.arg = cpu_to_le64(6);
	ring_submit(host, 0, &fence);
	engine_run(host);
	tap_is(ring_head(host, 1), 2, "a later one does");
	tap_is(ring_fence(host, 1), 1, "and what is behind it is done");

	wait.arg = cpu_to_le64(6 - (1ull << 63) + 1);
	ring_submit(host, 1, &wait);
	engine_run(host);
	tap_is(ring_head(host, 1), 3, "modulo 2^64, up to half of that");
	wait.arg = cpu_to_le64(6 - (1ull << 63));
	ring_submit(host, 1, &wait);
	engine_run(host);
	tap_is(ring_head(host, 1), 3, "and no more");

	ring_disable(host, 1);
	tap_is(ring_reg(host, 1, MVGPU_RING_STATE), MVGPU_RING_STATE_OFF,
	       "a ring that waits can be disabled");
	ring_enable(host, 1);
	ring_submit(host, 1, &after);
	engine_run(host);
	tap_is(ring_fence(host, 1), 1, "and has forgotten its wait");
	ring_disable(host, 0);
	ring_disable(host, 1);
}

static void test_timeout(struct host *host)
{
	struct mvgpu_cmd copy = cmd_copy(MVGPU_MEM_VRAM, 0, MVGPU_MEM_VRAM, 1 << 20, 1 << 20);
	struct mvgpu_cmd wait = cmd_wait(0, 1);

	ring_enable(host, 0);
	mvgpu_engine_timeout(host->vgpu, 0);
	tap_is(ring_reg(host, 0, MVGPU_RING_STATE), MVGPU_RING_STATE_ON,
	       "no time is over where nothing runs");
	ring_submit_nops(host, 0, 1);
	ring_submit(host, 0, &copy);
	engine_step(host, MVGPU_STEP_ANY, NULL);
	engine_step(host, MVGPU_STEP_ANY, NULL);
	mvgpu_engine_timeout(host->vgpu, 0);
	tap_is(ring_reg(host, 0, MVGPU_RING_ERROR), MVGPU_ERROR_TIMEOUT, "a command's time is over");
	tap_is(ring_reg(host, 0, MVGPU_RING_ERROR_HEAD), 1, "that is the one");
	tap_is(engine_run(host), 0, "it is not gone on with");

	ring_disable(host, 0);
	ring_enable(host, 0);
	mvgpu_engine_timeout(host->vgpu, 0);
	tap_is(ring_reg(host, 0, MVGPU_RING_STATE), MVGPU_RING_STATE_ON, "nor is the next to blame");
	ring_submit(host, 0, &wait);
	engine_run(host);
	mvgpu_engine_timeout(host->vgpu, 0);
	tap_is(ring_reg(host, 0, MVGPU_RING_ERROR), MVGPU_ERROR_TIMEOUT, "a wait can be ended so");
	ring_disable(host, 0);
	mvgpu_engine_timeout(host->vgpu, 0);
	tap_is(ring_reg(host, 0, MVGPU_RING_STATE), MVGPU_RING_STATE_OFF, "a ring that is off stays");
}

static void hook_disable(struct host *host, const struct mvgpu_span *spans, unsigned int count)
{
	ring_disable(host, 0);
}

static void test_abandoned(struct host *host)
{
	struct mvgpu_cmd copy = cmd_copy(MVGPU_MEM_VRAM, 0, MVGPU_MEM_VRAM, 1 << 20, 1 << 20);
	struct mvgpu_step step = { .limit = MVGPU_STEP_ANY };

	ring_enable(host, 0);
	ring_submit(host, 0, &copy);
	mvgpu_engine_step(host->vgpu, &step);
	tap_ok(step.began && !step.finished, "a step of a long command: begun, not finished");
	host->on_get = hook_disable;
	mvgpu_engine_step(host->vgpu, &step);
	host->on_get = NULL;
	tap_ok(!step.began && step.finished, "abandoned meanwhile: finished");
}

/* Each piece of memory is there only when it is asked for once more. */
static void test_put_off(struct host *host)
{
	struct mvgpu_cmd fill = cmd_fill(somewhere, 4096, 3, 0x5a5a5a5a), wait = cmd_wait(1, 1u << 20);
	struct mvgpu_step step = { .limit = MVGPU_STEP_ANY };
	unsigned int i;

	memset(host->vram, 0, 0x10000);
	ring_enable(host, 0);
	ring_submit(host, 0, &wait);
	ring_submit(host, 0, &fill);
	engine_run(host);
	ring_disable(host, 0);

	/* The ring's command is a WAIT still, as far as it has been fetched. */
	ring_enable(host, 0);
	ring_submit(host, 0, &fill);
	mvgpu_engine_wake(host->vgpu);
	host->put_off = 2;
	host->gets = 1;
	tap_is(mvgpu_engine_step(host->vgpu, &step), MVGPU_STEP_COSTLY, "no command yet: put off");
	tap_ok(!step.began, "nor has it begun");
	tap_is(mvgpu_engine_step(host->vgpu, &step), MVGPU_STEP_COSTLY, "no memory yet: put off");
	tap_ok(step.began && !step.finished, "but it has begun");
	tap_is_hex(host->vram[0x1000], 0, "nothing is written");
	for (i = 1; i < 3; i++) {
		tap_is(mvgpu_engine_step(host->vgpu, &step), MVGPU_STEP_COSTLY,
		       "the next line: put off");
		tap_is_hex(host->vram[0x1000 * i], 0x5a, "the one before it is written");
	}
	tap_is(mvgpu_engine_step(host->vgpu, &step), MVGPU_STEP_WORKED, "the last one");
	tap_ok(!step.began && step.finished, "finished");
	tap_is(ring_reg(host, 0, MVGPU_RING_STATE), MVGPU_RING_STATE_ON, "nothing has failed");
	tap_is(ring_head(host, 0), 1, "the head goes on");
	host->put_off = 0;
	ring_disable(host, 0);
}

static void kick(struct host *host, unsigned int n)
{
	reg_write(host, MVGPU_REG_RING(n, MVGPU_RING_KICK), 1);
}

static void test_kicks(struct host *host)
{
	unsigned int kicks;

	engine_run(host);
	kicks = host->kicks;
	ring_enable(host, 0);
	tap_is(host->kicks, ++kicks, "who enables a ring kicks");
	kick(host, 0);
	tap_is(host->kicks, ++kicks, "asleep: a kick arrives");
	kick(host, 1);
	tap_is(host->kicks, ++kicks, "of whatever ring");
	tap_is(ring_need_kick(host, 0), 1, "the flag says that it needs them");

	mvgpu_engine_wake(host->vgpu);
	tap_is(ring_need_kick(host, 0), 0, "awake: it says that none is needed");
	kick(host, 0);
	tap_is(host->kicks, kicks, "and none arrives");
	ring_submit_nops(host, 0, 1);
	tap_ok(mvgpu_engine_has_work(host->vgpu), "there is work");
	tap_ok(!mvgpu_engine_sleep(host->vgpu), "with work it does not go to sleep");
	tap_is(ring_need_kick(host, 0), 0, "and needs no kick");
	engine_step(host, MVGPU_STEP_ANY, NULL);
	tap_ok(!mvgpu_engine_has_work(host->vgpu), "there is none left");
	tap_ok(mvgpu_engine_sleep(host->vgpu), "without work it does");
	tap_is(ring_need_kick(host, 0), 1, "and needs kicks");
	tap_is(ring_need_kick(host, 1), 1, "all rings do");
	tap_is(ring_need_kick(host, 2), 0, "that there are");

	mvgpu_engine_wake(host->vgpu);
	mvgpu_reset(host->vgpu);
	tap_is(ring_need_kick(host, 0), 1, "after a reset the flag is set, to be sure");
	tap_ok(mvgpu_engine_sleep(host->vgpu), "the engine is still awake, and goes to sleep");
	kick(host, 0);
	tap_is(host->kicks, ++kicks, "from which a kick wakes it");

	mvgpu_engine_wake(host->vgpu);
	ring_enable(host, 0);
	ring_submit_nops(host, 0, 1);
	mvgpu_engine_want_kicks(host->vgpu);
	tap_is(ring_need_kick(host, 0), 1, "asked for kicks while there is work: the flag is set");
	kick(host, 0);
	tap_is(host->kicks, ++kicks, "and one arrives");
	engine_run(host);
	ring_disable(host, 0);
}

int main(void)
{
	struct mvgpu vgpu;
	struct host host;

	host_init(&host, &vgpu, &host_config);
	tap_is(ring_need_kick(&host, 0), 1, "a new device sleeps");
	test_round_robin(&host);
	test_lengths(&host);
	test_cost(&host);
	test_coalescing(&host);
	test_waits(&host);
	test_timeout(&host);
	test_abandoned(&host);
	test_put_off(&host);
	test_kicks(&host);
	host_fini(&host);
	return tap_done();
}
