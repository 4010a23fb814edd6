# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""lvs_sync_daemon: the kernel's daemons that tell other directors of connections, as keepalived runs them.

With a vrrp_instance the director sends (master daemon) while the instance is MASTER and listens (backup daemon)
otherwise; without one it does both. The id is that of the virtual router where none is said, 0 without an instance.
Daemons that the file does not ask for are left alone unless an earlier file did.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Dict, List, Mapping, Optional, Tuple

from ansible_collections.lvs.cluster.plugins.module_utils.conf import effective, model

from .ipvs.stats import STATE_BACKUP, STATE_MASTER, Daemon

if TYPE_CHECKING:
    from .ipvs.port import Ipvs

log = logging.getLogger("checker")

_WORDS = {STATE_MASTER: "master", STATE_BACKUP: "backup"}


def wanted(document: model.Document, states: Mapping[str, str]) -> Optional[Tuple[Daemon, ...]]:
    """The daemons that should run while the instances are in these states; None when the file says nothing of it."""
    said = effective.global_defs(document).lvs_sync_daemon
    if said is None:
        return None
    numbers = {block.name: block.virtual_router_id or 0 for block in document.vrrp_instances}
    syncid = numbers.get(said.instance or "", 0) if said.id is None else said.id
    roles: Tuple[int, ...] = (STATE_MASTER, STATE_BACKUP)
    if said.instance is not None:
        roles = (STATE_MASTER,) if states.get(said.instance) == "MASTER" else (STATE_BACKUP,)
    more = (said.maxlen or 0, said.group or "", said.port or 0, said.ttl or 0)
    return tuple(Daemon(role, said.interface, syncid, *more) for role in roles)


def steps(have: Tuple[Daemon, ...], want: Tuple[Daemon, ...]) -> Tuple[Tuple[int, ...], Tuple[Daemon, ...]]:
    """What leads from what runs to what should: roles to stop, then daemons to start. A 0 or '' of a wanted daemon is
    the kernel's choice and no difference.
    """
    running = {daemon.state: daemon for daemon in have}
    start = tuple(daemon for daemon in want if not _fits(running.get(daemon.state), daemon))
    leave = {daemon.state for daemon in want if daemon not in start}
    return tuple(state for state in running if state not in leave), start


def _fits(runs: Optional[Daemon], want: Daemon) -> bool:
    if runs is None or (runs.interface, runs.syncid) != (want.interface, want.syncid):
        return False
    pairs = ((runs.maxlen, want.maxlen), (runs.group, want.group), (runs.port, want.port), (runs.ttl, want.ttl))
    return all(not said or said == real for real, said in pairs)


class SyncDaemons:
    """The kernel's sync daemons as one document and the instances' states want them."""

    def __init__(self) -> None:
        self.states: Dict[str, str] = {}
        self.running: Tuple[Daemon, ...] = ()
        """What the kernel ran at the last look."""
        self.refused = ""
        """Why the kernel does not run what it should; '' when it does."""
        self.asked = False
        """Whether the file, or that of a checker before this one, has asked for daemons."""

    def look(self, ipvs: Ipvs, document: model.Document) -> int:
        """Bring the kernel's daemons to what should be; the number of those stopped and started. Raises OSError when
        the kernel is out of reach.
        """
        want = wanted(document, self.states)
        if want is None and not self.asked:
            return 0
        self.asked = want is not None
        have = ipvs.daemons()
        stop, start = steps(have, want or ())
        if stop or start:
            self._change(ipvs, stop, start)
            have = ipvs.daemons()
        self.running = have
        return len(stop) + len(start)

    def _change(self, ipvs: Ipvs, stop: Tuple[int, ...], start: Tuple[Daemon, ...]) -> None:
        trouble = ""
        for state in stop:
            try:
                ipvs.stop_daemon(state)
                log.info("the %s sync daemon is stopped", _WORDS[state])
            except ProcessLookupError:
                continue
        for daemon in start:
            try:
                ipvs.start_daemon(daemon)
                log.info("the %s sync daemon runs on %s, id %d", _WORDS[daemon.state], daemon.interface, daemon.syncid)
            except OSError as error:
                trouble = f"the {_WORDS[daemon.state]} sync daemon on {daemon.interface}: {error.strerror}"
        if trouble and trouble != self.refused:
            log.error("the kernel refuses %s", trouble)
        self.refused = trouble

    def stop(self, ipvs: Ipvs) -> None:
        """End what we asked for."""
        if self.asked:
            self._change(ipvs, tuple(daemon.state for daemon in ipvs.daemons()), ())

    def status(self) -> List[Dict[str, object]]:
        """What runs, ready for JSON."""
        return [
            {
                "role": _WORDS[daemon.state],
                "interface": daemon.interface,
                "id": daemon.syncid,
                "group": daemon.group,
                "port": daemon.port,
                "ttl": daemon.ttl,
                "maxlen": daemon.maxlen,
            }
            for daemon in self.running
        ]
