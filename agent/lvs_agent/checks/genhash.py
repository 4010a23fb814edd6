# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`lvs-agent genhash`: the MD5 of a page as HTTP_GET and SSL_GET will see it, for the digest keyword.

Options and output are keepalived's genhash's; only the exit status says more: 1 when there is no digest.
"""

from __future__ import annotations

import argparse
import ipaddress
import sys
from typing import TYPE_CHECKING, List

from .endpoint import Endpoint
from .http import HttpConversation, Url, request
from .stream.port import once
from .tls.port import TlsConversation, context
from .tls.settings import Tls

if TYPE_CHECKING:
    from .outcome import Conversation, Outcome, Step

_RULE = "-----------------------"
_PROTOCOLS = {"1.0": "1.0", "1.0c": "1.0C", "1.0C": "1.0C", "1.1": "1.1"}


def main(arguments: List[str]) -> int:
    """Print the digest. 0 done, 1 no answer to hash, 2 (from argparse) wrong options."""
    options = _parser().parse_args(arguments)
    end = Endpoint(options.server, options.port, options.timeout, fwmark=options.fwmark)
    url = Url(options.url, digest="-")
    page = _Page(url, request(end, url, options.use_virtualhost, _PROTOCOLS[options.protocol]))
    talk: Conversation = page
    if options.use_ssl:
        talk = TlsConversation(context(Tls()), options.use_virtualhost if options.use_sni else None, page, Tls())
    try:
        outcome = once(end, talk)
    except OSError as error:
        print(f"no answer from {end.name}: {error.strerror or error}", file=sys.stderr)
        return 1
    if not page.header:
        print(f"no answer from {end.name}: {outcome.text}", file=sys.stderr)
        return 1
    if options.verbose:
        print(page.report())
    print(page.hexdigest())
    return 0


class _Page(HttpConversation):
    """A GET that keeps what came, to show it."""

    __slots__ = ("body", "header")

    def __init__(self, url: Url, asked: bytes) -> None:
        super().__init__(url, asked)
        self.header = b""
        self.body = b""

    def received(self, data: bytes) -> Step:
        """Keep it, then as for a check."""
        self.body += data
        return super().received(data)

    def ended(self) -> Outcome:
        """Part header and body."""
        header, found, body = self.body.partition(b"\r\n\r\n")
        if found:
            self.header, self.body = header + found, body
        return super().ended()

    def report(self) -> str:
        """Header and body in hexadecimal, as -v shows them."""
        digest = bytes.fromhex(self.hexdigest())
        parts = [_title("    HTTP Header Buffer    "), *_dump(self.header)]
        parts += [_title(" HTTP Header Ascii Buffer "), self.header.decode("latin-1").replace("\r", "")]
        parts += [_title("        HTML Buffer        "), *_dump(self.body)]
        parts += ["", _title("    HTML hash resulting    "), *_dump(digest), _title(" HTML hash final resulting ")]
        return "\n".join(parts)


def _title(text: str) -> str:
    return f"{_RULE}[{text}]{_RULE}"


def _dump(data: bytes) -> List[str]:
    lines = []
    for start in range(0, len(data), 16):
        row = data[start : start + 16]
        left, right = row[:8].hex(" "), row[8:].hex(" ")
        text = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)
        lines.append(f"{start:04d}  {left:<23} - {right:<23}   {text}")
    return lines


def _address(text: str) -> str:
    return str(ipaddress.ip_address(text))


def _parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(prog="lvs-agent genhash", description="The MD5 digest of a page, for HTTP_GET.")
    p.add_argument("-s", "--server", type=_address, required=True, help="address of the server")
    p.add_argument("-p", "--port", type=int, required=True)
    p.add_argument("-u", "--url", required=True, help="path, with its query")
    p.add_argument("-S", "--use-ssl", action="store_true", help="ask over TLS")
    p.add_argument("-I", "--use-sni", action="store_true", help="name the virtual host in TLS")
    p.add_argument("-V", "--use-virtualhost", metavar="NAME", help="Host header")
    p.add_argument("-P", "--protocol", choices=sorted(_PROTOCOLS), default="1.0", help="HTTP version")
    p.add_argument("-t", "--timeout", type=float, default=5.0, help="seconds (5)")
    p.add_argument("-m", "--fwmark", type=int, default=0, help="firewall mark of the packets")
    p.add_argument("-v", "--verbose", action="store_true", help="show what came")
    return p
