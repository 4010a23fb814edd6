# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the document to the mails that tell of changes: who gets them by which server, and keepalived's words. Pure.

keepalived mails when a virtual router, a sync group, a check, a real server or a quorum changed; no_email_faults leaves
out FAULT, no_checker_emails what a check alone changed.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, FrozenSet, Mapping, Optional, Tuple

from ansible_collections.lvs.cluster.plugins.module_utils.conf import effective

from .checks.misc import LATE
from .notify.mail import Mail, Server
from .pool import roster
from .vrrp.events import Notice

if TYPE_CHECKING:
    from ansible_collections.lvs.cluster.plugins.module_utils.conf import model

    from .plan_checks import Service

Words = Tuple[str, str]
"""Subject without the router's name, and body."""

_INSTANCE: Mapping[Notice, Words] = {
    Notice.MASTER: ("Entering MASTER state", "=> VRRP Instance is now owning VRRP VIPs <="),
    Notice.BACKUP: ("Entering BACKUP state", "=> VRRP Instance is no longer owning VRRP VIPs <="),
    Notice.FAULT: ("Entering FAULT state", "=> VRRP Instance is no longer owning VRRP VIPs <="),
    Notice.STOP: ("Stopping", "=> VRRP Instance stopping <="),
}
_GROUP: Mapping[Notice, Words] = {
    Notice.MASTER: ("Entering MASTER state", "=> All VRRP group instances are now in MASTER state <="),
    Notice.BACKUP: ("Entering BACKUP state", "=> All VRRP group instances are now in BACKUP state <="),
    Notice.FAULT: ("Entering FAULT state", "=> All VRRP group instances are now in FAULT state <="),
    Notice.STOP: ("Stopping", "=> All VRRP group instances are now stopping <="),
}
# (up, down) of a check, by its name; keepalived has no mail for FILE_CHECK
_CHECKS: Mapping[str, Words] = {
    "TCP_CHECK": ("=> TCP CHECK succeed on service <=", "=> TCP CHECK failed on service <="),
    "HTTP_GET": ("=> CHECK succeed on service <=", "=> CHECK failed on service : HTTP request failed <="),
    "SSL_GET": ("=> CHECK succeed on service <=", "=> CHECK failed on service : HTTP request failed <="),
    "SMTP_CHECK": ("=> CHECK succeed on service <=", "=> CHECK failed on service : {text} <="),
    "DNS_CHECK": ("=> DNS_CHECK: succeed on service <=", "=> DNS_CHECK: failed on service <="),
    "PING_CHECK": ("=> ICMP CHECK succeed on service <=", "=> ICMP CHECK failed on service <="),
    "UDP_CHECK": ("=> UDP CHECK succeed on service <=", "=> UDP CHECK failed on service <="),
    "MISC_CHECK": ("=> MISC CHECK succeeded on service <=", "=> MISC CHECK failed on service <="),
    "BFD_CHECK": ("=> BFD CHECK {text} succeeded on service <=", "=> BFD CHECK {text} failed on service <="),
}

TOLD_AT_FIRST = ("MISC_CHECK",)
"""Checks whose first run is mailed whatever came of it."""


@dataclass(frozen=True)
class Office:
    """How mails leave this host. `faults`, `checks`: whether FAULT, and what a check alone changed, is mailed."""

    server: Server
    router: str
    sender: str
    recipients: Tuple[str, ...]
    faults: bool = True
    checks: bool = True

    def mail(self, what: str, words: Words) -> Mail:
        """Of `what`, in keepalived's form."""
        return Mail(self.server, self.sender, self.recipients, f"[{self.router}] {what} - {words[0]}", words[1])


@dataclass(frozen=True)
class Mailing:
    """The office, and whose changes are mailed: names of virtual routers and of sync groups."""

    office: Optional[Office] = None
    instances: FrozenSet[str] = frozenset()
    groups: FrozenSet[str] = frozenset()

    def instance(self, name: str, notice: Notice) -> Optional[Mail]:
        """The mail that a virtual router's change makes."""
        return self._mail(f"VRRP Instance {name}", _INSTANCE.get(notice), notice, wanted=name in self.instances)

    def group(self, name: str, notice: Notice) -> Optional[Mail]:
        """The mail that a sync group's change makes."""
        return self._mail(f"VRRP Group {name}", _GROUP.get(notice), notice, wanted=name in self.groups)

    def _mail(self, what: str, words: Optional[Words], notice: Notice, *, wanted: bool) -> Optional[Mail]:
        if self.office is None or words is None or not wanted:
            return None
        return self.office.mail(what, words) if self.office.faults or notice is not Notice.FAULT else None


def office(document: model.Document) -> Optional[Office]:
    """None when nobody gets mails, or no server is named."""
    glob = effective.global_defs(document)
    if not glob.notification_email or glob.smtp_server is None:
        return None
    host = os.uname().nodename
    server = Server(
        glob.smtp_server.host,
        glob.smtp_server.port or "25",
        glob.smtp_helo_name or host,
        30 if glob.smtp_connect_timeout is None else glob.smtp_connect_timeout,
        bool(glob.smtp_starttls),
        glob.smtp_ca_file or "",
        glob.smtp_auth_user or "",
        glob.smtp_auth_pass or "",
    )
    return Office(
        server,
        glob.router_id or host,
        glob.notification_email_from or f"keepalived@{host}",
        tuple(glob.notification_email),
        not glob.no_email_faults,
        not glob.no_checker_emails,
    )


def mailing(document: model.Document) -> Mailing:
    """What the VRRP process mails."""
    return Mailing(
        office(document),
        frozenset(b.name for b in document.vrrp_instances if effective.vrrp_smtp_alert(document, b)),
        frozenset(b.name for b in document.vrrp_sync_groups if effective.vrrp_smtp_alert(document, b)),
    )


def quorum(post: Office, service: Service, effect: roster.Effect) -> Optional[Mail]:
    """The mail of a quorum gained or lost; None of anything else."""
    if not isinstance(effect, (roster.QuorumUp, roster.QuorumDown)):
        return None
    up = isinstance(effect, roster.QuorumUp)
    said = "Gained quorum" if up else "Lost quorum"
    if effect.at_start:
        said = "Starting with quorum up" if up else "Starting with quorum down"
    pool = service.pool
    body = f"=> {said} {pool.quorum}+{pool.hysteresis}={effect.threshold} <= {effect.sum} <="
    if isinstance(effect, roster.QuorumDown) and effect.at_stop:
        body = "=> Shutting down <="
    return post.mail(f"Virtualserver {service.name}", ("UP" if up else "DOWN", body))


def check(post: Office, service: str, server: str, name: str, text: str, *, up: bool, alive: bool) -> Optional[Mail]:
    """The mail of a check that came up or down; `alive`: what its real server is now."""
    own = f"{name.replace('_', ' ')} {{}} on service"
    words = _CHECKS.get(name, (f"=> {own.format('succeed')} <=", f"=> {own.format('failed')} <="))
    if name == "FILE_CHECK":
        return None
    if name == "MISC_CHECK" and LATE in text and not up:
        return _server(post, service, server, "=> MISC CHECK timed out on service <=", up=alive)
    return _server(post, service, server, words[not up].replace("{text}", text), up=alive)


def removed(post: Office, service: str, server: str, *, stopping: bool) -> Mail:
    """The mail of a real server that goes with the daemon or with a reload."""
    return _server(post, service, server, "=> Shutting down <=" if stopping else "=> Removing <=", up=False)


def _server(post: Office, service: str, server: str, body: str, *, up: bool) -> Mail:
    return post.mail(f"Realserver {server} of virtual server {service}", ("UP" if up else "DOWN", body))
