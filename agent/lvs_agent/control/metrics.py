# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The status as Prometheus reads it (text exposition format 0.0.4): every family declared once, stable names. Pure.

Alert rules and dashboard are made from and tested against these declarations (tools/monitoring).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, Dict, Iterator, List, Mapping, Optional, Tuple

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
FINDINGS = (
    "answers-for-vip",
    "vip-as-sender",
    "unknown-holder",
    "no-holder",
    "split-brain",
    "adverts-lost",
    "vrid-clash",
)
STATES = ("INIT", "BACKUP", "MASTER", "FAULT")
Status = Mapping[str, Any]
Sample = Tuple[Tuple[str, ...], float]
"""The values of the labels, in the order of the declaration, and the number."""


@dataclass(frozen=True)
class Family:
    """One metric: `name` without the prefix; a counter ends in _total and never falls but with its process."""

    name: str
    kind: str
    text: str
    labels: Tuple[str, ...]
    read: Callable[[Status], Iterator[Sample]]

    @property
    def full(self) -> str:
        """As it is exposed."""
        return f"lvs_agent_{self.name}"


def _instances(status: Status) -> Mapping[str, Any]:
    found: Mapping[str, Any] = (status.get("vrrp") or {}).get("instances") or {}
    return found


def _services(status: Status) -> List[Any]:
    found: List[Any] = (status.get("checker") or {}).get("services") or []
    return found


def _one(read: Callable[[Status], Optional[float]]) -> Callable[[Status], Iterator[Sample]]:
    """A family of one sample; None for none."""

    def samples(status: Status) -> Iterator[Sample]:
        value = read(status)
        if value is not None:
            yield (), value

    return samples


def _instance(key: str) -> Callable[[Status], Iterator[Sample]]:
    return lambda status: (((name,), float(each[key])) for name, each in _instances(status).items())


def _counted(key: str) -> Callable[[Status], Iterator[Sample]]:
    return lambda status: (
        ((name, what), float(count)) for name, each in _instances(status).items() for what, count in each[key].items()
    )


def _child(read: Callable[[Any], float]) -> Callable[[Status], Iterator[Sample]]:
    return lambda status: (((name,), read(each)) for name, each in status["processes"].items())


def _servers(read: Callable[[Any], Optional[float]]) -> Callable[[Status], Iterator[Sample]]:
    def samples(status: Status) -> Iterator[Sample]:
        for service in _services(status):
            for server in service["servers"]:
                value = read(server)
                if value is not None:
                    yield (service["name"], server["name"]), value

    return samples


def _checks(read: Callable[[Any], Optional[float]]) -> Callable[[Status], Iterator[Sample]]:
    def samples(status: Status) -> Iterator[Sample]:
        for service in _services(status):
            for server in service["servers"]:
                for number, check in enumerate(server["checks"]):
                    value = read(check)
                    if value is not None:
                        yield (service["name"], server["name"], check["check"], str(number)), value

    return samples


def _checker(key: str) -> Callable[[Status], Optional[float]]:
    return lambda status: (status.get("checker") or {}).get("counters", {}).get(key)


def _states(status: Status) -> Iterator[Sample]:
    for name, each in _instances(status).items():
        for state in STATES:
            yield (name, state), float(each["state"] == state)


def _wishes(status: Status) -> Iterator[Sample]:
    for name, wish in ((status.get("vrrp") or {}).get("mastership") or {}).items():
        yield (name, wish["asked"]), float(wish["seconds_left"])


def _drained(status: Status) -> Iterator[Sample]:
    rows = (status.get("checker") or {}).get("drains") or []
    for server, by in dict.fromkeys((row["server"], "file" if "maintenance" in row else "request") for row in rows):
        yield (server, by), 1.0


def _found(status: Status) -> Iterator[Sample]:
    """Every kind that there may be, so that an alert sees it fall to 0."""
    segment = status.get("segment")
    if segment:
        codes = [row["code"] for row in segment["findings"]]
        for code in FINDINGS:
            yield (code,), float(codes.count(code))


def _kernel(status: Status) -> Optional[float]:
    checker = status.get("checker")
    return None if not checker else float(checker["kernel"] == "ok")


_SERVER = ("virtual_server", "real_server")
_CHECK = (*_SERVER, "check", "number")
FAMILIES: Tuple[Family, ...] = (
    Family("info", "gauge", "The version, always 1.", ("version",), lambda s: iter([((s["version"],), 1.0)])),
    Family(
        "config_loaded_timestamp_seconds",
        "gauge",
        "When the running configuration was read.",
        (),
        _one(lambda s: float(s["config"]["loaded_at"])),
    ),
    Family(
        "config_refused",
        "gauge",
        "1 while the last reload was refused and an older configuration serves.",
        (),
        _one(lambda s: float(bool(s["config"]["last_refusal"]))),
    ),
    Family(
        "config_reloads_total",
        "counter",
        "Reloads by their result.",
        ("result",),
        lambda s: (((result,), float(count)) for result, count in s["config"]["reloads"].items()),
    ),
    Family(
        "child_up",
        "gauge",
        "1 while the child process serves.",
        ("child",),
        _child(lambda c: float(bool(c["pid"]) and not c.get("silent"))),
    ),
    Family(
        "child_deaths_total",
        "counter",
        "Deaths of the child process.",
        ("child",),
        _child(lambda c: float(c["deaths"])),
    ),
    Family(
        "vrrp_state", "gauge", "1 for the state that it is in, 0 for the others.", ("vrrp_instance", "state"), _states
    ),
    Family(
        "vrrp_state_since_timestamp_seconds",
        "gauge",
        "Since when it is in that state.",
        ("vrrp_instance",),
        _instance("since"),
    ),
    Family("vrrp_priority", "gauge", "The configured priority.", ("vrrp_instance",), _instance("priority")),
    Family(
        "vrrp_effective_priority",
        "gauge",
        "The priority in force, with tracking and requests.",
        ("vrrp_instance",),
        _instance("effective_priority"),
    ),
    Family("vrrp_events_total", "counter", "What happened, by kind.", ("vrrp_instance", "event"), _counted("counters")),
    Family(
        "vrrp_discards_total",
        "counter",
        "Adverts that were not heard, by cause.",
        ("vrrp_instance", "cause"),
        _counted("discards"),
    ),
    Family(
        "vrrp_request_seconds_left",
        "gauge",
        "How long a takeover or standby still holds.",
        ("vrrp_instance", "asked"),
        _wishes,
    ),
    Family(
        "vrrp_lateness_seconds",
        "gauge",
        "The longest that the VRRP process was late.",
        (),
        _one(lambda s: (s.get("vrrp") or {}).get("lateness_seconds")),
    ),
    Family(
        "quorum_up",
        "gauge",
        "1 while the virtual server has its quorum.",
        ("virtual_server",),
        lambda s: (((each["name"],), float(each["quorum_up"])) for each in _services(s)),
    ),
    Family(
        "sorry_server_in",
        "gauge",
        "1 while the sorry server serves.",
        ("virtual_server",),
        lambda s: (
            ((each["name"],), float(each["sorry_server"]["in"])) for each in _services(s) if each["sorry_server"]
        ),
    ),
    Family("real_server_up", "gauge", "1 while no check is failed.", _SERVER, _servers(lambda r: float(r["alive"]))),
    Family(
        "real_server_weight",
        "gauge",
        "The weight that the checks give it; none while it is not in the table.",
        _SERVER,
        _servers(lambda r: r["weight"]),
    ),
    Family("real_server_drained", "gauge", "1 for who is taken out.", ("real_server", "by"), _drained),
    Family("check_up", "gauge", "1 while the check succeeds.", _CHECK, _checks(lambda c: float(c["up"]))),
    Family("check_duration_seconds", "gauge", "How long its last run took.", _CHECK, _checks(lambda c: c.get("took"))),
    Family("checks_total", "counter", "Runs of all checks.", (), _one(_checker("checks"))),
    Family("segment_findings", "gauge", "What segment_watch finds wrong now, by kind.", ("code",), _found),
    Family("table_reachable", "gauge", "1 while the kernel's table is in reach.", (), _one(_kernel)),
    Family("table_changes_total", "counter", "Changes made to the kernel's table.", (), _one(_checker("changes"))),
    Family("table_refused_total", "counter", "Changes that the kernel refused.", (), _one(_checker("refused"))),
    Family(
        "table_repaired_total",
        "counter",
        "What somebody else changed and was set right.",
        (),
        _one(_checker("repaired")),
    ),
    Family(
        "checker_lateness_seconds",
        "gauge",
        "The longest that the checker process was late.",
        (),
        _one(_checker("lateness")),
    ),
)
BY_NAME: Dict[str, Family] = {family.full: family for family in FAMILIES}


def render(status: Status) -> str:
    """The whole exposition."""
    lines: List[str] = []
    for family in FAMILIES:
        samples = list(family.read(status))
        if not samples:
            continue
        lines.append(f"# HELP {family.full} {family.text}")
        lines.append(f"# TYPE {family.full} {family.kind}")
        for values, number in samples:
            labels = ",".join(f'{name}="{_escaped(value)}"' for name, value in zip(family.labels, values))
            lines.append(f"{family.full}{{{labels}}} {number!r}" if labels else f"{family.full} {number!r}")
    return "\n".join(lines) + "\n"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
