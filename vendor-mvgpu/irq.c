// SPDX-License-Identifier: GPL-2.0-only
/*
 * Interrupts: from the model's wires to the eventfds of VFIO's user.
 *
 * The model knows which causes are pending and enabled.  It drives the INTx
 * wire through set_intx() and sends messages through send_msi(); what VFIO adds
 * is here: which of the three indexes is in use, where its vectors go, and that
 * a delivered INTx masks itself until the user unmasks it.
 *
 * Setting up mirrors vfio-pci: one index at a time; the first eventfd enables
 * it, DATA_NONE with a count of 0 disables it.
 */
#include "mvgpu.h"

static enum mvgpu_irq_mode mvgpu_irq_mode_of(unsigned int index)
{
	switch (index) {
	case VFIO_PCI_INTX_IRQ_INDEX:
		return MVGPU_IRQ_INTX;
	case VFIO_PCI_MSI_IRQ_INDEX:
		return MVGPU_IRQ_MSI;
	case VFIO_PCI_MSIX_IRQ_INDEX:
		return MVGPU_IRQ_MSIX;
	default:
		return MVGPU_IRQ_NONE;
	}
}

/**
 * mvgpu_irq_count() - how many interrupts an index has
 * @index: VFIO's, any value
 *
 * Return: the number, 0 for an index that the device does not have.
 */
u32 mvgpu_irq_count(unsigned int index)
{
	switch (index) {
	case VFIO_PCI_INTX_IRQ_INDEX:
	case VFIO_PCI_REQ_IRQ_INDEX:
		return 1;
	case VFIO_PCI_MSI_IRQ_INDEX:
	case VFIO_PCI_MSIX_IRQ_INDEX:
		return MVGPU_NUM_VECTORS;
	default:
		return 0;
	}
}

/**
 * mvgpu_irq_init() - nothing set up yet
 * @irq: zeroed memory
 */
void mvgpu_irq_init(struct mvgpu_irq *irq)
{
	mutex_init(&irq->mutex);
	spin_lock_init(&irq->lock);
	irq->index = VFIO_PCI_NUM_IRQS;
}

static void mvgpu_irq_signal(struct eventfd_ctx *trigger)
{
	if (trigger)
		eventfd_signal(trigger);
}

/* Deliver INTx if it is high, not masked, and somebody listens; delivery masks. */
static void mvgpu_intx_deliver(struct mvgpu_irq *irq)
{
	lockdep_assert_held(&irq->lock);

	if (irq->index != VFIO_PCI_INTX_IRQ_INDEX || !irq->intx_level || irq->intx_masked ||
	    !irq->trigger[0])
		return;
	irq->intx_masked = true;
	eventfd_signal(irq->trigger[0]);
}

static void mvgpu_intx_set_masked(struct mvgpu_irq *irq, bool masked)
{
	spin_lock_irq(&irq->lock);
	irq->intx_masked = masked;
	mvgpu_intx_deliver(irq);
	spin_unlock_irq(&irq->lock);
}

/**
 * mvgpu_irq_set_intx() - mvgpu_host_ops.set_intx
 * @host: the vGPU
 * @level: of the wire
 *
 * Context: under the model's lock.
 */
void mvgpu_irq_set_intx(void *host, bool level)
{
	struct mvgpu_device *gpu = host;

	spin_lock(&gpu->irq.lock);
	gpu->irq.intx_level = level;
	mvgpu_intx_deliver(&gpu->irq);
	spin_unlock(&gpu->irq.lock);
}

/**
 * mvgpu_irq_send_msi() - mvgpu_host_ops.send_msi
 * @host: the vGPU
 * @vector: of MSI or MSI-X
 *
 * Context: under the model's lock.
 */
void mvgpu_irq_send_msi(void *host, unsigned int vector)
{
	struct mvgpu_device *gpu = host;

	spin_lock(&gpu->irq.lock);
	mvgpu_irq_signal(gpu->irq.trigger[vector]);
	spin_unlock(&gpu->irq.lock);
}

/* Put @new into @slot; the old one is given back when nobody can be signalling it any more. */
static void mvgpu_irq_replace(struct mvgpu_irq *irq, struct eventfd_ctx **slot,
			      struct eventfd_ctx *new)
{
	struct eventfd_ctx *old;

	spin_lock_irq(&irq->lock);
	old = *slot;
	*slot = new;
	if (slot == &irq->trigger[0])
		mvgpu_intx_deliver(irq);
	spin_unlock_irq(&irq->lock);

	if (old)
		eventfd_ctx_put(old);
}

/* NULL for -1, an error for what is no eventfd. */
static struct eventfd_ctx *mvgpu_irq_fdget(s32 fd)
{
	if (fd == -1)
		return NULL;
	return eventfd_ctx_fdget(fd);
}

static u32 mvgpu_irq_listeners(const struct mvgpu_irq *irq)
{
	u32 listeners = 0;
	unsigned int i;

	for (i = 0; i < MVGPU_NUM_VECTORS; i++)
		if (irq->trigger[i])
			listeners |= BIT(i);
	return listeners;
}

static void mvgpu_irq_disable(struct mvgpu_device *gpu)
{
	struct mvgpu_irq *irq = &gpu->irq;
	unsigned int i;

	lockdep_assert_held(&irq->mutex);

	if (irq->index == VFIO_PCI_NUM_IRQS)
		return;
	mvgpu_irq_set_mode(&gpu->model, MVGPU_IRQ_NONE, 0);
	vfio_virqfd_disable(&irq->unmask);
	for (i = 0; i < MVGPU_NUM_VECTORS; i++)
		mvgpu_irq_replace(irq, &irq->trigger[i], NULL);

	spin_lock_irq(&irq->lock);
	irq->index = VFIO_PCI_NUM_IRQS;
	irq->intx_masked = false;
	spin_unlock_irq(&irq->lock);
}

/**
 * mvgpu_irq_disable_all() - forget every eventfd of the user
 * @gpu: a vGPU that is being closed
 *
 * Context: process, may sleep.
 */
void mvgpu_irq_disable_all(struct mvgpu_device *gpu)
{
	struct mvgpu_irq *irq = &gpu->irq;

	/* Nobody sets up any more. */
	if (READ_ONCE(irq->index) == VFIO_PCI_NUM_IRQS && !READ_ONCE(irq->req))
		return;
	guard(mutex)(&irq->mutex);
	mvgpu_irq_disable(gpu);
	if (irq->req)
		mvgpu_irq_replace(irq, &irq->req, NULL);
}

/* All or nothing: what @fds names is looked up before the first vector changes. */
static int mvgpu_irq_set_eventfds(struct mvgpu_device *gpu, const struct vfio_irq_set *set,
				  const s32 *fds)
{
	struct eventfd_ctx *new[MVGPU_NUM_VECTORS];
	struct mvgpu_irq *irq = &gpu->irq;
	unsigned int i;

	for (i = 0; i < set->count; i++) {
		new[i] = mvgpu_irq_fdget(fds[i]);
		if (IS_ERR(new[i])) {
			int ret = PTR_ERR(new[i]);

			while (i--)
				if (new[i])
					eventfd_ctx_put(new[i]);
			return ret;
		}
	}

	spin_lock_irq(&irq->lock);
	irq->index = set->index;
	spin_unlock_irq(&irq->lock);
	for (i = 0; i < set->count; i++)
		mvgpu_irq_replace(irq, &irq->trigger[set->start + i], new[i]);
	mvgpu_irq_set_mode(&gpu->model, mvgpu_irq_mode_of(set->index),
			   mvgpu_irq_listeners(irq));
	return 0;
}

/* Loopback: fire the eventfds as if the device had. */
static void mvgpu_irq_loopback(struct mvgpu_irq *irq, const struct vfio_irq_set *set,
			       const u8 *bools)
{
	unsigned int i;

	spin_lock_irq(&irq->lock);
	for (i = 0; i < set->count; i++)
		if (!bools || bools[i])
			mvgpu_irq_signal(irq->trigger[set->start + i]);
	spin_unlock_irq(&irq->lock);
}

static int mvgpu_irq_set_trigger(struct mvgpu_device *gpu, const struct vfio_irq_set *set,
				 const void *data)
{
	u32 type = set->flags & VFIO_IRQ_SET_DATA_TYPE_MASK;
	struct mvgpu_irq *irq = &gpu->irq;
	bool enabled = irq->index == set->index;

	if (enabled && !set->count && type == VFIO_IRQ_SET_DATA_NONE) {
		mvgpu_irq_disable(gpu);
		return 0;
	}
	if (!set->count || (!enabled && irq->index != VFIO_PCI_NUM_IRQS))
		return -EINVAL;
	if (type == VFIO_IRQ_SET_DATA_EVENTFD)
		return mvgpu_irq_set_eventfds(gpu, set, data);
	if (!enabled)
		return -EINVAL;
	mvgpu_irq_loopback(irq, set, data);
	return 0;
}

/*
 * Runs from a work item: the unmask eventfd's own lock is held where it is
 * signalled.  A user who unmasks by the very eventfd that INTx triggers keeps the
 * worker busy until it closes the device, here as with vfio-pci.
 */
static void mvgpu_intx_unmask_thread(void *opaque, void *data)
{
	struct mvgpu_device *gpu = opaque;

	mvgpu_intx_set_masked(&gpu->irq, false);
}

static int mvgpu_irq_set_mask(struct mvgpu_device *gpu, const struct vfio_irq_set *set,
			      const void *data)
{
	bool mask = (set->flags & VFIO_IRQ_SET_ACTION_TYPE_MASK) == VFIO_IRQ_SET_ACTION_MASK;
	struct mvgpu_irq *irq = &gpu->irq;
	s32 fd;

	if (set->index != VFIO_PCI_INTX_IRQ_INDEX || irq->index != set->index || !set->count)
		return -EINVAL;

	switch (set->flags & VFIO_IRQ_SET_DATA_TYPE_MASK) {
	case VFIO_IRQ_SET_DATA_NONE:
		mvgpu_intx_set_masked(irq, mask);
		return 0;
	case VFIO_IRQ_SET_DATA_BOOL:
		if (*(const u8 *)data)
			mvgpu_intx_set_masked(irq, mask);
		return 0;
	case VFIO_IRQ_SET_DATA_EVENTFD:
		if (mask)
			return -ENOTTY;
		fd = *(const s32 *)data;
		if (fd >= 0)
			return vfio_virqfd_enable(gpu, NULL, mvgpu_intx_unmask_thread, NULL,
						  &irq->unmask, fd);
		vfio_virqfd_disable(&irq->unmask);
		return 0;
	default:
		return -EINVAL;
	}
}

static int mvgpu_irq_set_req(struct mvgpu_irq *irq, const struct vfio_irq_set *set,
			     const void *data)
{
	struct eventfd_ctx *new;

	switch (set->flags & VFIO_IRQ_SET_DATA_TYPE_MASK) {
	case VFIO_IRQ_SET_DATA_NONE:
		if (!irq->req)
			return -EINVAL;
		if (set->count)
			eventfd_signal(irq->req);
		else
			mvgpu_irq_replace(irq, &irq->req, NULL);
		return 0;
	case VFIO_IRQ_SET_DATA_BOOL:
		if (!set->count)
			return -EINVAL;
		if (*(const u8 *)data)
			mvgpu_irq_signal(irq->req);
		return 0;
	case VFIO_IRQ_SET_DATA_EVENTFD:
		if (!set->count)
			return -EINVAL;
		new = mvgpu_irq_fdget(*(const s32 *)data);
		if (IS_ERR(new))
			return PTR_ERR(new);
		mvgpu_irq_replace(irq, &irq->req, new);
		return 0;
	default:
		return -EINVAL;
	}
}

/**
 * mvgpu_irq_set() - VFIO_DEVICE_SET_IRQS
 * @gpu: the vGPU
 * @set: what to do; range and data size have been checked by
 *	vfio_set_irqs_validate_and_prepare()
 * @data: bools or file descriptors, NULL for DATA_NONE
 *
 * Context: process, may sleep.
 * Return: 0; -EINVAL for what makes no sense and for a file that is not an
 * eventfd, -EBADF for a file descriptor that is not open, -ENOTTY for an eventfd
 * that masks, -EBUSY for a second one that unmasks, -ENOMEM.  On error nothing has
 * changed.
 */
int mvgpu_irq_set(struct mvgpu_device *gpu, const struct vfio_irq_set *set, const void *data)
{
	guard(mutex)(&gpu->irq.mutex);

	switch (set->flags & VFIO_IRQ_SET_ACTION_TYPE_MASK) {
	case VFIO_IRQ_SET_ACTION_TRIGGER:
		if (set->index == VFIO_PCI_REQ_IRQ_INDEX)
			return mvgpu_irq_set_req(&gpu->irq, set, data);
		return mvgpu_irq_set_trigger(gpu, set, data);
	case VFIO_IRQ_SET_ACTION_MASK:
	case VFIO_IRQ_SET_ACTION_UNMASK:
		return mvgpu_irq_set_mask(gpu, set, data);
	default:
		return -EINVAL;
	}
}

/**
 * mvgpu_vfio_request() - vfio_device_ops.request: the mdev is being removed,
 * ask the user to let go
 * @vdev: the vGPU's
 * @count: how often that has been asked before
 *
 * Context: process, may sleep; vfio.ko asks every 10 s until the device is
 * closed.
 */
void mvgpu_vfio_request(struct vfio_device *vdev, unsigned int count)
{
	struct mvgpu_device *gpu = to_mvgpu_device(vdev);

	bool listens;

	spin_lock_irq(&gpu->irq.lock);
	listens = gpu->irq.req;
	mvgpu_irq_signal(gpu->irq.req);
	spin_unlock_irq(&gpu->irq.lock);

	if (!listens && !count)
		dev_info(vdev->dev, "removal waits for the user, who does not listen to REQ\n");
}
