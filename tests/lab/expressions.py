# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Regular expressions that keepalived and lvs-agent are both asked about, over real_servers.PAGE."""

from __future__ import annotations

# a name, the words of the url block as they stand in the file, whether the server is up by it
EXPRESSIONS = (
    ("posix", 'regex "^[[:alpha:]]+ page" regex_options multiline', True),
    ("posix-absent", 'regex "[[:digit:]]+ pages" regex_no_match', True),
    ("posix-no-match", 'regex "[[:alpha:]]+ page" regex_no_match', False),
    ("backslashes", r'regex "\\bpage\\h\\w+ is "', True),
    ("no-dot", r'regex "page\\.that"', False),
    ("lost-backslash", r'regex "page\.that"', True),
    ("bytes", r'regex "p\x61ge\040that"', True),
    ("groups", r'regex "(?<n>p)age (?|that|this)\\K is(?i) CHECK"', True),
    ("possessive", 'regex "[a-z]++e that"', False),
    ("extended", 'regex "pa ge[ ]th at # is" regex_options extended', True),
    ("empty-class", 'regex "page[]|that" regex_options allow_empty_class', True),
    ("bsux", r'regex "\\u0070age" regex_options alt_bsux', True),
    ("ungreedy", 'regex "(?>p?)page" regex_options ungreedy', True),
    ("runaway", r'regex "([a-z]+\\s?)*[~|]"', False),
)
