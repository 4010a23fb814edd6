# Copyright (c) 2026, lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs owners' wishes on the host for an Ansible module: plan, apply unless in check mode, exit with the diff."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Mapping, Optional, Sequence, Tuple

from . import firewalls, port, show
from .settings import ConflictError, Kind, Record, RecordError, Want, concerned, plan, settled, with_owners

if TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule


def runner(module: AnsibleModule) -> port.Run:
    """What runs programs for the port: a program of a firewall that is not there answers as a shell would."""

    def run(words: Sequence[str], text: Optional[str]) -> Tuple[int, str, str]:
        optional = words[0] in ("nft", "firewall-cmd", "ufw")
        program = module.get_bin_path(words[0], required=not optional)  # type: ignore[no-untyped-call]
        if program is None:
            return firewalls.NOT_FOUND, "", f"{words[0]} is not installed"
        status, out, error = module.run_command([program, *words[1:]], data=text)  # type: ignore[no-untyped-call]
        return status, out, error

    return run


Wishes = Mapping[str, Optional[Want]]
"""What owners want, by their names; None: the host as it was before that owner came."""


def settle(module: AnsibleModule, owner: str, want: Optional[Want], **results: Any) -> None:
    """Make the host what `owner` wants (None: as it was before it came), then exit; does not return."""
    settle_all(module, read_record(module), [{owner: want}], **results)


def read_record(module: AnsibleModule) -> Record:
    """The record of now; fails the module when it cannot be read."""
    try:
        return port.read_record()
    except (port.HostError, RecordError) as error:
        module.fail_json(msg=str(error))
        raise


def settle_all(module: AnsibleModule, record: Record, stages: Sequence[Wishes], **results: Any) -> None:
    """Make the host what several owners want, given its record, then exit; does not return.

    Of several stages the last one is made and shown, as if those before it had been made: for check mode.
    """
    run = runner(module)
    try:
        targets = [with_owners(record, wishes) for wishes in stages]
        facts = port.read_facts(run, sorted({one for target in targets for one in concerned(record, target)}))
        for target in targets[:-1]:
            record, facts = settled(plan(record, target, facts), facts)
        planned = plan(record, targets[-1], facts)
        differs = bool(planned.steps) or planned.after != record
        if differs and not module.check_mode:
            port.carry_out(run, planned)
            if _touches_units(planned.steps) and port.has_systemd():
                port.reload_units(run)
    except (port.HostError, RecordError, ConflictError) as error:
        module.fail_json(msg=str(error), **results)
    module.exit_json(changed=differs, diff=show.diffs(planned), **results)


def _touches_units(steps: Any) -> bool:
    return any(
        step.setting.kind in (Kind.FILE, Kind.SYMLINK) and step.setting.name.startswith("/etc/systemd/")
        for step in steps
    )
