# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The handbooks' active-active pair: two directors, four instances, two sync groups, each director master of one group.

eth0 lost on one moves both of its instances, the one on the healthy eth1 too, and nothing of the other group; with the
link they come back. And what either engine tells of the same
changes: scripts, their arguments, and lines of the pipe, in order.
"""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from typing import Dict, Iterator, List

import pytest
from netns import bridge, plug, wait
from speaker import Speaker

pytestmark = pytest.mark.netns(limit=200)

# name: (interface, vrid, VIP, director that has priority)
INSTANCES = {
    "OUT_1": ("eth0", 51, "10.1.0.101", 1),
    "IN_1": ("eth1", 52, "10.2.0.101", 1),
    "OUT_2": ("eth0", 53, "10.1.0.102", 2),
    "IN_2": ("eth1", 54, "10.2.0.102", 2),
}
OF = {number: [vip for _, _, vip, owner in INSTANCES.values() if owner == number] for number in (1, 2)}
BOTH = sorted(OF[1] + OF[2])


class Director(Speaker):
    """One director; `engine` runs on it."""

    def __init__(self, name: str, number: int, engine: str) -> None:
        super().__init__(name, engine)
        self.number = number
        for segment in (0, 1):
            plug(self, f"eth{segment}", f"br{segment}", f"10.{segment + 1}.0.{number}/24")

    def play(self, text: str) -> None:
        self.conf.write_text(text)
        self.up()

    def held(self) -> List[str]:
        have = self.run("ip", "-br", "addr")
        return sorted(vip for vip in BOTH if f" {vip}/" in have)


def configuration(number: int) -> str:
    text = "global_defs {\n router_id d\n}\n"
    for group in (1, 2):
        text += f"vrrp_sync_group G{group} {{\n group {{\n OUT_{group}\n IN_{group}\n }}\n}}\n"
    for name, (interface, vrid, vip, owner) in INSTANCES.items():
        text += (
            f"vrrp_instance {name} {{\n version 3\n state BACKUP\n interface {interface}\n virtual_router_id {vrid}\n"
        )
        text += (
            f" priority {150 if owner == number else 100}\n advert_int 0.5\n virtual_ipaddress {{\n {vip}\n }}\n}}\n"
        )
    return text


@pytest.fixture
def segments() -> Iterator[None]:
    for name in ("br0", "br1"):
        bridge(name)
    yield
    for name in ("br0", "br1"):
        subprocess.run(["ip", "link", "del", name], check=True)


@pytest.mark.parametrize("other", ["lvs-agent"])
def test_a_lost_link_moves_both_instances_of_one_director_and_back(segments: None, other: str) -> None:
    one, two = directors = Director("one", 1, "lvs-agent"), Director("two", 2, other)
    try:
        for director in directors:
            director.play(configuration(director.number))

        def stand(first: List[str], second: List[str], what: str) -> None:
            reached = wait(lambda: (one.held(), two.held()) == (first, second), 15, 0.05)
            assert reached is not None, f"{what}: {one.held()} and {two.held()}"

        stand(sorted(OF[1]), sorted(OF[2]), "election")
        for loser in directors:
            subprocess.run(["ip", "link", "set", loser.cables[0], "down"], check=True)
            stand(*(([], BOTH) if loser is one else (BOTH, [])), f"{loser.name} lost eth0")
            subprocess.run(["ip", "link", "set", loser.cables[0], "up"], check=True)
            stand(sorted(OF[1]), sorted(OF[2]), f"{loser.name} has eth0 again")
    finally:
        for director in directors:
            print(f"--- {director.name}\n{(director.folder / 'log').read_text()[-2500:]}")
            director.close()


TOLD = """global_defs {{
 router_id d
 script_user root
 vrrp_notify_fifo {folder}/fifo
 vrrp_notify_priority_changes
}}
vrrp_script chk {{
 script "/usr/bin/test -e {folder}/good"
 interval 1
 weight 10
 init_fail
}}
vrrp_instance VI {{
 version 3
 state BACKUP
 interface eth0
 virtual_router_id 51
 priority 100
 advert_int 0.5
 virtual_ipaddress {{
 10.1.0.101
 }}
 track_script {{
 chk
 }}
 {scripts}
}}
vrrp_sync_group G {{
 group {{
 IN
 }}
 {scripts}
}}
vrrp_instance IN {{
 version 3
 state BACKUP
 interface eth1
 virtual_router_id 52
 priority 100
 advert_int 0.5
 virtual_ipaddress {{
 10.2.0.101
 }}
 {scripts}
}}
"""


def tell(director: Director) -> Dict[str, List[str]]:
    """One life with every change; what was told of each name, by pipe and by scripts."""
    script, pipe = director.folder / "told", director.folder / "fifo"
    script.write_text(f'#!/bin/sh\necho "$*" >> {director.folder}/scripts\n')
    script.chmod(0o755)
    (director.folder / "scripts").touch()
    os.mkfifo(pipe)
    lines: List[str] = []
    descriptor = os.open(pipe, os.O_RDWR)
    reader = threading.Thread(target=_read, args=(descriptor, lines), daemon=True)
    reader.start()
    words = {
        name: "\n ".join(f'notify_{each} "{script} {name} {each}"' for each in ("master", "backup", "fault", "stop"))
        + f'\n notify "{script} {name}"'
        for name in ("VI", "G", "IN")
    }
    parts = TOLD.format(folder=director.folder, scripts="{scripts}").split("{scripts}")
    director.play(parts[0] + words["VI"] + parts[1] + words["G"] + parts[2] + words["IN"] + parts[3])
    wait_for(lines, 'INSTANCE "VI" MASTER', 'GROUP "G" MASTER')
    (director.folder / "good").touch()
    wait_for(lines, 'INSTANCE "VI" MASTER_PRIORITY 110')
    for state, cue in (("down", "FAULT"), ("up", "MASTER")):
        director.batch(f"link set eth0 {state}", f"link set eth1 {state}")
        wait_for(lines, f'INSTANCE "VI" {cue}', f'GROUP "G" {cue}', number=1 if cue == "FAULT" else 2)
    director.program.send_signal(signal.SIGTERM)
    director.program.wait(10)
    director.programs.remove(director.program)
    wait_for(lines, 'INSTANCE "VI" STOP', 'GROUP "G" STOP')
    scripts = director.folder / "scripts"
    wait(lambda: scripts.read_text().count("stop") >= 3, 5)
    ran = scripts.read_text().splitlines()
    found = {f"pipe {name}": [line for line in lines if f'"{name}"' in line] for name in ("VI", "G", "IN")}
    # scripts run side by side: their order among themselves is that of their starts, not of what they write
    return {**found, **{f"scripts {name}": sorted(line for line in ran if line.startswith(name)) for name in words}}


def _read(descriptor: int, lines: List[str]) -> None:
    with os.fdopen(descriptor) as pipe:
        lines.extend(line.strip() for line in pipe)


def wait_for(lines: List[str], *beginnings: str, number: int = 1) -> None:
    def come() -> bool:
        return all(sum(line.startswith(f"{each} ") or line == each for line in lines) >= number for each in beginnings)

    assert wait(come, 20) is not None, f"{beginnings}: {lines}"


def test_both_engines_tell_the_same(segments: None) -> None:
    told = {}
    for number, engine in enumerate(("lvs-agent", "keepalived"), 1):
        director = Director(f"{engine[:4]}{number}", number, engine)
        try:
            told[engine] = tell(director)
        finally:
            print(f"--- {engine}\n{(director.folder / 'log').read_text()[-2500:]}")
            director.close()
    assert told["lvs-agent"] == told["keepalived"]
