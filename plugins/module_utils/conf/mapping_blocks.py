# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Blocks from YAML or JSON by the words their spec declares: every mistake, each with the path to it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Optional

from .blocks import Block, Checks
from .fields import Keyword, head_names
from .findings import ERROR, NOTE, WARNING, Bad, Odd
from .items import MemberLines
from .mapping_values import BadPart, key_of, shape_of, text_of, unknown_key, value_of
from .spec import GONE, Entry, homes, spec

_MEMBERS = MemberLines()


@dataclass(frozen=True)
class PathFinding:
    """One mistake in a mapping. As findings.Finding, with a path instead of a place in a text."""

    level: str
    code: str
    message: str
    help: str
    path: str

    def render(self) -> str:
        """`path: level[code]: message` and a help line. No newline at the end."""
        text = f"{self.path or 'the whole'}: {self.level}[{self.code}]: {self.message}"
        return f"{text}\n  help: {self.help}" if self.help else text


class _Keys:
    """The keys of one block: of its opening line, and of its keywords (with the entry of a check's own name)."""

    def __init__(self, block: type) -> None:
        self.heads = {key_of(name): name for name in head_names(block)}
        self.known: dict[str, tuple[Keyword, Optional[Entry], bool]] = {}
        of = spec(block)
        by_attribute = {keyword.attribute: keyword for keyword in of.keywords}
        for word, entry in of.words.items():
            keyword = by_attribute[entry.attribute]
            found = (keyword, entry if isinstance(keyword.kind, Checks) else None, word in keyword.legacy)
            self.known[word] = found
            self.known[word.replace("-", "_")] = found
        for keyword in of.keywords:
            self.known[key_of(keyword.attribute)] = (keyword, None, False)
        self.shown = (*self.heads, *(key_of(keyword.attribute) for keyword in of.keywords))


@cache
def _keys(block: type) -> _Keys:
    return _Keys(block)


class MappingReader:
    """Reads one mapping. findings: in the order found; paths: id of a block's value -> its path.

    keys: id of a block's value -> the keys that its keywords have in the mapping, by attribute.
    """

    def __init__(self) -> None:
        self.findings: list[PathFinding] = []
        self.paths: dict[int, str] = {}
        self.keys: dict[int, dict[str, str]] = {}

    def block(self, kind: Block, item: Any, path: str) -> Any:
        """The dataclass of one block; None when its opening line is wrong."""
        block = kind.block
        if block is None or not isinstance(item, dict):
            self._bad(Bad(f"{shape_of(item)} does not belong here", "a mapping of keywords"), path)
            return None
        keys = _keys(block)
        heads: dict[str, Any] = {}
        values: dict[str, Any] = {}
        said: dict[str, str] = {}
        for key, part in item.items():
            name, here = str(key), join(path, str(key))
            if name in keys.heads:
                heads[keys.heads[name]] = part
            elif name in keys.known:
                self._keyword(keys.known[name], name, part, here, values, said)
            else:
                self._unknown(name, keys, here)
        head = self._head(kind, heads, path)
        for keyword in spec(block).required:
            if keyword.attribute not in said:
                self._bad(
                    Bad("it is missing", keyword.help, code="missing-keyword"), join(path, key_of(keyword.attribute))
                )
        if head is None:
            return None
        made = block(**{**head, **values})
        self.paths[id(made)], self.keys[id(made)] = path, said
        return made

    def _head(self, kind: Block, heads: dict[str, Any], path: str) -> Optional[dict[str, Any]]:
        """What stands on the opening line, from its words."""
        names = head_names(kind.block) if kind.block else ()
        found: dict[str, Any] = {}
        if "members" in names:
            found["members"] = self._items(_MEMBERS, heads.pop("members", None) or (), join(path, "members"))
        heads = {name: item for name, item in heads.items() if item is not None}
        order: tuple[str, ...] = ("group", "fwmark", "name", "address")
        first = next((name for name in order if name in heads), None)
        if not names or names == ("members",):
            return found
        if first is None:
            wanted = [name for name in names if name not in ("port", "members")]
            self._bad(
                Bad("it is missing", f"one of {', '.join(wanted)}", code="missing-keyword"), join(path, wanted[0])
            )
            return None
        for extra in set(heads) & {"group", "fwmark", "address"} - {first}:
            bad = Bad(f"there is {first} already", "one of address, fwmark, group", code="duplicate-keyword")
            self._bad(bad, join(path, extra))
        words: list[str] = [first] if first in ("group", "fwmark") else []
        fault = first
        try:
            words.append(text_of(heads[first]))
            if first == "address" and "port" in heads:
                fault = "port"
                words.append(text_of(heads["port"]))
            return {**found, **kind.read(words)}
        except Bad as bad:
            self._bad(bad, join(path, fault if bad.word == 2 or len(words) < 2 else first))
            return None

    def _keyword(
        self,
        known: tuple[Keyword, Optional[Entry], bool],
        name: str,
        item: Any,
        path: str,
        values: dict[str, Any],
        said: dict[str, str],
    ) -> None:
        keyword, check, legacy = known
        attribute = keyword.attribute
        if check is not None:
            made = self._check(check, item, path)
            values[attribute] = (*values.get(attribute, ()), *made)
            said[attribute] = name
            return
        if item is None:
            return
        if attribute in said and not isinstance(keyword.kind, Checks):
            again = Bad(f"there is {said[attribute]} already", "keep one of them", code="duplicate-keyword")
            self._bad(again, path)
            return
        if legacy:
            note = Bad(f"'{name}' is an old word for {keyword.word}", f"write {keyword.word}", code="legacy-keyword")
            note.level = NOTE
            self._bad(note, path)
        said[attribute] = name
        before = len(self.findings)
        value = self.value(keyword, item, path)
        if keyword.secret:
            self.findings[before:] = [_without(item, finding) for finding in self.findings[before:]]
        if isinstance(keyword.kind, Checks):
            values[attribute] = (*values.get(attribute, ()), *value)
        elif value is not None:
            values[attribute] = value

    def value(self, keyword: Keyword, item: Any, path: str) -> Any:
        """What one keyword is given: a value, a block, or a tuple of them."""
        kind = keyword.kind
        if isinstance(kind, Checks):
            found: list[Any] = []
            for number, one in enumerate(self._list(item, path)):
                found += self._named_check(one, f"{path}[{number}]")
            return found
        if isinstance(kind, Block):
            if not keyword.many:
                return self.block(kind, item, path)
            blocks = [self.block(kind, one, f"{path}[{number}]") for number, one in enumerate(self._list(item, path))]
            return tuple(one for one in blocks if one is not None)
        if keyword.many or kind.listed:
            return self._items(kind, item, path)
        return self._one(kind, item, path)

    def _items(self, kind: Any, item: Any, path: str) -> tuple[Any, ...]:
        values = [self._one(kind, one, f"{path}[{number}]") for number, one in enumerate(self._list(item, path))]
        return tuple(value for value in values if value is not None)

    def _one(self, kind: Any, item: Any, path: str) -> Any:
        try:
            return value_of(kind, item)
        except Odd as odd:
            self._bad(odd, path)
            return odd.value
        except BadPart as bad:
            self._bad(bad.bad, path + bad.part)
            return getattr(bad.bad, "value", None)
        except Bad as bad:
            self._bad(bad, path)
            return None

    def _named_check(self, item: Any, path: str) -> list[Any]:
        """A check in a list: its name, or a mapping with its name as the one key."""
        if isinstance(item, str):
            item = {item: None}
        if not isinstance(item, dict) or len(item) != 1:
            self._bad(Bad(f"{shape_of(item)} does not belong here", "a mapping with one key, as TCP_CHECK"), path)
            return []
        ((name, inner),) = item.items()
        words = _checks()
        if str(name) not in words:
            self._bad(unknown_key(str(name), words), join(path, str(name)))
            return []
        return self._check(words[str(name)], inner, join(path, str(name)))

    def _check(self, entry: Entry, item: Any, path: str) -> list[Any]:
        """The checks of one name: one, without anything in it, or a list of them."""
        if isinstance(item, list):
            made = [self.block(entry.kind, one or {}, f"{path}[{number}]") for number, one in enumerate(item)]
        else:
            made = [self.block(entry.kind, {} if item is None else item, path)]
        return [one for one in made if one is not None]

    def _list(self, item: Any, path: str) -> list[Any]:
        if isinstance(item, (list, tuple)):
            return list(item)
        self._bad(Bad(f"{shape_of(item)} does not belong here", "a list"), path)
        return []

    def _unknown(self, name: str, keys: _Keys, path: str) -> None:
        if name in GONE:
            gone = Bad(f"keepalived ignores '{name}'", GONE[name], code="gone-keyword")
            gone.level = WARNING
            self._bad(gone, path)
            return
        belongs = homes().get(name)
        if belongs:
            title = f"in {belongs[0]}" if belongs[0] else "at the top"
            bad = Bad(f"'{name}' does not belong here", f"it stands {title}", code="misplaced-keyword")
            self._bad(bad, path)
            return
        bad = unknown_key(name, keys.shown)
        help_text = bad.help if bad.help.startswith("did") else ""
        self._bad(Bad(bad.message, help_text, code="unknown-keyword"), path)

    def _bad(self, bad: Bad, path: str) -> None:
        self.findings.append(PathFinding(bad.level, bad.code, bad.message, bad.help, path))

    @property
    def failed(self) -> bool:
        """Whether there is an error."""
        return any(finding.level == ERROR for finding in self.findings)


def _without(secret: Any, finding: PathFinding) -> PathFinding:
    """A finding that does not show the secret it is about."""
    parts = secret.values() if isinstance(secret, dict) else secret if isinstance(secret, list) else (secret,)
    for part in parts:
        if isinstance(part, (dict, list)):
            finding = _without(part, finding)
        elif str(part) in finding.message or repr(str(part))[1:-1] in finding.message:
            finding = replace(finding, message="the value cannot be used (it is secret and not shown)")
    return finding


@cache
def _checks() -> dict[str, Entry]:
    from .model import RealServer  # noqa: PLC0415 - asked for here only

    return {word: entry for word, entry in spec(RealServer).words.items() if entry.attribute == "checks"}


def join(path: str, key: str) -> str:
    """The path of a key of a mapping."""
    return f"{path}.{key}" if path else key
