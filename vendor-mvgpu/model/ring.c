// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Rings: their registers, the memory that the guest shares with them, and the steps of the engine.
 *
 * The guest stores a tail, then looks whether the engine needs a kick.  The engine says that it
 * does, then looks at the tails once more, and goes to sleep.  With a full barrier between the two
 * on either side one of them sees what the other has done.
 */
#include "engine_parts.h"
#include "fields.h"

/**
 * struct mvgpu_work - what a step is about
 * @n: the ring
 * @epoch: of that ring
 * @base: address of that ring
 * @mem: MVGPU_MEM_*, in which that is
 * @entries: commands that it has room for
 * @head: index of the command
 * @tail: index behind the last one that there is
 * @trouble: why the ring has to stop, if it has
 */
struct mvgpu_work {
	unsigned int n;
	u32 epoch;
	u64 base;
	u8 mem;
	u32 entries;
	u32 head;
	u32 tail;
	struct mvgpu_trouble trouble;
};

/* Statistics are read without a lock. */
static void mvgpu_stat_add(u64 *stat, u64 n)
{
	WRITE_ONCE(*stat, *stat + n);
}

static __le32 *mvgpu_shared_word(const struct mvgpu *vgpu, u32 offset)
{
	return &vgpu->spaces[MVGPU_IMAGE_SHARED].words[(offset - MVGPU_TAILS_OFFSET) / 4];
}

/* What the device has done before can be seen when this can. */
static void mvgpu_status_store(struct mvgpu *vgpu, u32 offset, u32 value)
{
	mvgpu_store_release(mvgpu_shared_word(vgpu, offset), cpu_to_le32(value));
}

/* In one store: a guest must not see half of it. */
static void mvgpu_status_store64(struct mvgpu *vgpu, u32 offset, u64 value)
{
	mvgpu_store_release((__le64 *)mvgpu_shared_word(vgpu, offset), cpu_to_le64(value));
}

/* The commands before it are there to be read once the tail has been. */
static u32 mvgpu_ring_tail(const struct mvgpu *vgpu, unsigned int n)
{
	return le32_to_cpu(mvgpu_load_acquire(mvgpu_shared_word(vgpu, MVGPU_TAIL(n))));
}

static u32 mvgpu_ring_load(const struct mvgpu *vgpu, unsigned int n, u32 reg)
{
	return mvgpu_image_load(vgpu, MVGPU_IMAGE_REGS, MVGPU_REG_RING(n, reg), 4);
}

static void mvgpu_ring_store(struct mvgpu *vgpu, unsigned int n, u32 reg, u32 value)
{
	mvgpu_image_store(vgpu, MVGPU_IMAGE_REGS, MVGPU_REG_RING(n, reg), value, ~0u);
}

static bool mvgpu_ring_is_on(const struct mvgpu *vgpu, unsigned int n)
{
	return mvgpu_ring_load(vgpu, n, MVGPU_RING_STATE) == MVGPU_RING_STATE_ON;
}

/* What a ring is doing comes to nothing. */
static void mvgpu_ring_abandon(struct mvgpu *vgpu, unsigned int n)
{
	struct mvgpu_ring *ring = &vgpu->engine.rings[n];

	ring->epoch++;
	if (vgpu->engine.busy != n)
		ring->active = false;
}

/* Raise what fences have held back. */
static void mvgpu_ring_interrupt(struct mvgpu *vgpu, unsigned int n)
{
	if (!vgpu->engine.rings[n].held)
		return;
	vgpu->engine.rings[n].held = 0;
	mvgpu_causes_change(vgpu, MVGPU_CAUSE_RING(n), 0);
}

static void mvgpu_ring_stop(struct mvgpu *vgpu, unsigned int n, u32 head,
			    const struct mvgpu_trouble *trouble)
{
	mvgpu_ring_abandon(vgpu, n);
	mvgpu_ring_store(vgpu, n, MVGPU_RING_STATE, MVGPU_RING_STATE_ERROR);
	mvgpu_ring_store(vgpu, n, MVGPU_RING_ERROR, trouble->error);
	mvgpu_ring_store(vgpu, n, MVGPU_RING_ERROR_HEAD, head);
	mvgpu_ring_store(vgpu, n, MVGPU_RING_ERROR_ADDR_LO, trouble->address);
	mvgpu_ring_store(vgpu, n, MVGPU_RING_ERROR_ADDR_HI, trouble->address >> 32);
	mvgpu_stat_add(&vgpu->engine.stats.errors, 1);
	mvgpu_ring_interrupt(vgpu, n);
	mvgpu_causes_change(vgpu, MVGPU_CAUSE_ERROR, 0);
}

static void mvgpu_ring_clear(struct mvgpu *vgpu, unsigned int n)
{
	struct mvgpu_ring *ring = &vgpu->engine.rings[n];

	ring->head = 0;
	ring->held = 0;
	ring->fence = 0;
}

static bool mvgpu_ring_set_up(struct mvgpu *vgpu, unsigned int n)
{
	u32 order = mvgpu_ring_load(vgpu, n, MVGPU_RING_ORDER);
	struct mvgpu_ring *ring = &vgpu->engine.rings[n];

	ring->mem = (mvgpu_ring_load(vgpu, n, MVGPU_RING_CTRL) & MVGPU_RING_CTRL_MEM_MASK) >>
		    MVGPU_RING_CTRL_MEM_SHIFT;
	ring->base = mvgpu_ring_load(vgpu, n, MVGPU_RING_BASE_LO) |
		     (u64)mvgpu_ring_load(vgpu, n, MVGPU_RING_BASE_HI) << 32;
	mvgpu_ring_clear(vgpu, n);
	if (n >= vgpu->config->num_rings || ring->mem >= MVGPU_NUM_MEMS ||
	    order < MVGPU_RING_MIN_ORDER || order > MVGPU_RING_MAX_ORDER)
		return false;
	ring->entries = BIT(order);
	return mvgpu_range_valid(vgpu, ring->mem, ring->base, ring->entries * MVGPU_CMD_SIZE);
}

static void mvgpu_ring_enable(struct mvgpu *vgpu, unsigned int n)
{
	static const struct mvgpu_trouble trouble = { .error = MVGPU_ERROR_RING };

	mvgpu_ring_abandon(vgpu, n);
	if (!mvgpu_ring_set_up(vgpu, n)) {
		mvgpu_ring_stop(vgpu, n, 0, &trouble);
		return;
	}
	mvgpu_shared_expose(vgpu);
	mvgpu_status_store64(vgpu, MVGPU_STATUS_FENCE(n), 0);
	mvgpu_status_store(vgpu, MVGPU_STATUS_HEAD(n), 0);
	mvgpu_ring_store(vgpu, n, MVGPU_RING_ERROR, MVGPU_ERROR_NONE);
	mvgpu_ring_store(vgpu, n, MVGPU_RING_STATE, MVGPU_RING_STATE_ON);
	/* There may be a tail already. */
	if (vgpu->engine.asleep)
		vgpu->requests |= MVGPU_REQUEST_KICK;
}

static void mvgpu_ring_disable(struct mvgpu *vgpu, unsigned int n)
{
	mvgpu_ring_abandon(vgpu, n);
	mvgpu_ring_store(vgpu, n, MVGPU_RING_STATE,
			 vgpu->engine.busy == n ? MVGPU_RING_STATE_STOPPING : MVGPU_RING_STATE_OFF);
}

/**
 * mvgpu_ring_ctrl_write() - a write of RING_CTRL
 * @vgpu: the vGPU
 * @field: the field
 * @offset: of the ring's
 * @value: the bits
 * @mask: which of them
 *
 * Context: under the vGPU's lock.
 */
void mvgpu_ring_ctrl_write(struct mvgpu *vgpu, const struct mvgpu_field *field, u32 offset,
			   u32 value, u32 mask)
{
	unsigned int n = (offset - MVGPU_RING_OFFSET) / MVGPU_RING_STRIDE;
	bool was_enabled = mvgpu_ring_load(vgpu, n, MVGPU_RING_CTRL) & MVGPU_RING_CTRL_ENABLE;
	bool enabled;

	mvgpu_image_store(vgpu, MVGPU_IMAGE_REGS, offset, value, mask & field->writable);
	enabled = mvgpu_ring_load(vgpu, n, MVGPU_RING_CTRL) & MVGPU_RING_CTRL_ENABLE;
	if (enabled && !was_enabled)
		mvgpu_ring_enable(vgpu, n);
	else if (was_enabled && !enabled)
		mvgpu_ring_disable(vgpu, n);
}

/**
 * mvgpu_ring_kick_write() - a write of RING_KICK
 * @vgpu: the vGPU
 * @field: the field
 * @offset: of the ring's
 * @value: not looked at
 * @mask: not looked at
 *
 * An engine that is awake looks at the tails once more before it goes to sleep.
 *
 * Context: under the vGPU's lock.
 */
void mvgpu_ring_kick_write(struct mvgpu *vgpu, const struct mvgpu_field *field, u32 offset,
			   u32 value, u32 mask)
{
	if (vgpu->engine.asleep)
		vgpu->requests |= MVGPU_REQUEST_KICK;
}

/* Whether a ring has something to do; a tail that is none is something.  It is read here alone. */
static bool mvgpu_ring_ready(const struct mvgpu *vgpu, unsigned int n, u32 *tail)
{
	const struct mvgpu_ring *ring = &vgpu->engine.rings[n];
	const struct mvgpu_op *op = &ring->op;

	if (!mvgpu_ring_is_on(vgpu, n))
		return false;
	*tail = mvgpu_ring_tail(vgpu, n);
	if (!ring->active)
		return *tail != ring->head;
	return op->opcode != MVGPU_CMD_WAIT ||
	       (s64)(vgpu->engine.rings[op->value].fence - op->arg) >= 0;
}

/* Whether the function may reach memory: Bus Master Enable is set and it is in D0. */
static bool mvgpu_engine_is_allowed(const struct mvgpu *vgpu)
{
	u32 command = mvgpu_image_load(vgpu, MVGPU_IMAGE_CONFIG, PCI_COMMAND, 2);
	u32 power = mvgpu_image_load(vgpu, MVGPU_IMAGE_CONFIG, MVGPU_PCI_CAP_PM + PCI_PM_CTRL, 2);

	return command & PCI_COMMAND_MASTER && !(power & PCI_PM_CTRL_STATE_MASK);
}

/* Find the ring whose turn it is; whether there is one. */
static bool mvgpu_ring_pick(const struct mvgpu *vgpu, struct mvgpu_work *work)
{
	unsigned int i;

	if (!mvgpu_engine_is_allowed(vgpu))
		return false;
	for (i = 0; i < vgpu->config->num_rings; i++) {
		work->n = (vgpu->engine.next + i) % vgpu->config->num_rings;
		if (mvgpu_ring_ready(vgpu, work->n, &work->tail))
			return true;
	}
	return false;
}

/**
 * mvgpu_engine_allow() - what the function may do has changed
 * @vgpu: the vGPU, with Command or its power state written
 *
 * What was submitted while it was not allowed to reach memory has had its kick: it is looked for.
 *
 * Context: under the vGPU's lock.
 */
void mvgpu_engine_allow(struct mvgpu *vgpu)
{
	struct mvgpu_work work;

	if (vgpu->engine.asleep && mvgpu_ring_pick(vgpu, &work))
		vgpu->requests |= MVGPU_REQUEST_KICK;
}

/* Whether a step is under way, in Device Status; who sees its end can see what it has done. */
static void mvgpu_step_set_pending(struct mvgpu *vgpu, bool pending)
{
	unsigned int n = (MVGPU_PCI_CAP_EXP + PCI_EXP_DEVCTL) / 4;
	__le32 *word = &vgpu->spaces[MVGPU_IMAGE_CONFIG].words[n];
	__le32 bit = cpu_to_le32(PCI_EXP_DEVSTA_TRPND << 16);

	mvgpu_store_release(word, pending ? *word | bit : *word & ~bit);
}

static bool mvgpu_step_begin(struct mvgpu *vgpu, struct mvgpu_work *work)
{
	struct mvgpu_engine *engine = &vgpu->engine;
	const struct mvgpu_ring *ring;
	bool found;

	mvgpu_lock(&vgpu->lock);
	found = mvgpu_ring_pick(vgpu, work);
	if (found) {
		ring = &engine->rings[work->n];
		engine->busy = work->n;
		mvgpu_step_set_pending(vgpu, true);
		work->epoch = ring->epoch;
		work->base = ring->base;
		work->mem = ring->mem;
		work->entries = ring->entries;
		work->head = ring->head;
		work->trouble = (struct mvgpu_trouble) { .error = MVGPU_ERROR_NONE };
		engine->gart.used = engine->gart.table;
	}
	mvgpu_unlock(&vgpu->lock);
	return found;
}

/* The command of a ring is done. */
static void mvgpu_ring_advance(struct mvgpu *vgpu, const struct mvgpu_work *work)
{
	struct mvgpu_ring *ring = &vgpu->engine.rings[work->n];

	ring->active = false;
	ring->head = (ring->head + 1) % ring->entries;
	mvgpu_stat_add(&vgpu->engine.stats.commands, 1);

	if (ring->op.opcode == MVGPU_CMD_FENCE) {
		ring->fence = ring->op.arg;
		mvgpu_status_store64(vgpu, MVGPU_STATUS_FENCE(work->n), ring->fence);
		if (ring->op.flags & MVGPU_FENCE_INTERRUPT)
			ring->held++;
	}
	mvgpu_status_store(vgpu, MVGPU_STATUS_HEAD(work->n), ring->head);
	if (ring->held > mvgpu_ring_load(vgpu, work->n, MVGPU_RING_COALESCE) ||
	    ring->head == work->tail)
		mvgpu_ring_interrupt(vgpu, work->n);
}

/* Whether the ring's command has come to an end. */
static bool mvgpu_step_end(struct mvgpu *vgpu, const struct mvgpu_work *work, bool done)
{
	struct mvgpu_ring *ring = &vgpu->engine.rings[work->n];
	bool active;

	mvgpu_lock(&vgpu->lock);
	vgpu->engine.busy = MVGPU_MAX_RINGS;
	if (ring->epoch != work->epoch) {
		ring->active = false;
		if (mvgpu_ring_load(vgpu, work->n, MVGPU_RING_STATE) == MVGPU_RING_STATE_STOPPING)
			mvgpu_ring_store(vgpu, work->n, MVGPU_RING_STATE, MVGPU_RING_STATE_OFF);
	} else if (work->trouble.error) {
		mvgpu_ring_stop(vgpu, work->n, work->head, &work->trouble);
	} else if (done) {
		mvgpu_ring_advance(vgpu, work);
	} else if (ring->active && ring->op.opcode == MVGPU_CMD_WAIT) {
		mvgpu_ring_interrupt(vgpu, work->n);
	}
	active = ring->active;
	mvgpu_step_set_pending(vgpu, false);
	mvgpu_unlock(&vgpu->lock);
	return !active;
}

/* Take the next command out of the ring. */
static bool mvgpu_ring_fetch(struct mvgpu *vgpu, struct mvgpu_ring *ring, struct mvgpu_work *work)
{
	u64 address = work->base + work->head * (u64)MVGPU_CMD_SIZE;
	struct mvgpu_cmd cmd;

	if (work->tail >= work->entries) {
		work->trouble.error = MVGPU_ERROR_TAIL;
		return false;
	}
	return mvgpu_memory_read(vgpu, work->mem, address, &cmd, sizeof(cmd), &work->trouble) &&
	       mvgpu_command_decode(vgpu, &cmd, &ring->op, &work->trouble);
}

/* Work on the command of a ring, which may have to be fetched; whether it is done. */
static bool mvgpu_ring_work(struct mvgpu *vgpu, struct mvgpu_work *work, struct mvgpu_step *step)
{
	struct mvgpu_ring *ring = &vgpu->engine.rings[work->n];
	struct mvgpu_op *op = &ring->op;

	step->began = false;
	if (!ring->active) {
		if (!mvgpu_ring_fetch(vgpu, ring, work))
			return false;
		step->began = true;
		ring->active = true;
	}
	/* A ring that waits is at its turn only when it is to go on. */
	if (op->opcode == MVGPU_CMD_WAIT)
		return !step->began;
	if (mvgpu_op_cost(op) > step->limit) {
		work->trouble.later = true;
		return false;
	}
	mvgpu_stat_add(&vgpu->engine.stats.bytes, mvgpu_op_run(vgpu, op, &work->trouble));
	return mvgpu_op_done(op);
}

/**
 * mvgpu_engine_step() - do a piece of work
 * @vgpu: the vGPU; its engine is awake and the caller owns it
 * @step: what is allowed, and what has come of it
 *
 * Takes the next command of the next ring that has one, or goes on with one, until it ends or has
 * done what mvgpu_op_run() does at once.
 *
 * Context: calls the host's memory and interrupt ops; may sleep if they may.
 * Return: whether something was done.
 */
enum mvgpu_step_result mvgpu_engine_step(struct mvgpu *vgpu, struct mvgpu_step *step)
{
	struct mvgpu_work work;
	bool done;

	if (!mvgpu_step_begin(vgpu, &work))
		return MVGPU_STEP_IDLE;
	done = mvgpu_ring_work(vgpu, &work, step);
	step->finished = mvgpu_step_end(vgpu, &work, done);
	step->ring = work.n;
	vgpu->engine.next = work.n + 1;
	return work.trouble.later ? MVGPU_STEP_COSTLY : MVGPU_STEP_WORKED;
}

/**
 * mvgpu_engine_timeout() - a command has been running for too long: its ring stops
 * @vgpu: the vGPU; the caller owns its engine
 * @n: the ring
 *
 * Does nothing where the command is gone already.
 *
 * Context: calls the host's interrupt ops.
 */
void mvgpu_engine_timeout(struct mvgpu *vgpu, unsigned int n)
{
	static const struct mvgpu_trouble trouble = { .error = MVGPU_ERROR_TIMEOUT };
	struct mvgpu_ring *ring = &vgpu->engine.rings[n];

	mvgpu_lock(&vgpu->lock);
	if (ring->active)
		mvgpu_ring_stop(vgpu, n, ring->head, &trouble);
	mvgpu_unlock(&vgpu->lock);
}

/**
 * mvgpu_engine_has_work() - whether a step would do something
 * @vgpu: the vGPU; the caller owns its engine
 *
 * Context: any.
 * Return: whether it would, at the moment.
 */
bool mvgpu_engine_has_work(struct mvgpu *vgpu)
{
	struct mvgpu_work work;
	bool found;

	mvgpu_lock(&vgpu->lock);
	found = mvgpu_ring_pick(vgpu, &work);
	mvgpu_unlock(&vgpu->lock);
	return found;
}

static void mvgpu_engine_set_asleep(struct mvgpu *vgpu, bool asleep)
{
	unsigned int n;

	vgpu->engine.asleep = asleep;
	for (n = 0; n < vgpu->config->num_rings; n++)
		mvgpu_status_store(vgpu, MVGPU_STATUS_NEED_KICK(n), asleep);
}

/**
 * mvgpu_engine_sleep() - ask for kicks, unless there is something to do
 * @vgpu: the vGPU; the caller owns its engine, and is about to give it up
 *
 * Context: any.
 * Return: whether the engine is asleep now: the kick op will be called.  If not, there is work.
 */
bool mvgpu_engine_sleep(struct mvgpu *vgpu)
{
	struct mvgpu_work work;
	bool asleep;

	mvgpu_lock(&vgpu->lock);
	mvgpu_engine_set_asleep(vgpu, true);
	/* Pairs with the barrier of the guest between its tail and its look at the flag. */
	mvgpu_mb();
	asleep = !mvgpu_ring_pick(vgpu, &work);
	if (!asleep)
		mvgpu_engine_set_asleep(vgpu, false);
	mvgpu_unlock(&vgpu->lock);
	return asleep;
}

/**
 * mvgpu_engine_wake() - no kicks are needed for the time being
 * @vgpu: the vGPU; the caller owns its engine
 *
 * Context: any.
 */
void mvgpu_engine_wake(struct mvgpu *vgpu)
{
	mvgpu_lock(&vgpu->lock);
	mvgpu_engine_set_asleep(vgpu, false);
	mvgpu_unlock(&vgpu->lock);
}

/**
 * mvgpu_engine_want_kicks() - ask for kicks, whether there is something to do or not
 * @vgpu: the vGPU
 *
 * For when nobody works for it, although there may be something to do.
 *
 * Context: any; where somebody owns the engine nevertheless, there are more kicks than are needed.
 */
void mvgpu_engine_want_kicks(struct mvgpu *vgpu)
{
	mvgpu_lock(&vgpu->lock);
	mvgpu_engine_set_asleep(vgpu, true);
	mvgpu_unlock(&vgpu->lock);
}

/**
 * mvgpu_engine_init() - an engine that is asleep
 * @vgpu: the vGPU, zeroed, with its images
 */
void mvgpu_engine_init(struct mvgpu *vgpu)
{
	vgpu->engine.busy = MVGPU_MAX_RINGS;
	mvgpu_gart_reset(vgpu);
	mvgpu_engine_set_asleep(vgpu, true);
}

/**
 * mvgpu_engine_reset() - all that the guest has set up is gone
 * @vgpu: the vGPU
 *
 * Who owns the engine goes on owning it.
 *
 * Context: under the vGPU's lock.
 */
void mvgpu_engine_reset(struct mvgpu *vgpu)
{
	struct mvgpu_space *shared = &vgpu->spaces[MVGPU_IMAGE_SHARED];
	unsigned int n;

	mvgpu_gart_reset(vgpu);
	/* A ring that was enabled has exposed them. */
	if (!READ_ONCE(vgpu->shared_exposed))
		return;
	for (n = 0; n < MVGPU_MAX_RINGS; n++) {
		mvgpu_ring_abandon(vgpu, n);
		mvgpu_ring_clear(vgpu, n);
	}
	memset(shared->words, 0, MVGPU_SHARED_SIZE);
	/* An engine that is awake asks for more kicks than it needs, until it sleeps. */
	for (n = 0; n < vgpu->config->num_rings; n++)
		mvgpu_status_store(vgpu, MVGPU_STATUS_NEED_KICK(n), 1);
}
