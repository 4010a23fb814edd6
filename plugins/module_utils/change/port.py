# Copyright (c) 2026, lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes a change on this director and takes it back: its file, its engine; and remembers what was confirmed.

The guard is a process of its own (detached, so that it survives the ssh connection that started it). What it has to say
is in STATE, which it alone writes while it lives; a confirmation is a file that it alone removes. What takes the change
back when the guard is gone is in undo.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Callable, Dict, List, Mapping, Optional, Tuple

from ..configuration import first, secret
from ..configuration import port as configuration
from ..drill.detach import DetachError, detach
from ..package import layout
from ..package import port as package
from ..service import plan
from ..service import port as service
from . import undo, watch
from .look import Eyes, run

if TYPE_CHECKING:
    from .judge import Expected, View

RUN = "/run/lvs-cluster"
STATE = f"{RUN}/change.json"
LOCK = f"{RUN}/change.lock"
CONFIRM = f"{RUN}/confirm"
CONFIRMATION = f"""umask 077; : >{CONFIRM}; n=0
while [ $n -lt 100 ]; do
  case $(cat {STATE}) in *'"confirmed"'*|*'"back"'*) break ;; esac
  n=$((n + 1)); sleep 0.3
done
cat {STATE}"""
"""Shell lines that confirm a change and print the state that the guard gives it then."""
STORE = "/var/lib/lvs-cluster/confirmed"
SETTLE = 1.0
"""Seconds for an engine that started anew to fill the kernel's table."""
HANG = 120
"""Seconds over its time after which the kernel's alarm makes a guard that hangs take the change back."""


class ChangeError(Exception):
    """The change could not be begun or followed; the message says why."""


class OverdueError(Exception):
    """The guard's time is over, wherever it is."""


@dataclass(frozen=True)
class Change:
    """What is to be done. before: the old file's bytes, None without one. engine_was: who ran, None for nobody.

    was, keepalived_was: to be remembered for `state: absent`, when this is the first change of this director.
    """

    path: str
    data: bytes
    before: Optional[bytes]
    orders: Tuple[plan.Order, ...]
    engine: str
    engine_was: Optional[str]
    program_was: Optional[str]
    was: first.File
    keepalived_was: first.Service


class Director:
    """This director as watch.World."""

    def __init__(self, change: Change, expected: Expected, interfaces: Tuple[str, ...]) -> None:
        self.change = change
        self.eyes = Eyes(expected, interfaces)
        self._first_file = self._first_service = False

    def now(self) -> float:
        """CLOCK_MONOTONIC."""
        return time.monotonic()

    def look(self, seconds: float) -> View:
        """See Eyes.look."""
        return self.eyes.look(seconds)

    def apply(self) -> None:
        """The file first, then the engine."""
        self._first_file = first.remember(self.change.path, self.change.was)
        self._first_service = first.remember_service(self.change.keepalived_was)
        replace(self.change.path, self.change.data)
        try:
            service.carry_out(run_list, self.change.orders)
        except service.ServiceError as error:
            raise watch.ApplyError(str(error)) from error
        if any(order[0] in ("start", "restart") for order in self.change.orders):
            time.sleep(SETTLE)

    def take_back(self) -> List[str]:
        """The old file, the old program, the old engine."""
        alarm(0)
        change, wrong = self.change, []
        try:
            if self._first_file:
                first.put_back(change.path)
            elif change.before is None:
                os.unlink(change.path)
            else:
                replace(change.path, change.before)
            digest = os.path.basename(change.program_was or "")
            anew = bool(digest) and package.installed() != digest
            if anew:
                package.switch(digest)
            run(["systemctl", "reset-failed", *plan.ENGINES.values()])
            restart = anew and change.engine_was == "agent"
            units = service.read_units(run_list)
            service.carry_out(run_list, plan.orders(units, change.engine_was, reload=True, restart=restart))
            if self._first_service:
                keepalived = service.read_units(run_list)["keepalived"]
                service.carry_out(run_list, plan.restored(keepalived, *change.keepalived_was))
                first.forget(first.KEEPALIVED)
            self._over()  # not when something went wrong: whatever comes after the guard tries again
        except (OSError, service.ServiceError, plan.UnitError) as error:
            wrong.append(str(error))
        return wrong

    def confirmed(self) -> bool:
        """Whether the confirmation is there."""
        return os.path.exists(CONFIRM)

    def say(self, state: str, reasons: Tuple[str, ...]) -> None:
        """The state for whoever asks; what is confirmed is remembered."""
        if state == watch.CONFIRMED:
            alarm(0)
            remember(self.change)
            self._over()
        write_state(state, reasons)

    def arm(self) -> None:
        """See undo.arm; raises ChangeError."""
        change, here = self.change, self.change.before is not None
        lines = undo.script(change.path, here, change.engine, change.engine_was, change.program_was, STATE)
        try:
            undo.arm(lines, change.before, LOCK)
        except BaseException as error:
            undo.disarm()
            raise ChangeError(f"nothing would take the change back after a power cut: {error}") from error

    def _over(self) -> None:
        undo.disarm(os.path.dirname(self.change.path), layout.TOP, "/etc/systemd/system/multi-user.target.wants")


def alarm(seconds: float) -> None:
    """Raise OverdueError once, after so many seconds; 0: never."""

    def overdue(_number: int, _frame: Any) -> None:
        raise OverdueError("it does not come to an end")

    signal.signal(signal.SIGALRM, overdue)
    signal.setitimer(signal.ITIMER_REAL, seconds)


def run_list(words: List[str]) -> Tuple[int, str, str]:
    """As service.port wants it."""
    return run(words)


def replace(path: str, data: bytes) -> None:
    """Bring a file at once, private as every keepalived.conf of ours."""
    os.replace(configuration.stage(path, data), path)


def write_state(state: str, reasons: Tuple[str, ...]) -> None:
    """Replace STATE at once."""
    text = json.dumps({"state": state, "reasons": list(reasons), "at": time.time()})
    replace(STATE, text.encode())


def state() -> Dict[str, Any]:
    """What the guard said last; {} when it never did."""
    try:
        with open(STATE, encoding="utf-8") as file:
            found = json.load(file)
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def remember(change: Change) -> None:
    """Keep the file that is confirmed, and the one before it with its engine, for `previous`."""
    os.makedirs(STORE, mode=0o700, exist_ok=True)
    was = change.engine_was or change.engine
    if change.before is not None and (change.before, was) != (change.data, change.engine):
        replace(f"{STORE}/previous.conf", change.before)
        replace(f"{STORE}/previous.json", json.dumps({"engine": was}).encode())
    replace(f"{STORE}/current.conf", change.data)
    replace(f"{STORE}/current.json", json.dumps({"engine": change.engine}).encode())


def last_good(present: Optional[bytes], engine: Optional[str]) -> Optional[Tuple[bytes, str]]:
    """(file, engine) to go back to: what was confirmed last when one of them is another now, else those before."""
    for name in ("current", "previous"):
        data, about = configuration.content(f"{STORE}/{name}.conf"), configuration.content(f"{STORE}/{name}.json")
        good = None if data is None or about is None else (data, str(json.loads(about)["engine"]))
        if good is not None and good != (present, engine):
            return good
    return None


def forget() -> bool:
    """Remove all that is remembered; whether anything was."""
    if not os.path.isdir(STORE):
        return False
    for name in os.listdir(STORE):
        os.unlink(f"{STORE}/{name}")
    os.rmdir(STORE)
    if not os.listdir(os.path.dirname(STORE)):
        os.rmdir(os.path.dirname(STORE))
    return True


def under_way() -> bool:
    """True while a guard works."""
    try:
        handle = os.open(LOCK, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


def begin(change: Change, expected: Expected, interfaces: Tuple[str, ...], times: watch.Times) -> None:
    """Look at what is, then fork the guard off; returns when it is at work. Raises ChangeError."""

    def work(tell: Callable[[str], None]) -> None:
        os.makedirs(RUN, mode=0o700, exist_ok=True)
        lock = os.open(LOCK, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ChangeError("another change of this director is being watched") from error
        if os.path.exists(CONFIRM):
            os.unlink(CONFIRM)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        alarm(times.watch + times.confirm + HANG)
        director = Director(change, expected, interfaces)
        before = baseline(director)
        director.arm()
        director.say(watch.WATCHING, ())  # no older word may be taken for this change's
        tell("")
        watch.guard(director, before, expected, times)

    try:
        detach(work)
    except DetachError as error:
        raise ChangeError(str(error)) from error


def baseline(director: Director) -> View:
    """What was so before: long enough for an advert to be heard."""
    director.look(max(2 * watch.LOOK, director.eyes.expected.advert_int + 0.3))
    return director.look(watch.LOOK)


def follow(patience: float, until: Tuple[str, ...]) -> Mapping[str, Any]:
    """Wait for one of these states; raises ChangeError when the guard is gone or takes too long."""
    ends = time.monotonic() + patience
    while time.monotonic() < ends:
        found = state()
        if found.get("state") in until:
            return found
        # Armed: another one is about to take the place of a guard that was killed.
        if not under_way() and not undo.armed() and state().get("state") not in until:
            raise ChangeError(f"the guard ended in the middle, its last word was {found}")
        time.sleep(0.1)
    raise ChangeError(f"the guard does not come to an end, its last word was {state()}")


def outcome(said: Mapping[str, Any], text: str) -> Dict[str, Any]:
    """What a module answers for the state of a change; without the secrets of `text`, the new file."""
    if said.get("state") != watch.BACK:
        return {"changed": True}
    reasons = [secret.masked_as_in(str(reason), text) for reason in said.get("reasons", ())]
    listed = "".join(f"\n  - {reason}" for reason in reasons)
    message = f"The change was taken back by the director itself:{listed}"
    return {"failed": True, "changed": False, "msg": message, "reasons": reasons}


__all__ = ["Change", "ChangeError", "begin", "follow", "forget", "last_good", "outcome", "state", "under_way"]
