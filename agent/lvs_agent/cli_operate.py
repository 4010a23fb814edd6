# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands that ask something of the running agent: takeover, standby."""

from __future__ import annotations

import argparse
import sys
from typing import Any, Dict, List, Optional

from .control import requests, unix

DONE, REFUSED, UNREADABLE = 0, 2, 3
PATIENCE = 1800.0
"""Seconds to wait for the end of a switch: three farewells at the longest advert_int there is."""


def asking(name: str, text: str) -> argparse.ArgumentParser:
    """The parser of a command that speaks with the agent."""
    p = argparse.ArgumentParser(prog=f"lvs-agent {name}", description=text)
    p.add_argument("--socket", default=unix.PATH, metavar="PATH", help=f"control socket ({unix.PATH})")
    return p


def ask(request: Dict[str, Any], path: str, timeout: float = 10.0) -> Optional[Dict[str, Any]]:
    """The agent's answer, its error told; None, and told why, when there is no answer."""
    try:
        answer = unix.ask(request, path, timeout)
    except PermissionError:
        print(f"lvs-agent: {path} is for root only", file=sys.stderr)
        return None
    except TimeoutError:
        print(f"lvs-agent: the agent behind {path} does not answer; see journalctl -u lvs-agent", file=sys.stderr)
        return None
    except (OSError, ValueError) as error:
        print(f"lvs-agent: no agent answers at {path} ({error}); systemctl status lvs-agent says more", file=sys.stderr)
        return None
    if not answer.get("ok") and "error" in answer:
        print(f"lvs-agent: {answer['error']}", file=sys.stderr)
    return answer


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
