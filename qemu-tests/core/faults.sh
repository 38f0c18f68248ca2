#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Each allocation of create, remove, bind, register and open fails once, in turn,
# and each time everything is undone.

# shellcheck source=qemu-tests/core/core.sh
. /mvgpu/qemu-tests/core/core.sh
# shellcheck source=qemu-tests/vfio/programs.sh
. /mvgpu/qemu-tests/vfio/programs.sh

# sweep DRIVER PARENT TYPE SUBJECT...
sweep() {
	merge faults < <("$B/bin/fault-sweep" "$@" 2>&1)
}

klog_mark
check "load the modules" load_modules
check "load the test drivers" eval "insmod $B/mdev_testdrv.ko && insmod $B/mdev_testops.ko"

sweep mdev_testops mdev_testops0 mdev_testops-plain create remove bind
sweep mdev_testops mdev_testops0 mdev_testops-tied create
sweep mdev_testdrv mdev_testdrv0 mdev_testdrv-small create remove
is "unregister a parent" "$(put "$(parent 0)/registered" 0)" ok
sweep mdev_testdrv mdev_testdrv0 all register
sweep mvgpu_mdev mvgpu.0 mvgpu-bochs-16m create remove bind open-group
if [ -e /dev/iommu ]; then
	sweep mvgpu_mdev mvgpu.0 mvgpu-bochs-16m open-cdev
fi
sweep mvgpu_mdev mvgpu.0 mvgpu-bochs-16m use engine

use_driver testops
is "every call came in its turn" "$(knob disorders)" 0
is "what was made was unmade" "$(knob created)" "$(knob destroyed)"
check "unload the test drivers" rmmod mdev_testops mdev_testdrv
check "unload the modules" unload_modules
tap_done
