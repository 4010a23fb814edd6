# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a director goes back to: the file and the engine that were confirmed before."""

from __future__ import annotations

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils.change import port

A, B = b"a", b"b"


@pytest.mark.parametrize(
    ("confirmed", "present", "back"),
    [
        ([], (A, "agent"), None),
        ([(A, "agent")], (A, "agent"), None),
        ([(A, "agent")], (B, "agent"), (A, "agent")),
        ([(A, "agent")], (A, "keepalived"), (A, "agent")),
        ([(A, "agent")], (A, None), (A, "agent")),
        ([(A, "agent"), (B, "agent")], (B, "agent"), (A, "agent")),
        ([(A, "agent"), (B, "agent"), (B, "agent")], (B, "agent"), (A, "agent")),
        ([(A, "agent"), (B, "agent"), (B, "keepalived")], (B, "keepalived"), (B, "agent")),
        ([(A, "agent"), (A, "keepalived")], (A, "keepalived"), (A, "agent")),
        ([(A, "agent"), (B, "keepalived")], (B, "keepalived"), (A, "agent")),
    ],
)
def test_what_is_gone_back_to(tmp_path, monkeypatch, confirmed, present, back) -> None:
    monkeypatch.setattr(port, "STORE", str(tmp_path))
    before, was = None, None
    for data, engine in confirmed:
        port.remember(port.Change("keepalived.conf", data, before, (), engine, was, None, None, None))
        before, was = data, engine
    assert port.last_good(*present) == back
