#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# What a stock guest draws is what QEMU's screendump shows.
cd "$(dirname "$0")/../.." || exit 1

out=build/run/picture-$KERNEL
seed=${SEED:-$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')}
echo "# SEED=$seed repeats this run"
"$LAB" run --kernel "$KERNEL" --name picture --timeout 300 -- \
	qemu-tests/guest/picture.py "$seed"
status=$?

count=$(($(cat "$out/count" 2>/dev/null || echo 0) + 1))
if difference=$(qemu-tests/guest/compare-png "$out/screen.png" "$out/expected.ppm" 2>&1); then
	echo "ok $count - screen.png is what the guest was told to draw"
else
	echo "not ok $count - screen.png is what the guest was told to draw"
	echo "$difference" | sed 's/^/# /'
	status=1
fi
echo "1..$count"
exit $status
