# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The daemon as a whole: mail, scripts, track scripts and processes, BFD, garp groups."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Optional

from . import effective, model

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .rules import Look

_SCRIPT_WORDS = (
    "notify",
    "notify_master",
    "notify_backup",
    "notify_fault",
    "notify_stop",
    "notify_deleted",
    "notify_master_rx_lower_pri",
)


def mail_has_a_server(look: Look) -> None:
    """Mail that is wanted but cannot be sent, or has nobody to go to."""
    glob = effective.global_defs(look.document)
    if glob.notification_email and glob.smtp_server is None:
        message = "mails have no smtp_server to go through"
        look.warning("mail-without-server", message, glob, "notification_email", help_text="smtp_server 127.0.0.1")
    if glob.smtp_auth_pass and not glob.smtp_starttls:
        message = "the password of the mail server would travel in the clear"
        look.error("mail-password-in-clear", message, glob, "smtp_auth_pass", help_text="@lvs_agent smtp_starttls")
    if glob.notification_email:
        return
    wanted: list[tuple[Any, str]] = [(glob, word) for word in ("smtp_alert", "smtp_alert_vrrp", "smtp_alert_checker")]
    wanted += [(block, "smtp_alert") for block in look.document.vrrp_instances]
    wanted += [(block, "smtp_alert") for block in look.document.vrrp_sync_groups]
    for block, word in wanted:
        if getattr(block, word):
            message = f"{word} is on, but notification_email names nobody"
            look.warning("mail-to-nobody", message, block, word, help_text="notification_email { you@example.org }")
            return


def scripts(document: model.Document) -> Iterator[tuple[Any, str, Optional[model.Script]]]:
    """(block, attribute, script) of every script in a file."""
    glob = document.global_defs
    if glob is not None:
        for word in ("startup_script", "shutdown_script"):
            yield glob, word, getattr(glob, word)
        for word in ("notify_fifo_script", "vrrp_notify_fifo_script", "lvs_notify_fifo_script"):
            yield glob, word, getattr(glob, word)
    for instance in document.vrrp_instances:
        for word in _SCRIPT_WORDS:
            yield instance, word, getattr(instance, word)
    for group in document.vrrp_sync_groups:
        for word in _SCRIPT_WORDS[:5]:
            yield group, word, getattr(group, word)
    for script in document.vrrp_scripts:
        yield script, "script", script.script
    for virtual in document.virtual_servers:
        yield virtual, "quorum_up", virtual.quorum_up
        yield virtual, "quorum_down", virtual.quorum_down
        for real in virtual.real_servers:
            if real.notify_up is not None or real.notify_down is not None:
                yield real, "notify_up", real.notify_up
                yield real, "notify_down", real.notify_down
            for check in real.checks:
                if check.__class__ is model.MiscCheck:
                    yield check, "misc_path", check.misc_path


def scripts_are_there(look: Look) -> None:
    """Scripts that do not exist on the machine, when that can be asked."""
    if look.exists is None:
        return
    for block, word, script in scripts(look.document):
        if script is not None and script.argv and script.argv[0].startswith("/") and not look.exists(script.argv[0]):
            message = f"{script.argv[0]} does not exist: keepalived goes on without it"
            look.warning("missing-script", message, block, word)


def scripts_are_guarded(look: Look) -> None:
    """Scripts run as root from wherever, unless enable_script_security is on."""
    glob = effective.global_defs(look.document)
    if glob.enable_script_security:
        return
    for block, word, script in scripts(look.document):
        if script is not None and script.argv:
            message = "scripts run without enable_script_security"
            help_text = "write enable_script_security and script_user in global_defs"
            look.warning("no-script-security", message, block, word, help_text=help_text, word=0)
            return


def weights_mean_something(look: Look) -> None:
    """reverse without a weight to reverse."""
    for script in look.document.vrrp_scripts:
        if script.weight is not None and script.weight.reverse and script.weight.weight == 0:
            look.warning("useless-option", "reverse means nothing with weight 0", script, "weight", word=2)


def script_times_fit(look: Look) -> None:
    """A timeout beyond the interval."""
    for script in look.document.vrrp_scripts:
        interval = 1.0 if script.interval is None else script.interval
        if script.timeout is not None and script.timeout > interval:
            message = f"the timeout of {script.timeout:g} s is longer than the interval of {interval:g} s"
            look.warning("timeout-above-interval", message, script, "timeout", help_text="a run may overlap the next")


def processes_have_room(look: Look) -> None:
    """quorum_max below quorum."""
    for process in look.document.vrrp_track_processes:
        least = process.quorum or 1
        if process.quorum_max is not None and process.quorum is not None and process.quorum_max < least:
            message = f"quorum_max {process.quorum_max} is below quorum {least}: it is never up"
            look.error("quorum-range", message, process, "quorum_max")


def sessions_fit(look: Look) -> None:
    """BFD: both addresses of one family; a session of its own for each neighbour."""
    seen: dict[str, model.BfdInstance] = {}
    for session in look.document.bfd_instances:
        near, far = session.source_ip, session.neighbor_ip
        if near and far and (":" in near) != (":" in far):
            look.error("family-mismatch", f"{near} and {far} are of two families", session, "source_ip")
        if far and far in seen:
            line = look.line(seen[far])
            message = f"{far} has a session already"
            look.error("duplicate-neighbor", message, session, "neighbor_ip", help_text=f"it is in line {line}")
        elif far:
            seen[far] = session
        if session.vrrp and session.checker:
            look.warning("contradiction", "vrrp and checker: each means `only for`", session, "checker", word=0)


def garp_groups_say_something(look: Look) -> None:
    """A garp_group without any interval, or without an interface."""
    for group in look.document.garp_groups:
        if group.garp_interval is None and group.gna_interval is None:
            look.warning("useless-block", "a garp_group without an interval is removed", group, word=0)
        elif group.interface is None and not group.interfaces:
            look.warning("useless-block", "a garp_group without interfaces changes nothing", group, word=0)


def reload_words_fit(look: Look) -> None:
    """fifo scripts without their fifo."""
    glob = look.document.global_defs
    if glob is None:
        return
    for word in ("notify_fifo", "vrrp_notify_fifo", "lvs_notify_fifo"):
        if getattr(glob, f"{word}_script") is not None and getattr(glob, word) is None:
            look.warning("useless-option", f"{word}_script has no {word} to read", glob, f"{word}_script")


RULES = (
    mail_has_a_server,
    scripts_are_there,
    scripts_are_guarded,
    weights_mean_something,
    script_times_fit,
    processes_have_room,
    sessions_fit,
    garp_groups_say_something,
    reload_words_fit,
)
