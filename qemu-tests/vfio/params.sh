# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# mvgpu's module parameters, in and out of range.  Sourced by run.sh before the
# module is loaded for the programs.

available() {
	cat "/sys/class/mdev_bus/$1/mdev_supported_types/mvgpu-bochs-$2/available_instances"
}

refused() {
	if insmod "$B/mvgpu.ko" "$@" 2> /dev/null; then
		rmmod mvgpu
		return 1
	fi
	[ ! -e /sys/module/mvgpu ] && [ -z "$(ls /sys/class/mdev_bus)" ]
}

# with_parameters "PARAMETERS" COMMAND...: the command holds while they are in use
with_parameters() {
	local parameters=$1 status
	shift
	# shellcheck disable=SC2086
	insmod "$B/mvgpu.ko" $parameters || return
	"$@"
	status=$?
	rmmod mvgpu && return $status
}

cards_are() {
	local parents=(/sys/class/mdev_bus/mvgpu.*)
	[ "${#parents[@]}" = "$1" ]
}

room_is() {
	[ "$(available mvgpu.0 16m) $(available mvgpu.0 64m) $(available mvgpu.0 256m)" = "$1" ]
}

# A card's room is its own.
second_card_is_full() {
	local uuid
	uuid=$(cat /proc/sys/kernel/random/uuid)
	echo "$uuid" > /sys/class/mdev_bus/mvgpu.1/mdev_supported_types/mvgpu-bochs-16m/create
	[ "$(available mvgpu.0 16m) $(available mvgpu.1 16m) $(available mvgpu.7 16m)" = "1 0 1" ] &&
		echo 1 > "/sys/bus/mdev/devices/$uuid/remove"
}

test_parameters() {
	local bad
	if ! load_stock vfio irqbypass kvm || ! insmod "$B/mdev.ko"; then
		bail "mdev.ko does not load"
	fi
	for bad in cards=0 cards=9 cards=-1 cards=4294967297 cards=x cards= \
		vram_mb=0 vram_mb=15 vram_mb=1048577 vram_mb=-16 vram_mb=17592186044432 \
		engines=0 engines=9 slice_us=99 slice_us=1000001 inline_bytes=1048577 \
		poll_us=1001 watchdog_ms=3600001; do
		check "$bad is refused" refused "$bad"
	done
	check "one card by default, with 1 GiB" with_parameters "" room_is "64 16 4"
	check "cards=8" with_parameters cards=8 cards_are 8
	check "vram_mb=16" with_parameters vram_mb=16 room_is "1 0 0"
	check "vram_mb=100" with_parameters vram_mb=100 room_is "6 1 0"
	check "vram_mb=1048576" with_parameters vram_mb=1048576 room_is "65536 16384 4096"
	check "each card has a room of its own" with_parameters "cards=8 vram_mb=16" \
		second_card_is_full
	rmmod mdev
}
