# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`lvs-agent ipvs list|stats|rate|conns|save|restore|zero`: the kernel's table for who is used to ipvsadm.

`save` and `restore` speak ipvsadm's own format; `restore` brings the table to the text by the smallest change instead
of refusing what is there, and `restore --clear` removes what the text does not name, as `ipvsadm -C; ipvsadm -R` does
without the gap.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Callable, Dict, Iterable, List, Optional

from .ipvs import listing, restore, save
from .ipvs.diff import diff
from .ipvs.port import Ipvs

if TYPE_CHECKING:
    from .ipvs.stats import ServiceStats
    from .ipvs.table import ServiceKey

Printer = Callable[[Iterable["ServiceStats"]], Iterable[str]]


def _services(ipvs: Ipvs, options: argparse.Namespace, printer: Printer) -> int:
    services = ipvs.stats()
    if options.key is not None:
        services = tuple(each for each in services if each.service.key == options.key)
        if not services:
            return _absent(options.key)
    if options.json:
        print(json.dumps(listing.as_json(services), indent=1))
    else:
        if options.key is None:  # as ipvsadm
            print(listing.heading(ipvs.info()))
        print("\n".join(printer(services)))
    return 0


def _absent(key: ServiceKey) -> int:
    print(f"lvs-agent: the kernel has no service {listing.service_name(key)}", file=sys.stderr)
    return 2


def _list(ipvs: Ipvs, options: argparse.Namespace) -> int:
    if options.view == "timeout":
        values = ipvs.timeouts()
        print(json.dumps(asdict(values)) if options.json else listing.timeouts(values))
    elif options.view == "daemon":
        daemons = ipvs.daemons()
        if options.json:
            print(json.dumps([listing.daemon_as_json(each) for each in daemons], indent=1))
        else:
            print("".join(f"{listing.daemon(each)}\n" for each in daemons), end="")
    else:
        return _services(ipvs, options, _VIEWS.get(options.view, listing.table))
    return 0


def _stats(ipvs: Ipvs, options: argparse.Namespace) -> int:
    return _services(ipvs, options, lambda services: listing.stats(services, exact=options.exact))


def _rate(ipvs: Ipvs, options: argparse.Namespace) -> int:
    return _services(ipvs, options, lambda services: listing.rate(services, exact=options.exact))


def _conns(ipvs: Ipvs, options: argparse.Namespace) -> int:
    if options.json:
        print(json.dumps([listing.connection_as_json(entry) for entry in ipvs.connections()], indent=1))
    else:
        for line in listing.connections(ipvs.connections()):
            print(line)
    return 0


def _save(ipvs: Ipvs, options: argparse.Namespace) -> int:
    if options.json:
        print(json.dumps(listing.as_json(ipvs.stats()), indent=1))
    else:
        print(save.write(ipvs.dump()), end="")
    return 0


def _restore(ipvs: Ipvs, options: argparse.Namespace) -> int:
    name = "<stdin>" if options.file == "-" else options.file
    try:
        text = (sys.stdin.buffer.read() if options.file == "-" else Path(options.file).read_bytes()).decode()
        want = restore.read(text)
    except restore.SaveError as error:
        print(f"{name}:{error.line}:{error.column}: error: {error.message}", file=sys.stderr)
        print("  the table is as it was; `lvs-agent ipvs save` shows how a line is written", file=sys.stderr)
        return 2
    except UnicodeDecodeError as error:
        line, column = (
            error.object.count(b"\n", 0, error.start) + 1,
            error.start - error.object.rfind(b"\n", 0, error.start),
        )
        print(f"{name}:{line}:{column}: error: this is no UTF-8 text", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"lvs-agent: cannot read {name}: {error.strerror}", file=sys.stderr)
        return 3
    have = ipvs.dump()
    if not options.clear:
        have = {key: entry for key, entry in have.items() if key in want}
    failures = ipvs.apply(diff(have, want))
    for failure in failures:
        print(f"lvs-agent: the kernel refuses {failure.text}", file=sys.stderr)
    return 2 if failures else 0


def _zero(ipvs: Ipvs, options: argparse.Namespace) -> int:
    try:
        ipvs.zero(options.key)
    except ProcessLookupError:
        return _absent(options.key)
    return 0


_VIEWS: Dict[str, Printer] = {"thresholds": listing.thresholds, "persistent-conn": listing.persistent}


_ACTIONS: Dict[str, Callable[[Ipvs, argparse.Namespace], int]] = {
    "list": _list,
    "stats": _stats,
    "rate": _rate,
    "conns": _conns,
    "save": _save,
    "restore": _restore,
    "zero": _zero,
}


def _one(options: argparse.Namespace) -> Optional[ServiceKey]:
    """The service that is named, if one is; ValueError."""
    given = {name: value for name, value in vars(options).items() if name.startswith("-") and value is not None}
    if not given:
        return None
    if options.action not in ("list", "stats", "rate", "zero"):
        raise ValueError(f"{options.action} is of the whole table")
    return restore.service_key(given)


def main(arguments: List[str]) -> int:
    """Exit status 0, 2 when something was refused, 3 when there is no table to be read."""
    p = argparse.ArgumentParser(prog="lvs-agent ipvs", description="The kernel's IPVS table, as ipvsadm shows it.")
    p.add_argument("action", choices=tuple(_ACTIONS), nargs="?", default="list")
    p.add_argument("file", nargs="?", default="-", help="restore: what to read; standard input without it")
    p.add_argument("--json", action="store_true", help="for programs (list, stats, rate, conns, save)")
    p.add_argument("--exact", action="store_true", help="whole numbers (stats, rate)")
    p.add_argument("--clear", action="store_true", help="restore: remove what the text does not name")
    for view in (*_VIEWS, "timeout", "daemon"):
        p.add_argument(f"--{view}", action="store_const", const=view, dest="view", help="list: as ipvsadm's")
    one = p.add_argument_group("one service", "list, stats, rate and zero: this one alone, as ipvsadm writes it")
    for names in (("-t", "--tcp-service"), ("-u", "--udp-service"), ("--sctp-service",), ("-f", "--fwmark-service")):
        one.add_argument(*names, dest=names[0], metavar="MARK" if "-f" in names else "ADDRESS:PORT")
    one.add_argument("-6", "--ipv6", dest="-6", action="store_const", const="", help="the mark is of an IPv6 service")
    options = p.parse_args(arguments)
    if options.view and options.action != "list":
        p.error(f"--{options.view} is of list")
    try:
        options.key = _one(options)
    except ValueError as error:
        p.error(str(error))
    try:
        with Ipvs() as ipvs:
            return _ACTIONS[options.action](ipvs, options)
    except PermissionError:
        print("lvs-agent: the table is for root only", file=sys.stderr)
    except OSError as error:
        print(f"lvs-agent: {error.strerror or error}", file=sys.stderr)
    return 3
