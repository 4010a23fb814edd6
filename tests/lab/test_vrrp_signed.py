# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two of our agents with auth_hmac: they elect, keys roll over, and an attacker on the segment changes nothing."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import List

import pytest
from netns import Host, bridge, plug, wait
from speaker import ENVIRONMENT

from lvs_agent.vrrp import packet

pytestmark = pytest.mark.netns(limit=180)

VIPS = ("10.0.0.100", "fe80::100")
CONF = """
vrrp_instance V4 {{
    version 3
    interface eth0
    virtual_router_id 51
    priority {priority}
    advert_int 0.2
    garp_master_delay 1
    auth_hmac {{
        {keys}
    }}
    virtual_ipaddress {{
        10.0.0.100
    }}
}}
vrrp_instance V6 {{
    version 3
    interface eth0
    virtual_router_id 52
    priority {priority}
    advert_int 0.2
    auth_hmac {{
        {keys}
    }}
    virtual_ipaddress {{
        fe80::100/64
    }}
}}
"""
OLD, NEW = f"key 1 hex:{'a1' * 32}", f"key 2 {'n' * 40}"


class Director(Host):
    def __init__(self, name: str, last: int, priority: int) -> None:
        super().__init__(name)
        plug(self, "eth0", "br0", f"10.0.0.{last}/24")
        self.folder, self.priority = Path("/run") / name, priority
        self.folder.mkdir()
        self.agent = ("env", ENVIRONMENT, sys.executable, "-m", "lvs_agent")
        self.socket = ("--socket", f"{self.folder}/control.sock")
        self.write(OLD, "active_key 1")
        arguments = ("run", "-n", "-l", "-P", "-f", f"{self.folder}/conf", *self.socket)
        self.program = self.start(*self.agent, *arguments, log=f"{self.folder}/log")

    def write(self, *keys: str) -> None:
        text = CONF.format(priority=self.priority, keys="\n        ".join(keys))
        (self.folder / "conf").write_text(text)

    def reload(self, *keys: str) -> None:
        self.write(*keys)
        self.program.send_signal(signal.SIGHUP)

    def status(self) -> dict:
        return json.loads(self.run(*self.agent, "status", "--json", *self.socket))["vrrp"]["instances"]

    def transitions(self) -> List[int]:
        return [instance["counters"]["transitions"] for instance in self.status().values()]


class Pair:
    def __init__(self) -> None:
        bridge("br0")
        self.one, self.two = Director("one", 1, 150), Director("two", 2, 100)
        self.mallory = Host("mallory")
        plug(self.mallory, "eth0", "br0", "10.0.0.66/24")

    def settled(self) -> bool:
        return all(self.one.has(vip) and not self.two.has(vip) for vip in VIPS)

    def capture(self, count: int) -> List[bytes]:
        """Frames with adverts as they pass, one of each virtual router at least."""
        with self.mallory, socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3)) as listening:
            listening.bind(("eth0", 0))
            listening.settimeout(5)
            found: List[bytes] = []
            while len(found) < count:
                frame = listening.recv(2000)
                if (frame[12:14] == b"\x08\x00" and frame[23] == 112) or (
                    frame[12:14] == b"\x86\xdd" and frame[20] == 112
                ):
                    found.append(frame)
        return found

    def send(self, frames: List[bytes]) -> None:
        with self.mallory, socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as sending:
            sending.bind(("eth0", 0))
            for frame in frames:
                sending.send(frame)


@pytest.fixture(scope="module")
def pair():
    made = Pair()
    try:
        yield made
    finally:
        for host in (made.one, made.two):
            print(f"--- {host.name}\n{(host.folder / 'log').read_text()[-4000:]}")
        for host in (made.one, made.two, made.mallory):
            host.close()


@pytest.fixture(autouse=True)
def settled(pair):
    assert wait(pair.settled, 10, 0.05) is not None


def raised(frame: bytes) -> bytes:
    """An attacker's advert: priority 254, the checksum mended (both the message and the pseudo-header shift alike)."""
    start = 34 if frame[12:14] == b"\x08\x00" else 54
    return frame[: start + 2] + b"\xfe" + frame[start + 3 :]


def unsigned(frame: bytes) -> bytes:
    """The same IPv4 advert as somebody without the key would send it: right in everything but the trailer."""
    return frame[:14] + packet.ip4(frame[34:-28], frame[26:30], frame[30:34])


@pytest.mark.parametrize("what", ["replayed", "forged", "unsigned"])
def test_an_attacker_changes_nothing(pair, what: str) -> None:
    frames = pair.capture(6)
    if what == "forged":
        frames = [raised(frame) for frame in frames]
    elif what == "unsigned":
        frames = [unsigned(frame) for frame in frames if frame[12:14] == b"\x08\x00"]
    before = pair.one.transitions() + pair.two.transitions()
    for _ in range(20):
        pair.send(frames)
        time.sleep(0.05)
    assert pair.settled()
    assert pair.one.transitions() + pair.two.transitions() == before
    cause = {"replayed": "auth_ext_replay", "forged": "auth_ext_invalid_hmac", "unsigned": "auth_ext_missing"}[what]
    assert pair.two.status()["V4"]["discards"][cause] >= 20


def test_keys_roll_over_without_a_transition(pair) -> None:
    before = pair.one.transitions() + pair.two.transitions()
    steps = [
        (pair.one, (OLD, NEW, "active_key 1")),
        (pair.two, (OLD, NEW, "active_key 1")),
        (pair.one, (OLD, NEW, "active_key 2")),
        (pair.two, (OLD, NEW, "active_key 2")),
        (pair.one, (NEW, "active_key 2")),
        (pair.two, (NEW, "active_key 2")),
    ]
    for director, keys in steps:
        director.reload(*keys)
        time.sleep(1)
        assert pair.settled(), keys
    assert pair.one.transitions() + pair.two.transitions() == before
    assert pair.capture(1)[0][-27] == 2, "the key id in the trailer"


def test_a_wrong_key_on_one_side_makes_two_masters_that_say_why(pair) -> None:
    pair.two.reload(f"key 2 {'w' * 40}", "active_key 2")
    assert wait(lambda: all(pair.two.has(vip) for vip in VIPS), 5, 0.05) is not None
    assert pair.two.status()["V4"]["discards"]["auth_ext_invalid_hmac"] > 0
    assert pair.one.status()["V4"]["discards"]["auth_ext_invalid_hmac"] > 0
    pair.two.reload(NEW, "active_key 2")
    assert wait(pair.settled, 5, 0.05) is not None


def test_a_file_whose_key_is_unreadable_is_refused(pair) -> None:
    pair.two.reload("key 2 file:/nowhere/at/all", "active_key 2")
    assert wait(lambda: "/nowhere/at/all" in (pair.two.folder / "log").read_text(), 5) is not None
    time.sleep(1)
    assert pair.settled()
    checked = subprocess.run(
        ["env", ENVIRONMENT, sys.executable, "-m", "lvs_agent", "check", f"{pair.two.folder}/conf"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert checked.returncode == 2, checked.stdout
