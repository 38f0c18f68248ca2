/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A device of mvgpu_raw in short forms (uapi/mvgpu_raw.h).  What nobody expects to fail ends the
 * program with "Bail out!".
 */
#ifndef RAW_H
#define RAW_H

#include <stdint.h>

#include "commands.h"
#include "mvgpu_pci.h"
#include "mvgpu_raw.h"
#include "mvgpu_regs.h"

/* Only for what never comes: no machine is that slow. */
#define RAW_TIMEOUT_MS	60000

struct raw {
	int fd;
	struct mvgpu_raw_info info;
	volatile uint8_t *regs;
	uint8_t *vram;
	uint64_t fences[MVGPU_MAX_RINGS];	/* the last value that raw_finish() has used */
};

/* Memory of the guest that the device reaches */
struct raw_memory {
	uint8_t *bytes;
	uint64_t address;
	uint64_t size;
};

/* /dev/mvgpu-raw@number */
void raw_open(struct raw *raw, unsigned int number);
void raw_close(struct raw *raw);

/* MVGPU_RAW_INFO, again */
void raw_look(struct raw *raw);

uint32_t raw_reg(const struct raw *raw, uint32_t offset);
void raw_set_reg(const struct raw *raw, uint32_t offset, uint32_t value);

struct raw_memory raw_alloc(const struct raw *raw, uint64_t size);

/* 0 or a negative errno */
int raw_irq(struct raw *raw, unsigned int irq);
int raw_reset(struct raw *raw);
int raw_start(struct raw *raw, unsigned int ring, unsigned int order);
void raw_stop(struct raw *raw, unsigned int ring);

/* All of them, as soon as there is room: 0 or a negative errno */
int raw_submit(const struct raw *raw, unsigned int ring, const struct mvgpu_cmd *cmds,
	       unsigned int count);

/* Wait for a fence value: 0 or a negative errno */
int raw_wait(const struct raw *raw, unsigned int ring, uint64_t value, uint32_t flags);

/* Submit a fence that interrupts, and wait for it: 0 or a negative errno */
int raw_finish(struct raw *raw, unsigned int ring);

/* Wait for interrupts: the causes that have come, 0 if there was none in time */
uint32_t raw_causes(const struct raw *raw, int timeout_ms);

#endif /* RAW_H */
