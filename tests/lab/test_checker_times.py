# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What checks do over time, in the kernel's table and on the wire: slow_start climbs, the floor keeps the last servers,
fast_recovery saves its waits and enable_sni sends its names as Debian's keepalived does.
"""

from __future__ import annotations

import socket
import ssl
import subprocess
import threading
import time
from typing import Dict, Optional, Set

import pytest
from checker_directors import PLAIN, both, run, virtual
from netns import wait

pytestmark = pytest.mark.uml(limit=240)

DR = (*PLAIN, "lvs_method DR")
THREE = tuple((f"10.0.0.{number} 80", "weight 100") for number in (1, 2, 3))


@pytest.fixture(scope="module")
def directors():
    yield from both()


def weights(director) -> Dict[str, int]:
    """The weight of each server of the one service, by the last digit of its address."""
    (pool,) = director.ipvs().values()
    return {server.partition(":")[0][-1]: weight for server, weight in pool.items()}


def settled(director, **wanted: int) -> None:
    want = {name[1:]: weight for name, weight in wanted.items()}
    assert wait(lambda: weights(director) == want, 15, 0.05) is not None, (want, weights(director))


def test_a_slow_start_climbs_and_the_floor_keeps_the_last(directors) -> None:
    ours = directors[0]
    run((ours,), virtual("192.0.2.1 80", *DR, "@lvs_agent slow_start 4", "@lvs_agent floor 2", servers=THREE))
    assert wait(ours.ipvs, 10, 0.05) is not None
    settled(ours, s1=100, s2=100, s3=100)  # no slow start at a start
    ours.kill_web("10.0.0.1")
    settled(ours, s2=100, s3=100)
    for held, address in enumerate(("10.0.0.2", "10.0.0.3"), 1):
        ours.kill_web(address)
        assert wait(lambda held=held: str(ours.status()).count("'held': True") == held, 15, 0.2) is not None
    settled(ours, s2=100, s3=100)
    # The first that is back relieves one of those that are held, and begins with a small share.
    ours.revive_web("10.0.0.1")
    assert wait(lambda: "1" in weights(ours), 15, 0.01) is not None
    begun, climbed = time.monotonic(), []
    while not climbed or (climbed[-1][1] < 100 and climbed[-1][0] < 10):
        climbed.append((time.monotonic() - begun, weights(ours)["1"]))
        time.sleep(0.05)
    settled(ours, s1=100, s3=100)
    shares = [share for _moment, share in climbed]
    assert shares == sorted(shares)
    assert len(set(shares)) >= 4, shares
    for moment, share in climbed:
        assert abs(share - min(100, 25 * moment)) <= 45, climbed
    assert 3 < climbed[-1][0] < 6
    ours.revive_web("10.0.0.2")
    assert wait(lambda: set(weights(ours)) == {"1", "2"}, 15, 0.05) is not None


def test_a_reload_to_a_longer_slow_start_lowers_nobody_who_has_risen(directors) -> None:
    ours = directors[0]
    text = virtual("192.0.2.1 80", *DR, "@lvs_agent slow_start 2", servers=THREE[:2])
    run((ours,), text)
    for address in ("10.0.0.1", "10.0.0.2"):
        if address not in ours.webs:
            ours.revive_web(address)
    assert wait(ours.ipvs, 10, 0.05) is not None
    settled(ours, s1=100, s2=100)
    ours.kill_web("10.0.0.1")
    settled(ours, s2=100)
    ours.revive_web("10.0.0.1")
    settled(ours, s1=100, s2=100)
    ours.load(text.replace("slow_start 2", "slow_start 600"))
    ours.agent("reload")
    settled(ours, s1=100, s2=100)
    time.sleep(1)
    assert weights(ours) == {"1": 100, "2": 100}


def test_fast_recovery_does_not_wait_between_the_urls(directors) -> None:
    """Two urls, 2 s apart: a server that is back is asked for the failed one, and then for both."""
    check = "HTTP_GET {{\n connect_timeout 1\n {}\n url {{\n path /\n status_code 200\n }}\n url {{\n path /2\n status_code 200\n }}\n }}"
    one = (("10.0.0.1 80", ""),)
    text = "".join(
        virtual(f"192.0.2.{number} 80", *DR, servers=one, check=check.format(word)).replace(
            "delay_loop 1", "delay_loop 2"
        )
        for number, word in enumerate(("", "fast_recovery"), 1)
    )
    run(directors, text)
    assert wait(lambda: [len(d.real_servers()) for d in directors] == [1, 1], 15, 0.1) is not None

    def there(director, number: int) -> bool:
        return f"-a -t 192.0.2.{number}:80" in director.saved()

    for director in directors:
        director.kill_web("10.0.0.1")
    assert wait(lambda: not any(there(d, number) for d in directors for number in (1, 2)), 20, 0.1) is not None
    came: Dict[tuple, float] = {}
    for director in directors:
        director.revive_web("10.0.0.1")
    begun = time.monotonic()
    while len(came) < 4 and time.monotonic() - begun < 20:
        for director in directors:
            for number in (1, 2):
                if (director.name, number) not in came and there(director, number):
                    came[director.name, number] = round(time.monotonic() - begun, 2)
    assert len(came) == 4
    for director in directors:
        slow, fast = (came[director.name, number] for number in (1, 2))
        assert fast < 3.5, came
        assert slow > 3.5, came


class Tls:
    """A server on 10.0.0.1 of one director: 200 to everybody, and which server names it was asked by, by port."""

    def __init__(self, director) -> None:
        self.names: Dict[int, Set[Optional[str]]] = {port: set() for port in NAMED}
        self.listeners = []
        for port in NAMED:
            with director:
                listener = socket.create_server(("10.0.0.1", port))
            self.listeners.append(listener)
            threading.Thread(target=self._serve, args=(listener, self._context(self.names[port])), daemon=True).start()

    @staticmethod
    def _context(heard: set) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain("/run/cert.pem", "/run/key.pem")
        context.sni_callback = lambda _sock, name, _context: heard.add(name)
        return context

    @staticmethod
    def _serve(listener: socket.socket, context: ssl.SSLContext) -> None:
        while True:
            try:
                taken, _peer = listener.accept()
            except OSError:
                return
            try:
                with context.wrap_socket(taken, server_side=True) as secured:
                    secured.recv(4096)
                    secured.sendall(b"HTTP/1.0 200 OK\r\n\r\n")
            except OSError:
                continue

    def close(self) -> None:
        for listener in self.listeners:
            listener.close()


# port: the words of the check, the name that is sent, whether keepalived 2.2.7 knows them
NAMED = {
    441: ("virtualhost a.example", None, True),
    442: ("virtualhost a.example\n enable_sni", "a.example", True),
    443: ("virtualhost a.example\n enable_sni\n sni_name b.example", "b.example", False),
    444: ("enable_sni\n sni_name b.example", "b.example", False),
    445: ("enable_sni", None, True),
}


def test_which_server_name_is_sent(directors) -> None:
    words = ("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=lab")
    subprocess.run([*words, "-keyout", "/run/key.pem", "-out", "/run/cert.pem"], check=True, capture_output=True)
    servers = [Tls(director) for director in directors]
    for director in directors:
        known = {port: words for port, (words, _name, theirs) in NAMED.items() if theirs or director is directors[0]}
        text = ""
        for port, words in known.items():
            check = f"SSL_GET {{\n connect_timeout 3\n connect_port {port}\n {words}\n url {{\n path /\n status_code 200\n }}\n }}"
            text += virtual(f"192.0.2.1 {port}", *DR, servers=(("10.0.0.1 80", ""),), check=check)
        run((director,), text)
    for server, director in zip(servers, directors):
        want = {
            port: {name} if theirs or director is directors[0] else set() for port, (_w, name, theirs) in NAMED.items()
        }
        assert wait(lambda server=server, want=want: server.names == want, 20, 0.1) is not None, server.names
        server.close()
