// SPDX-License-Identifier: GPL-2.0-only
/*
 * VFIO_DEVICE_SET_IRQS with arguments good and bad: what has to succeed does, what is
 * wrong is refused and changes nothing.  An oracle of this file's own says which is
 * which, from the words of <linux/vfio.h>.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mvgpu_pci.h"
#include "mvregs.h"
#include "tap.h"
#include "util.h"
#include "vdev.h"

#define INTX		VFIO_PCI_INTX_IRQ_INDEX
#define MSI		VFIO_PCI_MSI_IRQ_INDEX
#define MSIX		VFIO_PCI_MSIX_IRQ_INDEX
#define REQ		VFIO_PCI_REQ_IRQ_INDEX
#define NO_INDEX	VFIO_PCI_NUM_IRQS
#define VECTORS		MVGPU_NUM_VECTORS
#define HEADER		sizeof(struct vfio_irq_set)
#define DATA_ROOM	64
#define ALL_FLAGS	(VFIO_IRQ_SET_DATA_TYPE_MASK | VFIO_IRQ_SET_ACTION_TYPE_MASK)

enum verdict {
	GOOD,		/* must succeed */
	BAD,		/* must be refused */
	OPEN,		/* the interface's words leave it open */
};

static unsigned int count_of(uint32_t index)
{
	switch (index) {
	case INTX:
	case REQ:
		return 1;
	case MSI:
	case MSIX:
		return VECTORS;
	default:
		return 0;
	}
}

static bool one_bit(uint32_t bits)
{
	return bits && !(bits & (bits - 1));
}

/* What the header alone says, whatever the state. */
static bool header_is_good(const struct vfio_irq_set *set)
{
	uint32_t data = set->flags & VFIO_IRQ_SET_DATA_TYPE_MASK;
	size_t unit = data == VFIO_IRQ_SET_DATA_EVENTFD ? 4 : data == VFIO_IRQ_SET_DATA_BOOL;
	uint64_t count = set->count;

	return set->argsz >= HEADER && !(set->flags & ~ALL_FLAGS) && one_bit(data) &&
	       one_bit(set->flags & VFIO_IRQ_SET_ACTION_TYPE_MASK) &&
	       set->start + count <= count_of(set->index) && set->start < count_of(set->index) &&
	       set->argsz >= HEADER + count * unit;
}

static enum verdict judge(const struct vfio_irq_set *set, uint32_t active)
{
	uint32_t data = set->flags & VFIO_IRQ_SET_DATA_TYPE_MASK;
	bool mask = !(set->flags & VFIO_IRQ_SET_ACTION_TRIGGER);

	if (!header_is_good(set))
		return BAD;
	if (mask && set->index != INTX)
		return BAD;
	if (mask && active != INTX)
		return BAD;
	if (mask && data == VFIO_IRQ_SET_DATA_EVENTFD &&
	    (set->flags & VFIO_IRQ_SET_ACTION_MASK))
		return BAD;
	if (set->index != REQ && active != NO_INDEX && active != set->index)
		return BAD;
	if (!set->count)
		return OPEN;
	/* Loopback needs something to loop back to. */
	if (!mask && data != VFIO_IRQ_SET_DATA_EVENTFD &&
	    (set->index == REQ || active != set->index))
		return set->index == REQ ? OPEN : BAD;
	return GOOD;
}

/* Puts the device into the state in which one index, or none, is enabled. */
static void set_state(struct vdev *vdev, uint32_t active, const int *fds)
{
	uint32_t index;

	for (index = INTX; index <= MSIX; index++)
		vdev_irq_disable(vdev, index);
	if (active != NO_INDEX && vdev_set_eventfds(vdev, active, 0, count_of(active), fds))
		tap_bail("cannot enable interrupt index %u", active);
}

static bool still_works(struct vdev *vdev, uint32_t active, const int *fds)
{
	unsigned int i, signals = 0, others = 0;

	for (i = 0; i < VECTORS; i++)
		efd_take(fds[i]);
	if (active == INTX)
		vdev_set_irqs(vdev, VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_UNMASK, INTX, 0, 1,
			      NULL, 0);
	mv_raise(vdev, 1);
	signals = efd_take(fds[0]);
	for (i = 1; i < VECTORS; i++)
		others += efd_take(fds[i]);
	mv_ack(vdev, 1);
	return !others && signals == (active != NO_INDEX);
}

/* One call of the sweep; false if the device did not answer as it must. */
static bool try_call(struct vdev *vdev, const struct vfio_irq_set *set, uint32_t active)
{
	enum verdict verdict = judge(set, active);
	int ret = vdev->ops->set_irqs(vdev, set);
	bool right;

	switch (verdict) {
	case GOOD:
		right = !ret;
		break;
	case BAD:
		right = ret == -EINVAL || ret == -ENOTTY;
		break;
	default:
		right = !ret || ret == -EINVAL;
		break;
	}
	if (!right)
		tap_diag("argsz %u flags %#x index %u start %#x count %#x, index %u active: %d",
			 set->argsz, set->flags, set->index, set->start, set->count, active, ret);
	return right;
}

/*
 * The values that each field of a call takes, every one with every other; flags count up from 0 to
 * past the last that there is.
 */
static const uint32_t indexes[] = { 0, 1, 2, 3, 4, 5, 0x80000000, 0xffffffff };
static const uint32_t starts[] = { 0, 1, 7, 8, 0x80000000, 0xffffffff };
static const uint32_t counts[] = {
	0, 1, 2, 8, 9, 0x40000000, 0x80000000, 0xfffffff8, 0xffffffff
};
static const uint32_t sizes[] = { 0, 19, 20, 21, 24, 52 };

#define CALLS	(2 * (ALL_FLAGS + 1) * ARRAY_SIZE(indexes) * ARRAY_SIZE(starts) * \
		 ARRAY_SIZE(counts) * ARRAY_SIZE(sizes))

/* One value of @values by the last digit of @number, which loses it. */
static uint32_t pick(const uint32_t *values, size_t num, unsigned int *number)
{
	uint32_t value = values[*number % num];

	*number /= num;
	return value;
}

/* The call of that number, with bools of 0 or file descriptors of -1 for data. */
static void make_call(struct vfio_irq_set *set, unsigned int number)
{
	set->argsz = pick(sizes, ARRAY_SIZE(sizes), &number);
	set->count = pick(counts, ARRAY_SIZE(counts), &number);
	set->start = pick(starts, ARRAY_SIZE(starts), &number);
	set->index = pick(indexes, ARRAY_SIZE(indexes), &number);
	set->flags = number;
	memset(set->data, set->flags & VFIO_IRQ_SET_DATA_EVENTFD ? 0xff : 0, DATA_ROOM);
}

static void test_sweep(struct vdev *vdev, uint32_t active, const char *name, const int *fds)
{
	struct vfio_irq_set *set = calloc(1, sizeof(*set) + DATA_ROOM);
	unsigned int number, wrong = 0;

	set_state(vdev, active, fds);
	for (number = 0; number < CALLS && wrong < 10; number++) {
		make_call(set, number);
		wrong += !try_call(vdev, set, active);
		if (judge(set, active) != BAD)
			set_state(vdev, active, fds);
	}
	tap_is(wrong, 0, "%s: %u calls are answered as they must be", name, number);
	tap_ok(still_works(vdev, active, fds), "%s: and interrupts come as before", name);
	free(set);
}

/* File descriptors that are no eventfds, alone and behind a good one. */
static void test_bad_fds(struct vdev *vdev, uint32_t index, const char *name, const int *fds)
{
	int null = dup(STDOUT_FILENO), pair[2] = { efd_new(), 12345 };
	unsigned int last = count_of(index) - 1;

	set_state(vdev, NO_INDEX, fds);
	tap_ret(vdev_set_eventfds(vdev, index, 0, 1, &pair[1]), -EBADF,
		"%s: a file descriptor that is not open", name);
	tap_ret(vdev_set_eventfds(vdev, index, 0, 1, &null), -EINVAL,
		"%s: a file that is not an eventfd", name);
	tap_ret(vdev_set_eventfds(vdev, INTX, 0, 1, fds), 0,
		"%s: after that no index is enabled", name);
	set_state(vdev, index, fds);
	tap_ret(vdev_set_eventfds(vdev, index, last, 1, &pair[1]), -EBADF,
		"%s: a bad one in place of a good one", name);
	tap_ok(still_works(vdev, index, fds), "%s: interrupts come as before", name);
	if (last) {
		tap_ret(vdev_set_eventfds(vdev, index, 0, 2, pair), -EBADF,
			"%s: a bad one behind a good one", name);
		tap_ok(still_works(vdev, index, fds), "%s: interrupts come as before", name);
		tap_is(efd_take(pair[0]), 0, "%s: the good one was not taken", name);
	}
	if (index == INTX)
		tap_ret(vdev_set_irqs(vdev, VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_UNMASK,
				      INTX, 0, 1, &null, sizeof(null)), -EINVAL,
			"%s: unmask by a file that is not an eventfd", name);
	close(pair[0]);
	close(null);
}

/* Room for the header alone, though argsz speaks of data. */
static void test_short_memory(struct vdev *vdev)
{
	struct vfio_irq_set *set = fence_alloc(sizeof(*set));
	const struct vfio_irq_set call = {
		.argsz = HEADER + 4,
		.flags = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER,
		.index = INTX,
		.count = 1,
	};

	memcpy(set, &call, sizeof(call));
	tap_ret(vdev->ops->set_irqs(vdev, set), -EFAULT, "data that is not there");
	fence_free(set, sizeof(*set));
}

static void test_req(struct vdev *vdev)
{
	int fd = efd_new(), other = efd_new(), none = -1, closed = 12345;
	uint8_t yes = 1;

	tap_ret(vdev_set_eventfds(vdev, REQ, 0, 1, &fd), 0, "REQ: set an eventfd");
	tap_ret(vdev_set_irqs(vdev, VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_TRIGGER, REQ, 0, 1,
			      NULL, 0), 0, "REQ: loopback");
	tap_is(efd_take(fd), 1, "REQ: it is signalled");
	tap_ret(vdev_set_irqs(vdev, VFIO_IRQ_SET_DATA_BOOL | VFIO_IRQ_SET_ACTION_TRIGGER, REQ, 0, 1,
			      &yes, 1), 0, "REQ: loopback by bool");
	tap_is(efd_take(fd), 1, "REQ: it is signalled");
	tap_ret(vdev_set_eventfds(vdev, REQ, 0, 1, &closed), -EBADF, "REQ: a bad eventfd");
	vdev_set_irqs(vdev, VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_TRIGGER, REQ, 0, 1, NULL,
		      0);
	tap_is(efd_take(fd), 1, "REQ: the good one is still there");
	tap_ret(vdev_set_eventfds(vdev, REQ, 0, 1, &other), 0, "REQ: another eventfd");
	vdev_set_irqs(vdev, VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_TRIGGER, REQ, 0, 1, NULL,
		      0);
	tap_ok(efd_take(other) == 1 && !efd_take(fd), "REQ: it has taken the other's place");
	tap_ret(vdev_set_eventfds(vdev, REQ, 0, 1, &none), 0, "REQ: no eventfd");
	close(fd);
	close(other);
}

int main(void)
{
	static const struct {
		uint32_t index;
		const char *name;
	} states[] = { { NO_INDEX, "none" }, { INTX, "INTx" }, { MSI, "MSI" }, { MSIX, "MSI-X" } };
	struct vdev *vdev = vdev_must_open(NULL);
	int fds[VECTORS];
	unsigned int i;

	for (i = 0; i < VECTORS; i++)
		fds[i] = efd_new();
	mv_enable_causes(vdev, ~0u);
	for (i = 0; i < ARRAY_SIZE(states); i++)
		test_sweep(vdev, states[i].index, states[i].name, fds);
	for (i = 1; i < ARRAY_SIZE(states); i++)
		test_bad_fds(vdev, states[i].index, states[i].name, fds);
	set_state(vdev, NO_INDEX, fds);
	if (vdev_fd(vdev) >= 0)
		test_short_memory(vdev);
	test_req(vdev);
	vdev_close(vdev);
	return tap_done();
}
