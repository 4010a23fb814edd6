# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans: what is set, what is put back, in which order, and what the record remembers."""

from __future__ import annotations

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils.host.settings import (
    ConflictError,
    Kind,
    Record,
    RecordError,
    Setting,
    concerned,
    from_text,
    plan,
    to_text,
    with_owner,
)

IGNORE = Setting(Kind.SYSCTL, "net.ipv4.conf.all.arp_ignore")
VIP = Setting(Kind.ADDRESS, "192.0.2.1/32 lo")
OTHER = Setting(Kind.ADDRESS, "192.0.2.2/32 lo")
MODULE = Setting(Kind.MODULE, "ipip")
TUNNEL = Setting(Kind.LINK, "tunl0")
FILE = Setting(Kind.FILE, "/etc/x/a.conf")
LINK = Setting(Kind.SYMLINK, "/etc/y/a.conf")
BARE = {IGNORE: "0", VIP: None}
WEB = {IGNORE: "1", VIP: "present"}


def play(record, facts, owner, want):
    """One run: the plan, and the facts after its steps."""
    changed = with_owner(record, owner, want)
    assert set(concerned(record, changed)) >= {step.setting for step in plan(record, changed, facts).steps}
    planned = plan(record, changed, facts)
    after = dict(facts)
    for step in planned.steps:
        assert facts.get(step.setting) == step.now
        after[step.setting] = step.value
    return planned, after


def names(planned):
    return [(step.setting, step.value) for step in planned.steps]


def test_a_bare_host_gets_its_sysctls_before_its_addresses():
    planned, _ = play(Record(), BARE, "web", {VIP: "present", IGNORE: "1"})
    assert names(planned) == [(IGNORE, "1"), (VIP, "present")]
    assert planned.during.before == {IGNORE: "0", VIP: None}


def test_leaving_takes_the_address_off_before_its_sysctl():
    first, facts = play(Record(), BARE, "web", WEB)
    planned, facts = play(first.after, facts, "web", None)
    assert names(planned) == [(VIP, None), (IGNORE, "0")]
    assert not planned.after
    assert planned.during, "the values to go back to are kept until the last step is taken"
    assert facts == BARE


def test_a_sysctl_that_went_with_its_module_is_not_put_back():
    first, facts = play(Record(), BARE, "web", {IGNORE: "1"})
    planned, _ = play(first.after, {**facts, IGNORE: None}, "web", None)
    assert (names(planned), bool(planned.after)) == ([], False)


def test_everything_has_its_place():
    want = {LINK: "a", FILE: "b", VIP: "present", TUNNEL: "up", IGNORE: "1", MODULE: "loaded"}
    planned, facts = play(Record(), {TUNNEL: "down"}, "web", want)
    directories = [Setting(Kind.DIRECTORY, "/etc/x"), Setting(Kind.DIRECTORY, "/etc/y")]
    order = [MODULE, IGNORE, TUNNEL, VIP, *directories, FILE, LINK]
    assert [setting for setting, _ in names(planned)] == order
    back, _ = play(planned.after, facts, "web", None)
    assert [setting for setting, _ in names(back)] == order[::-1]


@pytest.mark.parametrize(
    ("facts", "steps"),
    [
        ({IGNORE: "1", VIP: "present"}, []),
        ({IGNORE: "0", VIP: "present"}, [(IGNORE, "1")]),
        ({IGNORE: "1", VIP: None}, [(VIP, "present")]),
        ({IGNORE: None, VIP: None}, [(IGNORE, "1"), (VIP, "present")]),
    ],
)
def test_only_what_differs_is_set(facts, steps):
    first, _ = play(Record(), BARE, "web", WEB)
    again, _ = play(first.after, facts, "web", WEB)
    assert names(again) == steps
    assert again.after == first.after, "what a stranger did in between is not what we go back to"


def test_what_was_there_before_us_stays_when_we_leave():
    first, facts = play(Record(), {IGNORE: "1", VIP: "present"}, "web", WEB)
    assert not first.steps
    assert first.after != Record(), "the first run is a change even so: it begins to remember"
    back, _ = play(first.after, facts, "web", None)
    assert names(back) == []
    assert not back.after


def test_what_two_need_stays_until_both_have_left():
    first, facts = play(Record(), BARE, "web", WEB)
    second, facts = play(first.after, facts, "mail", {IGNORE: "1", OTHER: "present"})
    assert names(second) == [(OTHER, "present")]
    one, facts = play(second.after, facts, "web", None)
    assert names(one) == [(VIP, None)]
    both, facts = play(one.after, facts, "mail", None)
    assert names(both) == [(OTHER, None), (IGNORE, "0")]
    assert not both.after


def test_an_address_is_exchanged_new_before_old():
    first, facts = play(Record(), BARE, "web", WEB)
    planned, _ = play(first.after, facts, "web", {IGNORE: "1", OTHER: "present"})
    assert names(planned) == [(OTHER, "present"), (VIP, None)]


def test_a_run_that_ended_half_way_is_put_back_from_its_record():
    first, _ = play(Record(), BARE, "web", WEB)
    half = {IGNORE: "1", VIP: None}  # ended after the first step: the record `during` was written
    back, facts = play(first.during, half, "web", None)
    assert names(back) == [(IGNORE, "0")]
    assert facts == BARE


def test_owners_that_disagree_are_named():
    first, facts = play(Record(), BARE, "web", WEB)
    with pytest.raises(ConflictError, match=r"arp_ignore: router wants '8', web wants '1'"):
        plan(first.after, with_owner(first.after, "router", {IGNORE: "8"}), facts)


def test_the_record_is_read_as_it_was_written():
    planned, _ = play(Record(), {IGNORE: "0"}, "web", {**WEB, FILE: "zeile ä\n"})
    assert from_text(to_text(planned.after)) == planned.after


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"version": 2, "owners": {}, "before": []}',
        '{"version": 1, "owners": {}, "before": [["PLANET", "x", "y"]]}',
        '{"version": 1, "owners": {}, "before": [["FILE", "x", 1]]}',
        '{"version": 1, "owners": {"a": [["FILE", "x", null]]}, "before": []}',
    ],
)
def test_what_is_no_record_is_refused(text):
    with pytest.raises(RecordError):
        from_text(text)
