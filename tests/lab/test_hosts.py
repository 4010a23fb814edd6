# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole hosts: real systemd, sshd and ip_vs; a power cut loses memory and keeps the disk."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from cluster import Cluster, LabError
from netns import get, wait
from topology import HostSpec, Topology

pytestmark = pytest.mark.hosts

TWO = Topology(
    hosts=(
        HostSpec("h1", (("lan", "10.7.0.1/24"), ("back", "10.8.0.1/24"))),
        HostSpec("h2", (("lan", "10.7.0.2/24"), ("back", "10.8.0.2/24"))),
    ),
    client=(("lan", "10.7.0.10/24"),),
)
TIED = """
import os, signal, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from cluster import Cluster
from topology import HostSpec, Topology
cluster = Cluster.up(Path(sys.argv[2]), Topology(hosts=(HostSpec("h3", (("lan", "10.7.0.3/24"),)),), client=(("lan", "10.7.0.9/24"),)))
"""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    links = os.listdir("/sys/class/net")
    made = Cluster.up(tmp_path_factory.mktemp("hosts") / "lab", TWO, ttl=300)
    assert os.listdir("/sys/class/net") == links
    yield made
    made.down()


def guests(folder: Path) -> list[str]:
    """Kernels that run from a disk in this folder."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().decode(errors="replace").split("\0")
        except OSError:
            continue
        if any(word.startswith(f"ubd0={folder}/") for word in words):
            found.append(path.parent.name)
    return found


def test_system_is_up_with_nothing_failed(cluster):
    for name in cluster.hosts:
        assert wait(
            lambda n=name: cluster.ssh(n, "systemctl is-system-running", check=False).stdout == "running\n", 30, 0.5
        )
        assert cluster.ssh(name, "hostname").stdout == f"{name}\n"


def test_every_device_has_its_address_and_network(cluster):
    printed = cluster.ssh("h1", "ip -br -4 address").stdout.split()
    assert [word for word in printed if word.startswith(("eth", "10."))] == [
        "eth0",
        "10.7.0.1/24",
        "eth1",
        "10.8.0.1/24",
    ]
    cluster.ssh("h1", "ping -c 1 -W 2 10.7.0.2 && ping -c 1 -W 2 10.8.0.2")


def test_client_asks_a_web_server(cluster):
    cluster.ssh("h2", "systemctl start web")
    asked = f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); from netns import *; print(wait(lambda: get('10.7.0.2') == 'h2', 10))"
    assert float(cluster.run([sys.executable, "-c", asked]).stdout) < 10
    assert get("10.7.0.2", timeout=0.3) is None, "the machine itself must not reach the lab"


def test_real_ipvs(cluster):
    cluster.ssh("h1", "modprobe -a ip_vs ip_vs_wrr && ipvsadm -A -t 10.7.0.100:80 -s wrr")
    assert cluster.ssh("h1", "ipvsadm -Sn").stdout == "-A -t 10.7.0.100:80 -s wrr\n"


def test_power_cut_and_boot(cluster):
    cluster.ssh("h1", "echo kept > /root/file && sync && echo lost > /run/file")
    cluster.kill("h1")
    assert len(guests(cluster.folder / "h1")) == 0
    assert cluster.run(["ping", "-c", "1", "-W", "1", "10.7.0.1"], check=False).returncode == 1
    cluster.boot("h1")
    assert cluster.ssh("h1", "cat /root/file; ls /run/file", check=False).stdout == "kept\n"


def test_wrong_names_are_said(cluster):
    with pytest.raises(LabError, match="no host h9 here, but h1 h2"):
        cluster.kill("h9")
    with pytest.raises(LabError, match="h2 is running already"):
        cluster.boot("h2")


def test_nothing_is_left_when_its_owner_dies(tmp_path):
    hosts = Path(__file__).parent / "hosts"
    script = TIED + "print(len(os.listdir('/proc')), flush=True); os.kill(os.getpid(), signal.SIGKILL)"
    done = subprocess.run(
        [sys.executable, "-c", script, str(hosts), str(tmp_path / "lab")], capture_output=True, check=False
    )
    assert done.returncode == -9
    assert done.stdout, done.stderr
    assert (tmp_path / "lab" / "h3" / "disk.cow").exists()
    assert wait(lambda: not guests(tmp_path / "lab"), 5) is not None
