// SPDX-License-Identifier: GPL-2.0-only
/*
 * DEVICE_SET_IRQS, as far as the protocol differs from VFIO: descriptors beside the message.  What
 * interrupts do is the conformance suite's to test.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/vfio.h>

#include "mvgpu_pci.h"
#include "mvgpu_regs.h"
#include "server.h"

#define TRIGGER		(VFIO_IRQ_SET_ACTION_TRIGGER | VFIO_IRQ_SET_DATA_EVENTFD)
#define MSI		VFIO_PCI_MSI_IRQ_INDEX
#define MSIX		VFIO_PCI_MSIX_IRQ_INDEX
#define INTX		VFIO_PCI_INTX_IRQ_INDEX
#define REQ		VFIO_PCI_REQ_IRQ_INDEX

static struct server server;

struct set {
	struct vfio_irq_set head;
	uint8_t bools[64];
};

static ssize_t set_sized(int fd, struct set *set, size_t size, const int *fds, unsigned int num_fds)
{
	struct vuc_reply reply;

	return vuc_call_fds(fd, VU_DEVICE_SET_IRQS, set, size, fds, num_fds, &reply);
}

static ssize_t set_irqs(int fd, uint32_t flags, uint32_t index, uint32_t start, uint32_t count,
			const int *fds, unsigned int num_fds)
{
	struct set set = { .head = {
		.argsz = sizeof(set.head),
		.flags = flags,
		.index = index,
		.start = start,
		.count = count,
	} };

	return set_sized(fd, &set, sizeof(set.head), fds, num_fds);
}

static void eventfds(int *fds, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		fds[i] = efd_new();
}

static void close_all(int *fds, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		close(fds[i]);
}

static void raise_cause(int fd, uint32_t causes)
{
	write32(fd, BAR2, MVGPU_REG_INTR_ENABLE, MVGPU_CAUSE_MASK);
	write32(fd, BAR2, MVGPU_REG_INTR_RAISE, causes);
	write32(fd, BAR2, MVGPU_REG_INTR_ACK, causes);
}

static void test_set(int fd)
{
	int fds[MVGPU_NUM_VECTORS];
	unsigned int i, came = 0;

	eventfds(fds, MVGPU_NUM_VECTORS);
	tap_is(set_irqs(fd, TRIGGER, MSIX, 0, MVGPU_NUM_VECTORS, fds, MVGPU_NUM_VECTORS), 0,
	       "MSI-X: all vectors in one message");
	raise_cause(fd, MVGPU_CAUSE_MASK);
	for (i = 0; i < MVGPU_NUM_VECTORS; i++)
		came += efd_take(fds[i]) == 1;
	tap_is(came, MVGPU_NUM_VECTORS, "each is signalled, once");

	tap_is(set_irqs(fd, TRIGGER, MSIX, 2, 3, NULL, 0), 0, "three of them without descriptors");
	raise_cause(fd, 1 << 3);
	tap_is(efd_take(fds[3]), 0, "they are signalled no more");
	raise_cause(fd, 1 << 5);
	tap_is(efd_take(fds[5]), 1, "others are");
	tap_is(set_irqs(fd, VFIO_IRQ_SET_ACTION_TRIGGER | VFIO_IRQ_SET_DATA_NONE, MSIX, 0, 0, NULL,
			0), 0, "all are disabled");
	raise_cause(fd, MVGPU_CAUSE_MASK);
	for (i = came = 0; i < MVGPU_NUM_VECTORS; i++)
		came += efd_take(fds[i]);
	tap_is(came, 0, "none is signalled");
	close_all(fds, MVGPU_NUM_VECTORS);
}

/* The number of descriptors, and what they are. */
static void test_descriptors(int fd)
{
	int fds[VU_MAX_FDS + 4], other[2], file;
	unsigned int n, wrong = 0;

	eventfds(fds, VU_MAX_FDS + 4);
	for (n = 1; n <= VU_MAX_FDS + 4; n++)
		if (n != 4)
			wrong += set_irqs(fd, TRIGGER, MSI, 0, 4, fds, n) != -EINVAL;
	tap_is(wrong, 0, "four vectors with more or fewer descriptors are refused");
	tap_is(set_irqs(fd, VFIO_IRQ_SET_ACTION_TRIGGER | VFIO_IRQ_SET_DATA_NONE, MSI, 0, 1, fds,
			1), -EINVAL, "a descriptor without its flag is refused");

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, other))
		tap_bail("socketpair: %s", strerror(errno));
	file = open("/dev/null", O_RDWR);
	tap_is(set_irqs(fd, TRIGGER, MSI, 0, 1, other, 1), -EINVAL, "a socket is refused");
	tap_is(set_irqs(fd, TRIGGER, MSI, 0, 1, &file, 1), -EINVAL, "a file is refused");
	other[1] = fds[0];
	tap_is(set_irqs(fd, TRIGGER, MSI, 0, 2, other, 2), -EINVAL,
	       "so is an eventfd that is in its company");
	raise_cause(fd, 3);
	tap_is(efd_take(fds[0]), 0, "and nothing has been set");
	close(other[0]);
	close(file);
	close_all(fds, VU_MAX_FDS + 4);
}

static void test_ranges(int fd)
{
	static const struct {
		uint32_t flags, index, start, count;
	} cases[] = {
		{ TRIGGER, MSI, MVGPU_NUM_VECTORS, 1 },
		{ TRIGGER, MSI, MVGPU_NUM_VECTORS - 1, 2 },
		{ TRIGGER, MSI, UINT32_MAX, 2 },
		{ TRIGGER, MSI, 1, UINT32_MAX },
		{ TRIGGER, MSI, 0, 0 },
		{ TRIGGER, VFIO_PCI_ERR_IRQ_INDEX, 0, 1 },
		{ TRIGGER, VFIO_PCI_NUM_IRQS, 0, 1 },
		{ TRIGGER, UINT32_MAX, 0, 1 },
		{ TRIGGER | VFIO_IRQ_SET_ACTION_MASK, MSI, 0, 1 },
		{ TRIGGER | VFIO_IRQ_SET_DATA_NONE, MSI, 0, 1 },
		{ TRIGGER | 1 << 6, MSI, 0, 1 },
		{ VFIO_IRQ_SET_DATA_EVENTFD, MSI, 0, 1 },
		{ VFIO_IRQ_SET_ACTION_TRIGGER, MSI, 0, 1 },
	};
	struct set set = { };
	size_t i, size;
	unsigned int wrong = 0;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		tap_ret(set_irqs(fd, cases[i].flags, cases[i].index, cases[i].start, cases[i].count,
				 NULL, 0), -EINVAL, "flags %#x, index %d, from %d, %d: refused",
			cases[i].flags, (int)cases[i].index, (int)cases[i].start,
			(int)cases[i].count);

	set.head.argsz = sizeof(set);
	set.head.flags = VFIO_IRQ_SET_ACTION_TRIGGER | VFIO_IRQ_SET_DATA_BOOL;
	set.head.index = MSI;
	set.head.count = MVGPU_NUM_VECTORS;
	for (size = 0; size < sizeof(set); size++)
		wrong += set_sized(fd, &set, size, NULL, 0) != -EINVAL;
	tap_is(wrong, 0, "bools of any number are refused while nothing is enabled");
	tap_is(set_irqs(fd, VFIO_IRQ_SET_ACTION_TRIGGER | VFIO_IRQ_SET_DATA_BOOL, MSI, 0, 1, NULL,
			0), -EINVAL, "bools that are not there are refused");
}

static void test_unmask(int fd)
{
	int trigger = efd_new(), unmask = efd_new(), second = efd_new();
	const uint32_t flags = VFIO_IRQ_SET_ACTION_UNMASK | VFIO_IRQ_SET_DATA_EVENTFD;

	tap_is(set_irqs(fd, flags, INTX, 0, 1, &unmask, 1), -EINVAL,
	       "an unmask eventfd needs INTx to be enabled");
	tap_is(set_irqs(fd, TRIGGER, INTX, 0, 1, &trigger, 1), 0, "INTx");
	tap_is(set_irqs(fd, flags, INTX, 0, 1, &unmask, 1), 0, "its unmask eventfd");
	tap_is(set_irqs(fd, flags, INTX, 0, 1, &second, 1), 0, "a second one");
	tap_is(set_irqs(fd, VFIO_IRQ_SET_ACTION_MASK | VFIO_IRQ_SET_DATA_EVENTFD, INTX, 0, 1,
			&second, 1), -ENOTTY, "an eventfd that masks is refused");

	write32(fd, BAR2, MVGPU_REG_INTR_ENABLE, 1);
	write32(fd, BAR2, MVGPU_REG_INTR_RAISE, 1);
	tap_is(efd_take(trigger), 1, "INTx comes, and masks itself");
	eventfd_write(unmask, 1);
	tap_ok(answers(fd) && !efd_take(trigger), "the first does not unmask it any more");
	eventfd_write(second, 1);
	tap_is(efd_wait(trigger, VUC_PATIENCE_MS), 1, "unmasked while high, it comes again");
	write32(fd, BAR2, MVGPU_REG_INTR_ACK, 1);
	eventfd_write(second, 1);
	write32(fd, BAR2, MVGPU_REG_INTR_RAISE, 1);
	tap_is(efd_wait(trigger, VUC_PATIENCE_MS), 1, "unmasked while low, it comes with the next");
	write32(fd, BAR2, MVGPU_REG_INTR_ACK, 1);

	tap_is(set_irqs(fd, flags, INTX, 0, 1, NULL, 0), 0, "the unmask eventfd is taken away");
	tap_is(set_irqs(fd, flags, INTX, 0, 1, &second, 1), 0, "and another one set");
	tap_is(set_irqs(fd, VFIO_IRQ_SET_ACTION_TRIGGER | VFIO_IRQ_SET_DATA_NONE, INTX, 0, 0, NULL,
			0), 0, "INTx is disabled");
	close(trigger);
	close(unmask);
	close(second);
}

/* A counter that is full must not hold the server up, not even with an eventfd that waits. */
static void test_full(int fd)
{
	int full = eventfd(0, EFD_CLOEXEC);
	unsigned int i;

	eventfd_write(full, UINT64_MAX - 1);
	tap_is(set_irqs(fd, TRIGGER, MSI, 0, 1, &full, 1), 0, "an eventfd with a full counter");
	for (i = 0; i < 10; i++)
		raise_cause(fd, 1);
	tap_ok(answers(fd), "does not stop the server");
	close(full);
	set_irqs(fd, VFIO_IRQ_SET_ACTION_TRIGGER | VFIO_IRQ_SET_DATA_NONE, MSI, 0, 0, NULL, 0);
}

static void test_request(void)
{
	int fd = server_attach(&server), request = efd_new();

	tap_is(set_irqs(fd, TRIGGER, REQ, 0, 1, &request, 1), 0, "REQ");
	tap_is(server_stop(&server, SIGTERM), 0, "the server ends");
	tap_is(efd_take(request), 1, "and has asked for the device before");
	tap_ok(closed(fd), "the connection is closed");
	close(fd);
	close(request);
}

int main(void)
{
	unsigned int descriptors;
	int fd;

	server_start(&server, NULL);
	fd = server_attach(&server);
	descriptors = server_descriptors(&server);
	test_set(fd);
	test_descriptors(fd);
	test_ranges(fd);
	test_unmask(fd);
	test_full(fd);
	tap_ok(server_settles(&server, descriptors), "no descriptor is left in the server");
	tap_ok(answers(fd), "the session goes on");
	close(fd);
	test_request();
	return tap_done();
}
