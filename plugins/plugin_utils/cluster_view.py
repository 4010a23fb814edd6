# Copyright (c) 2026, lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All clusters of an inventory by their descriptions: what is wrong, and what each real server has to be; pure."""

from __future__ import annotations

import functools
import typing as t

from ansible_collections.lvs.cluster.plugins.module_utils.conf import effective
from ansible_collections.lvs.cluster.plugins.plugin_utils import described_config, director_config, real_server_plan

if t.TYPE_CHECKING:
    from ansible_collections.lvs.cluster.plugins.module_utils.conf import model
    from ansible_collections.lvs.cluster.plugins.plugin_utils.inventory import Inventory

REAL_SERVERS = "real_servers"
Wish = t.Dict[str, t.Any]


class Outcome(t.NamedTuple):
    """errors and odd: rendered; warnings: those of one director's file, by host; documents: of each director without
    errors, by host."""

    errors: list[str]
    odd: list[str]
    warnings: dict[str, list[str]]
    documents: dict[str, model.Document]


def check(made: t.Mapping[str, described_config.Described], engines: t.Mapping[str, str]) -> Outcome:
    """What is wrong in and between the files of the directors of one cluster, by host."""
    out = Outcome([], [], {}, {})
    common = _common(list(made.values()))
    out.errors.extend(common)
    for host, described in made.items():
        out.errors.extend(f"{host}: {error}" for error in described.errors if error not in common)
        if described.text is None:
            continue
        checked = director_config.check(
            described.text,
            f"{host}:keepalived.conf",
            host.split(".", 1)[0],
            engines.get(host, "agent"),
            functools.partial(described.shown, host=host),
        )
        out.errors.extend(checked.errors)
        out.warnings[host] = [*described.notes, *checked.warnings]
        if checked.document is not None:
            out.documents[host] = checked.document
    if out.documents and not out.errors:
        wrong, odd = described_config.between(made, out.documents)
        out.errors.extend(wrong)
        out.odd.extend(odd)
    return out


def _common(made: t.Sequence[described_config.Described]) -> list[str]:
    """The errors that all directors' descriptions have: those of the one description that they share."""
    first, *others = made or [described_config.Described(None, [], [])]
    return [error for error in first.errors if all(error in other.errors for other in others)]


def check_all(inventory: Inventory) -> Outcome:
    """The same of all clusters of an inventory, and what is wrong between them and it."""
    whole = Outcome([], [], {}, {})
    for directors in inventory.clusters().values():
        made, engines = {}, {}
        for host in directors:
            said = inventory.description(host)
            if said is None:
                whole.errors.append(f"{host}: neither lvs_cluster nor director_config is set for this director")
                continue
            name = "director_config" if "director_config" in inventory.variables(host) else "lvs_cluster"
            made[host] = described_config.of_host(said, host, inventory, name)
            engines[host] = str(inventory.variables(host).get("director_engine", "agent"))
        out = check(made, engines)
        whole.errors.extend(out.errors)
        whole.odd.extend(out.odd)
        whole.warnings.update(out.warnings)
        whole.documents.update(out.documents)
        whole.errors.extend(_local_nodes(directors, out.documents, inventory))
    if not whole.errors and whole.documents:
        whole.odd.extend(_unused(whole.documents, inventory))
    return whole


def wishes(host: str, inventory: Inventory) -> list[Wish]:
    """What a host has to be for each cluster, as the module real_server takes it. Raises ValueError: the mistakes."""
    if not inventory.addresses(host):
        raise ValueError(f"the address of {host} is not known: set lvs_address (or ansible_host) in the inventory")
    found: list[Wish] = []
    for name, directors in inventory.clusters().items():
        document = _document(directors, inventory)
        if document is None:
            continue
        services = real_server_plan.services(document, inventory.addresses(host))
        director = host in directors
        if director:  # its own answers leave through itself
            services = [one for one in services if one["lvs_method"] != "NAT"]
        if services:
            found.append({"name": name, "services": services, **({"director": True} if director else {})})
    return found


def _document(directors: t.Iterable[str], inventory: Inventory) -> model.Document | None:
    """The file of the first director that has one; the others serve the same, or the check says so."""
    for host in directors:
        said = inventory.description(host)
        if said is None:
            continue
        described = described_config.of_host(said, host, inventory, "lvs_cluster")
        if described.text is None:
            raise ValueError("\n".join(described.errors))
        file, config_id = f"{host}:keepalived.conf", host.split(".", 1)[0]
        show = functools.partial(described.shown, host=host)
        checked = director_config.check(described.text, file, config_id, "keepalived", show)
        if checked.document is None:
            raise ValueError("\n".join(checked.errors))
        return checked.document
    return None


def local_nodes(documents: t.Mapping[str, model.Document], inventory: Inventory) -> list[str]:
    """The directors that are real servers of their own cluster."""
    return [
        host
        for host, document in documents.items()
        if set(inventory.addresses(host)) & real_server_plan.addresses_of(document)
    ]


def _local_nodes(
    directors: t.Sequence[str], documents: t.Mapping[str, model.Document], inventory: Inventory
) -> t.Iterator[str]:
    """What directors that are real servers must have: a backup must not schedule what the master has sent it."""
    for host in local_nodes(documents, inventory) if len(directors) > 1 else ():
        methods = {one["lvs_method"] for one in real_server_plan.services(documents[host], inventory.addresses(host))}
        if "NAT" in methods:
            yield (
                f"{host}: error[local-node-nat]: a director cannot be a real server by NAT: as a backup it would answer"
                " past the master\n  help: use DR or TUN, or other real servers"
            )
        elif effective.global_defs(documents[host]).lvs_sync_daemon is None:
            yield (
                f"{host}: error[local-node-loop]: a director that is a real server needs lvs_sync_daemon: only then"
                " does the kernel keep a backup from sending on what the master has sent it (net.ipv4.vs.backup_only)\n"
                "  help: global_defs: {lvs_sync_daemon: INTERFACE INSTANCE}"
            )


def _unused(documents: t.Mapping[str, model.Document], inventory: Inventory) -> t.Iterator[str]:
    """Hosts that are prepared for nothing."""
    used = set().union(*(real_server_plan.addresses_of(document) for document in documents.values()))
    for host in inventory.groups.get(REAL_SERVERS, ()):
        variables = inventory.variables(host)
        if variables.get("real_server_virtual_ipaddress") or variables.get("real_server_state") == "absent":
            continue
        if not set(inventory.addresses(host)) & used:
            yield f"{host}: warning[unused-real-server]: no service has this host's address as a real server"
