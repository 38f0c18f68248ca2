/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Guest memory for the engine: what dma.c and pins.c share, and the rest of the driver sees.
 */
#ifndef MVGPU_DMA_H
#define MVGPU_DMA_H

#include <linux/list.h>
#include <linux/rbtree.h>
#include <linux/shrinker.h>
#include <linux/sizes.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

struct mvgpu_device;
struct mvgpu_span;
struct page;
struct vfio_device;

/* Guest memory is pinned in aligned windows of that size, where a window can be pinned whole. */
#define MVGPU_PIN_WINDOW	SZ_256K
#define MVGPU_PIN_LIMIT		SZ_64M

#define MVGPU_DMA_RECENT	8

/*
 * How often a step may wait for memory, so that it gets somewhere whatever is not there: once for
 * the command, once for what it works on, and on either side for the lines of the GART that
 * MVGPU_STEP_BYTES can be in, six.
 */
#define MVGPU_DMA_PATIENCE	16

/**
 * struct mvgpu_dma_stats - what debugfs shows of guest memory
 * @hits: pieces of guest memory that were pinned already when they were wanted
 * @misses: those that were not
 * @pins: pages that were pinned
 * @unpins: pages that were unpinned
 * @copied: bytes that were copied through vfio_dma_rw() instead
 */
struct mvgpu_dma_stats {
	u64 hits;
	u64 misses;
	u64 pins;
	u64 unpins;
	u64 copied;
};

/**
 * struct mvgpu_dma - how the engine reaches guest memory
 * @lock: protects what follows, and all pins, but what is the owner's.  Nothing sleeps and nothing
 *	of VFIO is called under it.
 * @pins: what is pinned, by address
 * @lru: the same, in the order of use
 * @pages: how many they are
 * @limit: how many there may be; an administrator's
 * @budget: how many the VMM's RLIMIT_MEMLOCK has room for, as far as is known
 * @unmaps: calls of dma_unmap that have not returned
 * @held_first: the first byte that was unmapped lately
 * @held_last: and the last
 * @held_until: until when nothing between is pinned, in jiffies
 * @hold: how long that is after an unmap, in jiffies
 * @stats: counters
 * @wait: for a pin to be given back, or to be gone
 * @relief: unpins what the shrinker has doomed
 * @patience: how often memory may still be waited for in this step.  The owner's, as are
 * @waited_ns: how long it has been waited for, in nanoseconds; added to
 * @recent: windows that had a small access when they were not pinned
 * @copies: memory for copies, a page for either span, or NULL before it was needed
 * @shrinker: tells of memory pressure; NULL before anything was pinned
 */
struct mvgpu_dma {
	spinlock_t lock;		/* lending against unmapping */
	struct rb_root pins;
	struct list_head lru;
	unsigned int pages;
	unsigned int limit;
	unsigned int budget;
	unsigned int unmaps;
	u64 held_first;
	u64 held_last;
	unsigned long held_until;
	unsigned long hold;
	struct mvgpu_dma_stats stats;
	wait_queue_head_t wait;
	struct work_struct relief;
	unsigned int patience;
	u64 waited_ns;
	u64 recent[MVGPU_DMA_RECENT];
	void *copies;
	struct shrinker *shrinker;
};

/* pins.c */
struct mvgpu_pin;
struct mvgpu_pin *mvgpu_pin_lend(struct mvgpu_dma *dma, struct mvgpu_span *span);
void mvgpu_pin_return(struct mvgpu_dma *dma, struct mvgpu_pin *pin);
void mvgpu_pins_init(struct mvgpu_dma *dma);
void mvgpu_pins_fini(struct mvgpu_dma *dma);
int mvgpu_pin_make(struct mvgpu_device *gpu, u64 iova, bool write);
void mvgpu_pins_drop(struct mvgpu_device *gpu, u64 first, u64 last);
void mvgpu_vfio_dma_unmap(struct vfio_device *vdev, u64 iova, u64 length);

/* dma.c */
void mvgpu_dma_init(struct mvgpu_dma *dma);
void mvgpu_dma_fini(struct mvgpu_dma *dma);
void mvgpu_dma_close(struct mvgpu_device *gpu);
void mvgpu_dma_clear(struct mvgpu_device *gpu);
void mvgpu_dma_set_limit(struct mvgpu_device *gpu, unsigned int pages);
struct mvgpu_dma_stats mvgpu_dma_get_stats(struct mvgpu_dma *dma, unsigned int *pages);
int mvgpu_dma_get_memory(void *host, struct mvgpu_span *spans, unsigned int count);
int mvgpu_dma_put_memory(void *host, struct mvgpu_span *spans, unsigned int count);

#endif /* MVGPU_DMA_H */
