// SPDX-License-Identifier: GPL-2.0-only
/*
 * INTx: level, masking, masking by itself, unmasking by ioctl and by eventfd.
 */
#include <errno.h>
#include <linux/pci_regs.h>
#include <unistd.h>

#include "mvregs.h"
#include "tap.h"
#include "util.h"
#include "vdev.h"

#define CONFIG	VFIO_PCI_CONFIG_REGION_INDEX
#define INTX	VFIO_PCI_INTX_IRQ_INDEX

/* A signal that must come is waited for; one that must not come has this long to show itself. */
#define SOON_MS	5000
#define QUIET_MS 20

static int intx(struct vdev *vdev, uint32_t flags, const void *data, size_t size)
{
	return vdev_set_irqs(vdev, flags, INTX, 0, 1, data, size);
}

static int mask(struct vdev *vdev)
{
	return intx(vdev, VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_MASK, NULL, 0);
}

static int unmask(struct vdev *vdev)
{
	return intx(vdev, VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_UNMASK, NULL, 0);
}

static int set_unmask_eventfd(struct vdev *vdev, int fd)
{
	return intx(vdev, VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_UNMASK, &fd, sizeof(fd));
}

/* Low and unmasked, with nothing to be read from @fd. */
static void settle(struct vdev *vdev, int fd)
{
	mv_ack(vdev, ~0u);
	unmask(vdev);
	efd_take(fd);
}

static bool status_bit(struct vdev *vdev)
{
	return vdev_read16(vdev, CONFIG, PCI_STATUS) & PCI_STATUS_INTERRUPT;
}

static void test_level(struct vdev *vdev, int fd)
{
	tap_is(efd_take(fd), 0, "quiet at first");
	mv_raise(vdev, 1);
	tap_is(efd_take(fd), 1, "a cause signals once");
	tap_ok(status_bit(vdev), "the status register says that INTx is asserted");
	mv_raise(vdev, 2);
	tap_is(efd_take(fd), 0, "the signal has masked the line");
	tap_ret(unmask(vdev), 0, "unmask");
	tap_is(efd_take(fd), 1, "it signals again, the level being high");
	tap_ret(unmask(vdev), 0, "unmask");
	tap_is(efd_take(fd), 1, "and again");
	mv_ack(vdev, 1);
	unmask(vdev);
	tap_is(efd_take(fd), 1, "the level is high as long as one cause is pending");
	mv_ack(vdev, 2);
	tap_ok(!status_bit(vdev), "the status register says that it is not asserted any more");
	unmask(vdev);
	tap_is(efd_take(fd), 0, "unmasking a low line signals nothing");
	mv_raise(vdev, 4);
	tap_is(efd_take(fd), 1, "the next cause signals");
	mv_ack(vdev, 4);
	mv_raise(vdev, 4);
	tap_is(efd_take(fd), 0, "the line stays masked though its level fell and rose");
	unmask(vdev);
	tap_is(efd_take(fd), 1, "until it is unmasked");
	settle(vdev, fd);
}

static void test_enable(struct vdev *vdev, int fd)
{
	mv_enable_causes(vdev, 0);
	mv_raise(vdev, 1);
	tap_is(efd_take(fd), 0, "a cause that is not enabled does not signal");
	tap_ok(!status_bit(vdev), "nor does the status register say so");
	mv_enable_causes(vdev, ~0u);
	tap_is(efd_take(fd), 1, "it signals when it is enabled");
	mv_enable_causes(vdev, 0);
	unmask(vdev);
	tap_is(efd_take(fd), 0, "the level falls when it is disabled");
	mv_enable_causes(vdev, ~0u);
	settle(vdev, fd);
}

static void test_mask(struct vdev *vdev, int fd)
{
	uint8_t no = 0, yes = 1;

	tap_ret(mask(vdev), 0, "mask");
	mv_raise(vdev, 1);
	tap_is(efd_take(fd), 0, "a masked line does not signal");
	tap_ok(status_bit(vdev), "though the status register shows it");
	tap_ret(mask(vdev), 0, "mask again");
	tap_ret(unmask(vdev), 0, "unmask once");
	tap_is(efd_take(fd), 1, "it signals: masks do not nest");
	settle(vdev, fd);

	mask(vdev);
	mv_raise(vdev, 1);
	mv_ack(vdev, 1);
	unmask(vdev);
	tap_is(efd_take(fd), 0, "what came and went while masked is gone");

	tap_ret(intx(vdev, VFIO_IRQ_SET_DATA_BOOL | VFIO_IRQ_SET_ACTION_MASK, &no, 1), 0,
		"mask by bool 0");
	mv_raise(vdev, 1);
	tap_is(efd_take(fd), 1, "that masks nothing");
	tap_ret(intx(vdev, VFIO_IRQ_SET_DATA_BOOL | VFIO_IRQ_SET_ACTION_UNMASK, &no, 1), 0,
		"unmask by bool 0");
	tap_is(efd_take(fd), 0, "that unmasks nothing");
	tap_ret(intx(vdev, VFIO_IRQ_SET_DATA_BOOL | VFIO_IRQ_SET_ACTION_UNMASK, &yes, 1), 0,
		"unmask by bool 1");
	tap_is(efd_take(fd), 1, "that unmasks");
	settle(vdev, fd);
	tap_ret(intx(vdev, VFIO_IRQ_SET_DATA_BOOL | VFIO_IRQ_SET_ACTION_MASK, &yes, 1), 0,
		"mask by bool 1");
	mv_raise(vdev, 1);
	tap_is(efd_take(fd), 0, "that masks");
	settle(vdev, fd);
}

static void test_command(struct vdev *vdev, int fd)
{
	mv_config_bits(vdev, PCI_COMMAND, PCI_COMMAND_INTX_DISABLE, 0);
	mv_raise(vdev, 1);
	tap_is(efd_take(fd), 0, "the command register disables INTx");
	tap_ok(status_bit(vdev), "the status register shows it all the same");
	mv_config_bits(vdev, PCI_COMMAND, 0, PCI_COMMAND_INTX_DISABLE);
	tap_is(efd_take(fd), 1, "it signals when the command register lets it");
	settle(vdev, fd);
}

static void write_eventfd(int fd)
{
	uint64_t one = 1;

	if (write(fd, &one, sizeof(one)) != sizeof(one))
		tap_bail("cannot signal an eventfd");
}

static void test_unmask_eventfd(struct vdev *vdev, int fd)
{
	int resample = efd_new(), other = efd_new(), ret;

	tap_ret(set_unmask_eventfd(vdev, resample), 0, "set an eventfd that unmasks");
	mv_raise(vdev, 1);
	tap_is(efd_take(fd), 1, "a cause signals");
	write_eventfd(resample);
	tap_is(efd_wait(fd, SOON_MS), 1, "the eventfd unmasks: it signals again");
	unmask(vdev);
	tap_is(efd_take(fd), 1, "the ioctl unmasks too");
	mv_ack(vdev, 1);
	write_eventfd(resample);
	tap_is(efd_wait(fd, QUIET_MS), 0, "a low line stays quiet when unmasked so");
	/*
	 * Whether the eventfd's unmasking has happened is not to be seen: ask for it by
	 * ioctl too.
	 */
	unmask(vdev);
	mv_raise(vdev, 1);
	tap_is(efd_take(fd), 1, "and is ready for the next cause");

	ret = set_unmask_eventfd(vdev, other);
	tap_ok(!ret || ret == -EBUSY, "a second one replaces it or is refused");
	tap_ret(set_unmask_eventfd(vdev, -1), 0, "take it away");
	efd_take(fd);
	write_eventfd(resample);
	write_eventfd(other);
	tap_is(efd_wait(fd, QUIET_MS), 0, "it unmasks no more");
	tap_ret(set_unmask_eventfd(vdev, -1), 0, "taking it away twice does no harm");
	efd_take(other);
	tap_ret(set_unmask_eventfd(vdev, other), 0, "set another one");
	write_eventfd(other);
	tap_is(efd_wait(fd, SOON_MS), 1, "that unmasks");
	close(resample);
	close(other);
	settle(vdev, fd);
	tap_ret(set_unmask_eventfd(vdev, -1), 0, "take it away after it has been closed");
}

static void test_trigger(struct vdev *vdev, int fd)
{
	uint8_t no = 0, yes = 1;
	int other = efd_new(), none = -1;

	tap_ret(intx(vdev, VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_TRIGGER, NULL, 0), 0,
		"loopback");
	tap_is(efd_take(fd), 1, "loopback signals");
	tap_ret(intx(vdev, VFIO_IRQ_SET_DATA_BOOL | VFIO_IRQ_SET_ACTION_TRIGGER, &no, 1), 0,
		"loopback by bool 0");
	tap_is(efd_take(fd), 0, "that signals nothing");
	tap_ret(intx(vdev, VFIO_IRQ_SET_DATA_BOOL | VFIO_IRQ_SET_ACTION_TRIGGER, &yes, 1), 0,
		"loopback by bool 1");
	tap_is(efd_take(fd), 1, "that signals");
	settle(vdev, fd);

	tap_ret(vdev_set_eventfds(vdev, INTX, 0, 1, &other), 0, "another eventfd in its place");
	mv_raise(vdev, 1);
	tap_is(efd_take(other), 1, "the new one is signalled");
	tap_is(efd_take(fd), 0, "the old one is not");
	tap_ret(vdev_set_eventfds(vdev, INTX, 0, 1, &none), 0, "no eventfd");
	unmask(vdev);
	tap_is(efd_take(other) + efd_take(fd), 0, "nobody is signalled");
	tap_ret(vdev_set_eventfds(vdev, INTX, 0, 1, &fd), 0, "the first one again");
	efd_take(fd);
	unmask(vdev);
	tap_is(efd_take(fd), 1, "it is signalled, the level being high");
	settle(vdev, fd);
	close(other);
}

static void test_disable(struct vdev *vdev, int fd)
{
	int closed = efd_new();

	mv_raise(vdev, 1);
	tap_ret(vdev_irq_disable(vdev, INTX), 0, "disable INTx");
	efd_take(fd);
	mv_ack(vdev, ~0u);
	mv_raise(vdev, 1);
	tap_is(efd_take(fd), 0, "nothing is signalled");
	tap_ok(status_bit(vdev), "the cause is pending");
	tap_ret(mask(vdev), -EINVAL, "mask is refused");
	tap_ret(unmask(vdev), -EINVAL, "unmask is refused");
	tap_ret(set_unmask_eventfd(vdev, fd), -EINVAL, "an unmask eventfd is refused");
	tap_ret(vdev_set_eventfds(vdev, INTX, 0, 1, &fd), 0, "enable INTx");
	tap_is(efd_take(fd), 1, "the level was high: it is signalled");
	settle(vdev, fd);

	vdev_set_eventfds(vdev, INTX, 0, 1, &closed);
	close(closed);
	mv_raise(vdev, 1);
	tap_is(mv_pending(vdev), 1, "an eventfd that its owner has closed does no harm");
	tap_ret(vdev_irq_disable(vdev, INTX), 0, "disable INTx");
}

int main(void)
{
	struct vdev *vdev = vdev_must_open(NULL);
	int fd = efd_new();

	mv_config_bits(vdev, PCI_COMMAND, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER, 0);
	mv_enable_causes(vdev, ~0u);
	tap_ret(vdev_set_eventfds(vdev, INTX, 0, 1, &fd), 0, "enable INTx");
	test_level(vdev, fd);
	test_enable(vdev, fd);
	test_mask(vdev, fd);
	test_command(vdev, fd);
	test_unmask_eventfd(vdev, fd);
	test_trigger(vdev, fd);
	test_disable(vdev, fd);
	vdev_close(vdev);
	return tap_done();
}
