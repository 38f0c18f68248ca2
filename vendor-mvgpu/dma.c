// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory for the engine.
 */
#include "mvgpu.h"

static bool mvgpu_dma_get_span(struct mvgpu_device *gpu, struct mvgpu_span *span)
{
	span->ptr = NULL;
	if (span->mem == MVGPU_MEM_VRAM)
		span->ptr = mvgpu_vram_run(&gpu->vram, span->address, &span->len);
	if (!span->ptr)
		span->len = 0;
	return span->ptr;
}

/**
 * mvgpu_dma_get_memory() - mvgpu_host_ops.get_memory
 * @host: the vGPU
 * @spans: what is wanted
 * @count: how many
 *
 * Context: process, may sleep.
 * Return: 0, or -EFAULT where there is no such memory.
 */
int mvgpu_dma_get_memory(void *host, struct mvgpu_span *spans, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++) {
		if (!mvgpu_dma_get_span(host, &spans[i]))
			return -EFAULT;
	}
	return 0;
}

/**
 * mvgpu_dma_put_memory() - mvgpu_host_ops.put_memory
 * @host: the vGPU
 * @spans: as mvgpu_dma_get_memory() has set them
 * @count: how many
 *
 * Context: process, may sleep.
 * Return: 0.
 */
int mvgpu_dma_put_memory(void *host, struct mvgpu_span *spans, unsigned int count)
{
	return 0;
}
