/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A transport for the model that only takes notes, and short forms of the accesses that tests make.
 */
#ifndef HOST_H
#define HOST_H

#include "fields.h"
#include "tap.h"
#include "util.h"

/**
 * struct host - what the model told its transport
 * @intx: the level of INTx
 * @intx_changes: how often it changed
 * @repeated: INTx was set to the level that it had
 * @messages: messages a vector
 * @bad_vector: a message of a vector that does not exist or that nobody listens to
 * @two_wires: a message while INTx was high
 * @resets: function_reset was called
 * @unlocked: INTx or a message without the model's lock, or another op with it
 * @on_reset: called by function_reset, if set
 * @kicks: kick was called
 * @on_kick: called by kick, if set
 * @shared: pages 2 and 3 of BAR 2
 * @vram: VRAM
 * @guest: guest memory, GUEST_SIZE bytes at the guest's address GUEST_BASE
 * @gart: base of the GART in guest memory, if there is one
 * @lent: pieces of memory that the engine has at the moment
 * @gets: get_memory was called
 * @on_get: called by get_memory, if set
 * @put_off: memory is put off once in so many times that it is asked for, if not 0
 * @cut: memory is lent in pieces that end at random, with a page
 * @bad_span: memory was asked for that is not one of the host's, is not inside of VRAM, or wraps
 * @bounce: guest memory is lent as a copy
 * @copies: of what is lent at the moment, if it is one
 * @put_fails: what is written to guest memory gets lost
 */
struct host {
	struct mvgpu *vgpu;
	bool intx;
	unsigned int intx_changes;
	bool repeated;
	unsigned int messages[MVGPU_NUM_VECTORS];
	bool bad_vector;
	bool two_wires;
	unsigned int resets;
	bool unlocked;
	void (*on_reset)(struct host *host);
	unsigned int kicks;
	void (*on_kick)(struct host *host);
	__le32 *shared;
	u8 *vram;
	u8 *guest;
	u64 gart;
	unsigned int lent;
	unsigned int gets;
	void (*on_get)(struct host *host, const struct mvgpu_span *spans, unsigned int count);
	unsigned int put_off;
	bool cut;
	bool bad_span;
	bool bounce;
	u8 *copies[2];
	bool put_fails;
};

#define GUEST_BASE	0x40000000u
#define GUEST_SIZE	(4u << 20)

extern const struct mvgpu_host_ops host_ops;

/* Types for tests that care for none in particular: with bochs-display's identity, and native */
extern const struct mvgpu_config host_config;
extern const struct mvgpu_config host_native_config;

/* Bails out if it cannot. */
void host_init(struct host *host, struct mvgpu *vgpu, const struct mvgpu_config *config);

/* Checks also that the model kept to the contract of struct mvgpu_host_ops. */
void host_fini(struct host *host);

/* The same without a word about it */
bool host_contract_kept(const struct host *host);
void host_close(struct host *host);

u32 host_read(struct host *host, enum mvgpu_image image, u32 offset, unsigned int size);
void host_write(struct host *host, enum mvgpu_image image, u32 offset, unsigned int size,
		u32 value);

/* Of the images, for test lines */
extern const char *const host_images[MVGPU_NUM_IMAGES];

/* The whole of an image */
void host_dump(struct host *host, enum mvgpu_image image, u8 *bytes);

/* A mask of the first @n vectors, for mvgpu_irq_set_mode() */
static inline u32 first_vectors(unsigned int n)
{
	return (1u << n) - 1;
}

static inline u32 cfg_read(struct host *host, u32 offset, unsigned int size)
{
	return host_read(host, MVGPU_IMAGE_CONFIG, offset, size);
}

static inline void cfg_write(struct host *host, u32 offset, unsigned int size, u32 value)
{
	host_write(host, MVGPU_IMAGE_CONFIG, offset, size, value);
}

static inline u32 reg_read(struct host *host, u32 offset)
{
	return host_read(host, MVGPU_IMAGE_REGS, offset, 4);
}

static inline void reg_write(struct host *host, u32 offset, u32 value)
{
	host_write(host, MVGPU_IMAGE_REGS, offset, 4, value);
}

#endif /* HOST_H */
