# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Words of a line: how keepalived cuts them, and how a value is written so that it is cut the same way again.

A plain word ends at a blank or a double quote; "..." is one word and knows no escapes. The argument of a script word
is cut by shell-like rules instead: both quotes, and backslash escapes.
"""

from __future__ import annotations

import re

_WORD = re.compile(r'"([^"]*)"?|[^ \t\f\n\r\v"]+')
_PLAIN = re.compile(r"[A-Za-z0-9_./:,+=^*?<>()\[\]|&;%-][A-Za-z0-9_./:,+=^*?<>()\[\]|&;%@~-]*\Z")
_SAFE_ARGUMENT = re.compile(r"[A-Za-z0-9_./:,+=@%-]+\Z")
_BUILTIN = re.compile(r"\$\{_|\$_")
_ESCAPES = {"a": "\a", "b": "\b", "E": "\033", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_BLANK = " \t\f\n\r\v"
_HEX = "0123456789abcdefABCDEF"
_OCTAL = "01234567"


def split(text: str) -> list[str]:
    """The words of a line, quotes taken off."""
    # str.split cuts at blanks that keepalived does not know; none of them is printable
    if '"' not in text and text.isprintable():
        return text.split()
    return [found.group(1) if found.group(1) is not None else found.group() for found in _WORD.finditer(text)]


def offsets(text: str) -> list[int]:
    """Where each word starts (a quoted word at its quote), counted from 0."""
    return [found.start() for found in _WORD.finditer(text)]


def quoted(word: str) -> str:
    """A word as it is written in the file.

    Raises ValueError for what keepalived's syntax cannot say: a double quote, a line break, a backslash at the end,
    or one of its builtin variables as plain text.
    """
    if _PLAIN.match(word) and not word.startswith(("include", "{", "}")):
        return word
    if '"' in word or word.endswith("\\") or _BUILTIN.search(word) or not all(map(_writable, word)):
        raise ValueError(f"{word!r} cannot be written in keepalived.conf")
    return f'"{word}"'


def _writable(char: str) -> bool:
    return char.isprintable() or char == "\t"


def split_script(text: str) -> list[str]:
    """The words of a line with a script, cut with both quotes; escapes stay as they are. ValueError: open quote."""
    return _cut(text, escapes=False)


def split_command(text: str) -> list[str]:
    """The arguments inside a script word, escapes replaced. ValueError: open quote, or nothing after a backslash."""
    return _cut(text, escapes=True)


def _cut(text: str, *, escapes: bool) -> list[str]:
    words: list[str] = []
    word: list[str] = []
    quote, open_word, at, size = "", False, 0, len(text)
    while at < size:
        char = text[at]
        at += 1
        if char == "\\":
            open_word = True
            if at >= size:
                raise ValueError("nothing follows the backslash")
            piece, at = _escape(text, at) if escapes else ("\\" + text[at], at + 1)
            word.append(piece)
        elif quote:
            if char == quote:
                quote = ""
            else:
                word.append(char)
        elif char in "\"'":
            quote, open_word = char, True
        elif char in _BLANK:
            if open_word:
                words.append("".join(word))
            word, open_word = [], False
        else:
            open_word = True
            word.append(char)
    if quote:
        raise ValueError(f"the string has no closing {quote}")
    if open_word:
        words.append("".join(word))
    return words


def _escape(text: str, at: int) -> tuple[str, int]:
    char = text[at]
    following = text[at + 1 : at + 2]
    if char == "x" and following and following in _HEX:
        digits = following + (text[at + 2] if text[at + 2 : at + 3] and text[at + 2] in _HEX else "")
        return chr(int(digits, 16)), at + 1 + len(digits)
    if char == "c" and following:
        return chr(ord(following) & 0x1F), at + 2
    if char in _OCTAL:
        end = at + 1
        while end < at + 3 and text[end : end + 1] and text[end] in _OCTAL:
            end += 1
        return chr(int(text[at:end], 8) & 0xFF), end
    return _ESCAPES.get(char, char), at + 1


def command(argv: tuple[str, ...]) -> str:
    """A script with its arguments as it is written in the file. Raises ValueError for an empty command or a NUL."""
    if not argv or any("\0" in argument for argument in argv):
        raise ValueError(f"{argv!r} is no command")
    parts = [argument if _SAFE_ARGUMENT.match(argument) else f"'{_escaped(argument)}'" for argument in argv]
    text = " ".join(parts)
    return text if len(parts) == 1 and text == argv[0] else f'"{text}"'


def _escaped(argument: str) -> str:
    made = []
    for char in argument:
        if char in "\"$\\'" or (ord(char) < 0x100 and not char.isprintable()):
            made.append(f"\\x{ord(char):02x}")
        elif char.isprintable():
            made.append(char)
        else:
            raise ValueError(f"{argument!r} cannot be written in keepalived.conf")
    return "".join(made)
