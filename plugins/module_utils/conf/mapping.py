# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The model as plain dicts and lists, for YAML and JSON, and back.

Keys are keepalived's words with `_` for `-`; what may be there several times has the plural (`real_servers`), and the
words of the file itself (`real_server`, `sh-port`, legacy ones with a note) are taken too. A value is the words of the
file ("10.0.0.1/24 dev eth0"), in its units; one of several parts may be a mapping of them, and is given out as such.
Checks are a list of mappings with one key, or keys of the real server: `TCP_CHECK: {connect_timeout: 3}`. Mistakes are
found all at once, each with a path: virtual_servers[2].real_servers[0].weight.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple, Optional

from . import model
from .blocks import Block, Checks
from .fields import Keyword, head_names
from .findings import ERROR
from .items import MemberLines
from .mapping_blocks import MappingReader, PathFinding
from .mapping_origins import Origins, origins
from .mapping_values import key_of, plain
from .spec import spec
from .writer import write

MASK = "********"
_DOCUMENT = Block(model.Document)
_MEMBERS = MemberLines()

__all__ = [
    "MASK",
    "Described",
    "Origins",
    "PathFinding",
    "described",
    "from_json",
    "from_mapping",
    "to_json",
    "to_mapping",
]


def from_mapping(mapping: Any, path: str = "") -> tuple[Optional[model.Document], tuple[PathFinding, ...]]:
    """(the document, None when there are errors; all findings). path: what stands before the paths of findings.

    The document can be written: no value of it is beyond what keepalived.conf can say.
    """
    reader = MappingReader()
    document = reader.block(_DOCUMENT, {} if mapping is None else mapping, path)
    return (None if reader.failed else document), tuple(reader.findings)


class Described(NamedTuple):
    """The file of a mapping: its text (None when there are errors), what made each line of it, and all findings."""

    text: Optional[str]
    origins: Origins
    findings: tuple[PathFinding, ...]


def described(mapping: Any, path: str = "") -> Described:
    """As from_mapping, with the file that the mapping describes, and from where in the mapping each line comes."""
    reader = MappingReader()
    document = reader.block(_DOCUMENT, {} if mapping is None else mapping, path)
    if reader.failed or document is None:
        return Described(None, Origins({}), tuple(reader.findings))
    text = write(document)
    return Described(text, origins(document, text, reader), tuple(reader.findings))


def to_mapping(document: model.Document, *, mask: bool = False) -> dict[str, Any]:
    """The document as dicts, lists, strings, numbers and truth values; what is absent is left out.

    mask: passwords and keys are not given out.
    """
    return _block(document, mask)


def to_json(document: model.Document, *, mask: bool = False) -> str:
    """The document as JSON text, with a newline at its end."""
    return json.dumps(to_mapping(document, mask=mask), indent=2) + "\n"


def from_json(text: str) -> tuple[Optional[model.Document], tuple[PathFinding, ...]]:
    """As from_mapping; a text that is no JSON is one finding."""
    try:
        mapping = json.loads(text)
    except (ValueError, RecursionError) as wrong:
        return None, (PathFinding(ERROR, "bad-value", f"this is no JSON: {wrong}", "", ""),)
    return from_mapping(mapping)


def _block(block: Any, mask: bool) -> dict[str, Any]:
    mapping: dict[str, Any] = {}
    made: type = type(block)
    of = spec(made)
    for name in head_names(made):
        value = getattr(block, name)
        if name == "members":
            mapping[name] = [plain(member, _MEMBERS) for member in value]
        elif value is not None:
            mapping[key_of(name)] = value
    for keyword in of.keywords:
        value = getattr(block, keyword.attribute)
        if value is not None and not (value == () and keyword.attribute in of.grows):
            mapping[key_of(keyword.attribute)] = _value(keyword, value, mask)
    return mapping


def _value(keyword: Keyword, value: Any, mask: bool) -> Any:
    if isinstance(keyword.kind, Checks):
        return [{check.keyword: _block(check, mask)} for check in value]
    if isinstance(keyword.kind, Block):
        return [_block(one, mask) for one in value] if keyword.many else _block(value, mask)
    if keyword.many or keyword.kind.listed:
        found = [plain(one, keyword.kind) for one in value]
        return [_masked(one) for one in found] if mask and keyword.secret else found
    found = plain(value, keyword.kind)
    return _masked(found) if mask and keyword.secret else found


def _masked(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _masked(part) for key, part in value.items()}
    return MASK if isinstance(value, str) else value
