// SPDX-License-Identifier: GPL-2.0-only
/*
 * fault-sweep SUBJECT...: does a thing again and again, and each time the kernel
 * lets another allocation, or another access to user memory, of that thing fail:
 * first the first one, then the second, until it has seen them all.  Whether the
 * thing then fails or not, what can be seen of it in sysfs and debugfs is
 * afterwards what it was before.
 *
 * Faults come from /proc/self/task/TID/fail-nth: only this task's own are counted.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "mdev.h"
#include "mvring.h"
#include "tap.h"
#include "util.h"
#include "vdev.h"

#define MDEVS		"/sys/bus/mdev/devices"
#define PARENTS		"/sys/class/mdev_bus"
#define UUID		"fa170000-0000-4000-8000-000000000001"
#define FAULTS_MAX	20000
/* What the kernel finishes by itself, such as the end of an IOMMU group, it does soon. */
#define SETTLE_SECONDS	30

/**
 * struct subject - a thing that is made to fail
 * @name: as on the command line
 * @prepare: what comes before it, without faults; or NULL
 * @act: the thing; 0 or a negative errno
 * @undo: takes back what @act and @prepare did; knows what @act returned
 */
struct subject {
	const char *name;
	void (*prepare)(void);
	int (*act)(void);
	void (*undo)(int ret);
};

static const char *parent, *type, *driver;
static struct vdev *vdev;

static int open_fail_nth(void)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/self/task/%d/fail-nth", gettid());
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		tap_skip_all("no fault injection in this kernel");
	return fd;
}

static void arm(int fd, unsigned int nth)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", nth);
	if (pwrite(fd, text, strlen(text), 0) < 0)
		tap_bail("fail-nth: %s", strerror(errno));
}

/* Whether the fault has happened.  The calls made here are counted, and fail, too. */
static bool disarm(int fd)
{
	char text[16] = "";
	bool happened = pread(fd, text, sizeof(text) - 1, 0) > 0 && !atoi(text);

	while (pwrite(fd, "0", 1, 0) < 0)
		;
	return happened;
}

static int not_dots(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* The names in a folder, and what @each does with them */
static void list(FILE *out, const char *folder, void (*each)(FILE *out, const char *path))
{
	struct dirent **entries;
	int count = scandir(folder, &entries, not_dots, alphasort), i;
	char path[512];

	fprintf(out, "%s:", folder);
	for (i = 0; i < count; i++)
		fprintf(out, " %s", entries[i]->d_name);
	fputc('\n', out);
	for (i = 0; i < count; i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, entries[i]->d_name);
		if (each)
			each(out, path);
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
}

static void content(FILE *out, const char *path)
{
	char text[4096];

	if (!sysfs_read(path, text, sizeof(text)))
		fprintf(out, "%s: %s\n", path, text);
}

static void list_folder(FILE *out, const char *path)
{
	list(out, path, NULL);
}

static void list_type(FILE *out, const char *path)
{
	char file[600];

	snprintf(file, sizeof(file), "%s/available_instances", path);
	content(out, file);
	snprintf(file, sizeof(file), "%s/devices", path);
	list(out, file, NULL);
}

static void list_parent(FILE *out, const char *path)
{
	char folder[600];

	snprintf(folder, sizeof(folder), "%s/mdev_supported_types", path);
	list(out, folder, list_type);
}

/* Everything that a create, a bind, an open or a register changes */
static char *state(void)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		tap_bail("no memory");
	list(out, MDEVS, list_folder);
	list(out, "/sys/bus/mdev/drivers", list_folder);
	list(out, PARENTS, list_parent);
	list(out, "/sys/class/vfio", NULL);
	list(out, "/sys/class/vfio-dev", NULL);
	list(out, "/sys/kernel/iommu_groups", NULL);
	list(out, "/sys/kernel/debug/mvgpu", NULL);
	content(out, "/sys/kernel/debug/mdev/devices");
	fclose(out);
	return text;
}

static bool settles_to(const char *before)
{
	time_t deadline = time(NULL) + SETTLE_SECONDS;
	char *now = state();

	while (strcmp(before, now) && time(NULL) < deadline) {
		usleep(10000);
		free(now);
		now = state();
	}
	if (!strcmp(before, now)) {
		free(now);
		return true;
	}
	tap_diag("before:\n%s\nafter:\n%s", before, now);
	free(now);
	return false;
}

static void sweep(const struct subject *subject)
{
	int fd = open_fail_nth(), ret, failed = 0;
	char *before = state();
	bool happened = true, good = true;
	unsigned int nth;

	for (nth = 1; good && happened && nth < FAULTS_MAX; nth++) {
		if (subject->prepare)
			subject->prepare();
		arm(fd, nth);
		ret = subject->act();
		happened = disarm(fd);
		failed += ret < 0;
		subject->undo(ret);
		good = settles_to(before);
		if (!good)
			tap_diag("fault %u of %s, which returned %d", nth, subject->name, ret);
		if (!happened && ret) {
			tap_diag("%s without a fault: %s", subject->name, strerror(-ret));
			good = false;
		}
	}
	tap_ok(good && !happened, "%s of %s: each of %u faults leaves all as it was",
	       subject->name, type ?: parent, nth - 2);
	tap_diag("%d of them made it fail", failed);
	free(before);
	close(fd);
}

static void must(int ret, const char *what)
{
	if (ret)
		tap_bail("%s: %s", what, strerror(-ret));
}

static int act_create(void)
{
	return mdev_create(parent, type, UUID);
}

static void must_create(void)
{
	must(act_create(), "create");
}

static int act_remove(void)
{
	return mdev_remove(UUID);
}

/* A remove may have failed before the core heard of it. */
static void undo_mdev(int ret)
{
	(void)ret;
	if (mdev_exists(UUID))
		must(act_remove(), "remove");
}

static int driver_write(const char *file)
{
	char path[256];

	snprintf(path, sizeof(path), "/sys/bus/mdev/drivers/%s/%s", driver, file);
	return sysfs_write(path, UUID);
}

static void prepare_bind(void)
{
	must_create();
	must(driver_write("unbind"), "unbind");
}

static int act_bind(void)
{
	return driver_write("bind");
}

static int parent_write(const char *text)
{
	char path[256];

	snprintf(path, sizeof(path), "/sys/class/%s/%s/registered", driver, parent);
	return sysfs_write(path, text);
}

static int act_register(void)
{
	return parent_write("1");
}

static void undo_register(int ret)
{
	if (!ret)
		must(parent_write("0"), "unregister");
}

static int act_open_group(void)
{
	return vdev_vfio_open_group(&vdev, UUID, false);
}

static int act_open_cdev(void)
{
	return vdev_vfio_open_cdev(&vdev, UUID, false);
}

static void undo_open(int ret)
{
	if (!ret)
		vdev_close(vdev);
	undo_mdev(ret);
}

/* What a use has of its own; given back without faults */
static struct {
	int vectors[2];
	int ends[2];
	void *vram;
} in_use;

#define VRAM_LENGTH	(4 << 20)

static void prepare_use(void)
{
	must_create();
	must(act_open_group(), "open");
	in_use.vectors[0] = efd_new();
	in_use.vectors[1] = efd_new();
	if (pipe2(in_use.ends, O_CLOEXEC | O_NONBLOCK))
		tap_bail("no pipe");
	in_use.vram = MAP_FAILED;
}

/* Memory of the device is touched by the kernel, which reports what a program dies of. */
static int use_vram(void)
{
	in_use.vram = vdev->ops->map(vdev, VFIO_PCI_BAR0_REGION_INDEX, NULL, VRAM_LENGTH,
				     PROT_READ | PROT_WRITE, MAP_SHARED, 0);
	if (in_use.vram == MAP_FAILED)
		return -errno;
	if (write(in_use.ends[1], in_use.vram, 1) != 1 ||
	    write(in_use.ends[1], (char *)in_use.vram + VRAM_LENGTH - 1, 1) != 1)
		return -errno;
	return 0;
}

static int use_dma(void)
{
	static char buffer[4096] __attribute__((aligned(4096)));
	int ret = vdev->ops->dma_map(vdev, 0, buffer, sizeof(buffer), VDEV_DMA_RW);

	return ret ?: vdev->ops->dma_unmap(vdev, 0, sizeof(buffer));
}

static int use_config(void)
{
	char bytes[64];
	ssize_t len = vdev->ops->read(vdev, VFIO_PCI_CONFIG_REGION_INDEX, bytes, sizeof(bytes), 0);

	return len == sizeof(bytes) ? 0 : -EFAULT;
}

/* Interrupts, mapped and unmapped memory, the picture, a register, and a reset */
static int act_use(void)
{
	struct vfio_device_gfx_plane_info plane = {
		.argsz = sizeof(plane),
		.flags = VFIO_GFX_PLANE_TYPE_REGION,
		.drm_plane_type = 1,
	};

	return vdev_set_eventfds(vdev, VFIO_PCI_MSIX_IRQ_INDEX, 0, 2, in_use.vectors) ?:
	       vdev_irq_disable(vdev, VFIO_PCI_MSIX_IRQ_INDEX) ?:
	       use_vram() ?: use_dma() ?: vdev->ops->query_plane(vdev, &plane) ?:
	       use_config() ?: vdev->ops->reset(vdev);
}

static void undo_use(int ret)
{
	unsigned int i;

	(void)ret;
	if (in_use.vram != MAP_FAILED)
		munmap(in_use.vram, VRAM_LENGTH);
	for (i = 0; i < ARRAY_SIZE(in_use.ends); i++) {
		close(in_use.ends[i]);
		close(in_use.vectors[i]);
	}
	undo_open(0);
}

#define REGS		VFIO_PCI_BAR2_REGION_INDEX
#define GUEST		MVGPU_MEM_GUEST
#define VRAM		MVGPU_MEM_VRAM
#define IOVA		0x100000
#define PART		4096
#define RING_ORDER	3
#define RING_COMMANDS	4

/* What the guest would have: a page with the ring, and three to copy */
static uint8_t guest[4 * PART] __attribute__((aligned(PART)));
static struct mvring ring;

/* The engine, which is asleep then, learns of the tail by a kick only. */
static void start_ring(void)
{
	time_t deadline = time(NULL) + MVRING_PATIENCE_S;

	mvring_enable(&ring, GUEST, IOVA, guest, RING_ORDER);
	while (!vdev_read32(vdev, REGS, MVGPU_STATUS_NEED_KICK(0))) {
		if (time(NULL) > deadline)
			tap_bail("the engine does not go to sleep");
		usleep(1000);
	}
	vdev_write32(vdev, REGS, MVGPU_TAIL(0), RING_COMMANDS);
}

/* From one page through VRAM to another, by ways that want memory of the kernel's */
static void prepare_engine(void)
{
	const struct mvgpu_cmd commands[RING_COMMANDS] = {
		cmd_copy(VRAM, 0, GUEST, IOVA + PART, PART),
		cmd_copy(GUEST, IOVA + 2 * PART, VRAM, 0, PART),
		cmd_copy(GUEST, IOVA + 3 * PART, GUEST, IOVA + 2 * PART, PART),
		cmd_fence(1, 0),
	};

	must_create();
	must(act_open_group(), "open");
	must(vdev->ops->dma_map(vdev, IOVA, guest, sizeof(guest), VDEV_DMA_RW), "map memory");
	memcpy(guest, commands, sizeof(commands));
	rnd_fill(guest + PART, PART);
	memset(guest + 2 * PART, 0, 2 * PART);
	mvring_init(&ring, vdev, 0);
	start_ring();
}

/* What the engine does for a kick it does, if it is little, before the write returns. */
static int act_engine(void)
{
	const uint32_t any = 0;
	ssize_t len = vdev->ops->write(vdev, REGS, &any, sizeof(any),
				       MVGPU_REG_RING(0, MVGPU_RING_KICK));

	return len == sizeof(any) ? 0 : -EFAULT;
}

static uint32_t kick_and_wait(void)
{
	must(act_engine(), "kick");
	return mvring_wait(&ring, 1);
}

/* A ring that has stopped for want of memory does its work when it is enabled again. */
static void undo_engine(int ret)
{
	uint32_t error = kick_and_wait();

	(void)ret;
	if (error) {
		if (error != MVGPU_ERROR_DMA)
			tap_bail("the ring has stopped, but not for want of memory");
		mvring_disable(&ring);
		start_ring();
		if (kick_and_wait())
			tap_bail("the ring does not recover");
	}
	if (memcmp(guest + PART, guest + 3 * PART, PART))
		tap_bail("the engine has copied something else");
	mvring_fini(&ring);
	undo_open(0);
}

static const struct subject subjects[] = {
	{ "create", NULL, act_create, undo_mdev },
	{ "remove", must_create, act_remove, undo_mdev },
	{ "bind", prepare_bind, act_bind, undo_mdev },
	{ "register", NULL, act_register, undo_register },
	{ "open-group", must_create, act_open_group, undo_open },
	{ "open-cdev", must_create, act_open_cdev, undo_open },
	{ "use", prepare_use, act_use, undo_use },
	{ "engine", prepare_engine, act_engine, undo_engine },
};

static void set_fault(const char *attributes, const char *name, const char *value)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/kernel/debug/%s/%s", attributes, name);
	must(sysfs_write(path, value), path);
}

/* Where a function of the kernel is; false if it has none of that name. */
static bool find_function(const char *wanted, unsigned long *start, unsigned long *end)
{
	FILE *symbols = fopen("/proc/kallsyms", "r");
	unsigned long address;
	char line[512], name[256];

	*start = 0;
	*end = ULONG_MAX;
	while (symbols && fgets(line, sizeof(line), symbols))
		if (sscanf(line, "%lx %*c %255s", &address, name) == 2 && !strcmp(name, wanted))
			*start = address;
	if (symbols)
		rewind(symbols);
	while (symbols && fgets(line, sizeof(line), symbols))
		if (sscanf(line, "%lx", &address) == 1 && address > *start && address < *end)
			*end = address;
	if (symbols)
		fclose(symbols);
	return *start;
}

/*
 * What fails in vfio_create_group() is VFIO's own defect, which would hide ours: it
 * warns of a group that is still there, and never lets go of it.
 */
static void spare_vfio(void)
{
	static const char * const attributes[] = { "failslab", "fail_page_alloc" };
	unsigned long start, end;
	unsigned int i;
	char text[32];

	if (!find_function("vfio_create_group", &start, &end))
		return;
	for (i = 0; i < ARRAY_SIZE(attributes); i++) {
		snprintf(text, sizeof(text), "%#lx", start);
		set_fault(attributes[i], "reject-start", text);
		snprintf(text, sizeof(text), "%#lx", end);
		set_fault(attributes[i], "reject-end", text);
	}
}

/* Allocations that may sleep fail too, and nothing is said of each. */
static void set_up_faults(void)
{
	static const char * const settings[][3] = {
		{ "failslab", "ignore-gfp-wait", "0" },
		{ "failslab", "verbose", "0" },
		{ "fail_page_alloc", "ignore-gfp-wait", "0" },
		{ "fail_page_alloc", "ignore-gfp-highmem", "0" },
		{ "fail_page_alloc", "min-order", "0" },
		{ "fail_page_alloc", "verbose", "0" },
		{ "fail_usercopy", "verbose", "0" },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(settings); i++)
		set_fault(settings[i][0], settings[i][1], settings[i][2]);
	spare_vfio();
}

int main(int argc, char **argv)
{
	unsigned int i;
	int arg;

	if (argc < 5)
		tap_bail("usage: fault-sweep DRIVER PARENT TYPE SUBJECT...");
	driver = argv[1];
	parent = argv[2];
	type = argv[3];
	close(open_fail_nth());
	set_up_faults();
	for (arg = 4; arg < argc; arg++)
		for (i = 0; i < ARRAY_SIZE(subjects); i++)
			if (!strcmp(argv[arg], subjects[i].name))
				sweep(&subjects[i]);
	return tap_done();
}
