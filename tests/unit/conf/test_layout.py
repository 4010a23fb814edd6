# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""fmt: the canonical layout, with comments where they stood, and without a change of meaning."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils.conf import layout, read

from .mutate import mutated, seeds, words

FOLDER = Path(__file__).parents[2] / "vectors" / "conf" / "handbook"
FILES = sorted(FOLDER.glob("*.conf"))

ROUGH = """! head
global_defs{
  router_id   lb1   # who
   notification_email { a@b  c@d } # them

}


$PRIO=100
@lb1 $PRIO=150
vrrp_instance VI_1
{
# inside
state SLAVE! old
    priority    ${PRIO}
  notify_master  "/bin/x   'two  words'"  # quoted
  virtual_ipaddress { 10.0.0.1
  10.0.0.2/24    dev eth0 }
  include more.conf
}
virtual_server 10.0.0.1 80 { lb_algo rr
lb_kind NAT
   real_server 10.1.0.1 80 { TCP_CHECK { connect_timeout 3 } } }
"""
SMOOTH = """! head
global_defs {
    router_id lb1  # who
    notification_email {  # them
        a@b c@d
    }
}

$PRIO=100
@lb1 $PRIO=150

vrrp_instance VI_1 {
    # inside
    state BACKUP  ! old
    priority    ${PRIO}
    notify_master  "/bin/x   'two  words'"  # quoted
    virtual_ipaddress {
        10.0.0.1
        10.0.0.2/24 dev eth0
    }
    include more.conf
}

virtual_server 10.0.0.1 80 {
    lvs_sched rr
    lvs_method NAT
    real_server 10.1.0.1 80 {
        TCP_CHECK {
            connect_timeout 3
        }
    }
}
"""


def test_a_rough_file() -> None:
    assert layout.fmt(ROUGH) == SMOOTH
    assert layout.fmt(SMOOTH) == SMOOTH


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_the_handbook_files(file: Path) -> None:
    text = file.read_text()
    laid = layout.fmt(text)
    assert layout.fmt(laid) == laid
    assert read(laid, "x").document == read(text, "x").document
    assert laid.count("#") + laid.count("!") == text.count("#") + text.count("!")
    assert "lb_algo" not in laid
    assert "SLAVE" not in laid


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("@a vrrp_instance A {\n@b vrrp_instance B {\n}\n", 1),
        ("$A=x { \\\n}\n$A\n", 1),
        ("$A=x \\\n }\n", 2),
        ("~SEQ(A,1,2) instance { }\n", 1),
        ("global_defs {\n", 2),
        ("global_defs {\n}\n}\n", 3),
        ("{\n}\n", 1),
        ("global_defs {\n router_id \\\n a\n}\n", 2),
    ],
)
def test_files_that_are_refused(text: str, line: int) -> None:
    with pytest.raises(layout.CannotFormat) as raised:
        layout.fmt(text)
    assert raised.value.line == line


@pytest.mark.parametrize("seed", range(3))
def test_whatever_is_laid_out_is_stable(seed: int) -> None:
    for _turn, text in zip(range(120), mutated(random.Random(seed), seeds(), words())):
        try:
            laid = layout.fmt(text)
        except layout.CannotFormat:
            continue
        assert layout.fmt(laid) == laid
