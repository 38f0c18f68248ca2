# SPDX-License-Identifier: GPL-2.0-only
"""Writes initramfs archives (the "newc" cpio format of the kernel)."""

import os
import stat


class Archive:
    """Collects entries; folders on the way to an entry are made by themselves."""

    def __init__(self):
        self._entries = {}

    def _folders(self, name):
        parent = os.path.dirname(name)
        if parent and parent not in self._entries:
            self._folders(parent)
            self._entries[parent] = (stat.S_IFDIR | 0o755, b"")

    def folder(self, name):
        self._folders(os.path.join(name, "."))

    def file(self, name, data, mode=0o644):
        self._folders(name)
        self._entries[name] = (stat.S_IFREG | mode, data)

    def copy(self, name, path, mode=None):
        with open(path, "rb") as content:
            self.file(name, content.read(), mode or os.stat(path).st_mode & 0o777)

    def symlink(self, name, target):
        self._folders(name)
        self._entries[name] = (stat.S_IFLNK | 0o777, target.encode())

    def write(self, path):
        """Writes beside `path` and renames, so that no reader sees a part."""
        partial = f"{path}.{os.getpid()}"
        with open(partial, "wb") as out:
            number = 0
            for number, (name, (mode, data)) in enumerate(self._entries.items(), 1):
                out.write(_record(number, name, mode, data))
            out.write(_record(number + 1, "TRAILER!!!", 0, b""))
        os.rename(partial, path)


def _record(number, name, mode, data):
    name = name.encode() + b"\0"
    fields = (number, mode, 0, 0, 2 if stat.S_ISDIR(mode) else 1, 0, len(data),
              0, 0, 0, 0, len(name), 0)
    header = b"070701" + b"".join(b"%08X" % field for field in fields)
    return _padded(header + name) + _padded(data)


def _padded(data):
    return data + b"\0" * (-len(data) % 4)
