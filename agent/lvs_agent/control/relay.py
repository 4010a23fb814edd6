# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests of the control socket that a child answers, now or later: who waits for which answer."""

from __future__ import annotations

from typing import Any, Callable, Dict, Optional, Protocol, Tuple

Answer = Callable[[Dict[str, Any]], None]


class Sender(Protocol):
    """As much of a channel as is needed here."""

    def send(self, message: object) -> None:
        """Queue one message."""


class Relay:
    """Numbers questions and brings every answer to who asked."""

    def __init__(self) -> None:
        self._waiting: Dict[int, Tuple[str, Answer]] = {}
        self._last = 0

    def ask(self, child: str, channel: Optional[Sender], kind: str, words: Tuple[object, ...], answer: Answer) -> None:
        """Send (kind, number, *words) to a child; its ("answer", number, document) goes to `answer`."""
        if channel is None:
            answer({"ok": False, "error": f"the {child} child does not run: the file has nothing for it to do"})
            return
        self._last += 1
        self._waiting[self._last] = (child, answer)
        channel.send((kind, self._last, *words))

    def answered(self, number: int, document: Dict[str, Any]) -> None:
        """A child's answer."""
        waiting = self._waiting.pop(number, None)
        if waiting is not None:
            waiting[1](document)

    def lost(self, child: str) -> None:
        """The child died: it answers nothing any more."""
        for number, (name, _answer) in list(self._waiting.items()):
            if name == child:
                self.answered(number, {"ok": False, "error": f"the {child} child died before it answered"})
