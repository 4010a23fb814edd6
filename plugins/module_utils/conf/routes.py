# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Lines of virtual_routes and static_routes, in the words of ip-route(8)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Optional

from .findings import NOTE, Bad, Odd
from .items import Lines, read_network
from .kinds import address, integer
from .options import Option, read_value, unknown_option, write_options
from .values import Encap, Metric, Nexthop, Route
from .words import quoted

if TYPE_CHECKING:
    from collections.abc import Sequence

_U32 = 0xFFFFFFFF
_TYPES = (
    "unicast",
    "local",
    "broadcast",
    "multicast",
    "throw",
    "unreachable",
    "prohibit",
    "blackhole",
    "nat",
    "anycast",
)
_PLACINGS = ("add", "prepend", "append")


def u32(word: str) -> int:
    return integer(word, 0, _U32)


def _switch(word: str) -> bool:
    return bool(integer(word, 0, 1))


def network(word: str) -> str:
    read_network(word)
    return word


def _feature(word: str) -> str:
    if word != "ecn":
        raise Bad(f"'{word}' is no feature of routes", "ecn", code="unknown-value")
    return word


def _propagate(word: str) -> bool:
    if word not in ("enabled", "disabled"):
        raise Bad(f"'{word}' is neither enabled nor disabled", code="unknown-value")
    return word == "enabled"


def _pref(word: str) -> str:
    if word not in ("low", "medium", "high"):
        integer(word, 0, 255)
    return word


def realms(word: str) -> str:
    if not word.strip("/"):
        raise Bad(f"'{word}' names no realm", "[SOURCE/]DESTINATION")
    return word


def _one_zero(value: bool) -> str:
    return "1" if value else "0"


def _enabled(value: bool) -> str:
    return "enabled" if value else "disabled"


def _metric(option_word: str, read: Any = u32) -> Option:
    def checked(word: str) -> str:
        read(word)
        return word

    return Option(option_word, option_word, lockable=True, read=checked)


def _any(word: str) -> str:
    return word


_NUMBER_WRITE = {"read": u32, "write": str}
_ENCAP = {
    "ip": tuple(Option(word, word) for word in ("id", "dst", "src", "tos", "ttl", "flags")),
    "ip6": tuple(Option(word, word) for word in ("id", "dst", "src", "tc", "hoplimit", "flags")),
}
_ROUTE_OPTIONS = (
    Option("src", "src", read=address, write=str),
    Option("via", "via", ("gw",), read=address, write=str),
    Option("or", "or_via", read=address, write=str),
    Option("from", "from_", read=network, write=str),
    Option("tos", "tos", ("dsfield",)),
    Option("table", "table"),
    Option("protocol", "protocol"),
    Option("scope", "scope"),
    Option("metric", "metric", ("priority", "preference"), read=u32, write=str),
    Option("dev", "dev", ("oif",), longest=15),
    Option("onlink", "onlink", flag=True),
    Option("expires", "expires", read=u32, write=str),
    _metric("mtu"),
    Option("hoplimit", "hoplimit", read=lambda word: integer(word, 0, 255), write=str),
    _metric("advmss"),
    _metric("rtt", _any),
    _metric("rttvar", _any),
    _metric("reordering"),
    Option("window", "window", read=u32, write=str),
    _metric("cwnd"),
    _metric("ssthresh"),
    Option("realms", "realms", read=realms),
    _metric("rto_min", _any),
    Option("initcwnd", "initcwnd", read=u32, write=str),
    Option("initrwnd", "initrwnd", read=u32, write=str),
    Option("features", "features", read=_feature),
    Option("quickack", "quickack", read=_switch, write=_one_zero),
    _metric("congctl", _any),
    Option("pref", "pref", read=_pref),
    Option("ttl-propagate", "ttl_propagate", read=_propagate, write=_enabled),
    Option("fastopen_no_cookie", "fastopen_no_cookie", read=_switch, write=_one_zero),
    Option("as", "as_"),
    Option("vrf", "vrf", longest=15),
)
_HOP_OPTIONS = (
    Option("via", "via", read=address, write=str),
    Option("dev", "dev", ("oif",), longest=15),
    Option("weight", "weight", read=lambda word: integer(word, 1, 256), write=str),
    Option("onlink", "onlink", flag=True),
    Option("realms", "realms", read=realms),
)


def tracking(use: str) -> tuple[Option, ...]:
    untracked = Option("no_track", "no_track", flag=True)
    return (untracked,) if use == "virtual" else (untracked, Option("track_group", "track_group"))


def table_of(options: tuple[Option, ...]) -> dict[str, Option]:
    return {word: option for option in options for word in option.words}


class RouteLines(Lines):
    """[inet|inet6] [TYPE] [to] NETWORK options, and nexthop ... for multipath."""

    made = Route

    def __init__(self, use: str) -> None:
        self.options = _ROUTE_OPTIONS + tracking(use)
        self.table = table_of(self.options)

    def read(self, words: Sequence[str]) -> Any:
        found: dict[str, Any] = {}
        old: Optional[Odd] = None
        at = 0
        while at < len(words):
            word = words[at]
            option = self.table.get(word)
            if option is None:
                at = self._plain(words, at, found)
                continue
            if option.attribute in found:
                raise Bad(f"{option.word} is there already", code="duplicate-option", word=at)
            if word in ("gw", "or"):
                old = _legacy(word, "via" if word == "gw" else "nexthop", at)
            at = self._option(option, words, at, found)
        if "to" not in found:
            raise Bad("a route needs a destination", "an address/length, or default", code="missing-value", word=0)
        value = Route(**found)
        if old:
            old.value = value
            raise old
        return value

    def _option(self, option: Option, words: Sequence[str], at: int, found: dict[str, Any]) -> int:
        """Set one option; the position after it."""
        if option.flag:
            found[option.attribute] = True
            return at + 1
        following = words[at + 1 : at + 2]
        lock = option.lockable and following == ["lock"]
        # `via inet ADDRESS` and `as to LABEL` have a word between
        skip = lock or (option.attribute == "via" and following in (["inet"], ["inet6"]))
        skip = skip or (option.attribute == "as_" and following == ["to"])
        value_at = at + 2 if skip else at + 1
        value = read_value(option, words, value_at)
        found[option.attribute] = Metric(value, lock) if option.lockable else value
        return value_at + 1

    def _plain(self, words: Sequence[str], at: int, found: dict[str, Any]) -> int:
        word = words[at]
        if word in ("inet", "inet6"):
            found["family"] = word
        elif word in _PLACINGS:
            found["placing"] = word
        elif word in _TYPES and "to" not in found:
            found["type"] = word
        elif word == "encap":
            found["encap"], at = _read_encap(words, at + 1)
            return at
        elif word == "nexthop":
            hop, at = _read_hop(words, at + 1)
            found["nexthops"] = (*found.get("nexthops", ()), hop)
            return at
        elif "to" not in found:
            if word == "to":
                at += 1
            found["to"] = read_value(_TO, words, at)
        else:
            raise unknown_option(word, (*self.table, "encap", "nexthop", *_PLACINGS), at)
        return at + 1

    def write(self, value: Any) -> str:
        if not value.to:
            raise ValueError("a route needs a destination")
        parts = [word for word in (value.family, value.type) if word is not None]
        parts.append(network(value.to))
        for option in self.options:
            item = getattr(value, option.attribute)
            if option.lockable and item is not None:
                parts += [option.word, "lock", quoted(item.value)] if item.lock else [option.word, quoted(item.value)]
            elif not option.lockable:
                parts += write_options(value, (option,))
        parts += _written_encap(value.encap)
        if value.placing is not None:
            parts.append(value.placing)
        for hop in value.nexthops:
            parts += ["nexthop", *write_options(hop, _HOP_OPTIONS), *_written_encap(hop.encap)]
        return " ".join(parts)


_TO = Option("to", "to", read=network)


def _legacy(word: str, better: str, at: int) -> Odd:
    odd = Odd(None, f"'{word}' is an old word for {better}", f"write {better}", code="legacy-value", word=at)
    odd.level = NOTE
    return odd


def _read_encap(words: Sequence[str], at: int) -> tuple[Encap, int]:
    kind = words[at] if at < len(words) else ""
    if kind in ("mpls", "ila"):
        if at + 1 >= len(words):
            raise Bad(f"encap {kind} needs a value", code="missing-value", word=at)
        return Encap(kind, labels=words[at + 1]), at + 2
    if kind not in _ENCAP:
        raise Bad(f"'{kind}' is no encapsulation", "one of ip, ip6, mpls, ila", code="unknown-value", word=at)
    table = {option.word: option for option in _ENCAP[kind]}
    found: dict[str, Any] = {}
    at += 1
    while at < len(words) and words[at] in table and words[at] not in found:
        found[words[at]] = read_value(table[words[at]], words, at + 1)
        at += 2
    return Encap(kind, **found), at


def _written_encap(encap: Optional[Encap]) -> list[str]:
    if encap is None:
        return []
    if encap.labels is not None:
        return ["encap", encap.type, quoted(encap.labels)]
    return ["encap", encap.type, *write_options(encap, _ENCAP[encap.type])]


def _read_hop(words: Sequence[str], at: int) -> tuple[Nexthop, int]:
    table = table_of(_HOP_OPTIONS)
    found: dict[str, Any] = {}
    while at < len(words):
        word = words[at]
        if word == "encap":
            found["encap"], at = _read_encap(words, at + 1)
            continue
        option = table.get(word)
        if option is None:
            break
        at += 1
        if option.flag:
            found[option.attribute] = True
            continue
        if option.attribute == "via" and words[at : at + 1] in (["inet"], ["inet6"]):
            at += 1
        found[option.attribute] = read_value(option, words, at)
        at += 1
    return Nexthop(**found), at
