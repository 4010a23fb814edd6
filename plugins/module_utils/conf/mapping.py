# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The model as plain dicts and lists, for YAML and JSON, and back.

Keys are keepalived's words with `_` for `-`; what may be there several times has the plural (`real_servers`). A value
of one word is a number, a truth value or a string; one of several words may be given as the words of the file
("10.0.0.1/24 dev eth0") or as a mapping of its parts, and is given out as the mapping. A check is a mapping with one
key, its name: `TCP_CHECK: {connect_timeout: 3}`. Mistakes carry a path: virtual_servers[2].real_servers[0].weight.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any, Optional

from . import model, values
from .blocks import Block, Checks, GroupBlocks
from .fields import Declared, Keyword, head_names
from .findings import Bad, Odd
from .items import MemberLines, NameList
from .kinds import Choice, Flag, InitFileLine, Int, Kind, Numbers, OnOff, Seconds, StatusCodes, Word, Words
from .spec import spec
from .suggest import nearest
from .words import split, split_command

_MEMBERS = MemberLines()
_SEVERAL = (Words, Numbers, NameList, StatusCodes, InitFileLine)
_CHECKS = {check.keyword: check for check in model.CHECKS}


class WrongMapping(Exception):  # noqa: N818 - it is raised for the message it carries
    """A mapping that is no configuration. path: where; message: what is wrong, and how to mend it."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(f"{path}: {message}" if path else message)
        self.path = path
        self.message = message


def to_mapping(document: model.Document) -> dict[str, Any]:
    """The document as dicts, lists, strings, numbers and truth values; what is absent is left out."""
    return _from_block(document)


def from_mapping(mapping: Any) -> model.Document:
    """The document of a mapping. Raises WrongMapping."""
    document: model.Document = _to_block(model.Document, mapping, "")
    return document


def to_json(document: model.Document) -> str:
    """The document as JSON text, with a newline at its end."""
    return json.dumps(to_mapping(document), indent=2) + "\n"


def from_json(text: str) -> model.Document:
    """The document of a JSON text. Raises WrongMapping, also for what is no JSON."""
    try:
        mapping = json.loads(text)
    except (ValueError, RecursionError) as wrong:
        raise WrongMapping("", f"this is no JSON: {wrong}") from None
    return from_mapping(mapping)


def key_of(attribute: str) -> str:
    """The key of an attribute: its name, without the `_` that Python's own words need."""
    return attribute.rstrip("_")


def _from_block(block: Any) -> dict[str, Any]:
    mapping: dict[str, Any] = {}
    for name in head_names(type(block)):
        value = getattr(block, name)
        if name == "members":
            mapping[name] = [_from_value(member) for member in value]
        elif value is not None:
            mapping[key_of(name)] = value
    of = spec(block.__class__)
    for keyword in of.keywords:
        value = getattr(block, keyword.attribute)
        if value is None or (value == () and keyword.attribute in of.grows):
            continue
        key = key_of(keyword.attribute)
        if isinstance(keyword.kind, Checks):
            mapping[key] = [{check.keyword: _from_block(check)} for check in value]
        elif isinstance(keyword.kind, Block):
            mapping[key] = [_from_block(one) for one in value] if keyword.many else _from_block(value)
        elif keyword.many or keyword.kind.listed:
            mapping[key] = [_from_value(one) for one in value]
        else:
            mapping[key] = _from_value(value)
    return mapping


def _from_value(value: Any) -> Any:
    if isinstance(value, Declared):
        found = {}
        for name, field in value.__dataclass_fields__.items():
            item = getattr(value, name)
            if item is not None and item not in ((), field.default):
                found[key_of(name)] = _from_value(item)
        return found
    return [_from_value(item) for item in value] if isinstance(value, tuple) else value


def _to_block(block: type, mapping: Any, path: str) -> Any:
    if not isinstance(mapping, dict):
        raise WrongMapping(path, f"a mapping is needed, not {_kind_of(mapping)}")
    known = _keys(block)
    given: dict[str, Any] = {}
    for key, item in mapping.items():
        if key not in known:
            meant = nearest(str(key), known)
            hint = f"; did you mean '{meant}'?" if meant else ""
            raise WrongMapping(_join(path, str(key)), f"there is no '{key}' here{hint}")
        keyword = known[key]
        here = _join(path, str(key))
        if item is None:
            continue
        if keyword is None:
            given[key] = _members(item, here) if key == "members" else item
        else:
            given[keyword.attribute] = _to_keyword(keyword, item, here)
    heads = {name: given.get(name) for name in head_names(block)}
    _head(block, heads, path)
    for keyword in spec(block).required:
        if not given.get(keyword.attribute) and given.get(keyword.attribute) != 0:
            raise WrongMapping(_join(path, key_of(keyword.attribute)), f"it is missing: {keyword.help}")
    return block(**{**{name: None for name in heads if name != "members"}, **given})


@cache
def _keys(block: type) -> dict[str, Optional[Keyword]]:
    found: dict[str, Optional[Keyword]] = {key_of(name): None for name in head_names(block)}
    found.update({key_of(keyword.attribute): keyword for keyword in spec(block).keywords})
    return found


def _head(block: type, heads: dict[str, Any], path: str) -> None:
    """Check what stands on the opening line of a block, by writing and reading it."""
    if not heads:
        return
    kind = (GroupBlocks if block is model.VirtualServerGroup else Block)(block)
    if "name" in heads and not (isinstance(heads["name"], str) and heads["name"]):
        raise WrongMapping(_join(path, "name"), "a name is needed")
    if "address" in heads and not any(heads.get(name) for name in ("address", "group")) and heads.get("fwmark") is None:
        raise WrongMapping(_join(path, "address"), "it is missing")
    try:
        kind.read(split(kind.write(_Headed(heads))))
    except Bad as bad:
        raise WrongMapping(_head_path(path, heads), bad.message) from None
    except (ValueError, TypeError, AttributeError) as wrong:
        raise WrongMapping(_head_path(path, heads), str(wrong)) from None


def _head_path(path: str, heads: dict[str, Any]) -> str:
    name = next((name for name in ("group", "fwmark", "address", "name") if heads.get(name) is not None), "address")
    return _join(path, name)


class _Headed:
    """The words of an opening line, in the shape of a block."""

    def __init__(self, heads: dict[str, Any]) -> None:
        self.name = heads.get("name")
        self.address, self.port = heads.get("address"), heads.get("port")
        self.group, self.fwmark = heads.get("group"), heads.get("fwmark")


def _to_keyword(keyword: Keyword, item: Any, path: str) -> Any:
    kind = keyword.kind
    if isinstance(kind, Checks):
        return tuple(_check(one, f"{path}[{number}]") for number, one in enumerate(_list(item, path)))
    if isinstance(kind, Block):
        if not keyword.many:
            return _to_block(_block_of(kind), item, path)
        return tuple(
            _to_block(_block_of(kind), one, f"{path}[{number}]") for number, one in enumerate(_list(item, path))
        )
    if keyword.many or kind.listed:
        return tuple(to_value(kind, one, f"{path}[{number}]") for number, one in enumerate(_list(item, path)))
    if isinstance(kind, Flag) and item is False:
        return None
    return to_value(kind, item, path)


def _block_of(kind: Block) -> type:
    if kind.block is None:
        raise TypeError("a block kind without a block")
    return kind.block


def _members(item: Any, path: str) -> tuple[Any, ...]:
    return tuple(to_value(_MEMBERS, one, f"{path}[{number}]") for number, one in enumerate(_list(item, path)))


def _check(item: Any, path: str) -> Any:
    if isinstance(item, str) and item in _CHECKS:
        item = {item: {}}
    if not isinstance(item, dict) or len(item) != 1:
        raise WrongMapping(path, f"one key is needed, one of {', '.join(_CHECKS)}")
    ((name, mapping),) = item.items()
    if name not in _CHECKS:
        meant = nearest(str(name), _CHECKS)
        raise WrongMapping(_join(path, str(name)), f"there is no such check; did you mean '{meant}'?")
    return _to_block(_CHECKS[name], {} if mapping is None else mapping, _join(path, name))


def to_value(kind: Kind, item: Any, path: str) -> Any:
    """One value of a kind, from its plain form. Raises WrongMapping."""
    value = _shaped(kind, item, path)
    if value is None:
        raise WrongMapping(path, "the value is empty")
    try:
        text = kind.write(value)
        words = [text] if kind.raw else split(text)
        again = value if isinstance(kind, Choice) and value == kind.bare else kind.read(words)
    except Odd as odd:
        again = odd.value
    except Bad as bad:
        raise WrongMapping(path, f"{bad.message}; {bad.help}" if bad.help else bad.message) from None
    except (ValueError, TypeError, AttributeError) as wrong:
        raise WrongMapping(path, str(wrong)) from None
    return again


def _shaped(kind: Kind, item: Any, path: str) -> Any:
    """The plain form in the shape the kind's write takes. A string is read as the words of the file."""
    if kind.made is values.Script and isinstance(item, str):
        return _script(item, path)
    if kind.made is not None:
        return (
            _made(kind.made, item, path) if isinstance(item, dict) else _read(kind, split(str(item)), path, str(item))
        )
    if isinstance(item, bool):
        if isinstance(kind, (Flag, OnOff)):
            return item
        raise WrongMapping(path, "a truth value does not belong here")
    if isinstance(item, list) and isinstance(kind, _SEVERAL):
        return tuple(tuple(one) if isinstance(one, list) else one for one in item)
    if isinstance(kind, Int) and isinstance(item, int):
        return item
    if isinstance(kind, Seconds) and isinstance(item, (int, float)):
        return float(item)
    if not isinstance(item, (str, int, float)):
        raise WrongMapping(path, f"{_kind_of(item)} does not belong here")
    text = str(item)
    if text == getattr(kind, "bare", None) or (isinstance(kind, Word) and type(kind) is not Word and not text):
        return text
    return _read(kind, split(text) if isinstance(kind, _SEVERAL) else [text] if text else [], path, text)


def _script(text: str, path: str) -> Any:
    """A command with its arguments, as a shell would cut it; user and group need the mapping."""
    try:
        argv = split_command(text)
    except ValueError as wrong:
        raise WrongMapping(path, str(wrong)) from None
    return values.Script(tuple(argv))


def _read(kind: Kind, words: list[str], path: str, text: str) -> Any:
    try:
        return kind.read([text] if kind.raw else words)
    except Odd as odd:
        return odd.value
    except Bad as bad:
        raise WrongMapping(path, f"{bad.message}; {bad.help}" if bad.help else bad.message) from None


def _made(made: type, item: dict[Any, Any], path: str) -> Any:
    """A value of several parts from a mapping of them."""
    fields = {key_of(name): field for name, field in made.__dataclass_fields__.items()}  # type: ignore[attr-defined]
    given = {}
    for key, part in item.items():
        if key not in fields:
            meant = nearest(str(key), fields)
            hint = f"; did you mean '{meant}'?" if meant else ""
            raise WrongMapping(_join(path, str(key)), f"there is no '{key}' here{hint}")
        field = fields[key]
        inner = next((one for one in _INNER if one.__name__ in str(field.type)), None)
        here = _join(path, str(key))
        if part is None:
            continue
        if inner is not None and isinstance(part, dict):
            part = _made(inner, part, here)  # noqa: PLW2901
        elif isinstance(part, list):
            part = tuple(_made(inner, one, here) if inner and isinstance(one, dict) else one for one in part)  # noqa: PLW2901
        elif isinstance(part, (int, float)) and not isinstance(part, bool) and "str" in str(field.type):
            part = str(part)  # noqa: PLW2901
        given[field.name] = part
    try:
        return made(**given)
    except TypeError:
        missing = [key for key, field in fields.items() if field.name not in given and _needed(field)]
        raise WrongMapping(_join(path, missing[0] if missing else ""), "it is missing") from None


_INNER = (values.Encap, values.Nexthop, values.Metric)


def _needed(field: Any) -> bool:
    from dataclasses import MISSING  # noqa: PLC0415 - only a mistake needs it

    return field.default is MISSING and field.default_factory is MISSING


def _list(item: Any, path: str) -> list[Any]:
    if not isinstance(item, (list, tuple)):
        raise WrongMapping(path, f"a list is needed, not {_kind_of(item)}")
    return list(item)


def _kind_of(item: Any) -> str:
    names = {dict: "a mapping", list: "a list", str: "a string", bool: "a truth value", int: "a number"}
    return names.get(type(item), type(item).__name__)


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key
