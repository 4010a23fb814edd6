# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""How one keyword of keepalived.conf is declared: a field of a frozen dataclass.

A declaration states once what every direction needs: the attribute, the word in the file, the kind of its value, its
range, the value in force when it is absent, the first keepalived that knows it, and one line of help. Reading,
writing, JSON, YAML, findings and the reference page all follow from it. Nothing here reads or writes anything.
"""

from __future__ import annotations

from dataclasses import MISSING, FrozenInstanceError, dataclass, field, fields
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

if TYPE_CHECKING:
    from typing_extensions import dataclass_transform

    from .kinds import Kind

if not TYPE_CHECKING:

    def dataclass_transform(**_given: Any) -> Any:
        """What typing has since 3.11, for type checkers only."""
        return lambda decorator: decorator


_T = TypeVar("_T")
_KEY = "keyword"


class Declared:
    """What all blocks and values are: frozen, compared, hashed and shown by their declared fields.

    One shared method each instead of generated ones: fifty classes are made at every start of the agent, and most of
    that time went into writing and compiling code for them.
    """

    __dataclass_fields__: ClassVar[dict[str, Any]]

    if not TYPE_CHECKING:  # a type checker knows the parameters from the fields

        def __init__(self, *args: Any, **given: Any) -> None:
            names = [name for name, one in self.__dataclass_fields__.items() if "ClassVar" not in str(one.type)]
            title = self.__class__.__name__
            if len(args) > len(names):
                raise TypeError(f"{title} takes {len(names)} values, {len(args)} were given")
            values = dict(zip(names, args))
            for name, value in given.items():
                if name not in names or name in values:
                    raise TypeError(f"{title} got an unexpected or second '{name}'")
                values[name] = value
            lacking = [name for name in names if name not in values and not hasattr(self.__class__, name)]
            if lacking:
                raise TypeError(f"{title} needs {', '.join(lacking)}")
            self.__dict__.update(values)

        def __setattr__(self, name: str, value: Any) -> None:
            raise FrozenInstanceError(f"cannot assign to field '{name}'")

        def __delattr__(self, name: str) -> None:
            raise FrozenInstanceError(f"cannot delete field '{name}'")

    def __eq__(self, other: object) -> bool:
        if self.__class__ is not other.__class__:
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in self.__dataclass_fields__)

    def __hash__(self) -> int:
        return hash((self.__class__, *(getattr(self, name) for name in self.__dataclass_fields__)))

    def __repr__(self) -> str:
        said = ((name, getattr(self, name)) for name in self.__dataclass_fields__)
        shown = ", ".join(f"{name}={value!r}" for name, value in said if value is not None and value != ())
        return f"{self.__class__.__name__}({shown})"


@dataclass_transform(frozen_default=True, eq_default=False)
def declared(block: type[_T]) -> type[_T]:
    """Make a class a frozen dataclass whose methods are those of Declared."""
    return dataclass(init=False, repr=False, eq=False)(block)


@dataclass(frozen=True)
class Keyword:
    """One declared keyword.

    word: as it is written in the file; attribute: the name on the dataclass; kind: how its value is read and written;
    default: the value keepalived uses when the word is absent (None: none, or inherited); since: first release that
    has it when newer than 2.2.7; legacy: older spellings that mean the same; many: may be repeated, the attribute is
    a tuple; required: the block is useless without it; secret: not to be shown; agent: lvs-agent's own, unknown to
    keepalived, and so written behind the prefix `@lvs_agent`.
    """

    word: str
    attribute: str
    kind: Kind
    help: str
    default: Any
    since: str
    legacy: tuple[str, ...]
    many: bool
    required: bool
    secret: bool
    agent: bool


def key(
    kind: Kind,
    help: str,  # noqa: A002 - the word of the declaration
    *,
    default: Any = None,
    since: str = "",
    legacy: tuple[str, ...] = (),
    word: str = "",
    many: bool = False,
    required: bool = False,
    secret: bool = False,
    agent: bool = False,
) -> Any:
    """Declare one keyword as a dataclass field. Absent is None (or an empty tuple when it may be repeated)."""
    declared = (kind, help, default, since, legacy, word, many, required, secret, agent)
    # The declaration stands in a dataclass: at the caller's.
    default_value = () if many or kind.listed else None
    return field(default=default_value, metadata={_KEY: declared})  # pylint: disable=invalid-field-call


def keywords(block: type) -> tuple[Keyword, ...]:
    """The declared keywords of one block, in file order of the declaration."""
    found = []
    for declared in fields(block):
        facts = declared.metadata.get(_KEY)
        if facts is None:
            continue
        kind, text, default, since, legacy, word, many, required, secret, agent = facts
        name = word or declared.name.rstrip("_")
        found.append(Keyword(name, declared.name, kind, text, default, since, legacy, many, required, secret, agent))
    return tuple(found)


def head_names(block: type) -> tuple[str, ...]:
    """The attributes of a block that stand on its opening line (a name, an address and a port)."""
    return tuple(item.name for item in fields(block) if _KEY not in item.metadata)


def without_default(block: type) -> tuple[str, ...]:
    """The attributes that must be given to make a value of this block."""
    return tuple(item.name for item in fields(block) if item.default is MISSING and item.default_factory is MISSING)
