# Copyright (c) 2026, lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads and changes a Linux host: the only file of this room with side effects.

Needs iproute2's `ip` (`ip -json`, so 4.17 or newer) and kmod's `modprobe`.
"""

from __future__ import annotations

import json
import os
import tempfile
from typing import Any, Callable, Dict, Iterable, List, Optional, Sequence, Set, Tuple

from . import firewalls
from .settings import Facts, Kind, Plan, Record, Setting, Step, Value, family, from_text, ip_words, to_text

RECORD = "/var/lib/lvs-cluster/host.json"

_BY_IP = (Kind.LINK, Kind.ADDRESS, Kind.ROUTE, Kind.RULE)
_BY_PROGRAM = (Kind.TABLE, Kind.RICH_RULE, Kind.UFW_RULE, Kind.UNIT)

Run = Callable[[Sequence[str], Optional[str]], Tuple[int, str, str]]
"""Runs a program with a text on its standard input: exit status, output, error output (AnsibleModule.run_command)."""


class HostError(Exception):
    """The host refused a step or could not be read. The message says what was tried and what it answered."""


def read_record(path: str = RECORD) -> Record:
    """The record on this host, empty when there is none; raises HostError, settings.RecordError."""
    text = _read(path)
    return Record() if text is None else from_text(text)


def read_facts(run: Run, settings: Sequence[Setting]) -> Facts:
    """The present values of `settings`; raises HostError."""
    values: Dict[Setting, Value] = {}
    links, addresses = _links(run) if any(s.kind in (Kind.LINK, Kind.ADDRESS) for s in settings) else ({}, set())
    ways = _ways(run) if any(s.kind in (Kind.ROUTE, Kind.RULE) for s in settings) else set()
    for setting in settings:
        if setting.kind is Kind.MODULE:
            values[setting] = "loaded" if _has_module(setting.name) else None
        elif setting.kind is Kind.SYSCTL:
            values[setting] = _stripped(_read(_sysctl(setting.name)))
        elif setting.kind is Kind.LINK:
            values[setting] = links.get(setting.name)
        elif setting.kind is Kind.ADDRESS:
            values[setting] = "present" if setting.name in addresses else None
        elif setting.kind in (Kind.ROUTE, Kind.RULE):
            values[setting] = "present" if setting in ways else None
        elif setting.kind in _BY_PROGRAM:
            values[setting] = firewalls.value(run, setting)
        elif setting.kind is Kind.DIRECTORY:
            values[setting] = "present" if os.path.isdir(setting.name) else None
        elif setting.kind is Kind.FILE:
            values[setting] = None if os.path.islink(setting.name) else _read(setting.name)
        else:
            values[setting] = os.readlink(setting.name) if os.path.islink(setting.name) else None
    return values


def carry_out(run: Run, plan: Plan, path: str = RECORD) -> None:
    """Take the steps of `plan` in order; raises HostError at the first that fails.

    The record is written before the first step: the values to go back to survive a crash half-way.
    """
    _keep(plan.during, path)
    late: Dict[Setting, Value] = {}
    for batch in _batches(plan.steps):
        setting, now, value = batch[0]
        if setting.kind is Kind.SYSCTL and now is None and value is not None:  # of a module loaded a moment ago
            late[setting] = _stripped(_read(_sysctl(setting.name)))
        if setting.kind in _BY_IP:
            _ip(run, family(setting), "".join(_ip_line(step) for step in batch))
        else:
            _take(run, batch[0])
    found = {setting: value for setting, value in late.items() if setting in plan.after.before}
    _keep(Record(plan.after.owners, {**plan.after.before, **found}), path)


def reload_units(run: Run) -> None:
    """Have systemd read its unit files again; raises HostError."""
    _done(run, ["systemctl", "daemon-reload"])


def has_systemd() -> bool:
    """True when systemd runs this host."""
    return os.path.isdir("/run/systemd/system")


def write_file(path: str, text: str, mode: int = 0o644) -> None:
    """Replace a file at once (a reader sees the old or the new one); an existing file keeps its mode."""
    try:
        mode = os.stat(path).st_mode & 0o7777
    except FileNotFoundError:
        pass
    handle, temporary = tempfile.mkstemp(dir=os.path.dirname(path), prefix=".lvs-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, mode)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def _keep(record: Record, path: str) -> None:
    if record:
        os.makedirs(os.path.dirname(path), mode=0o755, exist_ok=True)
        write_file(path, to_text(record), 0o600)
    elif os.path.exists(path):
        os.unlink(path)
        _remove_directory(os.path.dirname(path))


def _batches(steps: Iterable[Step]) -> Iterable[List[Step]]:
    """Neighbouring steps that one `ip -batch` can take together; every other step alone."""
    batch: List[Step] = []
    for step in steps:
        by_ip = step.setting.kind in _BY_IP and bool(batch) and batch[0].setting.kind in _BY_IP
        if batch and not (by_ip and family(step.setting) == family(batch[0].setting)):
            yield batch
            batch = []
        batch.append(step)
    if batch:
        yield batch


def _take(run: Run, step: Step) -> None:
    kind, name, value = step.setting.kind, step.setting.name, step.value
    if kind in _BY_PROGRAM:
        for words in firewalls.orders(step.setting, value):
            _done(run, words)
        return
    try:
        if kind is Kind.MODULE and value is not None:
            _done(run, ["modprobe", name])
        elif kind is Kind.MODULE:
            # A module that is in use by now stays: taking it away would be worse than leaving it.
            run(["modprobe", "-r", "-q", name], None)
        elif kind is Kind.SYSCTL and value is not None:
            with open(_sysctl(name), "w", encoding="ascii") as file:
                file.write(value)
        elif kind is Kind.FILE and value is not None:
            write_file(name, value)
        elif kind is Kind.DIRECTORY and value is not None:
            os.makedirs(name, mode=0o755)
        elif kind is Kind.DIRECTORY:
            _remove_directory(name)
        elif kind is Kind.SYMLINK and value is not None:
            if os.path.islink(name):
                os.unlink(name)
            os.symlink(value, name)
        elif kind in (Kind.FILE, Kind.SYMLINK):
            os.unlink(name)
    except OSError as error:
        raise HostError(f"{kind.name.lower()} {name}: {error.strerror}") from error


def _ip_line(step: Step) -> str:
    name, value = step.setting.name, step.value
    if step.setting.kind is Kind.LINK:
        return f"link set {name} {value}\n" if value else ""
    if step.setting.kind in (Kind.ROUTE, Kind.RULE):
        return ip_words(step.setting, "del" if value is None else "add") + "\n"
    address, link = name.split()
    if value is None:
        return f"address del {address} dev {link}\n"
    # nodad: every server of the cluster has the address, so the detection of duplicates would refuse it.
    return f"address add {address} dev {link}{' nodad' if ':' in address else ''}\n"


def _ip(run: Run, version: Optional[str], batch: str) -> None:
    if batch:
        _done(run, ["ip", *([f"-{version}"] if version else []), "-batch", "-"], batch)


def _done(run: Run, words: Sequence[str], text: Optional[str] = None) -> str:
    status, out, error = run(words, text)
    if status:
        tried = " ".join(words) + (": " + "; ".join(text.splitlines()) if text else "")
        raise HostError(f"{tried}: exit {status}: {error.strip()}")
    return out


def _links(run: Run) -> Tuple[Dict[str, str], Set[str]]:
    """The links with `up` or `down`, and the addresses as `address/length link`."""
    try:
        rows = json.loads(_done(run, ["ip", "-json", "address", "show"]) or "[]")
    except ValueError as error:
        raise HostError(f"ip -json address show answered no JSON: {error}") from error
    links = {row["ifname"]: "up" if "UP" in row["flags"] else "down" for row in rows if "ifname" in row}
    addresses = {
        f"{entry['local']}/{entry['prefixlen']} {row['ifname']}"
        for row in rows
        for entry in row.get("addr_info", ())
        if "local" in entry
    }
    return links, addresses


def networks(run: Run) -> Dict[str, List[str]]:
    """The addresses with length of each link; raises HostError."""
    found: Dict[str, List[str]] = {}
    for name in sorted(_links(run)[1]):
        address, link = name.split()
        found.setdefault(link, []).append(address)
    return found


def _ways(run: Run) -> Set[Setting]:
    """The routes with a gateway and the rules of both families."""
    found: Set[Setting] = set()
    for version in ("4", "6"):
        for row in _listed(run, version, "route", "show", "table", "all"):
            name = f"{version} table {row.get('table', 'main')} {row['dst']} via {row.get('gateway')}"
            found.add(Setting(Kind.ROUTE, name))
        for row in _listed(run, version, "rule", "show"):
            words = [version, str(row["priority"]), "from", row["src"]]
            for word in ("ipproto", "sport"):
                words += [word, str(row[word])] if word in row else []
            words += ["lookup", str(row.get("table"))]
            words += ["suppress_prefixlength", str(row["suppress_prefixlen"])] if "suppress_prefixlen" in row else []
            found.add(Setting(Kind.RULE, " ".join(words)))
    return found


def _listed(run: Run, version: str, *words: str) -> List[Dict[str, Any]]:
    """What `ip` lists; nothing when the kernel does not have the family."""
    status, out, _error = run(["ip", "-json", f"-{version}", *words], None)
    try:
        rows = json.loads(out or "[]") if status == 0 else []
    except ValueError as error:
        raise HostError(f"ip -json {' '.join(words)} answered no JSON: {error}") from error
    return [row for row in rows if "dst" in row or "src" in row]


def _has_module(name: str) -> bool:
    if os.path.isdir(f"/sys/module/{name.replace('-', '_')}"):
        return True
    builtin = _read(f"/lib/modules/{os.uname().release}/modules.builtin") or ""
    return any(line.endswith(f"/{name}.ko") for line in builtin.splitlines())


def _sysctl(key: str) -> str:
    """The file of a sysctl by its name with dots, or with slashes where a dot is part of a link's name."""
    return "/proc/sys/" + key if "/" in key else "/proc/sys/" + key.replace(".", "/")


def _read(path: str) -> Optional[str]:
    try:
        with open(path, encoding="utf-8", newline="") as file:
            return file.read()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise HostError(f"{path}: {error.strerror}") from error


def _stripped(text: Optional[str]) -> Value:
    return None if text is None else text.strip()


def _remove_directory(path: str) -> None:
    """Remove it unless someone else has put something into it."""
    try:
        os.rmdir(path)
    except OSError:
        pass
