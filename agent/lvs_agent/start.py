# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the options of `run` to a serving parent process: read, refuse or accept, detach, build, run."""

from __future__ import annotations

import ctypes
import gc
import logging
import os
import sys
from typing import TYPE_CHECKING, Dict, Mapping, Optional, Sequence, Tuple

from ansible_collections.lvs.cluster.plugins.module_utils.conf import effective
from ansible_collections.lvs.cluster.plugins.module_utils.conf.cache import Cache

from . import __version__, checker_child, plan_process, preview
from .daemon import BECOME, Parent
from .parent_options import Options, Rooms
from .reading import Config, Unreadable, load

if TYPE_CHECKING:
    import argparse

    from ansible_collections.lvs.cluster.plugins.module_utils.conf import model

    from .channel import Channel
    from .child import Body

log = logging.getLogger("lvs-agent")

METRICS_PORT = 9650
STARTED, FAILED, REFUSED, UNREADABLE = 0, 1, 2, 6
"""Exit statuses, as keepalived's: stopped when told to, an error, configuration refused, no configuration."""


def serve(options: argparse.Namespace) -> int:
    """Run until stopped. A file with errors at start is refused: there is no running configuration to keep."""
    if options.namespace:
        try:
            _enter(options.namespace)
        except OSError as error:
            log.error("no network namespace %s: %s", options.namespace, error.strerror)
            return REFUSED
    home = os.getcwd()
    for name in ("file", "pid", "vrrp_pid", "checkers_pid", "socket"):  # a daemon works in /
        path = getattr(options, name)
        if path:
            setattr(options, name, os.path.abspath(path))
    cache = Cache()
    gc.disable()  # until the parent serves: what is made now stays, and looking for garbage in it takes as long again
    try:
        config = load(options.file, options.config_id, cache)
    except Unreadable as error:
        log.error("%s", error)
        return UNREADABLE
    for line in config.rendered:
        (log.error if config.errors else log.warning)("%s", line)
    if config.errors:
        log.error("%s is refused; nothing was started", options.file)
        return REFUSED
    mask = plan_process.umask(effective.global_defs(config.document))
    if mask is not None and options.umask is None:
        os.umask(mask)
    if options.ignored:
        log.warning("options without a meaning here: %s", " ".join(options.ignored))
    if not options.dont_fork:
        _detach()
    log.info("lvs-agent %s, Python %s, %s", __version__, sys.version.split()[0], options.file)

    def reread() -> Config:
        try:
            return load(options.file, options.config_id, cache)
        except Unreadable as error:
            return Config.unreadable(options.file, str(error))
        except Exception as error:  # noqa: BLE001 - a bug in reading must not end what is served
            text = f"{options.file}: bug in reading it: {type(error).__name__}: {error}; please report it"
            return Config.unreadable(options.file, text)

    bodies: Dict[str, Body] = {"bfd": _bfd, "vrrp": _vrrp, "checker": checker_child.run, "segment": _segment}
    keep = {
        name for name, kept in (("vrrp", options.dont_release_vrrp), ("checker", options.dont_release_ipvs)) if kept
    }
    rooms = Rooms(bodies, _release, preview.places, _watched, _alone, _metrics, _socket_group, _prepare)
    status = Parent(_daemon_options(options, frozenset(keep)), config, reread, rooms).run()
    return _become(home) if status == BECOME else status


def _become(home: str) -> int:
    """Run what lies on disk now in this process, with the words this one was started with; it need not detach again.

    When that fails this process ends with an error: the children serve on until the service manager's next start.
    """
    with open("/proc/self/cmdline", "rb") as file:
        words = file.read().split(b"\0")[:-1]
    try:
        os.chdir(home)
        os.execv(sys.executable, words if words[-1] == b"-n" else [*words, b"-n"])  # noqa: S606 - our own command line
    except OSError as error:
        log.error("cannot restart: %s", error)
        return FAILED


def _prepare(name: str) -> None:
    """Load a child's rooms, so that it and its successors share them. Half of the imports are of VRRP alone."""
    if name == "vrrp":
        from . import vrrp_child  # noqa: F401, PLC0415 - a file without vrrp_instances starts in half the time


def _vrrp(channel: Channel, document: model.Document, carried: Mapping[str, str]) -> int:
    from . import vrrp_child  # noqa: PLC0415 - see _prepare

    return vrrp_child.run(channel, document, carried)


def _bfd(channel: Channel, document: model.Document, carried: Mapping[str, str]) -> int:
    from . import bfd_child  # noqa: PLC0415 - seldom wanted

    return bfd_child.run(channel, document, carried)


def _segment(channel: Channel, document: model.Document, carried: Mapping[str, str]) -> int:
    from . import segment_child  # noqa: PLC0415 - seldom wanted

    return segment_child.run(channel, document, carried)


def _watched(document: model.Document) -> bool:
    return bool(document.vrrp_instances) and effective.global_defs(document).segment_watch is not None


def _alone(document: model.Document, options: Options) -> bool:
    if not document.bfd_instances:
        return False
    from . import plan_bfd  # noqa: PLC0415 - seldom wanted

    return plan_bfd.alone(document, vrrp=options.vrrp, checkers=options.checkers)


def _release(documents: Sequence[Optional[model.Document]], told: Mapping[str, str]) -> None:
    from . import vrrp_child  # noqa: PLC0415 - see _prepare

    vrrp_child.release(documents, told)


def _metrics(document: model.Document) -> Optional[Tuple[str, int]]:
    place = effective.global_defs(document).metrics
    return None if place is None else (place.address, place.port or METRICS_PORT)


def _socket_group(document: model.Document) -> Optional[str]:
    return effective.global_defs(document).socket_group


def _daemon_options(options: argparse.Namespace, keep: frozenset[str]) -> Options:
    chosen = Options(
        file=options.file,
        vrrp=options.vrrp or options.all or not options.check,
        checkers=options.check or options.all or not options.vrrp,
        keep=keep,
        respawn=not options.dont_respawn,
        pid_file=options.pid,
        child_pid_files={"vrrp": options.vrrp_pid, "checker": options.checkers_pid},
    )
    if options.socket is None:
        return chosen
    return chosen.at(os.path.dirname(options.socket), options.socket)


def _enter(name: str) -> None:
    """Move into the network namespace `ip netns` calls `name`."""
    descriptor = os.open(f"/run/netns/{name}", os.O_RDONLY | os.O_CLOEXEC)
    if ctypes.CDLL(None, use_errno=True).setns(descriptor, 0x40000000) != 0:  # CLONE_NEWNET
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    os.close(descriptor)


def _detach() -> None:
    """Become a daemon: the caller gets its prompt back, the agent no terminal (daemon(7), SysV steps)."""
    if os.fork():
        os._exit(STARTED)
    os.setsid()
    if os.fork():
        os._exit(STARTED)
    os.chdir("/")
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    os.close(null)
