# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts as network namespaces of one kernel: addresses, links, sysctls, programs, HTTP clients.

Works in a User Mode Linux guest (mark `uml`) and in a private namespace of this machine (mark
`netns`); never use it outside those two. Starting a program costs 40 to 100 ms in a guest, so
programs are started straight into a namespace (setns in the calling thread, then spawn: no
`ip netns exec`), addresses are set with one `ip -batch`, and the IPVS table is read from /proc
without starting ipvsadm.
"""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Callable, Dict, List, Optional, Set, Tuple, Type

if TYPE_CHECKING:
    from types import TracebackType

CLONE_NEWNET = 0x40000000
WEB = Path(__file__).parent / "hosts" / "web"

_libc = ctypes.CDLL(None, use_errno=True)


def _setns(fd: int) -> None:
    if _libc.setns(fd, CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns")


def _ip(lines: List[str]) -> str:
    """One `ip -batch` for many lines, in the calling thread's namespace; raises with ip's words."""
    done = subprocess.run(
        ["ip", "-batch", "-"],
        input="".join(f"{line}\n" for line in lines),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{lines}: {done.stdout}")
    return done.stdout


class Host:
    """One network namespace. `with host:` moves the calling thread into it (not to be nested)."""

    def __init__(self, name: str) -> None:
        if "LAB" not in os.environ:
            raise RuntimeError("hosts are made in a guest or a private namespace only: mark the test uml or netns")
        self.name = name
        self.programs: List[subprocess.Popen[bytes]] = []
        self.cables: List[str] = []
        self._home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        subprocess.run(["ip", "netns", "add", name], check=True)
        self.fd = os.open(f"/run/netns/{name}", os.O_RDONLY)
        self.batch("link set lo up")

    def __enter__(self) -> Host:  # noqa: PYI034 - Self is younger than Python 3.9
        _setns(self.fd)
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], traceback: Optional[TracebackType]
    ) -> None:
        _setns(self._home)

    def run(self, *command: str, check: bool = True) -> str:
        """Run a program to its end; its output (both streams). Raises on a bad status unless told not to."""
        with self:
            done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        if check and done.returncode:
            raise RuntimeError(f"{self.name}: {' '.join(command)} -> {done.returncode}: {done.stdout}")
        return done.stdout

    def batch(self, *lines: str) -> None:
        """Many `ip` commands in one program: `host.batch("addr add 10.0.0.1/24 dev eth0", ...)`."""
        with self:
            _ip(list(lines))

    def start(self, *command: str, log: str) -> subprocess.Popen[bytes]:
        """Start a program in a session of its own; its output is appended to the file `log`."""
        with self, open(log, "ab") as output:
            program = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
            )
        self.programs.append(program)
        return program

    def web(self, address: str = "0.0.0.0", *ports: int) -> subprocess.Popen[bytes]:
        """Start the lab's web server (port 80 unless given), wait until it answers: always with this host's name."""
        wanted = ports or (80,)
        program = self.start(str(WEB), self.name, address, *map(str, wanted), log=f"/run/{self.name}-web.log")
        near = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(address, address)
        with self:
            if wait(lambda: all(get(near, port) for port in wanted), 10) is None:
                raise RuntimeError(f"{self.name}: the web server does not answer on {address} {wanted}")
        return program

    def stop(self, program: subprocess.Popen[bytes], signum: int = signal.SIGTERM, limit: float = 10) -> int:
        """Signal one program (its whole session for SIGKILL) and wait for its end; its status."""
        if signum == signal.SIGKILL:
            os.killpg(program.pid, signum)
        else:
            program.send_signal(signum)
        status = program.wait(limit)
        self.programs.remove(program)
        return status

    def sysctl(self, **values: object) -> None:
        """`host.sysctl(**{"net/ipv4/ip_forward": 1})`: /proc/sys/net shows the opening thread's namespace."""
        with self:
            for name, value in values.items():
                Path("/proc/sys", name).write_text(str(value))

    def read(self, path: str) -> str:
        """A file of /proc/sys/net or /proc/thread-self/net as this host sees it."""
        with self:
            return Path(path).read_text()

    def ipvs(self) -> Dict[str, Dict[str, int]]:
        """The IPv4 table: {"TCP 10.0.0.1:80 rr": {"10.0.0.2:80": weight}}; a mark's is "FWM 1 rr"."""
        table: Dict[str, Dict[str, int]] = {}
        servers: Dict[str, int] = {}
        for line in self.read("/proc/thread-self/net/ip_vs").splitlines()[3:]:
            words = line.split()
            if words[0] == "->":
                servers[_dotted(words[1])] = int(words[3])
            else:
                if words[0] == "FWM":
                    words[1] = str(int(words[1], 16))
                else:
                    words[1] = _dotted(words[1])
                servers = table.setdefault(" ".join(words), {})
        return table

    def real_servers(self) -> List[str]:
        """Real servers with a weight above 0, over all virtual services."""
        return sorted({server for pool in self.ipvs().values() for server, weight in pool.items() if weight > 0})

    def has(self, address: str) -> bool:
        """True while one of this host's devices has the address."""
        return f" {address}/" in self.run("ip", "-o", "addr")

    def kill(self, signum: int = signal.SIGKILL) -> None:
        """End every program started here."""
        for program in self.programs:
            try:
                os.killpg(program.pid, signum)
            except ProcessLookupError:
                pass
            program.wait()
        self.programs = []

    def close(self) -> None:
        """End its programs, pull its cables, forget it."""
        self.kill()
        # First its cables: the namespace itself goes away later, in the background, and the
        # switch ends of its veth pairs would still hold their names.
        if self.cables:
            _ip([f"link del {cable}" for cable in self.cables])
        os.close(self.fd)
        os.close(self._home)
        subprocess.run(["ip", "netns", "del", self.name], check=True)


def _dotted(address: str) -> str:
    """/proc's hexadecimal IPv4 address and port as 10.0.0.1:80."""
    number, port = address.rsplit(":", 1)
    return socket.inet_ntoa(bytes.fromhex(number)) + f":{int(port, 16)}"


def bridge(name: str) -> None:
    """A switch: a bridge in the namespace of the caller, forwarding at once."""
    _ip([f"link add {name} type bridge forward_delay 0", f"link set {name} up"])


def plug(host: Host, device: str, switch: str, *addresses: str) -> None:
    """A cable from `device` of the host to the switch; with addresses the device is set up."""
    cable = f"{host.name}-{device}"
    host.cables.append(cable)
    _ip([f"link add {cable} type veth peer name {device} netns {host.name}", f"link set {cable} master {switch} up"])
    if addresses:
        host.batch(*(f"addr add {address} dev {device}" for address in addresses), f"link set {device} up")


def get(address: str, port: int = 80, timeout: float = 1.0, source_port: int = 0) -> Optional[str]:
    """One HTTP request on a new connection: the body, or None when it failed."""
    source = ("::" if ":" in address else "", source_port)
    try:
        with socket.create_connection((address, port), timeout, source) as connection:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: lab\r\nConnection: close\r\n\r\n")
            data = b""
            while True:
                part = connection.recv(4096)
                if not part:
                    break
                data += part
    except OSError:
        return None
    head, _, body = data.partition(b"\r\n\r\n")
    return body.decode() if head.startswith(b"HTTP/1.1 200") else None


class Poller(threading.Thread):
    """Asks an address every `every` s on a new connection from within `host` (None: from where the caller is).

    Keeps (start, end, answer) of every request, times on time.monotonic().
    """

    def __init__(
        self, host: Optional[Host], address: str, port: int = 80, every: float = 0.02, timeout: float = 0.15
    ) -> None:
        super().__init__(daemon=True)
        self.host, self.address, self.port, self.every, self.timeout = host, address, port, every, timeout
        self.log: List[Tuple[float, float, Optional[str]]] = []
        self._stopping = threading.Event()
        self.start()

    def run(self) -> None:
        """The thread's work."""
        if self.host is not None:
            _setns(self.host.fd)
        while not self._stopping.is_set():
            start = time.monotonic()
            body = get(self.address, self.port, self.timeout)
            end = time.monotonic()
            self.log.append((start, end, body))
            self._stopping.wait(max(0.0, self.every - (end - start)))

    def stop(self) -> Poller:
        """Ask no more."""
        self._stopping.set()
        self.join()
        return self

    def since(self, start: float) -> List[Tuple[float, float, Optional[str]]]:
        """The requests that began at `start` or later."""
        return [entry for entry in self.log if entry[0] >= start]

    def failed(self, start: float) -> int:
        """How many of them were not answered."""
        return sum(1 for entry in self.since(start) if entry[2] is None)

    def blackout(self, start: float) -> float:
        """The longest time after `start` without an answer, s, the time since the last one included."""
        entries = self.since(start)
        ends = [start, *(end for _, end, body in entries if body is not None), *(end for _, end, _ in entries[-1:])]
        return max((later - earlier for earlier, later in zip(ends, ends[1:])), default=0.0)


class KeepOpen(threading.Thread):
    """One TCP connection kept open with a request every `every` s: who answered, the longest pause, its end."""

    def __init__(self, host: Host, address: str, port: int = 80, every: float = 0.05, timeout: float = 30) -> None:
        super().__init__(daemon=True)
        self.host, self.address, self.port, self.every, self.timeout = host, address, port, every, timeout
        self.names: Set[str] = set()
        self.dead: Optional[str] = None
        self.count = 0
        self.longest = 0.0
        self._stopping = threading.Event()
        self.start()

    def run(self) -> None:
        """The thread's work."""
        _setns(self.host.fd)
        try:
            with socket.create_connection((self.address, self.port), self.timeout) as connection:
                while not self._stopping.is_set():
                    start = time.monotonic()
                    connection.sendall(b"GET / HTTP/1.1\r\nHost: lab\r\n\r\n")
                    data = connection.recv(4096)
                    if not data:
                        raise ConnectionError("closed by the peer")
                    self.names.add(data.rpartition(b"\r\n\r\n")[2].decode())
                    self.count += 1
                    self.longest = max(self.longest, time.monotonic() - start)
                    self._stopping.wait(self.every)
        except OSError as error:
            self.dead = repr(error)

    def stop(self) -> KeepOpen:
        """Close the connection."""
        self._stopping.set()
        self.join()
        return self


SETTLED = 2.0


def settled(right: Callable[[], object]) -> Callable[[float], bool]:
    """Whether at this time (seconds) and at every look of the last SETTLED seconds it was right."""
    since: Optional[float] = None

    def look(now: float) -> bool:
        nonlocal since
        since = None if not right() else now if since is None else since
        return since is not None and now - since >= SETTLED

    return look


def wait(condition: Callable[[], object], limit: float, every: float = 0.02) -> Optional[float]:
    """Seconds until the condition held, or None when it did not within `limit` s."""
    start = time.monotonic()
    while time.monotonic() - start < limit:
        if condition():
            return time.monotonic() - start
        time.sleep(every)
    return None
