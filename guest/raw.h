/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * mvgpu_raw: a guest's driver that brings the device up and leaves the rest to a program.
 */
#ifndef MVGPU_GUEST_RAW_H
#define MVGPU_GUEST_RAW_H

#include <linux/atomic.h>
#include <linux/completion.h>
#include <linux/list.h>
#include <linux/miscdevice.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/refcount.h>
#include <linux/wait.h>

#include "mvgpu_cmd.h"
#include "mvgpu_pci.h"
#include "mvgpu_raw.h"
#include "mvgpu_regs.h"

struct raw_device;

/**
 * struct raw_vector - an interrupt
 * @raw: the device
 * @causes: those that interrupt through it
 * @count: how often it has come
 */
struct raw_vector {
	struct raw_device *raw;
	u32 causes;
	atomic64_t count;
};

/**
 * struct raw_ring - a ring
 * @cmds: its memory; NULL while the ring is off.  Protected by the device's lock.
 * @address: where the device finds it.  Protected by the device's lock.
 * @entries: commands that it has room for.  Protected by the device's lock.
 * @tail: index behind the last command.  Protected by the device's lock.
 * @stopped: the device has stopped it, because of an error or a reset
 */
struct raw_ring {
	struct mvgpu_cmd *cmds;
	dma_addr_t address;
	u32 entries;
	u32 tail;
	bool stopped;
};

/**
 * struct raw_buffer - memory that the device reaches by DMA
 * @node: in the device's list
 * @size: bytes, a multiple of pages
 * @memory: where the kernel finds it
 * @address: where the device finds it
 * @offset: where mmap() finds it
 */
struct raw_buffer {
	struct list_head node;
	size_t size;
	void *memory;
	dma_addr_t address;
	u64 offset;
};

/**
 * struct raw_device - a device
 * @pdev: its PCI device
 * @misc: its file
 * @id: the number in that file's name
 * @users: the driver, and the open file
 * @unused: nobody uses the device any more
 * @regs: BAR 2
 * @num_rings: how many it has
 * @lock: protects all that follows up to @vectors; taken with nothing of this driver held, and
 *	inside of mmap_lock: no user memory is touched under it
 * @busy: the file is open
 * @irq: MVGPU_RAW_IRQ_*
 * @num_vectors: how many are requested
 * @rings: the rings
 * @buffers: the buffers
 * @next_offset: of the next buffer
 * @vectors: the interrupts; handlers use them
 * @pending: causes that read() has not returned yet
 * @going: the driver is being unbound
 * @wait: woken when an interrupt comes, a ring stops, or @going is set
 */
struct raw_device {
	struct pci_dev *pdev;
	struct miscdevice misc;
	int id;
	refcount_t users;
	struct completion unused;
	void __iomem *regs;
	unsigned int num_rings;

	struct mutex lock;	/* see above */
	bool busy;
	u32 irq;
	unsigned int num_vectors;
	struct raw_ring rings[MVGPU_MAX_RINGS];
	struct list_head buffers;
	u64 next_offset;

	struct raw_vector vectors[MVGPU_NUM_VECTORS];
	atomic_t pending;
	bool going;
	wait_queue_head_t wait;
};

extern const struct file_operations raw_fops;

void raw_put(struct raw_device *raw);

int raw_irq_init(struct raw_device *raw);
int raw_irq_choose(struct raw_device *raw, unsigned long irq);
void raw_irq_enable(struct raw_device *raw);
void raw_irq_fini(struct raw_device *raw);

int raw_ring_start(struct raw_device *raw, const struct mvgpu_raw_start *start);
bool raw_ring_stop(struct raw_device *raw, unsigned int n);
void raw_rings_check(struct raw_device *raw);
void raw_rings_lost(struct raw_device *raw);
int raw_ring_submit(struct raw_device *raw, unsigned int n, const struct mvgpu_cmd *cmds,
		    unsigned int count);
int raw_ring_wait(struct raw_device *raw, const struct mvgpu_raw_wait *wait);

#endif /* MVGPU_GUEST_RAW_H */
