# SPDX-License-Identifier: GPL-2.0-only
"""Animated PNG (W3C, PNG third edition): pictures of one size, one after the other, for ever."""

import struct
import zlib


def _chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _packed(width, rgb):
    """The picture's lines, none of them filtered."""
    stride = 3 * width
    return zlib.compress(b"".join(b"\0" + rgb[at:at + stride]
                                  for at in range(0, len(rgb), stride)))


def encode(width, height, frames, delay_ms):
    """The file's content; `frames` are bytes of RGB."""
    parts = [b"\x89PNG\r\n\x1a\n", _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2,
                                                               0, 0, 0)),
             _chunk(b"acTL", struct.pack(">II", len(frames), 0))]
    number = 0
    for rgb in frames:
        parts.append(_chunk(b"fcTL", struct.pack(">IIIIIHHBB", number, width, height, 0, 0,
                                                 delay_ms, 1000, 0, 0)))
        # A program that knows no animations shows the first picture.
        if number == 0:
            parts.append(_chunk(b"IDAT", _packed(width, rgb)))
            number = 1
        else:
            parts.append(_chunk(b"fdAT", struct.pack(">I", number + 1) + _packed(width, rgb)))
            number += 2
    return b"".join([*parts, _chunk(b"IEND", b"")])


def side_by_side(left, right):
    """Two pictures (width, height, bytes of RGB) of one height as one."""
    height = left[1]
    one, two = 3 * left[0], 3 * right[0]
    return left[0] + right[0], height, b"".join(
        left[2][y * one:(y + 1) * one] + right[2][y * two:(y + 1) * two] for y in range(height))
