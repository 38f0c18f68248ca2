# SPDX-License-Identifier: GPL-2.0-only
"""Looks for text on a screen without knowing the font.

A line of text on a screen of fixed cells is a cryptogram: equal characters are
equal cells, different ones differ, and blanks are of one colour.  For a text of
some length that is proof enough, whatever the firmware's glyphs look like.
"""

CELL_WIDTH = 8


def _cell(screen, x, y, height):
    width, _, rgb = screen
    start = (y * width + x) * 3
    return b"".join(rgb[at:at + 3 * CELL_WIDTH]
                    for at in range(start, start + height * width * 3, width * 3))


def _line(screen, left, top, height):
    """The cells from `left` to the right edge; None for a blank one."""
    cells = []
    for x in range(left, screen[0] - CELL_WIDTH + 1, CELL_WIDTH):
        cell = _cell(screen, x, top, height)
        cells.append(None if cell == cell[:3] * (len(cell) // 3) else cell)
    return cells


def _reads(cells, text):
    """Whether cells can stand for the text: one glyph a character, and the other way round."""
    glyph, character = {" ": None}, {None: " "}
    return all(glyph.setdefault(c, cell) == cell and character.setdefault(cell, c) == c
               for cell, c in zip(cells, text))


def shows(screen, text, height, left=0, top=0):
    """Whether a (width, height, rgb) screen has the text in a grid of cells from (left, top)."""
    for y in range(top, screen[1] - height + 1, height):
        cells = _line(screen, left, y, height)
        for at in range(len(cells) - len(text) + 1):
            if _reads(cells[at:at + len(text)], text):
                return True
    return False


def differing(a, b):
    """How many pixels of two screens of one size are not the same."""
    return sum(a[2][i:i + 3] != b[2][i:i + 3] for i in range(0, len(a[2]), 3))
