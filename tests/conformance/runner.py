# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tries the rows: speakers in parallel, one scene each, checks of a scene one after the other.

A deviation counts when a second run on a fresh link shows one again; what was only seen once is told in the note.
"""

from __future__ import annotations

import itertools
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Callable, Dict, Iterable, Iterator, List, Optional, Sequence, Tuple

from . import active, addresses, beyond, drills, guest, machine, receiving, wire
from .ledger import ROWS
from .speakers.speaker import Refused
from .stage import Stage
from .verdict import Deviation, NotApplicable, NotTested, Result, Verdict

if TYPE_CHECKING:
    from pathlib import Path

    from .check import Check
    from .facts import Facts
    from .speakers.speaker import Speaker

CHECKS: Dict[str, Check] = {
    check.row: check for room in (wire, receiving, machine, active, drills, addresses, beyond) for check in room.CHECKS
}
TOGETHER = 5  # checks that share one running speaker at most


def scenes(checks: Iterable[Check]) -> List[List[Check]]:
    """Which checks share a speaker: longest intervals first, so that the slow ones are not the last to end."""
    shared: Dict[object, List[Check]] = {}
    for check in checks:
        key = (check.facts, check.row if check.alone or check.guest or not check.start else "")
        shared.setdefault(key, []).append(check)
    parts = [group[at : at + TOGETHER] for group in shared.values() for at in range(0, len(group), TOGETHER)]
    return sorted(parts, key=lambda part: -part[0].facts.interval * len(part))


class Run:
    """One speaker's table in the making; `place` is a folder below which every scene gets its own."""

    def __init__(
        self,
        speaker: Speaker,
        place: Path,
        told: Callable[[Result], None] = lambda _: None,
        *,
        numbers: Optional[Iterator[int]] = None,
        again: bool = True,
    ) -> None:
        """`numbers` are shared by runs at the same time; `again`: a deviation is tried twice."""
        self.speaker, self.place, self._told, self._again = speaker, place, told, again
        self._numbers = itertools.count(1) if numbers is None else numbers

    def table(self, rows: Sequence[str], workers: int = 8) -> Dict[str, Result]:
        """Every row's result, in the ledger's order."""
        results: Dict[str, Result] = {}
        todo: List[Check] = []
        for row in rows:
            known = ROWS[row].not_for.get(self.speaker.name, "")
            if known:
                results[row] = Result(row, Verdict.NOT_APPLICABLE, known)
            else:
                check = CHECKS[row]
                why = check.skip.get(self.speaker.name, "") or (self.speaker.lacks(check.facts) if check.start else "")
                if why:
                    results[row] = Result(row, Verdict.NOT_APPLICABLE, why)
                else:
                    todo.append(check)
        for result in results.values():
            self._told(result)
        with ThreadPoolExecutor(workers) as pool:
            for part in pool.map(self._scene, scenes(todo)):
                results.update({result.row: result for result in part})
        return {row: results[row] for row in rows}

    def _scene(self, checks: List[Check]) -> List[Result]:
        results: List[Result] = []
        place = self.place / str(next(self._numbers))
        if checks[0].guest and not guest.is_here():
            started = time.monotonic()
            results = [guest.row(self.speaker, check.row, place / check.row) for check in checks]
            results = [replace(result, seconds=time.monotonic() - started) for result in results]
            for result in results:
                self._told(result)
            return results
        try:
            with Stage(self.speaker, checks[0].facts, place, self._numbers, start=checks[0].start) as stage:
                for check in checks:
                    started = time.monotonic()
                    results.append(self._judge(check, *_attempt(check, stage), started))
                    self._told(results[-1])
                    if results[-1].verdict is not Verdict.OK:  # what it left behind is not the next row's
                        stage.running.stop()
                        stage.start()
        except Refused as refused:
            for check in checks[len(results) :]:
                results.append(Result(check.row, Verdict.DEVIATES, f"the configuration is refused: {refused}"))
                self._told(results[-1])
            return results
        except Exception:  # the tester's own fault must not take other scenes with it
            traceback.print_exc()
        for check in checks[len(results) :]:
            started = time.monotonic()
            results.append(self._judge(check, *self._afresh(check, check.facts), started))
            self._told(results[-1])
        return results

    def _afresh(self, check: Check, facts: Facts) -> Tuple[Verdict, str]:
        """The check alone on a new link."""
        place = self.place / str(next(self._numbers))
        try:
            with Stage(self.speaker, facts, place, self._numbers, start=check.start) as stage:
                return _attempt(check, stage)
        except Refused as refused:
            return Verdict.DEVIATES, f"the configuration is refused: {refused}"
        except Exception as error:
            traceback.print_exc()
            return Verdict.NOT_TESTED, f"the tester failed: {error!r}"

    def _judge(self, check: Check, verdict: Verdict, note: str, started: float) -> Result:
        if verdict is Verdict.DEVIATES and self._again:
            again, words = self._afresh(check, check.facts)
            if again is Verdict.OK:
                verdict, note = again, f"{words + '; ' if words else ''}once in two runs: {note}"
            else:
                verdict, note = again, words
        mended = ""
        if verdict is Verdict.DEVIATES and check.mend is not None:
            words, changes = check.mend
            facts = check.facts.but(**changes)
            if not self.speaker.lacks(facts) and self._afresh(check, facts)[0] is Verdict.OK:
                mended = words
        return Result(check.row, verdict, " ".join(note.split()), mended, time.monotonic() - started)


def _attempt(check: Check, stage: Stage) -> Tuple[Verdict, str]:
    try:
        notes = (check.positive(stage), check.negative(stage))
    except Deviation as seen:
        return Verdict.DEVIATES, str(seen)
    except NotApplicable as why:
        return Verdict.NOT_APPLICABLE, str(why)
    except NotTested as why:
        return Verdict.NOT_TESTED, str(why)
    except Refused as refused:
        return Verdict.DEVIATES, f"the configuration is refused: {refused}"
    except Exception as error:
        traceback.print_exc()
        return Verdict.NOT_TESTED, f"the tester failed: {error!r}"
    return Verdict.OK, "; ".join(note for note in notes if note)
