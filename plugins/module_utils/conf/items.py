# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The kinds of lists in braces: one item a line (addresses, peers, tracked things), or names in any layout."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Any

from .findings import Bad, Odd
from .kinds import FOREVER, Kind, Seconds, address, check_extra, integer, one
from .lines import name, read_address_port, read_numbers, write_address_port, write_numbers
from .options import Option, read_options, write_options
from .values import GroupMember, Linkbeat, Track, UnicastPeer, UpDownDelay, VirtualAddress
from .words import quoted

if TYPE_CHECKING:
    from collections.abc import Sequence

_ANY = ("default", "any", "all", "default6")


class Lines(Kind):
    """A block with one item a line; the value is a tuple. read and write are those of one item."""

    listed = True
    shape = "{ one a line }"


class NameList(Kind):
    """A block of names, several a line or one; the value is a tuple of them."""

    names = True
    shape = "{ NAME... }"

    def read(self, words: Sequence[str]) -> Any:
        return tuple(words)

    def write(self, value: Any) -> str:
        if not value or not all(value):
            raise ValueError("a list of names needs at least one, and none is empty")
        return "\n".join(quoted(word) for word in value)


def _length(where: str, length: str) -> int:
    try:
        return integer(length, 0, 128 if ":" in where else 32)
    except Bad:
        most = 128 if ":" in where else 32
        raise Bad(f"/{length} is no prefix length", _as_length(length, most), code="bad-prefix", word=0) from None


def _as_length(mask: str, most: int) -> str:
    """The prefix length that a netmask means, or what prefix lengths there are."""
    parts = mask.split(".")
    if len(parts) == 4 and all(part.isdigit() and len(part) < 4 for part in parts):
        bits = "".join(f"{int(part):08b}" for part in parts)
        if "01" not in bits and len(bits) == 32:
            return f"write /{bits.count('1')} for the netmask {mask}"
    return f"0 to {most}"


def read_network(word: str) -> tuple[str, Any]:
    """(address, prefix length or None) of `address[/length]`. Raises Bad."""
    where, slash, length = word.partition("/")
    if where not in _ANY:
        address(where)
    return where, _length(where, length) if slash else None


class AddressLines(Lines):
    """ADDRESS[/LENGTH] and its options, as ip-address(8) has them."""

    made = VirtualAddress

    def __init__(self, use: str) -> None:
        last = Option("use_vmac", "use_vmac", flag=True) if use == "virtual" else Option("track_group", "track_group")
        self.options = (
            Option("dev", "dev", longest=15),
            Option("brd", "brd", ("broadcast",)),
            Option("scope", "scope"),
            Option("label", "label", longest=15),
            Option("peer", "peer"),
            Option("home", "home", flag=True),
            Option("-nodad", "nodad", flag=True),
            Option("mngtmpaddr", "mngtmpaddr", flag=True),
            Option("noprefixroute", "noprefixroute", flag=True),
            Option("autojoin", "autojoin", flag=True),
            Option("preferred_lft", "preferred_lft", read=_lifetime, write=_written_lifetime),
            Option("no_track", "no_track", flag=True),
            last,
        )
        self.table = {word: option for option in self.options for word in option.words}

    def read(self, words: Sequence[str]) -> Any:
        try:
            where, length = read_network(words[0])
        except Bad as bad:
            bad.word = 0
            raise
        if len(words) == 1:
            return VirtualAddress(where, length)
        try:
            found = read_options(words, 1, self.table)
        except Bad as bad:
            if bad.code == "unknown-option" and words[bad.word] in ("netmask", "mask", "prefix", "prefixlen"):
                help_text = f"the length of the prefix follows the address: {where}/24"
                raise Bad(bad.message, help_text, code=bad.code, word=bad.word) from None
            if bad.code == "unknown-option" and _valid(words[bad.word].partition("/")[0]):
                raise Bad(bad.message, "one address a line", code=bad.code, word=bad.word) from None
            raise
        if "brd" in found:
            if ":" in where:
                raise Bad(
                    "an IPv6 address has no broadcast address",
                    code="family-mismatch",
                    word=words.index("brd") if "brd" in words else words.index("broadcast"),
                )
            if found["brd"] not in "+-":
                address(found["brd"], 4)
        scope = found.get("scope")
        if scope is not None and scope not in _SCOPES and not scope.isdigit():
            found["scope"] = None
            value = VirtualAddress(where, length, **found)
            message, known = (
                f"'{scope}' is no scope: keepalived ignores it",
                f"one of {', '.join(_SCOPES)}, or a number",
            )
            raise Odd(value, message, known, code="unknown-value", word=words.index("scope") + 1)
        value = VirtualAddress(where, length, **found)
        if ":" in where and (value.label or value.scope):
            what = "label" if value.label else "scope"
            raise Odd(value, f"{what} is ignored for IPv6", code="useless-option", word=words.index(what))
        return value

    def write(self, value: Any) -> str:
        where = value.address
        if where not in _ANY and not _valid(where):
            raise ValueError(f"{value.address!r} is no address")
        if value.scope is not None and value.scope not in _SCOPES and not value.scope.isdigit():
            raise ValueError(f"{value.scope!r} is no scope")
        first = where if value.prefixlen is None else f"{where}/{_length(where, str(value.prefixlen))}"
        return " ".join([first, *write_options(value, self.options)])


def _valid(where: str) -> bool:
    try:
        address(where)
    except Bad:
        return False
    return True


def _lifetime(word: str) -> int:
    return FOREVER if word == "forever" else integer(word, 0, FOREVER)


def _written_lifetime(value: int) -> str:
    return "forever" if value == FOREVER else str(value)


class PeerLines(Lines):
    """ADDRESS [min_ttl N] [max_ttl N]."""

    made = UnicastPeer
    _ttl = {"min_ttl": (0, 255), "max_ttl": (0, 255)}  # noqa: RUF012

    def read(self, words: Sequence[str]) -> Any:
        try:
            where = address(words[0])
        except Bad as bad:
            bad.word = 0
            raise
        try:
            return UnicastPeer(where, **read_numbers(words, 1, self._ttl))
        except Bad as bad:
            bad.word -= 1
            raise

    def write(self, value: Any) -> str:
        return " ".join([address(value.address), *write_numbers(value, ("min_ttl", "max_ttl"))])


class TrackLines(Lines):
    """NAME [weight N [reverse|noreverse]]."""

    made = Track

    def __init__(self, what: str) -> None:
        self.what = what
        self.most = 254 if what in ("file", "process") else 253

    def read(self, words: Sequence[str]) -> Any:
        if len(words) == 1:
            return Track(words[0])
        if words[1] != "weight":
            raise Bad(f"'{words[1]}' is not known here", "NAME [weight N [reverse]]", code="unknown-option", word=1)
        if len(words) == 2:
            raise Bad("weight needs a number", code="missing-value", word=1)
        try:
            weight = integer(words[2], -254, 254)
        except Bad as bad:
            bad.word = 2
            raise
        reverse = None
        if len(words) > 3:
            if words[3] not in ("reverse", "noreverse"):
                raise Bad(f"'{words[3]}' is not known here", "reverse or noreverse", code="unknown-option", word=3)
            reverse = words[3] == "reverse"
        if abs(weight) > self.most:
            near = self.most if weight > 0 else -self.most
            message = f"the weight of a tracked {self.what} is at most {self.most}"
            raise Odd(Track(words[0], near, reverse), message, f"{near} is used", code="out-of-range", word=2)
        return Track(words[0], weight, reverse)

    def write(self, value: Any) -> str:
        if value.weight is None:
            if value.reverse is not None:
                raise ValueError("reverse needs a weight")
            return quoted(value.name)
        if abs(value.weight) > self.most:
            raise ValueError(f"{value.weight!r} is not from {-self.most} to {self.most}")
        turned = {None: "", True: " reverse", False: " noreverse"}[value.reverse]
        return f"{quoted(value.name)} weight {value.weight}{turned}"


class LinkbeatLines(Lines):
    """INTERFACE [MII|ETHTOOL|IOCTL]."""

    made = Linkbeat

    def read(self, words: Sequence[str]) -> Any:
        if len(words) > 1 and words[1] not in ("MII", "ETHTOOL", "IOCTL"):
            raise Bad(f"'{words[1]}' is not known here", "one of MII, ETHTOOL, IOCTL", code="unknown-value", word=1)
        value = Linkbeat(_name(words[0]), *words[1:2])
        return check_extra(words, 2, value)

    def write(self, value: Any) -> str:
        return quoted(value.interface) if value.type is None else f"{quoted(value.interface)} {value.type}"


def _name(word: str) -> str:
    try:
        return name(word, "an interface name", 15)
    except Bad as bad:
        bad.word = 0
        raise


class DelayLines(Lines):
    """INTERFACE DOWN [UP], seconds."""

    made = UpDownDelay
    _seconds = Seconds(0, 255)

    def read(self, words: Sequence[str]) -> Any:
        interface = _name(words[0])
        if len(words) < 2:
            raise Bad("needs the delay in seconds", code="missing-value", word=0)
        delays = []
        for position, word in enumerate(words[1:3]):
            try:
                delays.append(self._seconds.read((word,)))
            except Bad as bad:
                bad.word = position + 1
                raise
        return check_extra(words, 3, UpDownDelay(interface, *delays))

    def write(self, value: Any) -> str:
        delays = [value.down] if value.up is None else [value.down, value.up]
        return " ".join([quoted(value.interface), *map(self._seconds.write, delays)])


_SCOPES = ("global", "site", "link", "host", "nowhere")


class MemberLines(Lines):
    """fwmark N [inet|inet6] | ADDRESS[/LENGTH] [PORT] | ADDRESS-END [PORT]."""

    made = GroupMember

    def read(self, words: Sequence[str]) -> Any:
        if words[0] == "fwmark":
            return self._mark(words)
        first, dash, end = words[0].partition("-")
        try:
            where, length = (address(first), None) if dash else read_network(first)
            if dash:
                _range_end(where, end)
            elif length is not None:
                _whole_network(where, length)
            port = read_address_port((where, *words[1:2]))[1]
        except Bad as bad:
            bad.word = 1 if bad.word == 2 else 0
            raise
        return check_extra(words, 2, GroupMember(where, length, end or None, port))

    def _mark(self, words: Sequence[str]) -> Any:
        try:
            mark = integer(one(words[1:], "a firewall mark"), 0, 0xFFFFFFFF)
        except Bad as bad:
            bad.word = min(1, len(words) - 1)
            raise
        if len(words) > 2 and words[2] not in ("inet", "inet6"):
            raise Bad(f"'{words[2]}' is not known here", "inet or inet6", code="unknown-value", word=2)
        return check_extra(words, 3, GroupMember(fwmark=mark, family=words[2] if len(words) > 2 else None))

    def write(self, value: Any) -> str:
        if value.fwmark is not None:
            return f"fwmark {value.fwmark}" + (f" {value.family}" if value.family else "")
        text = write_address_port(value.address, value.port)
        middle = f"-{value.end}" if value.end is not None else ""
        if value.prefixlen is not None:
            try:
                _whole_network(value.address, value.prefixlen)
            except Bad as bad:
                raise ValueError(bad.message) from None
            middle = f"/{value.prefixlen}"
        return f"{value.address}{middle}{text[len(value.address) :]}"


def _whole_network(where: str, length: int) -> None:
    """A network of addresses starts at its first one: keepalived skips another."""
    network = ip_network(f"{where}/{length}", strict=False)
    if ip_address(where) != network.network_address:
        raise Bad(f"{where}/{length} is no network", f"write {network}, or the address alone", code="bad-range")


def _range_end(first: str, end: str) -> None:
    mark = ":" if ":" in first else "."
    if mark in end:
        address(end, 6 if mark == ":" else 4)
        return
    low = first.rpartition(mark)[2] or "0"
    base = 16 if mark == ":" else 10
    try:
        if int(low, base) <= int(end, base) <= (0xFFFF if mark == ":" else 255):
            return
    except ValueError:
        pass
    raise Bad(f"'{end}' cannot end a range that starts at {first}", code="bad-range")
