# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The socket to the kernel's IPVS: dump, apply, zero, settings. The only file of the room that does I/O.

Changes go out in batches without asking for answers: the kernel answers only what fails, and the one acknowledgement
asked for at the end of a batch proves that everything before it was worked off.
"""

from __future__ import annotations

import errno
import logging
import os
import socket
import struct
import subprocess
from typing import TYPE_CHECKING, Optional

from lvs_agent.ipvs import connections, decode, genl, wire
from lvs_agent.ipvs.diff import Change, Verb
from lvs_agent.ipvs.failure import Failure, failure
from lvs_agent.ipvs.stats import ServiceStats
from lvs_agent.ipvs.table import Entry, Service, ServiceKey, Table
from lvs_agent.ipvs.wire import Command

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from types import TracebackType

    from typing_extensions import Self

    from lvs_agent.ipvs.stats import Daemon, Info, Timeouts

log = logging.getLogger("checker")

NETLINK_GENERIC = 16
SOL_NETLINK, NETLINK_CAP_ACK = 270, 10
SO_RCVBUFFORCE = 33
BATCH = 256  # changes in one send
RECEIVE_BUFFER = 4 << 20  # bytes: room for the refusal of every change of a batch
DATAGRAM = 1 << 15  # bytes: the kernel fills an answer up to what was last asked for, and no further than this
PATIENCE = 10  # seconds for an answer; the kernel answers at once, but a module may have to load
CONNECTIONS = "/proc/thread-self/net/ip_vs_conn"

COMMANDS = {
    Verb.NEW_SERVICE: Command.NEW_SERVICE,
    Verb.NEW_DEST: Command.NEW_DEST,
    Verb.SET_SERVICE: Command.SET_SERVICE,
    Verb.SET_DEST: Command.SET_DEST,
    Verb.DEL_DEST: Command.DEL_DEST,
    Verb.DEL_SERVICE: Command.DEL_SERVICE,
}


class NoIpvsError(OSError):
    """The kernel has no IPVS (errno ENOENT): the module ip_vs is not loaded."""


class Ipvs:
    """One generic netlink socket of the network namespace that it was opened in.

    A context manager. NoIpvsError when ip_vs is not in the kernel; every method raises OSError with the kernel's errno
    when it refuses (``apply`` gives its refusals back instead), TimeoutError when it does not answer.
    """

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, NETLINK_GENERIC)
        self._sequence = 0
        try:
            # Not settimeout: that asks poll() before every call, which doubles the cost of a dump.
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("@ll", PATIENCE, 0))
            self._socket.setsockopt(SOL_NETLINK, NETLINK_CAP_ACK, 1)
            try:
                self._socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER)
            except PermissionError:  # without CAP_NET_ADMIN the table can still be tried to be read
                self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
            self._socket.bind((0, 0))
            self._family = self._resolve()
        except BaseException:
            self._socket.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: Optional[type[BaseException]], error: Optional[BaseException], traceback: Optional[TracebackType]
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the socket back; nothing in the kernel's table changes by it."""
        self._socket.close()

    def _resolve(self) -> int:
        self._sequence += 1
        self._socket.send(genl.family_request("IPVS", self._sequence))
        try:
            return decode.family_id(self._answer())
        except FileNotFoundError:
            raise NoIpvsError(errno.ENOENT, "the kernel has no IPVS: load the module (modprobe ip_vs)") from None

    def dump(self, keys: Optional[Iterable[ServiceKey]] = None) -> Table:
        """The whole table, or what there is of these services; destinations in the order in which they were made."""
        table: dict[ServiceKey, Entry] = {}
        for service in self._services() if keys is None else self._named(keys):
            family = service.key.family
            # The kernel lists the youngest first.
            found = [decode.destination(body, family) for body in self._destinations(service.key)]
            table[service.key] = Entry(service, tuple(reversed(found)))
        return table

    def stats(self) -> tuple[ServiceStats, ...]:
        """The whole table with its connections and counters, destinations in the order in which they were made."""
        services = [decode.service_stats(body) for body in self._dump(genl.payload(Command.GET_SERVICE))]
        full = []
        for entry in services:
            key = entry.service.key
            rows = [decode.destination_stats(body, key.family) for body in self._destinations(key)]
            full.append(ServiceStats(entry.service, entry.counters, tuple(reversed(rows))))
        return tuple(full)

    def _services(self) -> list[Service]:
        return [decode.service(body) for body in self._dump(genl.payload(Command.GET_SERVICE))]

    def _named(self, keys: Iterable[ServiceKey]) -> Iterator[Service]:
        for key in keys:
            self._ask(0, wire.of_service(Command.GET_SERVICE, key))
            try:
                yield decode.service(self._answer())
            except ProcessLookupError:
                continue  # the kernel has no such service

    def _destinations(self, key: ServiceKey) -> list[memoryview]:
        return self._dump(wire.of_service(Command.GET_DEST, key))

    def apply(self, changes: Sequence[Change]) -> tuple[Failure, ...]:
        """Make the changes in their order; what the kernel refuses, in that order, the rest is made.

        A change whose addresses cannot be encoded is among the failures (EINVAL), and is not sent.
        """
        failures: list[Failure] = []
        for start in range(0, len(changes), BATCH):
            failures += self._batch(changes[start : start + BATCH])
        return tuple(failures)

    def _batch(self, changes: Sequence[Change]) -> list[Failure]:
        refused: dict[int, int] = {}  # place in the batch -> errno
        bodies: list[tuple[int, bytes]] = []
        names: dict[ServiceKey, bytes] = {}
        for place, change in enumerate(changes):
            try:
                bodies.append((place, _payload(change, names)))
            except (OSError, OverflowError, ValueError):
                refused[place] = errno.EINVAL
        if bodies:
            first = self._sequence + 1
            self._sequence += len(bodies)
            last = len(bodies) - 1
            self._socket.send(
                b"".join(
                    genl.frame(self._family, genl.REQUEST | (genl.ACK if at == last else 0), first + at, body)
                    for at, (_place, body) in enumerate(bodies)
                )
            )
            for sequence, number in self._verdicts(first, first + last):
                refused[bodies[sequence - first][0]] = number
        return [failure(changes[place], number) for place, number in sorted(refused.items())]

    def _verdicts(self, first: int, last: int) -> Iterator[tuple[int, int]]:
        """(sequence, errno) of what failed, until the answer to ``last``, which is always given."""
        while True:
            for message in genl.messages(self._receive()):
                if message.kind != genl.ERROR or not first <= message.sequence <= last:
                    continue
                number = genl.error(message)
                if number:
                    yield message.sequence, number
                if message.sequence == last:
                    return

    def zero(self, key: Optional[ServiceKey] = None) -> None:
        """Set the counters of one service and its destinations, or of everything, to 0."""
        self._do(wire.of_service(Command.ZERO, key) if key else genl.payload(Command.ZERO))

    def flush(self) -> None:
        """Remove every service."""
        self._do(genl.payload(Command.FLUSH))

    def timeouts(self) -> Timeouts:
        """The connection timeouts in force."""
        return decode.timeouts(self._get(Command.GET_CONFIG))

    def set_timeouts(self, timeouts: Timeouts) -> None:
        """Set them; a 0 leaves one as it is."""
        self._do(wire.set_timeouts(timeouts))

    def info(self) -> Info:
        """Version and size."""
        return decode.info(self._get(Command.GET_INFO))

    def daemons(self) -> tuple[Daemon, ...]:
        """The running sync daemons: none, one or both."""
        return tuple(decode.daemon(body) for body in self._dump(genl.payload(Command.GET_DAEMON)))

    def start_daemon(self, daemon: Daemon) -> None:
        """Start one. FileExistsError (EEXIST) when one of its kind runs; EINVAL also while the table has destinations
        of another address family than their service's.
        """
        self._do(wire.start_daemon(daemon))

    def stop_daemon(self, state: int) -> None:
        """Stop the master or the backup daemon; ProcessLookupError (ESRCH) when it does not run."""
        self._do(wire.stop_daemon(state))

    def connections(self) -> Iterator[connections.Connection]:
        """The connection table of the calling thread's network namespace, line by line as the kernel makes it."""
        with open(CONNECTIONS, encoding="ascii") as lines:
            yield from connections.read(lines)

    def _do(self, body: bytes) -> None:
        """One request, its refusal raised.

        Behind it goes a question, and its answer is waited for: the kernel acknowledges nothing when a sync daemon is
        stopped that has not run yet (its EINTR suppresses even the acknowledgement asked for).
        """
        first = self._sequence + 1
        self._sequence += 2
        question = genl.payload(Command.GET_INFO)
        self._socket.send(
            genl.frame(self._family, genl.REQUEST, first, body)
            + genl.frame(self._family, genl.REQUEST, first + 1, question)
        )
        number = 0
        while True:
            for message in genl.messages(self._receive()):
                if message.sequence == first and message.kind == genl.ERROR:
                    number = genl.error(message)
                if message.sequence == first + 1:
                    if number:
                        raise OSError(number, os.strerror(number))
                    return

    def _get(self, command: Command) -> memoryview:
        self._ask(0, genl.payload(command))
        return self._answer()

    def _dump(self, body: bytes) -> list[memoryview]:
        """The bodies of a whole dump. It is read to its end before anything is made of it: the kernel refuses a second
        dump beside an unfinished one.
        """
        self._ask(genl.DUMP, body)
        bodies: list[memoryview] = []
        end: Optional[int] = None
        while end is None:
            more, end = genl.answers(self._receive(), self._sequence)
            bodies += more
        if end:
            raise OSError(end, os.strerror(end))
        return bodies

    def _ask(self, flags: int, body: bytes) -> None:
        self._sequence += 1
        self._socket.send(genl.frame(self._family, genl.REQUEST | flags, self._sequence, body))

    def _answer(self) -> memoryview:
        """The one body that answers the last request."""
        while True:
            bodies, number = genl.answers(self._receive(), self._sequence)
            if number:
                raise OSError(number, os.strerror(number))
            if bodies:
                return bodies[0]

    def _receive(self) -> bytes:
        try:
            return self._socket.recv(DATAGRAM)
        except BlockingIOError:
            raise TimeoutError(errno.ETIMEDOUT, f"the kernel's IPVS gave no answer for {PATIENCE} s") from None


def load_module() -> None:
    """Load ip_vs where it is missing, once; a failure shows at the dump."""
    try:
        Ipvs().close()
    except NoIpvsError:
        try:
            subprocess.run(["modprobe", "ip_vs"], check=False, capture_output=True, timeout=10)
        except (OSError, subprocess.TimeoutExpired) as error:
            log.warning("modprobe ip_vs: %s", error)
    except OSError:
        return


def has_scheduler(name: str) -> bool:
    """Whether the kernel has that scheduler or a module for it; True where that cannot be asked."""
    if os.path.exists(f"/sys/module/ip_vs_{name}"):
        return True
    try:
        asked = subprocess.run(["modprobe", "-nq", f"ip_vs_{name}"], check=False, capture_output=True, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return True
    return not asked.returncode


def _payload(change: Change, names: dict[ServiceKey, bytes]) -> bytes:
    """A change as its request; ``names`` keeps the encoded names of services within a batch."""
    command = COMMANDS[change.verb]
    if change.destination is None:
        if change.verb is Verb.DEL_SERVICE:
            return wire.of_service(command, change.service.key)
        return wire.service(command, change.service)
    key = change.service.key
    named = names.get(key)
    if named is None:
        named = names[key] = wire.service_name(key)
    return wire.destination(command, named, change.destination)
