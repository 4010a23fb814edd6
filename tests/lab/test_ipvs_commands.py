# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What shows and takes the table, beside ipvsadm on a guest's kernel: the module ipvs_info, and `lvs-agent ipvs`."""

from __future__ import annotations

import contextlib
import io
import json
import socket
import subprocess
import sys
import time

import pytest
from netns import Host, bridge, get, plug
from one_module import play
from test_ipvs_kernel import ADDRESSES, EVERY_KIND, without_thresholds

from lvs_agent import cli_ipvs

pytestmark = pytest.mark.uml(limit=200)

MODULES = ("modprobe", "-a", "ip_vs", "ipip", "ipv6")
# Made by ipvsadm's own reading of these lines, which are how it saves a table.
TABLE = """\
-A -t 10.1.0.100:80 -s wrr -p 50 -M 255.255.255.0
-a -t 10.1.0.100:80 -r 10.1.0.1:8080 -m -w 3
-a -t 10.1.0.100:80 -r 127.0.0.1:80 -m -w 1
-A -u 10.1.0.100:53 -s rr -o
-a -u 10.1.0.100:53 -r 10.1.0.2:53 -g -w 0
-A -t [2001:db8::100]:443 -s sh -p 50 -M 64
-a -t [2001:db8::100]:443 -r [2001:db8::1]:443 -i -w 1
-A -f 5 -6 -s lc
-a -f 5 -6 -r [2001:db8::2]:0 -g -w 1
-A -f 6 -s wlc
"""


def saved(service):
    """A service as ipvsadm saves it."""
    flag = {"TCP": "-t", "UDP": "-u", None: "-f"}[service["protocol"]]
    head = f"{flag} {place(service) if service['fwmark'] is None else service['fwmark']}"
    if service["fwmark"] is not None and service["ip_family"] == "inet6":
        head += " -6"
    line = f"-A {head} -s {service['lvs_sched']}"
    if service["persistent"]:
        line += " -p 50"
    if service["persistence_granularity"]:
        line += f" -M {service['persistence_granularity']}"
    yield line + (" -o" if service["ops"] else "")
    for server in service["real_servers"]:
        method = {"NAT": "-m", "DR": "-g", "TUN": "-i"}[server["lvs_method"]]
        yield f"-a {head} -r {place(server)} {method} -w {server['weight']}"


def place(item):
    address = f"[{item['address']}]" if ":" in item["address"] else item["address"]
    return f"{address}:{item['port']}"


def test_it_says_what_ipvsadm_says():
    host = contextlib.nullcontext()
    assert play(host, module="ipvs_info")[0]["loaded"] is False
    subprocess.run(MODULES, check=True)
    for line in TABLE.splitlines():
        subprocess.run(["ipvsadm", *line.split()], check=True)
    found, _shown = play(host, module="ipvs_info")
    assert found["loaded"]
    assert found["sysctls"]["expire_nodest_conn"] == "0"
    lines = [line for service in found["virtual_servers"] for line in saved(service)]
    assert sorted(lines) == sorted(TABLE.splitlines())


def said(host, *words, text=b""):
    """`lvs-agent ipvs WORDS` in a host: its status, what it prints, what it complains of."""
    out, err, stdin = io.StringIO(), io.StringIO(), sys.stdin
    sys.stdin = io.TextIOWrapper(io.BytesIO(text if isinstance(text, bytes) else text.encode()))
    try:
        with host, contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            status = cli_ipvs.main(list(words))
    finally:
        sys.stdin = stdin
    return status, out.getvalue(), err.getvalue()


def agreed(host, words, command, tidy=str.splitlines):
    """What ours prints and ipvsadm does, asked until nothing has changed between the two: connections age."""
    for _try in range(20):
        before = tidy(said(host, *words)[1])
        theirs = tidy(host.run(*command))
        if before == theirs:
            break
    assert before == theirs
    return before


@pytest.fixture
def hosts():
    subprocess.run(MODULES, check=True)
    made = [Host(name) for name in ("one", "other")]
    for host in made:
        host.batch(*ADDRESSES)
    yield made
    for host in made:
        host.close()


def test_saved_by_one_and_restored_by_the_other(hosts):
    """Byte for byte but for thresholds, which ipvsadm does not save and takes."""
    one, other = hosts
    with one:
        subprocess.run(["ipvsadm", "-R"], input=EVERY_KIND, text=True, check=True)
    theirs = one.run("ipvsadm", "-Sn")
    status, ours, complaints = said(one, "save")
    assert (status, without_thresholds(ours), complaints) == (0, theirs, "")
    assert [line for line in ours.splitlines() if line not in theirs.splitlines()] == [
        "-a -u 192.0.2.2:53 -r 10.0.0.1:53 -m -w 100 -x 1000 -y 500"
    ]
    assert said(other, "restore", text=theirs) == (0, "", "")
    assert other.run("ipvsadm", "-Sn") == theirs
    other.run("ipvsadm", "-C")
    with other:
        subprocess.run(["ipvsadm", "-R"], input=ours, text=True, check=True)
    for words in (["-Sn"], ["-Ln", "--thresholds"], ["-Ln"]):
        assert other.run("ipvsadm", *words) == one.run("ipvsadm", *words)
    assert said(other, "save")[1] == ours
    for words, command in ((["list"], ["-Ln"]), (["stats"], ["-Ln", "--stats"]), (["rate"], ["-Ln", "--rate"])):
        agreed(one, words, ["ipvsadm", *command])
    whole = json.loads(said(one, "save", "--json")[1])
    assert len(whole) == ours.count("-A ")
    assert sum(len(service["destinations"]) for service in whole) == ours.count("-a ")


def test_restore_changes_what_is_named_and_with_clear_the_rest_too(hosts, tmp_path):
    one, _other = hosts
    here = "-A -t 192.0.2.1:80 -s rr\n-a -t 192.0.2.1:80 -r 10.0.0.1:80 -g -w 1\n-A -f 3 -s wlc\n"
    wanted = "-A -t 192.0.2.1:80 -s wrr\n-a -t 192.0.2.1:80 -r 10.0.0.2:80 -g -w 7\n"
    (tmp_path / "table").write_text(wanted)
    assert said(one, "restore", text=here) == (0, "", "")
    assert said(one, "restore", str(tmp_path / "table")) == (0, "", "")
    assert one.run("ipvsadm", "-Sn") == wanted + "-A -f 3 -s wlc\n"
    assert said(one, "restore", "--clear", text=wanted) == (0, "", "")
    assert one.run("ipvsadm", "-Sn") == wanted
    status, _out, complaints = said(one, "restore", text="-A -t 192.0.2.1:81 -s nosuch\n-A -t 192.0.2.1:82 -s rr\n")
    assert status == 2
    assert "modprobe ip_vs_nosuch" in complaints
    assert one.run("ipvsadm", "-Sn") == wanted + "-A -t 192.0.2.1:82 -s rr\n"
    status, _out, complaints = said(one, "restore", str(tmp_path / "none"))
    assert (status, complaints) == (3, f"lvs-agent: cannot read {tmp_path}/none: No such file or directory\n")


BAD = {
    b"-A -t 192.0.2.9:80 -s rr\n-a -t 192.0.2.9:80 -r www:80 -g\n": "2:23: error: 'www:80' is no numeric address:port",
    b"-A -t 192.0.2.9:80 -s rr\n\n  -D -t 192.0.2.1:80\n": "3:3: error: unknown option '-D'",
    b"-A -f 9 -s rr\n# \xff\n": "2:3: error: this is no UTF-8 text",
    b"-A -f 9 -s rr\n-A -f 9 -s wrr\n": "2:1: error: this service is there already",
    b"-A -f 9 -s rr\n-a -f 9 -r 10.0.0.1 -w many": "2:24: error: -w many: a number up to 2147483647 is wanted",
    b"-A -f 9 -s rr\n\x00\n": "2:1: error: unknown option '\\x00'",
}


@pytest.mark.parametrize("text", BAD)
@pytest.mark.parametrize("words", [(), ("--clear",)])
def test_bad_input_is_told_with_its_place_and_changes_nothing(hosts, text, words):
    one, _other = hosts
    here = "-A -t 192.0.2.1:80 -s rr\n-a -t 192.0.2.1:80 -r 10.0.0.1:80 -g -w 1\n"
    said(one, "restore", text=here)
    status, out, complaints = said(one, "restore", *words, text=text)
    assert (status, out, complaints.splitlines()[0]) == (2, "", f"<stdin>:{BAD[text]}")
    assert one.run("ipvsadm", "-Sn") == here


SERVED = """\
-A -t 10.1.0.100:80 -s rr
-a -t 10.1.0.100:80 -r 10.1.0.11:80 -g -w 1
-A -t 10.1.0.100:81 -s wrr -p 60 -M 255.255.255.0
-a -t 10.1.0.100:81 -r 10.1.0.11:81 -g -w 3
-A -u 10.1.0.100:53 -s rr
-a -u 10.1.0.100:53 -r 10.1.0.11:53 -g -w 1
-A -t [fd01::100]:80 -s lc
-a -t [fd01::100]:80 -r [fd01::11]:80 -g -w 1
"""


@pytest.fixture(scope="module")
def asked():
    """A director that has passed on connections of every kind, and where they came from."""
    subprocess.run(MODULES, check=True)
    bridge("lan")
    client, director, server = (Host(name) for name in ("client", "director", "server"))
    plug(client, "eth0", "lan", "10.1.0.10/24", "fd01::10/64 nodad")
    plug(director, "eth0", "lan", "10.1.0.1/24", "10.1.0.100/32", "fd01::1/64 nodad", "fd01::100/128 nodad")
    plug(server, "eth0", "lan", "10.1.0.11/24", "fd01::11/64 nodad")
    server.sysctl(**{"net/ipv4/conf/all/arp_ignore": 1, "net/ipv4/conf/all/arp_announce": 2})
    server.batch("addr add 10.1.0.100/32 dev lo", "addr add fd01::100/128 dev lo nodad")
    server.web("0.0.0.0", 80, 81)
    server.web("fd01::100")
    assert said(director, "restore", text=SERVED) == (0, "", "")
    with client:
        answers = [get("10.1.0.100", timeout=5) for _ in range(5)] + [get("10.1.0.100", 81, timeout=5)]
        answers += [get("fd01::100", timeout=5) for _ in range(3)]
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
            datagrams.sendto(b"?", ("10.1.0.100", 53))
    assert answers == ["server"] * 9
    time.sleep(2.5)  # the kernel adds up its counters every 2 s
    yield director
    for host in (client, director, server):
        host.close()


SHOWN = {
    "list": "-Ln",
    "stats": "-Ln --stats",
    "stats --exact": "-Ln --stats --exact",
    "rate": "-Ln --rate",
    "rate --exact": "-Ln --rate --exact",
}


VIEWS = {
    "list --thresholds": "-Ln --thresholds",
    "list --persistent-conn": "-Ln --persistent-conn",
    "list --timeout": "-Ln --timeout",
    "list --daemon": "-Ln --daemon",
    "list -t 10.1.0.100:81": "-Ln -t 10.1.0.100:81",
    "list --persistent-conn -t 10.1.0.100:81": "-Ln --persistent-conn -t 10.1.0.100:81",
    "stats --exact -t [fd01::100]:80": "-Ln --stats --exact -t [fd01::100]:80",
    "rate -u 10.1.0.100:53": "-Ln --rate -u 10.1.0.100:53",
}


@pytest.mark.parametrize("words", VIEWS)
def test_a_part_of_it_is_what_ipvsadm_shows(asked, words):
    asked.run("ipvsadm", "--set", "800", "100", "200")
    for role in ("master", "backup"):
        asked.run("ipvsadm", f"--start-daemon={role}", "--mcast-interface", "eth0", "--syncid", "7", check=False)
    lines = agreed(asked, words.split(), ["ipvsadm", *VIEWS[words].split()])
    assert len(lines) == {"list --timeout": 1, "list --daemon": 2}.get(
        words, 4 if ":" in words else 3 + SERVED.count("\n")
    )


def test_views_for_programs(asked):
    assert json.loads(said(asked, "list", "--timeout", "--json")[1]) == {"tcp": 800, "tcp_fin": 100, "udp": 200}
    told = json.loads(said(asked, "list", "--daemon", "--json")[1])
    assert [(one["state"], one["interface"], one["syncid"]) for one in told] == [
        ("master", "eth0", 7),
        ("backup", "eth0", 7),
    ]
    (one,) = json.loads(said(asked, "list", "--json", "-t", "10.1.0.100:81")[1])
    assert (one["port"], one["destinations"][0]["weight"]) == (81, 3)


@pytest.mark.parametrize("action", ["list", "stats", "zero"])
def test_a_service_that_is_not_there(asked, action):
    refused = (2, "", "lvs-agent: the kernel has no service TCP  10.1.0.100:99\n")
    assert said(asked, action, "-t", "10.1.0.100:99") == refused


@pytest.mark.parametrize("words", SHOWN)
def test_what_is_shown_is_what_ipvsadm_shows(asked, words):
    lines = agreed(asked, words.split(), ["ipvsadm", *SHOWN[words].split()])
    assert len(lines) == 3 + SERVED.count("\n")


def test_connections_are_those_that_ipvsadm_shows(asked):
    lines = agreed(asked, ["conns"], ["ipvsadm", "-Lnc"], lambda text: sorted(text.splitlines()))
    assert len(lines) == 2 + 5 + 2 + 3 + 1  # a title of two lines; a persistent one has a template besides

    def in_words(entry):
        places = [(entry[f"{end}"], entry[f"{end}_port"]) for end in ("client", "virtual", "destination")]
        return [entry["protocol"], entry["state"], *(f"[{a}]:{p}" if ":" in a else f"{a}:{p}" for a, p in places)]

    told = [in_words(entry) for entry in json.loads(said(asked, "conns", "--json")[1])]
    shown = [line.split() for line in asked.run("ipvsadm", "-Lnc").splitlines()[2:]]
    assert sorted(told) == sorted([words[0], *words[2:]] for words in shown)


def test_json_has_the_numbers_of_the_text(asked):
    for action in ("list", "stats", "rate"):
        told = json.loads(said(asked, action, "--json")[1])
        assert [service["stats"]["conns"] for service in told] == [5, 1, 1, 3]
        assert [service["destinations"][0]["weight"] for service in told] == [1, 3, 1, 1]
    stats = [line.split() for line in asked.run("ipvsadm", "-Ln", "--stats", "--exact").splitlines()[3:]]
    numbers = [[int(word) for word in words[2:]] for words in stats if words[0] != "->"]
    keys = ("conns", "inpkts", "outpkts", "inbytes", "outbytes")
    assert [[service["stats"][key] for key in keys] for service in told] == numbers


def test_zero_of_one_service(asked):
    """Before the test that sets all of them to zero."""
    before = json.loads(said(asked, "stats", "--json")[1])
    assert said(asked, "zero", "-t", "10.1.0.100:81") == (0, "", "")
    after = json.loads(said(asked, "stats", "--json")[1])
    assert [one["stats"]["conns"] for one in before] == [5, 1, 1, 3]
    assert [one["stats"]["conns"] for one in after] == [5, 0, 1, 3]
    agreed(asked, ["stats", "--exact"], ["ipvsadm", "-Ln", "--stats", "--exact"])


def test_zero_is_what_ipvsadm_makes_of_it(asked):
    """The last test with these connections."""
    assert said(asked, "zero") == (0, "", "")
    ours = said(asked, "stats", "--exact")[1]
    assert {word for line in ours.splitlines()[3:] for word in line.split()[2:]} == {"0"}
    asked.run("ipvsadm", "-Z")
    assert asked.run("ipvsadm", "-Ln", "--stats", "--exact") == ours
