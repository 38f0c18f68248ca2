// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pins: guest memory that is held in place, so that the engine can work on it.
 *
 * Pinning a page costs more than copying it, so what has been pinned stays so until its room is
 * needed for other memory, the VMM takes it away, or the device is closed or reset.  A pin is a run
 * of pages, a naturally aligned window of addresses.  Pins do not overlap.
 *
 * A pin in the tree is
 *  - idle, or
 *  - lent: the engine works on its memory, for the length of a memcpy, or
 *  - busy: somebody is pinning or unpinning it, and is the only one to change it.
 * It is doomed as well when somebody waits for it to be gone.  A doomed pin is not lent any more;
 * who dooms one unpins it as soon as it is idle.
 *
 * vfio_pin_pages() and vfio_unpin_pages() take locks of VFIO's under which VFIO calls, and waits
 * for, dma_unmap.  So neither is called under a lock of ours nor with memory lent.  docs/locking.md
 * has the whole argument.
 *
 * The VMM unmaps a range like this: type1 looks for pinned pages in it, tells us, lets go of its
 * lock, and looks again.  Whoever pins there again in between makes it start over, and the tenth
 * time is a BUG().  A guest could bring that about by a copy in a loop.  So what was unmapped is
 * not pinned again for a while; what is wanted of it nevertheless is copied page by page, with
 * VFIO's lock held (dma.c).
 */
#include <linux/iommu.h>
#include <linux/jiffies.h>
#include <linux/slab.h>

#include "mvgpu.h"

static_assert(!IS_ENABLED(CONFIG_HIGHMEM), "guest memory has an address in the kernel");

#define MVGPU_PIN_ORDER		(ilog2(MVGPU_PIN_WINDOW) - PAGE_SHIFT)
/* When a window cannot be pinned whole, one of that much less is tried. */
#define MVGPU_PIN_ORDER_STEP	3

/*
 * Longer than it takes VFIO to come back from dma_unmap and take a lock; and so many times longer
 * whenever that was not enough, or may not have been, up to the last.
 */
#define MVGPU_PIN_HOLD		(HZ / 10)
#define MVGPU_PIN_HOLD_FACTOR	8
#define MVGPU_PIN_HOLD_MAX	(HZ * 52)

/**
 * struct mvgpu_pin - a run of pinned pages
 * @node: in mvgpu_dma.pins
 * @lru: in mvgpu_dma.lru
 * @first: address of the first byte
 * @last: of the last one
 * @count: pages
 * @prot: IOMMU_READ and IOMMU_WRITE: what the mapping lets the device do
 * @users: how often it is lent
 * @busy: somebody pins or unpins it
 * @doomed: somebody waits for it to be gone
 * @pages: the pages
 */
struct mvgpu_pin {
	struct rb_node node;
	struct list_head lru;
	u64 first;
	u64 last;
	unsigned int count;
	int prot;
	unsigned int users;
	bool busy;
	bool doomed;
	struct page *pages[];
};

/**
 * struct mvgpu_range - addresses
 * @first: the first
 * @last: the last
 */
struct mvgpu_range {
	u64 first;
	u64 last;
};

static struct mvgpu_pin *to_pin(const struct rb_node *node)
{
	return rb_entry(node, struct mvgpu_pin, node);
}

/* Where a range is beside a pin; 0 where they overlap. */
static int mvgpu_pin_compare(const void *key, const struct rb_node *node)
{
	const struct mvgpu_range *range = key;
	const struct mvgpu_pin *pin = to_pin(node);

	if (range->last < pin->first)
		return -1;
	return range->first > pin->last;
}

static int mvgpu_pin_order(struct rb_node *new, const struct rb_node *node)
{
	struct mvgpu_range range = { to_pin(new)->first, to_pin(new)->last };

	return mvgpu_pin_compare(&range, node);
}

static struct mvgpu_pin *mvgpu_pin_find(const struct mvgpu_dma *dma, u64 address)
{
	struct mvgpu_range range = { address, address };
	struct rb_node *node = rb_find(&range, &dma->pins, mvgpu_pin_compare);

	return node ? to_pin(node) : NULL;
}

static bool mvgpu_pin_is_idle(const struct mvgpu_pin *pin)
{
	return !pin->busy && !pin->users;
}

/* Bytes from @address on that are in one piece, up to @len. */
static size_t mvgpu_pin_extent(const struct mvgpu_pin *pin, u64 address, size_t len)
{
	unsigned int i = (address - pin->first) >> PAGE_SHIFT;
	size_t extent = PAGE_SIZE - offset_in_page(address);

	for (; extent < len && i + 1 < pin->count; i++, extent += PAGE_SIZE) {
		if (page_to_pfn(pin->pages[i + 1]) != page_to_pfn(pin->pages[i]) + 1)
			break;
	}
	return min(extent, len);
}

/**
 * mvgpu_pin_lend() - lend memory, if it is pinned
 * @dma: whose memory it is
 * @span: what is wanted; set to what is lent
 *
 * Context: under @dma->lock.
 * Return: the pin, to be given back, or NULL.
 */
struct mvgpu_pin *mvgpu_pin_lend(struct mvgpu_dma *dma, struct mvgpu_span *span)
{
	int prot = (span->read ? IOMMU_READ : 0) | (span->write ? IOMMU_WRITE : 0);
	struct mvgpu_pin *pin = mvgpu_pin_find(dma, span->address);

	lockdep_assert_held(&dma->lock);

	if (!pin || pin->busy || pin->doomed || (pin->prot & prot) != prot)
		return NULL;
	pin->users++;
	list_move_tail(&pin->lru, &dma->lru);
	span->len = mvgpu_pin_extent(pin, span->address, span->len);
	span->ptr = page_address(pin->pages[(span->address - pin->first) >> PAGE_SHIFT]) +
		    offset_in_page(span->address);
	return pin;
}

/**
 * mvgpu_pin_return() - the engine is done with what it was lent
 * @dma: whose memory it is
 * @pin: from mvgpu_pin_lend()
 *
 * Context: under @dma->lock.
 */
void mvgpu_pin_return(struct mvgpu_dma *dma, struct mvgpu_pin *pin)
{
	lockdep_assert_held(&dma->lock);

	pin->users--;
	if (pin->doomed && !pin->users)
		wake_up_all(&dma->wait);
}

/* Take a busy pin, which holds no pages any more, out of the tree. */
static void mvgpu_pin_remove(struct mvgpu_dma *dma, struct mvgpu_pin *pin)
{
	lockdep_assert_held(&dma->lock);

	rb_erase(&pin->node, &dma->pins);
	list_del(&pin->lru);
	dma->pages -= pin->count;
	wake_up_all(&dma->wait);
}

/* Unpin an idle pin and forget it; lets go of the lock meanwhile. */
static void mvgpu_pin_retire(struct mvgpu_device *gpu, struct mvgpu_pin *pin)
	__releases(&gpu->dma.lock) __acquires(&gpu->dma.lock)
{
	struct mvgpu_dma *dma = &gpu->dma;

	lockdep_assert_held(&dma->lock);

	pin->busy = true;
	spin_unlock(&dma->lock);
	/* Marks the pages dirty where the mapping is writable. */
	vfio_unpin_pages(&gpu->vfio->vdev, pin->first, pin->count);
	spin_lock(&dma->lock);
	dma->stats.unpins += pin->count;
	mvgpu_pin_remove(dma, pin);
	kfree(pin);
}

/* Whether there is room for @count more pages, once what was not used for longest is gone. */
static bool mvgpu_pins_make_room(struct mvgpu_device *gpu, unsigned int count)
{
	struct mvgpu_dma *dma = &gpu->dma;
	struct mvgpu_pin *pin;
	unsigned int limit;

	lockdep_assert_held(&dma->lock);
again:
	limit = min(dma->limit, dma->budget);
	if (count > limit)
		return false;
	if (dma->pages <= limit - count)
		return true;
	list_for_each_entry(pin, &dma->lru, lru) {
		if (!mvgpu_pin_is_idle(pin))
			continue;
		mvgpu_pin_retire(gpu, pin);
		goto again;
	}
	return false;
}

/* Whether a part of @range was unmapped lately. */
static bool mvgpu_pins_held(const struct mvgpu_dma *dma, const struct mvgpu_range *range)
{
	lockdep_assert_held(&dma->lock);

	return (dma->unmaps || time_before(jiffies, dma->held_until)) &&
	       range->first <= dma->held_last && range->last >= dma->held_first;
}

/* Whether @range may be pinned: nothing of it is, and nothing of it was unmapped lately. */
static bool mvgpu_pins_vacant(const struct mvgpu_dma *dma, const struct mvgpu_range *range)
{
	return !mvgpu_pins_held(dma, range) && !rb_find(range, &dma->pins, mvgpu_pin_compare);
}

/* Enter a pin that is still to be pinned; whether there is room for it. */
static bool mvgpu_pin_enter(struct mvgpu_device *gpu, struct mvgpu_pin *pin)
{
	struct mvgpu_range range = { pin->first, pin->last };
	struct mvgpu_dma *dma = &gpu->dma;
	bool enter;

	spin_lock(&dma->lock);
	/* Making room lets go of the lock. */
	enter = mvgpu_pins_vacant(dma, &range) && mvgpu_pins_make_room(gpu, pin->count) &&
		!mvgpu_pins_held(dma, &range);
	if (enter) {
		rb_find_add(&pin->node, &dma->pins, mvgpu_pin_order);
		list_add_tail(&pin->lru, &dma->lru);
		dma->pages += pin->count;
	}
	spin_unlock(&dma->lock);
	return enter;
}

static int mvgpu_pin_pages(struct mvgpu_device *gpu, struct mvgpu_pin *pin, bool write)
{
	struct vfio_device *vdev = &gpu->vfio->vdev;
	int ret;

	pin->prot = IOMMU_READ | IOMMU_WRITE;
	ret = vfio_pin_pages(vdev, pin->first, pin->count, pin->prot, pin->pages);
	if (ret == -EPERM) {
		pin->prot = write ? IOMMU_WRITE : IOMMU_READ;
		ret = vfio_pin_pages(vdev, pin->first, pin->count, pin->prot, pin->pages);
	}
	return ret;
}

/* Pin the window that @pin is for; if not, it is in no tree. */
static int mvgpu_pin_try(struct mvgpu_device *gpu, struct mvgpu_pin *pin, bool write)
{
	struct mvgpu_dma *dma = &gpu->dma;
	int ret;

	if (!mvgpu_pin_enter(gpu, pin))
		return -EBUSY;
	ret = mvgpu_pin_pages(gpu, pin, write);

	spin_lock(&dma->lock);
	if (ret < 0) {
		mvgpu_pin_remove(dma, pin);
		/* Not so much again: the kernel's log gets a line each time. */
		if (ret == -ENOMEM)
			dma->budget = dma->pages + pin->count - 1;
	} else {
		dma->stats.pins += pin->count;
		pin->busy = false;
		/* Somebody may have doomed it meanwhile. */
		if (pin->doomed)
			wake_up_all(&dma->wait);
	}
	spin_unlock(&dma->lock);
	return min(ret, 0);
}

/* All that could be unpinned. */
static unsigned long mvgpu_pins_count(struct shrinker *shrinker, struct shrink_control *sc)
{
	struct mvgpu_dma *dma = shrinker->private_data;

	return READ_ONCE(dma->pages);
}

/*
 * Memory is short.  Who is looking for some may hold VFIO's locks: others do the unpinning.
 */
static unsigned long mvgpu_pins_scan(struct shrinker *shrinker, struct shrink_control *sc)
{
	struct mvgpu_dma *dma = shrinker->private_data;
	unsigned long doomed = 0;
	struct mvgpu_pin *pin;

	spin_lock(&dma->lock);
	list_for_each_entry(pin, &dma->lru, lru) {
		if (doomed >= sc->nr_to_scan)
			break;
		if (pin->doomed || !mvgpu_pin_is_idle(pin))
			continue;
		pin->doomed = true;
		doomed += pin->count;
	}
	spin_unlock(&dma->lock);
	if (!doomed)
		return SHRINK_STOP;
	queue_work(system_dfl_wq, &dma->relief);
	return doomed;
}

/* Without one pins are dropped for other reasons only. */
static void mvgpu_pins_add_shrinker(struct mvgpu_device *gpu)
{
	struct shrinker *shrinker;

	shrinker = shrinker_alloc(0, "mvgpu:%s", dev_name(mdev_dev(gpu->mdev)));
	if (!shrinker)
		return;
	shrinker->count_objects = mvgpu_pins_count;
	shrinker->scan_objects = mvgpu_pins_scan;
	shrinker->private_data = &gpu->dma;
	shrinker_register(shrinker);
	gpu->dma.shrinker = shrinker;
}

/**
 * mvgpu_pin_make() - pin the memory around an address
 * @gpu: the vGPU; the caller owns its engine and has nothing lent
 * @iova: the address
 * @write: whether the engine wants to write there
 *
 * Context: process, may sleep.
 * Return: 0; a negative errno where nothing was pinned: the memory may be there nevertheless.
 */
int mvgpu_pin_make(struct mvgpu_device *gpu, u64 iova, bool write)
{
	struct mvgpu_pin *pin;
	int order, ret;

	if (!gpu->dma.shrinker)
		mvgpu_pins_add_shrinker(gpu);
	pin = kmalloc(struct_size(pin, pages, 1u << MVGPU_PIN_ORDER), GFP_KERNEL_ACCOUNT);
	if (!pin)
		return -ENOMEM;
	for (order = MVGPU_PIN_ORDER; order >= 0; order -= MVGPU_PIN_ORDER_STEP) {
		u64 size = (u64)PAGE_SIZE << order;

		pin->users = 0;
		pin->busy = true;
		pin->doomed = false;
		pin->count = 1u << order;
		pin->first = round_down(iova, size);
		pin->last = pin->first + size - 1;
		ret = mvgpu_pin_try(gpu, pin, write);
		if (!ret)
			return 0;
	}
	kfree(pin);
	return ret;
}

/* The first doomed pin in @range, or the first such that is idle. */
static struct mvgpu_pin *mvgpu_pins_doomed(const struct mvgpu_dma *dma,
					   const struct mvgpu_range *range, bool idle)
{
	struct rb_node *node;

	lockdep_assert_held(&dma->lock);

	rb_for_each(node, range, &dma->pins, mvgpu_pin_compare) {
		struct mvgpu_pin *pin = to_pin(node);

		if (pin->doomed && (!idle || mvgpu_pin_is_idle(pin)))
			return pin;
	}
	return NULL;
}

/* Whether who waits for doomed pins has something to do, or is done. */
static bool mvgpu_pins_moved(struct mvgpu_dma *dma, const struct mvgpu_range *range)
{
	bool moved;

	spin_lock(&dma->lock);
	moved = !mvgpu_pins_doomed(dma, range, false) || mvgpu_pins_doomed(dma, range, true);
	spin_unlock(&dma->lock);
	return moved;
}

/* Unpin what is doomed in @range; returns when it is gone. */
static void mvgpu_pins_settle(struct mvgpu_device *gpu, const struct mvgpu_range *range)
{
	struct mvgpu_dma *dma = &gpu->dma;
	struct mvgpu_pin *pin;

	spin_lock(&dma->lock);
	while (mvgpu_pins_doomed(dma, range, false)) {
		pin = mvgpu_pins_doomed(dma, range, true);
		if (pin) {
			mvgpu_pin_retire(gpu, pin);
			continue;
		}
		spin_unlock(&dma->lock);
		wait_event(dma->wait, mvgpu_pins_moved(dma, range));
		spin_lock(&dma->lock);
	}
	spin_unlock(&dma->lock);
}

/**
 * mvgpu_pins_drop() - unpin a range
 * @gpu: the vGPU
 * @first: the first byte
 * @last: the last one
 *
 * Returns when all that was pinned in that range when it was called, or was being pinned, has been
 * given back and unpinned.
 *
 * Context: process, may sleep.
 */
void mvgpu_pins_drop(struct mvgpu_device *gpu, u64 first, u64 last)
{
	struct mvgpu_range range = { first, last };
	struct mvgpu_dma *dma = &gpu->dma;
	struct rb_node *node;

	spin_lock(&dma->lock);
	rb_for_each(node, &range, &dma->pins, mvgpu_pin_compare)
		to_pin(node)->doomed = true;
	spin_unlock(&dma->lock);
	mvgpu_pins_settle(gpu, &range);
}

static void mvgpu_pins_relieve(struct work_struct *work)
{
	struct mvgpu_device *gpu = container_of(work, struct mvgpu_device, dma.relief);
	static const struct mvgpu_range all = { 0, U64_MAX };

	mvgpu_pins_settle(gpu, &all);
}

/**
 * mvgpu_pins_init() - nothing is pinned
 * @dma: zeroed memory
 */
void mvgpu_pins_init(struct mvgpu_dma *dma)
{
	spin_lock_init(&dma->lock);
	INIT_LIST_HEAD(&dma->lru);
	init_waitqueue_head(&dma->wait);
	INIT_WORK(&dma->relief, mvgpu_pins_relieve);
	dma->pins = RB_ROOT;
	dma->limit = MVGPU_PIN_LIMIT >> PAGE_SHIFT;
	dma->budget = UINT_MAX;
	dma->held_until = jiffies;
	dma->hold = MVGPU_PIN_HOLD;
}

/**
 * mvgpu_pins_fini() - undo mvgpu_pins_init()
 * @dma: without pins
 *
 * Context: process, may sleep.
 */
void mvgpu_pins_fini(struct mvgpu_dma *dma)
{
	shrinker_free(dma->shrinker);
	cancel_work_sync(&dma->relief);
}

/*
 * How long what is unmapped now is not to be pinned.  A range that was unmapped, and has pins again
 * when it is unmapped, may be one that VFIO has come back to, which it does nine times at most.
 */
static void mvgpu_pins_set_hold(struct mvgpu_dma *dma, const struct mvgpu_range *range)
{
	lockdep_assert_held(&dma->lock);

	if (time_after(jiffies, dma->held_until + 2 * MVGPU_PIN_HOLD_MAX))
		dma->hold = MVGPU_PIN_HOLD;
	else if (range->first <= dma->held_last && range->last >= dma->held_first &&
		 rb_find(range, &dma->pins, mvgpu_pin_compare))
		dma->hold = min(dma->hold * MVGPU_PIN_HOLD_FACTOR, MVGPU_PIN_HOLD_MAX);
}

/* Nothing in @range is pinned from now on, until a while after mvgpu_pins_unhold(). */
static void mvgpu_pins_hold(struct mvgpu_dma *dma, u64 first, u64 last)
{
	struct mvgpu_range range = { first, last };

	spin_lock(&dma->lock);
	mvgpu_pins_set_hold(dma, &range);
	if (dma->unmaps || time_before(jiffies, dma->held_until)) {
		first = min(first, dma->held_first);
		last = max(last, dma->held_last);
	}
	dma->held_first = first;
	dma->held_last = last;
	dma->unmaps++;
	spin_unlock(&dma->lock);
}

static void mvgpu_pins_unhold(struct mvgpu_dma *dma)
{
	spin_lock(&dma->lock);
	dma->unmaps--;
	dma->held_until = jiffies + dma->hold;
	spin_unlock(&dma->lock);
}

/**
 * mvgpu_vfio_dma_unmap() - vfio_device_ops.dma_unmap
 * @vdev: a vGPU
 * @iova: the first byte
 * @length: how many
 *
 * Context: process, may sleep; VFIO holds its list of devices, or with iommufd the access object.
 */
void mvgpu_vfio_dma_unmap(struct vfio_device *vdev, u64 iova, u64 length)
{
	struct mvgpu_device *gpu = to_mvgpu_device(vdev);
	u64 last = iova + length - 1;

	if (last < iova)
		last = U64_MAX;
	mvgpu_pins_hold(&gpu->dma, iova, last);
	mvgpu_pins_drop(gpu, iova, last);
	mvgpu_pins_unhold(&gpu->dma);
}
