# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""use_vmac and use_ipvlan: the interfaces of a virtual router of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Optional

from .findings import Bad
from .kinds import Kind, address, integer
from .values import UseIpvlan, UseVmac
from .words import quoted

if TYPE_CHECKING:
    from collections.abc import Sequence

_INTERFACE = 15


class VmacLine(Kind):
    """[[name] INTERFACE] [MAC] [netlink_notify_msg] [group GROUP]."""

    shape = "[[name] INTERFACE] [MAC] [netlink_notify_msg] [group GROUP]"
    made = UseVmac

    def read(self, words: Sequence[str]) -> Any:
        found: dict[str, Any] = {}
        at = 0
        while at < len(words):
            word = words[at]
            if ":" in word:
                found["mac"] = _mac(word, at + 1)
            elif word == "netlink_notify_msg":
                found["netlink_notify_msg"] = True
            elif word in ("name", "group"):
                at += 1
                if at >= len(words):
                    raise Bad(f"{word} needs a value", code="missing-value", word=at)
                found[word] = words[at] if word == "group" else _interface(words[at], at + 1)
            elif "name" in found:
                raise Bad(f"the interface is already named {found['name']}", code="unknown-option", word=at + 1)
            else:
                found["name"] = _interface(word, at + 1)
            at += 1
        return UseVmac(**found)

    def write(self, value: Any) -> str:
        parts = _named(value.name, ("netlink_notify_msg", "name", "group"))
        if value.mac is not None:
            parts.append(value.mac)
        if value.netlink_notify_msg:
            parts.append("netlink_notify_msg")
        if value.group is not None:
            parts += ["group", quoted(value.group)]
        return " ".join(parts)


def _named(name: Optional[str], words: tuple[str, ...]) -> list[str]:
    """The interface's name, with 'name' before it only where it would be taken for something else: 2.2.7 has not the
    word and takes it for the name."""
    if name is None:
        return []
    return ["name", quoted(name)] if name in words or "." in name or ":" in name else [quoted(name)]


def _mac(word: str, position: int) -> str:
    octets = word.rstrip(":").split(":")
    if len(octets) not in (5, 6) or any(not 1 <= len(o) <= 2 or o.strip("0123456789abcdefABCDEF") for o in octets):
        raise Bad(f"'{word}' is no MAC address", "six octets, or five and the VRID is the last", word=position)
    if int(octets[0], 16) & 1:
        raise Bad(f"{word} is a multicast MAC address", code="bad-mac", word=position)
    return word


def _interface(word: str, position: int) -> str:
    if not 0 < len(word) <= _INTERFACE or "/" in word or ":" in word or word in (".", ".."):
        raise Bad(f"'{word}' cannot be an interface name", "at most 15 characters, no / or :", word=position)
    return word


class IpvlanLine(Kind):
    """[[name] INTERFACE] [ADDRESS] [bridge|private|vepa] [group GROUP]."""

    first = True
    shape = "[[name] INTERFACE] [ADDRESS] [bridge|private|vepa] [group GROUP]"
    made = UseIpvlan

    def read(self, words: Sequence[str]) -> Any:
        found: dict[str, Any] = {}
        at = 0
        while at < len(words):
            word = words[at]
            if word in ("bridge", "private", "vepa"):
                found["mode"] = word
            elif word in ("name", "group"):
                at += 1
                if at >= len(words):
                    raise Bad(f"{word} needs a value", code="missing-value", word=at)
                found[word] = words[at] if word == "group" else _interface(words[at], at + 1)
            elif "." in word or ":" in word:
                found["address"] = _prefixed(word, at + 1)
            elif "name" in found:
                raise Bad(f"the interface is already named {found['name']}", code="unknown-option", word=at + 1)
            else:
                found["name"] = _interface(word, at + 1)
            at += 1
        return UseIpvlan(**found)

    def write(self, value: Any) -> str:
        parts = _named(value.name, ("bridge", "private", "vepa", "name", "group"))
        parts += [word for word in (value.address, value.mode) if word is not None]
        if value.group is not None:
            parts += ["group", quoted(value.group)]
        return " ".join(parts)


def _prefixed(word: str, position: int) -> str:
    where, slash, length = word.partition("/")
    try:
        address(where)
        if slash:
            integer(length, 0, 128 if ":" in where else 32)
    except Bad as bad:
        bad.word = position
        raise
    return word
