# Copyright (c) 2026, lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps the secrets of a keepalived.conf out of what is shown or logged; pure."""

from __future__ import annotations

import re
from typing import Dict, Iterable, Tuple

MASK = "********"
_LINE = re.compile(
    # authentication (misspelt too), SSL, mail and checks, RADIUS_CHECK (not in the middle of a sentence), auth_hmac
    r"(?m)^(?P<before>(?:.*?\b(?:(?:smtp_)?auth_pa\w*|password|passwd|key[ \t]+\d+)|(?:.*[{|])?[ \t]*secret)[ \t]+)"
    r"(?P<secret>[^\s#!].*?)(?P<after>[ \t]*)$"
)
_KEYWORD = re.compile(r"auth_pa|passw|secret[ \t]|key[ \t]")
_USED = 8  # of auth_pass no more counts, and messages say what counts
_SHORTEST = 4  # a shorter secret is not looked for elsewhere: it would be found in half of all words


def masked(text: str) -> str:
    """`text` with the values of all keywords that the language declares secret replaced, wherever in a line they
    stand.
    """
    return _LINE.sub(lambda found: f"{found['before']}{MASK}{found['after']}", text)


def masked_as_in(text: str, config: str) -> str:
    """`text`, a message about `config`, with the secrets of `config` replaced also where no keyword leads them in."""
    return without(masked(text), secrets(config))


def secrets(config: str) -> Tuple[str, ...]:
    """The secrets of `config`, also as far as they count, in the order in which they are to be hidden."""
    found = []
    for keyword in _KEYWORD.finditer(config):  # the whole expression on every line of a large file takes long
        start = config.rfind("\n", 0, keyword.start()) + 1
        end = config.find("\n", keyword.start())
        line = _LINE.match(config[start : end if end >= 0 else len(config)])
        for word in line["secret"].split() if line else ():
            secret = word.strip("\"'")
            found += [known for known in (secret, secret[:_USED]) if len(known) >= _SHORTEST]
    return tuple(dict.fromkeys(found))


def without(text: str, known: Iterable[str]) -> str:
    """`text` with these secrets masked."""
    for secret in known:
        text = text.replace(secret, MASK)
    return text


def diff(path: str, before: str, after: str) -> Dict[str, str]:
    """The two texts as Ansible's --diff wants them, secrets masked; a change that is only in them is said."""
    shown: Tuple[str, str] = (masked(before), masked(after))
    note = "# only secrets differ\n" if before != after and shown[0] == shown[1] else ""
    return {"before_header": path, "after_header": path, "before": shown[0], "after": shown[1] + note}
