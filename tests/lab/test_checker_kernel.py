# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The checker on a real kernel: servers gone and back, reload, what others change, a killed checker, scripts, pipes.
Where keepalived does the same, it does it beside ours and must come to the same table.
"""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest
from checker_directors import PLAIN, both, checked, equal, run, virtual
from netns import wait

pytestmark = pytest.mark.uml(limit=400)


@pytest.fixture(scope="module")
def directors():
    yield from both()


def test_servers_go_and_come_back_with_a_sorry_server(directors):
    run(directors, virtual("192.0.2.1 80", *PLAIN, "lvs_method DR", "sorry_server 10.0.0.9 80"))
    checked(directors)
    assert equal(directors).count("-r 10.0.0.") == 2
    for address, left in (("10.0.0.1", "-r 10.0.0.2:80"), ("10.0.0.2", "-r 10.0.0.9:80")):
        for director in directors:
            director.kill_web(address)
        assert wait(
            lambda left=left: [d.saved().count("-r") for d in directors] == [1, 1] and left in directors[0].saved(), 20
        )
        assert left in equal(directors)
    for address, there in (("10.0.0.2", ["10.0.0.2"]), ("10.0.0.1", ["10.0.0.1", "10.0.0.2"])):
        for director in directors:
            director.revive_web(address)
        assert wait(lambda there=there: all(f"-r {address}:80" in directors[0].saved() for address in there), 20)
        assert "10.0.0.9" not in equal(directors)


def test_an_inhibited_server_has_weight_0(directors):
    run(directors, virtual("192.0.2.1 80", *PLAIN, "lvs_method DR", "inhibit_on_failure"))
    checked(directors)
    for director in directors:
        director.kill_web("10.0.0.1")
    assert wait(lambda: "-r 10.0.0.1:80 -g -w 0" in directors[0].saved(), 20)
    assert "-r 10.0.0.1:80 -g -w 0" in equal(directors)
    for director in directors:
        director.revive_web("10.0.0.1")
    assert wait(lambda: "-r 10.0.0.1:80 -g -w 1" in directors[0].saved(), 20)
    assert "-r 10.0.0.1:80 -g -w 1" in equal(directors)


def test_quorum_and_hysteresis(directors):
    words = ("lvs_method DR", "quorum 3", "hysteresis 1", "sorry_server 10.0.0.9 80")
    servers = (("10.0.0.1 80", "weight 2"), ("10.0.0.2 80", "weight 1"), ("10.0.0.3 80", "weight 1"))
    run(directors, virtual("192.0.2.1 80", *PLAIN, *words, servers=servers))
    checked(directors)
    assert equal(directors).count("-r") == 3
    for address, expected in (("10.0.0.3", "10.0.0.2"), ("10.0.0.1", "10.0.0.9")):
        for director in directors:
            director.kill_web(address)
        time.sleep(4)
        assert expected in equal(directors)
    for director in directors:
        director.revive_web("10.0.0.1")
    time.sleep(3)
    assert "10.0.0.9" in equal(directors)
    for director in directors:
        director.revive_web("10.0.0.3")
    assert wait(lambda: "10.0.0.9" not in directors[0].saved(), 20)
    assert equal(directors).count("-r") == 3


def test_files_that_change_take_servers_out_and_weigh_them(directors):
    """A number, another, none at all, words, a file that is gone and one that is there again."""
    watched = Path("/run/watched")
    watched.write_text("0\n")
    file = f"track_file W {{\n file {watched}\n}}\n"
    check = "FILE_CHECK {\n track_file W\n"
    checks = (f"{check}}}", f"{check} weight 0\n}}", f"{check} weight 2\n}}", f"{check} weight -1\n}}")
    places = [(f"{net}:{n}" if ":" in net else f"{net}.{n}") for net in ("192.0.2", "2001:db8:") for n in range(1, 5)]
    text = file + "".join(
        virtual(f"{place} 80", *PLAIN, "lvs_method DR", servers=((("fd00::1 80" if ":" in place else "10.0.0.1 80"), "weight 5"),), check=check)
        for place, check in zip(places, checks * 2)
    )  # fmt: skip
    run(directors, text)
    assert wait(lambda: directors[0].saved().count("-r") == 8, 20) is not None
    tables = [equal(directors)]
    for content in ("3\n", "-2\n", "", "many\n", None, "0\n", "300\n"):
        if content is None:
            watched.unlink()
        else:
            watched.write_text(content)
        time.sleep(0.5)
        tables.append(equal(directors, 6))
    assert tables[0] == tables[6]
    assert len(set(tables)) > 3


def test_a_scheduler_that_nobody_knows_is_used_if_its_module_is_there(directors, tmp_path):
    """keepalived takes wlc in its place. The module is the kernel's rr under another name; without it the file is
    refused, and what runs goes on.
    """
    folder = f"/usr/lib/uml/modules/{os.uname().release}/kernel/net/netfilter/ipvs"
    code = Path(folder, "ip_vs_rr.ko").read_bytes()
    renamed = code.replace(b"ip_vs_rr\0", b"ip_vs_zz\0").replace(b"\0rr\0", b"\0zz\0")
    (tmp_path / "ip_vs_zz.ko").write_bytes(renamed)
    known = virtual("192.0.2.1 80", *PLAIN, "lvs_method DR")
    text = known.replace("wrr", "zz")
    run(directors, known)
    checked(directors)
    equal(directors)
    ours, theirs = directors
    for director in directors:
        director.load(text)
        director.daemon.send_signal(signal.SIGHUP)
    assert wait(lambda: "there is no module ip_vs_zz" in Path(ours.log).read_text(), 10) is not None
    assert wait(lambda: "-s wlc" in theirs.saved(), 10) is not None
    assert "-s wrr" in ours.saved()
    os.system(f"insmod {tmp_path}/ip_vs_zz.ko")
    ours.daemon.send_signal(signal.SIGHUP)
    assert wait(lambda: "-s zz" in ours.saved(), 10) is not None, Path(ours.log).read_text()
    assert ours.saved().replace("zz", "wlc") == theirs.saved()


def test_reload_changes_what_changed(directors):
    run(directors, virtual("192.0.2.1 80", *PLAIN, "lvs_method DR") + virtual("192.0.2.2 80", *PLAIN, "lvs_method NAT"))
    checked(directors)
    equal(directors)
    ours = directors[0]
    before = {
        check["text"]
        for service in ours.status()["services"]
        for server in service["servers"]
        for check in server["checks"]
    }
    assert before == {"connected"}
    changes = ours.status()["counters"]["changes"]
    servers = (("10.0.0.1 80", "weight 5"), ("10.0.0.3 80", ""))
    for director in directors:
        director.load(virtual("192.0.2.1 80", *PLAIN, "lvs_method DR", servers=servers))
        director.daemon.send_signal(signal.SIGHUP)
    assert wait(lambda: "192.0.2.2" not in ours.saved(), 10)
    saved = equal(directors)
    assert "-r 10.0.0.1:80 -g -w 5" in saved
    assert "-r 10.0.0.2" not in saved
    # One weight, one new server, one gone, one service gone.
    assert ours.status()["counters"]["changes"] == changes + 4


def test_what_others_change_is_repaired_and_what_is_theirs_is_left(directors):
    ours = directors[0]
    run((ours,), virtual("192.0.2.1 80", *PLAIN, "lvs_method DR"))
    checked(directors)
    saved = ours.saved()
    ours.run("ipvsadm", "-A", "-t", "192.0.2.77:80")
    ours.run("ipvsadm", "-d", "-t", "192.0.2.1:80", "-r", "10.0.0.1:80")
    ours.run("ipvsadm", "-e", "-t", "192.0.2.1:80", "-r", "10.0.0.2:80", "-g", "-w", "9")
    foreign = "-A -t 192.0.2.77:80 -s wlc\n"
    assert wait(lambda: sorted(ours.saved().splitlines()) == sorted((saved + foreign).splitlines()), 15) is not None
    assert ours.status()["counters"]["repaired"] == 2
    ours.stop(ours.daemon)
    ours.daemon = None
    assert ours.saved() == foreign
    ours.run("ipvsadm", "-C")


def test_a_killed_checker_leaves_the_table_and_its_successor_adopts_it(directors):
    ours = directors[0]
    # alpha and a long warmup: without adoption the table would be empty for a while.
    text = virtual("192.0.2.1 80", *PLAIN, "lvs_method DR", "alpha").replace("warmup 0", "warmup 1")
    run((ours,), text)
    assert wait(lambda: ours.saved().count("-r") == 2, 20) is not None
    ours.kill_web("10.0.0.2")
    assert wait(lambda: ours.saved().count("-r") == 1, 20) is not None
    saved, seen, killed = ours.saved(), set(), ours.checker()
    os.kill(killed, signal.SIGKILL)
    wait(lambda: seen.add(ours.saved()) or ours.checker() not in (0, killed), 10)
    wait(lambda: bool(seen.add(ours.saved())), 4, 0.05)
    assert seen == {saved}
    ours.revive_web("10.0.0.2")
    assert wait(lambda: ours.saved().count("-r") == 2, 20) is not None


def test_notify_scripts_run(directors):
    ours = directors[0]
    told = ours.folder / "told"
    lines = [f"{word} \"/bin/sh -c 'echo {word} >> {told}'\"" for word in ("quorum_up", "quorum_down")]
    words = "\n".join(f"{word} \"/bin/sh -c 'echo {word} >> {told}'\"" for word in ("notify_up", "notify_down"))
    run((ours,), virtual("192.0.2.1 80", *PLAIN, "lvs_method DR", "omega", *lines, servers=(("10.0.0.1 80", words),)))
    checked(directors)
    ours.kill_web("10.0.0.1")
    assert wait(lambda: told.exists() and "quorum_down" in told.read_text(), 20) is not None
    ours.revive_web("10.0.0.1")
    assert wait(lambda: told.read_text().count("quorum_up") == 2, 20) is not None
    ours.stop(ours.daemon)
    ours.daemon = None
    assert wait(lambda: told.read_text().count("quorum_down") == 2, 10) is not None
    expected = "quorum_up notify_down quorum_down notify_up quorum_up notify_down quorum_down"
    assert sorted(told.read_text().split()) == sorted(expected.split())


def test_pipes_hear_of_servers_and_quorums(directors):
    """The same lines in both engines' pipes, in keepalived's words."""
    files = ("192.0.2.1 80", *PLAIN, "lvs_method DR"), ("fwmark 5", "lvs_sched rr", "lvs_method DR")
    text = "".join(virtual(*words, servers=(("10.0.0.1 80", ""),)) for words in files)
    heard = {}
    for director in directors:
        pipe, told = director.folder / "pipe", director.folder / "lines"
        reader = director.folder / "reader"
        reader.write_text(f'#!/bin/sh\nexec cat "$1" > {told}\n')
        reader.chmod(0o755)
        words = f"global_defs {{\n script_user root\n lvs_notify_fifo {pipe}\n lvs_notify_fifo_script {reader}\n}}\n"
        run((director,), text)
        Path(director.conf).write_text(words + text)
        director.stop(director.daemon)
        director.up()
        heard[director] = told
    checked(directors)
    assert wait(lambda: all(told.exists() for told in heard.values()), 20) is not None
    for director in directors:
        director.kill_web("10.0.0.1")
    assert wait(lambda: all(told.read_text().count("DOWN") == 4 for told in heard.values()), 20) is not None
    for director in directors:
        director.revive_web("10.0.0.1")
    assert wait(lambda: all(told.read_text().count("UP") >= 6 for told in heard.values()), 20) is not None
    ours, theirs = (sorted(told.read_text().replace("\0", "").splitlines()) for told in heard.values())
    assert ours == theirs
    assert "RS [10.0.0.1]:tcp:80 [192.0.2.1]:tcp:80 DOWN" in ours
    assert "VS FWM 5 UP" in ours
    ours = directors[0]
    (ours.folder / "pid").write_text(ours.run("pgrep", "-f", f"cat {ours.folder}/pipe"))
    ours.stop(ours.daemon)
    ours.daemon = None
    assert wait(lambda: not ours.run("pgrep", "-f", f"cat {ours.folder}/pipe", check=False).strip(), 5) is not None
    assert not (ours.folder / "pipe").exists()


def test_who_runs_a_script(directors, tmp_path):
    """As the user that is named; with enable_script_security never as root where others may write."""
    ours = directors[0]
    loose = ours.folder / "loose"
    loose.write_text("#!/bin/sh\nexit 0\n")
    loose.chmod(0o777)
    script = 'MISC_CHECK {{\n misc_path "{}"\n user {}\n}}'
    checks = {
        "nobody": script.format("/bin/sh -c 'test $(id -un) = nobody'", "nobody"),
        "root": script.format("/bin/sh -c 'test $(id -u) = 0'", "root"),
        "nobody at all": script.format("/bin/true", "there-is-no-such-user"),
        "loose as root": script.format(loose, "root"),
        "loose as nobody": script.format(loose, "nobody"),
    }
    text = "".join(
        virtual(f"192.0.2.{number} 80", *PLAIN, "lvs_method DR", servers=(("10.0.0.1 80", ""),), check=check)
        for number, check in enumerate(checks.values(), 1)
    )
    run((ours,), text)
    Path(ours.conf).write_text("global_defs {\n script_user root\n enable_script_security\n}\n" + text)
    ours.stop(ours.daemon)
    ours.up()
    checked(directors)
    services = ours.status()["services"]
    up = {name: service["servers"][0]["alive"] for name, service in zip(checks, services)}
    assert up == {
        "nobody": True,
        "root": True,
        "nobody at all": False,
        "loose as root": False,
        "loose as nobody": True,
    }, services
    ours.stop(ours.daemon)
    ours.daemon = None
