# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTP responses in every cut."""

from __future__ import annotations

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils.drill.response import Response, ResponseError

LENGTH = b"HTTP/1.1 200 OK\r\nServer: x\r\nContent-Length: 4\r\n\r\nrs1\n"
CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\nX-Server: web7\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
CLOSE = b"HTTP/1.1 503 Nothing\r\nConnection: close\r\n\r\n<html>sorry"
EMPTY = b"HTTP/1.0 204 No Content\r\n\r\n"


@pytest.mark.parametrize(
    ("data", "header", "status", "complete", "closes", "name"),
    [
        (LENGTH, "", 200, True, False, "rs1"),
        (LENGTH, "Server", 200, True, False, "x"),
        (CHUNKED, "x-server", 200, True, False, "web7"),
        (CLOSE, "", 503, False, True, ""),
        (EMPTY, "", 204, True, False, ""),
    ],
)
def test_whole_and_in_single_octets(data, header, status, complete, closes, name):
    whole, single = Response(), Response()
    whole.feed(data)
    for number in range(len(data)):
        single.feed(data[number : number + 1])
    for response in (whole, single):
        assert (response.status, response.complete, response.closes) == (status, complete, closes)
        assert response.name(header) == name


def test_the_status_is_known_with_its_line():
    response = Response()
    response.feed(b"HTTP/1.1 200 OK\r\n")
    assert response.status == 200
    assert not response.complete


@pytest.mark.parametrize("data", [b"SSH-2.0-OpenSSH_9.2\r\n", b"\0" * 80, b"HTTP/2 200 OK\r\n"])
def test_not_http(data):
    with pytest.raises(ResponseError):
        Response().feed(data)


def test_too_long():
    response = Response()
    response.feed(b"HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\n")
    for _turn in range(4):
        response.feed(b"x" * 65530)
    with pytest.raises(ResponseError, match="longer"):
        response.feed(b"x" * 65530)
