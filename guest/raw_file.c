// SPDX-License-Identifier: GPL-2.0-only
/*
 * mvgpu_raw: the file that a program opens.
 */
#include <linux/cleanup.h>
#include <linux/dma-mapping.h>
#include <linux/fs.h>
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "compat.h"
#include "raw.h"

static_assert(MVGPU_RAW_NUM_COUNTS == MVGPU_NUM_VECTORS, "one count a vector");

/* The largest ring has room for so many commands. */
#define RAW_MAX_COMMANDS	(BIT(MVGPU_RING_MAX_ORDER) - 1)

static int raw_open(struct inode *inode, struct file *file)
{
	struct raw_device *raw = container_of(file->private_data, struct raw_device, misc);

	guard(mutex)(&raw->lock);
	if (raw->busy)
		return -EBUSY;
	raw->busy = true;
	raw->next_offset = MVGPU_RAW_MAP_BUFFERS;
	atomic_set(&raw->pending, 0);
	refcount_inc(&raw->users);
	file->private_data = raw;
	return stream_open(inode, file);
}

/* All DMA ends before its memory is freed, whatever the program has done with the registers. */
static void raw_quiesce(struct raw_device *raw)
{
	struct raw_buffer *buffer, *next;
	bool stopped = true;
	unsigned int n;

	for (n = 0; n < raw->num_rings; n++)
		stopped &= raw_ring_stop(raw, n);
	iowrite32(0, raw->regs + MVGPU_REG_GART_ENTRIES);
	iowrite32(1, raw->regs + MVGPU_REG_GART_INVALIDATE);
	raw_irq_enable(raw);

	list_for_each_entry_safe(buffer, next, &raw->buffers, node) {
		if (stopped)
			dma_free_coherent(&raw->pdev->dev, buffer->size, buffer->memory,
					  buffer->address);
		list_del(&buffer->node);
		kfree(buffer);
	}
}

static int raw_release(struct inode *inode, struct file *file)
{
	struct raw_device *raw = file->private_data;

	mutex_lock(&raw->lock);
	raw_quiesce(raw);
	raw->busy = false;
	mutex_unlock(&raw->lock);
	raw_put(raw);
	return 0;
}

static long raw_info(struct raw_device *raw, void __user *arg)
{
	struct mvgpu_raw_info info = {
		.version = ioread32(raw->regs + MVGPU_REG_VERSION),
		.features = ioread32(raw->regs + MVGPU_REG_FEATURES),
		.num_rings = raw->num_rings,
		.vram_size = pci_resource_len(raw->pdev, MVGPU_BAR_VRAM),
	};
	unsigned int i;

	scoped_guard(mutex, &raw->lock) {
		info.irq = raw->irq;
		info.num_vectors = raw->num_vectors;
		for (i = 0; i < raw->num_vectors; i++)
			info.interrupts[i] = atomic64_read(&raw->vectors[i].count);
	}
	return copy_to_user(arg, &info, sizeof(info)) ? -EFAULT : 0;
}

static long raw_choose(struct raw_device *raw, unsigned long irq)
{
	guard(mutex)(&raw->lock);
	return raw_irq_choose(raw, irq);
}

/* What is allocated lives until the file is closed, even if the program does not hear of it. */
static long raw_alloc(struct raw_device *raw, void __user *arg)
{
	struct mvgpu_raw_buffer request;
	struct raw_buffer *buffer;

	if (copy_from_user(&request, arg, sizeof(request)))
		return -EFAULT;
	if (!request.size || request.size > SZ_1G)
		return -EINVAL;
	buffer = kzalloc_obj(*buffer, GFP_KERNEL_ACCOUNT);
	if (!buffer)
		return -ENOMEM;
	buffer->size = PAGE_ALIGN(request.size);
	buffer->memory = dma_alloc_coherent(&raw->pdev->dev, buffer->size, &buffer->address,
					    GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
	if (!buffer->memory) {
		kfree(buffer);
		return -ENOMEM;
	}
	request.size = buffer->size;
	request.address = buffer->address;
	scoped_guard(mutex, &raw->lock) {
		buffer->offset = raw->next_offset;
		request.offset = buffer->offset;
		raw->next_offset += buffer->size;
		list_add(&buffer->node, &raw->buffers);
	}
	return copy_to_user(arg, &request, sizeof(request)) ? -EFAULT : 0;
}

static long raw_start(struct raw_device *raw, void __user *arg)
{
	struct mvgpu_raw_start start;

	if (copy_from_user(&start, arg, sizeof(start)))
		return -EFAULT;
	guard(mutex)(&raw->lock);
	return raw_ring_start(raw, &start);
}

static long raw_stop(struct raw_device *raw, unsigned long n)
{
	if (n >= raw->num_rings)
		return -EINVAL;
	guard(mutex)(&raw->lock);
	raw_ring_stop(raw, n);
	return 0;
}

static long raw_submit(struct raw_device *raw, void __user *arg)
{
	struct mvgpu_raw_submit submit;
	struct mvgpu_cmd *cmds;
	long ret;

	if (copy_from_user(&submit, arg, sizeof(submit)))
		return -EFAULT;
	if (!submit.count)
		return 0;
	submit.count = min(submit.count, RAW_MAX_COMMANDS);
	cmds = vmemdup_array_user(u64_to_user_ptr(submit.commands), submit.count, sizeof(*cmds));
	if (IS_ERR(cmds))
		return PTR_ERR(cmds);
	scoped_guard(mutex, &raw->lock)
		ret = raw_ring_submit(raw, submit.ring, cmds, submit.count);
	kvfree(cmds);
	return ret;
}

static long raw_wait(struct raw_device *raw, void __user *arg)
{
	struct mvgpu_raw_wait wait;

	if (copy_from_user(&wait, arg, sizeof(wait)))
		return -EFAULT;
	return raw_ring_wait(raw, &wait);
}

static long raw_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct raw_device *raw = file->private_data;
	void __user *user = (void __user *)arg;

	switch (cmd) {
	case MVGPU_RAW_INFO:
		return raw_info(raw, user);
	case MVGPU_RAW_IRQ:
		return raw_choose(raw, arg);
	case MVGPU_RAW_ALLOC:
		return raw_alloc(raw, user);
	case MVGPU_RAW_START:
		return raw_start(raw, user);
	case MVGPU_RAW_STOP:
		return raw_stop(raw, arg);
	case MVGPU_RAW_SUBMIT:
		return raw_submit(raw, user);
	case MVGPU_RAW_WAIT:
		return raw_wait(raw, user);
	case MVGPU_RAW_RESET:
		/* Whoever unbinds the driver has the lock that a reset takes, and waits for us. */
		return pci_try_reset_function(raw->pdev);
	default:
		return -ENOTTY;
	}
}

static ssize_t raw_read(struct file *file, char __user *to, size_t len, loff_t *pos)
{
	struct raw_device *raw = file->private_data;
	u32 causes;
	int ret;

	if (len < sizeof(causes))
		return -EINVAL;
	while (!(causes = atomic_xchg(&raw->pending, 0))) {
		if (READ_ONCE(raw->going))
			return -ENODEV;
		if (file->f_flags & O_NONBLOCK)
			return -EAGAIN;
		ret = wait_event_interruptible(raw->wait, atomic_read(&raw->pending) ||
					       READ_ONCE(raw->going));
		if (ret)
			return ret;
	}
	return copy_to_user(to, &causes, sizeof(causes)) ? -EFAULT : sizeof(causes);
}

static __poll_t raw_poll(struct file *file, poll_table *table)
{
	struct raw_device *raw = file->private_data;
	__poll_t events = 0;

	poll_wait(file, &raw->wait, table);
	if (atomic_read(&raw->pending))
		events |= EPOLLIN | EPOLLRDNORM;
	if (READ_ONCE(raw->going))
		events |= EPOLLHUP;
	return events;
}

static int raw_mmap_bar(struct raw_device *raw, struct vm_area_struct *vma, int bar, u64 offset)
{
	vma->vm_pgoff -= offset >> PAGE_SHIFT;
	return vm_iomap_memory(vma, pci_resource_start(raw->pdev, bar),
			       pci_resource_len(raw->pdev, bar));
}

static int raw_mmap_buffer(struct raw_device *raw, struct vm_area_struct *vma, u64 offset)
{
	struct raw_buffer *buffer;

	guard(mutex)(&raw->lock);
	list_for_each_entry(buffer, &raw->buffers, node) {
		if (offset < buffer->offset || offset - buffer->offset >= buffer->size)
			continue;
		vma->vm_pgoff -= buffer->offset >> PAGE_SHIFT;
		return dma_mmap_coherent(&raw->pdev->dev, vma, buffer->memory, buffer->address,
					 buffer->size);
	}
	return -EINVAL;
}

static int raw_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct raw_device *raw = file->private_data;
	u64 offset = (u64)vma->vm_pgoff << PAGE_SHIFT;

	if (!(vma->vm_flags & VM_SHARED))
		return -EINVAL;
	if (offset >= MVGPU_RAW_MAP_BUFFERS)
		return raw_mmap_buffer(raw, vma, offset);
	if (offset >= MVGPU_RAW_MAP_REGS) {
		vma->vm_page_prot = pgprot_noncached(vma->vm_page_prot);
		return raw_mmap_bar(raw, vma, MVGPU_BAR_REGS, MVGPU_RAW_MAP_REGS);
	}
	vma->vm_page_prot = pgprot_writecombine(vma->vm_page_prot);
	return raw_mmap_bar(raw, vma, MVGPU_BAR_VRAM, MVGPU_RAW_MAP_VRAM);
}

const struct file_operations raw_fops = {
	.owner = THIS_MODULE,
	.open = raw_open,
	.release = raw_release,
	.read = raw_read,
	.poll = raw_poll,
	.unlocked_ioctl = raw_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.mmap = raw_mmap,
};
