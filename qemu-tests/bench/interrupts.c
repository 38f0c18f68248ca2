// SPDX-License-Identifier: GPL-2.0-only
/*
 * From what makes an interrupt to the eventfd that reports it.
 */
#include <sys/ioctl.h>
#include <unistd.h>

#include "mvgpu_regs.h"
#include "target.h"

static bool read_event(const struct target *target)
{
	uint64_t count;

	return read(target->event, &count, sizeof(count)) == sizeof(count);
}

static bool act_on_irq(const struct target *target, uint32_t index,
		       uint32_t action)
{
	struct vfio_irq_set set = {
		.argsz = sizeof(set),
		.flags = VFIO_IRQ_SET_DATA_NONE | action,
		.index = index,
		.count = 1,
	};

	return !ioctl(target->fd, VFIO_DEVICE_SET_IRQS, &set);
}

static bool op_trigger(void *ctx, unsigned int i)
{
	(void)i;
	return act_on_irq(ctx, VFIO_PCI_INTX_IRQ_INDEX,
			  VFIO_IRQ_SET_ACTION_TRIGGER);
}

static bool op_trigger_read(void *ctx, unsigned int i)
{
	return op_trigger(ctx, i) && read_event(ctx);
}

static bool op_trigger_unmask(void *ctx, unsigned int i)
{
	return op_trigger(ctx, i) &&
	       act_on_irq(ctx, VFIO_PCI_INTX_IRQ_INDEX,
			  VFIO_IRQ_SET_ACTION_UNMASK);
}

static bool raise_read_ack(const struct target *target)
{
	return target_write_reg(target, MVGPU_REG_INTR_RAISE, 1) &&
	       read_event(target) &&
	       target_write_reg(target, MVGPU_REG_INTR_ACK, 1);
}

static bool op_intx(void *ctx, unsigned int i)
{
	(void)i;
	return raise_read_ack(ctx) &&
	       act_on_irq(ctx, VFIO_PCI_INTX_IRQ_INDEX,
			  VFIO_IRQ_SET_ACTION_UNMASK);
}

/* Each raise is of a cause of its own, so that none is pending already. */
static bool op_msi_raise(void *ctx, unsigned int i)
{
	return target_write_reg(ctx, MVGPU_REG_INTR_RAISE, 1u << i) &&
	       read_event(ctx);
}

static bool op_msi_raise_ack(void *ctx, unsigned int i)
{
	(void)i;
	return raise_read_ack(ctx);
}

static bool enable_irq(struct target *target, uint32_t index, uint32_t count)
{
	int fds[MVGPU_NUM_CAUSES];
	uint32_t i;

	for (i = 0; i < count; i++)
		fds[i] = target->event;
	return !vdev_set_eventfds(target->vdev, index, 0, count, fds);
}

static bool enable_intx(void *ctx)
{
	return enable_irq(ctx, VFIO_PCI_INTX_IRQ_INDEX, 1);
}

static bool disable_intx(void *ctx)
{
	struct target *target = ctx;

	return !vdev_irq_disable(target->vdev, VFIO_PCI_INTX_IRQ_INDEX);
}

static bool enable_intx_cause(void *ctx)
{
	return enable_intx(ctx) &&
	       target_write_reg(ctx, MVGPU_REG_INTR_ENABLE, 1);
}

static bool disable_intx_cause(void *ctx)
{
	return target_write_reg(ctx, MVGPU_REG_INTR_ENABLE, 0) &&
	       disable_intx(ctx);
}

static bool enable_msi(void *ctx)
{
	struct target *target = ctx;

	return enable_irq(target, VFIO_PCI_MSI_IRQ_INDEX, MVGPU_NUM_CAUSES) &&
	       target_write_reg(target, MVGPU_REG_INTR_ENABLE,
				MVGPU_CAUSE_MASK);
}

static bool disable_msi(void *ctx)
{
	struct target *target = ctx;

	return target_write_reg(target, MVGPU_REG_INTR_ENABLE, 0) &&
	       target_write_reg(target, MVGPU_REG_INTR_ACK, MVGPU_CAUSE_MASK) &&
	       !vdev_irq_disable(target->vdev, VFIO_PCI_MSI_IRQ_INDEX);
}

static const struct bench benches[] = {
	{
		.name = "set-irqs-trigger",
		.before = enable_intx, .op = op_trigger, .after = disable_intx,
	}, {
		.name = "set-irqs-trigger-to-eventfd",
		.before = enable_intx, .op = op_trigger_read,
		.after = disable_intx,
	},
	{ }
};

static const struct bench full_benches[] = {
	{
		.name = "intx-trigger-unmask",
		.before = enable_intx, .op = op_trigger_unmask,
		.after = disable_intx,
	}, {
		.name = "intx-raise-to-eventfd-ack-unmask",
		.before = enable_intx_cause, .op = op_intx,
		.after = disable_intx_cause,
	}, {
		.name = "msi-raise-to-eventfd", .ops = MVGPU_NUM_CAUSES,
		.before = enable_msi, .op = op_msi_raise, .after = disable_msi,
	}, {
		.name = "msi-raise-to-eventfd-ack",
		.before = enable_msi, .op = op_msi_raise_ack,
		.after = disable_msi,
	},
	{ }
};

bool bench_interrupts(struct target *target)
{
	bool ok = bench_run_all(benches, target->variant, target);

	if (target->full)
		ok &= bench_run_all(full_benches, target->variant, target);
	return ok;
}
