# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the agent on its control socket is asked, and what its answers mean."""

from __future__ import annotations

import hashlib
import json
import socket
import threading

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils.service.port import ask_agent, is_stale


def answering(path, line):
    """A server that answers one request with `line`; what it was asked is put into the list."""
    server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    server.bind(path)
    server.listen(1)
    asked = []

    def serve():
        with server, server.accept()[0] as client, client.makefile("rb") as lines:
            asked.append(json.loads(lines.readline()))
            client.sendall(line)

    thread = threading.Thread(target=serve)
    thread.start()
    return asked, thread


@pytest.mark.parametrize(
    ("line", "expected"),
    [(b'{"ok": true, "x": 1}\n', {"ok": True, "x": 1}), (b"", None), (b"no\n", None), (b"[]\n", None)],
)
def test_the_agent_is_asked(tmp_path, line, expected):
    path = str(tmp_path / "control.sock")
    asked, thread = answering(path, line)
    assert ask_agent("status", path) == expected
    thread.join()
    assert asked == [{"command": "status"}]


def test_nobody_answers_where_no_agent_is(tmp_path):
    assert ask_agent("status", str(tmp_path / "control.sock")) is None


@pytest.mark.parametrize(("content", "stale"), [("same\n", False), ("other\n", True), (None, False)])
def test_a_file_that_is_not_the_running_one_is_seen(tmp_path, content, stale):
    file = tmp_path / "keepalived.conf"
    if content is not None:
        file.write_text(content)
    config = {"file": str(file), "sha256": hashlib.sha256(b"same\n").hexdigest()}
    assert is_stale({"ok": True, "status": {"config": config}}) is stale


@pytest.mark.parametrize("answer", [None, {}, {"ok": False, "error": "x"}])
def test_without_an_answer_nothing_is_stale(answer):
    assert not is_stale(answer)
