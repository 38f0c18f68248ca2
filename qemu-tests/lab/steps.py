# SPDX-License-Identifier: GPL-2.0-only
"""The steps of a demo: timed, said as they end, and listed in a table with what has been found."""

import contextlib
import time

WIDTH = 74


class Steps:
    """Times the steps, and says each as it ends."""

    def __init__(self):
        self.done = []
        self.facts = {}

    @contextlib.contextmanager
    def step(self, what):
        begun = time.monotonic()
        yield
        took = time.monotonic() - begun
        self.done.append((what, took))
        print(f"  {took:5.1f} s  {what}", flush=True)


def table(steps, facts):
    """Prints steps, pairs of text and seconds, and facts, text by name."""
    print("-" * WIDTH)
    for what, took in steps:
        print(f"{took:7.1f} s  {what}")
    print("-" * WIDTH)
    width = max(map(len, facts))
    for name, value in facts.items():
        for line in value.splitlines():
            print(f"{name:{width}}  {line}")
            name = ""
    print("-" * WIDTH, flush=True)
