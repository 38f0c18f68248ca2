#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# In the host VM: what accesses of a nested guest cost, over both transports and to QEMU's own
# devices.  Leaves results.jsonl and conditions.json in /out.  Usage: guest.sh WINDOWS
set -eu
# shellcheck source=qemu-tests/bench/conditions.sh
. /mvgpu/qemu-tests/bench/conditions.sh

export MVGPU_SERVER=/mvgpu/build/vfio-user/lab/mvgpu-server
exec /mvgpu/qemu-tests/bench/guest.py /out/results.jsonl "$1" kvm \
	bochs-display edu kernel-path user-path
