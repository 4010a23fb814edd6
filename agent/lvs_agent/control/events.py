# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is worth a name in the log: each kind with the line that a person reads and the fields that a program asks for.

An event is what is logged in place of a format: `log.info(VRRP_STATE, name, before, after, reason)`. Everywhere it is
its line; the journal gets MESSAGE_ID, LVS_EVENT and one LVS_ field an argument besides: `journalctl -o json
LVS_EVENT=vrrp-state LVS_TO=MASTER`. Names, identifiers and fields are stable.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Dict, Mapping, Tuple


@dataclass(frozen=True)
class Event:
    """`identifier` is 128 bits of its own in hexadecimal (sd_id128), `fields` name the arguments in their order."""

    name: str
    identifier: str
    line: str
    fields: Tuple[str, ...]

    def __str__(self) -> str:
        """As logging takes it for a format."""
        return self.line

    def told(self, arguments: object) -> Dict[str, str]:
        """The fields for the journal."""
        values = arguments if isinstance(arguments, tuple) else (arguments,)
        own = {f"LVS_{field.upper()}": str(value) for field, value in zip(self.fields, values)}
        return {"MESSAGE_ID": self.identifier, "LVS_EVENT": self.name, **own}


def _event(name: str, identifier: str, line: str, fields: str) -> Event:
    return Event(name, identifier, line, tuple(fields.split()))


CHECK = _event(
    "check",
    "50a74cff026f4c84aa8ff5f8d837115f",
    "%s of %s for %s %s: %s",
    "check real_server virtual_server result text",
)
CHECK_FAILED_ONCE = _event(
    "check-failed-once",
    "f11fc8de3eb449c88f8de0e973e1d036",
    "%s of %s for %s failed, the server stays up for now: %s",
    "check real_server virtual_server text",
)
SERVER_UP = _event("server-up", "2e7abed5658e430d856980bb0977e471", "%s of %s is up", "real_server virtual_server")
SERVER_DOWN = _event(
    "server-down",
    "f99e6ae5c3c74558bad367d4ab3e1d35",
    "%s of %s is down",
    "real_server virtual_server",
)
SERVER_HELD = _event(
    "server-held",
    "9fddb5fef12147098c1d5c6a1f99f50d",
    "%s of %s fails and stays: the floor of %d keeps it",
    "real_server virtual_server floor",
)
SERVER_FREE = _event(
    "server-free",
    "0dd6a32cc059453497bfc82d73d9c869",
    "%s of %s is up by its checks again",
    "real_server virtual_server",
)
SERVER_WEIGHT = _event(
    "server-weight",
    "d9f0b7c0e6f64abf9c86269bdefda9aa",
    "%s of %s has weight %d",
    "real_server virtual_server weight",
)
QUORUM_UP = _event(
    "quorum-up",
    "dd1c84e44fa940d781ace0d9a2729d41",
    "%s has its quorum: %d of %d",
    "virtual_server weight_sum threshold",
)
QUORUM_DOWN = _event(
    "quorum-down",
    "0b1f3790be0642fd9aaf6ec4a380626b",
    "%s has no quorum: %d of %d",
    "virtual_server weight_sum threshold",
)
SORRY_SERVER = _event(
    "sorry-server",
    "ea3d9d2048ec40429e19cfdf06744ffa",
    "sorry server %s of %s %s",
    "sorry_server virtual_server what",
)
TABLE_REPAIRED = _event(
    "table-repaired",
    "2d4579fe90cf4f1da7e3deeab99a14f8",
    "the kernel's table was not as it should be: %d changes repair it",
    "changes",
)
TABLE_REFUSED = _event("table-refused", "46d1d9af3dd440f3951bc8cc9eddb5e7", "the kernel refuses %s", "change")
DRAIN = _event("drain", "539bc950fc1a4092aac307276f67594e", "%s: %s, as asked", "real_server what")
VRRP_STATE = _event(
    "vrrp-state",
    "5f1bfb255eef4f8dbde54e17c7836f95",
    "(%s) %s -> %s: %s",
    "vrrp_instance from to reason",
)
VRRP_GROUP = _event("vrrp-group", "975d8cbac0ba4e79848fdfc9b2829097", "group (%s) %s -> %s", "vrrp_sync_group from to")
VRRP_PRIORITY = _event(
    "vrrp-priority",
    "cf9e4f4204fb485693c70a70c92c2150",
    "(%s) effective priority %d -> %d",
    "vrrp_instance from to",
)
VRRP_TAKEN = _event(
    "vrrp-addresses-taken",
    "a3d1165a531a4dec81f03b05c05c6f96",
    "(%s) %d virtual addresses were taken from the master; setting them again",
    "vrrp_instance addresses",
)
REQUEST = _event(
    "mastership-request",
    "64403c6a70d44907babeab119dfba360",
    "(%s) %s for %g s, as asked",
    "vrrp_instance what seconds",
)
REQUEST_ENDED = _event(
    "mastership-request-ended",
    "71cc128fb45b49009ede424776790f49",
    "(%s) the end of what was asked, as asked",
    "vrrp_instance",
)
REQUEST_OVER = _event(
    "mastership-request-over",
    "704540b76a0144adba29c5c1268ca41b",
    "(%s) the time of the %s is over",
    "vrrp_instance what",
)
RELOADED = _event("reloaded", "0cab9e0c70154b969819e59f32cd0700", "%s reloaded", "file")
REFUSED = _event(
    "reload-refused",
    "e0284275ec9b4fdea99c648c9c1726bc",
    "%s is refused, the running configuration stays:",
    "file",
)
CHILD_STARTED = _event(
    "child-started",
    "32f46174fc864b1ca5196bd0bcde15a0",
    "%s child started, pid %d",
    "child child_pid",
)
CHILD_DIED = _event(
    "child-died",
    "1fe52838127f42fdbd21e6ef4db35835",
    "%s child died (%s); starting it again %s",
    "child how when",
)
BUG = _event(
    "bug",
    "6744c1d7ac7f4c5f89db0d451ea7b5e5",
    "bug in the %s child: %s: %s at %s; please report it",
    "child error text place",
)
SEGMENT_FINDING = _event(
    "segment-finding",
    "41e49430d4d646c68e61ab6f99e8b060",
    "segment: %s (%s): %s; mend: %s",
    "code host what mend",
)
SEGMENT_OVER = _event(
    "segment-over", "aa53fca5694b441aa8ecae14beae7b1d", "segment: no longer %s (%s): %s", "code host what"
)

EVENTS: Mapping[str, Event] = {each.name: each for each in list(globals().values()) if isinstance(each, Event)}
"""By name."""
