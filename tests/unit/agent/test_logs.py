# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Log lines into a pipe, a stream socket and a syslog that nobody reads: dropped, counted, told; never waited for.

A handler that waits hangs these tests, so an alarm ends them.
"""

from __future__ import annotations

import logging
import os
import re
import signal
import socket
import struct
from typing import Callable

import pytest

from lvs_agent.control import events
from lvs_agent.control.logs import Journal, Stream, Syslog

LINES = 5000
LONG = "x" * 10000


@pytest.fixture(autouse=True)
def _alarm():
    before = signal.signal(signal.SIGALRM, lambda *_: pytest.fail("the handler waited"))
    signal.alarm(30)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture
def pipe():
    ends = os.pipe()
    os.set_blocking(ends[0], False)
    yield ends
    for end in ends:
        os.close(end)


@pytest.fixture
def pair():
    ends = socket.socketpair()
    ends[0].setblocking(False)
    yield ends
    for end in ends:
        end.close()


def say(handler: logging.Handler, text: str) -> None:
    handler.handle(logging.LogRecord("test", logging.INFO, "", 0, text, None, None))


def stalled(handler, lines: int, drain: Callable[[], bytes]):
    """Many lines to nobody; then all is read, and one more line is said. What was read before and after it."""
    for number in range(lines):
        say(handler, f"line {number}")
    dropped = handler.dropped
    before = drain()
    say(handler, "again")
    return dropped, before, drain()


def test_a_pipe_that_nobody_reads(pipe):
    reader, writer = pipe
    dropped, before, after = stalled(Stream(writer), LINES * 4, lambda: os.read(reader, 1 << 20))
    kept = before.decode().splitlines()
    assert dropped > 0
    assert kept == [f"line {number}" for number in range(LINES * 4 - dropped)]
    assert after.decode() == f"{dropped} log records were dropped: nobody took them\nagain\n"
    assert os.get_blocking(writer)


def test_a_stream_socket_that_nobody_reads(pair):
    reader, writer = pair
    chunks = []

    def drain() -> bytes:
        chunks.clear()
        try:
            while True:
                chunks.append(reader.recv(1 << 20))
        except BlockingIOError:
            return b"".join(chunks)

    dropped, before, after = stalled(Stream(writer.fileno()), LINES, drain)
    assert dropped > 0
    assert before.decode().splitlines() == [f"line {number}" for number in range(LINES - dropped)]
    assert after.decode() == f"{dropped} log records were dropped: nobody took them\nagain\n"
    assert writer.getblocking()


def test_a_syslog_that_nobody_reads(tmp_path):
    path = str(tmp_path / "log")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as reader:
        reader.bind(path)
        reader.setblocking(False)

        def drain() -> bytes:
            lines = []
            try:
                while True:
                    lines.append(reader.recv(4096))
            except BlockingIOError:
                return b"\n".join(lines)

        dropped, before, after = stalled(Syslog(path, 17), LINES, drain)
    assert dropped > 0
    # 17 (local1) * 8 + 6 (info) and 4 (warning): RFC 5424 6.2.1.
    assert before.decode().splitlines() == [f"<142>line {number}" for number in range(LINES - dropped)]
    assert after.decode() == f"<140>{dropped} log records were dropped: nobody took them\n<142>again"


def test_a_syslog_that_comes_back(tmp_path):
    path = str(tmp_path / "log")
    handler = Syslog(path, 16)
    say(handler, "nobody there")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as reader:
        reader.bind(path)
        say(handler, "here")
        assert [reader.recv(4096), reader.recv(4096)] == [
            b"<132>1 log records were dropped: nobody took them",
            b"<134>here",
        ]


def test_long_lines_are_written_whole_or_end_where_they_tore(pipe):
    reader, writer = pipe
    handler = Stream(writer)
    for _ in range(LINES):
        say(handler, LONG)
    lines = os.read(reader, 1 << 20).decode().split("\n")
    assert set(lines[:-1]) == {LONG}
    assert 0 < len(lines[-1]) < len(LONG)
    say(handler, "again")
    assert os.read(reader, 1 << 20).decode().split("\n")[0] == ""


def test_a_file_is_appended_to(tmp_path):
    path = tmp_path / "log"
    path.write_text("before\n")
    with path.open("a") as file:
        say(Stream(file.fileno()), "after")
    assert path.read_text() == "before\nafter\n"


def fields(data: bytes) -> dict:
    """A datagram as systemd's documentation of the protocol reads it (JOURNAL_NATIVE_PROTOCOL)."""
    found = {}
    while data:
        line, _end, data = data.partition(b"\n")
        name, equals, value = line.partition(b"=")
        if not equals:
            (length,) = struct.unpack_from("<Q", data)
            value, data = data[8 : 8 + length], data[8 + length + 1 :]
        found[name.decode()] = value.decode()
    return found


@pytest.fixture
def journald(tmp_path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind(str(tmp_path / "socket"))
        sock.setblocking(False)
        yield sock


def test_the_journal_gets_fields(journald):
    handler = Journal(journald.getsockname())
    log = logging.getLogger("test of the journal")
    log.setLevel(logging.INFO)
    log.propagate = False
    log.addHandler(handler)
    log.warning(events.VRRP_STATE, "VI_1", "BACKUP", "MASTER", "the master\nis gone")
    assert fields(journald.recv(65536)) == {
        "MESSAGE": "(VI_1) BACKUP -> MASTER: the master\nis gone",
        "PRIORITY": "4",
        "SYSLOG_IDENTIFIER": "lvs-agent",
        "SYSLOG_PID": str(os.getpid()),
        "LVS_LOGGER": "test of the journal",
        "MESSAGE_ID": events.VRRP_STATE.identifier,
        "LVS_EVENT": "vrrp-state",
        "LVS_VRRP_INSTANCE": "VI_1",
        "LVS_FROM": "BACKUP",
        "LVS_TO": "MASTER",
        "LVS_REASON": "the master\nis gone",
    }
    log.info("a line=of nobody's %s", "invention")
    assert fields(journald.recv(65536))["MESSAGE"] == "a line=of nobody's invention"
    log.error("x" * 1_000_000)
    assert len(fields(journald.recv(65536))["MESSAGE"]) == 16384
    assert handler.dropped == 0


def test_a_journald_that_does_not_read_is_not_waited_for(journald):
    handler = Journal(journald.getsockname())
    for number in range(LINES):
        say(handler, f"line {number}")
    dropped = handler.dropped
    assert dropped > 0
    for number in range(LINES - dropped):
        assert fields(journald.recv(65536))["MESSAGE"] == f"line {number}"
    say(handler, "again")
    assert fields(journald.recv(65536))["MESSAGE"] == f"{dropped} log records were dropped: nobody took them"
    assert fields(journald.recv(65536))["MESSAGE"] == "again"


def test_every_event_is_one_of_its_own_and_its_line_takes_its_fields():
    every = events.EVENTS
    assert len(every) == len({each.identifier for each in every.values()}) > 20
    for name, each in every.items():
        assert each.name == name
        assert re.fullmatch("[0-9a-f]{32}", each.identifier)
        assert len(re.findall("%[a-z]", each.line)) == len(each.fields), name
        assert all(re.fullmatch("[a-z_]+", field) for field in each.fields)
