# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A slow server: something in between that passes on what others say, later; a host to which everything takes long."""

from __future__ import annotations

import socket
import subprocess
import threading
import time
from typing import List, Sequence

from netns import Host


class Delay:
    """Passes a port's bytes on after a while, both ways and both families, streams and datagrams."""

    def __init__(
        self, port: int, to: int, delay: float, *, udp: bool, addresses: Sequence[str] = ("127.0.0.1", "::1")
    ) -> None:
        self.to, self.delay = to, delay
        self.listeners: List[socket.socket] = []
        for address in addresses:
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            opened = socket.socket(family, socket.SOCK_DGRAM if udp else socket.SOCK_STREAM)
            if family == socket.AF_INET6:
                opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            opened.bind((address, port))
            if not udp:
                opened.listen(128)
            self.listeners.append(opened)
            near = "::1" if ":" in address else "127.0.0.1"
            threading.Thread(target=self.serve, args=(opened, near, udp), daemon=True).start()

    def serve(self, opened: socket.socket, address: str, udp: bool) -> None:
        while True:
            try:
                taken = opened.recvfrom(65536) if udp else opened.accept()
            except OSError:
                return
            target = self.datagram if udp else self.stream
            threading.Thread(target=target, args=(opened, address, *taken), daemon=True).start()

    def stream(self, opened: socket.socket, address: str, client: socket.socket, _peer: object) -> None:
        with client, socket.socket(opened.family) as server:
            try:
                server.connect((address, self.to))
                back = threading.Thread(target=self.copy, args=(server, client, self.delay), daemon=True)
                back.start()
                self.copy(client, server, 0.0)
                back.join()
            except OSError:
                return

    @staticmethod
    def copy(source: socket.socket, sink: socket.socket, delay: float) -> None:
        try:
            while data := source.recv(65536):
                time.sleep(delay)
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            return

    def datagram(self, opened: socket.socket, address: str, data: bytes, peer: object) -> None:
        with socket.socket(opened.family, socket.SOCK_DGRAM) as server:
            server.settimeout(5)
            try:
                server.connect((address, self.to))
                server.send(data)
                answer = server.recv(65536)
                time.sleep(self.delay)
                opened.sendto(answer, peer)  # type: ignore[arg-type]
            except OSError:
                return

    def close(self) -> None:
        for opened in self.listeners:
            if opened.type == socket.SOCK_STREAM:
                opened.shutdown(socket.SHUT_RDWR)
            opened.close()


def far(name: str, four: str, six: str, seconds: float) -> Host:
    """A host that is there and far away, and takes connections on port 80. four, six: the beginnings of its addresses."""
    host = Host(name)
    device, macs = f"to-{name}", ("02:00:00:00:00:01", "02:00:00:00:00:02")
    ends = f"address {macs[0]} type veth peer name eth0 address {macs[1]} netns {name}"
    lines = [f"link add {device} {ends}", f"link set {device} up"]
    lines += [f"addr add {four}.1/24 dev {device}", f"addr add {six}:1/64 dev {device} nodad"]
    # whoever is so late is not found by ARP
    lines += [f"neigh add {there} lladdr {macs[1]} dev {device}" for there in (f"{four}.2", f"{six}:2")]
    subprocess.run(["ip", "-batch", "-"], input="\n".join(lines), text=True, check=True)
    host.batch("link set eth0 up", f"addr add {four}.2/24 dev eth0", f"addr add {six}:2/64 dev eth0 nodad")
    host.batch(*(f"neigh add {back} lladdr {macs[0]} dev eth0" for back in (f"{four}.1", f"{six}:1")))
    host.web("::")
    subprocess.run(f"tc qdisc add dev {device} root netem delay {seconds}s".split(), check=True)
    return host
