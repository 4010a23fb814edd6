# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The kinds of lines that hold more than one word of meaning: scripts, owners, forwarding, weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Optional

from .findings import NOTE, Bad, Odd
from .kinds import Kind, address, check_extra, integer, one
from .values import (
    AddressPort,
    Fifo,
    Forwarding,
    GarpExtraIf,
    HostPort,
    LvsSyncDaemon,
    LvsTimeouts,
    Script,
    TrackWeight,
    UserGroup,
)
from .words import command, quoted, split_command, split_script

if TYPE_CHECKING:
    from collections.abc import Sequence

_MAX_TIMEOUT = 2678400
_INTERFACE = 15


class ScriptLine(Kind):
    """A script with its arguments, and whom it runs as. owner: user and group may follow; bare: may be empty."""

    raw = True
    first = True
    shape = '"COMMAND ARGUMENT..." [USER [GROUP]]'
    made = Script

    def __init__(self, *, owner: bool = True, bare: bool = False) -> None:
        self.owner, self.bare = owner, bare

    def read(self, words: Sequence[str]) -> Any:
        """words: one string, the text after the keyword."""
        text = words[0]
        try:
            plain = text.isprintable() and not any(char in text for char in "\"'\\")
            cut = text.split() if plain else split_script(text)
            if not cut and self.bare:
                return Script(())
            argv = split_command(one(cut, "a command"))
        except ValueError as wrong:
            raise Bad(f"{wrong}", code="open-quote") from None
        if not argv:
            raise Bad("the command is empty", code="empty-value")
        return self._owned(Script(tuple(argv)), cut)

    def _owned(self, script: Script, cut: Sequence[str]) -> Script:
        quotes = f'write "{" ".join(cut)}"'
        if not self.owner and len(cut) > 1:
            raise Odd(script, f"'{cut[1]}' is not given to the script", quotes, code="unquoted-arguments", word=2)
        if len(cut) > 1 and cut[1].lstrip(":").startswith(("-", "/", ".")):
            raise Bad(f"'{cut[1]}' is taken as the user the script runs as", quotes, code="unquoted-arguments", word=2)
        owned = Script(script.argv, *cut[1:3])
        return owned if len(cut) <= 3 else check_extra(cut, 3, owned)

    def write(self, value: Any) -> str:
        if self.bare and not value.argv:
            return ""
        if (value.user is not None and not self.owner) or (value.group is not None and value.user is None):
            raise ValueError(f"{value!r}: no user or group can be written here")
        owner = [quoted(word) for word in (value.user, value.group) if word is not None]
        return " ".join([command(value.argv), *owner])


class UserLine(Kind):
    """USER [GROUP]."""

    shape = "USER [GROUP]"
    made = UserGroup

    def read(self, words: Sequence[str]) -> Any:
        return check_extra(words, 2, UserGroup(one(words, "a user"), *words[1:2]))

    def write(self, value: Any) -> str:
        return _joined(value.user, value.group)


class FifoLine(Kind):
    """PATH [USER [GROUP]]."""

    first = True
    shape = "PATH [USER [GROUP]]"
    made = Fifo

    def read(self, words: Sequence[str]) -> Any:
        return check_extra(words, 3, Fifo(one(words, "a path"), *words[1:3]))

    def write(self, value: Any) -> str:
        if value.group is not None and value.user is None:
            raise ValueError(f"{value!r}: a group needs a user")
        return _joined(value.path, value.user, value.group)


class HostPortLine(Kind):
    """HOST [PORT]."""

    shape = "HOST [PORT]"
    made = HostPort

    def read(self, words: Sequence[str]) -> Any:
        where = one(words, "a host name or address")
        host, colon, port = where.partition(":")
        if colon and port.isdigit():
            raise Bad(
                f"'{where}' is no host", f"write {host} {port}, the port is a word of its own", code="bad-address"
            )
        for port in words[1:2]:
            _port(port)
        return check_extra(words, 2, HostPort(where, *words[1:2]))

    def write(self, value: Any) -> str:
        if value.host.count(":") == 1:
            raise ValueError(f"{value.host!r} is no host")
        if value.port is not None:
            try:
                _port(value.port)
            except Bad as bad:
                raise ValueError(bad.message) from None
        return _joined(value.host, value.port)


def _port(word: str, least: int = 1) -> int:
    """The second word of a line as a port. Raises Bad."""
    try:
        return integer(word, least, 65535)
    except Bad as bad:
        bad.word = 2
        raise


class AddressPortLine(Kind):
    """ADDRESS [PORT]; port 0 is no port."""

    shape = "ADDRESS [PORT]"
    made = AddressPort

    def read(self, words: Sequence[str]) -> Any:
        return check_extra(words, 2, AddressPort(*read_address_port(words)))

    def write(self, value: Any) -> str:
        return write_address_port(value.address, value.port)


def read_address_port(words: Sequence[str]) -> tuple[str, Optional[int]]:
    """(address, port) of two words; a missing port and 0 are None. Raises Bad."""
    where = address(one(words, "an address"))
    if len(words) < 2:
        return where, None
    return where, _port(words[1], 0) or None


def write_address_port(where: str, port: Optional[int]) -> str:
    """The two words of an address and a port. Raises ValueError."""
    try:
        address(where)
        if port is not None:
            integer(str(port), 1, 65535)
    except Bad as bad:
        raise ValueError(bad.message) from None
    return where if port is None else f"{where} {port}"


class LvsTimeoutsLine(Kind):
    """[tcp N] [tcpfin N] [udp N]."""

    shape = "[tcp N] [tcpfin N] [udp N]"
    made = LvsTimeouts

    def read(self, words: Sequence[str]) -> Any:
        one(words, "at least one of tcp, tcpfin, udp")
        names = {"tcp": (0, _MAX_TIMEOUT), "tcpfin": (0, _MAX_TIMEOUT), "udp": (0, _MAX_TIMEOUT)}
        return LvsTimeouts(**read_numbers(words, 0, names))

    def write(self, value: Any) -> str:
        return " ".join(write_numbers(value, ("tcp", "tcpfin", "udp")))


def read_numbers(words: Sequence[str], start: int, names: dict[str, tuple[int, int]]) -> dict[str, int]:
    """The numbers of `name number name number` from words[start] on. Raises Bad."""
    found: dict[str, int] = {}
    for at in range(start, len(words), 2):
        name = words[at]
        if name not in names:
            raise Bad(f"'{name}' is not known here", f"one of {', '.join(names)}", code="unknown-option", word=at + 1)
        if at + 1 >= len(words):
            raise Bad(f"{name} needs a number", code="missing-value", word=at + 1)
        try:
            found[name] = integer(words[at + 1], *names[name])
        except Bad as bad:
            bad.word = at + 2
            raise
    return found


def write_numbers(value: Any, names: tuple[str, ...]) -> list[str]:
    """`name number` of each number a value has."""
    return [f"{name} {getattr(value, name)}" for name in names if getattr(value, name) is not None]


class SyncDaemonLine(Kind):
    """INTERFACE [[inst] INSTANCE] [id N] [maxlen N] [port N] [ttl N] [group ADDRESS]."""

    first = True
    shape = "INTERFACE [inst INSTANCE] [id N] [maxlen N] [port N] [ttl N] [group ADDRESS]"
    made = LvsSyncDaemon
    _numbers = {"id": (0, 255), "maxlen": (1, 65507), "port": (1, 65535), "ttl": (1, 255)}  # noqa: RUF012

    def read(self, words: Sequence[str]) -> Any:
        interface = name(one(words, "an interface"), "an interface name", _INTERFACE)
        found: dict[str, Any] = {}
        at, old = 1, None
        while at < len(words):
            word = words[at]
            following = words[at + 1] if at + 1 < len(words) else None
            if word in ("inst", "group") or word in self._numbers:
                if following is None:
                    raise Bad(f"{word} needs a value", code="missing-value", word=at + 1)
                found["instance" if word == "inst" else word] = self._value(word, following, at + 2)
                at += 2
            elif at == 1:
                found["instance"] = word
                at += 1
            elif at == 2 and word.isdigit():
                found["id"] = self._value("id", word, at + 1)
                old = Odd(None, "a sync id without 'id' before it", f"write id {word}", code="legacy-value", word=3)
                old.level = NOTE
                at += 1
            else:
                known = "one of inst, id, maxlen, port, ttl, group"
                raise Bad(f"'{word}' is not known here", known, code="unknown-option", word=at + 1)
        value = LvsSyncDaemon(interface, **found)
        if old:
            old.value = value
            raise old
        return value

    def _value(self, word: str, text: str, position: int) -> Any:
        try:
            if word in self._numbers:
                return integer(text, *self._numbers[word])
            return address(text) if word == "group" else text
        except Bad as bad:
            bad.word = position
            raise

    def write(self, value: Any) -> str:
        parts = [quoted(value.interface)]
        if value.instance is not None:
            parts += ["inst", quoted(value.instance)]
        parts += write_numbers(value, tuple(self._numbers))
        if value.group is not None:
            parts += ["group", value.group]
        return " ".join(parts)


def name(word: str, what: str, longest: int) -> str:
    """A name that is not too long. Raises Bad."""
    if not word:
        raise Bad(f"{what} is empty", code="empty-value")
    if len(word) > longest:
        raise Bad(f"'{word}' is longer than {longest} characters", f"{what} has at most {longest}", code="too-long")
    return word


class GarpExtraLine(Kind):
    """[all] SECONDS."""

    shape = "[all] SECONDS"
    made = GarpExtraIf

    def __init__(self, low: int) -> None:
        self.low = low

    def read(self, words: Sequence[str]) -> Any:
        one(words, "a number of seconds")
        every, seconds = False, None
        for at, word in enumerate(words):
            if word == "all":
                every = True
                continue
            try:
                seconds = integer(word, self.low, 86400)
            except Bad as bad:
                bad.word = at + 1
                raise
        if seconds is None:
            raise Bad("needs a number of seconds", code="missing-value", word=0)
        return GarpExtraIf(seconds, every)

    def write(self, value: Any) -> str:
        return f"all {value.interval}" if value.all else str(value.interval)


class ForwardingLine(Kind):
    """NAT | DR | TUN [type ipip|gue|gre] [port N] [nocsum|csum|remcsum]."""

    shape = "NAT|DR|TUN [type ipip|gue port N|gre] [nocsum|csum|remcsum]"
    made = Forwarding
    _methods = ("NAT", "DR", "TUN")
    _types = ("ipip", "gue", "gre")
    _checksums = ("nocsum", "csum", "remcsum")

    def read(self, words: Sequence[str]) -> Any:
        method = one(words, "one of NAT, DR, TUN")
        if method not in self._methods:
            meant = method.upper()
            help_text = f"write {meant}" if meant in self._methods else "one of NAT, DR, TUN"
            message = f"'{method}' is no forwarding method: keepalived would use NAT"
            raise Bad(message, help_text, code="unknown-forwarding")
        if len(words) == 1:
            return Forwarding(method)
        return self._tunnel(method, words)

    def _tunnel(self, method: str, words: Sequence[str]) -> Any:
        kind, port, checksum, at = None, None, None, 1
        while at < len(words):
            word = words[at]
            following = words[at + 1] if at + 1 < len(words) else ""
            if word == "type":
                if following not in self._types:
                    raise Bad(f"'{following}' is no tunnel type", "one of ipip, gue, gre", word=at + 2)
                kind, at = following, at + 2
            elif word == "port":
                try:
                    port, at = integer(following, 1, 65535), at + 2
                except Bad as bad:
                    bad.word = at + 2
                    raise
            elif word in self._checksums:
                checksum, at = word, at + 1
            else:
                known = "one of type, port, nocsum, csum, remcsum"
                raise Bad(f"'{word}' is no tunnel option", known, code="unknown-option", word=at + 1)
        if (kind == "gue") != (port is not None):
            raise Bad("a gue tunnel needs a port, others have none", code="tunnel-port", word=1)
        if (kind in (None, "ipip") and checksum in ("csum", "remcsum")) or (kind == "gre" and checksum == "remcsum"):
            raise Bad(f"{kind or 'ipip'} tunnels have no {checksum}", code="tunnel-checksum", word=1)
        value = Forwarding(method, kind, port, checksum)
        if method != "TUN":
            raise Odd(value, f"{method} has no tunnel: the options mean nothing", code="useless-option", word=2)
        return value

    def write(self, value: Any) -> str:
        parts = [value.method]
        if value.tunnel_type is not None:
            parts += ["type", value.tunnel_type]
        if value.tunnel_port is not None:
            parts += ["port", str(value.tunnel_port)]
        if value.checksum is not None:
            parts.append(value.checksum)
        return " ".join(parts)


class WeightLine(Kind):
    """NUMBER [reverse|noreverse]."""

    made = TrackWeight

    def __init__(self, most: int) -> None:
        self.most = most
        self.shape = f"{-most}..{most} [reverse]"

    def read(self, words: Sequence[str]) -> Any:
        weight = integer(one(words, "a weight"), -self.most, self.most)
        if len(words) > 1 and words[1] not in ("reverse", "noreverse"):
            raise Bad(f"'{words[1]}' is not known here", "reverse, or nothing", code="unknown-option", word=2)
        return check_extra(words, 2, TrackWeight(weight, words[1:2] == ["reverse"]))

    def write(self, value: Any) -> str:
        if not -self.most <= value.weight <= self.most:
            raise ValueError(f"{value.weight!r} is not from {-self.most} to {self.most}")
        return f"{value.weight} reverse" if value.reverse else str(value.weight)


def _joined(*words: Optional[str]) -> str:
    return " ".join(quoted(word) for word in words if word is not None)
