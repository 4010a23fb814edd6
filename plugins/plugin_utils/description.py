# Copyright (c) 2026, lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One description of a cluster, and what each director's keepalived.conf is by it; pure.

A description is a mapping in keepalived's words, all of them, in which may be left out what follows from the inventory:

  global_defs.router_id        the host's name
  vrrp_instances[].priority    200 for the first director, 10 less for each further one
  vrrp_instances[].state       MASTER for the first director, BACKUP for the others (for all, with nopreempt)
  vrrp_instances[].unicast_src_ip, where there are unicast peers: the host's address

and in which may be said what keepalived has no words for:

  vrrp_instances[].directors       the directors that have it, in the order of preference
  vrrp_instances[].unicast_peer    `directors`: the other ones
  virtual_servers[].real_servers   a group's or host's name, or a list in which names stand for hosts, and `group` or
                                   `host` for an `address`; host variable lvs_real_server: more words for that server
  virtual_servers[].TCP_CHECK, ... (or checks) the checks of each of its real servers that has none of its own
"""

from __future__ import annotations

import typing as t

from ansible_collections.lvs.cluster.plugins.module_utils.conf import ERROR, mapping, model
from ansible_collections.lvs.cluster.plugins.module_utils.conf.mapping_values import shape_of
from ansible_collections.lvs.cluster.plugins.plugin_utils.inventory import plain

if t.TYPE_CHECKING:
    from ansible_collections.lvs.cluster.plugins.plugin_utils.inventory import Inventory

HIGHEST, STEP = 200, 10
OWN = "lvs_real_server"
CHECKS = ("checks", *(check.keyword for check in model.CHECKS))
Block = t.Dict[str, t.Any]


class Derived(t.NamedTuple):
    """config: a mapping of keepalived's words alone; findings: mistakes in what it was derived from.

    places: paths in config whose value stands elsewhere in the description, and where.
    """

    config: t.Any
    findings: list[mapping.PathFinding]
    places: dict[str, str]


def derive(description: t.Any, host: str, inventory: Inventory, path: str) -> Derived:
    """What the director `host` is to run. path: what the description is called in findings."""
    if not isinstance(description, dict):
        return Derived(description, [], {})
    deriving = _Deriving(host, inventory)
    return Derived(deriving.whole(description, path), deriving.findings, deriving.places)


def placed(finding: mapping.PathFinding, places: t.Mapping[str, str]) -> mapping.PathFinding:
    """A finding about a derived mapping, at the place in the description that it comes from."""
    where = place(finding.path, places)
    return mapping.PathFinding(finding.level, finding.code, finding.message, finding.help, where)


def place(path: str, places: t.Mapping[str, str]) -> str:
    """The path in the description that a path in the derived mapping comes from."""
    for length in range(len(path), 0, -1):
        if path[length : length + 1] in ("", ".", "[") and path[:length] in places:
            return places[path[:length]] + path[length:]
    return path


class _Deriving:
    def __init__(self, host: str, inventory: Inventory) -> None:
        self.host = host
        self.inventory = inventory
        self.order = inventory.directors(host)
        self.findings: list[mapping.PathFinding] = []
        self.places: dict[str, str] = {}

    def whole(self, description: Block, path: str) -> Block:
        config = dict(description)
        if isinstance(config.setdefault("global_defs", {}), dict):
            config["global_defs"] = {"router_id": self.host, **config["global_defs"]}
        for key, change in (("vrrp_instance", self._router), ("virtual_server", self._service)):
            for word in (key, f"{key}s"):
                if isinstance(config.get(word), (list, tuple)):
                    config[word] = self._each(config[word], f"{path}.{word}", change)
        return config

    def _each(
        self, blocks: t.Iterable[t.Any], path: str, change: t.Callable[[Block, str], Block | None]
    ) -> list[t.Any]:
        """Every block changed, without those that are not for this director."""
        made: list[t.Any] = []
        for number, block in enumerate(blocks):
            where = f"{path}[{number}]"
            changed = change(dict(block), where) if isinstance(block, dict) else block
            if changed is not None:
                if len(made) != number:
                    self.places[f"{path}[{len(made)}]"] = where
                made.append(changed)
        return made

    def _router(self, router: Block, path: str) -> Block | None:
        order = self._order(router.pop("directors", None), f"{path}.directors")
        if self.host not in order:
            return None
        at = order.index(self.host)
        waits = at or router.get("nopreempt")
        router.setdefault("state", "BACKUP" if waits else "MASTER")
        router.setdefault("priority", max(1, HIGHEST - STEP * at))
        if router.get("unicast_peer") == "directors":
            family = 6 if any(":" in str(one) for one in _listed(router.get("virtual_ipaddress"))) else 4
            others = [self._address(one, family, f"{path}.unicast_peer") for one in order if one != self.host]
            router["unicast_peer"] = [one for one in others if one]
            mine = self._address(self.host, family, f"{path}.unicast_peer")
            if mine:
                router.setdefault("unicast_src_ip", mine)
        return router

    def _order(self, said: t.Any, path: str) -> list[str]:
        if said is None:
            return self.order
        names = [str(one) for one in _listed(said)]
        for name in names:
            if name not in self.order:
                known = ", ".join(self.order)
                self._wrong("unknown-director", f"{name} is no director of this cluster", f"one of {known}", path)
        return [name for name in names if name in self.order]

    def _service(self, service: Block, path: str) -> Block:
        checks = {word: service.pop(word) for word in CHECKS if word in service}
        for word in ("real_server", "real_servers"):
            if word in service:
                service[word] = self._real_servers(service, service[word], f"{path}.{word}", checks)
        return service

    def _real_servers(self, service: Block, said: t.Any, path: str, checks: Block) -> t.Any:
        alone = isinstance(said, (str, dict))
        if not alone and not isinstance(said, (list, tuple)):
            return said
        found: list[t.Any] = []
        for number, item in enumerate([said] if alone else said):
            where = path if alone else f"{path}[{number}]"
            for server, places in self._named(service, item, where):
                at = f"{path}[{len(found)}]"
                self.places[at] = where
                self.places.update({f"{at}.{word}": place for word, place in places.items()})
                own = not isinstance(server, dict) or any(word in server for word in CHECKS)
                found.append(server if own else {**server, **checks})
        return found

    def _named(self, service: Block, item: t.Any, path: str) -> list[tuple[t.Any, dict[str, str]]]:
        """The real servers of one item: the one that it is, or that of each host that it names.

        With each: where those of its words stand that the host has itself.
        """
        if isinstance(item, str):
            item = {"group": item}
        if not isinstance(item, dict) or not ("group" in item or "host" in item):
            return [(item, {})]
        rest = {word: value for word, value in item.items() if word not in ("group", "host")}
        word = "host" if "host" in item else "group"
        hosts = self.inventory.hosts(str(item[word]))
        if hosts is None:
            help_text = "the name of a group or host of the inventory, or a real server with its address"
            self._wrong("unknown-host", f"the inventory has no {item[word]!r}", help_text, path)
            return []
        made = []
        for host in hosts:
            address = self._address(host, _family(service), path)
            own = self._own(host)
            ports = {"port": service["port"]} if service.get("port") else {}
            more = {**own, **rest} if word == "host" else {**rest, **own}
            if address:
                places = {key: f"{host}: {OWN}.{key}" for key in own if word == "group" or key not in rest}
                if "address" not in rest:  # an ansible_host is one only where it is an address
                    places.setdefault("address", f"{host}: lvs_address")
                made.append(({"address": address, **ports, **more}, places))
        return made

    def _own(self, host: str) -> Block:
        """What a host says of itself as a real server."""
        own = plain(self.inventory.variables(host).get(OWN)) or {}
        if isinstance(own, dict):
            return own
        message, help_text = f"{shape_of(own)} does not belong here", "a mapping of keywords, as weight: 2"
        self.findings.append(mapping.PathFinding(ERROR, "bad-value", message, help_text, f"{host}: {OWN}"))
        return {}

    def _address(self, host: str, family: int, path: str) -> str | None:
        address = self.inventory.address(host, family)
        if address is None:
            help_text = f"set lvs_address (or ansible_host) of {host} in the inventory"
            self._wrong("no-address", f"the address of {host} is not known", help_text, path)
        return address

    def _wrong(self, code: str, message: str, help_text: str, path: str) -> None:
        self.findings.append(mapping.PathFinding(ERROR, code, message, help_text, path))


def _family(service: Block) -> int:
    """The address family of a service, as far as its own words tell."""
    return 6 if ":" in str(service.get("address") or "") or service.get("ip_family") == "inet6" else 4


def _listed(item: t.Any) -> list[t.Any]:
    return list(item) if isinstance(item, (list, tuple)) else [] if item is None else [item]
