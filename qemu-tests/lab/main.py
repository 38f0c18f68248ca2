# SPDX-License-Identifier: GPL-2.0-only
"""The lab's command line; `lab --help` shows it, docs/lab.md explains it."""

import argparse
import os
import signal
import sys

import build
import demo
import instrumented
import rootfs
import sandbox
import source
import vm
from common import CHECKOUT, Fail, kernels, say


def _rootfs(series):
    """The rootfs, and in it the kernel of that name if it is not one of Debian's."""
    root = rootfs.ensure()
    if series in instrumented.NAMES:
        root.instrumented[series] = instrumented.ensure(root, series)
    return root


def setup(_):
    rootfs.ensure()
    return 0


def show_source(args):
    print(source.ensure(rootfs.ensure(), args.kernel))
    return 0


def build_kernel(args):
    for series in [args.kernel] if args.kernel else kernels():
        build.everything(_rootfs(series), series)
    return 0


def _command(args):
    command = args.command[1:] if args.command[:1] == ["--"] else args.command
    if not command:
        raise Fail(f"{args.verb}: no command named", 2)
    return command


def execute(args):
    """Replaces the lab by the command, in the sandbox."""
    argv = sandbox.command(rootfs.ensure().tree, _command(args), writable=[CHECKOUT],
                           chdir=CHECKOUT)
    os.execvp(argv[0], argv)


def run(args):
    command = _command(args)
    name = args.name or os.path.basename(command[0]).split(".")[0]
    machine = vm.Machine(series=args.kernel, name=name, smp=args.smp, mem=args.mem,
                         timeout=args.timeout, icount=args.icount, append=args.append,
                         command=command)
    return vm.run(_rootfs(args.kernel), machine)


def parser():
    every = [*kernels(), *instrumented.NAMES]
    top = argparse.ArgumentParser(prog="lab", description="Makes and runs the test VMs.")
    verbs = top.add_subparsers(dest="verb", required=True)
    verb = verbs.add_parser("setup", help="make the rootfs, or find it in the cache")
    verb.set_defaults(action=setup)
    verb = verbs.add_parser("build", help="build modules, test programs, guest initramfs")
    verb.add_argument("kernel", nargs="?", choices=every)
    verb.set_defaults(action=build_kernel)
    verb = verbs.add_parser("source", help="fetch parts of the kernel's source, say where")
    verb.add_argument("kernel", choices=kernels())
    verb.set_defaults(action=show_source)
    verb = verbs.add_parser("exec", help="run a command of the rootfs on this machine")
    verb.add_argument("command", nargs=argparse.REMAINDER, help="-- COMMAND [ARGUMENT...]")
    verb.set_defaults(action=execute)
    verb = verbs.add_parser("run", help="run a script of the checkout in a host VM")
    verb.add_argument("--kernel", choices=every, default=kernels()[-1])
    verb.add_argument("--smp", type=int, default=vm.Machine.smp)
    verb.add_argument("--mem", type=int, default=vm.Machine.mem, metavar="MB")
    verb.add_argument("--timeout", type=int, default=vm.Machine.timeout, metavar="SECONDS")
    verb.add_argument("--icount", action="store_true", help="count instructions: TCG, one CPU")
    verb.add_argument("--name", help="names the folder build/run/NAME-KERNEL")
    verb.add_argument("--append", default="", help="more arguments for the kernel")
    verb.add_argument("command", nargs=argparse.REMAINDER, help="-- SCRIPT [ARGUMENT...]")
    verb.set_defaults(action=run)
    verb = verbs.add_parser("demo", help="a guest's picture through a vGPU")
    verb.add_argument("--kernel", choices=kernels(), default=kernels()[-1])
    verb.add_argument("--type", help=f"of the vGPU ({demo.TYPE})")
    verb.add_argument("--mode", metavar="WIDTHxHEIGHT", help=f"of the picture ({demo.MODE})")
    verb.add_argument("--text", help="what the guest writes in its picture")
    verb.add_argument("--seed", help="what the picture's noise depends on (a random number)")
    verb.set_defaults(action=demo.run)
    verb = verbs.add_parser("drop", help="remove the cache")
    verb.set_defaults(action=drop)
    return top


def drop(_):
    rootfs.drop()
    return 0


def terminated(*_):
    raise Fail("told to end (SIGTERM)", 143)


def main():
    args = parser().parse_args()
    signal.signal(signal.SIGTERM, terminated)
    try:
        return args.action(args)
    except Fail as failure:
        say(f"lab: {failure}")
        return failure.status
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
