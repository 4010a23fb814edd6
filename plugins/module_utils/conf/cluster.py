# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The files of all directors of one cluster together: what is right in each and wrong between them.

    check((Director("d1", document, "d1.conf", text), Director("d2", ...)))

Rules are in cluster_vrrp.py and cluster_lvs.py, each a small function of a Cluster. A finding stands at the keyword
that should be mended, in the file of one director, and names the other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, NamedTuple, Optional

from .cluster_places import Path, locate
from .findings import ERROR, WARNING, Finding

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .expand import Opener
    from .model import Document

    Facts = Mapping[str, Mapping[str, Sequence[str]]]

Rule = Callable[["Cluster"], None]


class Director(NamedTuple):
    """One director: its name, what its file says, and the file.

    Without text the findings have a path into the document (as conf/mapping.py writes them) instead of a line.
    opener and config_id: as for reading.read, when the text was read with them.
    """

    name: str
    document: Document
    file: str = ""
    text: Optional[str] = None
    opener: Optional[Opener] = None
    config_id: Optional[str] = None


class Trouble(NamedTuple):
    """One finding before its place is known."""

    level: str
    code: str
    message: str
    help: str
    director: Director
    path: Path


class Cluster:
    """The directors, and what was found. facts: for each director its interfaces and their addresses with length."""

    def __init__(self, directors: Sequence[Director], facts: Optional[Facts]) -> None:
        self.directors = tuple(directors)
        self.facts = facts or {}
        self.troubles: list[Trouble] = []

    def error(self, code: str, director: Director, path: Path, message: str, help_text: str) -> None:
        """What breaks the cluster."""
        self.troubles.append(Trouble(ERROR, code, message, help_text, director, path))

    def warning(self, code: str, director: Director, path: Path, message: str, help_text: str) -> None:
        """What works, but is hardly meant."""
        self.troubles.append(Trouble(WARNING, code, message, help_text, director, path))


def check(directors: Sequence[Director], facts: Optional[Facts] = None) -> tuple[Finding, ...]:
    """What is wrong between the files of the directors of one cluster; nothing for a single one."""
    from . import cluster_lvs, cluster_vrrp  # noqa: PLC0415 - they use this file

    cluster = Cluster(directors, facts)
    for rule in (*cluster_vrrp.RULES, *cluster_lvs.RULES):
        rule(cluster)
    return _placed(cluster)


def _placed(cluster: Cluster) -> tuple[Finding, ...]:
    found: list[Finding] = []
    for director in cluster.directors:
        mine = [trouble for trouble in cluster.troubles if trouble.director is director]
        places = locate(director, [trouble.path for trouble in mine])
        for trouble, place in zip(mine, places):
            found.append(Finding(trouble.level, trouble.code, trouble.message, trouble.help, *place))
    order: dict[Any, int] = {director.file or director.name: at for at, director in enumerate(cluster.directors)}
    return tuple(sorted(found, key=lambda one: (order.get(one.file, 0), one.line, one.column)))
