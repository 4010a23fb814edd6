# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands that ask something of the running agent: status, takeover, standby, drain, undrain."""

from __future__ import annotations

import argparse
import gc
import json
import os
import sys
import time
from typing import Any, Callable, Dict, List, Mapping, Optional, TypeVar

from .control import requests, screen, unix

DONE, LEFT, REFUSED, UNREADABLE = 0, 1, 2, 3
_STATUS = '{"ok":true,"status":'
_T = TypeVar("_T")
PATIENCE = 1800.0
"""Seconds to wait for the end of a switch: three farewells at the longest advert_int there is."""


def asking(name: str, text: str) -> argparse.ArgumentParser:
    """The parser of a command that speaks with the agent."""
    p = argparse.ArgumentParser(prog=f"lvs-agent {name}", description=text)
    p.add_argument("--socket", default=unix.PATH, metavar="PATH", help=f"control socket ({unix.PATH})")
    return p


def ask(request: Dict[str, Any], path: str, timeout: float = 10.0) -> Optional[Dict[str, Any]]:
    """The agent's answer, its error told; None, and told why, when there is no answer."""
    answer = _answer_of(unix.ask, request, path, timeout)
    if answer is not None and not answer.get("ok") and "error" in answer:
        print(f"lvs-agent: {answer['error']}", file=sys.stderr)
    return answer


def _answer_of(
    how: Callable[[Dict[str, Any], str, float], _T], request: Dict[str, Any], path: str, timeout: float = 10.0
) -> Optional[_T]:
    """What comes back; None, and told why, when there is no answer."""
    try:
        return how(request, path, timeout)
    except PermissionError:
        print(f"lvs-agent: {path} is for root and the file's socket_group", file=sys.stderr)
        return None
    except TimeoutError:
        print(f"lvs-agent: the agent behind {path} does not answer; see journalctl -u lvs-agent", file=sys.stderr)
        return None
    except (OSError, ValueError) as error:
        print(f"lvs-agent: no agent answers at {path} ({error}); systemctl status lvs-agent says more", file=sys.stderr)
        return None


def status(arguments: List[str]) -> int:
    """Once, or again and again: for a terminal as a screen that is drawn over, else one after the other."""
    p = asking("status", "What the running agent does.")
    p.add_argument("--json", action="store_true", help="the whole document, with --watch one a line")
    p.add_argument(
        "--watch",
        nargs="?",
        type=_period,
        const=2.0,
        metavar="SECONDS",
        help="again every so many seconds (2), until it is interrupted",
    )
    options = p.parse_args(arguments)
    if options.watch is not None:
        return _watch(options.socket, options.watch, as_json=options.json)
    gc.disable()  # the answer may be long, and the process is not
    if options.json and not sys.stdout.isatty():  # a program reads it: as it comes
        text = _answer_of(unix.ask_text, {"command": "status"}, options.socket)
        if text is None:
            return UNREADABLE
        print(text.strip()[len(_STATUS) : -1] if text.startswith(_STATUS) else text)
        return DONE
    answer = ask({"command": "status"}, options.socket)
    if answer is None:
        return UNREADABLE
    print(json.dumps(answer["status"], indent=1) if options.json else _screen(answer["status"]))
    return DONE


def _period(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0.1 <= seconds <= 3600:
        raise argparse.ArgumentTypeError(f"{text} is no number of seconds from 0.1 to 3600")
    return seconds


def _screen(document: Mapping[str, Any]) -> str:
    return screen.render(document, colour=sys.stdout.isatty() and "NO_COLOR" not in os.environ)


def _watch(path: str, seconds: float, *, as_json: bool) -> int:
    """Until ^C; an agent that is away is waited for."""
    drawn = sys.stdout.isatty() and not as_json
    print(screen.CLEAR if drawn else "", end="")
    try:
        while True:
            now = time.strftime("%H:%M:%S")
            try:
                document = unix.ask({"command": "status"}, path)["status"]
            except (OSError, ValueError) as error:
                text = json.dumps({"error": str(error)}) if as_json else f"no agent answers at {path}: {error}"
            else:
                text = json.dumps(document, separators=(",", ":")) if as_json else _screen(document)
            if drawn:
                import shutil  # noqa: PLC0415 - the screen alone needs it

                size = shutil.get_terminal_size()
                heading = f"{now}  every {seconds:g} s, ^C ends it"
                print(screen.framed(text, heading, size.lines, size.columns), end="", flush=True)
            else:
                print(text if as_json else f"{now}\n{text}\n", flush=True)
            time.sleep(seconds)
    except KeyboardInterrupt:
        return DONE
    finally:
        print(screen.RESTORE if drawn else "", end="", flush=True)


def mastership(kind: str, arguments: List[str]) -> int:
    """Takeover and standby: done when the switch is; exit status 2 when it was refused or nobody took over."""
    text = {
        "takeover": "Become MASTER here, before the present one lets go; it steps down for priority 254.",
        "standby": "Let another director become MASTER, and let go only when it is.",
    }[kind]
    p = asking(kind, f"{text} Afterwards the file's priorities count again.")
    p.add_argument("name", nargs="*", help="a vrrp_instance or vrrp_sync_group (all); a group moves together")
    p.add_argument("--for", dest="seconds", type=float, default=requests.USUAL, metavar="SECONDS")
    p.add_argument("--end", action="store_true", help="the wish is over: back to what the file says, before its time")
    options = p.parse_args(arguments)
    request = {"command": "end" if options.end else kind, "names": options.name, "seconds": options.seconds}
    answer = ask(request, options.socket, PATIENCE)
    if answer is None:
        return UNREADABLE
    for name, state in answer.get("instances", {}).items():
        print(f"{name} {state}")
    return DONE if answer["ok"] else REFUSED


def drain(kind: str, arguments: List[str]) -> int:
    """Drain and undrain; exit status 2 when it was refused, 1 when connections were left at the end of the waiting."""
    text = {
        "drain": "Give a server no new connections; those that it has go on. Without SERVER: who is drained, and left.",
        "undrain": "Give a server connections again.",
    }[kind]
    p = asking(kind, f"{text} For this director only: the playbook lvs.cluster.drain asks all of them.")
    p.add_argument("server", nargs="?" if kind == "drain" else None, help="ADDRESS, ADDRESS:PORT or [ADDRESS]:PORT")
    if kind == "drain":
        p.add_argument(
            "--deadline", type=float, metavar="SECONDS", help="what is left then is cut off (never without it)"
        )
        p.add_argument("--floor", type=int, default=1, metavar="N", help="servers that every virtual_server keeps (1)")
        p.add_argument("--wait", type=float, default=0.0, metavar="SECONDS", help="for its connections to end, at most")
    options = p.parse_args(arguments)
    request: Dict[str, Any] = {"command": "drains"}
    if options.server is not None:
        request = {"command": kind, "server": options.server}
        if kind == "drain":
            request.update(deadline=options.deadline, floor=options.floor)
    answer = ask(request, options.socket)
    if answer is None:
        return UNREADABLE
    if not answer["ok"]:
        return REFUSED
    ends = time.monotonic() + getattr(options, "wait", 0.0)
    while time.monotonic() < ends and _left(answer, options.server):
        time.sleep(min(0.5, max(0.0, ends - time.monotonic())))
        answer = ask({"command": "drains"}, options.socket)
        if answer is None:
            return UNREADABLE
    for row in answer["drains"]:
        print(_row(row))
    return LEFT if getattr(options, "wait", 0.0) and _left(answer, options.server) else DONE


def _left(answer: Mapping[str, Any], server: Optional[str]) -> int:
    """Connections that are left, of one server or of all."""
    try:
        wanted = None if server is None else requests.drain_server(server)
    except ValueError:
        return 0
    rows = [row for row in answer["drains"] if "maintenance" not in row]
    mine = [row for row in rows if wanted is None or requests.drain_server(row["server"]) == wanted]
    return sum(row["connections"] or 0 for row in mine)


def _row(row: Mapping[str, Any]) -> str:
    if "maintenance" in row:
        return f"{row['server']}  a file in {row['maintenance']}"
    words = [row["server"]]
    if row["connections"] is not None:
        words.append(f"{row['connections']} connections of {row['clients']} clients left")
    if row["seconds_left"] is not None:
        words.append(f"cut off in {row['seconds_left']:.0f} s" if row["seconds_left"] else "cut off")
    return "  ".join(words)
