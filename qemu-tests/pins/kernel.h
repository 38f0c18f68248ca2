/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Of the kernel and of the driver, what dma.c and pins.c of mvgpu.ko use, for a process.
 */
#ifndef KERNEL_H
#define KERNEL_H

#include <limits.h>
#include <unistd.h>

#include "engine.h"

#define PAGE_SHIFT		12
#define PAGE_SIZE		4096ul
#define SZ_256K			(256u << 10)
#define SZ_64M			(64u << 20)
#define HZ			1000
#define U64_MAX			UINT64_MAX
#define GFP_KERNEL_ACCOUNT	0
#define IOMMU_READ		1
#define IOMMU_WRITE		2
#define IS_ENABLED(option)	0
#define __releases(lock)
#define __acquires(lock)
#define lockdep_assert_held(lock)	((void)(lock))
#define ilog2(x)		(31 - __builtin_clz(x))
#define min_t(type, a, b)	min((type)(a), (type)(b))
#define offset_in_page(x)	((unsigned long)(x) % PAGE_SIZE)
#define round_down(x, size)	((x) - (x) % (size))
#define struct_size(p, member, n)	(sizeof(*(p)) + sizeof(*(p)->member) * (n))
#define container_of(p, type, member)	((type *)((char *)(p) - offsetof(type, member)))

/* How many spinlocks the thread has: with one, nothing may sleep. */
extern __thread unsigned int spinning;

typedef pthread_mutex_t spinlock_t;

static inline void spin_lock_init(spinlock_t *lock)
{
	pthread_mutex_init(lock, NULL);
}

static inline void spin_lock(spinlock_t *lock)
{
	pthread_mutex_lock(lock);
	spinning++;
}

static inline void spin_unlock(spinlock_t *lock)
{
	spinning--;
	pthread_mutex_unlock(lock);
}

static inline void *kmalloc(size_t size, int gfp)
{
	(void)gfp;
	assert(!spinning);
	return malloc(size);
}

#define kfree(memory)		free(memory)
#define kfree_sensitive(memory)	free(memory)

/* Who waits looks again and again, so nobody needs to be woken. */
typedef struct { char none; } wait_queue_head_t;
#define init_waitqueue_head(head)	((void)(head))
#define wake_up_all(head)		((void)(head))
#define wait_event(head, condition)	\
	do {				\
		assert(!spinning);	\
		while (!(condition))	\
			usleep(20);	\
	} while (0)

/* A tree of few nodes: a list. */
struct rb_node {
	struct rb_node *next;
};

struct rb_root {
	struct rb_node *first;
};

#define RB_ROOT			((struct rb_root){ NULL })
#define rb_entry		container_of

static inline struct rb_node *rb_match(const void *key, struct rb_node *node,
				       int (*compare)(const void *, const struct rb_node *))
{
	while (node && compare(key, node))
		node = node->next;
	return node;
}

#define rb_find(key, root, compare)	rb_match(key, (root)->first, compare)
#define rb_for_each(node, key, root, compare)				\
	for (node = rb_match(key, (root)->first, compare); node;	\
	     node = rb_match(key, node->next, compare))

static inline struct rb_node *rb_find_add(struct rb_node *new, struct rb_root *root,
					  int (*order)(struct rb_node *, const struct rb_node *))
{
	struct rb_node *node;

	for (node = root->first; node; node = node->next)
		assert(order(new, node));
	new->next = root->first;
	root->first = new;
	return NULL;
}

static inline void rb_erase(struct rb_node *node, struct rb_root *root)
{
	struct rb_node **link;

	for (link = &root->first; *link != node; link = &(*link)->next)
		;
	*link = node->next;
}

struct list_head {
	struct list_head *next, *prev;
};

static inline void INIT_LIST_HEAD(struct list_head *list)
{
	list->next = list;
	list->prev = list;
}

static inline void list_del(struct list_head *entry)
{
	entry->next->prev = entry->prev;
	entry->prev->next = entry->next;
}

static inline void list_add_tail(struct list_head *new, struct list_head *list)
{
	new->prev = list->prev;
	new->next = list;
	list->prev->next = new;
	list->prev = new;
}

static inline void list_move_tail(struct list_head *entry, struct list_head *list)
{
	list_del(entry);
	list_add_tail(entry, list);
}

#define list_for_each_entry(pos, list, member)					\
	for (pos = container_of((list)->next, __typeof__(*pos), member);	\
	     &pos->member != (list);						\
	     pos = container_of(pos->member.next, __typeof__(*pos), member))

/* Memory is short when the test says so. */
struct shrink_control {
	unsigned long nr_to_scan;
};

struct shrinker {
	unsigned long (*count_objects)(struct shrinker *shrinker, struct shrink_control *sc);
	unsigned long (*scan_objects)(struct shrinker *shrinker, struct shrink_control *sc);
	void *private_data;
};

#define SHRINK_STOP			(~0ul)
#define shrinker_alloc(flags, ...)	((struct shrinker *)calloc(1, sizeof(struct shrinker)))
#define shrinker_register(shrinker)	((void)(shrinker))
#define shrinker_free(shrinker)		free(shrinker)

struct work_struct {
	void (*func)(struct work_struct *work);
};

#define INIT_WORK(work, function)	((work)->func = (function))
#define queue_work(queue, work)		((void)(work))
#define cancel_work_sync(work)		((void)(work))

unsigned long jiffies_now(void);
#define jiffies				jiffies_now()
#define time_before(a, b)		((long)((a) - (b)) < 0)
#define time_after(a, b)		time_before(b, a)

struct page {
	char *address;
};

extern struct page *pages;
#define page_to_pfn(page)		((page) - pages)
#define page_address(page)		((void *)(page)->address)

#define ktime_get_ns()			((u64)jiffies)
/* A process that is killed runs no engine. */
#define fatal_signal_pending(task)	false

/* What of mvgpu.h they use */
#include "dma.h"

struct mvgpu_device;

struct vfio_device {
	struct mvgpu_device *gpu;
};

struct mvgpu_vfio {
	struct vfio_device vdev;
};

/* One that loses its memory now and then, so that it has to be made again */
struct mvgpu_vram {
	char *memory;
	unsigned int seed;
};

struct mvgpu_device {
	struct mvgpu_vfio *vfio;
	struct mvgpu_vram vram;
	struct mvgpu_dma dma;
};

#define to_mvgpu_device(vdev)		((vdev)->gpu)
#define mvgpu_vram_make(vram, offset, len, write)	((void *)((vram)->memory + (offset)))
#define mvgpu_vram_find(vram, offset, len, write)	\
	((write) && rand_r(&(vram)->seed) % 8 == 0 ? NULL : mvgpu_vram_make(vram, offset, len, write))

int vfio_pin_pages(struct vfio_device *vdev, u64 iova, int count, int prot, struct page **out);
void vfio_unpin_pages(struct vfio_device *vdev, u64 iova, int count);
int vfio_dma_rw(struct vfio_device *vdev, u64 iova, void *data, size_t len, bool write);

#endif /* KERNEL_H */
