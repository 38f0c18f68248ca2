// SPDX-License-Identifier: GPL-2.0-only
/*
 * The scheduler of a card: weighted fair shares of its engines' time.
 *
 * Each entity has a virtual time: the engine time that it has had, divided by its
 * weight.  Who is behind the others gets the next engine that is idle, for a slice.
 * So entities that always have something to do get engine time in proportion to
 * their weights, whatever their commands are like, with an error of a slice; on a
 * card of several engines, as long as none of them is due more than one engine.
 *
 * An entity that had nothing to do must not save that up: when it comes back, its
 * virtual time is at least that of the entity that was the last to get an engine.
 *
 * An entity has one owner at a time, who works for it: its worker, or the thread of
 * a guest that has kicked while an engine was idle.  He leaves the engine when his
 * time is over.  Who does not, because he waits for memory, or was stopped or
 * throttled himself, loses it to the next one: an engine is a claim to processor
 * time, so nothing breaks when for the rest of a step two owners are at work.  All the
 * time from when an entity is given an engine counts as its own, whatever it did.
 */
#include <linux/ktime.h>
#include <linux/sched/vhost_task.h>

#include "mvgpu.h"

/* Virtual time runs at this rate for the largest weight. */
#define MVGPU_VTIME_SCALE	MVGPU_MAX_WEIGHT

/* What an entity may claim later that had something to do and could not. */
#define MVGPU_SCHED_CREDIT_NS	(100 * (u64)NSEC_PER_MSEC)

/* How long after his time somebody may keep an engine that others wait for. */
#define MVGPU_SCHED_GRACE_MS	10
/* And until when it is taken away. */
#define MVGPU_SCHED_LATEST_NS	(3 * MVGPU_SCHED_GRACE_MS * (u64)NSEC_PER_MSEC)

/* Virtual times wrap. */
static bool mvgpu_vtime_before(u64 a, u64 b)
{
	return (s64)(a - b) < 0;
}

static struct mvgpu_sched_entity *mvgpu_sched_entity(struct rb_node *node)
{
	return rb_entry(node, struct mvgpu_sched_entity, node);
}

static bool mvgpu_sched_less(struct rb_node *a, const struct rb_node *b)
{
	return mvgpu_vtime_before(mvgpu_sched_entity(a)->vtime,
				  rb_entry(b, struct mvgpu_sched_entity, node)->vtime);
}

static void mvgpu_sched_set_state(struct mvgpu_sched_entity *entity, enum mvgpu_sched_state state)
{
	WRITE_ONCE(entity->state, state);
}

static bool mvgpu_sched_is_owned(const struct mvgpu_sched_entity *entity)
{
	return entity->state == MVGPU_SCHED_RUNNING || entity->state == MVGPU_SCHED_OVERDUE;
}

static void mvgpu_sched_enqueue(struct mvgpu_sched *sched, struct mvgpu_sched_entity *entity)
{
	lockdep_assert_held(&sched->lock);

	mvgpu_sched_set_state(entity, MVGPU_SCHED_QUEUED);
	entity->kicked = false;
	rb_add_cached(&entity->node, &sched->queue, mvgpu_sched_less);
	WRITE_ONCE(sched->queued, sched->queued + 1);
}

static void mvgpu_sched_dequeue(struct mvgpu_sched *sched, struct mvgpu_sched_entity *entity)
{
	lockdep_assert_held(&sched->lock);

	mvgpu_sched_set_state(entity, MVGPU_SCHED_IDLE);
	rb_erase_cached(&entity->node, &sched->queue);
	WRITE_ONCE(sched->queued, sched->queued - 1);
}

static u64 mvgpu_vtime_of(const struct mvgpu_sched_entity *entity, u64 ns)
{
	return div_u64(ns * MVGPU_VTIME_SCALE, entity->weight);
}

/*
 * An entity comes back.  What it has not had meanwhile is lost to it, but for @credit_ns.  It is
 * not ahead by more than a second of its own time: one that was away for so long that it is behind
 * by half of all times seems to be.
 */
static void mvgpu_sched_catch_up(const struct mvgpu_sched *sched,
				 struct mvgpu_sched_entity *entity, u64 credit_ns)
{
	u64 least = sched->vtime - mvgpu_vtime_of(entity, credit_ns);
	u64 most;

	if (mvgpu_vtime_before(entity->vtime, least)) {
		entity->vtime = least;
		return;
	}
	most = sched->vtime + mvgpu_vtime_of(entity, NSEC_PER_SEC);
	if (mvgpu_vtime_before(most, entity->vtime))
		entity->vtime = most;
}

/* Give an idle engine to an entity. */
static void mvgpu_sched_engage(struct mvgpu_sched *sched, struct mvgpu_sched_entity *entity,
			       enum mvgpu_sched_state state)
{
	lockdep_assert_held(&sched->lock);

	mvgpu_sched_set_state(entity, state);
	entity->kicked = false;
	entity->since = ktime_get_ns();
	entity->until = entity->since;
	list_add_tail(&entity->engaged, &sched->engaged);
	if (mvgpu_vtime_before(sched->vtime, entity->vtime))
		sched->vtime = entity->vtime;
	sched->idle--;
}

/* Take an entity off its engine, which is idle then. */
static void mvgpu_sched_disengage(struct mvgpu_sched *sched, struct mvgpu_sched_entity *entity,
				  enum mvgpu_sched_state state)
{
	lockdep_assert_held(&sched->lock);

	mvgpu_sched_set_state(entity, state);
	list_del(&entity->engaged);
	sched->idle++;
}

static void mvgpu_sched_charge(struct mvgpu_sched *sched, struct mvgpu_sched_entity *entity, u64 ns)
{
	lockdep_assert_held(&sched->lock);

	entity->vtime += mvgpu_vtime_of(entity, ns);
	WRITE_ONCE(entity->busy_ns, entity->busy_ns + ns);
	WRITE_ONCE(sched->busy_ns, sched->busy_ns + ns);
}

/* Idle engines go to those who wait for one; who still has to wait does not for ever. */
static void mvgpu_sched_dispatch(struct mvgpu_sched *sched)
{
	struct mvgpu_sched_entity *entity;

	lockdep_assert_held(&sched->lock);

	while (sched->queued && sched->idle) {
		entity = mvgpu_sched_entity(rb_first_cached(&sched->queue));
		mvgpu_sched_dequeue(sched, entity);
		mvgpu_sched_engage(sched, entity, MVGPU_SCHED_GRANTED);
		vhost_task_wake(entity->worker);
	}
	if (sched->queued)
		queue_delayed_work(system_dfl_wq, &sched->overdue,
				   msecs_to_jiffies(MVGPU_SCHED_GRACE_MS));
}

/* An entity that is idle has something to do. */
static enum mvgpu_sched_need mvgpu_sched_ready(struct mvgpu_sched *sched,
					       struct mvgpu_sched_entity *entity)
{
	lockdep_assert_held(&sched->lock);

	if (!entity->stops && entity->worker) {
		mvgpu_sched_enqueue(sched, entity);
		mvgpu_sched_dispatch(sched);
		return MVGPU_SCHED_NOTHING;
	}
	entity->kicked = true;
	return entity->stops ? MVGPU_SCHED_NOTHING : MVGPU_SCHED_HIRE;
}

/* The same for one that has not had anything to do. */
static enum mvgpu_sched_need mvgpu_sched_come_back(struct mvgpu_sched *sched,
						   struct mvgpu_sched_entity *entity)
{
	mvgpu_sched_catch_up(sched, entity, 0);
	return mvgpu_sched_ready(sched, entity);
}

/* An entity that waits for an engine, or for its worker to come for one, does not any more. */
static void mvgpu_sched_withdraw(struct mvgpu_sched *sched, struct mvgpu_sched_entity *entity)
{
	lockdep_assert_held(&sched->lock);

	if (entity->state == MVGPU_SCHED_QUEUED) {
		mvgpu_sched_dequeue(sched, entity);
		entity->kicked = true;
	} else if (entity->state == MVGPU_SCHED_GRANTED) {
		mvgpu_sched_charge(sched, entity, ktime_get_ns() - entity->since);
		mvgpu_sched_disengage(sched, entity, MVGPU_SCHED_IDLE);
		entity->kicked = true;
		mvgpu_sched_dispatch(sched);
	}
}

/* A worker that has not come for his engine has to ask for another when he does. */
static void mvgpu_sched_evict(struct mvgpu_sched *sched, struct mvgpu_sched_entity *entity, u64 now)
{
	lockdep_assert_held(&sched->lock);

	mvgpu_sched_charge(sched, entity, now - entity->since);
	if (entity->state == MVGPU_SCHED_GRANTED) {
		mvgpu_sched_disengage(sched, entity, MVGPU_SCHED_IDLE);
		entity->kicked = true;
	} else {
		WRITE_ONCE(entity->until, now);
		mvgpu_sched_disengage(sched, entity, MVGPU_SCHED_OVERDUE);
	}
}

static void mvgpu_sched_overdue(struct work_struct *work)
{
	struct mvgpu_sched *sched = container_of(work, struct mvgpu_sched, overdue.work);
	struct mvgpu_sched_entity *entity, *next;
	u64 now = ktime_get_ns();

	spin_lock(&sched->lock);
	if (sched->queued) {
		list_for_each_entry_safe(entity, next, &sched->engaged, engaged) {
			if (now > entity->until + MVGPU_SCHED_GRACE_MS * (u64)NSEC_PER_MSEC)
				mvgpu_sched_evict(sched, entity, now);
		}
		mvgpu_sched_dispatch(sched);
	}
	spin_unlock(&sched->lock);
}

/**
 * mvgpu_sched_init() - a scheduler without entities
 * @sched: the scheduler
 * @engines: how many the card has, at least 1
 */
void mvgpu_sched_init(struct mvgpu_sched *sched, unsigned int engines)
{
	spin_lock_init(&sched->lock);
	sched->queue = RB_ROOT_CACHED;
	INIT_LIST_HEAD(&sched->engaged);
	sched->idle = engines;
	init_waitqueue_head(&sched->left);
	INIT_DELAYED_WORK(&sched->overdue, mvgpu_sched_overdue);
}

/**
 * mvgpu_sched_fini() - the end
 * @sched: all of its entities are stopped
 *
 * Context: process, may sleep.
 */
void mvgpu_sched_fini(struct mvgpu_sched *sched)
{
	cancel_delayed_work_sync(&sched->overdue);
}

/**
 * mvgpu_sched_add() - let an entity take part, stopped once, without a worker
 * @sched: the scheduler
 * @entity: the entity, zeroed; may be freed when it is stopped
 * @weight: MVGPU_MIN_WEIGHT to MVGPU_MAX_WEIGHT
 *
 * Context: process.
 */
void mvgpu_sched_add(struct mvgpu_sched *sched, struct mvgpu_sched_entity *entity, u32 weight)
{
	spin_lock(&sched->lock);
	entity->stops = 1;
	entity->weight = weight;
	entity->vtime = sched->vtime;
	entity->card_busy_ns = sched->busy_ns;
	spin_unlock(&sched->lock);
}

/**
 * mvgpu_sched_set_weight() - change an entity's share
 * @sched: the scheduler
 * @entity: the entity
 * @weight: MVGPU_MIN_WEIGHT to MVGPU_MAX_WEIGHT; counts from the next slice on
 *
 * Context: process.
 */
void mvgpu_sched_set_weight(struct mvgpu_sched *sched, struct mvgpu_sched_entity *entity,
			    u32 weight)
{
	spin_lock(&sched->lock);
	WRITE_ONCE(entity->weight, weight);
	spin_unlock(&sched->lock);
}

/**
 * mvgpu_sched_hire() - an entity has a worker now
 * @sched: the scheduler
 * @entity: the entity, without one
 * @worker: calls mvgpu_sched_begin() whenever he is woken
 *
 * Context: process.
 */
void mvgpu_sched_hire(struct mvgpu_sched *sched, struct mvgpu_sched_entity *entity,
		      struct vhost_task *worker)
{
	spin_lock(&sched->lock);
	entity->worker = worker;
	if (entity->state == MVGPU_SCHED_IDLE && entity->kicked)
		mvgpu_sched_come_back(sched, entity);
	spin_unlock(&sched->lock);
}

/**
 * mvgpu_sched_fire() - an entity's worker goes
 * @sched: the scheduler
 * @entity: the entity, whose worker does not own it
 *
 * Context: process.
 */
void mvgpu_sched_fire(struct mvgpu_sched *sched, struct mvgpu_sched_entity *entity)
{
	spin_lock(&sched->lock);
	entity->worker = NULL;
	mvgpu_sched_withdraw(sched, entity);
	spin_unlock(&sched->lock);
}

/**
 * mvgpu_sched_kick() - an entity may have something to do
 * @sched: the scheduler
 * @entity: the entity
 * @take: the caller would work for it himself
 *
 * Context: process.
 * Return: MVGPU_SCHED_WORK if he does now, on an engine that was idle, and has to put it back by
 * mvgpu_sched_put(); MVGPU_SCHED_HIRE; or MVGPU_SCHED_NOTHING: its owner, or its worker, will see.
 */
enum mvgpu_sched_need mvgpu_sched_kick(struct mvgpu_sched *sched,
				       struct mvgpu_sched_entity *entity, bool take)
{
	enum mvgpu_sched_need need = MVGPU_SCHED_NOTHING;

	spin_lock(&sched->lock);
	switch (entity->state) {
	case MVGPU_SCHED_IDLE:
		if (take && !entity->stops && sched->idle && !sched->queued) {
			mvgpu_sched_catch_up(sched, entity, 0);
			mvgpu_sched_engage(sched, entity, MVGPU_SCHED_RUNNING);
			need = MVGPU_SCHED_WORK;
		} else {
			need = mvgpu_sched_come_back(sched, entity);
		}
		break;
	case MVGPU_SCHED_QUEUED:
	case MVGPU_SCHED_GRANTED:
		/* Its worker will look at all there is. */
		break;
	case MVGPU_SCHED_RUNNING:
	case MVGPU_SCHED_OVERDUE:
		entity->kicked = true;
		break;
	}
	spin_unlock(&sched->lock);
	return need;
}

/**
 * mvgpu_sched_begin() - a worker asks whether there is something to do
 * @sched: the scheduler
 * @entity: whose worker he is
 * @slice_ns: how long he may keep the engine
 *
 * Context: process; does not sleep.
 * Return: whether he owns the entity now, and has to put it back by mvgpu_sched_put().  If not, he
 * is woken when there is an engine for him.
 */
bool mvgpu_sched_begin(struct mvgpu_sched *sched, struct mvgpu_sched_entity *entity, u64 slice_ns)
{
	bool begin;
	u64 now;

	spin_lock(&sched->lock);
	/* He has come too late for an engine that he was given. */
	if (entity->state == MVGPU_SCHED_IDLE && entity->kicked) {
		mvgpu_sched_catch_up(sched, entity, MVGPU_SCHED_CREDIT_NS);
		mvgpu_sched_ready(sched, entity);
	}
	begin = entity->state == MVGPU_SCHED_GRANTED;
	if (begin) {
		now = ktime_get_ns();
		mvgpu_sched_set_state(entity, MVGPU_SCHED_RUNNING);
		/* If somebody had waited, he would have it by now. */
		entity->since = max(entity->since, now - MVGPU_SCHED_LATEST_NS);
		entity->until = now + slice_ns;
	}
	spin_unlock(&sched->lock);
	return begin;
}

/**
 * mvgpu_sched_put() - put an entity back
 * @sched: the scheduler
 * @entity: the caller's
 * @spare_ns: how long he has only looked for work, while nobody waited for the engine
 * @more: it has more to do; if not, it has to be kicked
 *
 * Context: process.
 * Return: MVGPU_SCHED_HIRE or MVGPU_SCHED_NOTHING.
 */
enum mvgpu_sched_need mvgpu_sched_put(struct mvgpu_sched *sched, struct mvgpu_sched_entity *entity,
				      u64 spare_ns, bool more)
{
	enum mvgpu_sched_need need = MVGPU_SCHED_NOTHING;
	u64 held;

	spin_lock(&sched->lock);
	if (entity->state == MVGPU_SCHED_RUNNING) {
		held = ktime_get_ns() - entity->since;
		mvgpu_sched_charge(sched, entity, held - min(held, spare_ns));
		mvgpu_sched_disengage(sched, entity, MVGPU_SCHED_IDLE);
	} else {
		mvgpu_sched_set_state(entity, MVGPU_SCHED_IDLE);
	}
	mvgpu_sched_catch_up(sched, entity, MVGPU_SCHED_CREDIT_NS);
	if (more || entity->kicked)
		need = mvgpu_sched_ready(sched, entity);
	mvgpu_sched_dispatch(sched);
	if (entity->stops)
		wake_up_all(&sched->left);
	spin_unlock(&sched->lock);
	return need;
}

/* Under the lock: who has put it back does not look at it any more afterwards. */
static bool mvgpu_sched_has_owner(struct mvgpu_sched *sched,
				  const struct mvgpu_sched_entity *entity)
{
	bool owned;

	spin_lock(&sched->lock);
	owned = mvgpu_sched_is_owned(entity);
	spin_unlock(&sched->lock);
	return owned;
}

/**
 * mvgpu_sched_stop() - give an entity no engine any more
 * @sched: the scheduler
 * @entity: the entity
 *
 * Context: process; sleeps until its owner has put it back.
 */
void mvgpu_sched_stop(struct mvgpu_sched *sched, struct mvgpu_sched_entity *entity)
{
	bool owned;

	spin_lock(&sched->lock);
	WRITE_ONCE(entity->stops, entity->stops + 1);
	owned = mvgpu_sched_is_owned(entity);
	mvgpu_sched_withdraw(sched, entity);
	spin_unlock(&sched->lock);
	if (owned)
		wait_event(sched->left, !mvgpu_sched_has_owner(sched, entity));
}

/**
 * mvgpu_sched_start() - undo one mvgpu_sched_stop()
 * @sched: the scheduler
 * @entity: the entity
 *
 * Context: process.
 * Return: MVGPU_SCHED_HIRE or MVGPU_SCHED_NOTHING.
 */
enum mvgpu_sched_need mvgpu_sched_start(struct mvgpu_sched *sched,
					struct mvgpu_sched_entity *entity)
{
	enum mvgpu_sched_need need = MVGPU_SCHED_NOTHING;

	spin_lock(&sched->lock);
	WRITE_ONCE(entity->stops, entity->stops - 1);
	if (!entity->stops && entity->kicked && !mvgpu_sched_is_owned(entity))
		need = mvgpu_sched_come_back(sched, entity);
	spin_unlock(&sched->lock);
	return need;
}
