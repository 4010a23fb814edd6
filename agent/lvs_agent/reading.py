# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a path to a validated configuration: the language's findings and the agent's own, in one list."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, List, Optional, Sequence, Tuple

from ansible_collections.lvs.cluster.plugins.module_utils.conf import port, rules_checks, schedulers
from ansible_collections.lvs.cluster.plugins.module_utils.configuration import secret

from . import plan_checks

if TYPE_CHECKING:
    from ansible_collections.lvs.cluster.plugins.module_utils import conf
    from ansible_collections.lvs.cluster.plugins.module_utils.conf.cache import Cache


class Unreadable(Exception):  # noqa: N818 - it is what the file is
    """The file cannot be read at all; the text says which and why."""


@dataclass(frozen=True)
class Config:
    """One reading of one file. `document` is served only when `errors` is False."""

    file: str
    document: Any
    findings: Tuple[conf.Finding, ...]
    sha256: str
    text: str = field(default="", repr=False)
    refusal: str = ""
    """Why the file could not even be read."""
    config_id: Optional[str] = None
    """What its @ID lines were compared with, when that was asked for."""

    @classmethod
    def unreadable(cls, file: str, refusal: str) -> Config:
        """What a reload finds when the file is gone."""
        return cls(file, None, (), "", refusal=refusal)

    @property
    def errors(self) -> bool:
        """True when the agent refuses the file."""
        return bool(self.refusal) or any(finding.level == "error" for finding in self.findings)

    @cached_property
    def rendered(self) -> List[str]:
        """The findings as plain text: errors alone when there are any, else the warnings; notes are left out.

        For the journal, the status and the network: without the secrets of the file.
        """
        if self.refusal:
            return [self.refusal]
        level = "error" if self.errors else "warning"
        found = [finding.render(colour=False) for finding in self.findings if finding.level == level]
        known = secret.secrets(self.text) if found else ()
        return [secret.without(secret.masked(text), known) for text in found]


def load(path: str, config_id: Optional[str] = None, cache: Optional[Cache] = None) -> Config:
    """Read and check one file and what it includes. Raises Unreadable. cache: blocks that did not change are kept."""
    try:
        text = port.read_text(path)
        reading = port.read_file(path, config_id=config_id, cache=cache)
    except OSError as error:
        raise Unreadable(f"{path}: {error.strerror}") from error
    findings = list(reading.findings)
    if not any(finding.level == "error" for finding in findings):
        if reading.document.vrrp_instances:
            from . import vrrp_limits  # noqa: PLC0415 - it brings half of the agent along

            findings += vrrp_limits.unsupported(reading.document, path)
        findings += plan_checks.unsupported(reading.document, path)
        findings = [_asked(_scheduled(finding)) for finding in findings]
    digest = hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()
    return Config(path, reading.document, tuple(findings), digest, text, config_id=config_id)


def _scheduled(finding: conf.Finding) -> conf.Finding:
    """An unknown scheduler, which the finding has in quotes, is a mistake where this machine has no module for it."""
    if finding.code != schedulers.UNKNOWN:
        return finding
    from .ipvs import port as ipvs  # noqa: PLC0415 - rarely needed

    name = finding.message.split("'")[1]
    if ipvs.has_scheduler(name):
        return finding
    return replace(finding, level="error", message=f"'{name}' is no scheduler here: there is no module ip_vs_{name}")


def _asked(finding: conf.Finding) -> conf.Finding:
    """An expression that could not be asked about cannot be run here either."""
    return replace(finding, level="error") if finding.code == rules_checks.BAD_REGEX else finding


def cluster(configs: Sequence[Config]) -> Tuple[conf.Finding, ...]:
    """What is wrong between the files of the directors of one cluster, each without errors of its own."""
    from ansible_collections.lvs.cluster.plugins.module_utils.conf import cluster as room  # noqa: PLC0415 - rarely asked

    return room.check(
        [
            room.Director(
                one.file, one.document, one.file, port.read_text(one.file), port.Opener(one.file), one.config_id
            )
            for one in configs
        ]
    )
