# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Lines of virtual_rules and static_rules, in the words of ip-rule(8)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .findings import Bad, Odd
from .items import Lines
from .kinds import integer
from .options import Option, read_options, read_value, unknown_option, write_options
from .routes import network, realms, table_of, tracking, u32
from .values import Rule

if TYPE_CHECKING:
    from collections.abc import Sequence

_U32 = 0xFFFFFFFF
_ACTIONS = ("blackhole", "unreachable", "prohibit", "nop", "goto")


def _ports(word: str) -> str:
    low, dash, high = word.partition("-")
    first = integer(low, 1, 65535)
    if dash and integer(high, 1, 65535) < first:
        raise Bad(f"the range {word} is backwards", code="bad-range")
    return word


def _uids(word: str) -> str:
    low, high = word.partition("-")[::2]
    if integer(low, 0, _U32) > integer(high, 0, _U32):
        raise Bad(f"the range {word} is backwards", code="bad-range")
    return word


_RULE_OPTIONS = (
    Option("not", "not_", flag=True),
    Option("from", "from_", read=network, write=str),
    Option("to", "to", read=network, write=str),
    Option("preference", "preference", ("order", "priority"), read=u32, write=str),
    Option("tos", "tos", ("dsfield",)),
    Option("fwmark", "fwmark"),
    Option("realms", "realms", read=realms),
    Option(
        "suppress_prefixlength",
        "suppress_prefixlength",
        ("sup_pl",),
        read=lambda word: integer(word, 0, 128),
        write=str,
    ),
    Option("suppress_ifgroup", "suppress_ifgroup", ("sup_group",)),
    Option("iif", "iif", ("dev",), longest=15),
    Option("oif", "oif", longest=15),
    Option("tunnel-id", "tunnel_id", read=lambda word: integer(word, 0, (1 << 64) - 1), write=str),
    Option("uidrange", "uidrange", read=_uids),
    Option("l3mdev", "l3mdev", flag=True),
    Option("protocol", "protocol"),
    Option("ipproto", "ipproto"),
    Option("sport", "sport", read=_ports),
    Option("dport", "dport", read=_ports),
    Option("table", "table", ("lookup",)),
)


class RuleLines(Lines):
    """[inet|inet6] options and an action: table T, goto N, or one of blackhole, unreachable, prohibit, nop."""

    made = Rule

    def __init__(self, use: str) -> None:
        self.options = _RULE_OPTIONS + tracking(use)
        self.table = table_of(self.options)

    def read(self, words: Sequence[str]) -> Any:
        found: dict[str, Any] = {}
        plain: list[str] = []
        places: list[int] = []
        at = 0
        while at < len(words):
            word = words[at]
            option = self.table.get(word)
            if word in ("inet", "inet6"):
                found["family"] = word
                at += 1
            elif word == "type" or word in _ACTIONS:
                at = self._action(words, at + (word == "type"), found)
            elif option is None:
                raise unknown_option(word, (*self.table, "type", *_ACTIONS), at)
            else:
                step = 1 if option.flag else 2
                plain += words[at : at + step]
                places += range(at, at + step)
                at += step
        try:
            found.update(read_options(plain, 0, self.table))
        except Bad as bad:
            bad.word = places[bad.word]
            raise
        return self._complete(Rule(**found))

    def _action(self, words: Sequence[str], at: int, found: dict[str, Any]) -> int:
        word = words[at] if at < len(words) else ""
        if word not in _ACTIONS:
            raise Bad(
                f"'{word}' is no action of a rule", f"one of {', '.join(_ACTIONS)}", code="unknown-value", word=at
            )
        if word == "goto":
            found["goto"] = read_value(_GOTO, words, at + 1)
            return at + 2
        if word == "nop":
            found["nop"] = True
        else:
            found["type"] = word
        return at + 1

    def _complete(self, rule: Rule) -> Rule:
        actions = [rule.table is not None, rule.goto is not None, rule.nop, rule.type is not None, rule.l3mdev]
        if sum(actions) > 1:
            raise Bad("a rule has one action only", "one of table, goto, nop, type, l3mdev", code="two-actions", word=0)
        if not any(actions):
            raise Bad("a rule needs an action", "table NAME, goto N, or type blackhole", code="missing-value", word=0)
        if rule.goto is not None and rule.preference is None:
            raise Bad("goto needs a preference", "write preference N, below its target", code="missing-value", word=0)
        if rule.preference is None:
            message = "the rule has no preference: one is made up from 16384 on"
            raise Odd(rule, message, "write preference N", code="no-preference", word=0)
        return rule

    def write(self, value: Any) -> str:
        parts = [value.family] if value.family else []
        parts += write_options(value, self.options)
        if value.type is not None:
            parts += ["type", value.type]
        if value.goto is not None:
            parts += ["type", "goto", str(value.goto)]
        if value.nop:
            parts += ["type", "nop"]
        return " ".join(parts)


_GOTO = Option("goto", "goto", read=u32)
