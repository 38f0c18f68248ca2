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
 * An entity is on one engine at a time.  Whoever has got it there owns it, and with
 * it the engine, until he puts it back: a thread of the card, or the thread of a
 * guest that has kicked while an engine was idle.
 */
#include "mvgpu.h"

/* Virtual time runs at this rate for the largest weight. */
#define MVGPU_VTIME_SCALE	MVGPU_MAX_WEIGHT

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

static void mvgpu_sched_enqueue(struct mvgpu_sched *sched, struct mvgpu_sched_entity *entity)
{
	lockdep_assert_held(&sched->lock);

	entity->state = MVGPU_SCHED_QUEUED;
	entity->kicked = false;
	rb_add_cached(&entity->node, &sched->queue, mvgpu_sched_less);
	WRITE_ONCE(sched->queued, sched->queued + 1);
}

static void mvgpu_sched_dequeue(struct mvgpu_sched *sched, struct mvgpu_sched_entity *entity)
{
	lockdep_assert_held(&sched->lock);

	entity->state = MVGPU_SCHED_IDLE;
	rb_erase_cached(&entity->node, &sched->queue);
	WRITE_ONCE(sched->queued, sched->queued - 1);
}

/*
 * An entity that had nothing to do comes back.  It is not ahead by more than a second of its own
 * time: one that was away for so long that it is behind by half of all times seems to be.
 */
static void mvgpu_sched_catch_up(const struct mvgpu_sched *sched,
				 struct mvgpu_sched_entity *entity)
{
	u64 most = sched->vtime + div_u64((u64)NSEC_PER_SEC * MVGPU_VTIME_SCALE, entity->weight);

	if (mvgpu_vtime_before(entity->vtime, sched->vtime))
		entity->vtime = sched->vtime;
	else if (mvgpu_vtime_before(most, entity->vtime))
		entity->vtime = most;
}

/* Give an idle engine to an entity. */
static void mvgpu_sched_run(struct mvgpu_sched *sched, struct mvgpu_sched_entity *entity)
{
	lockdep_assert_held(&sched->lock);

	entity->state = MVGPU_SCHED_RUNNING;
	entity->kicked = false;
	if (mvgpu_vtime_before(sched->vtime, entity->vtime))
		sched->vtime = entity->vtime;
	sched->idle--;
}

static struct mvgpu_sched_entity *mvgpu_sched_pick(struct mvgpu_sched *sched)
{
	struct rb_node *first = rb_first_cached(&sched->queue);
	struct mvgpu_sched_entity *entity;

	if (!first || !sched->idle)
		return NULL;
	entity = mvgpu_sched_entity(first);
	mvgpu_sched_dequeue(sched, entity);
	mvgpu_sched_run(sched, entity);
	return entity;
}

/* Take an entity off its engine, after @ns there. */
static void mvgpu_sched_leave(struct mvgpu_sched *sched, struct mvgpu_sched_entity *entity,
			      u64 ns, bool more)
{
	lockdep_assert_held(&sched->lock);

	entity->vtime += div_u64(ns * MVGPU_VTIME_SCALE, entity->weight);
	WRITE_ONCE(entity->busy_ns, entity->busy_ns + ns);
	WRITE_ONCE(sched->busy_ns, sched->busy_ns + ns);
	sched->idle++;
	entity->state = MVGPU_SCHED_IDLE;
	if (entity->stops) {
		entity->kicked |= more;
		wake_up_all(&sched->left);
	} else if (more || entity->kicked) {
		mvgpu_sched_enqueue(sched, entity);
	}
}

/* Have a thread come if there is something to do for one. */
static void mvgpu_sched_call(struct mvgpu_sched *sched)
{
	if (sched->queued && sched->idle)
		wake_up(&sched->work);
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
	sched->idle = engines;
	init_waitqueue_head(&sched->work);
	init_waitqueue_head(&sched->left);
}

/**
 * mvgpu_sched_add() - let an entity take part, stopped once
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

/* Under the lock: as mvgpu_sched_kick(). */
static bool mvgpu_sched_take(struct mvgpu_sched *sched, struct mvgpu_sched_entity *entity,
			     bool take)
{
	lockdep_assert_held(&sched->lock);

	if (entity->state == MVGPU_SCHED_QUEUED)
		return false;
	if (entity->state == MVGPU_SCHED_RUNNING || entity->stops) {
		entity->kicked = true;
		return false;
	}
	mvgpu_sched_catch_up(sched, entity);
	if (take && sched->idle && !sched->queued) {
		mvgpu_sched_run(sched, entity);
		return true;
	}
	mvgpu_sched_enqueue(sched, entity);
	mvgpu_sched_call(sched);
	return false;
}

/**
 * mvgpu_sched_kick() - an entity may have something to do
 * @sched: the scheduler
 * @entity: the entity
 * @take: the caller would work for it himself
 *
 * Context: process.
 * Return: whether he owns it now, on an engine that was idle, and has to put it back by
 * mvgpu_sched_put().  If not, it has been queued, or its owner will see.
 */
bool mvgpu_sched_kick(struct mvgpu_sched *sched, struct mvgpu_sched_entity *entity, bool take)
{
	bool taken;

	spin_lock(&sched->lock);
	taken = mvgpu_sched_take(sched, entity, take);
	spin_unlock(&sched->lock);
	return taken;
}

/**
 * mvgpu_sched_get() - get work for an engine that has none
 * @sched: the scheduler
 *
 * Context: process.
 * Return: an entity, which the caller owns now; NULL if none waits, or no engine is idle.
 */
struct mvgpu_sched_entity *mvgpu_sched_get(struct mvgpu_sched *sched)
{
	struct mvgpu_sched_entity *entity;

	spin_lock(&sched->lock);
	entity = mvgpu_sched_pick(sched);
	spin_unlock(&sched->lock);
	return entity;
}

/**
 * mvgpu_sched_put() - put an entity back
 * @sched: the scheduler
 * @entity: the caller's
 * @ns: engine time that it has had
 * @more: it has more to do; if not, it has to be kicked
 *
 * Context: process.
 */
void mvgpu_sched_put(struct mvgpu_sched *sched, struct mvgpu_sched_entity *entity, u64 ns,
		     bool more)
{
	spin_lock(&sched->lock);
	mvgpu_sched_leave(sched, entity, ns, more);
	mvgpu_sched_call(sched);
	spin_unlock(&sched->lock);
}

/**
 * mvgpu_sched_next() - put an entity back and get the next one
 * @sched: the scheduler
 * @entity: the caller's
 * @ns: engine time that it has had
 * @more: it has more to do; if not, it has to be kicked
 *
 * Context: process.
 * Return: as mvgpu_sched_get(); it may be the same entity.
 */
struct mvgpu_sched_entity *mvgpu_sched_next(struct mvgpu_sched *sched,
					    struct mvgpu_sched_entity *entity, u64 ns, bool more)
{
	spin_lock(&sched->lock);
	mvgpu_sched_leave(sched, entity, ns, more);
	entity = mvgpu_sched_pick(sched);
	mvgpu_sched_call(sched);
	spin_unlock(&sched->lock);
	return entity;
}

/* Under the lock: who has taken it off its engine does not look at it any more afterwards. */
static bool mvgpu_sched_is_running(struct mvgpu_sched *sched,
				   const struct mvgpu_sched_entity *entity)
{
	bool running;

	spin_lock(&sched->lock);
	running = entity->state == MVGPU_SCHED_RUNNING;
	spin_unlock(&sched->lock);
	return running;
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
	bool running;

	spin_lock(&sched->lock);
	WRITE_ONCE(entity->stops, entity->stops + 1);
	running = entity->state == MVGPU_SCHED_RUNNING;
	if (entity->state == MVGPU_SCHED_QUEUED) {
		mvgpu_sched_dequeue(sched, entity);
		entity->kicked = true;
	}
	spin_unlock(&sched->lock);
	if (running)
		wait_event(sched->left, !mvgpu_sched_is_running(sched, entity));
}

/**
 * mvgpu_sched_start() - undo one mvgpu_sched_stop()
 * @sched: the scheduler
 * @entity: the entity
 *
 * Context: process.
 */
void mvgpu_sched_start(struct mvgpu_sched *sched, struct mvgpu_sched_entity *entity)
{
	spin_lock(&sched->lock);
	WRITE_ONCE(entity->stops, entity->stops - 1);
	if (!entity->stops && entity->kicked) {
		mvgpu_sched_catch_up(sched, entity);
		mvgpu_sched_enqueue(sched, entity);
		mvgpu_sched_call(sched);
	}
	spin_unlock(&sched->lock);
}
