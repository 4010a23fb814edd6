# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line of lvs-agent. One function a command; each gives its exit status.

What a command does stands in the rooms; here are only arguments, printing and exit codes. Heavy rooms are imported
by the command that needs them, so that `check` and `status` start at once.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
from typing import TYPE_CHECKING, Any, Callable, Dict, List, Optional, Sequence

from . import __version__

if TYPE_CHECKING:
    from .reading import Config

OK, WARNED, ERRORS, UNREADABLE = 0, 1, 2, 3
"""Exit statuses of `check`: valid, valid with warnings under --strict, errors, cannot be read."""


def _print_findings(config: Config, form: str) -> None:
    if form == "json":
        return
    colour = sys.stderr.isatty() and "NO_COLOR" not in os.environ
    for finding in config.findings:
        print(finding.render(colour), file=sys.stderr)


def _read(path: str, config_id: Optional[str] = None) -> Optional[Config]:
    """One file; when it cannot be read, a line says why and None is returned."""
    from .reading import Unreadable, load

    try:
        return load(path, config_id)
    except Unreadable as error:
        print(f"lvs-agent: {error}", file=sys.stderr)
        return None


def check(arguments: List[str]) -> int:
    """`check FILE...`: what is wrong with files, --strict, --format json; exit status 0, 1 (--strict), 2, 3.

    With --cluster the files are those of the directors of one cluster and are compared as well.
    """
    p = argparse.ArgumentParser(prog="lvs-agent check", description="Check configuration files; change nothing.")
    p.add_argument("file", nargs="+")
    p.add_argument("--strict", action="store_true", help="warnings give exit status 1")
    p.add_argument("--format", choices=("text", "json"), default="text")
    p.add_argument("--cluster", action="store_true", help="the files are those of all directors: compare them as well")
    p.add_argument(
        "-i", "--config-id", metavar="ID", help="the id of @ID lines (the short host name; with --cluster the file's)"
    )
    options = p.parse_args(arguments)
    worst, found, configs = OK, [], []
    for path in options.file:
        named = os.path.basename(path).partition(".")[0] if options.cluster else None
        config = _read(path, options.config_id or named)
        if config is None:
            worst = max(worst, UNREADABLE)
            continue
        configs.append(config)
        _print_findings(config, options.format)
        found += [(path, finding) for finding in config.findings]
        levels = [finding.level for finding in config.findings]
        if config.errors:
            worst = max(worst, ERRORS)
        elif options.strict and "warning" in levels:
            worst = max(worst, WARNED)
        if options.format == "text":
            print(f"{path}: {_verdict(levels)}")
    if options.cluster and worst < ERRORS:
        beside = _beside(configs, options.format)
        found += [(finding.file, finding) for finding in beside]
        levels = [finding.level for finding in beside]
        worst = max(worst, ERRORS if "error" in levels else WARNED if options.strict and levels else OK)
    if options.format == "json":
        keys = ("level", "code", "file", "line", "column", "message", "help")
        print(json.dumps([{key: getattr(finding, key) for key in keys} for _path, finding in found], indent=1))
    return worst


def _beside(configs: Sequence[Config], form: str) -> Sequence[Any]:
    """Print and give what is wrong between the files of one cluster."""
    from .reading import cluster

    found = cluster(configs)
    if form == "text":
        colour = sys.stderr.isatty() and "NO_COLOR" not in os.environ
        for finding in found:
            print(finding.render(colour), file=sys.stderr)
        print(f"cluster: {_verdict([finding.level for finding in found])}")
    return found


def _verdict(levels: Sequence[str]) -> str:
    counted = [(levels.count(level), level) for level in ("error", "warning", "note")]
    said = ", ".join(f"{count} {level}{'s' if count > 1 else ''}" for count, level in counted if count)
    return said or "valid"


def run(arguments: List[str]) -> int:
    """`run -f FILE`: serve; takes keepalived's own options."""
    from .options import parse

    options = parse(arguments)
    if options.version:
        print(f"lvs-agent {__version__}")
        return 0
    if options.config_test is not None:
        return check([options.file, *(["--config-id", options.config_id] if options.config_id else [])])
    from .control import logs
    from .start import serve

    if options.umask is not None:
        os.umask(options.umask)
    logs.set_up(console=options.log_console, detail=options.log_detail, facility=options.log_facility)
    return serve(options)


def diff(arguments: List[str]) -> int:
    """`diff FILE`: what loading FILE would change in the kernel's IPVS table now."""
    from .cli_operate import asking

    p = asking("diff", "What loading FILE would change in the kernel's IPVS table now.")
    p.add_argument("file")
    p.add_argument("--format", choices=("text", "json"), default="text")
    options = p.parse_args(arguments)
    config = _read(options.file)
    if config is None:
        return UNREADABLE
    if config.errors:
        _print_findings(config, "text")
        return ERRORS
    from .control import unix
    from .preview import Running, changes, kernel_table

    try:
        have = kernel_table()
    except OSError as error:
        print(f"lvs-agent: the kernel's table cannot be read: {error.strerror or error}", file=sys.stderr)
        return UNREADABLE
    try:
        running = Running.of(unix.ask({"command": "places"}, options.socket)["places"])
    except (OSError, ValueError, KeyError):
        running = Running()  # no agent: what is in the table is somebody else's until the file names it
    lines = changes(config.document, have, running)
    print(json.dumps(lines, indent=1) if options.format == "json" else "\n".join(lines) or "nothing would change")
    return OK


def status(arguments: List[str]) -> int:
    """`status [--json]`: what the running agent does; --watch shows it again and again."""
    from .cli_operate import status as show

    return show(arguments)


def reload(arguments: List[str]) -> int:
    """`reload`: read the file again; exit status 2 and the findings when it is refused."""
    from .cli_operate import ask, asking

    options = asking("reload", "Read the file again; a file with errors changes nothing.").parse_args(arguments)
    answer = ask({"command": "reload"}, options.socket)
    if answer is None:
        return UNREADABLE
    for line in answer["findings"]:
        print(line, file=sys.stderr)
    print("reloaded" if answer["ok"] else "refused: the running configuration stays")
    return OK if answer["ok"] else ERRORS


def restart(arguments: List[str]) -> int:
    """`restart`: run the program that lies on disk now, with no gap in service; as reload for the file."""
    text = "Run the program that lies on disk now; what is served goes on. A file with errors changes nothing."
    from .cli_operate import ask, asking

    options = asking("restart", text).parse_args(arguments)
    answer = ask({"command": "restart"}, options.socket)
    if answer is None:
        return UNREADABLE
    for line in answer["findings"]:
        print(line, file=sys.stderr)
    print("restarting" if answer["ok"] else "refused: the running configuration stays")
    return OK if answer["ok"] else ERRORS


def takeover(arguments: List[str]) -> int:
    """`takeover [NAME...]`: become MASTER here before the other one lets go, --for SECONDS; --end is the way back."""
    from .cli_operate import mastership

    return mastership("takeover", arguments)


def standby(arguments: List[str]) -> int:
    """`standby [NAME...]`: let another director become MASTER, and let go only then; --for SECONDS, --end."""
    from .cli_operate import mastership

    return mastership("standby", arguments)


def drain(arguments: List[str]) -> int:
    """`drain [SERVER]`: no new connections for a real server, --deadline, --floor, --wait; alone: who is left."""
    from .cli_operate import drain as ask_for

    return ask_for("drain", arguments)


def undrain(arguments: List[str]) -> int:
    """`undrain SERVER`: connections for it again."""
    from .cli_operate import drain as ask_for

    return ask_for("undrain", arguments)


def release(arguments: List[str]) -> int:
    """`release FILE`: take off the addresses that a killed agent left on this host; the unit's stop hook."""
    from .cli_operate import asking

    p = asking("release", "Take FILE's virtual addresses off this host, where no process of the agent serves them.")
    p.add_argument("file")
    options = p.parse_args(arguments)
    config = _read(options.file)
    if config is None or config.document is None:
        return UNREADABLE
    from . import checker_child, vrrp_child
    from .control import succession

    path = succession.path_of(options.socket)
    if not succession.serves("checker", path):
        checker_child.release(succession.told("checker", path))
    if succession.serves("vrrp", path):
        print("a process of the agent serves on and gives its addresses back itself")
        return OK

    vrrp_child.release((config.document,), succession.told("vrrp", path))
    return OK


def segment(arguments: List[str]) -> int:
    """`segment [FILE]`: who else has the addresses, whose adverts come, how to mend what is wrong; 1: it is."""
    p = argparse.ArgumentParser(prog="lvs-agent segment", description="What is wrong on the segments of the addresses.")
    p.add_argument("file", nargs="?", default="/etc/keepalived/keepalived.conf")
    p.add_argument("--json", action="store_true", help="the findings as JSON")
    p.add_argument("--for", dest="seconds", type=float, default=3.3, metavar="SECONDS", help="listen so long (3.3)")
    options = p.parse_args(arguments)
    config = _read(options.file)
    if config is None:
        return UNREADABLE
    if config.errors:
        _print_findings(config, "text")
        return ERRORS
    from . import segment_child

    return segment_child.command(config.document, options.seconds, as_json=options.json)


def genhash(arguments: List[str]) -> int:
    """`genhash ...`: the digest for HTTP_GET, with the options of keepalived's genhash."""
    from .checks import genhash as room

    return room.main(arguments)


def explain(arguments: List[str]) -> int:
    """`explain CODE`: what a finding means, with a wrong and a right example."""
    from . import cli_conf

    return cli_conf.explain(arguments)


def fmt(arguments: List[str]) -> int:
    """`fmt FILE`: the file in its canonical layout, comments where they stood; -w replaces it."""
    from . import cli_conf

    return cli_conf.fmt(arguments)


def dump(arguments: List[str]) -> int:
    """`dump FILE`: the file as it was understood, as JSON; the JSON reads back."""
    from . import cli_conf

    return cli_conf.dump(arguments)


def ipvs(arguments: List[str]) -> int:
    """`ipvs ACTION`: the kernel's table as ipvsadm shows it: list stats rate conns save restore zero."""
    from . import cli_ipvs

    return cli_ipvs.main(arguments)


def prove(arguments: List[str]) -> int:
    """`prove FILE`: which checks cannot fail: each against a closed port, a wrong answer, none, a dripping one."""
    from . import cli_prove

    return cli_prove.main(arguments)


COMMANDS: Dict[str, Callable[[List[str]], int]] = {
    "run": run,
    "check": check,
    "explain": explain,
    "fmt": fmt,
    "dump": dump,
    "diff": diff,
    "status": status,
    "reload": reload,
    "restart": restart,
    "takeover": takeover,
    "standby": standby,
    "drain": drain,
    "undrain": undrain,
    "release": release,
    "segment": segment,
    "genhash": genhash,
    "prove": prove,
    "ipvs": ipvs,
}


def usage() -> str:
    """The commands, a line each, from their own docstrings."""
    lines = [f"lvs-agent {__version__}: VRRP and health checks for Linux Virtual Server", ""]
    for command in COMMANDS.values():
        form, text = (command.__doc__ or "").splitlines()[0].split(": ", 1)
        lines.append(f"  lvs-agent {form.strip('`'):<18} {text}")
    return "\n".join(
        [*lines, "", "lvs-agent COMMAND --help tells more. Without a command, keepalived's options run it."]
    )


def main(arguments: Optional[List[str]] = None) -> int:
    """Dispatch. A line that begins with an option is `run`, as keepalived's command line is."""
    words = sys.argv[1:] if arguments is None else arguments
    for stream in (sys.stdout, sys.stderr):  # a file may hold any bytes; quoting them must not fail
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    if not words or words[0] in ("-h", "--help", "help"):
        print(usage())
        return 0 if words else 2
    if words[0] in COMMANDS:
        command, rest = COMMANDS[words[0]], words[1:]
    elif words[0].startswith("-"):
        command, rest = run, words
    else:
        print(f"lvs-agent: no command {words[0]!r}; there are: {', '.join(COMMANDS)}", file=sys.stderr)
        return 2
    try:
        return command(rest)
    except BrokenPipeError:
        sys.stderr.close()
        return 1
    except KeyboardInterrupt:
        return 130
