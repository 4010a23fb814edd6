# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every file at hand that has virtual servers, loaded by our checker and by Debian's keepalived on a real kernel: the
tables as ipvsadm -Sn prints them are equal.

The files: the vectors and, where the machine has them, the samples of Debian's package. Both daemons stay and reload, so
that what a file leaves of the one before is compared too. Every address is local; every port of the files takes
connections and never answers, so that within the second of a file no check fails. The last service of each file says
that it was loaded to its end.
"""

from __future__ import annotations

import re
import signal
import socket
import subprocess
from pathlib import Path

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils.conf import read
from checker_directors import MODULES, Ours, Theirs
from netns import wait

pytestmark = pytest.mark.uml(limit=400)

FOLDERS = (Path(__file__).parents[1] / "vectors" / "conf", Path("/usr/share/doc/keepalived/samples"))


def has_servers(text: str) -> bool:
    return re.search(r"^\s*virtual_server\s", text, re.MULTILINE) is not None


def found() -> dict:
    texts = {
        str(path.relative_to(folder)): path.read_text(errors="replace")
        for folder in FOLDERS
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix not in (".gz", ".sh", ".tsv")
    }
    return {name: text for name, text in texts.items() if has_servers(text)}


FILES = found()

# What the agent refuses as a whole, for its VRRP part, and what makes it take it; both engines get the changed file.
CHANGED = {
    "handbook/stock_file.conf": (r"^\s*vrrp_strict$", ""),  # strict mode with authentication
    "keepalived.conf.vrrp.lvs_syncd": (r"(VG1 \{)([^}]*)", r"\1\n group {\2 }\n"),  # a group without the word group
}


def marked(name: str) -> str:
    """The file, and one more service of its own at the end."""
    number = list(FILES).index(name) + 1
    mark = (
        f"virtual_server 192.0.2.{number} 9 {{\n protocol TCP\n lvs_sched rr\n real_server 192.0.2.250 9 {{\n }}\n}}\n"
    )
    wrong, right = CHANGED.get(name, ("^$", ""))
    return f"{re.sub(wrong, right, FILES[name], count=1, flags=re.MULTILINE)}\n{mark}"


def listen(director, ports: set) -> list:
    """Take connections on these ports of every address: the kernel does, nobody accepts."""
    listeners = []
    for port in ports:
        with director:
            listener = socket.socket(socket.AF_INET6)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("::", port))
        listener.listen(4096)
        listeners.append(listener)
    return listeners


@pytest.fixture(scope="module")
def directors():
    subprocess.run(["modprobe", "-aq", *MODULES], check=True)
    made = (Ours("ours"), Theirs("theirs"))
    words = (
        re.findall(r"(?:real_server|sorry_server)\s+\S+\s+(\d+)|connect_port\s+(\d+)", text) for text in FILES.values()
    )
    ports = {int(port) for pairs in words for pair in pairs for port in pair if port} - {0, 80}
    listeners: list = []
    for director in made:
        director.kill()
        director.batch("route add local default dev lo", "route add local ::/0 dev lo")
        listeners += listen(director, ports | {80})
        director.load(
            "virtual_server 192.0.2.249 9 {\n protocol TCP\n lvs_sched rr\n real_server 192.0.2.250 9 {\n }\n}\n"
        )
        director.up()
    assert wait(lambda: all("192.0.2.249" in director.saved() for director in made), 20, 0.1) is not None
    yield made
    for listener in listeners:
        listener.close()
    for director in made:
        director.close()


def test_there_are_files() -> None:
    assert sum(1 for name in FILES if name.startswith("handbook")) == 5
    assert set(CHANGED) - {
        name for name in FILES if re.search(CHANGED.get(name, "$^")[0], FILES[name], re.MULTILINE)
    } <= {"keepalived.conf.vrrp.lvs_syncd"}


@pytest.mark.parametrize("name", FILES)
def test_same_table(directors, name: str) -> None:
    text = marked(name)
    for director in directors:
        Path(director.conf).write_text(text)
        director.daemon.send_signal(signal.SIGHUP)
    place = f"192.0.2.{list(FILES).index(name) + 1}:9"

    def same() -> bool:
        ours, theirs = (director.saved() for director in directors)
        return place in ours and ours == theirs

    wait(same, 10, 0.1)
    ours, theirs = (director.saved().splitlines() for director in directors)
    assert ours == theirs, Path(directors[0].log).read_text()[-1500:] + Path(directors[1].log).read_text()[-1500:]
    assert any(place in line for line in ours)
    assert len(ours) > 2
    assert read(text, name).document is not None
