# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which sync daemons a file asks for in which state, and what leads there."""

from __future__ import annotations

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils.conf import read

from lvs_agent.ipvs.stats import STATE_BACKUP, STATE_MASTER, Daemon
from lvs_agent.sync_daemons import steps, wanted

INSTANCE = "vrrp_instance VI_1 {\n interface eth0\n virtual_router_id 51\n priority 1\n virtual_ipaddress {\n 192.0.2.1\n }\n}\n"
MASTER, BACKUP = STATE_MASTER, STATE_BACKUP


@pytest.mark.parametrize(
    ("line", "states", "daemons"),
    [
        ("", {}, None),
        ("lvs_sync_daemon eth1", {}, [(MASTER, "eth1", 0), (BACKUP, "eth1", 0)]),
        ("lvs_sync_daemon eth1 id 3", {"VI_1": "MASTER"}, [(MASTER, "eth1", 3), (BACKUP, "eth1", 3)]),
        ("lvs_sync_daemon eth1 VI_1", {}, [(BACKUP, "eth1", 51)]),
        ("lvs_sync_daemon eth1 VI_1", {"VI_1": "MASTER"}, [(MASTER, "eth1", 51)]),
        ("lvs_sync_daemon eth1 VI_1", {"VI_1": "FAULT"}, [(BACKUP, "eth1", 51)]),
        (
            "lvs_sync_daemon eth1 VI_1 id 7 maxlen 1200 port 8900 ttl 3 group ff02::82",
            {"VI_1": "MASTER"},
            [(MASTER, "eth1", 7, 1200, "ff02::82", 8900, 3)],
        ),
    ],
)
def test_what_is_wanted(line, states, daemons) -> None:
    document = read(f"global_defs {{\n {line}\n}}\n{INSTANCE}", "x").document
    assert wanted(document, states) == (None if daemons is None else tuple(Daemon(*each) for each in daemons))


RUNS = Daemon(MASTER, "eth0", 7, 1472, "224.0.0.81", 8848, 1)


@pytest.mark.parametrize(
    ("have", "want", "stop", "start"),
    [
        ((), (Daemon(MASTER, "eth0", 7),), (), 1),
        ((RUNS,), (Daemon(MASTER, "eth0", 7),), (), 0),
        ((RUNS,), (Daemon(MASTER, "eth0", 7, 1472, "224.0.0.81", 8848, 1),), (), 0),
        ((RUNS,), (Daemon(MASTER, "eth0", 8),), (MASTER,), 1),
        ((RUNS,), (Daemon(MASTER, "eth1", 7),), (MASTER,), 1),
        ((RUNS,), (Daemon(MASTER, "eth0", 7, ttl=2),), (MASTER,), 1),
        ((RUNS,), (Daemon(BACKUP, "eth0", 7),), (MASTER,), 1),
        ((RUNS,), (), (MASTER,), 0),
    ],
)
def test_what_leads_there(have, want, stop, start) -> None:
    stopped, started = steps(have, want)
    assert (stopped, len(started)) == (stop, start)
