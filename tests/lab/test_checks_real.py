# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks against real servers: nginx, and servers that hang, lie, drip or are gone. Debian's keepalived checks the
same servers from the same file, and must come to the same verdicts.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils import conf
from delay import Delay, far
from expressions import EXPRESSIONS
from netns import SETTLED, settled, wait
from real_servers import DIGEST, EXIM, UNBOUND, Daemon, Datagrams, Nginx, Odd

from lvs_agent import plan_checks
from lvs_agent.checks import genhash
from lvs_agent.checks.endpoint import Endpoint
from lvs_agent.checks.ping import PingCheck
from lvs_agent.checks.port import Runner
from lvs_agent.checks.scheduler import Schedule
from lvs_agent.checks.script.port import REAP_EVERY
from lvs_agent.loop import Loop

pytestmark = pytest.mark.uml(limit=240, mem="768M")

GET = "HTTP_GET {{ url {{ path {path} {more} }} connect_port {port} connect_timeout 2 }}"
TLS = "SSL_GET {{ {words} url {{ path / {more} }} connect_port {port} connect_timeout 2 }}"
TCP = "TCP_CHECK {{ connect_port {port} connect_timeout 2 }}"
SMTP = "SMTP_CHECK {{ {more} connect_port {port} connect_timeout 2 }}"
DNS = "DNS_CHECK {{ type {type} name {name} connect_port {port} connect_timeout 2 }}"
UDP = "UDP_CHECK {{ connect_ip HERE connect_port {port} connect_timeout 2 {more} }}"
DNS_HERE = "DNS_CHECK {{ type A name www.lab.example connect_ip HERE connect_port {port} connect_timeout 2 }}"
MISC = 'MISC_CHECK {{ misc_path "{path}" misc_timeout 1 {more} }}'

# What a check is, and whether the server is up by it.
CASES = {
    "tcp": (TCP.format(port=80), True),
    "tcp-hang": (TCP.format(port=81), True),
    "tcp-rude": (TCP.format(port=82), True),
    "tcp-slow": (TCP.format(port=80).replace("{ ", "{ connect_ip SLOW "), True),
    "tcp-late": (TCP.format(port=80).replace("{ ", "{ connect_ip LATE "), False),
    "tcp-full": (TCP.format(port=88), False),
    "tcp-closed": (TCP.format(port=99), False),
    "tcp-no-such-host": (TCP.format(port=80).replace("{ ", "{ connect_ip 192.0.2.77 "), False),
    "http": (GET.format(path="/", more="", port=80), True),
    "http-digest": (GET.format(path="/", more=f"digest {DIGEST}", port=80), True),
    "http-wrong-digest": (GET.format(path="/", more=f"digest {'0' * 32}", port=80), False),
    "http-404": (GET.format(path="/none", more="", port=80), False),
    "http-404-wanted": (GET.format(path="/none", more="status_code 404", port=80), True),
    "http-301": (GET.format(path="/moved", more="", port=80), False),
    "http-301-wanted": (GET.format(path="/moved", more="status_code 200-299 301", port=80), True),
    "http-503": (GET.format(path="/broken", more="", port=80), False),
    "http-regex": (GET.format(path="/", more="regex page.that", port=80), True),
    "http-regex-caseless": (GET.format(path="/", more="regex PAGE.that regex_options caseless", port=80), True),
    "http-regex-else": (GET.format(path="/", more="regex PAGE.that", port=80), False),
    "http-regex-no-match": (GET.format(path="/", more="regex page.that regex_no_match", port=80), False),
    "http-regex-absent": (GET.format(path="/", more="regex fire regex_no_match", port=80), True),
    **{f"http-regex-{name}": (GET.format(path="/", more=more, port=80), up) for name, more, up in EXPRESSIONS},
    "http-other-host": (GET.format(path="/", more="virtualhost other.example", port=80), False),
    "http-closed": (GET.format(path="/", more="", port=99), False),
    "http-full": (GET.format(path="/", more="", port=88), False),
    "http-hang": (GET.format(path="/", more="", port=81), False),
    "http-rude": (GET.format(path="/", more="", port=82), False),
    "http-garbage": (GET.format(path="/", more="", port=83), False),
    "http-cut": (GET.format(path="/", more="", port=85), False),
    "http-slow": (GET.format(path="/", more=f"digest {DIGEST}", port=86), True),
    "http-late": (GET.format(path="/", more="", port=87), False),
    "ssl": (TLS.format(words="", more="", port=443), True),
    "ssl-digest": (TLS.format(words="", more=f"digest {DIGEST}", port=443), True),
    "ssl-1.1": (TLS.format(words="http_protocol 1.1", more=f"digest {DIGEST}", port=443), True),
    "ssl-on-plain": (TLS.format(words="", more="", port=80), False),
    "ssl-wrong-digest": (TLS.format(words="", more=f"digest {'0' * 32}", port=443), False),
    "ssl-closed": (TLS.format(words="", more="", port=99), False),
    "ssl-full": (TLS.format(words="", more="", port=88), False),
    "ssl-slow": (TLS.format(words="", more=f"digest {DIGEST}", port=1443), True),
    "ssl-late": (TLS.format(words="", more="", port=2443), False),
    "ssl-hang": (TLS.format(words="", more="", port=81), False),
    "ssl-rude": (TLS.format(words="", more="", port=82), False),
    "ssl-no-sni": (TLS.format(words="virtualhost sni.example", more="", port=443), True),
    "ssl-sni-refused": (TLS.format(words="virtualhost sni.example enable_sni", more="", port=443), False),
    "plain-on-ssl": (GET.format(path="/", more="", port=443), False),
    "smtp": (SMTP.format(more="", port=25), True),
    "smtp-helo": (SMTP.format(more="helo_name me.lab.example", port=25), True),
    "smtp-busy": (SMTP.format(more="", port=89), False),
    "smtp-on-http": (SMTP.format(more="", port=80), False),
    "smtp-full": (SMTP.format(more="", port=88), False),
    "smtp-slow": (SMTP.format(more="", port=1025), True),
    "smtp-late": (SMTP.format(more="", port=2025), False),
    "smtp-hang": (SMTP.format(more="", port=81), False),
    "smtp-rude": (SMTP.format(more="", port=82), False),
    "smtp-hang-later": (SMTP.format(more="", port=90), False),
    "smtp-refuses-helo": (SMTP.format(more="", port=91), False),
    "smtp-closed": (SMTP.format(more="", port=99), False),
    "dns": (DNS.format(type="A", name="www.lab.example", port=53), True),
    "dns-soa": (DNS.format(type="SOA", name="lab.example", port=53), True),
    "dns-no-data": (DNS.format(type="MX", name="www.lab.example", port=53), True),
    "dns-no-name": (DNS.format(type="A", name="none.lab.example", port=53), False),
    "dns-refused": (DNS.format(type="A", name="www.refused.example", port=53), False),
    "dns-slow": (DNS_HERE.format(port=1053), True),
    "dns-late": (DNS_HERE.format(port=2053), False),
    "dns-servfail": (DNS_HERE.format(port=94), False),
    "dns-garbage": (DNS_HERE.format(port=92), False),
    "dns-other-id": (DNS_HERE.format(port=93), False),
    "dns-echo": (DNS_HERE.format(port=7), False),
    "dns-closed": (DNS.format(type="A", name="www.lab.example", port=99), False),
    "dns-mute": (DNS_HERE.format(port=9), False),
    "udp-echo": (UDP.format(port=7, more=""), True),
    "udp-mute": (UDP.format(port=9, more=""), True),
    "udp-closed": (UDP.format(port=99, more=""), False),
    "udp-reply": (UDP.format(port=7, more="require_reply"), True),
    "udp-no-reply": (UDP.format(port=9, more="require_reply"), False),
    "udp-slow": (UDP.format(port=1007, more="require_reply"), True),
    "udp-late": (UDP.format(port=2007, more="require_reply"), False),
    "udp-same": (UDP.format(port=7, more="payload 0102ff require_reply 01xxff"), True),
    "udp-other": (UDP.format(port=7, more="payload 0102ff require_reply 0103"), False),
    "udp-short": (UDP.format(port=7, more="payload 0102 require_reply 0102 min_reply_length 3"), False),
    "ping": ("PING_CHECK { connect_timeout 2 }", True),
    "ping-slow": ("PING_CHECK { connect_ip SLOW connect_timeout 2 }", True),
    "ping-late": ("PING_CHECK { connect_ip LATE connect_timeout 2 }", False),
    "ping-no-such-host": ("PING_CHECK { connect_ip ABSENT connect_timeout 2 }", False),
    "misc-0": (MISC.format(path="/usr/bin/true", more=""), True),
    "misc-1": (MISC.format(path="/usr/bin/false", more=""), False),
    "misc-absent": (MISC.format(path="/usr/bin/there-is-no-such-thing", more=""), False),
    "misc-slow": (MISC.format(path="/usr/bin/sleep 0.4", more=""), True),
    "misc-killed": (MISC.format(path="/bin/sh -c 'kill -9 $$'", more=""), False),
    "misc-deaf": (MISC.format(path="/bin/sh -c 'trap : TERM; while :; do sleep 1; done'", more=""), False),
    "misc-hang": (MISC.format(path="/usr/bin/sleep 30", more=""), False),
    "misc-dynamic": (MISC.format(path="/bin/sh -c 'exit 12'", more="misc_dynamic"), True),
    "misc-not-dynamic": (MISC.format(path="/bin/sh -c 'exit 12'", more=""), False),
}
FAMILIES = {"v4": "127.0.0.{}", "v6": "fd00::{}"}
ABSENT = {"v4": "192.0.2.77", "v6": "2001:db8::77"}
# Everything to these hosts takes so long, the first packet of a connection too: there and back, seconds.
FAR = {"slow": ("198.18.0", "fd18:0:0:1:", 0.4), "late": ("198.18.1", "fd18:0:0:2:", 7.0)}
# In front of these servers' ports something takes so long for each answer: more than connect_timeout in all, where
# there are several, less for each.
DELAYS = {1000: 0.5, 2000: 7.0}
DELAYED = {25: False, 443: False, 53: True, 7: True}  # whether it is UDP


@pytest.fixture(scope="module")
def servers():
    subprocess.run(["modprobe", "ip_vs_rr"], check=True)
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    addresses = [f"addr add {FAMILIES['v6'].format(number)}/128 dev lo nodad" for number in range(10, 250)]
    subprocess.run(["ip", "-batch", "-"], input="\n".join(addresses), text=True, check=True)
    homes = Path("/run/servers")
    here = [address.format(10) for address in FAMILIES.values()]
    odd, datagrams = Odd(), Datagrams(*here, "127.0.0.1", "::1")
    subprocess.run(["modprobe", "sch_netem"], check=True)
    hosts = [far(name, *place) for name, place in FAR.items()]
    between = [
        Delay(more + port, port, seconds, udp=udp, addresses=here if udp else ("0.0.0.0", "::"))
        for more, seconds in DELAYS.items()
        for port, udp in DELAYED.items()
    ]
    daemons = [
        Nginx(homes / "nginx"),
        Daemon(homes / "unbound", 53, UNBOUND, "unbound", "-c", ready="start of service"),
        Daemon(homes / "exim", 25, EXIM, "exim4", "-bdf", "-C"),
    ]
    yield daemons
    for host in hosts:
        host.close()
    for delay in between:
        delay.close()
    odd.stop()
    datagrams.stop()
    for daemon in daemons:
        daemon.stop()


# What docs/checks.md says was tried: the columns of its table whose servers are well.
WELL = {"healthy", "slow"}
KEYWORDS = {check.split()[0] for check, _up in CASES.values()}

NAMES = [f"{name}-{family}" for family in FAMILIES for name in CASES]
EXPECTED = {f"{name}-{family}": up for family in FAMILIES for name, (_check, up) in CASES.items()}
# Checks of the daemons: what they say when those are stopped (the kernel goes on taking connections), and killed.
OF_DAEMONS = {
    name: check.partition("connect_port ")[2].partition(" ")[0] in ("80", "443", "25", "53")
    and "connect_ip" not in check
    for name, (check, _up) in CASES.items()
}
FAULTS = {
    "stopped": (signal.SIGSTOP, {f"{n}-{f}": n == "tcp" for f in FAMILIES for n, of in OF_DAEMONS.items() if of}, 6.0),
    "killed": (signal.SIGKILL, {f"{n}-{f}": False for f in FAMILIES for n, of in OF_DAEMONS.items() if of}, 4.0),
}
WORDS = (
    r" (?=(?:connect_|misc_t|misc_d|digest|status_code|virtualhost|url|enable_sni|path|http_pr"
    r"|helo_name|name|type|payload|require_reply|min_reply|regex))"
)


def configuration(expected=None) -> str:
    """One virtual server a case and family, its port tells which. alpha: up only by a success."""
    text = "global_defs {\n  script_user root\n}\n"
    number = 9
    for family, address in FAMILIES.items():
        places = {"HERE": address.format(10), "ABSENT": ABSENT[family]}
        places.update(
            {host.upper(): f"{six}:2" if family == "v6" else f"{four}.2" for host, (four, six, _) in FAR.items()}
        )
        for name, (check, _up) in CASES.items():
            number += 1
            if expected is not None and f"{name}-{family}" not in expected:
                continue
            text += f"virtual_server {address.format(250)} {number} {{\n  delay_loop 1\n  protocol TCP\n  lb_algo rr\n"
            text += "  lb_kind NAT\n  alpha\n  warmup 0\n  retry 1\n  delay_before_retry 1\n"
            text += f"  real_server {address.format(number)} 80 {{\n"
            placed = re.sub("HERE|ABSENT|SLOW|LATE", lambda word, places=places: places[word.group()], check)
            for part in re.sub(r"([{}]) ", r"\1\n", placed).replace(" }", "\n}").split("\n"):
                text += "".join(f"    {line}\n" for line in re.sub(WORDS, "\n", part).split("\n"))
            text += "  }\n}\n"
    return text


PATIENCE = 20.0  # seconds: a check that the machine delayed beyond its limit is put right by its next one


def ours(text: str, seconds: float, expected):
    """Of every check that does not say what is expected after `seconds`: what it saw."""
    reading = conf.read(text, "keepalived.conf")
    assert [finding.render() for finding in reading.findings if finding.level == "error"] == []
    loop = Loop()
    plan = plan_checks.plan(reading.document)
    runner = Runner(loop, lambda *_news: None, lambda: 0.0)
    runner.load(plan.checks, lambda _key: None)
    names = dict(zip(plan.services, expected))

    def results():
        return {names[key.service]: (state.up, last.outcome.text) for key, state, last in runner.results() if last}

    def wrong():
        return {name: text for name, (up, text) in results().items() if up is not expected[name]}

    ready, end = settled(lambda: not wrong()), loop.now() + seconds + PATIENCE

    def look(now: float) -> None:
        if ready(now) or now >= end:
            loop.stop()
        else:
            loop.wake("look", now + 0.25, look)

    loop.wake("look", loop.now() + seconds, look)
    loop.run()
    seen, found = results(), wrong() if ready(loop.now()) else wrong() or {"all": f"not right for {SETTLED} s on end"}
    runner.stop()
    loop.wake("enough", loop.now() + REAP_EVERY + 0.5, lambda _now: loop.stop())  # killed scripts are reaped by it
    loop.run()
    loop.close()
    assert list(seen) == list(expected)
    return found


def verdicts(tmp_path, expected, seconds: float):
    """What our checks say else than expected, and which servers Debian's keepalived has up at that time."""
    text = configuration(expected)
    file, home = tmp_path / "keepalived.conf", str(tmp_path / "pid")
    file.write_text(text)
    with open(tmp_path / "log", "wb") as log:
        command = ["keepalived", "-C", "-n", "-l", "-D", "-f", str(file), "-p", f"{home}1", "-c", f"{home}2"]
        keepalived = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        wrong = ours(text, seconds, expected)
        ready = settled(lambda: served(expected) == expected)
        calm = wait(lambda: ready(time.monotonic()), PATIENCE, 0.25)
        return wrong, served(expected) if calm is not None else {**served(expected), "all": "not right on end"}
    finally:
        keepalived.terminate()
        keepalived.wait(10)


def served(expected):
    """Which of these servers the table has now."""
    table = subprocess.run(["ipvsadm", "-Sn"], check=True, capture_output=True, text=True).stdout
    ports = {int(port) for port in re.findall(r"^-a -t \S+:(\d+) -r", table, re.MULTILINE)}
    return {name: number in ports for number, name in enumerate(NAMES, 10) if name in expected}


def test_verdicts_are_right_and_keepalived_agrees(servers, tmp_path):
    wrong, theirs = verdicts(tmp_path, EXPECTED, 15.0)
    assert wrong == {}
    assert theirs == EXPECTED


def test_the_table_in_the_documentation_is_of_these_cases():
    """Every case of the table is one of that check and has the verdict of its column; no check is left out."""
    text = (Path(__file__).parents[2] / "docs" / "checks.md").read_text()
    rows = [
        [cell.strip() for cell in row.split("|")[1:-1]]
        for row in text.splitlines()
        if "_CHECK` |" in row or "_GET` |" in row
    ]
    head = "| check | healthy | slow | wrong | late | hanging | dead |"
    assert head in text
    columns = head.split(" | ")[1:]
    tried = {row[0].strip("`"): row[1:] for row in rows if row[0].strip("`") in KEYWORDS}
    assert set(tried) == KEYWORDS
    for keyword, cells in tried.items():
        for column, cell in zip(columns, cells):
            for name in re.findall("`([^`]+)`", cell):
                check, up = CASES[name]
                assert (check.split()[0], up) == (keyword, column in WELL), (keyword, column, name)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("group_range", ["1 0", "0 0"])
def test_a_ping_needs_no_sysctl(servers, family, group_range):
    """1 0, the kernel's own value, forbids ping sockets to everybody: a raw one does it. keepalived sets the sysctl."""
    Path("/proc/sys/net/ipv4/ping_group_range").write_text(group_range)
    loop = Loop()
    outcomes = {}
    runner = Runner(loop, lambda key, _before, _after, outcome: outcomes.update({key: outcome}), lambda: 0.0)
    schedule = Schedule(delay_loop=60.0, warmup=0.0)
    here, absent = FAMILIES[family].format(10), ABSENT[family]
    ends = {"here": PingCheck(Endpoint(here, 0, 1.0)), "absent": PingCheck(Endpoint(absent, 0, 1.0))}
    runner.load({name: (schedule, check) for name, check in ends.items()}, lambda _key: None)
    loop.wake("enough", loop.now() + 1.5, lambda _now: loop.stop())
    loop.run()
    runner.stop()
    loop.close()
    assert {name: outcome.ok for name, outcome in outcomes.items()} == {"here": True, "absent": False}
    assert Path("/proc/sys/net/ipv4/ping_group_range").read_text().split() == group_range.split()


@pytest.mark.parametrize(
    "words",
    [
        "-s 127.0.0.10 -p 80 -u /",
        "-s fd00::10 -p 80 -u /",
        "-s 127.0.0.10 -p 80 -u /none",
        "-s 127.0.0.10 -p 80 -u / -V other.example",
        "-s 127.0.0.10 -p 80 -u / -P 1.1",
        "-S -s 127.0.0.10 -p 443 -u /",
        "-S -I -s 127.0.0.10 -p 443 -u / -V lab -P 1.0c",
        "-v -s 127.0.0.10 -p 80 -u /",
    ],
)
def test_genhash_prints_what_keepalived_prints(servers, words, capsys):
    for _try in range(5):  # with -v the Date of the server is shown: another second, another text
        theirs = subprocess.run(["genhash", *words.split()], check=True, capture_output=True, text=True).stdout
        assert genhash.main(words.split()) == 0
        ours = capsys.readouterr().out
        if tidy(ours) == tidy(theirs):
            break
    assert tidy(ours) == tidy(theirs)


def tidy(text: str) -> list:
    """Its lines, without the blanks at their ends and without the time that keepalived's -v ends with."""
    lines = [line.rstrip() for line in text.splitlines()]
    return [line for line in lines if line and not line.startswith("Global response time")]


def test_genhash_says_when_there_is_nothing_to_hash(servers, capsys):
    assert genhash.main(["-s", "127.0.0.10", "-p", "99", "-u", "/"]) == 1
    assert genhash.main(["-s", "127.0.0.10", "-p", "82", "-u", "/"]) == 1
    assert genhash.main(["-S", "-s", "127.0.0.10", "-p", "80", "-u", "/"]) == 1
    assert "no answer from [127.0.0.10]:99: Connection refused" in capsys.readouterr().err


@pytest.mark.parametrize("fault", FAULTS)
def test_keepalived_agrees_on_servers_that_are_stopped_and_killed(servers, tmp_path, fault):
    """The last test of this file: nothing of the servers is left."""
    number, expected, seconds = FAULTS[fault]
    pids = [daemon.process.pid for daemon in servers]
    found = subprocess.run(["pgrep", "-P", ",".join(map(str, pids))], capture_output=True, text=True, check=False)
    pids += map(int, found.stdout.split())  # nginx works in a child
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):  # exim has a child a connection
            os.kill(pid, number)
    wrong, theirs = verdicts(tmp_path, expected, seconds)
    for pid in pids if number == signal.SIGSTOP else ():
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)
    assert wrong == {}
    assert theirs == expected
