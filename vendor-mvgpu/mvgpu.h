/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * mvgpu.ko: the glue between the device model and the kernel.
 *
 * A card (card.c) is the mdev parent: a pool of VRAM, cut into vGPUs.  A vGPU
 * (device.c) is what belongs to an mdev: an instance of the model and its share
 * of the card.  While the VFIO driver is bound to the mdev, it is a VFIO device
 * too (vfio.c); with the other driver it is the host's (host.c).
 * What runs the guests' commands is behind the ops of backend.h: engine.c, worker.c
 * and sched.c here, hardware elsewhere.
 *
 * mdev_two_step.c ties all this to the mdev core of this project,
 * mdev_one_step.c to the kernel's own, and nothing else knows which of them it is.
 *
 * The rest is one file for each thing that VFIO wants of a device: access.c
 * reads and writes regions, info.c describes them, irq.c carries interrupts to
 * eventfds, vram.c backs BAR 0 with memory, shared.c the rest of BAR 2, dma.c lends
 * memory to the engine, with pins.c, scanout.c shows the picture to the VMM.
 *
 * Order of locks, outermost first; each is described where it is declared:
 *
 *	mm->mmap_lock (faults)
 *	  mvgpu_scanout_view.lock
 *	    mvgpu_vram.lock
 *	mvgpu_dma.lock
 *	mvgpu_device.worker_lock
 *	  mvgpu_worker.lock
 *	    mvgpu_sched.lock
 *	mvgpu_irq.mutex
 *	  mvgpu.lock (the model's, irqs off)
 *	    mvgpu_irq.lock
 *
 * No user memory is touched under any of them.  Inside mvgpu_vram.lock memory is
 * allocated (fs_reclaim) and page table locks are taken; inside
 * mvgpu_scanout_view.lock mappings are zapped (i_mmap_rwsem, MMU notifiers).
 */
#ifndef MVGPU_H
#define MVGPU_H

#include <linux/atomic.h>
#include <linux/completion.h>
#include <linux/err.h>
#include <linux/eventfd.h>
#include <linux/mdev.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/platform_device.h>
#include <linux/ratelimit.h>
#include <linux/sizes.h>
#include <linux/spinlock.h>
#include <linux/vfio.h>

#include "backend.h"
#include "compat.h"
#include "dma.h"
#include "model/types.h"
#include "mvgpu_vfio.h"
#include "sched.h"

#define MVGPU_OFFSET_SHIFT	40
#define MVGPU_OFFSET_MASK	((1ULL << MVGPU_OFFSET_SHIFT) - 1)
#define MVGPU_INDEX_TO_OFFSET(index)	((u64)(index) << MVGPU_OFFSET_SHIFT)

/* The device specific regions: two windows on the picture, used in turn. */
#define MVGPU_REGION_SCANOUT	VFIO_PCI_NUM_REGIONS
#define MVGPU_NUM_REGIONS	(MVGPU_REGION_SCANOUT + MVGPU_VFIO_NUM_SCANOUTS)

#define MVGPU_MAX_ENGINES	8

/* For what a user may have logged for ever: what is left out is not a warning, as by default. */
#define MVGPU_RATELIMIT_INIT(_name)						\
	RATELIMIT_STATE_INIT_FLAGS(_name, DEFAULT_RATELIMIT_INTERVAL,		\
				   DEFAULT_RATELIMIT_BURST, RATELIMIT_MSG_ON_RELEASE)

struct dentry;
struct mvgpu_host;
struct mvgpu_worker;

/**
 * struct mvgpu_type - a type of one card
 * @mdev: what the mdev core works with
 * @desc: the constants
 * @needs_kvm: a vGPU cannot be opened unless it is tied to a VM
 */
struct mvgpu_type {
	struct mdev_type mdev;
	const struct mvgpu_type_desc *desc;
	bool needs_kvm;
};

/**
 * struct mvgpu_card - a simulated graphics card, the parent of its vGPUs
 * @parent: what the mdev core works with
 * @types: the types that it offers
 * @mdev_types: pointers to them, as the core wants them
 * @nr_types: how many of them
 * @vram_free: bytes of the pool that no vGPU has reserved
 * @backend: who runs the commands of its vGPUs; the rest is his
 * @sched: shares the engines among the vGPUs
 */
struct mvgpu_card {
	struct mdev_parent parent;
	struct mvgpu_type *types;
	struct mdev_type **mdev_types;
	unsigned int nr_types;
	atomic64_t vram_free;
	const struct mvgpu_backend_ops *backend;
	struct mvgpu_sched sched;
};

/**
 * struct mvgpu_irq - the interrupts of a vGPU, as VFIO's user has set them up
 * @mutex: serialises VFIO_DEVICE_SET_IRQS; protects @index against change
 * @lock: protects @trigger, @req and the INTx state.  Taken with interrupts
 *	off, inside the model's lock when the model raises an interrupt, so no
 *	call into the model is made under it.
 * @index: VFIO index that is enabled (INTx, MSI or MSI-X), VFIO_PCI_NUM_IRQS
 *	for none
 * @trigger: where a vector of that index goes, NULL where nobody listens
 * @req: where a request to give the device back goes
 * @unmask: eventfd that unmasks INTx.  Set and cleared under VFIO's own lock.
 * @intx_level: the level of the wire
 * @intx_masked: by the user, or by VFIO's rule that a delivered INTx masks
 *	itself
 */
struct mvgpu_irq {
	struct mutex mutex;		/* serialises set-up */
	spinlock_t lock;		/* signalling against set-up */
	unsigned int index;
	struct eventfd_ctx *trigger[MVGPU_NUM_VECTORS];
	struct eventfd_ctx *req;
	struct virqfd *unmask;
	bool intx_level;
	bool intx_masked;
};

#define MVGPU_CHUNK_SHIFT	21
#define MVGPU_CHUNK_SIZE	((unsigned long)SZ_2M)

struct mvgpu_chunk;

/**
 * struct mvgpu_vram - the memory behind BAR 0
 * @lock: protects the content of @chunks: who has looked a chunk up uses its
 *	pages under it
 * @chunks: 2 MiB each, allocated when first touched
 * @nr_chunks: how many make the whole of it
 * @nr_present: how many are allocated
 */
struct mvgpu_vram {
	struct mutex lock;		/* use of chunks against their end */
	struct mvgpu_chunk *chunks;
	unsigned int nr_chunks;
	unsigned int nr_present;
};

/**
 * struct mvgpu_scanout_view - the picture as the VMM was last told of it
 * @lock: protects all of it and what the mappings of the scan-out regions lead
 *	to
 * @shown: where the picture is in VRAM; width 0 if there is none
 * @window: which of the scan-out regions shows it
 * @shadow: copy of the picture if it does not start at a page, else NULL.
 *	vmalloc'ed.
 * @shadow_size: its bytes, a multiple of the page size
 */
struct mvgpu_scanout_view {
	struct mutex lock;		/* queries against faults */
	struct mvgpu_scanout shown;
	unsigned int window;
	void *shadow;
	size_t shadow_size;
};

/**
 * struct mvgpu_stats - what debugfs shows; a counter each CPU
 * @reads: accesses of the user to the device, reading
 * @writes: the same, writing
 * @faults: page faults on VRAM and scan-out mappings, those that failed left out
 */
struct mvgpu_stats {
	u64 reads;
	u64 writes;
	u64 faults;
};

#define MVGPU_KVM_CLOSED	ERR_PTR(-ENODEV)

/**
 * struct mvgpu_device - a vGPU
 * @mdev: what the mdev core works with; outlives the vGPU
 * @vfio: while the VFIO driver is bound, and thus in all that it calls
 * @host: while the host's driver is bound
 * @model: the device as the guest sees it
 * @card: whose pool its VRAM counts against, and whose engines work for it
 * @type: one of that card's
 * @sched: its share of the engines
 * @worker_lock: serialises those who make a worker
 * @worker: the thread that works for it, or did until it was killed; NULL before there was one
 * @hire_error: why there could not be one, 0 if there could
 * @command_ns: engine time that the command of each ring has had; belongs to who owns the engine
 * @stats: accesses counted
 * @irq: interrupts
 * @shared: the pages of BAR 2 that the driver shares with the device: two that follow
 *	each other
 * @vram: BAR 0
 * @dma: guest memory
 * @view: the picture
 * @kvm: the VM that the open device is tied to, NULL for none, MVGPU_KVM_CLOSED
 *	while it is closed.  To be shown, never to be followed: the reference is
 *	VFIO's.
 * @debugfs: its folder
 */
struct mvgpu_device {
	struct mdev_device *mdev;
	struct mvgpu_vfio *vfio;
	struct mvgpu_host *host;
	struct mvgpu model;
	struct mvgpu_card *card;
	struct mvgpu_type *type;
	struct mvgpu_sched_entity sched;
	struct mutex worker_lock;	/* making a worker */
	struct mvgpu_worker *worker;
	int hire_error;
	u64 command_ns[MVGPU_MAX_RINGS];
	struct mvgpu_stats __percpu *stats;
	struct mvgpu_irq irq;
	struct page *shared;
	struct mvgpu_vram vram;
	struct mvgpu_dma dma;
	struct mvgpu_scanout_view view;
	const void *kvm;
	struct dentry *debugfs;
};

/**
 * struct mvgpu_vfio - a vGPU as a VFIO device
 * @vdev: what vfio.ko works with
 * @gpu: the vGPU, for the ops of the device
 * @released: completed with the last reference to @vdev; NULL where nobody waits
 */
struct mvgpu_vfio {
	struct vfio_device vdev;
	struct mvgpu_device *gpu;
	struct completion *released;
};

static inline struct mvgpu_device *to_mvgpu_device(struct vfio_device *vdev)
{
	return container_of(vdev, struct mvgpu_vfio, vdev)->gpu;
}

/* card.c */
int mvgpu_card_register(struct device *dev);
void mvgpu_card_unregister(struct device *dev);
int mvgpu_card_reserve(struct mvgpu_card *card, u64 bytes);
void mvgpu_card_release(struct mvgpu_card *card, u64 bytes);
unsigned int mvgpu_card_available(struct mvgpu_card *card, u64 bytes);

/* pci.c */
#ifdef CONFIG_X86
int mvgpu_pci_add_cards(unsigned int cards);
void mvgpu_pci_remove_cards(void);
#else
static inline int mvgpu_pci_add_cards(unsigned int cards)
{
	return -EOPNOTSUPP;
}

static inline void mvgpu_pci_remove_cards(void)
{
}
#endif

/* device.c */
struct mvgpu_device *mvgpu_device_create(struct mdev_device *mdev);
void mvgpu_device_destroy(struct mvgpu_device *gpu);
void mvgpu_device_reset(struct mvgpu_device *gpu);
unsigned int mvgpu_type_available(struct mdev_type *mtype);
ssize_t mvgpu_type_description(struct mdev_type *mtype, char *buf);

/* vfio.c */
int mvgpu_vfio_add(struct mvgpu_device *gpu);
void mvgpu_vfio_remove(struct mvgpu_device *gpu);

/* host.c */
int mvgpu_host_add(struct mvgpu_device *gpu);
void mvgpu_host_remove(struct mvgpu_device *gpu);

/* mdev_two_step.c or mdev_one_step.c */
int mvgpu_mdev_register_drivers(void);
void mvgpu_mdev_unregister_drivers(void);
struct mvgpu_device *mvgpu_mdev_device(struct mdev_device *mdev);
int mvgpu_mdev_register_card(struct mvgpu_card *card, struct device *dev);

/* access.c */
u64 mvgpu_region_size(const struct mvgpu_device *gpu, unsigned int index);
ssize_t mvgpu_vfio_read(struct vfio_device *vdev, char __user *buf, size_t count, loff_t *ppos);
ssize_t mvgpu_vfio_write(struct vfio_device *vdev, const char __user *buf, size_t count,
			 loff_t *ppos);
int mvgpu_vfio_mmap(struct vfio_device *vdev, struct vm_area_struct *vma);

/* info.c */
int mvgpu_vfio_region_info(struct vfio_device *vdev, struct vfio_region_info *info,
			   struct vfio_info_cap *caps);
long mvgpu_vfio_ioctl(struct vfio_device *vdev, unsigned int cmd, unsigned long arg);

/* irq.c */
void mvgpu_irq_init(struct mvgpu_irq *irq);
void mvgpu_irq_set_intx(void *host, bool level);
void mvgpu_irq_send_msi(void *host, unsigned int vector);
void mvgpu_irq_disable_all(struct mvgpu_device *gpu);
u32 mvgpu_irq_count(unsigned int index);
int mvgpu_irq_set(struct mvgpu_device *gpu, const struct vfio_irq_set *set, const void *data);
void mvgpu_vfio_request(struct vfio_device *vdev, unsigned int count);

/* vram.c */
int mvgpu_vram_init(struct mvgpu_vram *vram, u64 size);
void mvgpu_vram_fini(struct mvgpu_vram *vram);
void mvgpu_vram_free(struct mvgpu_vram *vram);
void mvgpu_vram_zero(struct mvgpu_vram *vram);
int mvgpu_vram_copy(struct mvgpu_vram *vram, u64 offset, void *buf, size_t len, bool write);
void *mvgpu_vram_find(const struct mvgpu_vram *vram, u64 offset, size_t *len, bool write);
void *mvgpu_vram_make(struct mvgpu_vram *vram, u64 offset, size_t *len, bool write);
vm_fault_t mvgpu_vram_map(struct mvgpu_vram *vram, struct vm_fault *vmf, u64 vram_page,
			  unsigned int order);
extern const struct vm_operations_struct mvgpu_vram_vm_ops;

/* shared.c */
int mvgpu_shared_init(struct mvgpu_device *gpu);
void mvgpu_shared_fini(struct mvgpu_device *gpu);
extern const struct vm_operations_struct mvgpu_shared_vm_ops;

/* scanout.c */
void mvgpu_scanout_init(struct mvgpu_scanout_view *view);
void mvgpu_scanout_forget(struct mvgpu_scanout_view *view);
void mvgpu_scanout_blank(struct mvgpu_device *gpu);
long mvgpu_scanout_query(struct mvgpu_device *gpu, void __user *arg);
int mvgpu_scanout_copy(struct mvgpu_device *gpu, unsigned int window, u64 offset, void *buf,
		       size_t len);
extern const struct vm_operations_struct mvgpu_scanout_vm_ops;

/* fill.c */
void mvgpu_fill_init(void);

/* engine.c */
extern u32 mvgpu_engine_delay_us;
u64 mvgpu_engine_slice_ns(void);
void mvgpu_engine_work(struct mvgpu_device *gpu);

/* worker.c */
int mvgpu_worker_hire(struct mvgpu_device *gpu);
void mvgpu_worker_dismiss(struct mvgpu_device *gpu);
int mvgpu_workers_init(void);
void mvgpu_workers_exit(void);

/* sysfs.c */
extern const struct attribute_group *mvgpu_vfio_groups[];

/* debugfs.c */
void mvgpu_debugfs_init(void);
void mvgpu_debugfs_exit(void);
void mvgpu_debugfs_add(struct mvgpu_device *gpu);
void mvgpu_debugfs_remove(struct mvgpu_device *gpu);

#endif /* MVGPU_H */
