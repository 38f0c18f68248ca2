#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
exec "$LAB" run --kernel "$KERNEL" --name guest-engine --timeout 600 -- qemu-tests/guests/engine.py
