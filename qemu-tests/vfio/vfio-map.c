// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mappings through the kernel: what may be mapped and what not, signals past the end,
 * huge pages, fork, partial unmapping, and VRAM mappings as buffers of the device's own
 * calls.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mdev.h"
#include "mvgpu_regs.h"
#include "tap.h"
#include "util.h"
#include "vdev.h"

#define VRAM	VFIO_PCI_BAR0_REGION_INDEX
#define REGS	VFIO_PCI_BAR2_REGION_INDEX
#define RW	(PROT_READ | PROT_WRITE)
#define PAGE	4096ul
#define HUGE	(2ul << 20)

/* A call that waits for itself must not make the tests wait. */
#define STUCK_S	60

static size_t vram_size;

static long map_errno(struct vdev *vdev, unsigned int region, size_t len, int prot, int flags,
		      uint64_t offset)
{
	void *map = vdev->ops->map(vdev, region, NULL, len, prot, flags, offset);

	if (map == MAP_FAILED)
		return -errno;
	munmap(map, len);
	return 0;
}

static uint8_t *must_map(struct vdev *vdev, void *addr, size_t len, int flags, uint64_t offset)
{
	uint8_t *map = vdev->ops->map(vdev, VRAM, addr, len, RW, MAP_SHARED | flags, offset);

	if (map == MAP_FAILED)
		tap_bail("cannot map %zu bytes of VRAM at %#llx: %s", len,
			 (unsigned long long)offset, strerror(errno));
	return map;
}

/* Address space for a mapping whose addresses are those of VRAM plus @skew, modulo 2 MiB. */
static uint8_t *reserve(size_t len, size_t skew)
{
	uint8_t *space = mmap(NULL, len + 2 * HUGE, PROT_NONE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (space == MAP_FAILED)
		tap_bail("no address space: %s", strerror(errno));
	return (uint8_t *)(((uintptr_t)space + HUGE - 1) & ~(HUGE - 1)) + skew;
}

static void test_allowed(struct vdev *vdev)
{
	static const unsigned int unmappable[] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	unsigned int i;

	tap_ret(map_errno(vdev, VRAM, vram_size, RW, MAP_SHARED, 0), 0, "all of VRAM");
	tap_ret(map_errno(vdev, VRAM, PAGE, PROT_READ, MAP_SHARED, vram_size - PAGE), 0,
		"its last page, read only");
	tap_ret(map_errno(vdev, VRAM, PAGE, RW, MAP_PRIVATE, 0), -EINVAL, "private is refused");
	tap_ret(map_errno(vdev, VRAM, PAGE, PROT_READ, MAP_PRIVATE, 0), -EINVAL,
		"private is refused, read only too");
	tap_ret(map_errno(vdev, VRAM, vram_size + PAGE, RW, MAP_SHARED, 0), -EINVAL,
		"more than VRAM");
	tap_ret(map_errno(vdev, VRAM, 2 * PAGE, RW, MAP_SHARED, vram_size - PAGE), -EINVAL,
		"across its end");
	tap_ret(map_errno(vdev, VRAM, PAGE, RW, MAP_SHARED, vram_size), -EINVAL, "behind its end");
	tap_ret(map_errno(vdev, VRAM, PAGE, RW, MAP_SHARED, 1ull << 39), -EINVAL,
		"far behind its end");
	for (i = 0; i < ARRAY_SIZE(unmappable); i++)
		tap_ret(map_errno(vdev, unmappable[i], PAGE, PROT_READ, MAP_SHARED, 0), -EINVAL,
			"region %u cannot be mapped", unmappable[i]);
	tap_ok(mmap(NULL, PAGE, RW, MAP_SHARED, vdev_fd(vdev), 1ull << 62) == MAP_FAILED,
	       "a region that there is not cannot either");
}

/* Pages 2 and 3 of BAR 2, which are memory; what is before them is registers. */
static void test_shared(struct vdev *vdev)
{
	const size_t size = MVGPU_SHARED_SIZE;
	const uint64_t start = MVGPU_TAILS_OFFSET;
	uint8_t *map, *more;

	tap_ret(map_errno(vdev, REGS, PAGE, RW, MAP_SHARED, start - PAGE), -EINVAL,
		"registers cannot be mapped");
	tap_ret(map_errno(vdev, REGS, 2 * PAGE, RW, MAP_SHARED, start - PAGE), -EINVAL,
		"nor together with the shared pages");
	tap_ret(map_errno(vdev, REGS, size + PAGE, RW, MAP_SHARED, start), -EINVAL,
		"nothing behind these can");
	tap_ret(map_errno(vdev, REGS, size, RW, MAP_PRIVATE, start), -EINVAL,
		"nor can they be private");
	tap_ret(map_errno(vdev, REGS, PAGE, PROT_READ, MAP_SHARED, start + PAGE), 0,
		"one of them can");
	map = vdev->ops->map(vdev, REGS, NULL, size, RW, MAP_SHARED, start);
	if (!tap_ok(map != MAP_FAILED, "both can"))
		return;
	map[12] = 0x12;
	map[size - 1] = 0x34;
	tap_is_hex(vdev_read8(vdev, REGS, start + 12), 0x12, "what is written there is read");
	tap_is_hex(vdev_read8(vdev, REGS, start + size - 1), 0x34, "to the last byte");
	vdev_write32(vdev, REGS, start + PAGE + 256, 0x56789abc);
	tap_is_hex(map[PAGE + 256], 0xbc, "and the other way round");
	vdev->ops->reset(vdev);
	tap_ok(!map[12] && !map[size - 1] && !map[PAGE + 256], "a reset clears them");
	more = mremap(map, size, size + PAGE, MREMAP_MAYMOVE);
	if (more != MAP_FAILED) {
		map = more;
		tap_is(touch_read(map + size), SIGBUS, "a mapping that has grown shows nothing");
		munmap(map + size, PAGE);
	}
	munmap(map, size);
}

static void test_signals(struct vdev *vdev)
{
	uint8_t *map = must_map(vdev, NULL, vram_size, 0, 0), *more;

	tap_is(touch_write(map + vram_size - 1), 0, "the last byte can be touched");
	more = mremap(map, vram_size, vram_size + HUGE, MREMAP_MAYMOVE);
	if (more == MAP_FAILED) {
		tap_ok(true, "the mapping cannot grow");
	} else {
		map = more;
		tap_is(touch_read(map + vram_size), SIGBUS,
		       "a mapping that has grown shows nothing");
	}
	tap_ret(mprotect(map, HUGE, PROT_READ), 0, "protect 2 MiB");
	tap_is(touch_read(map), 0, "they can be read");
	tap_is(touch_write(map), SIGSEGV, "and not be written");
	tap_ret(mprotect(map, HUGE, RW), 0, "unprotect them");
	tap_is(touch_write(map), 0, "they can be written again");
	munmap(map, vram_size);
}

static long faults(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_minflt;
}

/* Touches every page; returns how many faults that took. */
static long touch_all(uint8_t *map, size_t len)
{
	long before = faults();
	size_t offset;

	for (offset = 0; offset < len; offset += PAGE)
		((volatile uint8_t *)map)[offset] = offset / PAGE;
	return faults() - before;
}

static bool has_huge_pages(void)
{
	char text[64];

	return !sysfs_read("/sys/kernel/mm/transparent_hugepage/enabled", text, sizeof(text)) &&
	       strstr(text, "[always]");
}

static void test_faults(struct vdev *vdev)
{
	const size_t skews[] = { 0, PAGE, HUGE / 2 };
	unsigned int i;
	long count;

	faults();
	for (i = 0; i < ARRAY_SIZE(skews); i++) {
		uint8_t *at = reserve(vram_size, skews[i]);
		uint8_t *map = must_map(vdev, at, vram_size, MAP_FIXED, 0);
		uint8_t last;

		count = touch_all(map, vram_size);
		if (!skews[i] && !has_huge_pages())
			tap_skip("transparent huge pages are not enabled", "huge pages");
		else
			tap_ok(count <= (long)(2 * (vram_size / HUGE) + 8),
			       "%zu MiB at %zu KiB past a 2 MiB boundary: %ld faults",
			       vram_size >> 20, skews[i] >> 10, count);
		vdev_must_read(vdev, VRAM, &last, 1, vram_size - PAGE);
		tap_is(last, (uint8_t)(vram_size / PAGE - 1),
		       "the mapping reaches the right bytes");
		munmap(map, vram_size);
	}
}

/* What this process has of page tables, in KiB. */
static long page_tables(void)
{
	char text[4096], *line;

	if (sysfs_read("/proc/self/status", text, sizeof(text)))
		return -1;
	line = strstr(text, "VmPTE:");
	return line ? atol(line + strlen("VmPTE:")) : -1;
}

/*
 * An aligned mapping is of huge pages: one fault for each, wherever in it, and no page table
 * below them, which would be 4 KiB each.
 */
static void test_huge(struct vdev *vdev)
{
	long before, tables;
	uint8_t *map;
	size_t i;

	if (!has_huge_pages()) {
		tap_skip("transparent huge pages are not enabled", "one fault for 2 MiB");
		return;
	}
	vdev->ops->reset(vdev);
	map = must_map(vdev, reserve(vram_size, 0), vram_size, MAP_FIXED, 0);
	tables = page_tables();
	before = faults();
	for (i = 0; i < vram_size / HUGE; i++)
		map[i * HUGE + 1234 * (i + 1)] = 1;
	for (i = 0; i < vram_size / HUGE; i++)
		map[i * HUGE + HUGE - 1 - 77 * i] = 1;
	tap_is(faults() - before, vram_size / HUGE, "one fault for 2 MiB, first touch included");
	tables = page_tables() - tables;
	tap_ok(tables < (long)(vram_size / HUGE * 4), "no page tables below huge pages (%ld KiB)",
	       tables);
	tap_ret(munmap(map + HUGE + 3 * PAGE, PAGE), 0, "unmap one page in the middle");
	tap_is(touch_write(map + HUGE + 2 * PAGE), 0, "the page before it is there");
	tap_is(touch_write(map + HUGE + 3 * PAGE), SIGSEGV, "the page is not");
	tap_is(touch_write(map + HUGE + 4 * PAGE), 0, "the page behind it is");
	tap_is(map[HUGE + 1234 * 2], 1, "with its old content");
	munmap(map, vram_size);
}

static void test_fork(struct vdev *vdev)
{
	uint8_t *map = must_map(vdev, reserve(vram_size, 0), vram_size, MAP_FIXED, 0);
	int status;
	pid_t pid;

	map[5] = 1;
	pid = fork();
	if (!pid) {
		map[6] = map[5] + 1;
		map[3 * HUGE] = 0x33;
		_exit(0);
	}
	waitpid(pid, &status, 0);
	tap_ok(WIFEXITED(status) && !WEXITSTATUS(status) && map[6] == 2 && map[3 * HUGE] == 0x33,
	       "a forked process shares the mapping");
	munmap(map, vram_size);
}

/*
 * VRAM mappings as the buffers of reads, writes and ioctls of the same device: their
 * pages are faulted in while the call is under way, by the handler of the device that
 * serves the call.
 */
static void test_own_buffers(struct vdev *vdev)
{
	struct vfio_irq_set *set;
	struct iovec local, remote;
	uint8_t buf[64];
	uint8_t *map;
	size_t i;

	alarm(STUCK_S);
	vdev->ops->reset(vdev);
	map = must_map(vdev, NULL, vram_size, 0, 0);
	tap_ret(vdev->ops->read(vdev, VRAM, map + HUGE, HUGE, 4 * HUGE), HUGE,
		"read VRAM into untouched VRAM");
	tap_ret(vdev->ops->write(vdev, VRAM, map + 5 * HUGE, HUGE, 6 * HUGE), HUGE,
		"write VRAM from untouched VRAM");
	for (i = 0; i < HUGE; i++)
		map[i] = i * 7;
	tap_ret(vdev->ops->write(vdev, VRAM, map, HUGE, 7 * HUGE), HUGE, "write VRAM from VRAM");
	tap_ok(!memcmp(map, map + 7 * HUGE, HUGE), "the copy is right");
	tap_ret(vdev->ops->read(vdev, VFIO_PCI_BAR2_REGION_INDEX, map + 3 * HUGE, 64,
				MVGPU_CTRL_OFFSET), 64, "read registers into untouched VRAM");
	vdev->ops->reset(vdev);
	tap_ret(vdev->ops->read(vdev, VFIO_PCI_CONFIG_REGION_INDEX, map + 2, 4, 0), 4,
		"read config space into VRAM that a reset has taken away");
	set = (struct vfio_irq_set *)(map + 2 * HUGE - 20);
	*set = (struct vfio_irq_set){
		24, VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER, 0, 0, 1
	};
	memset(set->data, 0xff, 4);
	tap_ret(vdev->ops->set_irqs(vdev, set), 0, "SET_IRQS from VRAM");
	alarm(0);

	/* Pages that have no struct page to pin for anybody. */
	local = (struct iovec){ buf, sizeof(buf) };
	remote = (struct iovec){ map, sizeof(buf) };
	tap_ok(process_vm_readv(getpid(), &local, 1, &remote, 1, 0) < 0,
	       "the mapping's pages cannot be pinned");
	madvise(map, HUGE, MADV_DONTNEED);
	tap_is(touch_write(map), 0, "the mapping still works after madvise");
	munmap(map, vram_size);
}

/* What QEMU does with every BAR that it has mapped. */
static void test_dma_map(struct vdev *vdev)
{
	uint8_t *map = must_map(vdev, NULL, vram_size, 0, 0);
	uint8_t *ram = mmap(NULL, HUGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	tap_ret(vdev->ops->dma_map(vdev, 0x100000, ram, HUGE, VDEV_DMA_RW), 0, "DMA map of memory");
	tap_ret(vdev->ops->dma_map(vdev, 0xe0000000, map, vram_size, VDEV_DMA_RW), 0,
		"DMA map of VRAM");
	tap_ret(vdev->ops->reset(vdev), 0, "reset while they are mapped");
	tap_ret(vdev->ops->dma_unmap(vdev, 0xe0000000, vram_size), 0, "DMA unmap of VRAM");
	tap_ret(vdev->ops->dma_unmap(vdev, 0x100000, HUGE), 0, "DMA unmap of memory");
	munmap(ram, HUGE);
	munmap(map, vram_size);
}

int main(void)
{
	struct vdev *vdev = vdev_must_open(NULL);

	if (vdev_fd(vdev) < 0)
		tap_skip_all("%s maps in its own way", vdev->ops->name);
	vram_size = vdev_region_size(vdev, VRAM);
	test_allowed(vdev);
	test_shared(vdev);
	test_signals(vdev);
	test_faults(vdev);
	test_huge(vdev);
	test_fork(vdev);
	test_own_buffers(vdev);
	test_dma_map(vdev);
	vdev_close(vdev);
	return tap_done();
}
