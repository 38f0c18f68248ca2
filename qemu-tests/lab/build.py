# SPDX-License-Identifier: GPL-2.0-only
"""Builds modules, test programs and the guest's initramfs for one kernel."""

import contextlib
import glob
import os
import shutil
import subprocess
import sys
import time

import initramfs
import sandbox
from common import BUILD, CHECKOUT, Fail, kernels, lines_of, locked, started

MODULE_FOLDERS = ("core", "uapi", "vendor-mvgpu", "guest", "qemu-tests/modules")
SECONDS = 400


def output(series):
    return os.path.join(BUILD, series)


def guest_series(series):
    """The kernel of the nested guests: a stock one, with a stock display driver."""
    return series if series in kernels() else kernels()[-1]


def _sources(module_folders):
    yield "Kbuild"
    for folder in module_folders:
        for path, folders, names in os.walk(os.path.join(CHECKOUT, folder)):
            folders.sort()
            for name in sorted(names):
                if name.endswith((".c", ".h", ".S")) or name in ("Kbuild", "Makefile"):
                    yield os.path.relpath(os.path.join(path, name), CHECKOUT)


def _copy_sources(target, module_folders=MODULE_FOLDERS):
    """Brings a copy of the sources up to date: kbuild writes beside its sources.

    Files keep their times, so that make rebuilds what changed; files that are
    gone from the checkout go from the copy.
    """
    wanted = set()
    for name in _sources(module_folders):
        source, copy = os.path.join(CHECKOUT, name), os.path.join(target, name)
        if not os.path.exists(source):
            continue
        wanted.add(name)
        os.makedirs(os.path.dirname(copy), exist_ok=True)
        if not os.path.exists(copy) or \
                os.stat(copy).st_mtime_ns != os.stat(source).st_mtime_ns:
            shutil.copy2(source, copy)
    for path, _, names in os.walk(target):
        for name in names:
            relative = os.path.relpath(os.path.join(path, name), target)
            if name.endswith((".c", ".h", ".S")) and not name.endswith(".mod.c") \
                    and relative not in wanted:
                os.remove(os.path.join(path, name))


def _make(rootfs, what, argv, prefix=""):
    """Runs make in the rootfs; its output goes on with paths of the checkout."""
    command = sandbox.command(rootfs.tree, argv, writable=[CHECKOUT], chdir=CHECKOUT,
                              readable=rootfs.kernel_paths())
    deadline = time.monotonic() + SECONDS
    with started(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        for line in lines_of(process, process.stdout, deadline):
            if prefix:
                line = line.replace(prefix, "")
            print(line, file=sys.stderr, flush=True)
        if process.wait():
            raise Fail(f"{what} failed")


def kernel_make(rootfs, series, folder, *arguments):
    """make, as the kernel's own build of external modules in `folder`."""
    return ["make", "--no-print-directory", "-j2", "-C", rootfs.headers(series), "M=" + folder,
            *arguments]


def modules(rootfs, series, *arguments):
    """Compiles every module of the checkout into build/<series>/."""
    target = os.path.join(output(series), "src")
    if not os.path.exists(os.path.join(CHECKOUT, "Kbuild")):
        return
    _copy_sources(target)
    tests = os.path.exists(os.path.join(target, "qemu-tests/modules/Kbuild"))
    _make(rootfs, f"building the modules for {series}",
          kernel_make(rootfs, series, target, "modules", "MVGPU_TESTS=" + "m" * tests,
                      *arguments), prefix=target + "/")
    built = glob.glob(os.path.join(target, "**", "*.ko"), recursive=True)
    for path in built:
        _install(path, os.path.join(output(series), os.path.basename(path)))


def _variant(rootfs, series, name, folders, module, *arguments):
    """Compiles one module a second time, in another way, into build/<series>/<name>/.

    `folders` are what it needs of the checkout; `module` is its path there.
    """
    folder = os.path.join(output(series), name)
    target = os.path.join(folder, "src")
    if not os.path.exists(os.path.join(CHECKOUT, os.path.dirname(module), "Kbuild")):
        return
    _copy_sources(target, folders)
    _make(rootfs, f"building the variant {name} for {series}",
          kernel_make(rootfs, series, os.path.join(target, os.path.dirname(module)), "modules",
                      *arguments), prefix=target + "/")
    _install(os.path.join(target, module), os.path.join(folder, os.path.basename(module)))


def variants(rootfs, series):
    """mdev.ko with its points for tests, mvgpu.ko for the kernel's own mdev.ko."""
    _variant(rootfs, series, "test", ["core"], "core/mdev.ko", "MDEV_TEST=1")
    _variant(rootfs, series, "kernel-mdev", ["uapi", "vendor-mvgpu"], "vendor-mvgpu/mvgpu.ko",
             "MDEV=kernel")


def guest_driver(rootfs, series):
    """mvgpu_raw.ko alone, for a guest whose host needs no module."""
    _variant(rootfs, series, "guest", ["uapi", "guest"], "guest/mvgpu_raw.ko")
    name = os.path.join(output(series), "guest", "mvgpu_raw.ko")
    _install(name, os.path.join(output(series), os.path.basename(name)))


def _install(source, target):
    """Copies beside and renames: a VM that reads the old file keeps it."""
    if os.path.exists(target) and os.stat(target).st_mtime_ns == os.stat(source).st_mtime_ns:
        return
    shutil.copy2(source, target + ".new")
    os.rename(target + ".new", target)


def programs(rootfs, series):
    """Compiles the test programs, statically, into build/<series>/bin/."""
    _make(rootfs, "building the test programs",
          ["make", "--no-print-directory", "-j2", "-C", os.path.join(CHECKOUT, "qemu-tests"),
           "O=" + output(series)])


def _own_modules(rootfs, series):
    """The modules of a kernel that the host VM's disk does not have, where vm-init looks."""
    if series not in rootfs.instrumented:
        return
    folder = os.path.join(output(series), "modules")
    target = os.path.join(folder, rootfs.release(series))
    stamp = os.path.join(folder, "path")
    with contextlib.suppress(OSError), open(stamp, encoding="utf-8") as content:
        if content.read() == rootfs.modules(series):
            return
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(rootfs.modules(series), target, symlinks=True)
    with open(stamp, "w", encoding="utf-8") as content:
        content.write(rootfs.modules(series))


def everything(rootfs, series):
    os.makedirs(output(series), exist_ok=True)
    with locked(os.path.join(output(series), ".lock"), what="another build"), rootfs.in_use():
        modules(rootfs, series)
        variants(rootfs, series)
        programs(rootfs, series)
        initramfs.guest(rootfs, guest_series(series), output(series))
        _own_modules(rootfs, series)
