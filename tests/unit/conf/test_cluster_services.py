# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two directors whose services are not the same: each difference once, at the word that should be mended."""

from __future__ import annotations

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils.conf import cluster, read

SERVICE = """virtual_server 10.0.0.1 80 {
    lvs_sched rr
    lvs_method DR
    protocol TCP
    persistence_timeout 50
    quorum 2
    hysteresis 1
    sorry_server 10.1.0.9 80
    real_server 10.1.0.1 80 {
        weight 2
    }
    real_server 10.1.0.2 80 {
    }
}
"""
MORE = "    real_server 10.1.0.3 80 {\n    }\n"


@pytest.mark.parametrize(
    ("before", "after", "wanted"),
    [
        ("", "", []),
        ("lvs_sched rr", "lvs_sched wrr", [(2, "lvs_sched is not that of d1")]),
        ("lvs_method DR", "lvs_method TUN", [(3, "lvs_method is not that of d1")]),
        ("persistence_timeout 50", "persistence_timeout 60", [(5, "persistence_timeout is not that of d1")]),
        ("    persistence_timeout 50\n", "", [(1, "persistence_timeout is not that of d1")]),
        ("quorum 2", "quorum 3", [(6, "quorum is not that of d1")]),
        ("hysteresis 1", "hysteresis 0", [(7, "hysteresis is not that of d1")]),
        ("10.1.0.9 80", "10.1.0.8 80", [(8, "sorry_server is not that of d1")]),
        ("weight 2", "weight 3", [(10, "weight is 3 here, 2 on d1")]),
        ("        weight 2\n", "", [(9, "weight is 1 here, 2 on d1")]),
        ("weight 2", "weight 2\n        lvs_method NAT", [(11, "lvs_method is NAT here, not set on d1")]),
        ("10.1.0.2 80", "10.1.0.3 80", [(1, "lacks real_server 10.1.0.2 80"), (12, "has in excess real_server 10.1.0.3")]),
        ("    real_server 10.1.0.1", f"{MORE}    real_server 10.1.0.1", [(9, "has in excess real_server 10.1.0.3 80")]),
    ],
)  # fmt: skip
def test_each_difference_once(before: str, after: str, wanted: list[tuple[int, str]]) -> None:
    texts = {"d1": SERVICE, "d2": SERVICE.replace(before, after, 1) if before else SERVICE}
    directors = [cluster.Director(name, read(text, name).document, name, text) for name, text in texts.items()]
    found = cluster.check(directors)
    assert [(one.file, one.code, one.line) for one in found] == [("d2", "service-differs", line) for line, _ in wanted]
    assert all(said in one.message for one, (_line, said) in zip(found, wanted)), found
