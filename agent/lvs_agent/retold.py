# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A document told to somebody who has the one before: what stayed is said by its place there. Pure.

A reload that reads only what changed (conf/cache.py) keeps the other virtual servers as they are; so they need not be
carried over to a child, and are the same objects there as well, whose plan stands.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple, Tuple, Union

if TYPE_CHECKING:
    from ansible_collections.lvs.cluster.plugins.module_utils.conf.model import Document, VirtualServer


class News(NamedTuple):
    """rest: the document without its virtual servers; virtual_servers: each, or its place in the document before."""

    rest: Document
    virtual_servers: Tuple[Union[int, VirtualServer], ...]


def news(before: Document, document: Document) -> News:
    """What somebody who has `before` has to be told of `document`."""
    places = {id(block): number for number, block in enumerate(before.virtual_servers)}
    told = tuple(places.get(id(block), block) for block in document.virtual_servers)
    return News(replace(document, virtual_servers=()), told)


def retold(before: Document, told: News) -> Document:
    """The document that these are the news of, for who has the same `before`."""
    known = before.virtual_servers
    blocks = (known[block] if isinstance(block, int) else block for block in told.virtual_servers)
    return replace(told.rest, virtual_servers=tuple(blocks))
