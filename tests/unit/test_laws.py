# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The laws of the house that a program can hold: what may be imported where, and what a file's name may not be."""

from __future__ import annotations

import ast
import pathlib
from typing import Iterator, List, Tuple

import pytest

ROOT = pathlib.Path(__file__).parents[2]
AGENT = ROOT / "agent" / "lvs_agent"
CONF = ROOT / "plugins" / "module_utils" / "conf"
ROOMS = sorted(p.name for p in AGENT.iterdir() if (p / "__init__.py").exists())

WORLDLY = {"socket", "time", "subprocess", "select", "selectors", "asyncio", "threading", "pyroute2", "scapy", "ssl"}
"""Modules that know a clock, a socket, a process or a loop."""
DOORS = {"port.py", "loop.py", "daemon.py", "cli.py"}
"""Files that may open onto the world; the rooms notify/ and control/ may as a whole. DESIGN.md, law 3."""
UPSTAIRS_DOORS = {"channel.py", "vrrp_child.py", "checker_child.py", "segment_child.py", "cli_operate.py"}
"""The processes' own files: signals, the channel's socket pair."""
CONSTANTS = ("AF_", "IPPROTO_", "inet_pton", "inet_ntop", "inet_aton", "inet_ntoa")
"""What a pure file may take from the socket module: numbers and address text, no sockets."""
BANNED_NAMES = {"utils.py", "common.py", "helpers.py", "base.py", "manager.py", "core.py", "misc_utils.py"}

FILES = sorted([*AGENT.rglob("*.py"), *CONF.rglob("*.py")])


def imports(path: pathlib.Path) -> Iterator[Tuple[str, Tuple[str, ...], int]]:
    """(module, names, line) of every import, relative ones as lvs_agent.…; type-checking blocks count too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for name in node.names:
                yield name.name, (), node.lineno
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            if node.level and AGENT in path.parents:
                package = ("lvs_agent", *path.relative_to(AGENT).parts[:-1])
                module = ".".join([*package[: len(package) - node.level + 1], *filter(None, [module])])
            yield module, tuple(name.name for name in node.names), node.lineno


def is_door(path: pathlib.Path) -> bool:
    if AGENT not in path.parents:
        return path.name == "port.py"
    parts = path.relative_to(AGENT).parts
    if parts[0] in ("notify", "control"):
        return True
    return path.name in DOORS or (len(parts) == 1 and path.name in UPSTAIRS_DOORS)


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_logic_has_no_clock_socket_or_loop(path: pathlib.Path) -> None:
    if is_door(path):
        return
    found: List[str] = []
    for module, names, line in imports(path):
        top = module.split(".")[0]
        if top not in WORLDLY:
            continue
        if top == "socket" and names and all(name.startswith(CONSTANTS) for name in names):
            continue
        found.append(f"line {line}: {module} {' '.join(names)}")
    assert not found


@pytest.mark.parametrize("room", ROOMS)
def test_rooms_never_import_one_another(room: str) -> None:
    found = []
    for path in (AGENT / room).rglob("*.py"):
        for module, names, line in imports(path):
            parts = module.split(".")
            if parts[0] != "lvs_agent":
                continue
            others = set(parts[1:2]) | (set(names) if len(parts) == 1 else set())
            found += [f"{path.name}:{line}: {other}" for other in others & set(ROOMS) - {room}]
    assert not found


@pytest.mark.parametrize("room", ROOMS)
def test_rooms_do_not_know_the_language(room: str) -> None:
    found = [
        f"{path.name}:{line}"
        for path in (AGENT / room).rglob("*.py")
        for module, _names, line in imports(path)
        if "module_utils" in module
    ]
    assert not found


def test_scapy_is_never_in_the_agent() -> None:
    assert not [path for path in AGENT.rglob("*.py") for module, _n, _l in imports(path) if module.startswith("scapy")]


def test_no_room_without_a_subject() -> None:
    code = [*(ROOT / "agent").rglob("*.py"), *(ROOT / "plugins").rglob("*.py"), *(ROOT / "tests").rglob("*.py")]
    assert not [path for path in code if path.name in BANNED_NAMES]


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_python_3_9_reads_it(path: pathlib.Path) -> None:
    ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 9))


def test_a_long_file_says_why() -> None:
    """Over 400 lines: the first 15 lines give a reason, marked `Long because`."""
    code = [*(ROOT / "agent").rglob("*.py"), *(ROOT / "plugins").rglob("*.py"), *(ROOT / "tests").rglob("*.py")]
    long = [path for path in code if path.read_text(encoding="utf-8").count("\n") > 400]
    assert not [p for p in long if "Long because" not in "\n".join(p.read_text(encoding="utf-8").splitlines()[:15])]
