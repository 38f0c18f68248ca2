// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory that is lent to the engine.
 *
 * VRAM and the client's memory that is mapped are used in place, under the lock
 * that keeps the windows from being taken away.  Other memory is copied, by
 * messages to the client and back, and the lock is not held meanwhile: taking a
 * window away must not wait for the client.
 */
#include <errno.h>

#include "server.h"

static __u32 vu_span_rights(const struct mvgpu_span *span)
{
	return (span->read ? VU_DMA_FLAG_READ : 0) | (span->write ? VU_DMA_FLAG_WRITE : 0);
}

/* Find where a span of the client's memory is: in place, or in @copy. */
static int vu_span_find(struct vu_gpu *gpu, struct mvgpu_span *span, struct vu_copy *copy)
{
	const struct vu_dma_window *window;
	__u64 offset;

	window = vu_dma_find(&gpu->dma, span->address, vu_span_rights(span));
	if (!window) {
		span->len = 0;
		return -EFAULT;
	}
	offset = span->address - window->address;
	span->len = min((__u64)span->len, window->size - offset);
	span->cookie = NULL;
	if (window->memory) {
		span->ptr = (__u8 *)window->memory + offset;
	} else {
		span->len = min(span->len, sizeof(copy->data));
		span->ptr = copy->data;
		span->cookie = copy;
		copy->window = window->id;
	}
	return 0;
}

/* Under the lock. */
static int vu_spans_find(struct vu_gpu *gpu, struct mvgpu_span *spans, unsigned int count,
			 bool *copied)
{
	unsigned int i;
	int ret;

	for (i = 0; i < count; i++) {
		if (spans[i].mem == MVGPU_MEM_VRAM) {
			spans[i].ptr = gpu->vram.data + spans[i].address;
			spans[i].cookie = NULL;
			continue;
		}
		ret = vu_span_find(gpu, &spans[i], &gpu->engine.copies[i]);
		if (ret)
			return ret;
		*copied = *copied || spans[i].cookie;
	}
	return 0;
}

/* By as many messages as it takes. */
static int vu_span_transfer(struct vu_gpu *gpu, const struct mvgpu_span *span, bool write)
{
	struct vu_copy *copy = span->cookie;
	size_t done = 0;
	ssize_t ret;

	while (done < span->len) {
		ret = vu_call_access(&gpu->dma.call, copy->window, span->address + done,
				     copy->data + done, span->len - done, write);
		if (ret < 0)
			return ret;
		done += ret;
	}
	return 0;
}

/* Get what is to be read by messages.  Where the client refuses, the length of the span is 0. */
static int vu_spans_fetch(struct vu_gpu *gpu, struct mvgpu_span *spans, unsigned int count)
{
	unsigned int i;
	int ret;

	for (i = 0; i < count; i++) {
		if (!spans[i].read || !spans[i].cookie)
			continue;
		ret = vu_span_transfer(gpu, &spans[i], false);
		if (ret) {
			spans[i].len = 0;
			return ret;
		}
	}
	return 0;
}

/* What is in place has not been protected meanwhile: it has to be found again, as it was. */
static int vu_spans_check(struct vu_gpu *gpu, struct mvgpu_span *spans, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++) {
		struct mvgpu_span again = spans[i];
		int ret;

		if (again.mem == MVGPU_MEM_VRAM || again.cookie)
			continue;
		ret = vu_span_find(gpu, &again, &gpu->engine.copies[i]);
		if (ret || again.ptr != spans[i].ptr || again.len != spans[i].len) {
			spans[i].len = 0;
			return -EFAULT;
		}
	}
	return 0;
}

/**
 * vu_spans_get() - lend memory to the engine
 * @host: the vGPU
 * @spans: as struct mvgpu_host_ops has it
 * @count: how many
 *
 * Context: the engine's thread.  Returns with the lock of the windows held.
 * Return: 0, or a negative errno: the client has no such memory, or refuses.
 */
int vu_spans_get(void *host, struct mvgpu_span *spans, unsigned int count)
{
	struct vu_gpu *gpu = host;
	bool copied = false;
	int ret;

	pthread_rwlock_rdlock(&gpu->dma.lock);
	ret = vu_spans_find(gpu, spans, count, &copied);
	if (!ret && copied) {
		pthread_rwlock_unlock(&gpu->dma.lock);
		ret = vu_spans_fetch(gpu, spans, count);
		pthread_rwlock_rdlock(&gpu->dma.lock);
		if (!ret)
			ret = vu_spans_check(gpu, spans, count);
	}
	if (ret)
		pthread_rwlock_unlock(&gpu->dma.lock);
	return ret;
}

/**
 * vu_spans_put() - the engine gives memory back
 * @host: the vGPU
 * @spans: as vu_spans_get() has set them; how much was written is in their length
 * @count: how many
 *
 * Context: the engine's thread.
 * Return: 0, or a negative errno where what was written has got lost.
 */
int vu_spans_put(void *host, struct mvgpu_span *spans, unsigned int count)
{
	struct vu_gpu *gpu = host;
	int ret = 0, failed;
	unsigned int i;

	pthread_rwlock_unlock(&gpu->dma.lock);
	for (i = 0; i < count; i++) {
		if (!spans[i].write || !spans[i].cookie)
			continue;
		failed = vu_span_transfer(gpu, &spans[i], true);
		if (failed)
			ret = failed;
	}
	return ret;
}
