# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole hosts: User Mode Linux guests with systemd and sshd on bridges of one private network namespace.

Nothing is added to this machine's own network: the bridges live in a namespace kept by a sleeping
program, and ssh (Ansible too) enters it through a ProxyCommand. Every host boots a copy-on-write
file over one image (see build-image) that it keeps: `kill` is a power cut, `boot` finds the disk
as the cut left it. Every host is a pid namespace of its own, and all end by themselves after the
cluster's time to live.

A cluster is a folder: cluster.json, inventory.ini (for Ansible), ssh_config, and a folder for each
host with its disk and console.log.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Dict, List, Sequence

from program import Program
from topology import DEMO, HostSpec, Topology, mac, network

HERE = Path(__file__).resolve().parent
JAIL = HERE.parent / "uml" / "uml-jail"
MODULES = "/usr/lib/uml/modules"
TTL = 3600  # s, after which a forgotten cluster ends by itself
PATH_LIMIT = 70  # characters of a cluster's folder: a Unix socket's path has 108, ssh adds 17 to a shared connection's
BOOT_LIMIT = 120  # s from power on to sshd's banner

ASK_BANNER = """
import socket, sys
with socket.create_connection((sys.argv[1], 22), 1) as sshd:
    sshd.settimeout(2)
    raise SystemExit(0 if sshd.recv(9).startswith(b'SSH-2.0') else 1)
"""


class LabError(Exception):
    """The lab could not do what was asked; the text says what and where to look."""


def image() -> Path:
    """The folder of the disk image; built when it is not there."""
    done = subprocess.run([str(HERE / "build-image")], stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise LabError(f"the disk image could not be built (status {done.returncode})")
    return Path(done.stdout.strip())


class Cluster:
    """A cluster in its folder; made by `Cluster.up`, found again by `Cluster(folder)`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        try:
            state = json.loads((self.folder / "cluster.json").read_text())
        except FileNotFoundError:
            raise LabError(f"no lab in {self.folder}") from None
        self.keeper = Program(*state["keeper"])
        self._programs: Dict[str, Program] = {}
        self.image = Path(state["image"])
        self.ends: float = state["ends"]
        self.memory: str = state["memory"]
        self.tied: bool = state["tied"]
        self.hosts = {
            host["name"]: HostSpec(host["name"], tuple((net[0], net[1]) for net in host["nets"]))
            for host in state["hosts"]
        }

    @classmethod
    def up(cls, folder: Path, topology: Topology = DEMO, ttl: int = TTL, tied: bool = True) -> Cluster:
        """Make a cluster, boot all its hosts at once, wait for their sshd; ends again what it began on failure.

        A tied cluster ends with the calling thread, however that dies; any ends after `ttl` seconds.
        """
        if len(str(folder.resolve())) > PATH_LIMIT:
            raise LabError(f"{folder} is too long a path for ssh's sockets in it, the limit is {PATH_LIMIT}")
        disks = image()
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        command = [*tie(tied), "setsid", "unshare", "--net", "sleep", str(ttl)]
        with open(folder / "keeper.log", "wb") as log:
            keeper = Program.start(command, log)
        own = os.readlink("/proc/self/ns/net")
        while os.readlink(f"/proc/{keeper.pid}/ns/net") == own:
            time.sleep(0.01)
        state = {
            "keeper": [keeper.pid, keeper.began],
            "image": str(disks),
            "ends": time.time() + ttl,
            "memory": topology.memory,
            "tied": tied,
            "hosts": [asdict(host) for host in topology.hosts],
        }
        (folder / "cluster.json").write_text(json.dumps(state, indent=1))
        cluster = cls(folder)
        cluster.keeper = keeper
        try:
            cluster.run(["sh", "-ec", "\n".join(network(topology))])
            cluster.write_ssh()
            cluster.boot(*cluster.hosts)
        except BaseException:
            cluster.down()
            raise
        return cluster

    def write_ssh(self) -> None:
        """ssh_config and inventory.ini. Only this ssh_config knows the names NAME.lab.invalid: a command that
        lacks it fails, rather than sending packets to this machine's default gateway. It knows the addresses too,
        for inventories that have them."""
        lines: List[str] = []
        for name, host in self.hosts.items():
            proxy = f"nsenter --net=/proc/{self.keeper.pid}/ns/net socat - TCP:{host.address}:%p"
            lines += [
                f"Host {name} {name}.lab.invalid {host.address}",
                f"  ProxyCommand {proxy}",
                f"  ControlPath {self.folder}/{name}/ssh",
            ]
        lines += ["Host *", "  User root", "  ControlMaster auto", "  ControlPersist 60", "  ConnectTimeout 10"]
        lines += [f"  IdentityFile {self.image}/id_lab", "  IdentitiesOnly yes"]
        lines += ["  StrictHostKeyChecking no", "  UserKnownHostsFile /dev/null", "  LogLevel ERROR"]
        (self.folder / "ssh_config").write_text("\n".join(lines) + "\n")
        inventory = [f"{name} ansible_host={name}.lab.invalid" for name in self.hosts]
        inventory += ["[all:vars]", "ansible_user=root", "ansible_python_interpreter=/usr/bin/python3"]
        inventory += [f"ansible_ssh_args=-F {self.folder}/ssh_config"]
        (self.folder / "inventory.ini").write_text("\n".join(inventory) + "\n")

    def inside(self, command: Sequence[str]) -> List[str]:
        """The command line that runs `command` in the cluster's network namespace, as the client."""
        return ["nsenter", f"--net=/proc/{self.keeper.pid}/ns/net", *command]

    def run(self, command: Sequence[str], check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a program as the client, with its output captured."""
        done = subprocess.run(
            self.inside(command), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
        if check and done.returncode:
            raise LabError(f"{' '.join(command)}: status {done.returncode}: {done.stdout}{done.stderr}")
        return done

    def ssh(self, name: str, command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a shell command on a host, with its output captured; one connection is kept open for a host."""
        done = subprocess.run(
            ["ssh", "-F", f"{self.folder}/ssh_config", name, command],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if check and done.returncode:
            raise LabError(f"{name}: {command}: status {done.returncode}: {done.stdout}{done.stderr}")
        return done

    def enter(self) -> None:
        """Move the calling thread (and the programs that it starts) into the client's namespace."""
        import ctypes

        fd = os.open(f"/proc/{self.keeper.pid}/ns/net", os.O_RDONLY)
        try:
            if ctypes.CDLL(None, use_errno=True).setns(fd, 0x40000000):
                raise OSError(ctypes.get_errno(), "setns")
        finally:
            os.close(fd)

    def boot(self, *names: str) -> Dict[str, float]:
        """Power on; returns when every sshd answers: seconds for each."""
        for name in names:
            self._power_on(self.require(name))
        return self._wait(names)

    def _power_on(self, host: HostSpec) -> None:
        folder = self.folder / host.name
        folder.mkdir(exist_ok=True)
        if self._program(host.name).runs():
            raise LabError(f"{host.name} is running already")
        version = subprocess.run(
            ["linux.uml", "--version"], check=True, stdout=subprocess.PIPE, text=True
        ).stdout.strip()
        devices = [
            # The MAC address follows from the address: a host that comes back is the same one.
            f"vec{i}:transport=tap,ifname={host.name}-{i},depth=128,gro=1,mac=02:00:{mac(address)}"
            for i, (_, address) in enumerate(host.nets)
        ]
        nets = ",".join(f"eth{i}={address}" for i, (_, address) in enumerate(host.nets))
        left = str(max(1, int(self.ends - time.time())))
        command = [*tie(self.tied), *self.inside(["setsid", "timeout", "-s", "KILL", left]), *tie(True)]
        command += ["unshare", "--mount", "--pid", "--fork", "--kill-child=KILL", "--propagation", "private"]
        command += [str(JAIL), str(folder), "linux.uml", f"mem={self.memory}"]
        command += [
            f"ubd0={folder}/disk.cow,{self.image}/disk.ext4",
            "root=/dev/ubda",
            "rw",
            "init=/usr/sbin/host-init",
        ]
        command += [f"LAB_NAME={host.name}", f"LAB_NET={nets}", f"LAB_MODULES={MODULES}/{version}", *devices]
        command += [
            f"uml_dir={folder}/",
            "umid=g",
            "con=null",
            "con0=null,fd:1",
            "ssl=null",
            "console=tty0",
            "quiet",
            "selinux=0",
        ]
        command += ["panic=1", "noreboot", "systemd.show_status=0", "systemd.log_level=warning"]
        with open(folder / "console.log", "ab") as log:
            program = Program.start(command, log)
        (folder / "program").write_text(json.dumps([program.pid, program.began]))
        self._programs[host.name] = program

    def _wait(self, names: Sequence[str]) -> Dict[str, float]:
        start, left, took = time.monotonic(), list(names), {}
        while left:
            for name in list(left):
                if not self._program(name).runs():
                    raise LabError(f"{name} did not boot: see {self.folder}/{name}/console.log")
                banner = [sys.executable, "-SE", "-c", ASK_BANNER, self.hosts[name].address]
                if self.run(banner, check=False).returncode == 0:
                    took[name] = time.monotonic() - start
                    left.remove(name)
            if time.monotonic() - start > BOOT_LIMIT:
                raise LabError(f"no sshd after {BOOT_LIMIT} s on {' '.join(left)}: see console.log in {self.folder}")
            time.sleep(0.1)
        return took

    def require(self, name: str) -> HostSpec:
        """The host of that name, or an error that says which there are."""
        if name not in self.hosts:
            raise LabError(f"no host {name} here, but {' '.join(self.hosts)}")
        return self.hosts[name]

    def _program(self, name: str) -> Program:
        """The host's `timeout`, below which its kernel runs."""
        self.require(name)
        if name in self._programs:
            return self._programs[name]
        try:
            return Program(*json.loads((self.folder / name / "program").read_text()))
        except FileNotFoundError:
            return Program(0, 0)

    def kill(self, name: str) -> None:
        """Cut a host's power; returns when it is gone."""
        self._program(name).kill()
        if (self.folder / name / "ssh").exists():
            self._forget(name)

    def _forget(self, name: str) -> None:
        """End the shared ssh connection to a host that is gone: the next boot is asked anew."""
        command = ["ssh", "-F", f"{self.folder}/ssh_config", "-O", "exit", name]
        subprocess.run(command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)

    def down(self) -> None:
        """Cut every host's power, and forget the namespace; logs and disks stay in the folder."""
        for name in self.hosts:
            self.kill(name)
        self.keeper.kill()


def tie(tied: bool) -> List[str]:
    """The words before a command that is to die with the thread that started it."""
    return ["setpriv", "--pdeathsig", "KILL"] if tied else []
