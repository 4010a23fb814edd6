# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parent's own part of the status: its configuration and its processes, ready for JSON."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any, Dict, Mapping

from . import __version__

if TYPE_CHECKING:
    from .daemon import Parent


def joined(own: Mapping[str, Any], parts: Mapping[str, Any]) -> str:
    """The whole status as JSON: the parent's own part and its children's. One that is text already is JSON."""
    texts = [part if isinstance(part, str) else json.dumps(part, separators=(",", ":")) for part in parts.values()]
    told = (f',"{name}":{text}' for name, text in zip(parts, texts))
    return f"{json.dumps(own, separators=(',', ':'))[:-1]}{''.join(told)}}}"


def report(parent: Parent) -> Dict[str, Any]:
    """Without what the children say of themselves."""
    now = parent.loop.now()
    processes = {
        c.name: {
            "pid": c.pid or None,
            "ready": c.ready,
            "deaths": c.record.total,
            "uptime": round(now - c.started, 3) if c.pid else None,
        }
        for c in parent.children.values()
        if c.wanted
    }
    return {
        "version": __version__,
        "program": os.path.dirname(os.path.dirname(os.path.realpath(__file__))),
        "pid": os.getpid(),
        "config": {
            "file": parent.options.file,
            "sha256": parent.config.sha256,
            "loaded_at": parent.loaded_at,
            "warnings": len(parent.config.rendered),
            "reloads": dict(parent.reloads),
            "last_refusal": parent.last_refusal,
        },
        "processes": processes,
    }
