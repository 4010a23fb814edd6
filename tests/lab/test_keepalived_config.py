# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module keepalived_config, run by Ansible in private folders: refuses, replaces at once, shows no secret."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from netns import Host
from one_module import own_files, play

pytestmark = pytest.mark.netns(limit=300)

FOLDER = Path("/etc/lab")
FILE = FOLDER / "keepalived.conf"
TEXT = """\
vrrp_instance V {
    interface eth0
    virtual_router_id 5
    authentication {
        auth_type PASS
        auth_pass geheimni
    }
    virtual_ipaddress {
        192.0.2.1
    }
}
virtual_server 192.0.2.1 80 {
    delay_loop 6
    lb_kind NAT
    lb_algo rr
    protocol TCP
    real_server 192.0.2.2 80 {
        TCP_CHECK {
            connect_timeout 3
        }
    }
}
"""
NEEDS = {"modules": ["ip_vs", "ip_vs_rr"], "sysctls": {"net.ipv4.ip_forward": "1"}}


@pytest.fixture(scope="module")
def host(tmp_path_factory):
    own_files(tmp_path_factory.mktemp("files"))
    made = Host("director")
    # keepalived's own test wants the interfaces of the file.
    made.batch("link add eth0 type veth peer name eth1")
    yield made
    made.close()


@pytest.fixture
def config(host):
    """Runs the module, and says what it answered and the words that Ansible wrote."""

    def run(content=None, **options):
        given = {} if content is None else {"content": content}
        return play(host, module="keepalived_config", path=str(FILE), **given, **options)

    yield run
    if FILE.exists():
        run(state="absent")


def test_the_file_is_written_once_and_readable_by_root_only(config):
    answer = config(TEXT, check=True)[0]
    assert answer["changed"]
    assert not FOLDER.exists()
    answer, _ = config(TEXT)
    assert answer["changed"]
    assert answer["needs"].items() >= NEEDS.items()
    assert (FILE.read_text(), FILE.stat().st_mode & 0o7777, os.listdir(FOLDER)) == (TEXT, 0o640, [FILE.name])
    answer, _ = config(TEXT)
    assert not answer["changed"]
    assert answer["needs"].items() >= NEEDS.items()

    FILE.chmod(0o644)
    assert config(TEXT)[0]["changed"]
    assert FILE.stat().st_mode & 0o7777 == 0o640

    assert config(state="absent")[0]["changed"]
    assert not FOLDER.exists()
    assert not config(state="absent")[0]["changed"]


def test_a_file_that_was_there_before_comes_back(config):
    FOLDER.mkdir()
    old = b"# by hand \xe4\r\nvrrp_instance W {\n    auth_pass altesgeheimnis\n}\n"
    FILE.write_bytes(old)
    FILE.chmod(0o604)
    os.chown(FILE, 0, 1)
    for text in (TEXT, TEXT.replace("geheimni", "anderes1")):
        assert config(text)[0]["changed"]
    answer, screen = config(state="absent", check=True)
    assert answer["changed"]
    assert "altesgeheimnis" not in screen
    assert "\nvrrp_instance W {\n" in answer["diff"]["after"]
    assert FILE.read_bytes() != old
    assert config(state="absent")[0]["changed"]
    found = FILE.stat()
    assert (FILE.read_bytes(), found.st_mode & 0o7777, found.st_uid, found.st_gid) == (old, 0o604, 0, 1)
    assert not config(state="absent")[0]["changed"], "it is somebody else's again"
    assert not Path("/var/lib/lvs-cluster").exists()
    FILE.unlink()
    FOLDER.rmdir()


def test_all_findings_come_at_once_and_nothing_is_written(config):
    mistaken = TEXT.replace("lb_kind NAT", "lb_kind NAD").replace("auth_pass geheimni", "auth_pas geheimni")
    answer, _ = config(mistaken)
    assert f"{FILE}:6:9: error[unknown-keyword]" in answer["msg"]
    assert f"{FILE}:14:13: error" in answer["msg"]
    assert "geheimni" not in str(answer)
    assert not FOLDER.exists()


def test_what_only_the_host_knows_is_said(config):
    scripted = TEXT.replace("TCP_CHECK", "MISC_CHECK").replace("connect_timeout 3", "misc_path /no/such/script")
    answer, screen = config(scripted)
    assert answer["changed"]
    assert f"{FILE}:19:23: warning[missing-script]" in screen


def test_no_secret_is_in_what_is_shown(config):
    answer, first = config(TEXT)
    assert "        auth_pass ********\n" in answer["diff"]["after"]
    answer, second = config(TEXT.replace("geheimni", "anderes1"))
    assert "        auth_pass ********\n" in answer["diff"]["before"]
    assert answer["diff"]["after"].endswith("# only secrets differ\n")
    for screen in (first, second):
        assert "auth_pass ********" in screen
        assert "geheimni" not in screen
        assert "anderes1" not in screen


def test_keepalived_itself_tests_the_file_when_it_is_the_engine(config):
    answer, screen = config(TEXT.replace("geheimni", "geheimnisvoll"), engine="keepalived", backup=True)
    assert answer["changed"]
    assert "Truncating auth_pass" in screen
    assert "geheimni" not in screen
    answer, _ = config(TEXT, engine="keepalived", backup=True)
    assert Path(answer["backup_file"]).read_text().count("geheimnisvoll") == 1
    os.unlink(answer["backup_file"])
