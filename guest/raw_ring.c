// SPDX-License-Identifier: GPL-2.0-only
/*
 * mvgpu_raw: rings.
 *
 * Submitting costs no exit while the device is awake: commands go into memory that it reads by DMA,
 * the tail and the flag that asks for a kick are in pages of BAR 2 that are mapped.
 */
#include <linux/dma-mapping.h>
#include <linux/io.h>
#include <linux/iopoll.h>
#include <linux/sched/signal.h>

#include "raw.h"

/* Only for a device that is broken: a piece of a command takes far less. */
#define RAW_STOP_US	(20 * USEC_PER_SEC)

static u32 raw_ring_read(struct raw_device *raw, unsigned int n, u32 reg)
{
	return ioread32(raw->regs + MVGPU_REG_RING(n, reg));
}

static void raw_ring_write(struct raw_device *raw, unsigned int n, u32 reg, u32 value)
{
	iowrite32(value, raw->regs + MVGPU_REG_RING(n, reg));
}

/**
 * raw_ring_stop() - stop a ring and free its memory
 * @raw: the device
 * @n: the ring, one that there is
 *
 * Rings that a program has started by itself, through the registers, are stopped too.
 *
 * Context: under the device's lock; sleeps.
 * Return: whether it has stopped; if not, the device may still be at a command of it, whose memory
 * must not be freed.
 */
bool raw_ring_stop(struct raw_device *raw, unsigned int n)
{
	struct raw_ring *ring = &raw->rings[n];
	bool stopped;
	u32 state;

	raw_ring_write(raw, n, MVGPU_RING_CTRL, 0);
	/* The engine may be at one of its commands. */
	stopped = !read_poll_timeout(raw_ring_read, state, state == MVGPU_RING_STATE_OFF, 50,
				     RAW_STOP_US, false, raw, n, MVGPU_RING_STATE);
	if (!stopped) {
		dev_err(&raw->pdev->dev, "ring %u does not stop; its memory is lost\n", n);
		ring->cmds = NULL;
	}
	WRITE_ONCE(ring->stopped, true);
	if (ring->cmds)
		dma_free_coherent(&raw->pdev->dev, ring->entries * sizeof(*ring->cmds),
				  ring->cmds, ring->address);
	ring->cmds = NULL;
	return stopped;
}

/**
 * raw_ring_start() - start a ring that is empty
 * @raw: the device
 * @start: its number and size
 *
 * If it is on it is stopped first.
 *
 * Context: under the device's lock; sleeps.
 * Return: 0 or a negative errno.
 */
int raw_ring_start(struct raw_device *raw, const struct mvgpu_raw_start *start)
{
	unsigned int n = start->ring;
	struct raw_ring *ring;

	if (n >= raw->num_rings || start->order < MVGPU_RING_MIN_ORDER ||
	    start->order > MVGPU_RING_MAX_ORDER)
		return -EINVAL;
	ring = &raw->rings[n];
	raw_ring_stop(raw, n);
	ring->entries = BIT(start->order);
	ring->tail = 0;
	ring->cmds = dma_alloc_coherent(&raw->pdev->dev, ring->entries * sizeof(*ring->cmds),
					&ring->address, GFP_KERNEL);
	if (!ring->cmds)
		return -ENOMEM;
	WRITE_ONCE(ring->stopped, false);

	iowrite32(0, raw->regs + MVGPU_TAIL(n));
	raw_ring_write(raw, n, MVGPU_RING_BASE_LO, lower_32_bits(ring->address));
	raw_ring_write(raw, n, MVGPU_RING_BASE_HI, upper_32_bits(ring->address));
	raw_ring_write(raw, n, MVGPU_RING_ORDER, start->order);
	raw_ring_write(raw, n, MVGPU_RING_CTRL,
		       MVGPU_RING_CTRL_ENABLE | MVGPU_MEM_GUEST << MVGPU_RING_CTRL_MEM_SHIFT);
	if (raw_ring_read(raw, n, MVGPU_RING_STATE) != MVGPU_RING_STATE_ON) {
		raw_ring_stop(raw, n);
		return -EIO;
	}
	return 0;
}

/**
 * raw_rings_check() - see which rings the device has stopped
 * @raw: the device
 *
 * Context: any.
 */
void raw_rings_check(struct raw_device *raw)
{
	unsigned int n;

	for (n = 0; n < raw->num_rings; n++) {
		if (raw_ring_read(raw, n, MVGPU_RING_STATE) == MVGPU_RING_STATE_ERROR)
			WRITE_ONCE(raw->rings[n].stopped, true);
	}
}

/**
 * raw_rings_lost() - the device is fresh: no ring is on
 * @raw: the device
 *
 * Their memory stays until they are stopped or started again.
 */
void raw_rings_lost(struct raw_device *raw)
{
	unsigned int n;

	for (n = 0; n < raw->num_rings; n++)
		WRITE_ONCE(raw->rings[n].stopped, true);
	wake_up_all(&raw->wait);
}

/* Make the commands before the tail known to the device. */
static void raw_ring_publish(struct raw_device *raw, unsigned int n)
{
	/* It comes after the commands: see iowrite32(). */
	iowrite32(raw->rings[n].tail, raw->regs + MVGPU_TAIL(n));
	/*
	 * Either the device sees the tail before it sleeps, or we see that it wants a kick.  These
	 * pages are ordinary memory of the host, where a load may pass a store.
	 */
	mb();
	if (ioread32(raw->regs + MVGPU_STATUS_NEED_KICK(n)))
		raw_ring_write(raw, n, MVGPU_RING_KICK, 1);
}

/**
 * raw_ring_submit() - put commands into a ring
 * @raw: the device
 * @n: the ring
 * @cmds: the commands
 * @count: how many
 *
 * Context: under the device's lock.
 * Return: how many there was room for, or a negative errno.
 */
int raw_ring_submit(struct raw_device *raw, unsigned int n, const struct mvgpu_cmd *cmds,
		    unsigned int count)
{
	struct raw_ring *ring;
	unsigned int i;
	u32 head;

	if (n >= raw->num_rings || !raw->rings[n].cmds)
		return -EINVAL;
	ring = &raw->rings[n];
	if (READ_ONCE(ring->stopped))
		return -EIO;
	head = ioread32(raw->regs + MVGPU_STATUS_HEAD(n));
	if (head >= ring->entries)
		return -EIO;
	/* One place stays free: a full ring must not look like an empty one. */
	count = min(count, (head - ring->tail - 1) % ring->entries);
	if (!count)
		return -EAGAIN;
	for (i = 0; i < count; i++) {
		ring->cmds[ring->tail] = cmds[i];
		ring->tail = (ring->tail + 1) % ring->entries;
	}
	raw_ring_publish(raw, n);
	return count;
}

/* 0 when the fence has come, -EAGAIN before. */
static int raw_ring_poll(struct raw_device *raw, const struct mvgpu_raw_wait *wait)
{
	bool stopped = READ_ONCE(raw->rings[wait->ring].stopped);

	/* A ring that has stopped was looked at first: its last fence counts. */
	if ((s64)(readq(raw->regs + MVGPU_STATUS_FENCE(wait->ring)) - wait->value) >= 0)
		return 0;
	if (READ_ONCE(raw->going))
		return -ENODEV;
	return stopped ? -EIO : -EAGAIN;
}

static int raw_ring_spin(struct raw_device *raw, const struct mvgpu_raw_wait *wait,
			 unsigned long end)
{
	int ret;

	while ((ret = raw_ring_poll(raw, wait)) == -EAGAIN) {
		if (signal_pending(current))
			return -ERESTARTSYS;
		if (time_after(jiffies, end))
			return -ETIME;
		cond_resched();
		cpu_relax();
	}
	return ret;
}

/**
 * raw_ring_wait() - wait for a fence
 * @raw: the device
 * @wait: which, and how long
 *
 * Context: sleeps.
 * Return: 0 or a negative errno.
 */
int raw_ring_wait(struct raw_device *raw, const struct mvgpu_raw_wait *wait)
{
	unsigned long timeout;
	long left;
	int ret;

	if (wait->ring >= raw->num_rings || wait->flags & ~MVGPU_RAW_WAIT_SPIN || wait->reserved)
		return -EINVAL;
	timeout = msecs_to_jiffies(wait->timeout_ms);
	if (wait->flags & MVGPU_RAW_WAIT_SPIN)
		return raw_ring_spin(raw, wait, jiffies + timeout);
	left = wait_event_interruptible_timeout(raw->wait,
						(ret = raw_ring_poll(raw, wait)) != -EAGAIN,
						timeout);
	if (left < 0)
		return left;
	return left ? ret : -ETIME;
}
