# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTP_GET and SSL_GET: one GET a run, judged by status code, MD5 and a regular expression.

It asks as keepalived asks (same request line and headers, HTTP/1.0 unless told otherwise) and hashes the body as it
comes over the wire, up to Content-Length, so digests made with genhash stay valid; nothing is un-chunked or
decompressed. TLS is tls/'s. RFC 9112 for the message, RFC 3986 3.2.2 for the brackets around IPv6 hosts.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Optional, Tuple

from .outcome import Conversation, Outcome, Step

if TYPE_CHECKING:
    from .endpoint import Endpoint
    from .match import Match
    from .tls.settings import Tls

MOST_HEADER = 65536
"""Bytes of header that are read before the answer is given up."""

_EMPTY = hashlib.md5(usedforsecurity=False)
_STATUS_LINE = re.compile(rb"HTTP/[0-9.]+ ([0-9]{3})(?: |\r\n)")
_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*([0-9]+)[ \t]*(?=\r\n)", re.IGNORECASE)


@dataclass(frozen=True)
class Url:
    """One url block. digest: MD5 in hex, None for any body. status_codes: ranges, both ends included."""

    path: str
    digest: Optional[str] = None
    status_codes: Tuple[Tuple[int, int], ...] = ((200, 299),)
    virtualhost: Optional[str] = None
    match: Optional[Match] = None


@dataclass(frozen=True)
class HttpCheck:
    """One HTTP_GET or (with tls) SSL_GET. http_protocol: 1.0, 1.0C (with Connection: close) or 1.1."""

    endpoint: Endpoint
    urls: Tuple[Url, ...]
    virtualhost: Optional[str] = None
    http_protocol: str = "1.0"
    tls: Optional[Tls] = None

    @property
    def name(self) -> str:
        """Keepalived's word for it."""
        return "SSL_GET" if self.tls else "HTTP_GET"

    @property
    def steps(self) -> int:
        """Urls, one a run."""
        return len(self.urls)

    def converse(self, step: int) -> Conversation:
        """A GET of the url number `step`."""
        return HttpConversation(self.urls[step], self._requests[step])

    @cached_property
    def _requests(self) -> Tuple[bytes, ...]:
        return tuple(request(self.endpoint, url, self.virtualhost, self.http_protocol) for url in self.urls)

    def server_name(self, step: int) -> Optional[str]:
        """The TLS server name for the url number `step`; None for none."""
        if self.tls is None or not (self.tls.enable_sni or self.tls.verify):
            return None
        return self.tls.sni_name or self.urls[step].virtualhost or self.virtualhost


def request(endpoint: Endpoint, url: Url, virtualhost: Optional[str], http_protocol: str) -> bytes:
    """The request in keepalived's bytes: a virtual host as given, else the address with its port."""
    host = url.virtualhost or virtualhost
    if not host:
        address = f"[{endpoint.address}]" if ":" in endpoint.address else endpoint.address
        host = f"{address}:{endpoint.port}"
    minor = 1 if http_protocol == "1.1" else 0
    close = "" if http_protocol == "1.0" else "Connection: close\r\n"
    asked = f"GET {url.path} HTTP/1.{minor}\r\nUser-Agent: KeepAliveClient\r\n{close}Host: {host}\r\n\r\n"
    return asked.encode("utf-8", "surrogateescape")


class HttpConversation(Conversation):
    """One GET: the answer is read until the peer closes, as keepalived does."""

    __slots__ = ("_body", "_digest", "_header", "_left", "_request", "_status", "_url")

    def __init__(self, url: Url, asked: bytes) -> None:
        self._url = url
        self._request = asked
        self._header: Optional[bytes] = b""
        self._status = 0
        self._left: Optional[int] = None
        self._digest = _EMPTY.copy() if url.digest else None
        self._body = b""

    def opened(self) -> Step:
        """Send the request."""
        return self._request, None

    def received(self, data: bytes) -> Step:
        """Part of the answer."""
        if self._header is not None:
            return b"", self._read_header(self._header + data)
        self._read_body(data)
        return b"", None

    def ended(self) -> Outcome:
        """The answer is whole: judge it."""
        if self._header is not None:
            return Outcome(False, "closed without an answer" if not self._header else "answer is not HTTP")
        return judge(self._url, self._status, self.hexdigest(), self._body)

    def hexdigest(self) -> str:
        """MD5 of the body so far, '' when nobody asked for it."""
        return self._digest.hexdigest() if self._digest is not None else ""

    def _read_header(self, data: bytes) -> Optional[Outcome]:
        end = data.find(b"\r\n\r\n")
        if end < 0:
            self._header = data
            return Outcome(False, "header without an end") if len(data) > MOST_HEADER else None
        self._header = None
        status = _STATUS_LINE.match(data)
        self._status = int(status.group(1)) if status else 0
        length = _LENGTH.search(data, 0, end + 2)
        self._left = int(length.group(1)) if length else None
        self._read_body(data[end + 4 :])
        return None

    def _read_body(self, data: bytes) -> None:
        match = self._url.match
        if match is not None and len(self._body) < match.wanted:
            self._body += data
        if self._digest is None:
            return
        if self._left is None:
            self._digest.update(data)
        else:
            self._digest.update(data[: self._left])
            self._left = max(0, self._left - len(data))


def judge(url: Url, status: int, digest: str, body: bytes) -> Outcome:
    """The verdict on a whole answer, in keepalived's order: status code, digest, regular expression."""
    for low, high in url.status_codes:
        if low <= status <= high:
            break
    else:
        return Outcome(False, f"{url.path}: HTTP status code {status}")
    if url.digest and digest != url.digest.lower():
        return Outcome(False, f"{url.path}: MD5 digest is {digest}")
    fault = url.match.fault(body) if url.match is not None else ""
    if fault:
        return Outcome(False, f"{url.path}: regex {fault}")
    return Outcome(True, f"{url.path}: HTTP status code {status}")
