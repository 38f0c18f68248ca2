// SPDX-License-Identifier: GPL-2.0-only
#include <time.h>

#include "type1.h"

__thread unsigned int spinning;
__thread bool lent;
struct page *pages;

static struct {
	pthread_mutex_t lock;
	pthread_mutex_t devices;
	pthread_mutex_t unmapping;
	struct vfio_device *vdev;
	char *memory;
	struct {
		bool mapped;
		bool read_only;
		unsigned int half;
		unsigned int pinned;
	} maps[MAPS];
	unsigned int pins[MAPS * MAP_PAGES];
	unsigned int limit;
	unsigned int pinned;
	unsigned long total;
} type1;

unsigned long jiffies_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000ul + now.tv_nsec / 1000000;
}

void type1_init(struct vfio_device *vdev, unsigned int limit)
{
	unsigned int i;

	memset(&type1, 0, sizeof(type1));
	pthread_mutex_init(&type1.lock, NULL);
	pthread_mutex_init(&type1.devices, NULL);
	pthread_mutex_init(&type1.unmapping, NULL);
	type1.vdev = vdev;
	type1.limit = limit;
	type1.memory = aligned_alloc(PAGE_SIZE, 2 * TOTAL);
	memset(type1.memory, 1, 2 * TOTAL);
	pages = calloc(2 * MAPS * MAP_PAGES, sizeof(*pages));
	for (i = 0; i < 2 * MAPS * MAP_PAGES; i++)
		pages[i].address = type1.memory + i * PAGE_SIZE;
	for (i = 0; i < MAPS; i++)
		type1_map(i);
}

void type1_fini(void)
{
	free(type1.memory);
	free(pages);
}

/* Which page an address is in, or a negative errno */
static int find(u64 iova, bool write)
{
	u64 page = (iova - IOVA) / PAGE_SIZE;

	if (iova < IOVA || page >= MAPS * MAP_PAGES || !type1.maps[page / MAP_PAGES].mapped)
		return -EINVAL;
	return write && type1.maps[page / MAP_PAGES].read_only ? -EPERM : (int)page;
}

static unsigned int physical(unsigned int page)
{
	return page + type1.maps[page / MAP_PAGES].half * MAPS * MAP_PAGES;
}

static void unpin(unsigned int page)
{
	assert(type1.pins[page]);
	if (--type1.pins[page])
		return;
	type1.pinned--;
	type1.maps[page / MAP_PAGES].pinned--;
}

static int pin(u64 iova, bool write)
{
	int page = find(iova, write);

	if (page < 0)
		return page;
	if (!type1.pins[page]) {
		if (type1.pinned == type1.limit)
			return -ENOMEM;
		type1.pinned++;
		type1.maps[page / MAP_PAGES].pinned++;
	}
	type1.pins[page]++;
	return page;
}

static void enter(void)
{
	assert(!spinning);
	assert(!lent);
	pthread_mutex_lock(&type1.lock);
}

int vfio_pin_pages(struct vfio_device *vdev, u64 iova, int count, int prot, struct page **out)
{
	int i, page = 0;

	(void)vdev;
	enter();
	for (i = 0; i < count; i++) {
		page = pin(iova + i * PAGE_SIZE, prot & IOMMU_WRITE);
		if (page < 0)
			break;
		out[i] = &pages[physical(page)];
	}
	if (page < 0) {
		while (i--)
			unpin(find(iova + i * PAGE_SIZE, false));
	} else {
		type1.total += count;
	}
	pthread_mutex_unlock(&type1.lock);
	return page < 0 ? page : count;
}

void vfio_unpin_pages(struct vfio_device *vdev, u64 iova, int count)
{
	int i, page;

	(void)vdev;
	enter();
	for (i = 0; i < count; i++) {
		page = find(iova + i * PAGE_SIZE, false);
		assert(page >= 0);
		unpin(page);
	}
	pthread_mutex_unlock(&type1.lock);
}

int vfio_dma_rw(struct vfio_device *vdev, u64 iova, void *data, size_t len, bool write)
{
	char *buffer = data;
	int page = 0;

	(void)vdev;
	enter();
	while (len && page >= 0) {
		size_t part = min(len, PAGE_SIZE - offset_in_page(iova));

		page = find(iova, write);
		if (page >= 0) {
			char *memory = pages[physical(page)].address + offset_in_page(iova);

			memcpy(write ? memory : buffer, write ? buffer : memory, part);
		}
		buffer += part;
		iova += part;
		len -= part;
	}
	pthread_mutex_unlock(&type1.lock);
	return min(page, 0);
}

void type1_map(unsigned int n)
{
	pthread_mutex_lock(&type1.lock);
	if (!type1.maps[n].mapped) {
		type1.maps[n].mapped = true;
		type1.maps[n].half ^= 1;
		type1.maps[n].read_only = rand() % 8 == 0;
	}
	pthread_mutex_unlock(&type1.lock);
}

char *type1_unmap(unsigned int n)
{
	unsigned int retries = 0;

	/* Two at once could wait for each other for ever: docs/locking.md. */
	pthread_mutex_lock(&type1.unmapping);
	pthread_mutex_lock(&type1.lock);
	while (type1.maps[n].pinned) {
		assert(++retries <= RETRIES);
		pthread_mutex_lock(&type1.devices);
		pthread_mutex_unlock(&type1.lock);
		mvgpu_vfio_dma_unmap(type1.vdev, IOVA + n * MAP_SIZE, MAP_SIZE);
		pthread_mutex_unlock(&type1.devices);
		/* Time for the engine to pin again what it should not. */
		usleep(200);
		pthread_mutex_lock(&type1.lock);
	}
	type1.maps[n].mapped = false;
	pthread_mutex_unlock(&type1.lock);
	pthread_mutex_unlock(&type1.unmapping);
	return pages[physical(n * MAP_PAGES)].address;
}

unsigned int type1_pinned(void)
{
	return type1.pinned;
}

unsigned long type1_total(void)
{
	return type1.total;
}
