# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line of `lvs-agent run`: keepalived's own options, so that a service file's arguments work unchanged.

Options whose subject this agent has not (SNMP, BFD, core patterns) are taken and named in one warning.
"""

from __future__ import annotations

import argparse
from typing import List, Tuple

DEFAULT_FILE = "/etc/keepalived/keepalived.conf"

_IGNORED: Tuple[Tuple[str, str, bool], ...] = (
    # short, long, takes a value
    ("-a", "--address-monitoring", False),
    ("-b", "--bfd_pid", True),
    ("-x", "--snmp", False),
    ("-A", "--snmp-agent-socket", True),
    ("-X", "--release-vips", False),
    ("-m", "--core-dump", False),
    ("-M", "--core-dump-pattern", True),
    ("-g", "--log-file", True),
    ("-G", "--no-syslog", False),
    ("-B", "--no_bfd", False),
    ("-e", "--all-config", False),
)


class _Parser(argparse.ArgumentParser):
    """Abbreviated long options are as dangerous in a service file as they are handy at a prompt: off."""

    def __init__(self) -> None:
        super().__init__(
            prog="lvs-agent run", description="Run the agent: VRRP and health checks of one file.", allow_abbrev=False
        )


def parser() -> argparse.ArgumentParser:
    """The declared options of `run`."""
    p = _Parser()
    p.add_argument(
        "-f",
        "--use-file",
        dest="file",
        default=DEFAULT_FILE,
        metavar="FILE",
        help=f"configuration file ({DEFAULT_FILE})",
    )
    p.add_argument("-P", "--vrrp", action="store_true", help="only VRRP")
    p.add_argument("-C", "--check", action="store_true", help="only health checks and IPVS")
    p.add_argument("--all", action="store_true", help="VRRP and health checks, as without -P and -C")
    p.add_argument("-l", "--log-console", action="store_true", help="log to the console")
    p.add_argument("-D", "--log-detail", action="store_true", help="log more")
    p.add_argument(
        "-S",
        "--log-facility",
        type=int,
        choices=range(8),
        default=1,
        metavar="0-7",
        help="syslog facility LOG_LOCALn (1)",
    )
    p.add_argument("-V", "--dont-release-vrrp", action="store_true", help="keep the addresses when stopping")
    p.add_argument("-I", "--dont-release-ipvs", action="store_true", help="keep the IPVS table when stopping")
    p.add_argument(
        "-R", "--dont-respawn", action="store_true", help="stop when a child dies instead of starting it again"
    )
    p.add_argument("-n", "--dont-fork", action="store_true", help="stay in the foreground")
    p.add_argument("-d", "--dump-conf", action="store_true", help="log the configuration as it was understood")
    p.add_argument("-p", "--pid", metavar="FILE", help="pid file of the parent")
    p.add_argument("-r", "--vrrp_pid", metavar="FILE", help="pid file of the VRRP child")
    p.add_argument("-c", "--checkers_pid", metavar="FILE", help="pid file of the checker child")
    p.add_argument(
        "-u", "--umask", type=lambda text: int(text, 8), metavar="MASK", help="umask of files it makes, octal"
    )
    p.add_argument("-i", "--config-id", metavar="ID", help="the id of @ID lines (the short host name)")
    p.add_argument("-s", "--namespace", metavar="NAME", help="run in this network namespace")
    p.add_argument(
        "-t", "--config-test", nargs="?", const="", metavar="LOGFILE", help="check the file and leave: lvs-agent check"
    )
    p.add_argument("--socket", metavar="PATH", help="control socket (/run/lvs-agent/control.sock)")
    p.add_argument("-v", "--version", action="store_true", help="print the version and leave")
    for short, long, valued in _IGNORED:
        if valued:
            p.add_argument(short, long, dest="ignored", action="append", metavar="X", help=argparse.SUPPRESS)
        else:
            p.add_argument(short, long, dest="ignored", action="append_const", const=long, help=argparse.SUPPRESS)
    return p


def parse(arguments: List[str]) -> argparse.Namespace:
    """The options of one command line; argparse prints what is wrong and leaves with status 2."""
    return parser().parse_args(arguments)
