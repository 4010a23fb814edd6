# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What theory allows, against figures worked out by hand from RFC 3768 and RFC 9568."""

from __future__ import annotations

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils.drill.bounds import Vrrp, bound, check_time


@pytest.mark.parametrize(
    ("kind", "vrrp", "check", "seconds"),
    [
        ("silent", Vrrp(2, 1, 100), None, 3.609375),
        ("graceful", Vrrp(2, 1, 100), None, 0.609375),
        ("silent", Vrrp(3, 0.1, 100), None, 0.3609375),
        ("graceful", Vrrp(3, 0.1, 100), None, 0.0609375),
        # Version 2 counts its skew in seconds whatever the interval.
        ("silent", Vrrp(2, 5, 254), None, 15.0078125),
        ("graceful", Vrrp(3, 10, 1), None, 9.9609375),
        ("planned", Vrrp(2, 1, 100), None, 0),
        ("none", None, None, 0),
        ("silent", None, None, None),
        ("server", None, None, None),
        ("server", None, check_time(6, 5, 3, 1), 29),
    ],
)
def test_bound(kind, vrrp, check, seconds):
    found = bound(kind, vrrp, check)
    assert found.seconds == (seconds if seconds is None else pytest.approx(seconds))
    assert found.formula
