# SPDX-License-Identifier: GPL-2.0-only
"""Kernels built to find mistakes, from Debian's source and the fragments in instrumented/.

Each is made once, by the compiler of the rootfs, and kept in the cache under a
name that its recipe and the version of the source decide.  From then on it is
a kernel of the rootfs like Debian's own.
"""

import contextlib
import glob
import os
import shutil
import tempfile

import sandbox
import source
from common import LAB, Fail, cache_dir, check_space, hash_files, locked, run, say

RECIPE = os.path.join(LAB, "instrumented")
# The same source as the newest of Debian's kernels in the rootfs.
SERIES = "7.2"
# What each adds to allnoconfig, later ones over earlier ones
FRAGMENTS = {
    "debug": ("base", "kasan", "debug"),
    "objects": ("base", "objects"),
    "kcsan": ("base", "kcsan"),
}
NAMES = tuple(FRAGMENTS)
NEEDED_MIB = 6000
SECONDS = 7200


class Kernel:
    """What the lab needs to know of a kernel: the same as of those in the rootfs."""

    def __init__(self, path):
        self.path = path
        self.image = os.path.join(path, "vmlinuz")
        self.modules = os.path.join(path, "modules")
        self.headers = os.path.join(path, "build")

    @property
    def release(self):
        with open(os.path.join(self.path, "release"), encoding="ascii") as content:
            return content.read().strip()


def _fragments(name):
    return [os.path.join(RECIPE, part + ".config") for part in FRAGMENTS[name]]


def _builder():
    return os.path.join(RECIPE, "build-kernel")


def _path(rootfs, name):
    key = hash_files([*_fragments(name), _builder()])
    version = source.version_of(rootfs, SERIES).replace("~", "-")
    return os.path.join(cache_dir(), f"kernel-{name}-{version}-{key}")


def _drop_old(name, keep):
    """Removes kernels of that name that nobody uses, and leftovers of broken runs."""
    for pattern in (f"kernel-{name}-*.lock", f"make-{name}-*"):
        for path in glob.glob(os.path.join(cache_dir(), pattern)):
            folder = path.removesuffix(".lock")
            if folder == keep:
                continue
            with contextlib.suppress(Fail), locked(folder + ".lock", wait=0):
                say(f"cache: dropping {os.path.basename(folder)}")
                shutil.rmtree(folder, ignore_errors=True)
                os.remove(folder + ".lock")


def _make(rootfs, name, folder):
    """Compiles in `folder`; returns what is to be kept of it."""
    tree, result = os.path.join(folder, "source"), os.path.join(folder, "result")
    os.mkdir(tree)
    os.mkdir(result)
    source.fetch(rootfs, SERIES, folder, tree)
    say(f"kernel {name}: compiling, which takes 6 minutes of two idle processors")
    argv = [_builder(), tree, result, *_fragments(name)]
    run(f"compiling the kernel {name}", sandbox.command(
        rootfs.tree, argv, readable=[RECIPE], writable=[folder], chdir=tree),
        os.path.join(cache_dir(), f"kernel-{name}.log"), SECONDS)
    return result


def ensure(rootfs, name):
    """The kernel of that name, compiled if the cache has none."""
    wanted = Kernel(_path(rootfs, name))
    if os.path.isdir(wanted.path):
        return wanted
    with locked(os.path.join(cache_dir(), "kernel.lock"), wait=SECONDS,
                what="another run that compiles a kernel"):
        if os.path.isdir(wanted.path):
            return wanted
        _drop_old(name, wanted.path)
        check_space(cache_dir(), NEEDED_MIB, "compiling a kernel")
        folder = tempfile.mkdtemp(prefix=f"make-{name}-", dir=cache_dir())
        try:
            os.rename(_make(rootfs, name, folder), wanted.path)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    say(f"kernel {name}: ready")
    return wanted
