# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The watchers: each fault, injected into a segment with Debian's keepalived, is named with host and mend."""

from __future__ import annotations

import signal
import subprocess
import threading
import time

import pytest
from netns import wait
from segment import GATEWAYS, VIP, VIP6, Segment

pytestmark = pytest.mark.netns(limit=400)


@pytest.fixture
def segment():
    made = Segment()
    yield made
    made.close()


def only(found):
    assert len(found) == 1, found
    return found[0]


def codes(found):
    return {(finding.code, finding.host) for finding in found}


def test_healthy(segment):
    segment.hurry()
    for _run in range(5):  # a hundred of them: test_healthy.py, in make drills
        assert segment.healthy() == [], segment.log("dir2")


@pytest.mark.parametrize(("held", "codes"), [(0.4, []), (9, ["unknown-holder"])])
def test_another_has_the_address(segment, held, codes):
    """For a moment, as in a handing over, or all the time; as one director sees it."""
    segment["router"].batch(f"addr add {VIP6}/64 dev eth0 nodad")
    ended = threading.Timer(held, segment["router"].batch, [f"addr del {VIP6}/64 dev eth0"])
    ended.start()
    found = segment.alone("dir1", segment.views("dir1", seconds=1.8, ask=0.1))
    ended.cancel()
    assert [finding.code for finding in found] == codes


def test_arp_ignore_is_off(segment):
    segment["rs2"].sysctl(**{"net/ipv4/conf/all/arp_ignore": 0})
    finding = only(segment.judge())
    assert (finding.code, finding.host, finding.address) == ("answers-for-vip", "rs2", VIP)
    assert "arp_ignore is 0" in finding.what
    assert "it has the address on lo" in finding.what
    for command in finding.mend.split("; "):
        segment["rs2"].run(*command.split())
    assert segment.judge() == []


def test_the_active_director_alone_sees_it(segment):
    segment["rs2"].sysctl(**{"net/ipv4/conf/all/arp_ignore": 0})
    views = segment.views()
    for other in ("dir2", "rs1", "rs2"):
        views[other]["sightings"] = []
    finding = only(segment.judge(views))
    assert "as seen from dir1" in finding.what


def test_arp_announce_is_off(segment):
    segment["rs1"].sysctl(**{"net/ipv4/conf/all/arp_announce": 0})

    def ask() -> None:
        # An answer of the server to a client whose MAC address it does not know: the question bears the VIP.
        time.sleep(0.4)
        segment["rs1"].run("ping", "-c", "1", "-W", "1", "-I", VIP, "10.1.0.77", check=False)

    thread = threading.Thread(target=ask)
    thread.start()
    found = segment.judge()
    thread.join()
    assert codes(found) == {("vip-as-sender", "rs1")}
    assert "arp_announce is 0" in found[0].what
    assert found[0].mend == "sysctl -w net.ipv4.conf.all.arp_announce=2"
    segment["rs1"].run(*found[0].mend.split())
    thread = threading.Thread(target=ask)
    thread.start()
    assert segment.judge() == []
    thread.join()


def test_ipv6_address_on_the_wrong_interface(segment):
    segment["rs1"].batch(f"addr del {VIP6}/128 dev lo", f"addr add {VIP6}/128 dev eth0 nodad")
    finding = only(segment.judge())
    assert (finding.code, finding.host, finding.address) == ("answers-for-vip", "rs1", VIP6)
    segment["rs1"].run("sh", "-c", finding.mend)
    assert segment.judge() == []


def test_left_on_the_old_master(segment):
    segment["dir1"].stop(segment.daemons["dir1"], signal.SIGKILL)
    subprocess.run(["pkill", "-9", "-g", str(segment.daemons["dir1"].pid)], check=False)
    assert wait(lambda: segment["dir2"].has(VIP) and segment["dir2"].has(VIP6), 10) is not None
    found = segment.judge()
    assert codes(found) == {("vip-left-behind", "dir1")}
    assert {finding.address for finding in found} == {VIP, VIP6}
    assert "dir1 sends no adverts" in found[0].what
    for finding in found:
        segment["dir1"].run(
            "sh", "-c", finding.mend.replace(f"{VIP} ", f"{VIP}/24 ").replace(f"{VIP6} ", f"{VIP6}/64 ")
        )
    assert segment.judge() == []


DEAF = (
    "add table inet drill; add chain inet drill in { type filter hook input priority 0; };"
    " add rule inet drill in meta l4proto 112 drop"
)


def test_one_way_loss_in_the_firewall(segment):
    segment["dir2"].run("nft", DEAF)
    assert wait(lambda: segment["dir2"].has(VIP) and segment["dir2"].has(VIP6), 10) is not None
    found = segment.judge()
    assert codes(found) == {("split-brain", "dir2"), ("adverts-lost", "dir2")}
    split = next(finding for finding in found if finding.code == "split-brain")
    assert "one way" in split.what
    assert "dir2 heard none of them" in split.what
    assert "the adverts reach eth0 of dir2" in split.mend
    segment["dir2"].run("nft", "delete table inet drill")
    assert wait(lambda: not segment["dir2"].has(VIP) and not segment["dir2"].has(VIP6), 10) is not None
    assert segment.judge() == []


def test_one_way_loss_on_the_way(segment):
    # The switch drops multicast towards dir2 as one with IGMP snooping does; its port stays as it is for the rest.
    subprocess.run(["bridge", "link", "set", "dev", "dir2-eth0", "mcast_flood", "off"], check=True)
    subprocess.run(["ip", "link", "set", "br0", "type", "bridge", "mcast_snooping", "0"], check=True)
    assert wait(lambda: segment["dir2"].has(VIP), 10) is not None
    found = segment.judge()
    split = next(finding for finding in found if finding.code == "split-brain" and finding.address == VIP)
    assert split.host == "dir2"
    assert "do not reach eth0 of dir2" in split.mend


def test_partition(segment):
    for name in ("dir1", "dir2"):
        segment[name].run("nft", DEAF)
    assert wait(lambda: segment["dir2"].has(VIP) and segment["dir2"].has(VIP6), 10) is not None
    found = [finding for finding in segment.judge() if finding.code == "split-brain"]
    assert len(found) == 2
    assert all("both ways" in finding.what for finding in found)


def test_two_holders_that_hear_each_other(segment):
    segment["dir2"].stop(segment.daemons["dir2"])
    segment.keepalived("dir2", 100, vrid=52)
    assert wait(lambda: segment["dir2"].has(VIP) and segment["dir2"].has(VIP6), 10) is not None
    found = segment.judge()
    assert {finding.code for finding in found} == {"split-brain"}
    assert "VRID 51" in found[0].what
    assert "VRID 52" in found[0].what


def test_a_stranger_speaks_our_vrid(segment):
    segment.keepalived("router", 50, vip="10.1.0.200", vip6="fd00::200")
    # A lower priority keeps quiet; a group of its own, as an address list differs, does not matter to VRRP: make it loud.
    segment["router"].run("nft", DEAF)
    assert wait(lambda: segment["router"].has("10.1.0.200") and segment["router"].has("fd00::200"), 10) is not None
    found = segment.judge()
    # discarded adverts silence keepalived's master for a while, and the other director may take over meanwhile
    assert ("vrid-clash", "dir1") in codes(found)
    assert {finding.code for finding in found} == {"vrid-clash"}
    assert any("10.1.0.254" in finding.what and "10.1.0.200" in finding.what for finding in found)
    assert "1, 2, 3" in found[0].mend


def test_an_unknown_host_has_the_address(segment):
    segment["router"].batch(f"addr add {VIP}/32 dev eth0")
    finding = only(segment.judge())
    assert (finding.code, finding.host) == ("unknown-holder", "")
    mac = segment["router"].run("ip", "-o", "link", "show", "eth0").split("link/ether ")[1].split()[0]
    assert mac in finding.what


def test_asking_changes_no_cache(segment):
    """Two hosts answer, and the asker's own cache goes on with the one that it had; so do those of the asked."""
    segment["dir1"].stop(segment.daemons["dir1"], signal.SIGKILL)
    segment["dir2"].stop(segment.daemons["dir2"])
    for name in ("dir1", "dir2"):
        segment[name].run(
            "sh", "-c", f"ip address replace {VIP}/24 dev eth0; ip address replace {VIP6}/64 dev eth0 nodad"
        )

    def caches():
        shown = segment["router"].run("ip", "neigh", "show", "dev", "eth0").splitlines()
        return sorted(
            line.split(" lladdr ")[0:1] + line.split(" lladdr ")[1].split()[:1]
            for line in shown
            if VIP in line or VIP6 in line
        )

    for address in (VIP, VIP6):
        segment["router"].run("ping", "-c", "1", "-W", "1", address)
    before = caches()
    assert len(before) == 2
    for _run in range(3):
        seen = segment.views("router", seconds=1.2, ask=0.1)["router"]["sightings"]
        assert {(row["address"], row["how"]) for row in seen} == {(VIP, "reply"), (VIP6, "reply")}
        assert len({row["mac"] for row in seen}) == 2
        assert caches() == before
    for name in ("dir1", "dir2"):
        own = segment["router"].run("ip", "-o", "link", "show", "eth0").split("link/ether ")[1].split()[0]
        for line in segment[name].run("ip", "neigh", "show", "10.1.0.254").splitlines():
            assert own in line


def test_nobody_has_the_address(segment):
    for name in ("dir1", "dir2"):
        segment[name].stop(segment.daemons[name])
    assert codes(segment.judge()) == {("no-holder", "")}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("route replace default via 10.1.0.254", "through 10.1.0.254"),
        ("route del default", "nowhere"),
        ("route replace 198.51.100.0/24 dev eth0", "straight"),
    ],
)
def test_wrong_way_back(segment, change, words):
    segment["rs2"].batch(change)
    views = segment.views(route_to="198.51.100.7")
    finding = only(segment.judge(views, GATEWAYS))
    assert (finding.code, finding.host) == ("route-back", "rs2")
    assert words in finding.what
    assert finding.mend == "ip route replace default via 10.1.0.1"
