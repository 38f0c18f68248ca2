#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# In the host VM: makes a device of the empty driver and a vGPU, lets the boot's
# background work end, and measures.  Leaves results.jsonl and conditions.json in
# /out.  Usage: vm.sh WINDOWS
set -eu
# shellcheck source=qemu-tests/lib/vm.sh
. /mvgpu/qemu-tests/lib/vm.sh

empty=5a1e0000-0000-4000-8000-000000000001
vgpu=5a1e0000-0000-4000-8000-000000000002

# $1: parent, $2: type, $3: UUID
create() {
	echo "$3" > "/sys/class/mdev_bus/$1/mdev_supported_types/$2/create"
}

# shellcheck disable=SC2119 # the modules get no parameters
load_modules
insmod "$B/null_vfio.ko"
create null_vfio null_vfio-empty "$empty"
create mvgpu.0 mvgpu-bochs-64m "$vgpu"
sleep 5

# shellcheck source=qemu-tests/bench/conditions.sh
. /mvgpu/qemu-tests/bench/conditions.sh

status=0
"$B/bin/bench" -w "$1" -n "$empty" -m "$vgpu" > /out/results.jsonl || status=$?

for uuid in "$empty" "$vgpu"; do
	echo 1 > "/sys/bus/mdev/devices/$uuid/remove"
done
rmmod null_vfio
unload_modules
exit "$status"
