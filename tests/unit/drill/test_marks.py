# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Marks with and without the right word, and what a probe may be asked for."""

from __future__ import annotations

import dataclasses

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils.drill.marks import pack, unpack
from ansible_collections.lvs.cluster.plugins.module_utils.drill.settings import Settings, problems


def test_a_mark_comes_through():
    assert unpack(pack("word", "fault", "dir1", 1700000000.25), "word") == ("fault", "dir1", 1700000000.25)


@pytest.mark.parametrize(
    "data",
    [
        pack("other", "fault", "dir1", 1.0),
        pack("", "fault", "dir1", 1.0),
        b"",
        b"\xff\xfe",
        b"[]",
        b"{}",
        b'{"token": "word"}',
        b'{"token": "word", "label": "fault", "host": "dir1", "w": "soon"}',
    ],
)
def test_anything_else_does_not(data):
    assert unpack(data, "word") is None


GOOD = Settings(log="/run/x", limit=10, address="192.0.2.80")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({}, ""),
        ({"address": "2001:db8::80", "watch": ("192.0.2.1",), "held": 0, "port": 0}, ""),
        ({"interval": 0.0001}, "interval: 0.0001 is not within 0.001 and 10"),
        ({"limit": 86400}, "limit: 86400"),
        ({"in_flight": 10**6}, "in_flight"),
        ({"address": "www.example.com"}, "address: 'www.example.com' is no IP address"),
        ({"watch": ("x",)}, "watch x: 'x' is no IP address"),
        ({"protocol": "udp"}, "protocol"),
        ({"path": "/ HTTP/1.1\r\nX: y"}, "path and virtualhost"),
    ],
)
def test_settings(change, words):
    found = "; ".join(problems(dataclasses.replace(GOOD, **change)))
    assert words in found
    assert bool(found) == bool(words)


def test_the_log_never_has_the_word():
    assert "secret" not in str(dataclasses.replace(GOOD, mark_token="secret").as_json())
