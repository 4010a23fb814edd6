# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real server's services change in two runs: first all that is new, then, when no director sends it, what is old goes."""

from __future__ import annotations

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils.host.real_server import live
from ansible_collections.lvs.cluster.plugins.module_utils.host.settings import (
    Kind,
    Record,
    concerned,
    plan,
    settled,
    with_owner,
)
from ansible_collections.lvs.cluster.plugins.module_utils.host.units import at_boot, beside

ONE, TWO = "192.0.2.80", "192.0.2.81"
DR, OTHER = {"virtual_ipaddress": [ONE]}, {"virtual_ipaddress": [TWO]}
TUN = {"lvs_method": "TUN", "virtual_ipaddress": [ONE]}
NAT = {"lvs_method": "NAT", "address": "10.0.0.7", "port": 80, "protocol": "tcp", "gateway": "10.0.0.1"}
BARE = {}  # nothing is there, no sysctl is set


def want(services):
    settings = live(services)
    return {**settings, **at_boot("web", settings)}


def run(record, facts, target):
    """The plan, the record and the facts after it."""
    changed = with_owner(record, "web", target)
    known = {setting: facts.get(setting) for setting in concerned(record, changed)}
    planned = plan(record, changed, known)
    return (planned, *settled(planned, facts))


def there(facts):
    return {setting: value for setting, value in facts.items() if value is not None}


@pytest.mark.parametrize(
    ("old", "new", "goes"),
    [
        ([DR], [DR], []),
        ([DR], [DR, OTHER], []),
        ([DR, OTHER], [DR], [f"{TWO}/32 lo"]),
        ([DR], [OTHER], [f"{ONE}/32 lo"]),
        ([DR], [TUN], [f"{ONE}/32 lo"]),
        ([TUN], [DR], [f"{ONE}/32 tunl0"]),
        ([NAT], [DR], []),
        ([DR], [NAT], [f"{ONE}/32 lo"]),
    ],
)
def test_nothing_goes_before_the_second_run_and_then_all_that_is_old(old, new, goes):
    _, record, facts = run(Record(), BARE, want(old))
    first, record, facts = run(record, facts, beside("web", record.owners["web"], want(new)))
    assert [step for step in first.steps if step.value is None] == []
    assert set(live(old)) | set(live(new)) <= set(there(facts))
    # a boot in between sets both
    units = "".join(value for setting, value in facts.items() if setting.kind is Kind.FILE)
    for setting in {**live(old), **live(new)}:
        assert setting.name.split()[0].replace(".", "/" if setting.kind is Kind.SYSCTL else ".") in units
    assert run(record, facts, beside("web", record.owners["web"], want(new)))[0].steps == ()

    second, record, facts = run(record, facts, want(new))
    assert [s.setting.name for s in second.steps if s.setting.kind is Kind.ADDRESS] == goes
    assert record == run(Record(), BARE, want(new))[1], "as if the old one had never been"
    assert there(facts) == there(run(Record(), BARE, want(new))[2])
    _, record, facts = run(record, facts, None)
    assert (record, there(facts)) == (Record(), {})


def test_without_units_there_are_none():
    assert beside("web", live([DR]), live([OTHER])) == {**live([DR]), **live([OTHER])}
