#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# In the host VM: how vGPUs share an engine, each of which always has work.  Leaves
# results.jsonl and conditions.json in /out.  Usage: shares.sh WINDOW_US
set -eu
# shellcheck source=qemu-tests/lib/vm.sh
. /mvgpu/qemu-tests/lib/vm.sh

load_modules engines=1
# shellcheck source=qemu-tests/bench/conditions.sh
. /mvgpu/qemu-tests/bench/conditions.sh

status=0
"$B/bin/engine-shares" "$1" /out/results.jsonl || status=$?
unload_modules
# Shares that are off are a result, too.
[ -s /out/results.jsonl ] || exit "$((status ? status : 1))"
