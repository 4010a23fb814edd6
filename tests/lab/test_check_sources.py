# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where checks come from, as a server sees it: bindto, bind_port (again within a minute), bind_if, fwmark; and a server
that demands a certificate of its clients.
"""

from __future__ import annotations

import socket
import ssl
import subprocess
import threading
from typing import TYPE_CHECKING, Callable, Dict, Iterator, List, Tuple

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils import conf
from netns import Host, bridge, plug
from service_servers import certificates

from lvs_agent import plan_checks
from lvs_agent.checks.path.port import interface
from lvs_agent.checks.port import Runner
from lvs_agent.loop import Loop

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.netns(limit=90)

SERVER, SERVER6 = "10.5.0.1", "fd05::1"
PORT = 7000
TIMES = 4
# The way to the server is eth0, a longer one eth1, which is that of mark 7 as well; the director has an address on lo.
DIRECTOR = (
    "addr add 10.3.0.1/32 dev lo", "addr add fd03::1/128 dev lo nodad",
    "route add 10.5.0.1 via 10.1.0.2 metric 10", "route add 10.5.0.1 via 10.2.0.2 metric 20",
    "route add 10.5.0.1 via 10.2.0.2 table 7", "rule add fwmark 7 lookup 7",
    "route add fd05::1/128 via fd01::2 metric 10", "route add fd05::1/128 via fd02::2 metric 20",
    "route add fd05::1/128 via fd02::2 table 7",
)  # fmt: skip
BEHIND = (
    "addr add 10.5.0.1/32 dev lo", "addr add fd05::1/128 dev lo nodad",
    "route add 10.3.0.1 via 10.1.0.1", "route add fd03::1/128 via fd01::1",
)  # fmt: skip
# what the check says, and whom the server sees: address, port (0: any)
CASES = {
    "plain": ((), "10.1.0.1", 0),
    "bindto": (("bindto 10.3.0.1",), "10.3.0.1", 0),
    "bind_port": (("bind_port 5005",), "10.1.0.1", 5005),
    "bindto, bind_port": (("bindto 10.3.0.1", "bind_port 5006"), "10.3.0.1", 5006),
    "bind_if": (("bind_if eth1",), "10.2.0.1", 0),
    "fwmark": (("fwmark 7",), "10.2.0.1", 0),
    "plain 6": ((), "fd01::1", 0),
    "bindto 6": (("bindto fd03::1",), "fd03::1", 0),
    "bind_port 6": (("bind_port 5007",), "fd01::1", 5007),
    "bind_if 6": (("bind_if eth1",), "fd02::1", 0),
    "fwmark 6": (("fwmark 7",), "fd02::1", 0),
}


@pytest.fixture(scope="module")
def hosts() -> Iterator[Tuple[Host, Host]]:
    director, server = Host("director"), Host("server")
    for number in (0, 1):
        bridge(f"lan{number}")
        for last, host in enumerate((director, server), 1):
            addresses = (f"10.{number + 1}.0.{last}/24", f"fd0{number + 1}::{last}/64 nodad")
            plug(host, f"eth{number}", f"lan{number}", *addresses)
    for host, lines in ((director, DIRECTOR), (server, BEHIND)):
        host.sysctl(**{f"net/ipv4/conf/{name}/rp_filter": 0 for name in ("all", "eth0", "eth1")})
        host.batch(*lines)
    director.run("ip", "-6", "rule", "add", "fwmark", "7", "lookup", "7")
    yield director, server
    for host in (director, server):
        host.close()


def listening(host: Host, address: str, kind: int) -> socket.socket:
    with host:
        made = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, kind)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((address, PORT))
        if kind == socket.SOCK_STREAM:
            made.listen(50)
    return made


def checked(text: str, times: int) -> Tuple[List[Tuple[bool, str]], Dict[str, int]]:
    """What the one check of a file saw, so many times, and the attempts that could not be made."""
    planned = plan_checks.plan(conf.read(text, "keepalived.conf").document)
    assert len(planned.checks) == 1
    loop = Loop()
    runner = Runner(loop, lambda *_news: None, lambda: 0.0)
    seen: Dict[float, Tuple[bool, str]] = {}
    runner.load(planned.checks, lambda _key: None)
    end = loop.now() + 4.0
    while len(seen) < times and loop.now() < end:
        loop.wake("look", loop.now() + 0.02, lambda _now: loop.stop())
        loop.run()
        for _key, _state, last in runner.results():
            if last is not None:
                seen[last.at] = (last.outcome.ok, last.outcome.text)
    runner.stop()
    loop.close()
    return list(seen.values()), dict(runner.not_made)


def virtual(keyword: str, address: str, lines: Tuple[str, ...]) -> str:
    body = "".join(f"   {line}\n" for line in lines)
    return (
        "virtual_server 192.0.2.1 80 {\n delay_loop 0.1\n warmup 0\n retry 0\n protocol TCP\n lvs_sched rr\n"
        f" real_server {address} {PORT} {{\n  {keyword} {{\n   connect_timeout 1\n{body}  }}\n }}\n}}\n"
    )


@pytest.mark.parametrize("keyword", ["TCP_CHECK", "UDP_CHECK"])
@pytest.mark.parametrize("name", CASES)
def test_the_server_sees_where_a_check_comes_from(hosts: Tuple[Host, Host], name: str, keyword: str) -> None:
    """Every time, though the checking side closes first and the kernel keeps its port for a minute."""
    director, server = hosts
    lines, source, port = CASES[name]
    kind = socket.SOCK_STREAM if keyword == "TCP_CHECK" else socket.SOCK_DGRAM
    peers = []

    def serve() -> None:
        while True:
            try:
                if kind == socket.SOCK_STREAM:
                    connection, peer = listener.accept()
                    peers.append(peer[:2])
                    while connection.recv(100):
                        pass
                    connection.close()
                else:
                    data, peer = listener.recvfrom(2000)
                    peers.append(peer[:2])
                    listener.sendto(data, peer)
            except OSError:
                return

    listener = listening(server, SERVER6 if name.endswith("6") else SERVER, kind)
    threading.Thread(target=serve, daemon=True).start()
    with director:
        more = ("require_reply",) if kind == socket.SOCK_DGRAM else ()
        seen, not_made = checked(virtual(keyword, SERVER6 if name.endswith("6") else SERVER, (*lines, *more)), TIMES)
    listener.shutdown(socket.SHUT_RDWR) if kind == socket.SOCK_STREAM else None
    listener.close()
    assert (not_made, len(seen), {ok for ok, _text in seen}) == ({}, TIMES, {True}), seen
    assert {peer[0] for peer in peers} == {source}
    assert not port or {peer[1] for peer in peers} == {port}


@pytest.mark.parametrize("name", [name for name, (_lines, _source, port) in CASES.items() if not port])
def test_the_server_sees_where_a_ping_comes_from(hosts: Tuple[Host, Host], name: str) -> None:
    director, server = hosts
    lines, source, _port = CASES[name]
    family, protocol = (socket.AF_INET6, "ipv6-icmp") if name.endswith("6") else (socket.AF_INET, "icmp")
    with server:
        listener = socket.socket(family, socket.SOCK_RAW, socket.getprotobyname(protocol))
    with listener:
        with director:
            text = virtual("PING_CHECK", SERVER6 if name.endswith("6") else SERVER, lines)
            seen, not_made = checked(text, TIMES)
        listener.setblocking(False)
        requests = []
        while len(requests) < TIMES:
            data, peer = listener.recvfrom(2000)  # IPv4: behind the header
            if data[20 if family == socket.AF_INET else 0] in (8, 128):  # echo requests
                requests.append(peer[0])
    assert (not_made, {ok for ok, _text in seen}) == ({}, {True}), seen
    assert set(requests) == {source}


def test_the_interface_toward_a_server_among_many_addresses(hosts: Tuple[Host, Host]) -> None:
    director, _server = hosts
    director.batch(*(f"addr add 10.9.{number // 250}.{number % 250 + 1}/32 dev lo" for number in range(1500)))
    director.batch("link add last type bridge", "addr add 10.8.0.1/24 dev last", "link set last up")
    with director:
        found = [interface(address) for address in ("10.8.0.9", SERVER, "10.2.0.2", "10.9.1.1", "203.0.113.1")]
    assert found == ["last", "eth0", "eth1", "lo", ""]


@pytest.fixture
def demanding(hosts: Tuple[Host, Host], tmp_path: Path) -> Iterator[Path]:
    """A web server that takes clients with a certificate of its authority alone; the folder with those."""
    certificates(tmp_path)
    aes = (
        "openssl",
        "pkey",
        "-in",
        tmp_path / "key.pem",
        "-aes256",
        "-passout",
        "pass:word",
        "-out",
        tmp_path / "locked.pem",
    )
    subprocess.run(aes, check=True)
    wanted = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    wanted.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    wanted.load_verify_locations(tmp_path / "ca.pem")
    wanted.verify_mode = ssl.CERT_REQUIRED
    listener = listening(hosts[1], SERVER, socket.SOCK_STREAM)

    def serve() -> None:
        while True:
            try:
                connection, _peer = listener.accept()
            except OSError:
                return
            try:
                with wanted.wrap_socket(connection, server_side=True) as secured:
                    secured.recv(1000)
                    secured.sendall(b"HTTP/1.0 200 OK\r\n\r\nhello")
            except OSError:
                continue

    threading.Thread(target=serve, daemon=True).start()
    yield tmp_path
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()


CERTIFICATE: Dict[str, Callable[[bool, str], bool]] = {
    "certificate {0}/cert.pem\n key {0}/key.pem": lambda ok, _text: ok,
    "certificate {0}/cert.pem\n key {0}/locked.pem\n password word": lambda ok, _text: ok,
    "certificate {0}/cert.pem\n key {0}/locked.pem\n password other": lambda ok, text: not ok and "TLS" in text,
    "ca {0}/ca.pem": lambda ok, _text: not ok,
}


@pytest.mark.parametrize("words", CERTIFICATE)
def test_a_server_that_demands_a_certificate(hosts: Tuple[Host, Host], demanding: Path, words: str) -> None:
    ssl_block = f"SSL {{\n {words.format(demanding)}\n}}\n"
    with hosts[0]:
        seen, not_made = checked(ssl_block + virtual("SSL_GET", SERVER, ("url {\n path /\n}",)), 1)
    assert not_made == {}
    assert [CERTIFICATE[words](*one) for one in seen] == [True], seen
