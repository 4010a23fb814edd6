# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The IPVS room against a real ip_vs: what we program is what ipvsadm and keepalived make, and is read back equal.

Long because a guest boots once a file: what needs the same kernel stands together.
"""

from __future__ import annotations

import errno
import subprocess
import time
from pathlib import Path

import pytest
from netns import Host, bridge, get, plug, wait

from lvs_agent.ipvs import listing, save
from lvs_agent.ipvs.diff import Verb, diff
from lvs_agent.ipvs.port import BATCH, Ipvs, NoIpvsError
from lvs_agent.ipvs.restore import read
from lvs_agent.ipvs.stats import STATE_BACKUP, STATE_MASTER, Daemon, Timeouts

pytestmark = pytest.mark.uml(limit=240)

ADDRESSES = ("addr add 192.0.2.1/24 dev lo", "addr add 10.0.0.254/24 dev lo", "addr add 2001:db8::1/64 dev lo nodad")

EVERY_KIND = """\
-A -t 192.0.2.1:80 -s wrr -p 50
-a -t 192.0.2.1:80 -r 10.0.0.1:80 -g -w 1
-a -t 192.0.2.1:80 -r 10.0.0.2:80 -g -w 65535
-A -t 192.0.2.1:8080 -s rr
-a -t 192.0.2.1:8080 -r 10.0.0.1:8081 -m -w 1
-a -t 192.0.2.1:8080 -r 10.0.0.2:8082 -m -w 0
-A -u 192.0.2.2:53 -s wlc -o
-a -u 192.0.2.2:53 -r 10.0.0.1:53 -m -w 100 -x 1000 -y 500
-A --sctp-service 192.0.2.3:5060 -s lc
-a --sctp-service 192.0.2.3:5060 -r 10.0.0.9:5060 -g -w 2
-A -t 192.0.2.4:443 -s sh -b sh-fallback,sh-port
-a -t 192.0.2.4:443 -r 10.0.0.1:443 -i -w 1
-A -t 192.0.2.5:443 -s mh -p 300 -M 255.255.255.0 -b mh-fallback,mh-port
-a -t 192.0.2.5:443 -r 10.0.0.1:443 -i -w 1 --tun-type gue --tun-port 6080
-a -t 192.0.2.5:443 -r 10.0.0.2:443 -i -w 1 --tun-type gue --tun-port 6081 --tun-csum
-a -t 192.0.2.5:443 -r 10.0.0.3:443 -i -w 1 --tun-type gue --tun-port 6082 --tun-remcsum
-a -t 192.0.2.5:443 -r 10.0.0.4:443 -i -w 1 --tun-type gre
-a -t 192.0.2.5:443 -r 10.0.0.5:443 -i -w 1 --tun-type gre --tun-csum
-A -t [2001:db8::1]:80 -s wrr -p 600 -M 64
-a -t [2001:db8::1]:80 -r [2001:db8:1::1]:80 -g -w 5
-a -t [2001:db8::1]:80 -r 10.0.0.7:80 -i -w 5
-A -u [2001:db8::2]:53 -s sed -o
-a -u [2001:db8::2]:53 -r [2001:db8:1::2]:53 -m -w 1
-A -f 5 -s wrr -p 50
-a -f 5 -r 10.0.0.1:0 -g -w 1
-A -f 6 -6 -s nq
-a -f 6 -6 -r [2001:db8:1::2]:0 -g -w 1
-A -u 192.0.2.9:5060 -s rr -p 360 --pe sip -o
-A -t 192.0.2.10:0 -s rr -p 360
-a -t 192.0.2.10:0 -r 10.0.0.1:0 -g -w 1
-A -t 192.0.2.11:80 -s fo
-A -t 192.0.2.12:80 -s ovf
-A -t 192.0.2.13:80 -s dh
-A -t 192.0.2.14:80 -s lblc -b flag-1,flag-3
-A -t 192.0.2.15:80 -s lblcr -p 60 -M 255.0.255.0
-A -t 10.0.0.9:80 -s sh -b sh-port
-A -t 10.0.0.10:80 -s mh
"""

KEEPALIVED = {
    "NAT": (
        """virtual_server 192.0.2.1 80 {
  lb_algo wrr
  lb_kind NAT
  protocol TCP
  real_server 10.0.0.1 8080 {
    weight 3
  }
  real_server 10.0.0.2 8080 {
  }
}
virtual_server 192.0.2.1 53 {
  lb_algo rr
  lb_kind NAT
  protocol UDP
  ops
  real_server 10.0.0.1 5353 {
  }
}
""",
        (
            "-A -t 192.0.2.1:80 -s wrr\n"
            "-a -t 192.0.2.1:80 -r 10.0.0.1:8080 -m -w 3\n"
            "-a -t 192.0.2.1:80 -r 10.0.0.2:8080 -m -w 1\n"
            "-A -u 192.0.2.1:53 -s rr -o\n"
            "-a -u 192.0.2.1:53 -r 10.0.0.1:5353 -m -w 1\n"
        ),
    ),
    "DR": (
        """virtual_server 192.0.2.1 80 {
  lb_algo wlc
  lb_kind DR
  persistence_timeout 50
  persistence_granularity 255.255.255.0
  protocol TCP
  real_server 10.0.0.1 80 {
    weight 3
    uthreshold 100
    lthreshold 50
  }
}
virtual_server 2001:db8::1 443 {
  lb_algo mh
  mh-port
  lb_kind DR
  persistence_timeout 60
  protocol TCP
  real_server 2001:db8:1::1 443 {
    weight 0
  }
}
""",
        (
            "-A -t 192.0.2.1:80 -s wlc -p 50 -M 255.255.255.0\n"
            "-a -t 192.0.2.1:80 -r 10.0.0.1:80 -g -w 3 -x 100 -y 50\n"
            "-A -t [2001:db8::1]:443 -s mh -p 60 -b mh-port\n"
            "-a -t [2001:db8::1]:443 -r [2001:db8:1::1]:443 -g -w 0\n"
        ),
    ),
    "TUN": (
        """virtual_server fwmark 7 {
  lb_algo sh
  sh-port
  lb_kind TUN
  real_server 10.0.0.3 0 {
    weight 2
  }
  real_server 10.0.0.4 0 {
    lvs_method TUN type gue port 6080 csum
  }
}
virtual_server 2001:db8::1 80 {
  lb_algo lc
  lb_kind TUN
  protocol TCP
  real_server 10.0.0.4 80 {
  }
}
""",
        (
            "-A -t [2001:db8::1]:80 -s lc\n"
            "-a -t [2001:db8::1]:80 -r 10.0.0.4:80 -i -w 1 --tun-type ipip\n"
            "-A -f 7 -s sh -b sh-port\n"
            "-a -f 7 -r 10.0.0.3:0 -i -w 2 --tun-type ipip\n"
            "-a -f 7 -r 10.0.0.4:0 -i -w 1 --tun-type gue --tun-port 6080 --tun-csum\n"
        ),
    ),
}


@pytest.fixture(scope="module", autouse=True)
def modules():
    subprocess.run(["modprobe", "ip_vs"], check=True)


@pytest.fixture
def host():
    made = Host("ours")
    made.batch(*ADDRESSES)
    yield made
    made.close()


@pytest.fixture
def ipvs(host):
    with host:
        port = Ipvs()
    with port:
        yield port


def restored(host, text):
    """The table that ipvsadm makes of the text."""
    with host:
        subprocess.run(["ipvsadm", "-R"], input=text, text=True, check=True)
        with Ipvs() as port:
            return port.dump()


def as_sets(table):
    return {key: (entry.service, set(entry.destinations)) for key, entry in table.items()}


def without_thresholds(text):
    """ipvsadm -S does not save them."""
    return "".join(line.split(" -x ")[0] + "\n" for line in text.splitlines())


def test_every_kind_of_entry_is_what_ipvsadm_makes(host, ipvs):
    want = read(EVERY_KIND)
    other = Host("theirs")
    other.batch(*ADDRESSES)
    theirs = restored(other, EVERY_KIND)
    assert ipvs.apply(diff({}, want)) == ()
    assert ipvs.dump() == want
    assert theirs == want
    assert host.run("ipvsadm", "-Sn") == other.run("ipvsadm", "-Sn") == without_thresholds(save.write(ipvs.dump()))
    assert ipvs.apply(diff(want, {})) == ()
    assert ipvs.dump() == {}
    other.close()


@pytest.mark.parametrize("kind", KEEPALIVED)
def test_keepalived_makes_the_same_table(kind, host, ipvs, tmp_path):
    text, saved = KEEPALIVED[kind]
    want = read(saved)
    other = Host("theirs")
    other.batch(*ADDRESSES)
    (tmp_path / "keepalived.conf").write_text(text)
    keepalived = other.start(
        *("keepalived", "-n", "-l", "-C", "-f", str(tmp_path / "keepalived.conf")),
        *("-p", str(tmp_path / "pid"), "-c", str(tmp_path / "checkers")),
        log=str(tmp_path / "log"),
    )
    with other:
        theirs = Ipvs()
    assert wait(lambda: as_sets(theirs.dump()) == as_sets(want), 10), (
        save.write(theirs.dump()),
        Path(tmp_path / "log").read_text(),
    )
    assert ipvs.apply(diff({}, want)) == ()
    assert diff(theirs.dump(), ipvs.dump()) == ()
    assert host.run("ipvsadm", "-Sn") == other.run("ipvsadm", "-Sn")
    other.stop(keepalived)
    assert theirs.dump() == {}
    theirs.close()
    other.close()


WEB = "-A -t 192.0.2.1:80 -s wrr\n"
ONE = "-a -t 192.0.2.1:80 -r 10.0.0.1:80 -g -w 1\n"
TWO = "-a -t 192.0.2.1:80 -r 10.0.0.2:80 -g -w 1\n"


@pytest.mark.parametrize(
    ("have", "want", "verbs"),
    [
        (WEB + ONE, WEB + ONE.replace("-w 1", "-w 9"), [Verb.SET_DEST]),
        (WEB + ONE, WEB + ONE.replace("-w 1", "-w 0"), [Verb.SET_DEST]),
        (WEB + ONE, WEB + ONE.replace("-g", "-m"), [Verb.SET_DEST]),
        (WEB + ONE, WEB + ONE.replace("-g", "-i"), [Verb.SET_DEST]),
        (
            WEB + ONE.replace("-g", "-i --tun-type gre --tun-csum"),
            WEB + ONE.replace("-g", "-i --tun-type gue --tun-port 6080"),
            [Verb.SET_DEST],
        ),
        (WEB + ONE.replace("-g", "-i --tun-type gue --tun-port 6080"), WEB + ONE, [Verb.SET_DEST]),
        (WEB + ONE, WEB + ONE.strip() + " -x 10 -y 5\n", [Verb.SET_DEST]),
        (WEB + ONE.strip() + " -x 10 -y 5\n", WEB + ONE, [Verb.SET_DEST]),
        (WEB + ONE, WEB.replace("wrr", "wlc") + ONE, [Verb.SET_SERVICE]),
        (WEB + ONE, WEB.replace("wrr", "mh -b mh-port") + ONE, [Verb.SET_SERVICE]),
        (WEB.replace("wrr", "mh -b mh-port") + ONE, WEB.replace("wrr", "mh") + ONE, [Verb.SET_SERVICE]),
        (WEB + ONE, WEB.replace("wrr", "wrr -p 50 -M 255.255.0.0") + ONE, [Verb.SET_SERVICE]),
        (WEB.replace("wrr", "wrr -p 50 -M 255.255.0.0") + ONE, WEB + ONE, [Verb.SET_SERVICE]),
        (WEB + ONE, WEB + TWO, [Verb.NEW_DEST, Verb.DEL_DEST]),
        (WEB + ONE, "-A -f 1 -s rr\n-a -f 1 -r 10.0.0.1 -g\n", [Verb.NEW_SERVICE, Verb.NEW_DEST, Verb.DEL_SERVICE]),
    ],
)
def test_changes_lead_there(have, want, verbs, ipvs):
    assert ipvs.apply(diff({}, read(have))) == ()
    changes = diff(ipvs.dump(), read(want))
    assert [change.verb for change in changes] == verbs
    assert ipvs.apply(changes) == ()
    assert ipvs.dump() == read(want)


def test_service_is_never_empty_while_all_its_servers_are_replaced(ipvs):
    have = read(WEB + "".join(f"-a -t 192.0.2.1:80 -r 10.0.0.{n}:80 -g\n" for n in range(1, 6)))
    want = read(WEB + "".join(f"-a -t 192.0.2.1:80 -r 10.0.0.{n}:80 -m\n" for n in range(6, 11)))
    (key,) = want
    ipvs.apply(diff({}, have))
    counts = []
    for change in diff(ipvs.dump(), want):
        assert ipvs.apply([change]) == ()
        counts.append(len(ipvs.dump()[key].destinations))
    assert counts == [6, 7, 8, 9, 10, 9, 8, 7, 6, 5]
    assert ipvs.dump() == want


def test_refused_changes_are_named_and_the_rest_is_made(ipvs):
    servers = "".join(f"-a -f 1 -r 10.{n // 250}.{n % 250}.1 -g\n" for n in range(BATCH + 50))
    ipvs.apply(diff({}, read("-A -f 1 -s rr\n" + servers.splitlines()[70])))
    # The kernel has one of the servers already; a scheduler that does not exist; its server then has no service.
    wrong = "-A -f 2 -s nosuch\n-a -f 2 -r 10.9.9.9 -g\n-A -f 4 -s rr\n-a -f 4 -r 224.0.0.1 -g\n"
    changes = diff(read("-A -f 1 -s rr\n"), read("-A -f 1 -s rr\n" + servers + wrong + "-A -f 3 -s rr\n"))
    failures = ipvs.apply(changes)
    assert [(failure.change.describe(), failure.errno) for failure in failures] == [
        ("+ -A -f 2 -s nosuch", errno.ENOENT),
        ("+ -a -f 1 -r 10.0.70.1:0 -g -w 1", errno.EEXIST),
        ("+ -a -f 2 -r 10.9.9.9:0 -g -w 1", errno.ESRCH),
        ("+ -a -f 4 -r 224.0.0.1:0 -g -w 1", errno.EINVAL),
    ]
    assert "modprobe ip_vs_nosuch" in failures[0].text
    assert as_sets(ipvs.dump()) == as_sets(read("-A -f 1 -s rr\n" + servers + "-A -f 3 -s rr\n-A -f 4 -s rr\n"))


def test_every_change_of_several_batches_refused(ipvs):
    servers = "".join(f"-a -f 1 -r 10.{n // 250}.{n % 250}.1 -g\n" for n in range(3 * BATCH + 1))
    changes = diff(read("-A -f 1 -s rr\n" + servers), read("-A -f 1 -s rr\n"))
    failures = ipvs.apply(changes)
    assert [failure.change for failure in failures] == list(changes)
    assert {failure.errno for failure in failures} == {errno.ESRCH}


def test_no_ip_vs_in_the_kernel():
    autoload = Path("/proc/sys/kernel/modprobe")
    path = autoload.read_text()
    loaded = [line.split()[0] for line in Path("/proc/modules").read_text().splitlines() if line.startswith("ip_vs")]
    assert wait(lambda: not subprocess.run(["modprobe", "-r", *loaded], check=False).returncode, 10, 0.2)
    autoload.write_text("\n")
    try:
        with pytest.raises(NoIpvsError, match="load the module"):
            Ipvs()
    finally:
        autoload.write_text(path)
        subprocess.run(["modprobe", "ip_vs"], check=True)


def test_timeouts(host, ipvs):
    ipvs.set_timeouts(Timeouts(800, 110, 250))
    ipvs.set_timeouts(Timeouts(udp=200))
    assert ipvs.timeouts() == Timeouts(800, 110, 200)
    assert listing.timeouts(ipvs.timeouts()) == host.run("ipvsadm", "-L", "--timeout").strip()


def test_sync_daemons(host, ipvs):
    bridge("sync")
    plug(host, "eth0", "sync", "10.9.0.1/24")
    ipvs.start_daemon(Daemon(STATE_MASTER, "eth0", 7))
    ipvs.start_daemon(Daemon(STATE_BACKUP, "eth0", 8, 1600, "224.0.0.99", 9000, 3))
    assert ipvs.daemons() == (
        Daemon(STATE_MASTER, "eth0", 7, 1472, "224.0.0.81", 8848, 1),
        Daemon(STATE_BACKUP, "eth0", 8, 1600, "224.0.0.99", 9000, 3),
    )
    assert [listing.daemon(daemon) for daemon in ipvs.daemons()] == host.run("ipvsadm", "-L", "--daemon").splitlines()
    with pytest.raises(FileExistsError):
        ipvs.start_daemon(Daemon(STATE_MASTER, "eth0", 9))
    # A server of another address family and a sync daemon exclude each other: either way said with its cause.
    mixed = read("-A -t [2001:db8::1]:80 -s rr\n-a -t [2001:db8::1]:80 -r 10.0.0.1:80 -i\n")
    (refused,) = ipvs.apply(diff({}, mixed))
    assert (refused.errno, "sync daemon" in refused.text) == (errno.EINVAL, True)
    ipvs.stop_daemon(STATE_MASTER)
    ipvs.stop_daemon(STATE_BACKUP)
    assert ipvs.daemons() == ()
    with pytest.raises(ProcessLookupError):
        ipvs.stop_daemon(STATE_MASTER)
    assert wait(lambda: "tentative" not in host.run("ip", "-6", "addr", "show", "eth0"), 10)
    ipvs.start_daemon(Daemon(STATE_MASTER, "eth0", group="ff02::99"))
    assert [daemon.group for daemon in ipvs.daemons()] == ["ff02::99"]
    ipvs.stop_daemon(STATE_MASTER)


def test_counters_and_connections_of_real_traffic(ipvs, host):
    bridge("lan")
    client, server = Host("client"), Host("server")
    plug(client, "eth0", "lan", "10.1.0.10/24")
    plug(host, "eth1", "lan", "10.1.0.1/24", "10.1.0.100/32")
    plug(server, "eth0", "lan", "10.1.0.11/24")
    server.sysctl(**{"net/ipv4/conf/all/arp_ignore": 1, "net/ipv4/conf/all/arp_announce": 2})
    server.batch("addr add 10.1.0.100/32 dev lo")
    server.web()
    host.run(
        *[
            "iptables-legacy",
            "-t",
            "mangle",
            "-A",
            "PREROUTING",
            "-p",
            "tcp",
            "--dport",
            "81",
            "-j",
            "MARK",
            "--set-mark",
            "5",
        ]
    )
    server.run(
        *[
            "iptables-legacy",
            "-t",
            "nat",
            "-A",
            "PREROUTING",
            "-p",
            "tcp",
            "--dport",
            "81",
            "-j",
            "REDIRECT",
            "--to-ports",
            "80",
        ]
    )
    ipvs.apply(
        diff(
            {},
            read(
                "-A -t 10.1.0.100:80 -s rr\n-a -t 10.1.0.100:80 -r 10.1.0.11:80 -g\n"
                "-A -f 5 -s rr -p 60\n-a -f 5 -r 10.1.0.11:0 -g\n"
            ),
        )
    )
    with client:
        assert [get("10.1.0.100") for _ in range(10)] == ["server"] * 10
        assert get("10.1.0.100", 81) == "server"
    time.sleep(2.5)  # the kernel adds up its counters every 2 s
    with host:
        entries = list(ipvs.connections())
        printed = host_lines("ipvsadm", "-Lnc")
    marked, web = sorted(ipvs.stats(), key=lambda entry: entry.counters.conns)
    assert (web.counters.conns, web.destinations[0].counters.conns, web.destinations[0].inactive) == (10, 10, 10)
    assert (marked.counters.conns, marked.destinations[0].persistent) == (1, 1)
    assert web.counters.inpkts >= 50
    assert web.counters.outpkts == 0
    # A mark's template: protocol IP, the mark as the virtual address.
    (template,) = (entry for entry in entries if entry.client_port == 0)
    assert (template.protocol, template.client, template.virtual) == ("IP", "10.1.0.10", "0.0.0.5")
    assert len(entries) == 12
    ours = [line.split() for line in listing.connections(entries)]
    assert sorted([words[0], *words[2:]] for words in ours) == sorted(
        [words[0], *words[2:]] for words in (line.split() for line in printed)
    )
    for option, lines in ((["--stats"], listing.stats), (["--thresholds"], listing.thresholds), ([], listing.table)):
        want = host.run("ipvsadm", "-Ln", *option).splitlines()
        assert [listing.heading(ipvs.info()), *lines(ipvs.stats())] == want
    ipvs.zero(web.service.key)
    assert {entry.service.key: entry.counters.conns for entry in ipvs.stats()} == {
        web.service.key: 0,
        marked.service.key: 1,
    }
    ipvs.zero()
    assert [entry.counters.conns for entry in ipvs.stats()] == [0, 0]
    ipvs.flush()
    assert ipvs.dump() == {}
    for made in (client, server):
        made.close()


def host_lines(*command):
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines()
