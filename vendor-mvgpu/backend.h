/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the glue asks of a card: the boundary that a vendor with hardware replaces.
 *
 * Above it is what VFIO, the mdev core and the administrator want; below it is who
 * runs the commands of the guests and shares the card among them.  Here that is
 * engine.c and sched.c, by threads, on the device model.  On hardware it is the
 * programming of contexts and of the hardware's own scheduler; see
 * docs/vendor-driver.md.
 */
#ifndef MVGPU_BACKEND_H
#define MVGPU_BACKEND_H

#include <linux/types.h>

struct device;
struct mvgpu_card;
struct mvgpu_device;

#define MVGPU_MIN_WEIGHT	1
#define MVGPU_MAX_WEIGHT	10000

/**
 * struct mvgpu_usage - what a vGPU has had of its card, since it was attached
 * @busy_ns: nanoseconds that engines have worked for it
 * @card_busy_ns: nanoseconds that the card's engines have worked for anybody
 * @commands: commands that were done
 * @bytes: bytes that they have written
 * @errors: rings that have stopped
 */
struct mvgpu_usage {
	u64 busy_ns;
	u64 card_busy_ns;
	u64 commands;
	u64 bytes;
	u64 errors;
};

/**
 * struct mvgpu_backend_ops - a card, as the glue sees it
 * @add_card: bring a card up, before there is any vGPU on it.  Returns 0 or a negative error.
 * @remove_card: shut it down; all its vGPUs are detached.
 * @attach: a vGPU has been made, with the weight of its type.  It is closed.
 * @detach: the vGPU goes; it is closed.
 * @open: a VMM has opened the vGPU: commands are run from now on.  Called in its context.
 * @close: the VMM has closed it: as quiesce(), and nothing that was done for that VMM goes on.
 * @resume: undo one quiesce(); after the last, commands that are there already are run.
 * @quiesce: run no commands of the vGPU any more.  Returns when the card has ended every access
 *	to the vGPU's registers and to all memory that they reach.  Calls nest, and may come
 *	from several threads at once.
 * @kick: the guest has commands for a vGPU that was out of work.  May be called at any time from
 *	open() to close(), quiesced or not, also when there is nothing to do; in the context of a
 *	process that has the device open.  Returns 0, or a negative error where it has had no
 *	effect: -ERESTARTNOINTR asks for another one when the caller's signals are handled.
 * @set_weight: the vGPU's share against that of others, MVGPU_MIN_WEIGHT to MVGPU_MAX_WEIGHT
 * @get_weight: what it is
 * @get_usage: for statistics
 *
 * All of them must be there; but for get_weight() and get_usage() they may sleep.
 */
struct mvgpu_backend_ops {
	int (*add_card)(struct mvgpu_card *card, struct device *dev);
	void (*remove_card)(struct mvgpu_card *card);
	void (*attach)(struct mvgpu_device *gpu, u32 weight);
	void (*detach)(struct mvgpu_device *gpu);
	void (*open)(struct mvgpu_device *gpu);
	void (*close)(struct mvgpu_device *gpu);
	void (*resume)(struct mvgpu_device *gpu);
	void (*quiesce)(struct mvgpu_device *gpu);
	int (*kick)(struct mvgpu_device *gpu);
	void (*set_weight)(struct mvgpu_device *gpu, u32 weight);
	u32 (*get_weight)(const struct mvgpu_device *gpu);
	void (*get_usage)(const struct mvgpu_device *gpu, struct mvgpu_usage *usage);
};

/* engine.c */
extern const struct mvgpu_backend_ops mvgpu_backend;

#endif /* MVGPU_BACKEND_H */
