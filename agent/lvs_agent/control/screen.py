# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`lvs-agent status` as a person reads it at night: what is wrong first, then who is master, then every server.

Pure: the status document in, lines out. State is a word and a colour, never a colour alone.
"""

from __future__ import annotations

import functools
import re
from typing import Any, Dict, Iterator, List, Mapping, Optional, Sequence, Tuple

_COLOURS = {"good": "32", "bad": "1;31", "doubt": "33", "quiet": "2", "head": "1"}
CLEAR, RESTORE = "\033[?1049h\033[?25l", "\033[?25h\033[?1049l"
"""A screen of its own for --watch, and the terminal as it was."""
_STATES = {"MASTER": "good", "BACKUP": "good", "INIT": "doubt", "FAULT": "bad"}


class Screen:
    """Paints words; with colour off it leaves them as they are."""

    def __init__(self, *, colour: bool) -> None:
        self.colour = colour

    def paint(self, text: str, kind: str) -> str:
        """The text in the colour of its kind."""
        return f"\033[{_COLOURS[kind]}m{text}\033[0m" if self.colour else text

    def table(self, rows: Sequence[Sequence[Any]]) -> Iterator[str]:
        """Rows of (text, kind) or plain text, in columns as wide as their widest text."""
        texts = [[cell[0] if isinstance(cell, tuple) else str(cell) for cell in row] for row in rows]
        widths = [max(map(len, column)) for column in zip(*texts)]
        for row, words in zip(rows, texts):
            padded = [text.ljust(width) for text, width in zip(words, widths)]
            if self.colour:
                kinds = [cell[1] if isinstance(cell, tuple) else "" for cell in row]
                padded = [self.paint(text, kind) if kind else text for text, kind in zip(padded, kinds)]
            yield "  " + "  ".join(padded).rstrip()


def render(status: Mapping[str, Any], *, colour: bool) -> str:
    """The whole screen as text without a final newline."""
    screen = Screen(colour=colour)
    config = status["config"]
    lines = [
        screen.paint(f"lvs-agent {status['version']}", "head")
        + f"  pid {status['pid']}  {config['file']}  {config['sha256'][:12]}",
        *_troubles(screen, status),
    ]
    vrrp, checker = status.get("vrrp"), status.get("checker")
    if vrrp:
        wishes = vrrp.get("mastership") or {}
        rows = [_instance(name, each, wishes.get(name)) for name, each in vrrp["instances"].items()]
        rows += [_group(group, wishes) for group in vrrp.get("groups") or ()]
        lines += ["", screen.paint("VRRP", "head"), *screen.table(rows)]
    if checker:
        drains = checker.get("drains") or ()
        out = {row["server"]: row for row in drains}
        for service in checker["services"]:
            lines += ["", *_service(screen, service, out)]
        if drains:
            lines += ["", screen.paint("Drained", "head"), *screen.table([_drain(row) for row in drains])]
        lines += _table(screen, checker)
    return "\n".join(lines)


def framed(text: str, heading: str, lines: int, columns: int) -> str:
    """One picture of --watch for a terminal of this size: over the one before, without a flicker.

    What is too long is cut, and said to be.
    """
    shown = [heading, *text.split("\n")]
    if len(shown) > lines:
        shown = [*shown[: lines - 1], f"... {len(shown) - lines + 1} more lines: lvs-agent status shows all"]
    return "\033[H" + "\n".join(f"{_cut(line, columns)}\033[K" for line in shown) + "\033[J"


def _cut(line: str, columns: int) -> str:
    """At most so many visible characters; colours take no place and are ended."""
    kept, room = [], columns
    for part in re.split("(\033\\[[0-9;]*m)", line):
        if part.startswith("\033"):
            kept.append(part)
        else:
            kept.append(part[:room])
            room -= len(kept[-1])
    return "".join(kept)


def _troubles(screen: Screen, status: Mapping[str, Any]) -> Iterator[str]:
    for text in troubles(status):
        yield screen.paint("! ", "bad") + text


def troubles(status: Mapping[str, Any]) -> List[str]:
    """What a person should know first; empty when all is well."""
    found: List[str] = []
    config = status["config"]
    if config["last_refusal"]:
        found.append(f"the last reload was refused, the configuration before it serves: {config['last_refusal'][0]}")
    for name, process in status["processes"].items():
        if process.get("silent") or not process["pid"]:
            found.append(f"the {name} child does not answer")
        elif process["deaths"]:
            found.append(f"the {name} child died {process['deaths']} times; journalctl -u lvs-agent says why")
    for name, instance in ((status.get("vrrp") or {}).get("instances") or {}).items():
        if instance["faults"]:
            found.append(f"{name} is in FAULT: {', '.join(instance['faults'])}")
    segment = status.get("segment") or {}
    found += [f"segment: {row['what']}; mend: {row['mend']}" for row in segment.get("findings", ())]
    if segment.get("failed"):
        found.append(f"the segment cannot be looked at: {segment['failed']}")
    checker: Dict[str, Any] = status.get("checker") or {}
    if checker and checker["kernel"] != "ok":
        found.append(f"the kernel's table is out of reach: {checker['kernel']}")
    found += [f"the kernel refuses {text}" for text in checker.get("refused", ())]
    for service in checker.get("services", ()):
        down = [server["name"] for server in service["servers"] if not server["alive"]]
        if down and len(down) == len(service["servers"]):
            found.append(f"{service['name']}: every server is down")
        elif not service["quorum_up"]:
            found.append(f"{service['name']}: no quorum")
    return found


def _instance(name: str, instance: Mapping[str, Any], wish: Optional[Mapping[str, Any]]) -> List[Any]:
    state = instance["state"]
    priority = str(instance["effective_priority"])
    if instance["effective_priority"] != instance["priority"]:
        priority += f" (of {instance['priority']})"
    master = f"master {instance['master']}" if state == "BACKUP" and instance["master"] else ""
    return [
        name,
        (state, _STATES.get(state, "doubt")),
        f"for {duration(instance['since_seconds'])}",
        f"{instance['interface']} vrid {instance['virtual_router_id']} priority {priority}",
        " ".join(instance["virtual_ipaddress"]),
        master if wish is None else (_wished(wish), "doubt"),
    ]


def _wished(wish: Mapping[str, Any]) -> str:
    return f"{wish['asked']} as asked, {duration(wish['seconds_left'])} left"


def _group(group: Mapping[str, Any], wishes: Mapping[str, Any]) -> List[Any]:
    members = group["members"]
    wish = next((wishes[name] for name in members if name in wishes), None)
    last = "" if wish is None else (_wished(wish), "doubt")
    state = (group["state"], _STATES.get(group["state"], "doubt"))
    return [group["name"], state, "", f"sync group of {' '.join(members)}", "", last]


def _drain(row: Mapping[str, Any]) -> List[Any]:
    if "maintenance" in row:
        return [row["server"], f"a file in {row['maintenance']}", ""]
    left, cut = row["connections"], row["seconds_left"]
    words = "takes nothing new" if left is None else f"{left} connections of {row['clients']} clients left"
    end = "no deadline" if cut is None else f"cut off in {duration(cut)}" if cut else "cut off"
    return [row["server"], words, end]


def _table(screen: Screen, checker: Mapping[str, Any]) -> List[str]:
    """What was done to the kernel's table, and by whom it was changed besides."""
    counters = checker.get("counters") or {}
    if not counters:
        return []
    repaired, refused = counters.get("repaired", 0), counters.get("refused", 0)
    words = [f"{counters.get('changes', 0)} changes"]
    words.append(screen.paint(f"{repaired} set right after others changed them", "doubt") if repaired else "no drift")
    if refused:
        words.append(screen.paint(f"{refused} refused by the kernel", "bad"))
    lines = ["", f"{screen.paint('Kernel table', 'head')}  {', '.join(words)}"]
    daemons = checker.get("sync_daemons") or ()
    return lines + [f"  {each['role']} sync daemon on {each['interface']}, id {each['id']}" for each in daemons]


def _service(screen: Screen, service: Mapping[str, Any], drained: Mapping[str, Any]) -> Iterator[str]:
    servers = service["servers"]
    alive = sum(1 for server in servers if server["alive"])
    kind = "good" if alive == len(servers) else "doubt" if alive else "bad"
    count = screen.paint(f"{alive} of {len(servers)} up", kind)
    quorum = "" if service["quorum_up"] else screen.paint("  no quorum", "bad")
    yield f"{screen.paint(service['name'], 'head')}  {count}{quorum}"
    rows = [_server(server, drained) for server in servers]
    sorry = service["sorry_server"]
    if sorry is not None:
        word = ("serves", "bad") if sorry["in"] else ("waits", "quiet")
        rows.append([sorry["name"], word, "", "sorry server"])
    yield from screen.table(rows)


def _server(server: Mapping[str, Any], drained: Mapping[str, Any]) -> List[Any]:
    weight = f"weight {server['weight']}" if server["weight"] is not None else "not in the table"
    said, waiting = [], []
    for check in server["checks"]:
        if "text" in check:
            said.append(f"{check['check']} {check['text']}, {duration(check['age'])} ago")
        else:
            waiting.append(f"{check['check']} not run yet")
    word = ("up", "good") if server["alive"] else ("down", "bad")
    if drained and any(name in drained for name in _names(server["name"])):
        word = ("drained", "doubt") if server["alive"] else ("down, drained", "bad")
    return [server["name"], word, weight, "; ".join(said + waiting) or "no check"]


def _names(server: str) -> Tuple[str, ...]:
    """What drains call the server [ADDRESS]:PROTOCOL:PORT."""
    if not server.startswith("["):
        return (server,)
    address, _bracket, rest = server[1:].partition("]")
    port = rest.rpartition(":")[2]
    return address, f"{address}:{port}", f"[{address}]:{port}"


def duration(seconds: float) -> str:
    """`850 ms`, `12 s`, `3 min 5 s`, `2 h 10 min`, `4 d 3 h`."""
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else _whole(int(seconds))


@functools.lru_cache(maxsize=4096)
def _whole(seconds: int) -> str:
    units = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))
    left, words = seconds, []
    for size, unit in units:
        count, left = divmod(left, size)
        if count:
            words.append(f"{count} {unit}")
    return " ".join(words[:2])
