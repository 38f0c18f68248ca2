// SPDX-License-Identifier: GPL-2.0-only
/*
 * In /sys/kernel/debug/mvgpu/<uuid>:
 *
 *	stats	what a vGPU has been doing, and what it has had of its card; share is of all
 *		engine time since it was made, in thousandths
 *	kvm	"closed", "none" if it is open and tied to no VM, or a number for the
 *		VM, which is the same for all vGPUs of that VM
 *
 * And in /sys/kernel/debug/mvgpu:
 *
 *	delay_us	for tests: how long engines sleep between steps that must not depend on
 *			how long it takes from one to the next
 */
#include <linux/debugfs.h>
#include <linux/seq_file.h>

#include "mvgpu.h"

static struct dentry *mvgpu_debugfs_root;

static struct mvgpu_stats mvgpu_stats_sum(const struct mvgpu_device *gpu)
{
	struct mvgpu_stats sum = {};
	int cpu;

	for_each_possible_cpu(cpu) {
		const struct mvgpu_stats *stats = per_cpu_ptr(gpu->stats, cpu);

		sum.reads += READ_ONCE(stats->reads);
		sum.writes += READ_ONCE(stats->writes);
		sum.faults += READ_ONCE(stats->faults);
	}
	return sum;
}

static void mvgpu_show_usage(struct seq_file *seq, const struct mvgpu_device *gpu)
{
	struct mvgpu_usage usage;

	gpu->card->backend->get_usage(gpu, &usage);
	seq_printf(seq, "commands %llu\n", usage.commands);
	seq_printf(seq, "bytes %llu\n", usage.bytes);
	seq_printf(seq, "errors %llu\n", usage.errors);
	seq_printf(seq, "busy_us %llu\n", div_u64(usage.busy_ns, NSEC_PER_USEC));
	seq_printf(seq, "weight %u\n", gpu->card->backend->get_weight(gpu));
	seq_printf(seq, "share %llu\n",
		   usage.card_busy_ns ? div64_u64(usage.busy_ns * 1000, usage.card_busy_ns) : 0);
}

static void mvgpu_show_dma(struct seq_file *seq, struct mvgpu_device *gpu)
{
	struct mvgpu_dma_stats stats;
	unsigned int pages;

	stats = mvgpu_dma_get_stats(&gpu->dma, &pages);
	seq_printf(seq, "pinned_kib %lu\n", pages * (PAGE_SIZE / SZ_1K));
	seq_printf(seq, "pin_hits %llu\n", stats.hits);
	seq_printf(seq, "pin_misses %llu\n", stats.misses);
	seq_printf(seq, "pins %llu\n", stats.pins);
	seq_printf(seq, "unpins %llu\n", stats.unpins);
	seq_printf(seq, "dma_copied %llu\n", stats.copied);
}

static int stats_show(struct seq_file *seq, void *unused)
{
	struct mvgpu_device *gpu = seq->private;
	struct mvgpu_stats sum = mvgpu_stats_sum(gpu);

	seq_printf(seq, "reads %llu\n", sum.reads);
	seq_printf(seq, "writes %llu\n", sum.writes);
	seq_printf(seq, "faults %llu\n", sum.faults);
	seq_printf(seq, "vram_mib %lu\n",
		   READ_ONCE(gpu->vram.nr_present) * (MVGPU_CHUNK_SIZE >> 20));
	mvgpu_show_usage(seq, gpu);
	mvgpu_show_dma(seq, gpu);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(stats);

static int kvm_show(struct seq_file *seq, void *unused)
{
	const struct mvgpu_device *gpu = seq->private;
	const void *kvm = READ_ONCE(gpu->kvm);

	if (kvm == MVGPU_KVM_CLOSED)
		seq_puts(seq, "closed\n");
	else if (!kvm)
		seq_puts(seq, "none\n");
	else
		seq_printf(seq, "%p\n", kvm);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(kvm);

/**
 * mvgpu_debugfs_init() - make the module's folder
 *
 * Debugfs is for people: where it fails, nothing else does.
 */
void mvgpu_debugfs_init(void)
{
	mvgpu_debugfs_root = debugfs_create_dir("mvgpu", NULL);
	debugfs_create_u32("delay_us", 0644, mvgpu_debugfs_root, &mvgpu_engine_delay_us);
}

/**
 * mvgpu_debugfs_exit() - remove it
 */
void mvgpu_debugfs_exit(void)
{
	debugfs_remove(mvgpu_debugfs_root);
}

/**
 * mvgpu_debugfs_add() - make a vGPU's folder, named by its UUID
 * @gpu: the vGPU
 */
void mvgpu_debugfs_add(struct mvgpu_device *gpu)
{
	gpu->debugfs = debugfs_create_dir(dev_name(mdev_dev(gpu->mdev)), mvgpu_debugfs_root);
	debugfs_create_file("stats", 0444, gpu->debugfs, gpu, &stats_fops);
	debugfs_create_file("kvm", 0444, gpu->debugfs, gpu, &kvm_fops);
}

/**
 * mvgpu_debugfs_remove() - remove it; returns when nobody reads there any more
 * @gpu: the vGPU
 */
void mvgpu_debugfs_remove(struct mvgpu_device *gpu)
{
	debugfs_remove(gpu->debugfs);
}
