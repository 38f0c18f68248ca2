/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The vGPU's device model: PCI config space, registers, display state and interrupt logic of one
 * virtual graphics card, without a word about how a guest reaches it.
 *
 * Everything a guest can read by a trapped access is kept as an image, byte for byte as the guest
 * sees it: a read is a copy, takes no lock and has no side effect.  A write is cut into 32-bit
 * words with byte enables, as on a PCI bus, and each word goes to its fields, under a lock unless
 * it is only stored.
 *
 * The transport (VFIO in the kernel, vfio-user in a process) owns the VRAM and the interrupt wires;
 * the model calls it through struct mvgpu_host_ops.
 */
#ifndef MVGPU_MODEL_VGPU_H
#define MVGPU_MODEL_VGPU_H

#include "engine.h"
#include "platform.h"
#include "mvgpu_pci.h"
#include "mvgpu_regs.h"

/* An EDID's detailed timing has 12 bits for each; every display can do VGA's resolution. */
#define MVGPU_MODE_MIN_WIDTH	640
#define MVGPU_MODE_MIN_HEIGHT	480
#define MVGPU_MODE_MAX_WIDTH	4088
#define MVGPU_MODE_MAX_HEIGHT	4095

/**
 * struct mvgpu_config - what a vGPU type fixes for its instances
 * @native: it has an identity of its own instead of bochs-display's, and 64-bit addresses for BAR 0
 * @num_rings: rings of commands, 1 to MVGPU_MAX_RINGS
 * @vram_size: bytes of BAR 0, a power of two from MVGPU_VRAM_MIN to MVGPU_VRAM_MAX,
 *	or to MVGPU_VRAM_MAX_NATIVE
 * @mode_width: pixels a line of the mode that the EDID prefers: a multiple of 8 from
 *	MVGPU_MODE_MIN_WIDTH to MVGPU_MODE_MAX_WIDTH
 * @mode_height: lines of that mode, from MVGPU_MODE_MIN_HEIGHT to MVGPU_MODE_MAX_HEIGHT.  The
 *	picture must fit into the VRAM and the pixel clock into an EDID.
 */
struct mvgpu_config {
	bool native;
	u8 num_rings;
	u32 vram_size;
	u16 mode_width;
	u16 mode_height;
};

/**
 * enum mvgpu_irq_mode - by which of its wires a vGPU interrupts
 * @MVGPU_IRQ_NONE: by none: causes only become pending
 * @MVGPU_IRQ_INTX: by level
 * @MVGPU_IRQ_MSI: by message, vectors of the MSI capability
 * @MVGPU_IRQ_MSIX: by message, vectors of the MSI-X table
 */
enum mvgpu_irq_mode {
	MVGPU_IRQ_NONE,
	MVGPU_IRQ_INTX,
	MVGPU_IRQ_MSI,
	MVGPU_IRQ_MSIX,
};

/**
 * struct mvgpu_host_ops - what the model asks of its transport
 * @set_intx: the INTx wire goes to @level.  Called under the model's lock, never with the level it
 *	already has.
 * @send_msi: send the message of @vector (MSI or MSI-X, whichever is the mode), one that somebody
 *	listens to.  Called under the model's lock.
 * @function_reset: the guest has reset the function through its PCI Express capability, all
 *	registers are at their reset values.  Called by mvgpu_image_write() without the model's
 *	lock; may sleep if the writer may.
 * @kick: an engine that is asleep may have something to do.  Called by mvgpu_image_write() without
 *	the model's lock; may sleep if the writer may.
 * @get_memory: lend pieces of memory to the engine, all or none: set where each is, and how much of
 *	it: what was asked for, or less, up to the end of a 4 KiB page, at least of its first.
 *	Memory that two pieces share is at one place, unless one of them is a copy.  A piece of
 *	VRAM is inside of it; one of guest memory may end with the address space and does not
 *	wrap.  Where a piece is not there, set its length to 0.  Called by the engine's owner; may
 *	sleep if he may.  Returns 0 or a negative errno; -EAGAIN ends the step, and the command
 *	goes on in another.
 * @put_memory: the engine does not use them any more; of what it has written to, the first @len
 *	bytes have changed.  Returns 0, or a negative errno where they are lost because the memory
 *	has gone meanwhile, or cannot be written.
 *
 * All of them must be there.
 */
struct mvgpu_host_ops {
	void (*set_intx)(void *host, bool level);
	void (*send_msi)(void *host, unsigned int vector);
	void (*function_reset)(void *host);
	void (*kick)(void *host);
	int (*get_memory)(void *host, struct mvgpu_span *spans, unsigned int count);
	int (*put_memory)(void *host, struct mvgpu_span *spans, unsigned int count);
};

/**
 * enum mvgpu_image - the address spaces whose content is an image in the model
 * @MVGPU_IMAGE_CONFIG: PCI config space, MVGPU_PCI_CONFIG_SIZE bytes
 * @MVGPU_IMAGE_REGS: pages 0 and 1 of BAR 2, MVGPU_TRAPPED_SIZE bytes
 * @MVGPU_IMAGE_SHARED: pages 2 and 3 of BAR 2, MVGPU_SHARED_SIZE bytes: memory of the transport,
 *	which the guest may have mapped
 * @MVGPU_IMAGE_MSIX: BAR 4, MVGPU_MSIX_SIZE bytes
 * @MVGPU_NUM_IMAGES: how many there are
 */
enum mvgpu_image {
	MVGPU_IMAGE_CONFIG,
	MVGPU_IMAGE_REGS,
	MVGPU_IMAGE_SHARED,
	MVGPU_IMAGE_MSIX,
	MVGPU_NUM_IMAGES
};

/**
 * struct mvgpu_scanout - where in VRAM the picture is
 * @offset: byte offset of the first pixel
 * @width: pixels a line
 * @height: lines
 * @stride: bytes from one line to the next
 *
 * Pixels are 32 bits, XRGB8888.
 */
struct mvgpu_scanout {
	u64 offset;
	u32 width;
	u32 height;
	u32 stride;
};

struct mvgpu_field;

/**
 * struct mvgpu_space - an address space whose content is an image
 * @words: what the guest reads, little endian
 * @memory: what no field covers can be written
 * @rows: number in @fields of the first field of each word; constant
 * @fields: all fields in the order of their offsets, NULL at the end; constant
 */
struct mvgpu_space {
	__le32 *words;
	bool memory;
	u8 *rows;
	const struct mvgpu_field **fields;
};

/* Two words of an image at once. */
typedef u64 __attribute__((__may_alias__)) mvgpu_two_words;

/**
 * struct mvgpu_reset_words - two words that fields are in, or one and what never changes
 * @at: where in the images they are
 * @value: what they hold after a reset
 */
struct mvgpu_reset_words {
	mvgpu_two_words *at;
	u64 value;
};

/* What a write asks for that is done without the lock. */
#define MVGPU_REQUEST_RESET	0x1
#define MVGPU_REQUEST_KICK	0x2

/**
 * struct mvgpu - one vGPU
 * @config: the type's constants
 * @ops: the transport's side
 * @host: passed back to @ops
 * @reset_words: all words that have fields, in pairs; constant
 * @num_reset_words: how many pairs
 * @num_table_words: how many of them, the last ones, are of the MSI-X table
 * @lock: protects all that follows against writers, but for words that are one field without
 *	side effects: they are written by one store, or by compare and exchange.  Readers of
 *	words take single ones and need no lock.
 * @spaces: what the guest reads
 * @irq_mode: set by the transport
 * @irq_listeners: mask of the vectors that somebody listens to in that mode
 * @irq_vectors: how many vectors the driver has enabled, as far as the listeners tell: one more
 *	than the highest that has had one since the mode was set
 * @intx_level: what the transport last heard through set_intx
 * @msix_table_used: somebody has written the MSI-X table since the last reset: its mask bits count.
 *	A VMM that emulates the table itself never writes the device's, in which all vectors are
 *	masked.
 * @shared_exposed: somebody may have written to pages 2 and 3
 * @requests: MVGPU_REQUEST_*: what the word being written asks for
 * @engine: rings and what runs them
 */
struct mvgpu {
	const struct mvgpu_config *config;
	const struct mvgpu_host_ops *ops;
	void *host;
	struct mvgpu_reset_words *reset_words;
	unsigned int num_reset_words;
	unsigned int num_table_words;

	struct mvgpu_lock lock;
	struct mvgpu_space spaces[MVGPU_NUM_IMAGES];
	enum mvgpu_irq_mode irq_mode;
	u32 irq_listeners;
	unsigned int irq_vectors;
	bool intx_level;
	bool msix_table_used;
	bool shared_exposed;
	u8 requests;
	struct mvgpu_engine engine;
};

int mvgpu_init(struct mvgpu *vgpu, const struct mvgpu_config *config,
	       const struct mvgpu_host_ops *ops, void *host, void *shared);
void mvgpu_fini(struct mvgpu *vgpu);
void mvgpu_reset(struct mvgpu *vgpu);
void mvgpu_shared_expose(struct mvgpu *vgpu);
void mvgpu_shared_hide(struct mvgpu *vgpu);

size_t mvgpu_image_size(enum mvgpu_image image);

/* By arithmetic, because a compiler that checks indexes would double the cost of an access. */
static inline const struct mvgpu_space *mvgpu_space(const struct mvgpu *vgpu,
						    enum mvgpu_image image)
{
	return vgpu->spaces + image;
}

/**
 * mvgpu_image_read32() - what the guest reads in one aligned word
 * @vgpu: the vGPU
 * @image: which address space
 * @offset: multiple of 4 inside it, checked by the caller
 *
 * Context: any; takes no lock.
 * Return: the word as its four bytes stand in memory, that is, little endian.
 */
static inline u32 mvgpu_image_read32(const struct mvgpu *vgpu, enum mvgpu_image image, u32 offset)
{
	return (__force u32)READ_ONCE(mvgpu_space(vgpu, image)->words[offset / 4]);
}

int mvgpu_image_read(const struct mvgpu *vgpu, enum mvgpu_image image, u32 offset, void *buf,
		     size_t len);
void mvgpu_image_write32(struct mvgpu *vgpu, enum mvgpu_image image, u32 offset, u32 word);
int mvgpu_image_write(struct mvgpu *vgpu, enum mvgpu_image image, u32 offset, const void *buf,
		      size_t len);

void mvgpu_irq_set_mode(struct mvgpu *vgpu, enum mvgpu_irq_mode mode, u32 listeners);
void mvgpu_irq_raise(struct mvgpu *vgpu, u32 causes);

bool mvgpu_scanout_get(struct mvgpu *vgpu, struct mvgpu_scanout *scanout);

#endif /* MVGPU_MODEL_VGPU_H */
