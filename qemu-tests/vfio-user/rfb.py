# SPDX-License-Identifier: GPL-2.0-only
"""As much of a VNC viewer (RFC 6143) as it takes to see a picture."""

import contextlib
import socket
import struct

SECONDS = 60
RAW = 0


class Viewer:
    """A connection to a VNC server without a password."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), SECONDS)
        self.stream = self.socket.makefile("rb")
        self._read(12)
        self.socket.sendall(b"RFB 003.008\n")
        kinds = self._read(self._read(1)[0])
        if 1 not in kinds:
            raise RuntimeError(f"the server wants a password: {kinds}")
        self.socket.sendall(b"\x01")
        if self._number(">I"):
            raise RuntimeError("the server does not let us in")
        self.socket.sendall(b"\x01")
        self.width, self.height = struct.unpack(">HH", self._read(4))
        self._read(16)
        self.name = self._read(self._number(">I")).decode()
        # 32 bits a pixel, little endian: XRGB8888
        self.socket.sendall(struct.pack(">BxxxBBBBHHHBBBxxx", 0, 32, 24, 0, 1, 255, 255, 255,
                                        16, 8, 0))
        self.socket.sendall(struct.pack(">BxHi", 2, 1, RAW))

    def _read(self, count):
        data = self.stream.read(count)
        if len(data) != count:
            raise RuntimeError("the server has closed the connection")
        return data

    def _number(self, kind):
        return struct.unpack(kind, self._read(struct.calcsize(kind)))[0]

    def screen(self):
        """The whole screen: (width, height, bytes of RGB)."""
        self.socket.sendall(struct.pack(">BBHHHH", 3, 0, 0, 0, self.width, self.height))
        if self._number(">B"):
            raise RuntimeError("not an update")
        self._read(1)
        pixels = bytearray(4 * self.width * self.height)
        for _ in range(self._number(">H")):
            left, top, width, height, encoding = struct.unpack(">HHHHi", self._read(12))
            if encoding != RAW:
                raise RuntimeError(f"encoding {encoding}, which was not asked for")
            for y in range(top, top + height):
                at = 4 * (y * self.width + left)
                pixels[at:at + 4 * width] = self._read(4 * width)
        rgb = bytearray(3 * self.width * self.height)
        for to, source in ((0, 2), (1, 1), (2, 0)):
            rgb[to::3] = pixels[source::4]
        return self.width, self.height, bytes(rgb)

    def close(self):
        with contextlib.suppress(OSError):
            self.stream.close()
            self.socket.close()
