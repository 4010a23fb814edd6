# Copyright (c) 2026, lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host is to this collection: a map from settings to their values, and the record of what we changed.

A setting is a kernel module, a sysctl, a link, an address, a route, a rule, a directory, a file or a symbolic link.
Its value is a text, or None when it is not there. An owner (one cluster's real server, the director) wants some
settings; several owners live on one host, and a setting stays as long as one of them wants it. The record remembers
each setting's value from before the first change, so that the last owner's leaving puts it back.

This room knows nothing of LVS, of Ansible or of keepalived; `port` alone reads and changes the host.
"""

from __future__ import annotations

import enum
import json
from dataclasses import dataclass, field
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Tuple


class Kind(enum.IntEnum):
    """Kinds of settings, in the order in which they are set; they are put back in the opposite order.

    Sysctls stand before addresses: an address that is there before its arp_ignore answers ARP (and is gone before
    arp_ignore is put back). Modules come first because they bring links, and sysctls of these links.
    """

    MODULE = 1
    SYSCTL = 2
    LINK = 3
    ADDRESS = 4
    ROUTE = 5
    RULE = 6
    DIRECTORY = 7
    FILE = 8
    SYMLINK = 9
    TABLE = 10
    RICH_RULE = 11
    UFW_RULE = 12
    UNIT = 13


class Setting(NamedTuple):
    """One thing of a host. Names: `ip_vs`, `net.ipv4.ip_forward`, `tunl0`, `192.0.2.1/32 lo`, `/etc/a.conf`.

    A route: `4 table 20001 default via 192.0.2.1`; a rule: `4 18481 from 192.0.2.9 lookup 20001` (family, priority,
    and the rest as ip-rule(8) lists it). A table of nftables: its family, its name, and the file that makes it. A rich
    rule of firewalld: `zone=` and the zone where one is known, and the rule. A unit of systemd: its name.
    """

    kind: Kind
    name: str


# MODULE: "loaded"; SYSCTL: its text; LINK: "up" or "down"; ADDRESS, ROUTE, RULE, DIRECTORY, rules of firewalld and
# ufw: "present"; FILE: its content; SYMLINK: its target; TABLE: what follows `digest_` in the name of a chain of it;
# UNIT: "active"; whatever is not there: None.
Value = Optional[str]
Want = Mapping[Setting, str]
Facts = Mapping[Setting, Value]


@dataclass(frozen=True)
class Record:
    """What the collection did to a host: who wants what, and how each setting was before anyone wanted it."""

    owners: Mapping[str, Want] = field(default_factory=dict)
    before: Facts = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.owners or self.before)


class Step(NamedTuple):
    """One change: the setting, its value now (None: not there), the value it is to have (None: remove it)."""

    setting: Setting
    now: Value
    value: Value


class Plan(NamedTuple):
    """Steps in the order to take them, the record to keep while they are taken and the one to keep afterwards."""

    steps: Tuple[Step, ...]
    during: Record
    after: Record


class ConflictError(Exception):
    """Two owners want one setting differently. The message names both and the setting."""


class RecordError(Exception):
    """The text is not a record. The message says what is wrong with it."""


def wanted(owners: Mapping[str, Want]) -> Want:
    """The settings all owners want together; raises ConflictError."""
    union: Dict[Setting, str] = {}
    by: Dict[Setting, str] = {}
    for owner, want in sorted(owners.items()):
        for setting, value in want.items():
            if union.setdefault(setting, value) != value:
                raise ConflictError(f"{setting.name}: {by[setting]} wants {union[setting]!r}, {owner} wants {value!r}")
            by.setdefault(setting, owner)
    return union


def with_owner(record: Record, owner: str, want: Optional[Want]) -> Record:
    """The record as it stands once `owner` wants `want` (None or nothing: it leaves)."""
    owners = {name: old for name, old in record.owners.items() if name != owner}
    if want:
        owners[owner] = with_directories(want)
    return Record(owners, record.before)


def with_owners(record: Record, wishes: Mapping[str, Optional[Want]]) -> Record:
    """The same for several owners."""
    for owner, want in wishes.items():
        record = with_owner(record, owner, want)
    return record


def concerned(record: Record, changed: Record) -> Tuple[Setting, ...]:
    """The settings whose present value `plan` has to know, sorted."""
    return tuple(sorted(set(wanted(changed.owners)) | set(record.before)))


def plan(record: Record, changed: Record, facts: Facts) -> Plan:
    """What takes a host with `record` and `facts` to what the owners of `changed` want.

    New and differing settings are set in the order of their kinds, then what nobody wants any more is put back in
    the opposite order; a sysctl that is not there any more has gone with its module. Raises ConflictError.
    """
    want = wanted(changed.owners)
    sets = [
        Step(setting, facts.get(setting), value)
        for setting, value in sorted(want.items())
        if facts.get(setting) != value
    ]
    backs = [
        Step(setting, facts.get(setting), value)
        for setting, value in sorted(record.before.items(), reverse=True)
        if setting not in want and facts.get(setting) not in (value, None if setting.kind is Kind.SYSCTL else value)
    ]
    before = dict(record.before)
    for setting in want:
        before.setdefault(setting, facts.get(setting))
    kept = {setting: value for setting, value in before.items() if setting in want}
    return Plan(tuple(sets + backs), Record(changed.owners, before), Record(changed.owners, kept))


def settled(planned: Plan, facts: Facts) -> Tuple[Record, Facts]:
    """The record and the facts after the steps of a plan."""
    return planned.after, {**facts, **{step.setting: step.value for step in planned.steps}}


def with_directories(want: Want) -> Want:
    """`want` and the directories its files and links are in, so that those we make go again with them."""
    paths = [s.name.rsplit("/", 1)[0] for s in want if s.kind in (Kind.FILE, Kind.SYMLINK)]
    return {**want, **{Setting(Kind.DIRECTORY, path): "present" for path in paths}}


def family(setting: Setting) -> Optional[str]:
    """The family of a route or rule, "4" or "6"; None for other settings."""
    return setting.name[0] if setting.kind in (Kind.ROUTE, Kind.RULE) else None


def ip_words(setting: Setting, order: str) -> str:
    """The words for `ip -4` or `ip -6` that `add` or `del` a route or a rule."""
    _family, *rest = setting.name.split()
    if setting.kind is Kind.RULE:
        return f"rule {order} pref {' '.join(rest)}"
    _word, table, *route = rest
    return f"route {order} {' '.join(route)} table {table}"


def to_text(record: Record) -> str:
    """The record as JSON, sorted, so that equal records give equal bytes."""
    return (
        json.dumps(
            {
                "version": 1,
                "owners": {owner: _rows(want) for owner, want in record.owners.items()},
                "before": _rows(record.before),
            },
            indent=1,
            sort_keys=True,
        )
        + "\n"
    )


def from_text(text: str) -> Record:
    """The record that `to_text` wrote; raises RecordError."""
    try:
        tree = json.loads(text)
        if tree["version"] != 1:
            raise RecordError(f"version {tree['version']!r} is not known here, only 1 is")
        owners = {str(owner): _settings(rows) for owner, rows in tree["owners"].items()}
        if any(value is None for want in owners.values() for value in want.values()):
            raise RecordError("an owner wants a setting without a value")
        return Record(
            {o: {s: v for s, v in w.items() if v is not None} for o, w in owners.items()}, _settings(tree["before"])
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise RecordError(f"not a record of this collection: {error!r}") from error


def _rows(values: Mapping[Setting, Value]) -> List[List[Value]]:
    return [[setting.kind.name, setting.name, value] for setting, value in sorted(values.items())]


def _settings(rows: Any) -> Dict[Setting, Value]:
    values: Dict[Setting, Value] = {}
    for kind, name, value in rows:
        if not isinstance(name, str) or not (value is None or isinstance(value, str)):
            raise RecordError(f"not a setting: {[kind, name, value]!r}")
        values[Setting(Kind[kind], name)] = value
    return values
