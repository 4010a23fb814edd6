# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""TLS around a conversation, on memory buffers: encrypted bytes in, encrypted bytes out (ssl.MemoryBIO).

Like keepalived, a check does not verify the certificate unless it is told to; it asks whether the service answers.
"""

from __future__ import annotations

import contextlib
import ssl
import time
from typing import TYPE_CHECKING, Optional

from ..outcome import Conversation, Outcome, Step

if TYPE_CHECKING:
    from .settings import Tls

_CHUNK = 16384
_DAY = 86400


class TlsConversation(Conversation):
    """A conversation inside a TLS client session.

    sni: the server name to ask for, None for none. tls: for the warning ahead of a verified certificate's end, and
    for the good-bye.
    """

    __slots__ = ("_incoming", "_inner", "_object", "_open", "_outgoing", "_tls")

    def __init__(self, context: ssl.SSLContext, sni: Optional[str], inner: Conversation, tls: Tls) -> None:
        self._tls = tls
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._object = context.wrap_bio(self._incoming, self._outgoing, server_hostname=sni)
        self._inner = inner
        self._open = False

    def opened(self) -> Step:
        """Send the client hello."""
        return self._advance()

    def received(self, data: bytes) -> Step:
        """Encrypted bytes of the peer."""
        self._incoming.write(data)
        return self._advance()

    def ended(self) -> Outcome:
        """The connection is closed, with or without a TLS good-bye."""
        self._incoming.write_eof()
        if not self._open:
            return Outcome(False, "closed during the TLS handshake")
        outcome = self._advance()[1]
        return self._inner.ended() if outcome is None else outcome

    def _look_at_the_end(self, outcome: Outcome) -> Outcome:
        """A good outcome, with a warning when the certificate ends soon."""
        certificate = self._object.getpeercert() or {}
        end = certificate.get("notAfter")
        if not isinstance(end, str):
            return outcome
        days = (ssl.cert_time_to_seconds(end) - time.time()) / _DAY
        return (
            outcome if days > self._tls.expiry else outcome._replace(warning=f"the certificate ends in {days:.0f} days")
        )

    def _advance(self) -> Step:
        try:
            outcome = self._handshake() if not self._open else None
            while outcome is None and self._open:
                outcome = self._take(self._object.read(_CHUNK))
        except ssl.SSLWantReadError:
            outcome = None
        except ssl.SSLZeroReturnError:
            outcome = self._inner.ended()
        except ssl.SSLEOFError:
            # The peer closed without a close_notify, as many web servers do: what came before counts.
            outcome = self._inner.ended() if self._open else Outcome(False, "closed during the TLS handshake")
        except ssl.SSLCertVerificationError as error:
            outcome = Outcome(False, f"certificate: {error.verify_message}")
        except ssl.SSLError as error:
            outcome = Outcome(False, f"TLS: {error.reason or error}")
        if outcome is not None and outcome.ok and self._tls.expiry:
            outcome = self._look_at_the_end(outcome)
        if outcome is not None and self._open and self._tls.compliant:
            with contextlib.suppress(ssl.SSLError):
                self._object.unwrap()
        return self._outgoing.read(), outcome

    def _handshake(self) -> Optional[Outcome]:
        self._object.do_handshake()
        self._open = True
        return self._say(self._inner.opened())

    def _take(self, data: bytes) -> Optional[Outcome]:
        return self._say(self._inner.received(data)) if data else self._inner.ended()

    def _say(self, step: Step) -> Optional[Outcome]:
        if step[0]:
            self._object.write(step[0])
        return step[1]


def context(tls: Tls) -> ssl.SSLContext:
    """A client context as keepalived makes it from its SSL block: trust is loaded, the peer is verified if asked for.

    Raises OSError or ssl.SSLError when a file cannot be read or is none.
    """
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if not tls.verify:
        made.check_hostname = False
        made.verify_mode = ssl.CERT_NONE
    if tls.certificate:
        made.load_cert_chain(tls.certificate, tls.key, tls.password)
    if tls.ca:
        made.load_verify_locations(tls.ca)
    elif tls.verify:
        made.load_default_certs()
    return made
