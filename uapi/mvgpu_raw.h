/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * /dev/mvgpu-rawN: a program in the guest works an mvgpu by itself, through mvgpu_raw.ko.
 *
 * One program at a time can have it open.  It allocates buffers that the device reaches by DMA,
 * starts rings, submits commands and waits for fences.  All else is done with the device's
 * registers, which it maps: display modes, interrupt coalescing, the GART, the reason of an error.
 * Closing the file ends all DMA and frees the buffers.
 *
 * read() waits for interrupts and gets the mask of the causes that have come since the last read(),
 * a __u32; poll() says whether there are any, and POLLHUP that the driver is about to be unbound,
 * for which it waits until the file is closed.
 *
 * Who has the file can make the device read and write all memory of the guest.
 */
#ifndef MVGPU_RAW_H
#define MVGPU_RAW_H

#include <linux/ioctl.h>
#include <linux/types.h>

/* What mmap() finds at which offset of the file: the BARs; buffers have offsets of their own. */
#define MVGPU_RAW_MAP_VRAM	0x000000000ull
#define MVGPU_RAW_MAP_REGS	0x100000000ull
#define MVGPU_RAW_MAP_BUFFERS	0x200000000ull

/* Kinds of interrupt */
#define MVGPU_RAW_IRQ_INTX	0
#define MVGPU_RAW_IRQ_MSI	1
#define MVGPU_RAW_IRQ_MSIX	2

#define MVGPU_RAW_NUM_COUNTS	8

/**
 * struct mvgpu_raw_info - what MVGPU_RAW_INFO returns
 * @version: as the register says
 * @features: as the register says
 * @num_rings: rings that the device has
 * @irq: MVGPU_RAW_IRQ_*, the kind of interrupt that is in use
 * @num_vectors: how many vectors are in use
 * @reserved: 0
 * @vram_size: bytes
 * @interrupts: by vector, how many have come since the kind was chosen
 */
struct mvgpu_raw_info {
	__u32 version;
	__u32 features;
	__u32 num_rings;
	__u32 irq;
	__u32 num_vectors;
	__u32 reserved;
	__u64 vram_size;
	__u64 interrupts[MVGPU_RAW_NUM_COUNTS];
};

/**
 * struct mvgpu_raw_buffer - a buffer, for MVGPU_RAW_ALLOC
 * @size: bytes that are wanted; returned: rounded up to pages
 * @address: returned: where the device finds it, in MVGPU_MEM_GUEST
 * @offset: returned: where mmap() finds it
 */
struct mvgpu_raw_buffer {
	__u64 size;
	__u64 address;
	__u64 offset;
};

/**
 * struct mvgpu_raw_start - a ring, for MVGPU_RAW_START
 * @ring: its number
 * @order: log2 of its number of commands
 */
struct mvgpu_raw_start {
	__u32 ring;
	__u32 order;
};

/**
 * struct mvgpu_raw_submit - commands, for MVGPU_RAW_SUBMIT
 * @ring: where to
 * @count: how many
 * @commands: pointer to an array of struct mvgpu_cmd
 */
struct mvgpu_raw_submit {
	__u32 ring;
	__u32 count;
	__u64 commands;
};

/* Do not sleep until an interrupt comes: look at the status page all the time. */
#define MVGPU_RAW_WAIT_SPIN	0x1

/**
 * struct mvgpu_raw_wait - a fence, for MVGPU_RAW_WAIT
 * @ring: of which ring
 * @flags: MVGPU_RAW_WAIT_*
 * @timeout_ms: how long to wait, in milliseconds
 * @reserved: 0
 * @value: the fence value to wait for: it, or a later one
 */
struct mvgpu_raw_wait {
	__u32 ring;
	__u32 flags;
	__u32 timeout_ms;
	__u32 reserved;
	__u64 value;
};

#define MVGPU_RAW_INFO		_IOR('V', 0xd0, struct mvgpu_raw_info)
/* The argument is MVGPU_RAW_IRQ_*. */
#define MVGPU_RAW_IRQ		_IO('V', 0xd1)
#define MVGPU_RAW_ALLOC		_IOWR('V', 0xd2, struct mvgpu_raw_buffer)
/* The ring is empty then, and its fence value 0.  EIO where the device does not take it. */
#define MVGPU_RAW_START		_IOW('V', 0xd3, struct mvgpu_raw_start)
/* The argument is the ring's number. */
#define MVGPU_RAW_STOP		_IO('V', 0xd4)
/* Returns how many commands the ring had room for; EAGAIN if for none, EIO if it has stopped. */
#define MVGPU_RAW_SUBMIT	_IOW('V', 0xd5, struct mvgpu_raw_submit)
/* ETIME when the time is over, EIO if the ring has stopped before that fence. */
#define MVGPU_RAW_WAIT		_IOW('V', 0xd6, struct mvgpu_raw_wait)
/* A function-level reset: all rings are stopped then. */
#define MVGPU_RAW_RESET		_IO('V', 0xd7)

#endif /* MVGPU_RAW_H */
