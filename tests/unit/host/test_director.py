# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a director's kernel gets, now and at boot."""

from __future__ import annotations

from ansible_collections.lvs.cluster.plugins.module_utils.host.director import MODULES_FILE, SYSCTL_FILE, kernel
from ansible_collections.lvs.cluster.plugins.module_utils.host.settings import Kind, Setting


def test_modules_and_sysctls_are_set_and_kept():
    want = kernel(["ip_vs_wrr", "ip_vs"], {"net.ipv4.ip_forward": "1"})
    assert want[Setting(Kind.MODULE, "ip_vs")] == "loaded"
    assert want[Setting(Kind.SYSCTL, "net.ipv4.ip_forward")] == "1"
    assert want[Setting(Kind.FILE, MODULES_FILE)].splitlines()[1:] == ["ip_vs", "ip_vs_wrr"]
    assert want[Setting(Kind.FILE, SYSCTL_FILE)].splitlines()[1:] == ["net.ipv4.ip_forward = 1"]


def test_no_empty_files():
    assert kernel([], {}) == {}
    assert Setting(Kind.FILE, SYSCTL_FILE) not in kernel(["ip_vs"], {})
