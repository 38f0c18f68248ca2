// SPDX-License-Identifier: GPL-2.0-only
/*
 * Interrupts: from the model's wires to the client's eventfds.
 *
 * Set-up follows VFIO's rules for PCI: one index at a time; the first eventfds
 * enable it, DATA_NONE with a count of 0 disables it.  A delivered INTx masks
 * itself until the client unmasks it.  Other than there, a second eventfd that
 * unmasks replaces the first: QEMU only closes the old one, which the kernel
 * would notice.
 *
 * An eventfd is written without waiting: a client that lets its counter run
 * full must not hold up the model.  That is a property of the open file, which
 * the client shares and can take back: then it holds itself up, until another
 * thread, for whom it is in the way, gets the one that waits out of there by a
 * signal.  From then on nothing is written to its eventfds.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "server.h"

static enum mvgpu_irq_mode vu_irq_mode(unsigned int index)
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

static __u32 vu_irq_count(const struct vu_gpu *gpu, unsigned int index)
{
	if (index == VFIO_PCI_MSIX_IRQ_INDEX && gpu->hide_msix)
		return 0;
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
 * vu_irq_init() - nothing set up yet
 * @irq: memory for it
 */
void vu_irq_init(struct vu_irq *irq)
{
	unsigned int i;

	pthread_mutex_init(&irq->lock, NULL);
	irq->index = VFIO_PCI_NUM_IRQS;
	for (i = 0; i < MVGPU_NUM_VECTORS; i++)
		irq->trigger[i] = -1;
	irq->req = -1;
	irq->unmask = -1;
	irq->intx_level = false;
	irq->intx_masked = false;
	irq->blocked = false;
}

/* Under irq->lock. */
static void vu_irq_signal(struct vu_irq *irq, int fd)
{
	static const uint64_t one = 1;

	if (fd < 0 || irq->blocked || write(fd, &one, sizeof(one)) >= 0)
		return;
	/* Where the counter is full the client has not looked yet, and will. */
	if (errno == EAGAIN)
		return;
	irq->blocked = errno == EINTR;
	vu_debug("an interrupt was not delivered: %m");
}

/*
 * Deliver INTx if it is high, not masked, and heard by somebody; that masks it.  Under irq->lock.
 */
static void vu_intx_deliver(struct vu_irq *irq)
{
	if (irq->index != VFIO_PCI_INTX_IRQ_INDEX || !irq->intx_level || irq->intx_masked ||
	    irq->trigger[0] < 0)
		return;
	irq->intx_masked = true;
	vu_irq_signal(irq, irq->trigger[0]);
}

static void vu_intx_set_masked(struct vu_irq *irq, bool masked)
{
	pthread_mutex_lock(&irq->lock);
	irq->intx_masked = masked;
	vu_intx_deliver(irq);
	pthread_mutex_unlock(&irq->lock);
}

/**
 * vu_irq_set_intx() - mvgpu_host_ops.set_intx
 * @host: the vGPU
 * @level: of the wire
 */
void vu_irq_set_intx(void *host, bool level)
{
	struct vu_irq *irq = &((struct vu_gpu *)host)->irq;

	pthread_mutex_lock(&irq->lock);
	irq->intx_level = level;
	vu_intx_deliver(irq);
	pthread_mutex_unlock(&irq->lock);
}

/**
 * vu_irq_send_msi() - mvgpu_host_ops.send_msi
 * @host: the vGPU
 * @vector: which one, below MVGPU_NUM_VECTORS
 */
void vu_irq_send_msi(void *host, unsigned int vector)
{
	struct vu_irq *irq = &((struct vu_gpu *)host)->irq;

	pthread_mutex_lock(&irq->lock);
	vu_irq_signal(irq, irq->trigger[vector]);
	pthread_mutex_unlock(&irq->lock);
}

/**
 * vu_irq_unmasked() - the client has signalled its unmask eventfd
 * @irq: the interrupts
 *
 * Context: the session's thread.
 */
void vu_irq_unmasked(struct vu_irq *irq)
{
	uint64_t count;

	if (read(irq->unmask, &count, sizeof(count)) == sizeof(count))
		vu_intx_set_masked(irq, false);
}

/**
 * vu_irq_request_release() - ask the client to let go of the device
 * @irq: the interrupts
 *
 * Context: the session's thread, which the client can hold up here.
 */
void vu_irq_request_release(struct vu_irq *irq)
{
	pthread_mutex_lock(&irq->lock);
	vu_irq_signal(irq, irq->req);
	pthread_mutex_unlock(&irq->lock);
}

/* Put @fd, or -1, into @slot and close what was there. */
static void vu_irq_replace(struct vu_irq *irq, int *slot, int fd)
{
	int old;

	pthread_mutex_lock(&irq->lock);
	old = *slot;
	*slot = fd;
	if (slot == &irq->trigger[0])
		vu_intx_deliver(irq);
	pthread_mutex_unlock(&irq->lock);
	if (old >= 0)
		close(old);
}

static void vu_irq_set_index(struct vu_irq *irq, unsigned int index)
{
	pthread_mutex_lock(&irq->lock);
	irq->index = index;
	pthread_mutex_unlock(&irq->lock);
}

static __u32 vu_irq_listeners(const struct vu_irq *irq)
{
	__u32 listeners = 0;
	unsigned int i;

	for (i = 0; i < MVGPU_NUM_VECTORS; i++)
		if (irq->trigger[i] >= 0)
			listeners |= BIT(i);
	return listeners;
}

static void vu_irq_disable(struct vu_gpu *gpu)
{
	struct vu_irq *irq = &gpu->irq;
	unsigned int i;

	mvgpu_irq_set_mode(&gpu->model, MVGPU_IRQ_NONE, 0);
	vu_irq_replace(irq, &irq->unmask, -1);
	for (i = 0; i < MVGPU_NUM_VECTORS; i++)
		vu_irq_replace(irq, &irq->trigger[i], -1);
	vu_irq_set_index(irq, VFIO_PCI_NUM_IRQS);
	vu_intx_set_masked(irq, false);
}

/**
 * vu_irq_fini() - forget every eventfd of the client
 * @gpu: a vGPU that nobody uses any more
 */
void vu_irq_fini(struct vu_gpu *gpu)
{
	vu_irq_disable(gpu);
	vu_irq_replace(&gpu->irq, &gpu->irq.req, -1);
	pthread_mutex_destroy(&gpu->irq.lock);
}

/**
 * vu_irq_info() - DEVICE_GET_IRQ_INFO
 * @request: the request
 *
 * Return: 0, or -EINVAL.
 */
int vu_irq_info(struct vu_request *request)
{
	struct vfio_irq_info info;

	memcpy(&info, request->payload, sizeof(info));
	info.count = vu_irq_count(request->session->gpu, info.index);
	if (info.argsz < sizeof(info) || !info.count)
		return -EINVAL;

	info.argsz = sizeof(info);
	info.flags = VFIO_IRQ_INFO_EVENTFD;
	if (info.index == VFIO_PCI_INTX_IRQ_INDEX)
		info.flags |= VFIO_IRQ_INFO_MASKABLE | VFIO_IRQ_INFO_AUTOMASKED;
	memcpy(request->reply, &info, sizeof(info));
	request->reply_size = sizeof(info);
	return 0;
}

static bool vu_is_eventfd(int fd)
{
	static const char eventfd[] = "anon_inode:[eventfd]";
	char path[32], target[sizeof(eventfd)];
	ssize_t len;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	len = readlink(path, target, sizeof(target));
	return len == sizeof(eventfd) - 1 && !memcmp(target, eventfd, len);
}

/* What came must be eventfds, and is made such that writing does not wait. */
static int vu_eventfds_prepare(const struct vu_fds *fds)
{
	unsigned int i;

	for (i = 0; i < fds->count; i++)
		if (!vu_is_eventfd(fds->fd[i]))
			return -EINVAL;
	for (i = 0; i < fds->count; i++) {
		int flags = fcntl(fds->fd[i], F_GETFL);

		if (flags < 0 || fcntl(fds->fd[i], F_SETFL, flags | O_NONBLOCK))
			return -errno;
	}
	return 0;
}

/* Descriptor @i of those that came, or -1 where none came, which means to forget. */
static int vu_eventfd_keep(struct vu_fds *fds, unsigned int i)
{
	return fds->count ? vu_fds_keep(fds, i) : -1;
}

static int vu_irq_set_eventfds(struct vu_gpu *gpu, const struct vfio_irq_set *set,
			       struct vu_fds *fds)
{
	struct vu_irq *irq = &gpu->irq;
	unsigned int i;

	vu_irq_set_index(irq, set->index);
	for (i = 0; i < set->count; i++)
		vu_irq_replace(irq, &irq->trigger[set->start + i], vu_eventfd_keep(fds, i));
	mvgpu_irq_set_mode(&gpu->model, vu_irq_mode(set->index), vu_irq_listeners(irq));
	return 0;
}

/* Fire the eventfds as if the device had. */
static void vu_irq_loopback(struct vu_irq *irq, const struct vfio_irq_set *set,
			    const __u8 *bools)
{
	unsigned int i;

	pthread_mutex_lock(&irq->lock);
	for (i = 0; i < set->count; i++)
		if (!bools || bools[i])
			vu_irq_signal(irq, irq->trigger[set->start + i]);
	pthread_mutex_unlock(&irq->lock);
}

static int vu_irq_set_trigger(struct vu_gpu *gpu, const struct vfio_irq_set *set,
			      const __u8 *bools, struct vu_fds *fds)
{
	__u32 type = set->flags & VFIO_IRQ_SET_DATA_TYPE_MASK;
	struct vu_irq *irq = &gpu->irq;
	bool enabled = irq->index == set->index;

	if (enabled && !set->count && type == VFIO_IRQ_SET_DATA_NONE) {
		vu_irq_disable(gpu);
		return 0;
	}
	if (!set->count || (!enabled && irq->index != VFIO_PCI_NUM_IRQS))
		return -EINVAL;
	if (type == VFIO_IRQ_SET_DATA_EVENTFD)
		return vu_irq_set_eventfds(gpu, set, fds);
	if (!enabled)
		return -EINVAL;
	vu_irq_loopback(irq, set, bools);
	return 0;
}

static int vu_irq_set_mask(struct vu_irq *irq, const struct vfio_irq_set *set,
			   const __u8 *bools, struct vu_fds *fds)
{
	bool mask = (set->flags & VFIO_IRQ_SET_ACTION_TYPE_MASK) == VFIO_IRQ_SET_ACTION_MASK;

	if (set->index != VFIO_PCI_INTX_IRQ_INDEX || irq->index != set->index || !set->count)
		return -EINVAL;
	if ((set->flags & VFIO_IRQ_SET_DATA_TYPE_MASK) != VFIO_IRQ_SET_DATA_EVENTFD) {
		if (!bools || bools[0])
			vu_intx_set_masked(irq, mask);
		return 0;
	}
	if (mask)
		return -ENOTTY;
	vu_irq_replace(irq, &irq->unmask, vu_eventfd_keep(fds, 0));
	return 0;
}

static int vu_irq_set_req(struct vu_irq *irq, const struct vfio_irq_set *set,
			  const __u8 *bools, struct vu_fds *fds)
{
	__u32 type = set->flags & VFIO_IRQ_SET_DATA_TYPE_MASK;

	if (type == VFIO_IRQ_SET_DATA_NONE && irq->req < 0)
		return -EINVAL;
	if (type == VFIO_IRQ_SET_DATA_NONE && !set->count) {
		vu_irq_replace(irq, &irq->req, -1);
		return 0;
	}
	if (!set->count)
		return -EINVAL;
	if (type == VFIO_IRQ_SET_DATA_EVENTFD)
		vu_irq_replace(irq, &irq->req, vu_eventfd_keep(fds, 0));
	else if (!bools || bools[0])
		vu_irq_request_release(irq);
	return 0;
}

/* Flags, range and amount of data, as VFIO checks them. */
static int vu_irq_set_check(const struct vu_request *request, const struct vfio_irq_set *set)
{
	__u32 type = set->flags & VFIO_IRQ_SET_DATA_TYPE_MASK;
	__u32 vectors = vu_irq_count(request->session->gpu, set->index);
	size_t bools = 0, fds = 0;

	if (set->flags & ~(VFIO_IRQ_SET_DATA_TYPE_MASK | VFIO_IRQ_SET_ACTION_TYPE_MASK) ||
	    set->start >= vectors || set->count > vectors - set->start)
		return -EINVAL;

	if (type == VFIO_IRQ_SET_DATA_BOOL)
		bools = set->count;
	else if (type == VFIO_IRQ_SET_DATA_EVENTFD)
		fds = request->fds->count ? set->count : 0;
	else if (type != VFIO_IRQ_SET_DATA_NONE)
		return -EINVAL;
	if (set->argsz < sizeof(*set) + bools || request->size != sizeof(*set) + bools ||
	    request->fds->count != fds)
		return -EINVAL;
	return vu_eventfds_prepare(request->fds);
}

/**
 * vu_irq_set() - DEVICE_SET_IRQS
 * @request: the request
 *
 * With DATA_EVENTFD and without descriptors the vectors' eventfds are forgotten.
 *
 * Return: 0; -EINVAL for what makes no sense, descriptors that are no eventfds
 * among it; -ENOTTY for an eventfd that masks.  On error nothing has changed.
 */
int vu_irq_set(struct vu_request *request)
{
	struct vu_gpu *gpu = request->session->gpu;
	struct vfio_irq_set set;
	const __u8 *bools;
	int ret;

	memcpy(&set, request->payload, sizeof(set));
	ret = vu_irq_set_check(request, &set);
	if (ret)
		return ret;
	bools = set.flags & VFIO_IRQ_SET_DATA_BOOL ? request->payload + sizeof(set) : NULL;

	switch (set.flags & VFIO_IRQ_SET_ACTION_TYPE_MASK) {
	case VFIO_IRQ_SET_ACTION_TRIGGER:
		if (set.index == VFIO_PCI_REQ_IRQ_INDEX)
			return vu_irq_set_req(&gpu->irq, &set, bools, request->fds);
		return vu_irq_set_trigger(gpu, &set, bools, request->fds);
	case VFIO_IRQ_SET_ACTION_MASK:
	case VFIO_IRQ_SET_ACTION_UNMASK:
		return vu_irq_set_mask(&gpu->irq, &set, bools, request->fds);
	default:
		return -EINVAL;
	}
}
