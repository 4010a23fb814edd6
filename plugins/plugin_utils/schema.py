# Copyright (c) 2026, lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Voluptuous schemas of the blocks of keepalived.conf, built from the declared fields; on the controller only.

block(model.VirtualServer) takes one whole block, keys(model.VirtualServer) gives its keys for a larger description.
Errors have the paths, messages and ranges of the language (conf/mapping.py), below the path of the larger schema.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.lvs.cluster.plugins.module_utils.conf import ERROR, model
from ansible_collections.lvs.cluster.plugins.module_utils.conf.blocks import Block
from ansible_collections.lvs.cluster.plugins.module_utils.conf.mapping_blocks import MappingReader
from ansible_collections.lvs.cluster.plugins.module_utils.conf.mapping_values import key_of
from ansible_collections.lvs.cluster.plugins.module_utils.conf.spec import spec

try:
    import voluptuous
except ImportError:
    voluptuous = None

if t.TYPE_CHECKING:
    from ansible_collections.lvs.cluster.plugins.module_utils.conf.fields import Keyword

_STEP = re.compile(r"\[(\d+)\]|([^.\[\]]+)")
Validator = t.Callable[[t.Any], t.Any]


class MissingLibrary(RuntimeError):  # noqa: N818 - it is what is missing
    """The controller lacks a Python library; the text says which, and how to get it."""


def library() -> t.Any:
    """The module voluptuous. Raises MissingLibrary when it is not installed."""
    if voluptuous is None:
        raise MissingLibrary("the Python library voluptuous is needed on the controller: pip install voluptuous")
    return voluptuous


def block(kind: type = model.Document) -> Validator:
    """A validator of one whole block given as a mapping; it returns the mapping as it was."""
    library()

    def validate(item: t.Any) -> t.Any:
        reader = MappingReader()
        reader.block(Block(kind), item, "")
        return _passed(reader, item)

    return validate


def keys(kind: type, without: t.Collection[str] = ()) -> dict[t.Any, Validator]:
    """The keywords of a block as keys of a voluptuous mapping, with their help; some may be left out."""
    vol = library()
    found: dict[t.Any, Validator] = {}
    for keyword in spec(kind).keywords:
        key = key_of(keyword.attribute)
        if key not in without:
            marker = vol.Required if keyword.required else vol.Optional
            found[marker(key, description=keyword.help)] = _value(keyword)
    return found


def messages(invalid: t.Any, path: str = "") -> list[str]:
    """Every error of a voluptuous exception as `path: message`, as virtual_servers[2].real_servers[0].weight: ..."""
    shown = []
    for error in getattr(invalid, "errors", [invalid]):
        where = path + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in error.path)
        shown.append(f"{where.lstrip('.') or 'the whole'}: {error.msg}")
    return shown


def _value(keyword: Keyword) -> Validator:
    def validate(item: t.Any) -> t.Any:
        reader = MappingReader()
        reader.value(keyword, item, "")
        return _passed(reader, item)

    return validate


def _passed(reader: MappingReader, item: t.Any) -> t.Any:
    """The item, when there are no errors in it. Raises voluptuous.MultipleInvalid."""
    vol = library()
    errors = []
    for finding in reader.findings:
        if finding.level == ERROR:
            steps = [int(number) if number else name for number, name in _STEP.findall(finding.path)]
            text = f"{finding.message} ({finding.help})" if finding.help else finding.message
            errors.append(vol.Invalid(text, path=steps))
    if errors:
        raise vol.MultipleInvalid(errors)
    return item
