# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Debian's keepalived as the judge of the language: it takes what we write as it takes what we read.

For every vector and every example of the explanations: what keepalived says about the written file it also says about
the original; what it takes without a word has no errors here; and the VRRP configuration it prints of both is one. (What it prints
of the checkers takes a kernel with ip_vs: test_keepalived_checkers.py.)
"""

from __future__ import annotations

import re
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils.conf import explain, model, read, write

pytestmark = pytest.mark.netns(limit=300)

FOLDER = Path(__file__).parents[1] / "vectors" / "conf"
FILES = sorted(FOLDER.rglob("*.conf"))
LINKS = (("eth0", "eth1"), ("ens3", "ens4"), ("ens5", "eth2"))
# words newer than Debian's release; the examples with them are for later ones
NEWER = ("auth_hmac", "timer_expired_backup", "owner_ignore_adverts", "no_virtual_ipaddress")
# what the examples need a machine for, and what cannot be given to a program
NOT_FILES = ("include", "too-large", "nul-character", "line-too-long")
# keepalived does not come back from these
ENDLESS = ("recursive-variable.bad", "expansion-limit.bad")
# it takes these silently and means something else: a netmask of 0.0.0.64, a group that is not there, a server the
# kernel refuses, a truth value that is none; or only later releases than Debian's say something
OTHER_MEANING = {"family-mismatch", "unknown-name", "threshold-range", "not-a-truth-value", "strict-unicast"}
# mistakes in lines that it does not see
OTHER_MEANING |= {"bad-regex"}
EXAMPLES = [
    (f"{code}.{kind}", explain.full(getattr(one, kind)))
    for code in explain.codes()
    if (one := explain.explain(code)) is not None and not code.startswith(NOT_FILES)
    for kind in ("good", "bad")
    if "---\n" not in getattr(one, kind) and not any(word in getattr(one, kind) for word in NEWER)
]
# what each of the agent's own checks cannot be without
NEEDED = {
    "SIMPLETCP_CHECK": {"receive": "^220 "},
    "RADIUS_CHECK": {"login": "l", "passwd": "p", "secret": "s"},
}
GOOD = [(name, text) for name, text in EXAMPLES if name.endswith(".good")]
BAD = [(name, text) for name, text in EXAMPLES if name.endswith(".bad") and name not in ENDLESS]


@pytest.fixture(scope="module", autouse=True)
def links() -> None:
    """The interfaces that the files name."""
    present = {path.name for path in Path("/sys/class/net").iterdir()}
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    for number, (one, other) in enumerate(LINKS):
        if one not in present:
            subprocess.run(["ip", "link", "add", one, "type", "veth", "peer", "name", other], check=True)
        for name in (one, other):
            subprocess.run(["ip", "link", "set", name, "up"], check=True)
        subprocess.run(["ip", "addr", "replace", f"192.168.{200 + number}.5/24", "dev", one], check=True)


def judged(text: str, folder: Path) -> tuple[int, set[str]]:
    """keepalived's exit status and what it says, without file names and lines."""
    path = folder / "judged.conf"
    path.write_text(text)
    done = subprocess.run(
        ["keepalived", "-t", "-f", str(path)], capture_output=True, text=True, timeout=20, check=False
    )
    said = re.sub(r"\((?:\S+: )?Line \d+\) ", "", done.stdout + done.stderr)
    # Debian's release ends itself when a script runs as somebody else; what it said before counts
    return done.returncode, {line for line in said.splitlines() if line and line != "Terminated"}


def dumped(text: str, folder: Path) -> list[str]:
    """The VRRP configuration that a keepalived prints of itself at its start."""
    path = folder / "dumped.conf"
    path.write_text(text)
    command = ["timeout", "-s", "INT", "1", "keepalived", "-P", "-n", "-l", "-d", "-f", str(path)]
    command += ["-p", str(folder / "a.pid"), "-r", str(folder / "b.pid")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    lines = [line.partition(" 2026: ")[2] or line for line in (done.stdout + done.stderr).splitlines()]
    lines = [re.sub(r"^\w{3} \w{3} +\d+ [\d:]+ \d{4}: ", "", line) for line in lines]
    starts = [number for number, line in enumerate(lines) if line.startswith("------<")]
    assert starts, lines
    stated = [line for line in lines[starts[0] :] if line.startswith((" ", "------<"))]
    return [line for line in stated if not re.search(r"(?i)time|transition|pid|last|socket|fd|index", line)]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_what_is_written_is_taken_as_the_original_was(file: Path, tmp_path: Path) -> None:
    original = file.read_text()
    status, said = judged(original, tmp_path)
    again, said_again = judged(write(read(original, file.name).document), tmp_path)
    assert said_again <= said
    assert again <= status


@pytest.mark.parametrize(("name", "text"), GOOD, ids=[name for name, _text in GOOD])
def test_good_examples_are_written_as_well_as_they_were(name: str, text: str, tmp_path: Path) -> None:
    reading = read(text, name)
    if reading.errors:  # the example shows one thing, and is no whole file
        return
    assert judged(write(reading.document), tmp_path)[1] <= judged(text, tmp_path)[1]


@pytest.mark.parametrize(("name", "text"), BAD, ids=[name for name, _text in BAD])
def test_what_keepalived_takes_without_a_word_has_no_errors(name: str, text: str, tmp_path: Path) -> None:
    status, said = judged(text, tmp_path)
    errors = {found.code for found in read(text, name).errors} - OTHER_MEANING
    assert not (status == 0 and not said and errors), errors


def test_it_sees_nothing_of_the_agent_s_own_checks(tmp_path: Path) -> None:
    plain = model.RealServer("10.0.0.2", 80, checks=(model.TcpCheck(),))
    own = tuple(check(connect_timeout=2.0, **NEEDED.get(check.keyword, {})) for check in model.OWN_CHECKS)
    for real in (plain, replace(plain, checks=(*own, *plain.checks))):
        server = model.VirtualServer(
            "10.0.0.1", 80, lvs_sched="rr", lvs_method=model.Forwarding("NAT"), protocol="TCP", real_servers=(real,)
        )
        assert judged(write(model.Document(virtual_servers=(server,))), tmp_path) == (0, set())


@pytest.mark.parametrize(
    "file", [file for file in FILES if "vrrp_instance" in file.read_text()], ids=lambda file: file.name
)
def test_both_files_are_one_configuration(file: Path, tmp_path: Path) -> None:
    original = file.read_text()
    assert dumped(write(read(original, file.name).document), tmp_path) == dumped(original, tmp_path)
