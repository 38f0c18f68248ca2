# SPDX-License-Identifier: GPL-2.0-only
"""Boots a host VM, runs one command in it, and hands back its exit status."""

import contextlib
import io
import os
import re
import selectors
import shlex
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, field

import accel
import build
import initramfs
import sandbox
from common import BUILD, CHECKOUT, Fail, locked, one_of_few, started, tail

NO_STATUS = 125
TIMEOUT = 124
KERNEL_ARGS = "console=ttyS0 loglevel=5 panic=-1 oops=panic tsc=reliable"
TSC_KHZ = "bin/tsc-khz"


@dataclass
class Machine:
    """What `lab run` can say about the host VM."""

    series: str
    name: str
    smp: int = 2
    mem: int = 3072
    timeout: int = 240
    icount: bool = False
    append: str = ""
    quiet: bool = False
    command: list = field(default_factory=list)

    @property
    def out(self):
        return os.path.join(BUILD, "run", f"{self.name}-{self.series}")

    @property
    def console(self):
        return os.path.join(self.out, "console.log")


def _kernel_args(machine, acceleration):
    """The kernel's command line."""
    args = [KERNEL_ARGS]
    # Counted instructions are the time stamp counter, and KVM tells its guest.
    if acceleration is accel.TCG and not machine.icount:
        khz = subprocess.run([os.path.join(build.output(machine.series), TSC_KHZ)], check=True,
                             capture_output=True, text=True, timeout=60).stdout.strip()
        args.append(f"tsc_early_khz={khz}")
    return " ".join([*args, machine.append]).strip()


def qemu(rootfs, machine, kernel, initrd, acceleration, ports):
    """QEMU's arguments; `ports` maps a port's name to a file descriptor."""
    smp = machine.smp
    if machine.icount:
        smp = 1
        timing = ["-accel", "tcg", "-icount", "shift=0,sleep=off", "-rtc", "clock=vm"]
    else:
        timing = ["-accel", acceleration.accel]
    args = ["qemu-system-x86_64", "-nodefaults", "-no-user-config", "-display", "none",
            "-no-reboot", "-M", "q35", *timing, "-cpu", acceleration.cpu,
            "-smp", str(smp), "-m", str(machine.mem),
            "-kernel", kernel, "-initrd", initrd,
            "-append", _kernel_args(machine, acceleration),
            "-serial", "file:" + machine.console,
            "-drive", f"file={rootfs.image},format=raw,if=none,id=root,snapshot=on,cache=unsafe",
            "-device", "virtio-blk-pci,drive=root",
            "-fsdev", f"local,id=mvgpu,path={CHECKOUT},security_model=none,readonly=on,"
                      "multidevs=remap",
            "-device", "virtio-9p-pci,fsdev=mvgpu,mount_tag=mvgpu",
            "-fsdev", f"local,id=out,path={machine.out},security_model=none,multidevs=remap",
            "-device", "virtio-9p-pci,fsdev=out,mount_tag=out",
            "-device", "virtio-serial-pci"]
    for number, (name, descriptor) in enumerate(ports.items(), 1):
        args += ["-add-fd", f"fd={descriptor},set={number}",
                 "-chardev", f"file,id={name},path=/dev/fdset/{number},append=on",
                 "-device", f"virtserialport,chardev={name},name=mvgpu.{name}"]
    return args


def _command_file(rootfs, machine):
    """The script that vm-init runs: a file, so that no length or quoting matters."""
    guest = rootfs.release(build.guest_series(machine.series))
    lines = [f"export KERNEL={machine.series} B=/mvgpu/build/{machine.series} "
             f"GUEST_RELEASE={guest}"]
    script, *arguments = machine.command
    lines.append(shlex.join(["exec", os.path.join("/mvgpu", script), *arguments]))
    with open(os.path.join(machine.out, "command"), "w", encoding="utf-8") as out:
        out.write("\n".join(lines) + "\n")


def _stream(process, pipes, deadline, output):
    """Passes the VM's output on until QEMU ends; returns what came on the status port."""
    sinks = {"stdout": output, "stderr": sys.stderr.buffer}
    status = b""
    with selectors.DefaultSelector() as selector:
        for name, descriptor in pipes.items():
            selector.register(descriptor, selectors.EVENT_READ, name)
        while selector.get_map():
            left = deadline - time.monotonic()
            if left <= 0:
                raise subprocess.TimeoutExpired("qemu", 0)
            for ready, _ in selector.select(left):
                chunk = os.read(ready.fd, 65536)
                if not chunk:
                    selector.unregister(ready.fd)
                elif ready.data == "status":
                    status += chunk
                else:
                    sinks[ready.data].write(chunk)
                    sinks[ready.data].flush()
    process.wait(max(1, deadline - time.monotonic()))
    return status.decode(errors="replace")


@contextlib.contextmanager
def _pipes(names):
    """Pipes for the VM's ports: (ends that we read, ends that QEMU writes)."""
    pairs = {name: os.pipe() for name in names}
    reading = {name: pair[0] for name, pair in pairs.items()}
    writing = {name: pair[1] for name, pair in pairs.items()}
    try:
        yield reading, writing
    finally:
        for descriptor in [*reading.values(), *writing.values()]:
            os.close(descriptor)


def _report(machine, reason):
    """The reason and the tails of the logs, on stderr."""
    if machine.quiet:
        return
    print(f"lab: {machine.name}@{machine.series}: {reason}", file=sys.stderr)
    for path in (machine.console, os.path.join(machine.out, "qemu.log")):
        lines = [line for line in tail(path) if "TCG doesn't support" not in line]
        if lines:
            print(f"--- {os.path.relpath(path, CHECKOUT)}", *lines, sep="\n", file=sys.stderr)


def _boot(rootfs, machine, initrd, acceleration, output):
    log = os.path.join(machine.out, "qemu.log")
    deadline = time.monotonic() + machine.timeout
    with _pipes(("stdout", "stderr", "status")) as (reading, writing), \
            open(log, "wb") as errors:
        argv = sandbox.command(
            rootfs.tree, qemu(rootfs, machine, rootfs.kernel(machine.series), initrd,
                              acceleration, writing),
            readable=[rootfs.path, *rootfs.kernel_paths(), CHECKOUT], writable=[machine.out],
            environment={"TMPDIR": machine.out})
        with started(argv, stdout=errors, stderr=errors,
                     pass_fds=list(writing.values())) as process:
            for name, descriptor in list(writing.items()):
                os.close(descriptor)
                writing.pop(name)
            try:
                return _stream(process, reading, deadline, output)
            except subprocess.TimeoutExpired:
                return None
            except Fail as failure:
                _report(machine, str(failure))
                raise


def _emulator_failed(machine):
    """Whether the VM died of a fault of QEMU's that hits one boot in many.

    When the kernel switches a static key it puts breakpoints into its code for a
    moment.  TCG with several processors at times runs one of them that is no
    longer there, and the kernel, which has forgotten it, panics.
    """
    with open(machine.console, "rb") as content:
        return b"Oops: int3:" in content.read()


def _boot_surely(rootfs, machine, initrd, acceleration):
    """Boots, and once more after a fault of the emulator; only that run's output counts."""
    output = io.BytesIO()
    answer = _boot(rootfs, machine, initrd, acceleration, output)
    if answer == "" and acceleration is accel.TCG and _emulator_failed(machine):
        _report(machine, "the emulator ran a breakpoint that was gone; once more")
        output = io.BytesIO()
        answer = _boot(rootfs, machine, initrd, acceleration, output)
    sys.stdout.buffer.write(output.getvalue())
    sys.stdout.buffer.flush()
    return answer


def _kvm_works(rootfs, series):
    """Whether a VM run by KVM has a KVM inside that runs a guest."""
    probe = Machine(series=series, name="kvm-probe", timeout=accel.PROBE_SECONDS, quiet=True,
                    command=["qemu-tests/lab/kvm-probe"])
    return run(rootfs, probe, accel.KVM) == 0


def run(rootfs, machine, acceleration=None):
    """Runs the machine's command in a VM; the exit status as the contract has it."""
    if machine.icount:
        acceleration = accel.TCG
    elif not acceleration:
        stock = build.guest_series(machine.series)
        acceleration = accel.choose(lambda: _kvm_works(rootfs, stock))
    script = os.path.join(CHECKOUT, machine.command[0])
    if not os.access(script, os.X_OK):
        raise Fail(f"{machine.command[0]}: no such script, or not executable")
    with locked(machine.out + ".lock", wait=machine.timeout, what="a run of the same name"), \
            rootfs.in_use(), one_of_few(os.cpu_count() or 1):
        shutil.rmtree(machine.out, ignore_errors=True)
        os.makedirs(machine.out)
        _command_file(rootfs, machine)
        initrd = initramfs.host(rootfs, machine.series, build.output(machine.series))
        begun = time.monotonic()
        answer = _boot_surely(rootfs, machine, initrd, acceleration)
    if answer is None:
        _report(machine, f"no end within {machine.timeout} s")
        return TIMEOUT
    found = re.fullmatch(r"exit (\d+)\n", answer)
    if not found:
        _report(machine, f"the VM ended after {time.monotonic() - begun:.0f} s without a status")
        return NO_STATUS
    return int(found[1])

