# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""No secret is shown."""

from __future__ import annotations

import dataclasses

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils.conf import model
from ansible_collections.lvs.cluster.plugins.module_utils.conf.fields import keywords
from ansible_collections.lvs.cluster.plugins.module_utils.configuration.secret import (
    diff,
    masked,
    masked_as_in,
    secrets,
)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("  auth_pass 1111\n", "  auth_pass ********\n"),
        ("auth_pass\t'two words'  # old\n", "auth_pass\t********\n"),
        ("authentication { auth_type PASS auth_pass abc }", "authentication { auth_type PASS auth_pass ********"),
        ("    key 1 hex:00112233\n    key 2 file:/etc/key", "    key 1 ********\n    key 2 ********"),
        ("SSL {\n    password geheim\n}", "SSL {\n    password ********\n}"),
        ("  smtp_auth_pass geheim\n", "  smtp_auth_pass ********\n"),
        ("MYSQL_CHECK { login a\n passwd geheim\n}", "MYSQL_CHECK { login a\n passwd ********\n}"),
        ("RADIUS_CHECK {\n  secret geheim\n}", "RADIUS_CHECK {\n  secret ********\n}"),
        ("RADIUS_CHECK { secret geheim", "RADIUS_CHECK { secret ********"),
        (" 12 |     secret geheim", " 12 |     secret ********"),
        ("it is secret and not shown", "it is secret and not shown"),
        ("auth_type PASS\npriority 100\n", "auth_type PASS\npriority 100\n"),
        ("a.conf:3:15: error[x]: auth_pass secret is too long", "a.conf:3:15: error[x]: auth_pass ********"),
    ],
)
def test_masked(text, shown):
    assert masked(text) == shown


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("Truncating 'geheimnis' to 8 characters", "Truncating '********' to 8 characters"),
        ("'geheimni' is what others must have", "'********' is what others must have"),
        ("interface eth0 is not there", "interface eth0 is not there"),
    ],
)
def test_a_message_about_a_file_has_none_of_its_secrets(message, shown):
    assert masked_as_in(message, 'auth_pass "geheimnis"\n') == shown


@pytest.mark.parametrize(
    ("config", "found"),
    [
        ("", ()),
        ("a 1\n auth_pass abcdefghij # no\nb", ("abcdefghij", "abcdefgh")),
        ("password abcd\n  key 7 efgh\nkey ijkl", ("abcd", "efgh")),
        ("monkey 1 abcd\nkeyword abcd\nauth_pass", ()),
    ],
)
def test_secrets_are_found_line_by_line(config, found):
    assert secrets(config) == found


def test_a_short_secret_does_not_eat_the_message():
    assert masked_as_in("line 11: 1 error", "auth_pass 1\n") == "line 11: 1 error"


def test_the_diff_says_when_only_secrets_differ():
    shown = diff("a.conf", "auth_pass old1\n", "auth_pass new1\n")
    assert shown["before"] == "auth_pass ********\n"
    assert shown["after"] == "auth_pass ********\n# only secrets differ\n"


SECRET = {
    keyword.word
    for block in vars(model).values()
    if dataclasses.is_dataclass(block)
    for keyword in keywords(block)
    if keyword.secret
}


def test_every_word_that_is_declared_secret_is_known():
    assert {"auth_pass", "smtp_auth_pass", "passwd", "password", "secret", "key"} <= SECRET
    for word in SECRET - {"key"}:  # a block of numbers: see above
        assert secrets(f"  {word} geheimnis\n")[0] == "geheimnis", word
        assert masked(f"BLOCK {{\n    {word} geheimnis\n}}") == f"BLOCK {{\n    {word} ********\n}}"
