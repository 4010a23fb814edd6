# Copyright (c) 2026, lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A director's keepalived.conf as YAML describes it: its text, or what is wrong with the description; pure."""

from __future__ import annotations

import typing as t

from ansible_collections.lvs.cluster.plugins.module_utils import conf
from ansible_collections.lvs.cluster.plugins.module_utils.conf import cluster, mapping
from ansible_collections.lvs.cluster.plugins.module_utils.configuration import secret
from ansible_collections.lvs.cluster.plugins.plugin_utils import description

if t.TYPE_CHECKING:
    from ansible_collections.lvs.cluster.plugins.module_utils.conf import model
    from ansible_collections.lvs.cluster.plugins.plugin_utils.inventory import Inventory


class Described(t.NamedTuple):
    """text: the file, None when there are errors; errors and notes: rendered, each with its path."""

    text: str | None
    errors: list[str]
    notes: list[str]


def described(config: t.Any, path: str) -> Described:
    """The file of a mapping of keywords, or a text as it is. path: what it is called in errors."""
    return _written(description.Derived(config, [], {}), path)


def of_host(said: t.Any, host: str, inventory: Inventory, path: str) -> Described:
    """The file of a director by the description of its cluster (or a text). path: what that is called in errors."""
    return _written(description.derive(said, host, inventory, path), path)


def _written(derived: description.Derived, path: str) -> Described:
    if isinstance(derived.config, str):
        return Described(derived.config, [], [])
    document, found = mapping.from_mapping(derived.config, path)
    findings = [*derived.findings, *(description.placed(finding, derived.places) for finding in found)]
    errors = [finding.render() for finding in findings if finding.level == conf.ERROR]
    notes = [finding.render() for finding in findings if finding.level != conf.ERROR]
    return Described(None if document is None or errors else conf.write(document), errors, notes)


def between(texts: t.Mapping[str, str], documents: t.Mapping[str, model.Document]) -> tuple[list[str], list[str]]:
    """(errors, warnings) between the files of the directors of one cluster, by host name; secrets masked."""
    directors = [
        cluster.Director(host, document, f"{host}:keepalived.conf", texts[host], None, host.split(".", 1)[0])
        for host, document in documents.items()
    ]
    errors: list[str] = []
    warnings: list[str] = []
    every = "\n".join(texts.values())
    for finding in cluster.check(directors):
        shown = secret.masked_as_in(finding.render(), every)
        (errors if finding.level == conf.ERROR else warnings).append(shown)
    return errors, warnings
