# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Did you mean: the known word that a mistyped one is nearest to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Optional

if TYPE_CHECKING:
    from collections.abc import Iterable

_LONGEST = 64


def nearest(word: str, known: Iterable[str]) -> Optional[str]:
    """The known word with the fewest typing mistakes between, if a third of the letters or fewer are wrong."""
    if len(word) > _LONGEST:
        return None
    folded = word.lower().replace("-", "_")
    best, least = None, max(1, len(word) // 3) + 1
    for candidate in known:
        if abs(len(candidate) - len(word)) < least:
            distance = _distance(folded, candidate.lower().replace("-", "_"), least)
            if distance < least:
                best, least = candidate, distance
    return best


def _distance(left: str, right: str, limit: int) -> int:
    """Damerau's distance (insertion, deletion, change, swap of neighbours); `limit` when it is not below that."""
    before: list[int] = []
    previous = list(range(len(right) + 1))
    for row, char in enumerate(left, 1):
        current = [row]
        for column, other in enumerate(right, 1):
            cost = min(previous[column] + 1, current[-1] + 1, previous[column - 1] + (char != other))
            if row > 1 and column > 1 and char == right[column - 2] and left[row - 2] == other:
                cost = min(cost, before[column - 2] + 1)
            current.append(cost)
        if min(current) >= limit:
            return limit
        before, previous = previous, current
    return min(previous[-1], limit)
