# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mails as keepalived writes them, sent by a process of their own that may wait for a mail server as long as it likes.

Beyond keepalived: STARTTLS with a verified certificate, AUTH, dot-stuffing, lines and bodies of any length, one
connection for what has gathered meanwhile, and mails of the last moment are still delivered. The envelope is
keepalived's: HELO, one MAIL, a RCPT for everybody, DATA.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Dict, List, Sequence, Tuple

if TYPE_CHECKING:
    import smtplib

log = logging.getLogger("lvs-agent")

MOST_WAITING = 1000
"""Mails that wait for a slow server; more are dropped and counted."""
TOGETHER = 100
"""Mails over one connection."""
_MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec"
SESSION = 60
"""Seconds for one connection, on top of the server's own time limit for every tenth mail."""


@dataclass(frozen=True)
class Server:
    """Where mails go. `timeout` in seconds for each step; `user` empty: no AUTH; `ca` empty: the system's."""

    host: str
    port: str = "25"
    helo: str = "localhost"
    timeout: int = 30
    starttls: bool = False
    ca: str = ""
    user: str = ""
    password: str = ""


@dataclass(frozen=True)
class Mail:
    """One mail, complete but for its date."""

    server: Server
    sender: str
    recipients: Tuple[str, ...]
    subject: str
    body: str


def message(mail: Mail, date: str) -> bytes:
    """Header and body; keepalived's, byte for byte."""
    lines = (
        f"Date: {date}",
        f"From: {mail.sender}",
        f"Subject: {mail.subject}",
        "X-Mailer: Keepalived",
        f"To: {', '.join(mail.recipients)}",
        "",
        mail.body,
        "",
        "",
    )
    return "\r\n".join(lines).encode("utf-8", "surrogateescape")


def date_of(now: float) -> str:
    """RFC 5322's date of seconds of the epoch, in local time; names of days and months whatever the locale."""
    local = time.localtime(now)
    day = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")[local.tm_wday]
    month = _MONTHS[3 * local.tm_mon - 3 : 3 * local.tm_mon]
    return time.strftime(f"{day}, %d {month} %Y %H:%M:%S %z", local)


def deliver(mails: Sequence[Tuple[Mail, float]]) -> Dict[str, int]:
    """Send mails of one server over one connection, each with the moment it was written; {trouble: how many have it}.

    Raises OSError (smtplib's own errors are some) when the server cannot be spoken to.
    """
    refused: Dict[str, int] = {}
    client = _connected(mails[0][0].server)
    for number, (mail, written) in enumerate(mails):
        try:
            trouble = _one(client, mail, written)
        except OSError as error:
            refused[legible(error)] = len(mails) - number
            break
        if trouble:
            refused[trouble] = refused.get(trouble, 0) + 1
    with contextlib.suppress(OSError):
        client.quit()
    return refused


def _connected(server: Server) -> smtplib.SMTP:
    import smtplib  # noqa: PLC0415 - much code that only a process with a mail to send needs
    import ssl  # noqa: PLC0415

    # the time limit holds for the connection and for every answer
    client = smtplib.SMTP(server.host, int(server.port), server.helo, timeout=max(1, server.timeout))
    try:
        if server.starttls or server.user:
            client.ehlo()
        else:
            code, answer = client.helo()
            if code != 250:
                raise smtplib.SMTPHeloError(code, answer)
        if server.starttls:  # a server that does not offer it gets nothing: what was asked for is not dropped silently
            client.starttls(context=ssl.create_default_context(cafile=server.ca or None))
            client.ehlo()
        if server.user:
            client.login(server.user, server.password)
    except OSError:
        client.close()
        raise
    return client


def _one(client: smtplib.SMTP, mail: Mail, written: float) -> str:
    """One transaction; what was refused of it, '' when nothing was."""
    code, answer = client.mail(mail.sender)
    taken = 0
    trouble = "" if code == 250 else f"sender {mail.sender}: {_text(code, answer)}"
    for recipient in mail.recipients if code == 250 else ():
        code, answer = client.rcpt(recipient)
        taken += code in (250, 251)
        if code not in (250, 251):
            trouble = f"recipient {recipient}: {_text(code, answer)}"
    if taken:
        code, answer = client.data(message(mail, date_of(written)))
        return trouble if code == 250 else _text(code, answer)
    client.rset()
    return trouble or "nobody took it"


def _text(code: int, answer: bytes) -> str:
    return f"{code} {answer[:200].decode('ascii', 'replace')}"


class Outbox:
    """Mails that wait, and the one process that delivers some of them. The owner reaps its children by `done`."""

    def __init__(self) -> None:
        self._waiting: List[Tuple[Mail, float]] = []
        self._pid = 0
        self._dropped = 0

    def put(self, mail: Mail) -> None:
        """Have it delivered; returns at once."""
        if len(self._waiting) >= MOST_WAITING:
            self._dropped += 1
            if self._dropped == 1:
                log.error("%d mails wait for %s: newer ones are dropped", MOST_WAITING, mail.server.host)
            return
        self._waiting.append((mail, time.time()))
        self.look()

    def look(self) -> None:
        """Whether the process at work has ended, and start the next one for what has gathered."""
        if self._pid:
            pid, status = os.waitpid(self._pid, os.WNOHANG)
            if not pid:
                return
            self._pid = 0
            if os.WIFSIGNALED(status):
                log.error("mails were not delivered in time")
        if self._waiting:
            self._begin()

    def close(self) -> None:
        """The last mails: a process of their own, that nobody waits for."""
        if self._waiting:
            self._begin()

    def _begin(self) -> None:
        server = self._waiting[0][0].server
        batch = [each for each in self._waiting if each[0].server == server][:TOGETHER]
        self._pid = os.fork()
        if self._pid == 0:
            try:
                _work(batch)
            finally:  # the owner's code must not run on in its fork
                os._exit(0)
        sent = {id(each) for each in batch}
        self._waiting = [each for each in self._waiting if id(each) not in sent]
        if not self._waiting:
            self._dropped = 0


def _work(batch: Sequence[Tuple[Mail, float]]) -> None:
    server = batch[0][0].server
    os.setsid()
    os.closerange(3, 1 << 16)
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(SESSION + max(1, server.timeout) * (1 + len(batch) // 10))
    try:
        for trouble, number in deliver(batch).items():
            log.error("%d mails not taken by %s port %s: %s", number, server.host, server.port, trouble)
    except (OSError, ValueError) as error:  # ValueError: what cannot be sent as ASCII, or a port that is none
        log.error("%d mails not sent by %s port %s: %s", len(batch), server.host, server.port, legible(error))


def legible(error: Exception) -> str:
    """What went wrong, with the server's own words where it said any."""
    code, answer = getattr(error, "smtp_code", None), getattr(error, "smtp_error", b"")
    if code is None:
        return str(error) or type(error).__name__
    return _text(code, answer if isinstance(answer, bytes) else str(answer).encode())
