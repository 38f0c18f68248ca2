# SPDX-License-Identifier: GPL-2.0-only
"""libvirt in the host VM: its daemons, virsh, and a guest that it starts.

There is no systemd here; what the daemons want of it is started by hand.
"""

import contextlib
import json
import os
import re
import socket
import subprocess
import time

from host import write
from nested import BUILD, KERNEL_ARGS, RELEASE, Gone, Guest, Timeout, Wire

HERE = os.path.dirname(os.path.abspath(__file__))
DAEMON_SECONDS = 120


def run(*argv, stdin=None):
    """A command that has to succeed: its standard output."""
    done = subprocess.run(argv, input=stdin, capture_output=True, text=True, timeout=240,
                          stdin=None if stdin else subprocess.DEVNULL, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(argv)}: {done.returncode}: {done.stderr.strip()}")
    return done.stdout


def refused(*argv):
    """A command that has to fail: what it says."""
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=240, check=False)
    if not done.returncode:
        raise AssertionError(f"{' '.join(argv)} succeeded: {done.stdout.strip()}")
    return done.stderr


def virsh(*arguments):
    return run("virsh", "-q", "-c", "qemu:///system", *arguments)


def wait_for(what, condition, seconds=DAEMON_SECONDS):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise Timeout(what)
        time.sleep(0.2)


def _answers():
    done = subprocess.run(["virsh", "-q", "-c", "qemu:///system", "uri"], check=False,
                          stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
    return done.returncode == 0


def start_udev():
    run("/usr/lib/systemd/systemd-udevd", "--daemon")
    run("udevadm", "trigger", "--action=add")
    run("udevadm", "settle")


def start_libvirt():
    """udev runs already.  Without LSM profiles, which this VM does not load."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        with contextlib.suppress(FileExistsError):
            os.symlink(f"/proc/self/fd/{number}", f"/dev/{name}")
    with open("/etc/libvirt/qemu.conf", "a", encoding="utf-8") as conf:
        conf.write('security_driver = "none"\n')
    run("virtlogd", "--daemon")
    run("libvirtd", "--daemon")
    wait_for("libvirtd", _answers)


def hostdev_xml(vgpu):
    """The file that has virsh plug in a vGPU: what the domain's own is like."""
    with open(os.path.join(HERE, "domain.xml"), encoding="utf-8") as template:
        found = re.search(r"<hostdev.*</hostdev>", template.read(), re.DOTALL)
    path = "/tmp/hostdev.xml"
    write(path, found[0].format(uuid=vgpu).replace(" display='on'", ""))
    return path


class Monitor:
    """QMP through libvirt."""

    def __init__(self, domain):
        self.domain = domain

    def __call__(self, command, **arguments):
        request = json.dumps({"execute": command, "arguments": arguments})
        answer = json.loads(virsh("qemu-monitor-command", self.domain, request))
        if "error" in answer:
            raise RuntimeError(f"{command}: {answer['error']['desc']}")
        return answer["return"]


class SocketWire(Wire):
    """A wire to a socket that QEMU listens on."""

    def __init__(self, what, path):
        self.what = what
        self.path = path
        self.ours = None
        self.pending = b""

    def connect(self):
        self.ours = socket.socket(socket.AF_UNIX)
        self.ours.connect(self.path)

    def close(self):
        if self.ours:
            self.ours.close()


class LibvirtGuest(Guest):
    """The lab's guest as a domain of libvirt's, with one vGPU."""

    def __init__(self, name, vgpu):
        self.name = name
        self.log = f"/tmp/{name}.console"
        self.errors = f"/var/log/libvirt/qemu/{name}.log"
        self.wires = {"serial": SocketWire(f"{name}'s serial", f"/tmp/{name}.serial")}
        self.qmp = Monitor(name)
        self.xml = f"/tmp/{name}.xml"
        with open(os.path.join(HERE, "domain.xml"), encoding="utf-8") as template:
            text = template.read().format(
                name=name, kernel=f"/boot/vmlinuz-{RELEASE}", initrd=f"/tmp/{name}.cpio",
                cmdline=KERNEL_ARGS, console=self.log, serial=f"/tmp/{name}.serial",
                vnc=f"/tmp/{name}.vnc", uuid=vgpu)
        write(self.xml, text)
        # libvirt gives it to QEMU's user.
        run("cp", os.path.join(BUILD, "guest.cpio"), f"/tmp/{name}.cpio")

    def start(self):
        virsh("create", self.xml)
        self.wires["serial"].connect()

    def is_active(self):
        return self.name in virsh("list", "--name").split()

    def close(self):
        with contextlib.suppress(RuntimeError, Gone):
            virsh("destroy", self.name)
        self.wires["serial"].close()

    def process_status(self):
        """What /proc says of the QEMU process."""
        path = f"/run/libvirt/qemu/{self.name}.pid"
        with open(path, encoding="utf-8") as pid:
            with open(f"/proc/{pid.read().strip()}/status", encoding="utf-8") as status:
                return dict(line.split(":", 1) for line in status.read().splitlines())
