/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The scheduler of a card: which vGPU an engine works for next.
 */
#ifndef MVGPU_SCHED_H
#define MVGPU_SCHED_H

#include <linux/rbtree.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/wait.h>

/**
 * struct mvgpu_sched - the scheduler of a card
 * @lock: protects all of it, and its entities
 * @queue: entities that wait for an engine, by virtual time
 * @queued: how many they are
 * @idle: engines that nobody uses
 * @vtime: virtual time of the entity that was the last to get an engine
 * @busy_ns: engine time that all entities have had
 * @work: who waits for an entity to work for
 * @left: who waits for an entity to leave its engine
 */
struct mvgpu_sched {
	spinlock_t lock;		/* the card's engines and who uses them */
	struct rb_root_cached queue;
	unsigned int queued;
	unsigned int idle;
	u64 vtime;
	u64 busy_ns;
	wait_queue_head_t work;
	wait_queue_head_t left;
};

/**
 * enum mvgpu_sched_state - where an entity is
 * @MVGPU_SCHED_IDLE: nowhere: it has nothing to do, or is stopped
 * @MVGPU_SCHED_QUEUED: in the queue
 * @MVGPU_SCHED_RUNNING: on an engine, by whoever owns that
 */
enum mvgpu_sched_state {
	MVGPU_SCHED_IDLE,
	MVGPU_SCHED_QUEUED,
	MVGPU_SCHED_RUNNING,
};

/**
 * struct mvgpu_sched_entity - what the scheduler knows of a vGPU
 * @node: in the queue
 * @state: where it is
 * @stops: stops that have not been undone: it gets no engine
 * @kicked: it has something to do, and is neither in the queue nor is it sure that its owner sees
 *	it
 * @weight: its share against that of others
 * @vtime: engine time that it has had, divided by its weight
 * @busy_ns: engine time that it has had
 * @card_busy_ns: engine time of all entities when it was added
 *
 * Protected by the lock of its scheduler; @stops, @weight and @busy_ns are read without it too.
 */
struct mvgpu_sched_entity {
	struct rb_node node;
	enum mvgpu_sched_state state;
	unsigned int stops;
	bool kicked;
	u32 weight;
	u64 vtime;
	u64 busy_ns;
	u64 card_busy_ns;
};

void mvgpu_sched_init(struct mvgpu_sched *sched, unsigned int engines);
void mvgpu_sched_add(struct mvgpu_sched *sched, struct mvgpu_sched_entity *entity, u32 weight);
void mvgpu_sched_set_weight(struct mvgpu_sched *sched, struct mvgpu_sched_entity *entity,
			    u32 weight);
bool mvgpu_sched_kick(struct mvgpu_sched *sched, struct mvgpu_sched_entity *entity, bool take);
struct mvgpu_sched_entity *mvgpu_sched_get(struct mvgpu_sched *sched);
void mvgpu_sched_put(struct mvgpu_sched *sched, struct mvgpu_sched_entity *entity, u64 ns,
		     bool more);
struct mvgpu_sched_entity *mvgpu_sched_next(struct mvgpu_sched *sched,
					    struct mvgpu_sched_entity *entity, u64 ns, bool more);
void mvgpu_sched_stop(struct mvgpu_sched *sched, struct mvgpu_sched_entity *entity);
void mvgpu_sched_start(struct mvgpu_sched *sched, struct mvgpu_sched_entity *entity);

/* Whether others wait for an engine, as far as one sees without the lock. */
static inline bool mvgpu_sched_contended(const struct mvgpu_sched *sched)
{
	return READ_ONCE(sched->queued);
}

/* Whether the owner of its engine has to leave. */
static inline bool mvgpu_sched_stopped(const struct mvgpu_sched_entity *entity)
{
	return READ_ONCE(entity->stops);
}

#endif /* MVGPU_SCHED_H */
