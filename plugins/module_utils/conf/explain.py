# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The long form of every finding: what the code means, a text that gives it, and one that does not.

The catalogues hold them as text: `@ code`, what it means, `- ` lines of the wrong and `+ ` lines of the right example.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

# what would be too long, or cannot stand, in an example
_FULL = {
    "<NUL>": "\0",
    "<LONG>": "x" * 1100,
    "<HUGE>": "#" * (33 << 20),
    "<DEEP>": "a {\n" * 40 + "}\n" * 40,
    "<MANY>": "\n".join(f"10.0.{number // 200}.{number % 200 + 1}" for number in range(260)),
}


@dataclass(frozen=True)
class Explanation:
    """code; text: what it means and why it matters; bad and good: files (often in part) with the mistake, without."""

    code: str
    text: str
    bad: str
    good: str

    def render(self) -> str:
        """For a terminal. No newline at the end."""
        bad, good = (example.rstrip("\n").replace("\n", "\n    ") for example in (self.bad, self.good))
        return f"{self.code}\n\n{self.text}\n\nWrong:\n\n    {bad}\n\nRight:\n\n    {good}"


def codes() -> tuple[str, ...]:
    """All codes, sorted."""
    return tuple(sorted(_all()))


def explain(code: str) -> Optional[Explanation]:
    """The explanation of a code; None for an unknown one."""
    return _all().get(code)


def full(example: str) -> str:
    """An example as a file: with the characters that <NUL>, <LONG> and the like stand for."""
    for word, meant in _FULL.items():
        example = example.replace(word, meant)
    return example


def _all() -> dict[str, Explanation]:
    from . import (  # noqa: PLC0415 - read only when somebody asks
        explain_addresses,
        explain_checks,
        explain_cluster,
        explain_description,
        explain_lines,
        explain_names,
        explain_servers,
        explain_values,
        explain_vrrp,
    )

    found: dict[str, Explanation] = {}
    for catalogue in (
        explain_lines,
        explain_values,
        explain_names,
        explain_vrrp,
        explain_addresses,
        explain_servers,
        explain_checks,
        explain_cluster,
        explain_description,
    ):
        for entry in catalogue.CATALOGUE.split("\n@ ")[1:]:
            one = _entry(entry)
            found[one.code] = one
    return found


def _entry(entry: str) -> Explanation:
    code, *lines = entry.rstrip("\n").split("\n")
    text = " ".join(line for line in lines if not line.startswith(("- ", "+ ")))
    bad = "".join(f"{line[2:]}\n" for line in lines if line.startswith("- "))
    good = "".join(f"{line[2:]}\n" for line in lines if line.startswith("+ "))
    return Explanation(code, text, bad, good)
