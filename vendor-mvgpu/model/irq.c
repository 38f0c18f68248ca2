// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Interrupts: from causes to INTx's level or to messages.
 *
 * A cause is active while it is pending (INTR_STATUS) and enabled (INTR_ENABLE).  INTx is high
 * while a cause is active.  A message goes out when a cause becomes active, once; a vector of MSI-X
 * that is masked then becomes pending in the PBA, and its message goes out when it is unmasked,
 * unless by then no cause of it is active any more (PCI Local Bus 3.0, 6.8.3.4).
 */
#include "fields.h"

static_assert(MVGPU_NUM_VECTORS <= 32, "the PBA is one word");
static_assert(MVGPU_NUM_CAUSES <= MVGPU_NUM_VECTORS, "each cause can have a vector of its own");

/**
 * mvgpu_irq_active() - the causes that are pending and enabled
 * @vgpu: the vGPU
 *
 * Context: under the vGPU's lock.
 * Return: a mask of causes.
 */
u32 mvgpu_irq_active(const struct mvgpu *vgpu)
{
	return mvgpu_image_load(vgpu, MVGPU_IMAGE_REGS, MVGPU_REG_INTR_STATUS, 4) &
	       mvgpu_image_load(vgpu, MVGPU_IMAGE_REGS, MVGPU_REG_INTR_ENABLE, 4);
}

/* The vector of a cause: its own, or the first where the driver has enabled no such one. */
static unsigned int mvgpu_irq_vector_of(unsigned int cause, unsigned int vectors)
{
	return cause < vectors ? cause : 0;
}

/* The vectors of a set of causes; none where none is enabled. */
static u32 mvgpu_irq_vectors_of(const struct mvgpu *vgpu, u32 causes)
{
	u32 own = causes & (BIT(vgpu->irq_vectors) - 1);

	if (own != causes && vgpu->irq_vectors)
		own |= BIT(0);
	return own;
}

static u32 mvgpu_msix_masked(const struct mvgpu *vgpu)
{
	u32 flags = mvgpu_image_load(vgpu, MVGPU_IMAGE_CONFIG,
				     MVGPU_PCI_CAP_MSIX + PCI_MSIX_FLAGS, 2);
	u32 masked = 0;
	unsigned int i;

	if (flags & PCI_MSIX_FLAGS_MASKALL)
		return BIT(MVGPU_NUM_VECTORS) - 1;
	if (!vgpu->msix_table_used)
		return 0;
	for (i = 0; i < MVGPU_NUM_VECTORS; i++) {
		u32 offset = MVGPU_MSIX_TABLE + i * PCI_MSIX_ENTRY_SIZE +
			     PCI_MSIX_ENTRY_VECTOR_CTRL;

		if (mvgpu_image_load(vgpu, MVGPU_IMAGE_MSIX, offset, 4) &
		    PCI_MSIX_ENTRY_CTRL_MASKBIT)
			masked |= BIT(i);
	}
	return masked;
}

static void mvgpu_intx_set(struct mvgpu *vgpu, bool level)
{
	if (vgpu->intx_level == level)
		return;
	vgpu->intx_level = level;
	vgpu->ops->set_intx(vgpu->host, level);
}

static void mvgpu_intx_update(struct mvgpu *vgpu, bool active)
{
	u32 command = mvgpu_image_load(vgpu, MVGPU_IMAGE_CONFIG, PCI_COMMAND, 2);
	bool wired = vgpu->irq_mode == MVGPU_IRQ_INTX && !(command & PCI_COMMAND_INTX_DISABLE);

	mvgpu_image_store(vgpu, MVGPU_IMAGE_CONFIG, PCI_STATUS, active ? ~0u : 0,
			  PCI_STATUS_INTERRUPT);
	mvgpu_intx_set(vgpu, active && wired);
}

static void mvgpu_msi_send(struct mvgpu *vgpu, u32 vectors)
{
	unsigned int i;

	vectors &= vgpu->irq_listeners;
	for (i = 0; vectors; i++, vectors >>= 1) {
		if (vectors & 1)
			vgpu->ops->send_msi(vgpu->host, i);
	}
}

/* The messages of @due go out where no mask holds them back. */
static void mvgpu_msix_update(struct mvgpu *vgpu, u32 active, u32 due)
{
	u32 pending = mvgpu_image_load(vgpu, MVGPU_IMAGE_MSIX, MVGPU_MSIX_PBA, 4);
	u32 send;

	pending = (pending & mvgpu_irq_vectors_of(vgpu, active)) | due;
	send = pending & ~mvgpu_msix_masked(vgpu);
	mvgpu_image_store(vgpu, MVGPU_IMAGE_MSIX, MVGPU_MSIX_PBA, pending & ~send, ~0u);
	mvgpu_msi_send(vgpu, send);
}

/* The wire or the messages that the mode has: @due are the vectors with something new. */
static void mvgpu_irq_deliver(struct mvgpu *vgpu, u32 active, u32 due)
{
	mvgpu_lock_assert_held(&vgpu->lock);

	switch (vgpu->irq_mode) {
	case MVGPU_IRQ_NONE:
	case MVGPU_IRQ_INTX:
		mvgpu_intx_update(vgpu, active);
		break;
	case MVGPU_IRQ_MSI:
		mvgpu_msi_send(vgpu, due);
		break;
	case MVGPU_IRQ_MSIX:
		mvgpu_msix_update(vgpu, active, due);
		break;
	}
}

/**
 * mvgpu_irq_update() - tell the transport what a change of causes or enables means for it
 * @vgpu: the vGPU
 * @before: the causes that were active before the change
 *
 * Context: under the vGPU's lock; calls the host's interrupt ops.
 */
void mvgpu_irq_update(struct mvgpu *vgpu, u32 before)
{
	u32 active = mvgpu_irq_active(vgpu);

	if (active != before)
		mvgpu_irq_deliver(vgpu, active, mvgpu_irq_vectors_of(vgpu, active & ~before));
}

/**
 * mvgpu_irq_gates_changed() - tell the transport what a change of masks means for it
 * @vgpu: the vGPU, with an Interrupt Disable or a mask of MSI-X written, or reset
 *
 * Context: under the vGPU's lock; calls the host's interrupt ops.
 */
void mvgpu_irq_gates_changed(struct mvgpu *vgpu)
{
	mvgpu_irq_deliver(vgpu, mvgpu_irq_active(vgpu), 0);
}

/* The vectors that a message is due to where the wiring changes from @old_vectors and @known. */
static u32 mvgpu_irq_due(const struct mvgpu *vgpu, unsigned int old_vectors, u32 known)
{
	u32 active = mvgpu_irq_active(vgpu);
	unsigned int cause, vector;
	u32 due = 0;

	for (cause = 0; cause < MVGPU_NUM_CAUSES; cause++) {
		vector = mvgpu_irq_vector_of(cause, vgpu->irq_vectors);
		if (active & BIT(cause) &&
		    (vector != mvgpu_irq_vector_of(cause, old_vectors) || !(known & BIT(vector))))
			due |= BIT(vector);
	}
	return due & vgpu->irq_listeners;
}

/**
 * mvgpu_irq_set_mode() - the transport wires the vGPU's interrupts
 * @vgpu: the vGPU
 * @mode: by which of its wires it is to interrupt from now on
 * @listeners: for MVGPU_IRQ_MSI and MVGPU_IRQ_MSIX: a mask of the vectors that somebody listens to
 *
 * The highest vector that somebody has listened to since the mode was set says how many the driver
 * has enabled; the causes beyond use vector 0.
 *
 * No interrupt is lost by a change, and nobody is disturbed by one that is not about him: INTx goes
 * to the level that the causes ask for, before any message is sent; of each cause that is active a
 * message is sent where its vector is another one now, or was not listened to before.
 *
 * Context: any; calls the host's interrupt ops.
 */
void mvgpu_irq_set_mode(struct mvgpu *vgpu, enum mvgpu_irq_mode mode, u32 listeners)
{
	int vectors;
	u32 known;

	listeners &= BIT(MVGPU_NUM_VECTORS) - 1;
	mvgpu_lock(&vgpu->lock);
	if (mode != vgpu->irq_mode) {
		if (mode == MVGPU_IRQ_MSI || mode == MVGPU_IRQ_MSIX)
			mvgpu_intx_update(vgpu, false);
		mvgpu_image_store(vgpu, MVGPU_IMAGE_MSIX, MVGPU_MSIX_PBA, 0, ~0u);
		vgpu->irq_mode = mode;
		vgpu->irq_vectors = 0;
		vgpu->irq_listeners = 0;
	}
	vectors = vgpu->irq_vectors;
	known = vgpu->irq_listeners;
	if (fls(listeners) > vectors)
		vgpu->irq_vectors = fls(listeners);
	vgpu->irq_listeners = listeners;
	mvgpu_irq_deliver(vgpu, mvgpu_irq_active(vgpu), mvgpu_irq_due(vgpu, vectors, known));
	mvgpu_unlock(&vgpu->lock);
}

static void mvgpu_msix_write(struct mvgpu *vgpu, const struct mvgpu_field *field, u32 offset,
			     u32 value, u32 mask)
{
	vgpu->msix_table_used = true;
	mvgpu_image_store(vgpu, MVGPU_IMAGE_MSIX, offset, value, mask & field->writable);
	mvgpu_irq_gates_changed(vgpu);
}

#define MVGPU_MSIX_FIELD(_name, _offset)					\
	.name = (_name), .offset = MVGPU_MSIX_TABLE + (_offset), .size = 4,	\
	.count = MVGPU_NUM_VECTORS, .stride = PCI_MSIX_ENTRY_SIZE,		\
	.access = MVGPU_RW, .write = mvgpu_msix_write

static const struct mvgpu_field mvgpu_msix_fields[] = {
	{
		MVGPU_MSIX_FIELD("Message Address", PCI_MSIX_ENTRY_LOWER_ADDR),
		.writable = 0xfffffffc,
	}, {
		MVGPU_MSIX_FIELD("Message Upper Address", PCI_MSIX_ENTRY_UPPER_ADDR),
		.writable = 0xffffffff,
	}, {
		MVGPU_MSIX_FIELD("Message Data", PCI_MSIX_ENTRY_DATA),
		.writable = 0xffffffff,
	}, {
		MVGPU_MSIX_FIELD("Vector Control", PCI_MSIX_ENTRY_VECTOR_CTRL),
		.reset = PCI_MSIX_ENTRY_CTRL_MASKBIT, .writable = PCI_MSIX_ENTRY_CTRL_MASKBIT,
	}, {
		.name = "Pending Bits", .offset = MVGPU_MSIX_PBA, .size = 4,
		.access = MVGPU_RO,
	},
};

const struct mvgpu_page mvgpu_msix_page = {
	.image = MVGPU_IMAGE_MSIX,
	.base = 0,
	.fields = mvgpu_msix_fields,
	.num_fields = ARRAY_SIZE(mvgpu_msix_fields),
};
