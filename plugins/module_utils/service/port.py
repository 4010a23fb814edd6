# Copyright (c) 2026, lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks and orders systemd, and the running agent over its socket: the only file of this room with side effects."""

from __future__ import annotations

import hashlib
import json
import os
import socket
import time
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple

from ..package import layout
from .plan import ENGINES, Order, Unit

Run = Callable[[List[str]], Tuple[int, str, str]]
"""Runs a program: exit status, output, error output (AnsibleModule.run_command)."""

CONTROL = "/run/lvs-agent/control.sock"
_PATIENCE = 20.0  # s for an answer of the agent, whose children may have to be asked
_RELOAD_AGENT: Order = ("reload", ENGINES["agent"])
_RESTART_AGENT: Order = ("restart", ENGINES["agent"])
_PROPERTIES = ("Id", "LoadState", "ActiveState", "UnitFileState")


class ServiceError(Exception):
    """systemd refused or failed. The message has what it said, and the end of the unit's journal."""


def read_units(run: Run) -> Dict[str, Unit]:
    """Every engine's unit; raises ServiceError."""
    if not os.path.isdir("/run/systemd/system"):
        raise ServiceError("systemd does not run this host: set service_manager (director_service_manager) to none")
    asked = ["systemctl", "show", f"--property={','.join(_PROPERTIES)}", *ENGINES.values()]
    # Seen once on a very busy host: status 0, and nothing said.
    text = _done(run, asked) or _done(run, asked)
    units: Dict[str, Unit] = {}
    names = {service: engine for engine, service in ENGINES.items()}
    for block in text.strip().split("\n\n"):
        of = dict(line.split("=", 1) for line in block.splitlines() if "=" in line)
        if of.get("Id") in names:
            units[names[of["Id"]]] = Unit(of["LoadState"], of["ActiveState"], of.get("UnitFileState", ""))
    missing = set(ENGINES) - set(units)
    if missing:
        raise ServiceError(f"systemctl show does not tell of {', '.join(sorted(missing))}: {text!r}")
    return units


def ask_agent(command: str, path: str = CONTROL, **words: Any) -> Optional[Dict[str, Any]]:
    """The running agent's answer to one command with its words; None when no agent answers there."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as control:
            control.settimeout(_PATIENCE)
            control.connect(path)
            control.sendall(json.dumps({"command": command, **words}).encode() + b"\n")
            with control.makefile("rb") as lines:
                answer = json.loads(lines.readline() or b"null")
    except (OSError, ValueError):
        return None
    return answer if isinstance(answer, dict) else None


def is_stale(answer: Optional[Dict[str, Any]]) -> bool:
    """True when the agent's answer to `status` tells of another content than its configuration file has now."""
    if not answer or not answer.get("ok"):
        return False
    config = answer["status"]["config"]
    try:
        with open(config["file"], "rb") as file:
            return bool(hashlib.sha256(file.read()).hexdigest() != config["sha256"])
    except OSError:
        return False


def is_outdated(answer: Optional[Dict[str, Any]]) -> bool:
    """True when the running agent is another program than the next start would run: a play ended before its restart."""
    if not answer or not answer.get("ok"):
        return False
    program = answer["status"].get("program")
    return os.path.islink(layout.CURRENT) and program != os.path.realpath(layout.CURRENT)


def _reload_agent(run: Run) -> None:
    """Over the control socket, which unlike systemd says whether the file was taken."""
    answer = ask_agent("reload")
    if answer is None:
        _done(run, ["systemctl", *_RELOAD_AGENT])
    elif not answer["ok"]:
        refused = "\n".join(answer.get("findings", ()) or [str(answer.get("error"))])
        raise ServiceError(f"lvs-agent goes on with its old configuration, it refuses the new one:\n{refused}")


def _restart_agent(run: Run) -> None:
    """Over the control socket: the agent becomes the program on disk without a gap; one too old for that restarts."""
    answer = ask_agent("restart")
    if answer is None or "no command" in str(answer.get("error")):
        _done(run, ["systemctl", *_RESTART_AGENT])
        return
    if not answer["ok"]:
        refused = "\n".join(answer.get("findings", ()) or [str(answer.get("error"))])
        raise ServiceError(f"lvs-agent goes on as it is, it refuses its configuration:\n{refused}")
    ends = time.monotonic() + _PATIENCE
    while time.monotonic() < ends:
        answer = ask_agent("status")
        if answer and answer.get("ok") and not is_outdated(answer) and _ready(answer["status"]):
            return
        time.sleep(0.1)
    raise ServiceError(f"lvs-agent does not come back as the program on disk within {_PATIENCE:g} s")


def _ready(status: Dict[str, Any]) -> bool:
    return all(process.get("ready") for process in status.get("processes", {}).values())


def carry_out(run: Run, orders: Sequence[Order]) -> None:
    """Give the orders; raises ServiceError at the first that fails."""
    for order in orders:
        if order == _RELOAD_AGENT:
            _reload_agent(run)
            continue
        if order == _RESTART_AGENT:
            _restart_agent(run)
            continue
        try:
            _done(run, ["systemctl", *order])
        except ServiceError as error:
            raise ServiceError(f"{error}\n{_journal(run, order[-1])}") from error


def _journal(run: Run, service: str) -> str:
    words = ["journalctl", "--no-pager", "--lines=20", "--output=cat", f"--unit={service}"]
    return f"The last lines of its journal:\n{run(words)[1]}".strip()


def _done(run: Run, words: List[str]) -> str:
    status, out, error = run(words)
    if status:
        raise ServiceError(f"{' '.join(words)}: exit {status}: {error.strip()}")
    return out
