// SPDX-License-Identifier: GPL-2.0-only
/*
 * Interrupts against a second, plain model of them: every reachable state of two causes and two
 * vectors with every operation on it, and long random sequences with all of them.
 */
#include <stdlib.h>

#include "host.h"

#define CAUSES		8
#define VECTORS		8
#define MSIX_FLAGS	(MVGPU_PCI_CAP_MSIX + PCI_MSIX_FLAGS)

/* What a driver and a VMM know of the interrupts; @sent: by the last operation. */
struct ref {
	bool pending[CAUSES];
	bool enabled[CAUSES];
	bool intx_disable;
	bool mask_all;
	bool table_used;
	bool masked[VECTORS];
	enum mvgpu_irq_mode mode;
	bool listens[VECTORS];
	unsigned int vectors;	/* that the driver has enabled, as the VMM's listening shows */
	bool pba[VECTORS];
	bool sent[VECTORS];
};

enum verb {
	RAISE, RAISE_BY_DEVICE, ACK, ENABLE, DISABLE_INTX, MASK_ALL, MASK_VECTOR, WRITE_ADDRESS,
	SET_MODE, RESET,
};

/* @arg: a mask of causes, a switch, a vector's number, or a mode (@value: who listens) */
struct op {
	enum verb verb;
	u32 arg;
	u32 value;
};

static bool ref_active(const struct ref *ref, unsigned int cause)
{
	return ref->pending[cause] && ref->enabled[cause];
}

static bool ref_any(const struct ref *ref)
{
	unsigned int i;

	for (i = 0; i < CAUSES; i++) {
		if (ref_active(ref, i))
			return true;
	}
	return false;
}

static bool ref_level(const struct ref *ref)
{
	return ref->mode == MVGPU_IRQ_INTX && ref_any(ref) && !ref->intx_disable;
}

static bool ref_masked(const struct ref *ref, unsigned int vector)
{
	return ref->mask_all || (ref->table_used && ref->masked[vector]);
}

/* The vector of a cause; none, that is VECTORS, where none is enabled. */
static unsigned int ref_vector(const struct ref *ref, unsigned int cause)
{
	if (!ref->vectors)
		return VECTORS;
	return cause < ref->vectors ? cause : 0;
}

/* A cause has become active. */
static void ref_fire(struct ref *ref, unsigned int cause)
{
	unsigned int vector = ref_vector(ref, cause);

	if (vector == VECTORS)
		return;
	if (ref->mode == MVGPU_IRQ_MSI)
		ref->sent[vector] = ref->listens[vector];
	if (ref->mode == MVGPU_IRQ_MSIX)
		ref->pba[vector] = true;
}

/* Pending messages go out where they can, and away where nobody needs them any more. */
static void ref_settle(struct ref *ref)
{
	unsigned int vector, cause;

	for (vector = 0; vector < VECTORS; vector++) {
		bool needed = false;

		for (cause = 0; cause < CAUSES; cause++)
			needed |= ref_active(ref, cause) && ref_vector(ref, cause) == vector;
		if (!needed)
			ref->pba[vector] = false;
		if (ref->pba[vector] && !ref_masked(ref, vector)) {
			ref->sent[vector] = ref->listens[vector];
			ref->pba[vector] = false;
		}
	}
}

static void ref_reset(struct ref *ref)
{
	struct ref new = { .mode = ref->mode, .vectors = ref->vectors };
	unsigned int i;

	for (i = 0; i < VECTORS; i++) {
		new.listens[i] = ref->listens[i];
		new.masked[i] = true;
	}
	*ref = new;
}

/* Who has listened for a cause before hears nothing again. */
static void ref_set_mode(struct ref *ref, enum mvgpu_irq_mode mode, u32 listeners)
{
	struct ref old = *ref;
	unsigned int i, vector;

	ref->mode = mode;
	if (mode != old.mode)
		ref->vectors = 0;
	for (i = 0; i < VECTORS; i++) {
		ref->listens[i] = listeners >> i & 1;
		if (ref->listens[i] && ref->vectors <= i)
			ref->vectors = i + 1;
		if (mode != old.mode)
			ref->pba[i] = false;
	}
	for (i = 0; i < CAUSES; i++) {
		vector = ref_vector(ref, i);
		if (!ref_active(ref, i) || vector == VECTORS || !ref->listens[vector])
			continue;
		if (mode != old.mode || !old.listens[vector] || ref_vector(&old, i) != vector)
			ref_fire(ref, i);
	}
}

static void ref_apply(struct ref *ref, const struct op *op)
{
	struct ref old = *ref;
	unsigned int i;

	memset(ref->sent, 0, sizeof(ref->sent));
	for (i = 0; i < CAUSES; i++) {
		bool hit = op->arg >> i & 1;

		if (op->verb == RAISE || op->verb == RAISE_BY_DEVICE)
			ref->pending[i] |= hit;
		else if (op->verb == ACK)
			ref->pending[i] &= !hit;
		else if (op->verb == ENABLE)
			ref->enabled[i] = hit;
		if (ref_active(ref, i) && !ref_active(&old, i))
			ref_fire(ref, i);
	}
	if (op->verb == DISABLE_INTX)
		ref->intx_disable = op->arg;
	if (op->verb == MASK_ALL)
		ref->mask_all = op->arg;
	if (op->verb == MASK_VECTOR || op->verb == WRITE_ADDRESS)
		ref->table_used = true;
	if (op->verb == MASK_VECTOR)
		ref->masked[op->arg] = op->value;
	if (op->verb == SET_MODE)
		ref_set_mode(ref, op->arg, op->value);
	if (op->verb == RESET)
		ref_reset(ref);
	ref_settle(ref);
}

static void host_apply(struct host *host, const struct op *op)
{
	u32 entry = MVGPU_MSIX_TABLE + op->arg * PCI_MSIX_ENTRY_SIZE;

	memset(host->messages, 0, sizeof(host->messages));
	switch (op->verb) {
	case RAISE:
		reg_write(host, MVGPU_REG_INTR_RAISE, op->arg);
		break;
	case RAISE_BY_DEVICE:
		mvgpu_irq_raise(host->vgpu, op->arg);
		break;
	case ACK:
		reg_write(host, MVGPU_REG_INTR_ACK, op->arg);
		break;
	case ENABLE:
		reg_write(host, MVGPU_REG_INTR_ENABLE, op->arg);
		break;
	case DISABLE_INTX:
		cfg_write(host, PCI_COMMAND, 2, op->arg ? PCI_COMMAND_INTX_DISABLE : 0);
		break;
	case MASK_ALL:
		cfg_write(host, MSIX_FLAGS, 2, op->arg ? PCI_MSIX_FLAGS_MASKALL : 0);
		break;
	case MASK_VECTOR:
		host_write(host, MVGPU_IMAGE_MSIX, entry + PCI_MSIX_ENTRY_VECTOR_CTRL, 4,
			   op->value);
		break;
	case WRITE_ADDRESS:
		host_write(host, MVGPU_IMAGE_MSIX, entry, 4, 0xfee00000);
		break;
	case SET_MODE:
		mvgpu_irq_set_mode(host->vgpu, op->arg, op->value);
		break;
	case RESET:
		mvgpu_reset(host->vgpu);
		break;
	}
}

static bool agrees(struct host *host, const struct ref *ref)
{
	u32 status = 0, pba = 0, asserted;
	bool same = host->intx == ref_level(ref);
	unsigned int i;

	for (i = 0; i < CAUSES; i++)
		status |= (u32)ref->pending[i] << i;
	for (i = 0; i < VECTORS; i++) {
		pba |= (u32)ref->pba[i] << i;
		same &= host->messages[i] == ref->sent[i];
	}
	asserted = ref_any(ref) && (ref->mode == MVGPU_IRQ_NONE || ref->mode == MVGPU_IRQ_INTX);
	same &= reg_read(host, MVGPU_REG_INTR_STATUS) == status;
	same &= host_read(host, MVGPU_IMAGE_MSIX, MVGPU_MSIX_PBA, 4) == pba;
	same &= cfg_read(host, PCI_STATUS, 2) ==
		(PCI_STATUS_CAP_LIST | (asserted ? PCI_STATUS_INTERRUPT : 0));
	return same;
}

static bool step_agrees(struct host *host, struct ref *ref, const struct op *op)
{
	ref_apply(ref, op);
	host_apply(host, op);
	if (agrees(host, ref))
		return true;
	tap_diag("verb %d, %#x, %#x, then in mode %d", op->verb, op->arg, op->value, ref->mode);
	return false;
}

/* All that can happen to causes 0 and 1 and vectors 0 and 1. */
static const struct op small_ops[] = {
	{ RAISE, 1, 0 }, { RAISE, 2, 0 }, { RAISE, 3, 0 },
	{ RAISE_BY_DEVICE, 1, 0 }, { RAISE_BY_DEVICE, 2, 0 }, { RAISE_BY_DEVICE, 3, 0 },
	{ ACK, 1, 0 }, { ACK, 2, 0 }, { ACK, 3, 0 },
	{ ENABLE, 0, 0 }, { ENABLE, 1, 0 }, { ENABLE, 2, 0 }, { ENABLE, 3, 0 },
	{ DISABLE_INTX, 0, 0 }, { DISABLE_INTX, 1, 0 },
	{ MASK_ALL, 0, 0 }, { MASK_ALL, 1, 0 },
	{ MASK_VECTOR, 0, 0 }, { MASK_VECTOR, 0, 1 },
	{ MASK_VECTOR, 1, 0 }, { MASK_VECTOR, 1, 1 }, { WRITE_ADDRESS, 1, 0 },
	{ SET_MODE, MVGPU_IRQ_NONE, 0 }, { SET_MODE, MVGPU_IRQ_INTX, 1 },
	{ SET_MODE, MVGPU_IRQ_MSI, 0 }, { SET_MODE, MVGPU_IRQ_MSI, 1 },
	{ SET_MODE, MVGPU_IRQ_MSI, 2 }, { SET_MODE, MVGPU_IRQ_MSI, 3 },
	{ SET_MODE, MVGPU_IRQ_MSIX, 0 }, { SET_MODE, MVGPU_IRQ_MSIX, 1 },
	{ SET_MODE, MVGPU_IRQ_MSIX, 2 }, { SET_MODE, MVGPU_IRQ_MSIX, 3 },
	{ RESET, 0, 0 },
};

#define NUM_KEYS	0x20000

/* A number of its own for each state that those operations can lead to. */
static u32 ref_key(const struct ref *ref)
{
	u32 key = ref->mode << 2 | ref->vectors;

	key = key << 2 | ref->listens[1] << 1 | ref->listens[0];
	key = key << 2 | ref->pending[1] << 1 | ref->pending[0];
	key = key << 2 | ref->enabled[1] << 1 | ref->enabled[0];
	key = key << 2 | ref->masked[1] << 1 | ref->masked[0];
	key = key << 2 | ref->pba[1] << 1 | ref->pba[0];
	return key << 3 | ref->intx_disable << 2 | ref->mask_all << 1 | ref->table_used;
}

/* How a state was reached first: from @from, by small_ops[@op]. */
struct reached {
	struct ref ref;
	int from;
	unsigned int op;
};

static void replay(struct host *host, const struct reached *states, int state)
{
	if (states[state].from < 0)
		return;
	replay(host, states, states[state].from);
	host_apply(host, &small_ops[states[state].op]);
}

static void test_all_states(struct host *host)
{
	struct reached *states = calloc(NUM_KEYS, sizeof(*states));
	bool *seen = calloc(NUM_KEYS, sizeof(*seen));
	const struct op none = { SET_MODE, MVGPU_IRQ_NONE, 0 }, reset = { RESET, 0, 0 };
	int state, count = 1;
	bool same = true;
	unsigned int i;

	states[0].from = -1;
	ref_reset(&states[0].ref);
	seen[ref_key(&states[0].ref)] = true;
	for (state = 0; same && state < count; state++) {
		for (i = 0; same && i < ARRAY_SIZE(small_ops); i++) {
			struct ref ref = states[state].ref;

			host_apply(host, &reset);
			host_apply(host, &none);
			replay(host, states, state);
			same = step_agrees(host, &ref, &small_ops[i]);
			if (seen[ref_key(&ref)])
				continue;
			seen[ref_key(&ref)] = true;
			states[count].ref = ref;
			states[count].from = state;
			states[count++].op = i;
		}
	}
	tap_ok(same, "every operation in every state agrees");
	tap_ok(count > 2000, "%d states of 2 causes and 2 vectors", count);
	host_apply(host, &reset);
	host_apply(host, &none);
	free(states);
	free(seen);
}

static struct op random_op(void)
{
	struct op op = { .verb = rnd_below(RESET + 1) };

	switch (op.verb) {
	case RAISE:
	case RAISE_BY_DEVICE:
	case ACK:
		op.arg = 1u << rnd_below(CAUSES) | 1u << rnd_below(CAUSES);
		break;
	case ENABLE:
		op.arg = rnd_below(1u << CAUSES);
		break;
	case DISABLE_INTX:
	case MASK_ALL:
		op.arg = rnd_below(2);
		break;
	case MASK_VECTOR:
	case WRITE_ADDRESS:
		op.arg = rnd_below(VECTORS);
		op.value = rnd_below(2);
		break;
	case SET_MODE:
		op.arg = rnd_below(4);
		/* Often as it is set up: from the first on; sometimes with bits that are none. */
		op.value = rnd_below(2) ? rnd() : first_vectors(rnd_below(VECTORS + 1));
		break;
	case RESET:
		/* Not too often: it makes all the rest undone. */
		op.verb = rnd_below(16) ? RAISE : RESET;
		op.arg = op.verb == RAISE ? 0xff : 0;
		break;
	}
	return op;
}

static void test_random(struct host *host)
{
	struct ref ref = { .mode = MVGPU_IRQ_NONE };
	bool same = true;
	unsigned int i;

	ref_reset(&ref);
	for (i = 0; same && i < 300000; i++) {
		struct op op = random_op();

		same = step_agrees(host, &ref, &op);
	}
	tap_ok(same, "300000 random operations agree");
	mvgpu_irq_set_mode(host->vgpu, MVGPU_IRQ_NONE, 0);
	mvgpu_reset(host->vgpu);
}

/* The stories that the two models must not have got wrong together. */
static void test_intx(struct host *host)
{
	mvgpu_irq_set_mode(host->vgpu, MVGPU_IRQ_INTX, 1);
	reg_write(host, MVGPU_REG_INTR_RAISE, 2);
	tap_ok(!host->intx, "INTx: a cause that is not enabled is silent");
	reg_write(host, MVGPU_REG_INTR_ENABLE, 2);
	tap_ok(host->intx, "enabling it raises the wire");
	tap_ok(cfg_read(host, PCI_STATUS, 2) & PCI_STATUS_INTERRUPT, "Status tells");
	cfg_write(host, PCI_COMMAND, 2, PCI_COMMAND_INTX_DISABLE);
	tap_ok(!host->intx, "Interrupt Disable lowers it");
	tap_ok(cfg_read(host, PCI_STATUS, 2) & PCI_STATUS_INTERRUPT, "Status tells all the same");
	cfg_write(host, PCI_COMMAND, 2, 0);
	tap_ok(host->intx, "and lets it rise again");
	reg_write(host, MVGPU_REG_INTR_ACK, 2);
	tap_ok(!host->intx, "acknowledged: low");
	reg_write(host, MVGPU_REG_INTR_RAISE, 2);
	mvgpu_irq_set_mode(host->vgpu, MVGPU_IRQ_MSI, first_vectors(8));
	tap_ok(!host->intx, "leaving INTx lowers it");
	tap_is(host->messages[1], 1, "what was active goes out as a message");
	tap_ok(!(cfg_read(host, PCI_STATUS, 2) & PCI_STATUS_INTERRUPT), "Status is for INTx");
	mvgpu_reset(host->vgpu);
}

static void test_msix(struct host *host)
{
	u32 control = 3 * PCI_MSIX_ENTRY_SIZE + PCI_MSIX_ENTRY_VECTOR_CTRL;

	mvgpu_irq_set_mode(host->vgpu, MVGPU_IRQ_MSIX, first_vectors(8));
	memset(host->messages, 0, sizeof(host->messages));
	reg_write(host, MVGPU_REG_INTR_ENABLE, MVGPU_CAUSE_MASK);
	reg_write(host, MVGPU_REG_INTR_RAISE, 8);
	tap_is(host->messages[3], 1, "MSI-X: a table nobody has written masks nothing");
	reg_write(host, MVGPU_REG_INTR_RAISE, 8);
	tap_is(host->messages[3], 1, "no second message while the cause is active");
	reg_write(host, MVGPU_REG_INTR_ACK, 8);

	host_write(host, MVGPU_IMAGE_MSIX, control, 4, 1);
	reg_write(host, MVGPU_REG_INTR_RAISE, 8);
	tap_is(host->messages[3], 1, "a masked vector waits");
	tap_is_hex(host_read(host, MVGPU_IMAGE_MSIX, MVGPU_MSIX_PBA, 4), 8, "in the PBA");
	host_write(host, MVGPU_IMAGE_MSIX, MVGPU_MSIX_PBA, 4, 0);
	tap_is_hex(host_read(host, MVGPU_IMAGE_MSIX, MVGPU_MSIX_PBA, 4), 8, "which is read only");
	host_write(host, MVGPU_IMAGE_MSIX, control, 4, 0);
	tap_is(host->messages[3], 2, "unmasked, it goes out");
	tap_is_hex(host_read(host, MVGPU_IMAGE_MSIX, MVGPU_MSIX_PBA, 4), 0, "and is not pending");
	reg_write(host, MVGPU_REG_INTR_ACK, 8);

	cfg_write(host, MSIX_FLAGS, 2, PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL);
	reg_write(host, MVGPU_REG_INTR_RAISE, 8);
	tap_is(host->messages[3], 2, "the function's mask holds it too");
	reg_write(host, MVGPU_REG_INTR_ACK, 8);
	cfg_write(host, MSIX_FLAGS, 2, PCI_MSIX_FLAGS_ENABLE);
	tap_is(host->messages[3], 2, "acknowledged meanwhile: nothing goes out");
	mvgpu_reset(host->vgpu);
	mvgpu_irq_set_mode(host->vgpu, MVGPU_IRQ_NONE, 0);
}

/* Vectors come and go one by one, as a VMM sets them up. */
static void test_listeners(struct host *host)
{
	mvgpu_reset(host->vgpu);
	mvgpu_irq_set_mode(host->vgpu, MVGPU_IRQ_MSIX, 0xa);
	memset(host->messages, 0, sizeof(host->messages));
	reg_write(host, MVGPU_REG_INTR_ENABLE, MVGPU_CAUSE_MASK);
	reg_write(host, MVGPU_REG_INTR_RAISE, 0xa);
	tap_ok(host->messages[1] == 1 && host->messages[3] == 1, "each cause has its vector");

	mvgpu_irq_set_mode(host->vgpu, MVGPU_IRQ_MSIX, 0xa);
	tap_ok(host->messages[1] == 1 && host->messages[3] == 1,
	       "who has listened before hears nothing again");
	mvgpu_irq_set_mode(host->vgpu, MVGPU_IRQ_MSIX, 0x8);
	mvgpu_irq_set_mode(host->vgpu, MVGPU_IRQ_MSIX, 0xa);
	tap_ok(host->messages[1] == 2 && host->messages[3] == 1,
	       "who listens anew hears what is active, and nobody else does");
	mvgpu_irq_set_mode(host->vgpu, MVGPU_IRQ_MSIX, 0x3);
	tap_ok(host->messages[0] == 0 && host->messages[1] == 2,
	       "a vector that is left keeps its causes");
	reg_write(host, MVGPU_REG_INTR_ACK, 0x8);
	reg_write(host, MVGPU_REG_INTR_RAISE, 0x8);
	tap_ok(host->messages[0] == 0 && host->messages[3] == 1, "which nobody hears");
	mvgpu_irq_set_mode(host->vgpu, MVGPU_IRQ_MSIX, 0xa);
	tap_ok(host->messages[0] == 0 && host->messages[3] == 2, "until somebody listens again");
	mvgpu_irq_set_mode(host->vgpu, MVGPU_IRQ_MSI, 0x3);
	tap_ok(host->messages[0] == 1 && host->messages[1] == 3,
	       "in a mode with fewer vectors they are heard on the first");
	mvgpu_reset(host->vgpu);
	mvgpu_irq_set_mode(host->vgpu, MVGPU_IRQ_NONE, 0);
}

int main(void)
{
	struct mvgpu vgpu;
	struct host host;

	rnd_init();
	host_init(&host, &vgpu, &host_config);
	test_intx(&host);
	test_msix(&host);
	test_listeners(&host);
	mvgpu_irq_set_mode(&vgpu, MVGPU_IRQ_NONE, 0);
	test_all_states(&host);
	test_random(&host);
	host_fini(&host);
	return tap_done();
}
