#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 2400
# The engine's memory by iommufd: type1 takes its locks in two orders when pinned memory is
# unmapped (docs/locking.md), and lockdep says nothing more once it has seen that.
exec "$LAB" run --kernel "$KERNEL" --name vfio-cdev --timeout 2340 -- \
	qemu-tests/harness/watched qemu-tests/vfio/run.sh --cdev cdev info config access map irqbad msix reset engine dma
