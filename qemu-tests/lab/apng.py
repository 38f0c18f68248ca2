# SPDX-License-Identifier: GPL-2.0-only
"""Animated PNG (W3C, PNG third edition): pictures of one size, one after the other, for ever."""

import os
import struct
import zlib

DELAY_MS = 150


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


def _side_by_side(left, right):
    """Two pictures (width, height, bytes of RGB) of one height as one."""
    height = left[1]
    one, two = 3 * left[0], 3 * right[0]
    return left[0] + right[0], height, b"".join(
        left[2][y * one:(y + 1) * one] + right[2][y * two:(y + 1) * two] for y in range(height))


def save_pair(folder, pairs):
    """What two guests showed, as pairs of such pictures: each one's last, and all as an animation.

    Returns the names of the files.
    """
    wide = [_side_by_side(*pair) for pair in pairs]
    files = {f"guest-{name}.png": [picture] for name, picture in zip(("one", "two"), pairs[-1])}
    files["two-guests.png"] = wide
    for name, pictures in files.items():
        with open(os.path.join(folder, name), "wb") as out:
            out.write(encode(*pictures[0][:2], [rgb for _, _, rgb in pictures], DELAY_MS))
    return list(files)
