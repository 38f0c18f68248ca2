// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory for the engine: VRAM and guest memory, lent for the length of a memcpy.
 *
 * Guest memory is pinned (pins.c), or copied to a page of the device's and, when the engine is done
 * with it, back.  Copied is
 *  - what is small: a command, a fence, a line of the GART; unless the same window of memory is
 *    used so for a second time,
 *  - what cannot be pinned: because it was unmapped a moment ago, because RLIMIT_MEMLOCK does not
 *    let it, because it is no memory with pages.
 * So a guest's memory is found where a mapping is, whether it can be pinned or not; only the cost
 * differs.
 *
 * Two pieces that are wanted together are lent together or not at all.  What is not there, VRAM
 * that has to be allocated, guest memory that has to be pinned or copied, is made to be there one
 * by one, and then it is tried again: nothing sleeps while a pin is lent, because dma_unmap waits
 * for it.
 *
 * All of that may take any time.  So a step may do it a few times only, and one that runs in a kick
 * not at all: then it ends, and its command goes on in another.
 */
#include <linux/ktime.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "mvgpu.h"

/* What is worth to be pinned at once. */
#define MVGPU_DMA_SMALL		256

/* How often memory is pinned for one pair of pieces: either may be unmapped again meanwhile. */
#define MVGPU_DMA_TRIES		4

/**
 * mvgpu_dma_init() - nothing is pinned
 * @dma: zeroed memory
 */
void mvgpu_dma_init(struct mvgpu_dma *dma)
{
	mvgpu_pins_init(dma);
}

/**
 * mvgpu_dma_fini() - free what is left
 * @dma: of a device that is closed
 */
void mvgpu_dma_fini(struct mvgpu_dma *dma)
{
	mvgpu_pins_fini(dma);
}

/**
 * mvgpu_dma_close() - nothing stays pinned, or copied
 * @gpu: a vGPU that is being closed; nobody owns its engine any more
 *
 * Context: process, may sleep.
 */
void mvgpu_dma_close(struct mvgpu_device *gpu)
{
	struct mvgpu_dma *dma = &gpu->dma;

	mvgpu_dma_clear(gpu);
	kfree_sensitive(dma->copies);
	dma->copies = NULL;
	dma->budget = UINT_MAX;
}

/**
 * mvgpu_dma_clear() - unpin everything
 * @gpu: the vGPU
 *
 * Context: process, may sleep; not by who has memory lent.
 */
void mvgpu_dma_clear(struct mvgpu_device *gpu)
{
	if (READ_ONCE(gpu->dma.pages))
		mvgpu_pins_drop(gpu, 0, U64_MAX);
}

/**
 * mvgpu_dma_set_limit() - change how much may be pinned
 * @gpu: the vGPU
 * @pages: how much
 *
 * What is pinned beyond that is unpinned when the engine pins again.
 *
 * Context: any.
 */
void mvgpu_dma_set_limit(struct mvgpu_device *gpu, unsigned int pages)
{
	spin_lock(&gpu->dma.lock);
	gpu->dma.limit = pages;
	spin_unlock(&gpu->dma.lock);
}

/**
 * mvgpu_dma_get_stats() - for debugfs
 * @dma: of a vGPU
 * @pages: set to what is pinned at the moment
 *
 * Return: the counters.
 */
struct mvgpu_dma_stats mvgpu_dma_get_stats(struct mvgpu_dma *dma, unsigned int *pages)
{
	struct mvgpu_dma_stats stats;

	spin_lock(&dma->lock);
	*pages = dma->pages;
	stats = dma->stats;
	spin_unlock(&dma->lock);
	return stats;
}

/* Whether a span has memory already: what is copied, and VRAM. */
static bool mvgpu_span_is_set(const struct mvgpu_span *span)
{
	return span->ptr;
}

static bool mvgpu_span_is_copy(const struct mvgpu_dma *dma, const struct mvgpu_span *span)
{
	return span->cookie == dma;
}

/* Lend what is there; or, if something is not, nothing, and how far it went. */
static unsigned int mvgpu_dma_lend_locked(struct mvgpu_dma *dma, struct mvgpu_span *spans,
					  unsigned int count)
{
	struct mvgpu_pin *pins[2] = { };
	size_t wanted[2];
	unsigned int i, missed;

	for (i = 0; i < count; i++) {
		wanted[i] = spans[i].len;
		if (mvgpu_span_is_set(&spans[i]))
			continue;
		if (spans[i].mem == MVGPU_MEM_VRAM)
			break;
		pins[i] = mvgpu_pin_lend(dma, &spans[i]);
		if (!pins[i]) {
			dma->stats.misses++;
			break;
		}
		spans[i].cookie = pins[i];
		dma->stats.hits++;
	}
	missed = i;
	if (missed == count)
		return count;

	while (i--) {
		if (!pins[i])
			continue;
		mvgpu_pin_return(dma, pins[i]);
		spans[i].len = wanted[i];
		spans[i].ptr = NULL;
		spans[i].cookie = NULL;
	}
	return missed;
}

static unsigned int mvgpu_dma_lend(struct mvgpu_dma *dma, struct mvgpu_span *spans,
				   unsigned int count)
{
	unsigned int lent;

	spin_lock(&dma->lock);
	lent = mvgpu_dma_lend_locked(dma, spans, count);
	spin_unlock(&dma->lock);
	return lent;
}

static void mvgpu_dma_return(struct mvgpu_dma *dma, struct mvgpu_pin *pin)
{
	spin_lock(&dma->lock);
	mvgpu_pin_return(dma, pin);
	spin_unlock(&dma->lock);
}

/* Whether it was wanted from this window before; it has been now. */
static bool mvgpu_dma_again(struct mvgpu_dma *dma, u64 address)
{
	u64 window = address / MVGPU_PIN_WINDOW + 1;
	u64 *recent = &dma->recent[window % MVGPU_DMA_RECENT];

	if (*recent == window)
		return true;
	*recent = window;
	return false;
}

/* Copies stay in a page: what is behind it may be elsewhere, or nowhere. */
static int mvgpu_dma_copy(struct mvgpu_device *gpu, struct mvgpu_span *span, unsigned int place)
{
	struct mvgpu_dma *dma = &gpu->dma;
	size_t len = min_t(size_t, span->len, PAGE_SIZE - offset_in_page(span->address));
	void *to;
	int ret;

	if (!dma->copies)
		dma->copies = kmalloc(2 * PAGE_SIZE, GFP_KERNEL_ACCOUNT);
	if (!dma->copies)
		return -ENOMEM;
	to = dma->copies + place * PAGE_SIZE;
	if (span->read) {
		ret = vfio_dma_rw(&gpu->vfio->vdev, span->address, to, len, false);
		if (ret)
			return ret;
		WRITE_ONCE(dma->stats.copied, dma->stats.copied + len);
	}
	span->len = len;
	span->ptr = to;
	span->cookie = dma;
	return 0;
}

static int mvgpu_dma_copy_back(struct mvgpu_device *gpu, const struct mvgpu_span *span)
{
	struct mvgpu_dma *dma = &gpu->dma;

	u64 before = ktime_get_ns();
	int ret;

	ret = vfio_dma_rw(&gpu->vfio->vdev, span->address, span->ptr, span->len, true);
	dma->waited_ns += ktime_get_ns() - before;
	if (ret)
		return -EFAULT;
	WRITE_ONCE(dma->stats.copied, dma->stats.copied + span->len);
	return 0;
}

/*
 * Make it possible to lend guest memory; @tries: how often that has been done.  What is only
 * written and so small is a fence, whose store is to be one: that takes the memory itself.
 */
static int mvgpu_dma_prepare_guest(struct mvgpu_device *gpu, struct mvgpu_span *span,
				   unsigned int place, unsigned int tries)
{
	bool small = span->read && span->len <= MVGPU_DMA_SMALL;

	if (small && !mvgpu_dma_again(&gpu->dma, span->address) &&
	    !mvgpu_dma_copy(gpu, span, place))
		return 0;
	if (tries < MVGPU_DMA_TRIES && !mvgpu_pin_make(gpu, span->address, span->write))
		return 0;
	return mvgpu_dma_copy(gpu, span, place);
}

static int mvgpu_dma_prepare(struct mvgpu_device *gpu, struct mvgpu_span *span,
			     unsigned int place, unsigned int tries)
{
	u64 before = ktime_get_ns();
	int ret = 0;

	if (span->mem == MVGPU_MEM_VRAM) {
		span->ptr = mvgpu_vram_make(&gpu->vram, span->address, &span->len, span->write);
		if (!span->ptr)
			ret = -ENOMEM;
	} else {
		ret = mvgpu_dma_prepare_guest(gpu, span, place, tries);
	}
	gpu->dma.waited_ns += ktime_get_ns() - before;
	return ret;
}

/* Lend all, one way or another. */
static int mvgpu_dma_get_slowly(struct mvgpu_device *gpu, struct mvgpu_span *spans,
				unsigned int count)
{
	unsigned int i, tries;

	for (tries = 0;; tries++) {
		i = mvgpu_dma_lend(&gpu->dma, spans, count);
		if (i == count)
			return 0;
		if (!tries) {
			if (!gpu->dma.patience)
				return -EAGAIN;
			gpu->dma.patience--;
		}
		if (mvgpu_dma_prepare(gpu, &spans[i], i, tries)) {
			/* The worker is killed; the memory may be there for another one. */
			if (fatal_signal_pending(current))
				return -EAGAIN;
			spans[i].len = 0;
			return -EFAULT;
		}
	}
}

/**
 * mvgpu_dma_get_memory() - mvgpu_host_ops.get_memory
 * @host: the vGPU
 * @spans: what is wanted, VRAM and guest memory
 * @count: how many, 1 or 2
 *
 * Context: process, may sleep if the owner has patience; the caller owns the engine.
 * Return: 0, -EAGAIN or -EFAULT.
 */
int mvgpu_dma_get_memory(void *host, struct mvgpu_span *spans, unsigned int count)
{
	struct mvgpu_device *gpu = host;
	unsigned int i, there = 0;

	for (i = 0; i < count; i++) {
		spans[i].cookie = NULL;
		spans[i].ptr = NULL;
		if (spans[i].mem == MVGPU_MEM_VRAM)
			spans[i].ptr = mvgpu_vram_find(&gpu->vram, spans[i].address,
						       &spans[i].len, spans[i].write);
		there += mvgpu_span_is_set(&spans[i]);
	}
	return there == count ? 0 : mvgpu_dma_get_slowly(gpu, spans, count);
}

/**
 * mvgpu_dma_put_memory() - mvgpu_host_ops.put_memory
 * @host: the vGPU
 * @spans: as mvgpu_dma_get_memory() has set them
 * @count: how many
 *
 * Context: process, may sleep; the caller owns the engine.
 * Return: 0; -EFAULT where what was written could not be stored.
 */
int mvgpu_dma_put_memory(void *host, struct mvgpu_span *spans, unsigned int count)
{
	struct mvgpu_device *gpu = host;
	bool copies = false;
	unsigned int i;
	int ret = 0;

	for (i = 0; i < count; i++) {
		if (mvgpu_span_is_copy(&gpu->dma, &spans[i]))
			copies = true;
		else if (spans[i].cookie)
			mvgpu_dma_return(&gpu->dma, spans[i].cookie);
	}
	for (i = 0; copies && i < count; i++) {
		if (mvgpu_span_is_copy(&gpu->dma, &spans[i]) && spans[i].write)
			ret = ret ?: mvgpu_dma_copy_back(gpu, &spans[i]);
	}
	return ret;
}
