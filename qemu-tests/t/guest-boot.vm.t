#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
exec "$LAB" run --kernel "$KERNEL" --name guest-boot --timeout 900 -- qemu-tests/guests/boot.py
