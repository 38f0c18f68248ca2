#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The demo over vfio-user, which compares its pictures itself; its like for the kernel's path is in
# tests that boot less.
cd "$(dirname "$0")/../.." || exit 1
unset MAKEFLAGS MAKELEVEL

echo 1..3
pictures=build/demo
rm -rf $pictures
if output=$(make demo TRANSPORT=vfio-user SEED="${SEED:-}" 2>&1); then
	echo "ok 1 - guests draw, and the server has their pictures"
else
	echo "not ok 1 - guests draw, and the server has their pictures"
fi
echo "# ${output//$'\n'/$'\n'# }"

complete=ok
for name in screen guest-one guest-two two-guests; do
	[ "$(tail -c 8 $pictures/$name.png | head -c 4)" = IEND ] || complete="not ok"
done
echo "$complete 2 - four pictures are there"
if [ "$(grep -a -c acTL $pictures/two-guests.png)" = 1 ] && ! cmp -s $pictures/guest-{one,two}.png; then
	echo "ok 3 - one is an animation, and the guests have drawn each their own"
else
	echo "not ok 3 - one is an animation, and the guests have drawn each their own"
fi
