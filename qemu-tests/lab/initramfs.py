# SPDX-License-Identifier: GPL-2.0-only
"""The two initramfs archives: the host VM's, and the nested guest's.

Both consist of a static busybox, stock modules of the kernel they boot with,
and an init script.
"""

import gzip
import lzma
import os
import re
import subprocess

import sandbox
from common import CHECKOUT, LAB, Fail, hash_files
from cpio import Archive

# ext4 asks for a crc32c by its crypto name, which 6.12 has as a module.
HOST_MODULES = ("crc32c_generic", "virtio_blk", "ext4", "9pnet_virtio", "9p")
GUEST_MODULES = ("bochs",)
GUEST_APPLETS = ("sh", "mount", "modprobe", "insmod", "rmmod", "lsmod", "stty", "cat", "grep", "ls",
                 "echo", "uname", "sleep", "kill", "killall", "dmesg", "poweroff", "head", "tail",
                 "dd", "hexdump", "od", "cmp", "sed", "awk", "devmem", "chmod", "mkdir", "ln",
                 "readlink", "basename", "dirname", "free", "ps", "true", "false", "test", "[")
FONT = "usr/share/consolefonts/Unifont-APL8x16.psf.gz"
GUEST = os.path.join(CHECKOUT, "qemu-tests", "guest")


class Modules:
    """The stock modules of one kernel, with what they depend on."""

    def __init__(self, folder):
        self.folder = folder
        self.release = os.path.basename(folder)
        self.needs = {}
        self.path = {}
        with open(os.path.join(folder, "modules.dep"), encoding="utf-8") as lines:
            for line in lines:
                path, _, needs = line.partition(":")
                name = _module_name(path)
                self.path[name] = path
                self.needs[name] = [_module_name(need) for need in needs.split()]

    def closure(self, names):
        """The modules and their dependencies, in an order in which they load.

        Names that are not modules are built into the kernel.
        """
        order = []
        for name in names:
            for need in [*reversed(self.needs.get(name, [])), name]:
                if need in self.path and need not in order:
                    order.append(need)
        return order

    def content(self, name):
        path = os.path.join(self.folder, self.path[name])
        with open(path, "rb") as packed:
            data = packed.read()
        return lzma.decompress(data) if path.endswith(".xz") else data

    def install(self, archive, names):
        """Puts modules where modprobe looks, unpacked, with its tables for them."""
        target = "lib/modules/" + self.release
        dependencies = []
        for name in names:
            archive.file(f"{target}/{name}.ko", self.content(name))
            needs = " ".join(need + ".ko" for need in self.needs[name])
            dependencies.append(f"{name}.ko: {needs}".rstrip() + "\n")
        with open(os.path.join(self.folder, "modules.alias"), encoding="utf-8") as lines:
            aliases = [line for line in lines if line.split()[-1] in names]
        archive.file(target + "/modules.dep", "".join(dependencies).encode())
        archive.file(target + "/modules.alias", "".join(aliases).encode())


def _module_name(path):
    return os.path.basename(path).split(".")[0].replace("-", "_")


def _busybox(archive, tree, applets):
    archive.copy("bin/busybox", os.path.join(tree, "usr/bin/busybox"), 0o755)
    for name in applets:
        archive.symlink("bin/" + name, "busybox")
    for name in ("dev", "proc", "sys", "tmp", "root"):
        archive.folder(name)


def _write_once(path, sources, fill):
    """Makes the archive unless it was made from the same sources."""
    key, stamp = hash_files(sources), path + ".key"
    if os.path.exists(path) and os.path.exists(stamp):
        with open(stamp, encoding="utf-8") as content:
            if content.read() == key:
                return path
    os.makedirs(os.path.dirname(path), exist_ok=True)
    archive = Archive()
    fill(archive)
    archive.write(path)
    with open(stamp, "w", encoding="utf-8") as content:
        content.write(key)
    return path


def host(rootfs, series, output):
    """Boots the disk image and goes on with vm-init from the checkout."""
    modules = Modules(rootfs.modules(series))
    init = os.path.join(LAB, "host-init")

    def fill(archive):
        _busybox(archive, rootfs.tree, ("sh", "mount", "insmod", "switch_root", "mkdir"))
        archive.copy("init", init, 0o755)
        for number, name in enumerate(modules.closure(HOST_MODULES)):
            archive.file(f"modules/{number:02}-{name}.ko", modules.content(name))

    return _write_once(os.path.join(output, "host.cpio"),
                       [init, __file__, os.path.join(modules.folder, "modules.dep")], fill)


def _with_libraries(archive, rootfs, path):
    """A dynamic program of the rootfs, and what ldd says it needs."""
    listed = subprocess.run(sandbox.command(rootfs.tree, ["ldd", path]), capture_output=True,
                            stdin=subprocess.DEVNULL, text=True, timeout=60, check=False)
    if listed.returncode:
        raise Fail(f"ldd {path}: {listed.stderr.strip()}")
    archive.copy("bin/" + os.path.basename(path), rootfs.tree + path, 0o755)
    for library in re.findall(r"(/\S+) \(0x", listed.stdout):
        archive.copy(library.lstrip("/"), rootfs.tree + library, 0o755)


def guest(rootfs, series, output):
    """A stock kernel's drivers for what QEMU plugs in, and the test card."""
    modules = Modules(rootfs.modules(series))
    init, card = os.path.join(GUEST, "init"), os.path.join(output, "bin", "testcard")
    font = os.path.join(output, "font.psf")
    with gzip.open(os.path.join(rootfs.tree, FONT)) as packed, open(font, "wb") as unpacked:
        unpacked.write(packed.read())

    def fill(archive):
        _busybox(archive, rootfs.tree, GUEST_APPLETS)
        archive.copy("init", init, 0o755)
        archive.copy("bin/testcard", card, 0o755)
        archive.copy("font.psf", font)
        _with_libraries(archive, rootfs, "/usr/bin/lspci")
        archive.copy("usr/share/misc/pci.ids", os.path.join(rootfs.tree, "usr/share/misc/pci.ids"))
        modules.install(archive, modules.closure(GUEST_MODULES))

    return _write_once(os.path.join(output, "guest.cpio"),
                       [init, card, __file__, os.path.join(modules.folder, "modules.dep")], fill)
