#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The mdev core as a drop-in: one binary of a vendor driver on the kernel's own
# mdev.ko and on ours, with the same files in sysfs; creating, removing, and bad
# input; loading and unloading leaks nothing.

# shellcheck source=qemu-tests/core/core.sh
. /mvgpu/qemu-tests/core/core.sh

layout=$(mktemp -d)

srcversion_of() {
	modinfo -F srcversion "$1"
}

# Files of a parent, its types and an mdev, with modes and link targets
sysfs_layout() {
	find "$(parent 0)/" "$(parent 0)/mdev_supported_types/" \
		/sys/bus/mdev/ /sys/class/mdev_bus/ -mindepth 1 \
		! -path '*/power/*' -printf '%P %M %l\n' |
		grep -v driver_override | sort
}

test_which_core() {
	local file=mdev
	[ "$core_name" = ours ] && file=$B/mdev.ko
	is "$core_name: srcversion is that of its file" \
		"$(cat /sys/module/mdev/srcversion)" "$(srcversion_of "$file")"
}

test_create_remove() {
	local dir link
	link=$mdevs/$(uuid 1)

	is "$core_name: create" "$(create 1)" ok
	dir=$(realpath "$link")
	is "$core_name: the mdev is below its parent" \
		"$(dirname "$dir")" "$(realpath "$(parent 0)")"
	is "$core_name: mdev_type" "$(realpath "$link/mdev_type")" \
		"$(realpath "$(type_dir 0 small)")"
	is "$core_name: devices/" \
		"$(realpath "$(type_dir 0 small)/devices/$(uuid 1)")" "$dir"
	is "$core_name: driver" "$(basename "$(realpath "$link/driver")")" \
		mdev_testdrv
	is "$core_name: one instance less" "$(available)" 7
	sysfs_layout > "$layout/$core_name"
	is "$core_name: remove 0 does nothing" "$(put "$link/remove" 0)" ok
	is "$core_name: remove of no number" "$(put "$link/remove" x)" EINVAL
	check "$core_name: the mdev is still there" exists 1
	is "$core_name: remove" "$(remove 1)" ok
	check "$core_name: the mdev is gone" gone 1
	is "$core_name: all instances are back" "$(available)" 8
	is "$core_name: nothing is left below the type" \
		"$(ls "$(type_dir 0 small)/devices")" ""
}

test_bad_uuids() {
	local text file bad=0
	file=$(type_dir 0 small)/create

	while IFS= read -r text; do
		[ "$(put "$file" "$text")" = EINVAL ] && continue
		diag "accepted: \"$text\""
		bad=$((bad + 1))
	done <<-EOF
		x
		c0de0000-0000-4000-8000-00000000001
		c0de0000-0000-4000-8000-0000000000011x
		c0de0000-0000-4000-8000-00000000000g
		c0de000000000-4000-8000-000000000001
		c0de0000_0000_4000_8000_000000000001
		{c0de0000-0000-4000-8000-0000000001}
		 c0de0000-0000-4000-8000-00000000001
		../../../../../../../../etc/passwd00
	EOF
	is "$core_name: strings that are no UUID" "$bad" 0
	text=$(uuid 1)x
	if [ "$core_name" = kernel ]; then
		is "kernel: its defect: a UUID and one more character" \
			"$(put "$file" "$text")$(remove 1)" okok
	else
		is "ours: a UUID and one more character" \
			"$(put "$file" "$text")" EINVAL
	fi
	head -c 65536 /dev/zero | tr '\0' f > "$layout/long"
	is "$core_name: 64 KiB of a digit" "$(put "$file" "@$layout/long")" \
		EINVAL
	is "$core_name: nothing was created" "$(ls "$mdevs")" ""
	is "$core_name: nothing was accounted" "$(available)" 8
}

test_duplicates() {
	local upper
	upper=$(uuid 10 | tr a-f A-F)

	is "$core_name: the first" "$(create 10)" ok
	is "$core_name: again" "$(create 10)" EEXIST
	is "$core_name: another type" "$(create 10 0 large)" EEXIST
	is "$core_name: another parent" "$(create 10 1)" EEXIST
	is "$core_name: upper case" \
		"$(put "$(type_dir 1 small)/create" "$upper")" EEXIST
	is "$core_name: the duplicates took no instance" \
		"$(available 0) $(available 1)" "7 8"
	is "$core_name: remove it" "$(remove 10)" ok
	is "$core_name: the name is free again" "$(create 10 1)" ok
	is "$core_name: and again" "$(remove 10)" ok
}

test_full() {
	local i results=

	for ((i = 1; i <= 8; i++)); do
		results+=$(create $i)
	done
	is "$core_name: eight of eight" "$results" okokokokokokokok
	is "$core_name: the ninth" "$(create 9)" EUSERS
	is "$core_name: none available" "$(available 0 large)" 0
	is "$core_name: the other parent has its own" "$(create 9 1)" ok
	is "$core_name: one back" "$(remove 3)" ok
	is "$core_name: one available" "$(available)" 1
	is "$core_name: and taken" "$(create 3)" ok
	for ((i = 1; i <= 9; i++)); do
		remove $i > /dev/null
	done
	is "$core_name: all back" "$(available 0) $(available 1)" "8 8"
}

# ENXIO, because the driver core says nothing about that one.
test_failed_probe() {
	set_knob fail_probe 6
	is "$core_name: probe fails" "$(create 20)" ENXIO
	set_knob fail_probe 0
	check "$core_name: no device is left" gone 20
	is "$core_name: no link is left" \
		"$(ls "$(type_dir 0 small)/devices")" ""
	is "$core_name: no instance is left" "$(available)" 8
	is "$core_name: the name is free" "$(create 20)" ok
	is "$core_name: and it can be removed" "$(remove 20)" ok
}

test_unload_with_mdevs() {
	create 30 > /dev/null
	create 31 1 large > /dev/null
	check "$core_name: unload the vendor's module with two mdevs" \
		driver_unload
	is "$core_name: they are gone" "$(ls "$mdevs")" ""
	check "$core_name: unload the core" core_unload
}

run_all() {
	core_name=$1
	klog_mark
	check "$1: load the core" core_load
	check "$1: load the vendor's module" driver_load
	test_which_core
	test_create_remove
	test_bad_uuids
	test_duplicates
	test_full
	test_failed_probe
	test_unload_with_mdevs
	log_is_clean "basics"
}

# Objects in the caches that devices, sysfs and the core allocate from
slab_objects() {
	local cache count total=0
	for cache in /sys/kernel/slab/kmalloc-* \
		/sys/kernel/slab/kernfs_node_cache; do
		echo 1 > "$cache/shrink"
		read -r count _ < "$cache/objects"
		total=$((total + count))
	done
	echo "$total"
}

# Some of what is freed is freed a little later: the least of a few readings.
settled_objects() {
	local i now least

	for ((i = 0; i < 5; i++)); do
		now=$(slab_objects)
		[ -n "$least" ] && [ "$least" -le "$now" ] || least=$now
		sleep 0.3
	done
	echo "$least"
}

# load_rounds N: the modules are loaded, used and unloaded N times
load_rounds() {
	local i
	for ((i = 0; i < $1; i++)); do
		insmod "$layout/mdev.ko" && insmod "$layout/mdev_testdrv.ko" ||
			return
		uuid 1 > "$(type_dir 0 small)/create" || return
		uuid 2 > "$(type_dir 0 large)/create" || return
		uuid 3 > "$(type_dir 1 small)/create" || return
		echo 6 > "$knobs/fail_probe"
		uuid 4 2> /dev/null > "$(type_dir 1 small)/create"
		echo 1 > "$mdevs/$(uuid 2)/remove" || return
		driver_unload && core_unload || return
	done
}

# What a round leaves behind shows in each of three batches of 6, what others
# allocate meanwhile does not.
test_leaks() {
	local i before after least=1000

	for i in mdev mdev_testdrv; do
		strip -g -o "$layout/$i.ko" "$B/$i.ko"
	done
	check "two rounds to warm up" load_rounds 2
	for i in 1 2 3; do
		before=$(settled_objects)
		check "6 rounds of load, create, remove, unload" load_rounds 6
		after=$(settled_objects)
		diag "slab objects: $before before, $after after"
		[ $((after - before)) -lt $least ] && least=$((after - before))
	done
	check "no slab object is left of a round" [ $least -lt 6 ]
	log_is_clean "rounds"
}

run_all kernel
run_all ours
check "the files in sysfs are those of the kernel's core" \
	diff "$layout/kernel" "$layout/ours"
# kmemleak, where the kernel has it, looks closer, and what comes with it keeps freed
# objects for a while.
[ -e /sys/kernel/debug/kmemleak ] || test_leaks
tap_done
