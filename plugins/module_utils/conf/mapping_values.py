# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Single values from YAML or JSON: the words that the kind of the keyword reads, so that ranges and codes are its own.

A number, a truth value or a string is the words of the file; a value of several parts may be a mapping of them. What
comes out can be written: a string that the file cannot hold is a mistake here.
"""

from __future__ import annotations

import math
from dataclasses import MISSING
from functools import cache
from typing import Any, get_type_hints

from . import kinds, model
from .expressions import ExpressionWord
from .fields import Declared
from .findings import Bad, Odd
from .lines import ScriptLine
from .suggest import nearest
from .words import split, split_command

_NONE = type(None)
_TRUE = ("true", "on", "yes")
_FALSE = ("false", "off", "no")
# their value is one word, whatever characters are in it
_SINGLE = (
    kinds.Address,
    kinds.Choice,
    kinds.Flag,
    kinds.GranularityLine,
    kinds.HexBytes,
    kinds.Int,
    kinds.OnOff,
    kinds.Seconds,
    kinds.Word,
)
_SEVERAL = (kinds.InitFileLine, kinds.Numbers, kinds.StatusCodes, kinds.Words)


class BadPart(Exception):  # noqa: N818 - it is raised for the finding it becomes
    """One part of a value is wrong. part: the rest of the path, as `.weight`; bad: what is wrong with it."""

    def __init__(self, part: str, bad: Bad) -> None:
        super().__init__(bad.message)
        self.part, self.bad = part, bad


def value_of(kind: kinds.Kind, item: Any) -> Any:
    """The value of one item; None when it says that the keyword is absent. Raises Bad, Odd, BadPart."""
    made = getattr(kind, "made", None)
    if isinstance(item, dict):
        if made is None:
            raise Bad("a mapping does not belong here", _wanted(kind))
        return _of_parts(kind, made, item)
    if isinstance(item, made or ()):
        return item
    if isinstance(kind, ScriptLine):
        return _writable(kind, _script(kind, item))
    if isinstance(kind, ExpressionWord) and isinstance(item, str):  # the expression itself, not as a file has it
        return _writable(kind, str(item))
    if isinstance(kind, kinds.Flag) and (item is False or (isinstance(item, str) and item.lower() in _FALSE)):
        return None
    if isinstance(kind, (kinds.Choice, kinds.Int)) and item == kind.bare and not isinstance(item, bool):
        return kind.bare
    words = _words(kind, item)
    try:
        if kind.listed and not words:
            raise Bad("the line is empty", _wanted(kind), code="empty-value")
        return _writable(kind, kind.read(words))
    except Odd as odd:
        if odd.value is not None:
            _writable(kind, odd.value)
        raise


def plain(value: Any, kind: kinds.Kind) -> Any:
    """A value as YAML has it: a number, a truth value, a string, a list, or a mapping of its parts."""
    if isinstance(value, Declared):
        found = {}
        for name, field in value.__dataclass_fields__.items():
            item = getattr(value, name)
            if item is not None and item != field.default:
                found[key_of(name)] = plain(item, kind)
        return found
    if isinstance(kind, kinds.StatusCodes):
        return [low if low == high else f"{low}-{high}" for low, high in value]
    if isinstance(kind, kinds.Seconds):
        value = round(value * kind.scale, 6)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return [plain(item, kind) for item in value] if isinstance(value, tuple) else value


def key_of(attribute: str) -> str:
    """The key of an attribute: its name, without the `_` that Python's own words need."""
    return attribute.rstrip("_")


def unknown_key(key: str, known: Any) -> Bad:
    """The mistake of a key that nothing has."""
    meant = nearest(key, tuple(known))
    help_text = f"did you mean '{meant}'?" if meant else f"one of {', '.join(known)}"
    return Bad(f"there is no '{key}' here", help_text, code="unknown-option")


def _wanted(kind: kinds.Kind) -> str:
    return f"write {kind.shape}" if kind.shape and not kind.shape.startswith("{") else ""


def _words(kind: kinds.Kind, item: Any) -> list[str]:
    """The words that a person would have written after the keyword."""
    if isinstance(item, bool):
        bare = getattr(kind, "bare", None)
        alone = isinstance(kind, (kinds.Flag, kinds.OnOff)) or (bare is not None and bare is not False)
        alone = alone or (item and getattr(kind, "made", None) is not None and not kind.listed)
        if not alone:
            raise Bad("a truth value does not belong here", "put the word in quotes, if a word is meant")
        return [] if item else ["false"]
    if isinstance(item, (list, tuple)):
        if not (kind.names or isinstance(kind, _SEVERAL)):
            raise Bad("a list does not belong here", _wanted(kind))
        return [_range(one) if isinstance(kind, kinds.StatusCodes) else text_of(one) for one in item]
    text = text_of(item)
    if isinstance(kind, (kinds.Flag, kinds.OnOff)):
        text = text.lower()
        if isinstance(kind, kinds.Flag) and text in _TRUE:
            return []
    if not isinstance(kind, kinds.Word):
        text = text.strip()
    if not text:
        return []
    return [text] if isinstance(kind, _SINGLE) else split(text)


def text_of(item: Any) -> str:
    """The word of a plain value. Raises Bad for one that is no word."""
    if isinstance(item, str):
        return str(item)
    if isinstance(item, float):
        shown = repr(item)
        return kinds.plain_number(item) if "e" in shown and math.isfinite(item) else shown
    if isinstance(item, int) and not isinstance(item, bool):
        return str(item)
    raise Bad(f"{shape_of(item)} does not belong here", "a string or a number")


def shape_of(item: Any) -> str:
    """What a YAML value is, in words."""
    names = {bool: "a truth value", dict: "a mapping", list: "a list", type(None): "nothing", str: "a string"}
    return names.get(type(item), "a number" if isinstance(item, (int, float)) else f"a {type(item).__name__}")


def _range(item: Any) -> str:
    if isinstance(item, (list, tuple)) and len(item) == 2:
        return f"{text_of(item[0])}-{text_of(item[1])}"
    return text_of(item)


def _script(kind: ScriptLine, item: Any) -> Any:
    """A list is the arguments; a string the words of the file, where a script without an owner needs no quotes."""
    if isinstance(item, (list, tuple)):
        return _checked_script(model.Script(tuple(text_of(one) for one in item)))
    if item is True and kind.bare:
        return model.Script(())
    text = text_of(item).strip()
    if kind.owner or text.startswith(('"', "'")):
        return kind.read([text])
    try:
        return _checked_script(model.Script(tuple(split_command(text))))
    except ValueError as wrong:
        raise Bad(f"{wrong}", code="open-quote") from None


def _checked_script(script: model.Script) -> model.Script:
    if not script.argv or not script.argv[0]:
        raise Bad("the command is empty", code="empty-value")
    return script


def _writable(kind: kinds.Kind, value: Any) -> Any:
    try:
        kind.write(value)
    except Bad:
        raise
    except (ValueError, TypeError, AttributeError) as wrong:
        raise Bad(str(wrong), "keepalived.conf has no way to say this") from None
    return value


def _of_parts(kind: kinds.Kind, made: type, item: dict[Any, Any]) -> Any:
    """A value of several parts, written and read again, so that its mistakes are those of the text."""
    if made is model.VirtualAddress and "prefixlen" not in item and "/" in str(item.get("address")):
        # as in the file, where both are one word
        address, _slash, length = str(item["address"]).partition("/")
        item = {**item, "address": address, "prefixlen": length}
    value, sure = _made(made, item)
    try:
        again, odd = _again(kind, value)
    except Bad as bad:
        raise BadPart(_culprit(kind, made, item), bad) from None
    changed = next((name for name in sure if getattr(again, name) != getattr(value, name)), None)
    if changed is not None:
        shown = getattr(value, changed)
        raise BadPart(f".{key_of(changed)}", Bad(f"{shown!r} cannot stand here", _wanted(kind)))
    if odd is not None:
        raise BadPart(_culprit(kind, made, item, odd.code), odd)
    return again


def _again(kind: kinds.Kind, value: Any) -> tuple[Any, Any]:
    """(the value as it reads back, its Odd or None). Raises Bad."""
    try:
        text = kind.write(value)
        words = [text] if kind.raw else split(text)
        if kind.listed and not words:
            raise Bad("the line is empty", _wanted(kind), code="empty-value")
        return kind.read(words), None
    except Odd as odd:
        return odd.value, odd
    except (ValueError, TypeError, AttributeError, KeyError) as wrong:
        raise Bad(str(wrong), _wanted(kind)) from None


def _culprit(kind: kinds.Kind, made: type, item: dict[Any, Any], code: str = "") -> str:
    """The one part without which the value has no such mistake; the whole when there is none."""
    for key in item:
        rest = {other: part for other, part in item.items() if other != key}
        try:
            odd = _again(kind, _made(made, rest)[0])[1]
        except (Bad, BadPart):
            continue
        if odd is None or odd.code != code:
            return f".{key}"
    fields = made.__dataclass_fields__  # type: ignore[attr-defined]
    needed = [key for key in item if key in fields and fields[key].default is MISSING]
    return f".{needed[0]}" if len(needed) == 1 and not code else ""


@cache
def _hints(made: type) -> dict[str, Any]:
    return get_type_hints(made)


def _made(made: type, item: dict[Any, Any]) -> tuple[Any, list[str]]:
    """(the value, the names of the parts whose type is what was declared) of a mapping of its parts."""
    fields: dict[str, Any] = {key_of(name): field for name, field in made.__dataclass_fields__.items()}  # type: ignore[attr-defined]
    given: dict[str, Any] = {}
    sure: list[str] = []
    for key, part in item.items():
        field = fields.get(str(key))
        if field is None:
            raise BadPart(f".{key}", unknown_key(str(key), fields))
        if part is None:
            continue
        try:
            given[field.name] = _part(_hints(made)[field.name], part)
        except BadPart as bad:
            raise BadPart(f".{key}{bad.part}", bad.bad) from None
        except Bad as bad:
            raise BadPart(f".{key}", bad) from None
        if not (isinstance(part, str) and "int" in str(field.type)):
            sure.append(field.name)
    for key, field in fields.items():
        if field.name not in given and field.default is MISSING and field.default_factory is MISSING:
            raise BadPart(f".{key}", Bad("it is missing", code="missing-value"))
    return made(**given), sure


def _part(hint: Any, part: Any) -> Any:
    """One part in the type that is declared for it."""
    wanted = [one for one in getattr(hint, "__args__", ()) if one is not _NONE] or [hint]
    first = wanted[0]
    if getattr(hint, "__origin__", None) is tuple:
        items = part if isinstance(part, (list, tuple)) else [part]
        return tuple(_part(first, one) for one in items)
    if isinstance(first, type) and issubclass(first, Declared):
        if isinstance(part, dict):
            return _made(first, part)[0]
        if first is model.Metric:
            return model.Metric(text_of(part))
        raise Bad(f"{shape_of(part)} does not belong here", "a mapping")
    if first is bool:
        return _truth(part)
    if first is str:
        return text_of(part)
    if isinstance(part, str):
        return _number(part, first is float)
    if isinstance(part, bool) or not isinstance(part, (int, float)):
        raise Bad(f"{shape_of(part)} does not belong here", "a number")
    return part


def _number(part: str, decimal: bool) -> Any:
    if part == "forever":
        return part
    try:
        return float(part) if decimal else int(part)
    except ValueError:
        raise Bad(f"'{part}' is not a number", code="not-a-number") from None


def _truth(part: Any) -> bool:
    text = str(part).lower()
    if text not in _TRUE + _FALSE:
        raise Bad(f"{part!r} is neither true nor false", "true or false", code="not-a-truth-value")
    return text in _TRUE
