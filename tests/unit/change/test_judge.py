# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What counts as worse: a row is what changed in a healthy view, and the complaint (None: none)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils.change.judge import FOREVER, SELF, Expected, View, complaints

WEB, VIP, ROUTER = "TCP 192.0.2.80:80", "192.0.2.80", "eth0/4/51"
ETH0, ETH1 = "192.0.2.80 eth0", "192.0.2.80 eth1"
PEER, MAC = "192.0.2.2", "02:00:00:00:00:02"


def names(*words: str) -> frozenset[str]:
    return frozenset(words)


HEALTHY = View(
    "agent",
    instances={"V": "MASTER"},
    holders={ETH0: names(SELF)},
    adverts={ROUTER: names("192.0.2.1")},
    up={WEB: names("a:80", "b:80")},
    reached={f"{VIP} 80": True},
)
WANTED = Expected("agent", (VIP,), (ROUTER,), ("eth0",), {WEB: names("a:80", "b:80", "c:80")}, (f"{VIP} 80",))
AILING = replace(
    HEALTHY, instances={"V": "FAULT"}, holders={ETH0: names(SELF, MAC)}, adverts={}, up={WEB: names("a:80")}, reached={}
)


@pytest.mark.parametrize(
    ("before", "after", "text", "patience"),
    [
        (HEALTHY, HEALTHY, None, 0),
        (AILING, AILING, None, 0),
        (AILING, HEALTHY, None, 0),
        (HEALTHY, replace(HEALTHY, engine=""), "the engine agent does not run", 0.5),
        (HEALTHY, replace(HEALTHY, engine="keepalived"), "the engine agent does not run", 0.5),
        (HEALTHY, replace(HEALTHY, deaths=1), "the engine agent died and was started again", 0),
        (HEALTHY, replace(HEALTHY, ill=("it is silent",)), "it is silent", 2),
        (HEALTHY, replace(HEALTHY, instances={"V": "BACKUP"}), None, 0),
        (HEALTHY, replace(HEALTHY, instances={"V": "FAULT"}), "vrrp_instance V is in FAULT state", 1.5),
        (
            HEALTHY,
            replace(HEALTHY, instances={"V": "FAULT on eth9 (no interface)"}),
            "vrrp_instance V is in FAULT state on eth9 (no interface)",
            1.5,
        ),
        (HEALTHY, replace(HEALTHY, instances={"New": "FAULT"}), "vrrp_instance New is in FAULT state", 1.5),
        (HEALTHY, replace(HEALTHY, holders={ETH0: names(MAC)}), None, 0),
        (HEALTHY, replace(HEALTHY, holders={ETH0: names(MAC, SELF)}), f"{ETH0} has two holders: {MAC} and {SELF}", 2),
        # One holder that answers on two interfaces is one holder.
        (HEALTHY, replace(HEALTHY, holders={ETH0: names(MAC), ETH1: names("02:00:00:00:00:03")}), None, 0),
        (HEALTHY, replace(HEALTHY, holders={}), f"nobody holds {VIP} any more", 4),
        (replace(HEALTHY, holders={}), replace(HEALTHY, holders={}), None, 0),
        (HEALTHY, replace(HEALTHY, adverts={ROUTER: names(PEER)}), None, 0),
        (HEALTHY, replace(HEALTHY, adverts={}), f"nobody advertises virtual router {ROUTER} any more", 4),
        (
            HEALTHY,
            replace(HEALTHY, adverts={ROUTER: names("192.0.2.1", PEER)}),
            f"virtual router {ROUTER} has two masters: 192.0.2.1 and {PEER}",
            4,
        ),
        (HEALTHY, replace(HEALTHY, up={WEB: names("a:80", "b:80", "c:80")}), None, 0),
        (HEALTHY, replace(HEALTHY, up={WEB: names("a:80")}), f"{WEB} lost b:80", FOREVER),
        (HEALTHY, replace(HEALTHY, up={WEB: names("c:80")}), f"{WEB} lost a:80, b:80", FOREVER),
        (HEALTHY, replace(HEALTHY, up={}), f"{WEB} has no server any more, it had a:80, b:80", 0.3),
        # A sorry server is no server of the service.
        (HEALTHY, replace(HEALTHY, up={WEB: names("s:80")}), f"{WEB} has no server any more, it had a:80, b:80", 0.3),
        # What the new file no longer names may go; what it alone names has no past.
        (replace(HEALTHY, up={WEB: names("a:80", "b:80", "gone:80")}), HEALTHY, None, 0),
        (replace(HEALTHY, up={}), replace(HEALTHY, up={}), None, 0),
        (HEALTHY, replace(HEALTHY, reached={f"{VIP} 80": False}), f"{VIP} 80 answers no more", 2.5),
        (replace(HEALTHY, reached={}), replace(HEALTHY, reached={f"{VIP} 80": False}), None, 0),
        # Through its peer it reached a DR service that it holds itself now, or the other way round.
        (replace(HEALTHY, holders={ETH0: names(MAC)}), replace(HEALTHY, reached={}), None, 0),
        # It had the answers of itself.
        (replace(HEALTHY, local=names(WEB)), replace(HEALTHY, reached={}), None, 0),
        (HEALTHY, replace(HEALTHY, local=names(WEB), reached={}), None, 0),
        (HEALTHY, replace(HEALTHY, local=names("TCP 192.0.2.80:81"), reached={}), f"{VIP} 80 answers no more", 2.5),
        # Nobody served before: a first start is measured by itself.
        (View(), HEALTHY, None, 0),
    ],
)  # fmt: skip
def test_complaints(before: View, after: View, text: str | None, patience: float) -> None:
    found = complaints(before, HEALTHY, after, WANTED)
    assert [(complaint.text, complaint.patience) for complaint in found] == ([(text, patience)] if text else [])


def test_expected_survives_json() -> None:
    assert Expected.of(WANTED.as_json()) == WANTED
