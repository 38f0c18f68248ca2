// SPDX-License-Identifier: GPL-2.0-only
/*
 * A vGPU: made when a client attaches, gone when the last user lets go of it.
 *
 * The client maps the VRAM and the shared pages and keeps what it has mapped:
 * the next client gets other memory.  Their files are sealed, so that nobody
 * can take pages away under this process or hide more of them in it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "server.h"

#define VU_FILE_SEALS	(F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)

static int vu_file_create(struct vu_file *file, const char *name, size_t size)
{
	int ret;

	file->size = size;
	file->fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (file->fd < 0)
		return -errno;
	if (ftruncate(file->fd, size) ||
	    fcntl(file->fd, F_ADD_SEALS, VU_FILE_SEALS))
		goto err_close;
	file->data = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, file->fd, 0);
	if (file->data == MAP_FAILED)
		goto err_close;
	return 0;

err_close:
	ret = -errno;
	close(file->fd);
	return ret;
}

static void vu_file_destroy(struct vu_file *file)
{
	munmap(file->data, file->size);
	close(file->fd);
}

static void vu_vram_clear(struct vu_gpu *gpu)
{
	/* Mappings stay, here and in the client, and find zeroes. */
	if (fallocate(gpu->vram.fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0,
		      gpu->vram.size))
		vu_error("VRAM was not cleared: %m");
}

/* The model is in its reset state already. */
static void vu_host_function_reset(void *host)
{
	struct vu_gpu *gpu = host;

	vu_engine_hold(gpu);
	vu_vram_clear(gpu);
	vu_engine_resume(gpu);
}

static const struct mvgpu_host_ops vu_host_ops = {
	.set_intx = vu_irq_set_intx,
	.send_msi = vu_irq_send_msi,
	.function_reset = vu_host_function_reset,
	.kick = vu_engine_kick,
	.get_memory = vu_spans_get,
	.put_memory = vu_spans_put,
};

/**
 * vu_gpu_create() - make a vGPU, in its reset state
 * @gpu: set to it, with one reference
 * @config: its type's constants; must stay as long as the vGPU
 * @hide_msix: the client is not to see that there is MSI-X
 *
 * Return: 0, -EINVAL for a type that cannot be, or another negative errno: there
 * is no memory, or no descriptor.
 */
int vu_gpu_create(struct vu_gpu **gpu, const struct mvgpu_config *config, bool hide_msix)
{
	struct vu_gpu *new = calloc(1, sizeof(*new));
	int ret;

	if (!new)
		return -ENOMEM;
	ret = vu_file_create(&new->regs, "mvgpu-regs", MVGPU_REGS_SIZE);
	if (ret)
		goto err_free;
	ret = mvgpu_init(&new->model, config, &vu_host_ops, new,
			 new->regs.data + MVGPU_TRAPPED_SIZE);
	if (ret)
		goto err_regs;
	ret = vu_file_create(&new->vram, "mvgpu-vram", config->vram_size);
	if (ret)
		goto err_model;
	vu_irq_init(&new->irq);
	vu_dma_init(&new->dma);
	vu_engine_init(&new->engine);
	new->hide_msix = hide_msix;
	atomic_init(&new->references, 1);
	*gpu = new;
	return 0;

err_model:
	mvgpu_fini(&new->model);
err_regs:
	vu_file_destroy(&new->regs);
err_free:
	free(new);
	return ret;
}

/**
 * vu_gpu_get() - one user more
 * @gpu: a vGPU that the caller knows to have a user
 *
 * Return: @gpu.
 */
struct vu_gpu *vu_gpu_get(struct vu_gpu *gpu)
{
	atomic_fetch_add(&gpu->references, 1);
	return gpu;
}

/**
 * vu_gpu_put() - one user less; with the last one the vGPU goes
 * @gpu: the vGPU
 */
void vu_gpu_put(struct vu_gpu *gpu)
{
	if (atomic_fetch_sub(&gpu->references, 1) != 1)
		return;
	vu_engine_fini(&gpu->engine);
	vu_dma_fini(&gpu->dma);
	vu_irq_fini(gpu);
	vu_file_destroy(&gpu->vram);
	mvgpu_fini(&gpu->model);
	vu_file_destroy(&gpu->regs);
	free(gpu);
}

/**
 * vu_gpu_reset() - back to the state after power-on, VRAM too
 * @gpu: the vGPU; its eventfds and the windows of its DMA stay set up
 *
 * Context: the session's thread.
 */
void vu_gpu_reset(struct vu_gpu *gpu)
{
	vu_engine_hold(gpu);
	mvgpu_reset(&gpu->model);
	vu_vram_clear(gpu);
	vu_engine_resume(gpu);
}
