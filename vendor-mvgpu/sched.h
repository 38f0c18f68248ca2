/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The scheduler of a card: which vGPU an engine works for next.
 */
#ifndef MVGPU_SCHED_H
#define MVGPU_SCHED_H

#include <linux/ktime.h>
#include <linux/list.h>
#include <linux/rbtree.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

struct vhost_task;

/**
 * struct mvgpu_sched - the scheduler of a card
 * @lock: protects all of it, and its entities
 * @queue: entities that wait for an engine, by virtual time
 * @queued: how many they are
 * @engaged: entities that have an engine, in the order in which they have got it
 * @idle: engines that nobody has
 * @vtime: virtual time of the entity that was the last to get an engine
 * @busy_ns: engine time that all entities have had
 * @left: who waits for an entity's owner to leave it
 * @overdue: takes engines away from entities that keep others waiting
 */
struct mvgpu_sched {
	spinlock_t lock;		/* the card's engines and who uses them */
	struct rb_root_cached queue;
	unsigned int queued;
	struct list_head engaged;
	unsigned int idle;
	u64 vtime;
	u64 busy_ns;
	wait_queue_head_t left;
	struct delayed_work overdue;
};

/**
 * enum mvgpu_sched_state - where an entity is
 * @MVGPU_SCHED_IDLE: nowhere: it has nothing to do, is stopped, or has no worker
 * @MVGPU_SCHED_QUEUED: in the queue
 * @MVGPU_SCHED_GRANTED: it has an engine, and its worker has been called
 * @MVGPU_SCHED_RUNNING: its owner works for it, on an engine
 * @MVGPU_SCHED_OVERDUE: its owner is still at it, but the engine is another's
 */
enum mvgpu_sched_state {
	MVGPU_SCHED_IDLE,
	MVGPU_SCHED_QUEUED,
	MVGPU_SCHED_GRANTED,
	MVGPU_SCHED_RUNNING,
	MVGPU_SCHED_OVERDUE,
};

/**
 * struct mvgpu_sched_entity - what the scheduler knows of a vGPU
 * @node: in the queue
 * @engaged: among those that have an engine
 * @state: where it is
 * @worker: the thread that works for it, NULL as long as it has none
 * @stops: stops that have not been undone: it gets no engine
 * @kicked: it has something to do, and is neither in the queue nor is it sure that its owner sees
 *	it
 * @weight: its share against that of others
 * @vtime: engine time that it has had, divided by its weight
 * @since: from when on that counts
 * @until: when its owner is to leave the engine; or when he has lost it
 * @busy_ns: engine time that it has had
 * @card_busy_ns: engine time of all entities when it was added
 *
 * Protected by the lock of its scheduler; @state, @stops, @weight, @until and @busy_ns are read
 * without it too.
 */
struct mvgpu_sched_entity {
	struct rb_node node;
	struct list_head engaged;
	enum mvgpu_sched_state state;
	struct vhost_task *worker;
	unsigned int stops;
	bool kicked;
	u32 weight;
	u64 vtime;
	u64 since;
	u64 until;
	u64 busy_ns;
	u64 card_busy_ns;
};

/**
 * enum mvgpu_sched_need - what somebody has to do for an entity
 * @MVGPU_SCHED_NOTHING: nothing: it is seen to
 * @MVGPU_SCHED_WORK: the caller owns it now, and works for it
 * @MVGPU_SCHED_HIRE: it has something to do, which is remembered, and no worker
 */
enum mvgpu_sched_need {
	MVGPU_SCHED_NOTHING,
	MVGPU_SCHED_WORK,
	MVGPU_SCHED_HIRE,
};

void mvgpu_sched_init(struct mvgpu_sched *sched, unsigned int engines);
void mvgpu_sched_fini(struct mvgpu_sched *sched);
void mvgpu_sched_add(struct mvgpu_sched *sched, struct mvgpu_sched_entity *entity, u32 weight);
void mvgpu_sched_set_weight(struct mvgpu_sched *sched, struct mvgpu_sched_entity *entity,
			    u32 weight);
void mvgpu_sched_hire(struct mvgpu_sched *sched, struct mvgpu_sched_entity *entity,
		      struct vhost_task *worker);
void mvgpu_sched_fire(struct mvgpu_sched *sched, struct mvgpu_sched_entity *entity);
enum mvgpu_sched_need mvgpu_sched_kick(struct mvgpu_sched *sched,
				       struct mvgpu_sched_entity *entity, bool take);
bool mvgpu_sched_begin(struct mvgpu_sched *sched, struct mvgpu_sched_entity *entity, u64 slice_ns);
enum mvgpu_sched_need mvgpu_sched_put(struct mvgpu_sched *sched, struct mvgpu_sched_entity *entity,
				      u64 spare_ns, bool more);
void mvgpu_sched_stop(struct mvgpu_sched *sched, struct mvgpu_sched_entity *entity);
enum mvgpu_sched_need mvgpu_sched_start(struct mvgpu_sched *sched,
					struct mvgpu_sched_entity *entity);

/* Whether others wait for an engine, as far as one sees without the lock. */
static inline bool mvgpu_sched_contended(const struct mvgpu_sched *sched)
{
	return READ_ONCE(sched->queued);
}

/* For statistics: how long an entity has had its engine, as far as its owner sees. */
static inline u64 mvgpu_sched_held_ns(const struct mvgpu_sched_entity *entity)
{
	bool lost = READ_ONCE(entity->state) == MVGPU_SCHED_OVERDUE;

	return (lost ? READ_ONCE(entity->until) : ktime_get_ns()) - entity->since;
}

/* Whether the owner may go on: it is to be asked between two steps. */
static inline bool mvgpu_sched_may_go_on(const struct mvgpu_sched_entity *entity)
{
	return READ_ONCE(entity->state) == MVGPU_SCHED_RUNNING && !READ_ONCE(entity->stops);
}

/* An entity has nothing to do any more; it is stopped, has no worker, and nobody kicks it. */
static inline void mvgpu_sched_forget(struct mvgpu_sched_entity *entity)
{
	entity->kicked = false;
}

/* Whether nobody owns it, nor will. */
static inline bool mvgpu_sched_stopped(const struct mvgpu_sched_entity *entity)
{
	return READ_ONCE(entity->stops);
}

#endif /* MVGPU_SCHED_H */
