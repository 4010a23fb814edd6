# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one director alone finds wrong on its segment."""

from __future__ import annotations

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils.drill import alone

VIP, OTHER, PEER = "10.1.0.100", "10.1.0.101", "10.1.0.2"
MINE, THEIRS, SERVER, STRANGE = (f"02:00:00:00:00:0{n}" for n in range(1, 5))
OWN = alone.Own("dir1", (alone.Router(51, (VIP,), (OTHER,)),), {SERVER: "10.1.0.11"})
MASTER = ((VIP, "eth0"), (OTHER, "eth0"))


def advert(source=PEER, mac=THEIRS, count=3, sent=False, addresses=(VIP,), priority=100, vrid=51):
    row = {"source": source, "mac": mac, "count": count, "sent": sent, "addresses": list(addresses), "vrid": vrid}
    return {**row, "priority": priority, "version": 3, "interval": 1.0}


SENT = advert("10.1.0.1", MINE, sent=True)
HEARD = {"vrid": 51, "source": PEER, "count": 3}


def view(has=(), sightings=(), adverts=(), heard=(), asked=6, span=3.0):
    seen = [{"address": address, "mac": mac, "how": how, "span": span} for address, mac, how in sightings]
    return {
        "interface": "eth0",
        "mac": MINE,
        "asked": asked,
        "seconds": 3.3,
        "addresses": [list(each) for each in has],
        "sightings": seen,
        "adverts": list(adverts),
        "heard": list(heard),
    }


BOTH = [(VIP, THEIRS, "reply"), (OTHER, THEIRS, "reply")]


@pytest.mark.parametrize(
    "healthy",
    [
        view(MASTER, adverts=[SENT]),
        view((), BOTH, [advert()], [HEARD]),
        # a handing over in the middle of the look: both sent adverts, neither had the addresses all the time
        view((), BOTH, [SENT, advert(count=2)], [HEARD]),
        view(MASTER, adverts=[SENT, advert(count=1)], heard=[HEARD]),
        view(MASTER, adverts=[SENT, advert(priority=0)]),
        view(MASTER, [(VIP, "00:00:5e:00:01:33", "reply")], [SENT]),
        view((), (), (), asked=0),
        # another one let it go after the look began: what is left of that is some answers and an announcement
        view(MASTER, [(VIP, STRANGE, "reply"), (VIP, STRANGE, "announce")], [SENT], span=2.0),
        view(MASTER, adverts=[SENT, advert(vrid=52, addresses=("10.9.9.9",))]),
    ],
)
def test_healthy(healthy) -> None:
    assert alone.judge(OWN, healthy) == []


@pytest.mark.parametrize(
    ("seen", "code", "host", "words"),
    [
        (view(MASTER, [(VIP, SERVER, "reply")], [SENT]), "answers-for-vip", "10.1.0.11", "arp_ignore=1"),
        (view(MASTER, [(OTHER, SERVER, "announce")], [SENT]), "answers-for-vip", "10.1.0.11", "arp_ignore=1"),
        (view(MASTER, [(VIP, SERVER, "request")], [SENT]), "vip-as-sender", "10.1.0.11", "arp_announce=2"),
        (view(MASTER, [(VIP, STRANGE, "reply")], [SENT]), "unknown-holder", "", "which this director has too"),
        (view((), [*BOTH, (VIP, STRANGE, "reply")], [advert()], [HEARD]), "unknown-holder", "", "ip address del"),
        (view(((OTHER, "eth0"),)), "no-holder", "", "nobody answers for 10.1.0.100"),
        (view(MASTER, BOTH, [SENT, advert()], [HEARD]), "split-brain", PEER, "both master of VRID 51"),
        (view(MASTER, BOTH, [SENT, advert()]), "split-brain", "dir1", "into the firewall of dir1"),
        (view((), BOTH, [advert()]), "adverts-lost", "dir1", "do not come through to dir1"),
        (view(MASTER, (), [SENT, advert(addresses=(OTHER,))], [HEARD]), "vrid-clash", "dir1", "for 10.1.0.101;"),
        (
            view((), BOTH, [advert(), advert("10.1.0.9", STRANGE, 1, addresses=("10.1.0.200",))], [HEARD]),
            "vrid-clash",
            "dir1",
            "VRID 51 is spoken by 10.1.0.9",
        ),
    ],
)
def test_found(seen, code, host, words) -> None:
    (finding,) = alone.judge(OWN, seen)
    assert (finding.code, finding.host) == (code, host)
    assert words in f"{finding.what}; {finding.mend}"


def test_ipv6_is_mended_on_lo() -> None:
    own = alone.Own("dir1", (alone.Router(51, ("fd00::100",)),), {SERVER: "fd00::11"})
    (finding,) = alone.judge(own, view((("fd00::100", "eth0"),), [("fd00::100", SERVER, "reply")], [SENT]))
    assert finding.mend == "ip address replace fd00::100/128 dev lo"
