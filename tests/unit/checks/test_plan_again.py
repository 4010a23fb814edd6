# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plan that goes on from the one before is the plan that is made afresh."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils.conf import model, read

from lvs_agent import plan_checks

SERVER = "real_server 10.0.0.{0} 80 {{\nweight {0}\nTCP_CHECK {{\nconnect_timeout {0}\n}}\n}}\n"
PATH = "real_server 10.0.0.{0} 80 {{\nTCP_CHECK {{\n@lvs_agent data_path\n}}\n}}\n"
SCRIPT = 'real_server 10.0.0.9 80 {\nMISC_CHECK {\nmisc_path "/usr/bin/true"\n}\n}\n'
TEXT = """virtual_server_group one {{
192.0.2.1 80
fwmark 7
}}
virtual_server_group two {{
192.0.2.1-3 80
}}
virtual_server 192.0.2.1 80 {{
protocol TCP
{one}}}
virtual_server 192.0.2.1 80 {{
protocol TCP
{two}}}
virtual_server group one {{
protocol TCP
{one}}}
virtual_server group one {{
protocol TCP
{two}}}
virtual_server group two {{
protocol TCP
sorry_server 10.0.0.7 80
{one}{two}}}
virtual_server fwmark 7 {{
protocol TCP
alpha
{script}}}
virtual_server 192.0.2.3 80 {{
protocol TCP
lvs_method DR
{path}}}
virtual_server 192.0.2.4 80 {{
protocol TCP
lvs_method DR
{path}}}
""".format(one=SERVER.format(1), two=SERVER.format(2), script=SCRIPT, path=PATH.format(3))
GLOBALS = (None, model.GlobalDefs(rs_init_notifies=True), model.GlobalDefs(lvs_flush=True))
USERS = (None, model.UserGroup("nobody"))


def document() -> model.Document:
    reading = read(TEXT, "x.conf")
    assert [one.render() for one in reading.findings if one.level == "error"] == []
    assert len(reading.document.virtual_servers) == 8
    return reading.document


def told(plan: plan_checks.Plan):
    return list(plan.services.items()), list(plan.checks.items())


@pytest.mark.parametrize("seed", range(20))
def test_whatever_changes(seed):
    """The same blocks in any order and number, among other global_defs, groups and users."""
    draw, whole = random.Random(seed), document()
    other = tuple(replace(block, quorum=2) for block in whole.virtual_servers)
    other += (replace(other[0], address="192.0.2.5", real_servers=()),)
    plan = None
    for _step in range(30):
        blocks = draw.sample(whole.virtual_servers + other, draw.randrange(12))
        changed = replace(whole, virtual_servers=tuple(blocks))
        if draw.random() < 0.2:
            changed = replace(changed, global_defs=draw.choice(GLOBALS))
        if draw.random() < 0.2:
            changed = replace(changed, virtual_server_groups=whole.virtual_server_groups[draw.randrange(3) :])
        user = draw.choice(USERS) if draw.random() < 0.2 else None
        plan = plan_checks.plan(changed, user, plan)
        assert told(plan) == told(plan_checks.plan(changed, user))


def test_what_stayed_is_not_planned_again():
    whole = document()
    before = plan_checks.plan(whole)
    first, *rest = whole.virtual_servers
    after = plan_checks.plan(replace(whole, virtual_servers=(replace(first, quorum=2), *rest)), None, before)
    kept = {name for name, made in after.made.items() if made is before.made.get(name)}
    assert set(after.services) - kept == {"[192.0.2.1]:tcp:80", "[192.0.2.3]:tcp:80", "[192.0.2.4]:tcp:80"}


def test_a_service_whose_owner_left_is_its_next_ones():
    whole = document()
    before = plan_checks.plan(whole)
    assert [place.key.fwmark for place in before.services["FWM 7"].services] == []
    alone = replace(whole, virtual_servers=tuple(one for one in whole.virtual_servers if one.group is None))
    after = plan_checks.plan(alone, None, before)
    assert after.made["FWM 7"] is before.made["FWM 7"]
    assert [place.key.fwmark for place in after.services["FWM 7"].services] == [7]
