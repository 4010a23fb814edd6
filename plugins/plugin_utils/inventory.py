# Copyright (c) 2026, lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the inventory says of the hosts of LVS clusters: groups, addresses, and the description each director has; pure.

A host's addresses are its variable lvs_address (one, or a list with one of each family), else ansible_host, else its
name, where these are addresses. Directors are the hosts of the group `directors`; those with the same lvs_cluster_name
are one cluster, in the order of the group.
"""

from __future__ import annotations

import ipaddress
import typing as t

DIRECTORS = "directors"
DEFAULT_NAME = "default"


class Inventory(t.NamedTuple):
    """groups: hosts by the group's name, in order; variables: the (templated) variables of a host."""

    groups: t.Mapping[str, t.Sequence[str]]
    variables: t.Callable[[str], t.Mapping[str, t.Any]]

    def hosts(self, name: str) -> list[str] | None:
        """The hosts of a group, or the host of that name; None when there is neither."""
        if name in self.groups:
            return list(self.groups[name])
        return [name] if name in self.groups.get("all", ()) else None

    def addresses(self, host: str) -> list[str]:
        """The addresses of a host, without prefix lengths; empty when the inventory has none."""
        variables = self.variables(host)
        said = variables.get("lvs_address")
        if said is None:
            said = [one for one in (variables.get("ansible_host"), host) if _is_address(one)][:1]
        found = [str(one).split("/", 1)[0] for one in (said if isinstance(said, (list, tuple)) else [said])]
        return [one for one in found if one]

    def address(self, host: str, family: int) -> str | None:
        """The address of a host of the family 4 or 6; its first one when there is none of that family."""
        addresses = self.addresses(host)
        of_family = [one for one in addresses if (":" in one) == (family == 6)]
        return next(iter(of_family or addresses), None)

    def cluster_name(self, host: str) -> str:
        """The name of the cluster that a director belongs to."""
        return str(self.variables(host).get("lvs_cluster_name") or DEFAULT_NAME)

    def directors(self, host: str) -> list[str]:
        """The directors of the cluster of the director `host`, in their order."""
        mine = self.cluster_name(host)
        return [one for one in self.groups.get(DIRECTORS, ()) if self.cluster_name(one) == mine] or [host]

    def clusters(self) -> dict[str, list[str]]:
        """The directors that are to be there, by the name of their cluster."""
        found: dict[str, list[str]] = {}
        for host in self.groups.get(DIRECTORS, ()):
            if self.variables(host).get("director_state", "present") == "present":
                found.setdefault(self.cluster_name(host), []).append(host)
        return found

    def description(self, host: str) -> t.Any:
        """What a director is to run: its director_config, else the cluster's description; None when it has neither."""
        variables = self.variables(host)
        return plain(variables["director_config"] if "director_config" in variables else variables.get("lvs_cluster"))


def plain(item: t.Any) -> t.Any:
    """An item of Ansible's variables as Python's own: a value from the vault becomes its text."""
    if isinstance(item, dict):
        return {str(key): plain(value) for key, value in item.items()}
    if isinstance(item, (list, tuple)):
        return [plain(one) for one in item]
    if item is None or isinstance(item, (bool, int, float)):
        return item
    return str(item)


def of_task(task_vars: t.Mapping[str, t.Any]) -> Inventory:
    """The inventory as a task's variables have it."""
    hostvars = task_vars["hostvars"]
    return Inventory(task_vars["groups"], lambda host: t.cast("t.Mapping[str, t.Any]", hostvars[host]))


def _is_address(text: t.Any) -> bool:
    try:
        ipaddress.ip_address(str(text))
    except ValueError:
        return False
    return True
