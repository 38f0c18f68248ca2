# SPDX-License-Identifier: GPL-2.0-only
"""`make demo`: everything from an empty machine to guests' pictures."""

import glob
import json
import os
import random
import re
import shutil
import time

import apng
import build
import rootfs
import vm
from common import BUILD, CHECKOUT, Fail, say
from steps import table

SECONDS = 300
TYPE = "mvgpu-bochs-64m"
MODE = "1024x768"


def check(args):
    """Refuses what cannot work before anything is made or booted."""
    if not re.fullmatch(r"[1-9]\d{1,4}x[1-9]\d{1,4}", args.mode):
        raise Fail(f"MODE={args.mode}: not WIDTHxHEIGHT", 2)
    if not re.fullmatch(r"[\w.-]+", args.type):
        raise Fail(f"TYPE={args.type}: not the name of a type", 2)
    if "-native-" in args.type:
        raise Fail(f"TYPE={args.type}: a stock kernel has no driver for it; take a bochs type", 2)
    if not re.fullmatch(r"\d{1,19}", args.seed):
        raise Fail(f"SEED={args.seed}: not a number", 2)
    if len(args.text) > 200 or not args.text.isprintable():
        raise Fail("TEXT: one line of at most 200 characters", 2)


def _timed(steps, what, action):
    begun = time.monotonic()
    say(f"{what} ...")
    result = action()
    steps.append((what, time.monotonic() - begun))
    return result


def _ppm(path):
    with open(path, "rb") as content:
        data = content.read()
    header = re.match(rb"P6\n(\d+) (\d+)\n255\n", data)
    return int(header[1]), int(header[2]), data[header.end():]


def _pictures(machine):
    """Makes the pictures of what came out of the VM, in build/demo/: their names."""
    folder = os.path.join(BUILD, "demo")
    os.makedirs(folder, exist_ok=True)
    shutil.copyfile(os.path.join(machine.out, "screen.png"), os.path.join(folder, "screen.png"))
    shots = (sorted(glob.glob(os.path.join(machine.out, f"guest-{name}-*.ppm")))
             for name in ("one", "two"))
    names = apng.save_pair(folder, [tuple(map(_ppm, pair)) for pair in zip(*shots)])
    return "\n".join(os.path.relpath(os.path.join(folder, name), CHECKOUT)
                     for name in ["screen.png", *names])


def run(args):
    args.type = args.type or TYPE
    args.mode = args.mode or MODE
    args.seed = args.seed or str(random.randrange(1 << 32))
    args.text = args.text or f"mvgpu {args.type} {args.mode}"
    check(args)
    steps = []
    root = _timed(steps, "rootfs ready", rootfs.ensure)
    _timed(steps, f"built for {root.release(args.kernel)}",
           lambda: build.everything(root, args.kernel))
    machine = vm.Machine(series=args.kernel, name="demo", timeout=SECONDS,
                         command=["qemu-tests/lab/demo-in-vm", args.type, args.mode, args.text,
                                  args.seed])
    begun = time.monotonic()
    say("host VM ...")
    status = vm.run(root, machine)
    took = time.monotonic() - begun
    if status:
        raise Fail(f"the demo failed (status {status}); logs: "
                   f"{os.path.relpath(machine.out, CHECKOUT)}/", status)
    with open(os.path.join(machine.out, "result.json"), encoding="utf-8") as content:
        result = json.load(content)
    inside = sum(seconds for _, seconds in result["steps"])
    steps += [("host VM booted and powered off", took - inside), *result["steps"]]
    table(steps, {"type": args.type, "seed": args.seed, **result["facts"],
                  "pictures": _pictures(machine)})
    return 0
