// SPDX-License-Identifier: GPL-2.0-only
/*
 * MSI and MSI-X: all vectors, in all numbers; eventfds set, replaced and taken away one by one.
 */
#include <linux/pci_regs.h>
#include <unistd.h>

#include "mvgpu_pci.h"
#include "mvgpu_regs.h"
#include "mvregs.h"
#include "tap.h"
#include "util.h"
#include "vdev.h"

#define VECTORS	MVGPU_NUM_VECTORS
#define LOOPS	1000

static int fds[VECTORS];

/* Takes all signals: true if vector @v had want[v] of them. */
static bool signals_are(const unsigned int *want)
{
	bool same = true;
	unsigned int v;

	for (v = 0; v < VECTORS; v++) {
		uint64_t got = efd_take(fds[v]);

		if (got != want[v]) {
			tap_diag("vector %u: %llu signals, expected %u", v, (unsigned long long)got,
				 want[v]);
			same = false;
		}
	}
	return same;
}

static bool one_signal(unsigned int vector)
{
	unsigned int want[VECTORS] = { 0 };

	want[vector] = 1;
	return signals_are(want);
}

static bool no_signals(void)
{
	const unsigned int want[VECTORS] = { 0 };

	return signals_are(want);
}

/* Cause n comes by vector n, or by vector 0 where fewer are enabled. */
static void test_counts(struct vdev *vdev, uint32_t index, const char *name)
{
	unsigned int count, cause;

	for (count = 1; count <= VECTORS; count++) {
		bool right = true;

		tap_ret(vdev_set_eventfds(vdev, index, 0, count, fds), 0, "%s: enable %u vectors",
			name, count);
		for (cause = 0; cause < MVGPU_NUM_CAUSES; cause++) {
			mv_raise(vdev, 1u << cause);
			right &= one_signal(cause < count ? cause : 0);
			mv_ack(vdev, ~0u);
			right &= no_signals();
		}
		tap_ok(right, "%s: with %u vectors every cause comes by its own or by the first",
		       name, count);
		tap_ret(vdev_irq_disable(vdev, index), 0, "%s: disable", name);
		mv_raise(vdev, MVGPU_CAUSE_MASK);
		tap_ok(no_signals(), "%s: nothing comes when it is disabled", name);
		mv_ack(vdev, ~0u);
	}
}

static void test_messages(struct vdev *vdev, uint32_t index, const char *name)
{
	const unsigned int all[VECTORS] = { 1, 1, 1, 1, 1, 1, 1, 1 };
	unsigned int i, loops[VECTORS] = { 0 };

	vdev_set_eventfds(vdev, index, 0, VECTORS, fds);
	mv_raise(vdev, MVGPU_CAUSE_MASK);
	tap_ok(signals_are(all), "%s: all causes at once come by all vectors", name);
	mv_ack(vdev, 0x0f);
	tap_ok(no_signals(), "%s: an acknowledgment sends nothing", name);
	mv_raise(vdev, 0x04);
	tap_ok(one_signal(2), "%s: a cause that comes back is sent again", name);
	mv_ack(vdev, ~0u);

	mv_enable_causes(vdev, 0x02);
	mv_raise(vdev, MVGPU_CAUSE_MASK);
	tap_ok(one_signal(1), "%s: only enabled causes are sent", name);
	mv_enable_causes(vdev, 0x0a);
	tap_ok(one_signal(3), "%s: enabling a cause that is pending sends it", name);
	mv_ack(vdev, ~0u);
	mv_enable_causes(vdev, ~0u);

	for (i = 0; i < LOOPS; i++) {
		mv_raise(vdev, 1 << 6);
		mv_ack(vdev, 1 << 6);
	}
	loops[6] = LOOPS;
	tap_ok(signals_are(loops), "%s: %u messages are %u signals", name, LOOPS, LOOPS);
	vdev_irq_disable(vdev, index);
}

static void test_one_by_one(struct vdev *vdev, uint32_t index, const char *name)
{
	int spare = efd_new(), none = -1, pair[2] = { fds[2], -1 };

	vdev_set_eventfds(vdev, index, 0, 2, fds);
	tap_ret(vdev_set_eventfds(vdev, index, 4, 1, &fds[4]), 0,
		"%s: a vector beyond those enabled first", name);
	mv_raise(vdev, 1 << 4);
	tap_ok(one_signal(4), "%s: it is signalled", name);
	mv_ack(vdev, ~0u);
	mv_raise(vdev, 1 << 2);
	tap_ok(no_signals(), "%s: one without an eventfd, below it, is lost", name);
	mv_ack(vdev, ~0u);

	mv_raise(vdev, 1 << 0);
	tap_ok(one_signal(0), "%s: a cause is sent", name);
	tap_ret(vdev_set_eventfds(vdev, index, 2, 2, pair), 0, "%s: vectors 2 and 3", name);
	tap_ok(no_signals(), "%s: that does not send another's cause again", name);
	mv_ack(vdev, ~0u);
	mv_raise(vdev, 1 << 2);
	tap_ok(one_signal(2), "%s: vector 2 is signalled now", name);
	mv_ack(vdev, ~0u);

	tap_ret(vdev_set_eventfds(vdev, index, 1, 1, &spare), 0, "%s: replace an eventfd", name);
	mv_raise(vdev, 1 << 1);
	tap_ok(efd_take(spare) == 1 && no_signals(), "%s: the new one is signalled, not the old",
	       name);
	mv_ack(vdev, ~0u);
	tap_ret(vdev_set_eventfds(vdev, index, 1, 1, &none), 0, "%s: take one away", name);
	mv_raise(vdev, 1 << 1);
	tap_ok(!efd_take(spare) && no_signals(), "%s: nobody is signalled", name);
	mv_ack(vdev, ~0u);
	vdev_set_eventfds(vdev, index, 1, 1, &spare);
	close(spare);
	mv_raise(vdev, 1 << 1);
	tap_ok(no_signals(), "%s: an eventfd that its owner has closed does no harm", name);
	mv_ack(vdev, ~0u);
	vdev_irq_disable(vdev, index);
}

static void test_loopback(struct vdev *vdev, uint32_t index, const char *name)
{
	const unsigned int some[VECTORS] = { 0, 0, 0, 1, 1 }, odd[VECTORS] = { 0, 1, 0, 1, 0, 1 };
	const uint8_t bools[VECTORS] = { 0, 1, 0, 1, 0, 1, 0, 1 };

	vdev_set_eventfds(vdev, index, 0, 6, fds);
	tap_ret(vdev_set_irqs(vdev, VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_TRIGGER, index, 3,
			      2, NULL, 0), 0, "%s: loopback", name);
	tap_ok(signals_are(some), "%s: loopback of a range", name);
	tap_ret(vdev_set_irqs(vdev, VFIO_IRQ_SET_DATA_BOOL | VFIO_IRQ_SET_ACTION_TRIGGER, index, 0,
			      VECTORS, bools, sizeof(bools)), 0, "%s: loopback by bools", name);
	tap_ok(signals_are(odd), "%s: those that are set and have an eventfd", name);
	tap_is(mv_pending(vdev), 0, "%s: loopback leaves nothing pending", name);
	vdev_irq_disable(vdev, index);
}

static void test_reset(struct vdev *vdev, uint32_t index, const char *name)
{
	unsigned int v;

	vdev_set_eventfds(vdev, index, 0, VECTORS, fds);
	mv_raise(vdev, 1 << 3);
	vdev->ops->reset(vdev);
	for (v = 0; v < VECTORS; v++)
		efd_take(fds[v]);
	tap_is(mv_pending(vdev), 0, "%s: a reset clears what is pending", name);
	mv_enable_causes(vdev, ~0u);
	tap_ok(no_signals(), "%s: and sends nothing", name);
	mv_raise(vdev, 1 << 5);
	tap_ok(one_signal(5), "%s: eventfds stay set over a reset", name);
	mv_ack(vdev, ~0u);
	vdev_irq_disable(vdev, index);
}

static void test_index(struct vdev *vdev, uint32_t index, const char *name)
{
	test_counts(vdev, index, name);
	test_messages(vdev, index, name);
	test_one_by_one(vdev, index, name);
	test_loopback(vdev, index, name);
	test_reset(vdev, index, name);
}

/* The device's own MSI-X masks, which count from the first write to the table on. */
static void test_msix_masks(struct vdev *vdev)
{
	unsigned int v, even[VECTORS] = { 1, 0, 1, 0, 1, 0, 1, 0 };
	const unsigned int odd[VECTORS] = { 0, 1, 0, 1, 0, 1, 0, 1 };
	const unsigned int but_2[VECTORS] = { 1, 1, 0, 1, 1, 1, 1, 1 };

	vdev_set_eventfds(vdev, VFIO_PCI_MSIX_IRQ_INDEX, 0, VECTORS, fds);
	for (v = 0; v < VECTORS; v++)
		mv_msix_mask(vdev, v, v & 1);
	mv_raise(vdev, MVGPU_CAUSE_MASK);
	tap_ok(signals_are(even), "MSI-X masks: vectors that are not masked are sent");
	tap_is_hex(mv_msix_pba(vdev), 0xaa, "MSI-X masks: the others are pending");
	for (v = 0; v < VECTORS; v++)
		mv_msix_mask(vdev, v, false);
	tap_ok(signals_are(odd), "MSI-X masks: they are sent when unmasked");
	tap_is_hex(mv_msix_pba(vdev), 0, "MSI-X masks: nothing is pending then");
	mv_ack(vdev, ~0u);

	mv_msix_mask(vdev, 5, true);
	mv_raise(vdev, 1 << 5);
	mv_ack(vdev, 1 << 5);
	mv_msix_mask(vdev, 5, false);
	tap_ok(no_signals() && !mv_msix_pba(vdev),
	       "MSI-X masks: what was served by polling is not sent any more");

	mv_msix_mask_all(vdev, true);
	mv_raise(vdev, MVGPU_CAUSE_MASK);
	tap_ok(no_signals(), "MSI-X masks: the function mask masks all");
	tap_is_hex(mv_msix_pba(vdev), 0xff, "MSI-X masks: all are pending");
	mv_msix_mask(vdev, 2, true);
	mv_msix_mask_all(vdev, false);
	tap_ok(signals_are(but_2),
	       "MSI-X masks: without it those not masked themselves are sent");
	tap_is_hex(mv_msix_pba(vdev), 0x04, "MSI-X masks: the masked one is pending");
	vdev->ops->reset(vdev);
	tap_is_hex(mv_msix_pba(vdev), 0, "MSI-X masks: a reset clears what is pending");
	vdev_irq_disable(vdev, VFIO_PCI_MSIX_IRQ_INDEX);
}

int main(void)
{
	struct vdev *vdev = vdev_must_open(NULL);
	unsigned int v;

	for (v = 0; v < VECTORS; v++)
		fds[v] = efd_new();
	mv_config_bits(vdev, PCI_COMMAND, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER, 0);
	mv_enable_causes(vdev, ~0u);
	test_index(vdev, VFIO_PCI_MSI_IRQ_INDEX, "MSI");
	mv_enable_causes(vdev, ~0u);
	test_index(vdev, VFIO_PCI_MSIX_IRQ_INDEX, "MSI-X");
	mv_enable_causes(vdev, ~0u);
	test_msix_masks(vdev);
	vdev_close(vdev);
	return tap_done();
}
