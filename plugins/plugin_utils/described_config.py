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
    from ansible_collections.lvs.cluster.plugins.module_utils.conf import Finding, model
    from ansible_collections.lvs.cluster.plugins.plugin_utils.inventory import Inventory


class Described(t.NamedTuple):
    """text: the file, None when there are errors; errors and notes: rendered, each with its path.

    origins: what made each line of the text, None for a text that was given as one.
    """

    text: str | None
    errors: list[str]
    notes: list[str]
    origins: mapping.Origins | None = None

    def shown(self, finding: Finding, host: str = "") -> str:
        """A finding of the text as people are to read it: where they wrote what it is about. host: whose it is."""
        if self.origins is None or not finding.column:
            return finding.render()
        return f"{host}: {self.origins.moved(finding).render()}" if host else self.origins.moved(finding).render()


def described(config: t.Any, path: str) -> Described:
    """The file of a mapping of keywords, or a text as it is. path: what it is called in errors."""
    return _written(description.Derived(config, [], {}), path)


def of_host(said: t.Any, host: str, inventory: Inventory, path: str) -> Described:
    """The file of a director by the description of its cluster (or a text). path: what that is called in errors."""
    return _written(description.derive(said, host, inventory, path), path)


def _written(derived: description.Derived, path: str) -> Described:
    if isinstance(derived.config, str):
        return Described(derived.config, [], [])
    made = mapping.described(derived.config, path)
    findings = [*derived.findings, *(description.placed(finding, derived.places) for finding in made.findings)]
    # what a host says of itself is told once, in however many services it is
    errors = list(dict.fromkeys(finding.render() for finding in findings if finding.level == conf.ERROR))
    notes = list(dict.fromkeys(finding.render() for finding in findings if finding.level != conf.ERROR))
    origins = made.origins.translated(lambda path: description.place(path, derived.places))
    return Described(None if errors else made.text, errors, notes, origins)


def between(made: t.Mapping[str, Described], documents: t.Mapping[str, model.Document]) -> tuple[list[str], list[str]]:
    """(errors, warnings) between the files of the directors of one cluster, by host name; secrets masked."""
    files = {f"{host}:keepalived.conf": host for host in documents}
    directors = [
        cluster.Director(host, documents[host], file, made[host].text, None, host.split(".", 1)[0])
        for file, host in files.items()
    ]
    errors: list[str] = []
    warnings: list[str] = []
    every = "\n".join(one.text or "" for one in made.values())
    for finding in cluster.check(directors):
        host = files[finding.file]
        shown = secret.masked_as_in(made[host].shown(finding, host), every)
        (errors if finding.level == conf.ERROR else warnings).append(shown)
    return errors, warnings
