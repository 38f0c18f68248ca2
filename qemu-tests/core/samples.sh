#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The kernel's sample drivers mtty, mdpy and mbochs, as the kernel's source has
# them: one binary of each on the kernel's own mdev.ko, where they belong, and on
# ours.

# shellcheck source=qemu-tests/core/core.sh
. /mvgpu/qemu-tests/core/core.sh

# sample_file TYPE FILE, of the driver's only parent
sample_file() {
	echo "/sys/class/mdev_bus/$sample/mdev_supported_types/$1/$2"
}

sample_create() {
	put "$(sample_file "$1" create)" "$(uuid 1)"
}

# test_type TYPE
test_type() {
	local name="$core_name: $1" before
	before=$(cat "$(sample_file "$1" available_instances)")

	is "$name: create" "$(sample_create "$1")" ok
	is "$name: is of that type" \
		"$(basename "$(realpath "$mdevs/$(uuid 1)/mdev_type")")" "$1"
	check "$name: one instance less" [ \
		"$(cat "$(sample_file "$1" available_instances)")" -lt "$before" ]
	check "$name: works" "$B/bin/sample-access" "$sample" "$(uuid 1)"
	check "$name: works when it is opened again" \
		"$B/bin/sample-access" "$sample" "$(uuid 1)"
	is "$name: the same UUID again" "$(sample_create "$1")" EEXIST
	is "$name: remove" "$(remove 1)" ok
	check "$name: is gone" gone 1
	is "$name: all instances are back" \
		"$(cat "$(sample_file "$1" available_instances)")" "$before"
}

# test_sample DRIVER TYPE...
test_sample() {
	local type
	sample=$1
	shift

	check "$core_name: load $sample" insmod "$B/samples/$sample.ko"
	is "$core_name: $sample: the types" \
		"$(ls "/sys/class/mdev_bus/$sample/mdev_supported_types")" \
		"$(printf '%s\n' "$@")"
	for type; do
		test_type "$type"
	done
	is "$core_name: $sample: create one more" "$(sample_create "$1")" ok
	check "$core_name: unload $sample, with an mdev" rmmod "$sample"
	check "$core_name: $sample: the mdev is gone" gone 1
}

load_stock vfio vfio_iommu_type1
for core_name in kernel ours; do
	klog_mark
	check "$core_name: load the core" core_load
	test_sample mtty mtty-1 mtty-2
	test_sample mdpy mdpy-hd mdpy-vga mdpy-xga
	test_sample mbochs mbochs-large mbochs-medium mbochs-small
	check "$core_name: unload the core" core_unload
	log_is_clean "samples"
done
tap_done
