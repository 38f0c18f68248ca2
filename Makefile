# SPDX-License-Identifier: GPL-2.0-only
# `make help` explains the targets; docs/lab.md explains what the lab's run.
# The kernel's build system reads Kbuild, not this.

LAB := qemu-tests/lab/lab
KERNEL ?= 7.2
KDIR ?= /lib/modules/$(shell uname -r)/build
TRANSPORT ?= kernel

# Passed on by the environment: a text may have any quotes in it.
export KERNEL TYPE MODE TEXT SEED KERNELS T

.DEFAULT_GOAL := $(if $(MDEV),modules,help)
.PHONY: all modules modules_install demo demo-kernel demo-vfio-user check check-debug bench lint \
	mvgpu-server clean distclean help

help: ## this list
	@sed -n 's/^\([a-z_-]*\):[^#]*## /\1	/p' Makefile | expand -t 18
	@sed -n 's/^## \{0,1\}//p' Makefile

all: ## modules and test programs for every kernel of the lab, in build/KERNEL/
	@$(LAB) build

demo: $(if $(filter kernel vfio-user,$(TRANSPORT)),demo-$(TRANSPORT),$(error TRANSPORT=$(TRANSPORT): neither kernel nor vfio-user)) ## a picture from a guest, through a vGPU (TYPE, MODE, TEXT, SEED, KERNEL)

demo-kernel:
	@$(LAB) demo --kernel "$$KERNEL" --type "$$TYPE" --mode "$$MODE" --text "$$TEXT" --seed "$$SEED"

demo-vfio-user:
	@$(LAB) setup
	@qemu-tests/vfio-user/demo

check: ## every test, on every kernel (KERNELS, T)
	@qemu-tests/harness/check

check-debug: ## tests on kernels built to find mistakes: KASAN, lockdep, KCSAN (KERNELS, T)
	@qemu-tests/harness/check instrumented

bench: ## the cost of mediated I/O (KERNELS, COMPARE)
	@qemu-tests/lab/host-packages \
		/usr/lib/python3/dist-packages/matplotlib:python3-matplotlib
	@qemu-tests/bench/bench $(if $(KERNELS),--kernels "$(KERNELS)") \
		$(if $(COMPARE),--compare "$(COMPARE)")

lint: ## W=1, sparse, checkpatch, shellcheck, pyflakes: no warning allowed
	@qemu-tests/lint

modules: ## mdev.ko and mvgpu.ko for the kernel that runs here (KDIR, MDEV)
modules_install: ## install them under updates/, as root
modules_install: | $(filter modules,$(MAKECMDGOALS))
modules modules_install:
	@test -d "$(KDIR)" || { echo "no kernel build folder $(KDIR):" \
		"install linux-headers-$$(uname -r), or name another by KDIR=" >&2; exit 1; }
	$(MAKE) -C "$(KDIR)" M="$(CURDIR)" $@

mvgpu-server: ## the vfio-user server for this machine, in build/vfio-user/
	$(MAKE) -C vfio-user

clean: ## removes build/; the lab's cache stays
	@rm -rf build

distclean: clean ## removes the lab's cache too
	@$(LAB) drop

##
## Variables: KERNEL=7.2 or 6.12 (for check and bench: KERNELS="7.2 6.12"; for
## check-debug: KERNELS="debug objects kcsan"),
## TYPE=mvgpu-bochs-16m, -64m or -256m, MODE=1280x720, TEXT="a line", SEED=a number,
## TRANSPORT=vfio-user for the device from a process, without a module,
## T="names of tests", COMPARE=an earlier result of bench,
## MDEV=kernel for mvgpu.ko alone, as a driver of the kernel's own mdev.ko,
## ACCEL=kvm or tcg (how the host VM runs; by default what works here).
## The cache is in $XDG_CACHE_HOME/mvgpu or ~/.cache/mvgpu.
