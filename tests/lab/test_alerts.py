# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is told what of servers and quorums, our checker beside Debian's keepalived: one file, one story, a line an alert:
scripts with their arguments and environment, both pipes, mails in a server that keeps them. What each engine told of
each virtual server must be the same, line by line and in order.

One difference is meant: a reload that takes servers and the quorum's number away (keepalived lowers a quorum that no
server could reach) has keepalived tell that the quorum is lost, by the old number, and never that it is there again.
Ours tells what the new number makes of it. So the story has no such reload.
"""

from __future__ import annotations

import os
import re
import signal
import socket
import threading
import time
from collections import defaultdict
from pathlib import Path
from typing import Callable, Dict, Iterator, List, Tuple

import pytest
from checker_directors import Director, both
from real_servers import Datagrams, Odd

pytestmark = pytest.mark.uml(limit=200)

# no other program is run: in a guest one costs 50 ms
TELLER = """#!/bin/sh
{{ printf '<%s> ' "$@"; umask; export -p; }} > {told}/$$
"""
READER = '#!/bin/sh\nexec cat "$1" >> {lines}\n'
HEAD = """global_defs {{
 router_id lab
 script_user root
 umask 027
 notification_email {{
  one@lab.example
  two@lab.example
 }}
 notification_email_from director@lab.example
 smtp_server 127.0.0.1 25
 smtp_connect_timeout 5
 smtp_alert
 {more}
 notify_fifo {home}/all
 notify_fifo_script {home}/read-all
 lvs_notify_fifo {home}/lvs
 lvs_notify_fifo_script {home}/read-lvs
}}
virtual_server_group G {{
 192.0.2.9 80
 fwmark 9
}}
"""
# keepalived 2.2.7 hands on what it was started in: folder and environment. Later releases and ours give / and PATH.
ENVIRONMENT = re.compile(r"^export (PATH|NOTIFY_SOCKET|LVS\w*|KEEPALIVED\w*)=")
# What a service is called in every alert; its head, its words, its servers.
TWO, THREE = ("10.0.0.1", "10.0.0.2"), ("10.0.0.1", "10.0.0.2", "10.0.0.3")
SERVICES: Dict[str, Tuple[str, str, Tuple[str, ...]]] = {
    "[192.0.2.1]:tcp:80": ("192.0.2.1 80", "protocol TCP", TWO),
    "[192.0.2.2]:tcp:80": ("192.0.2.2 80", "protocol TCP\n quorum 2\n hysteresis 1\n sorry_server 10.0.0.9 80", THREE),
    "[192.0.2.3]:tcp:80": (
        "192.0.2.3 80",
        "protocol TCP\n omega\n sorry_server 10.0.0.9 80\n sorry_server_inhibit",
        TWO,
    ),
    "[192.0.2.4]:tcp:80": ("192.0.2.4 80", "protocol TCP\n alpha\n omega\n inhibit_on_failure", TWO),
    "FWM 5": ("fwmark 5", "quorum 2", THREE),
    "[G]": ("group G", "protocol TCP", TWO),
    "[2001:db8::1]:tcp:80": ("2001:db8::1 80", "protocol TCP\n omega", ("fd00::1", "fd00::2")),
    "[192.0.2.5]:tcp:80": ("192.0.2.5 80", "protocol TCP\n smtp_alert no", TWO),
}
URL = "HTTP_GET {{\n url {{\n path /\n {} \n}}\n connect_port {}\n connect_timeout 1\n }}"
HERE = "{}_CHECK {{\n connect_ip 127.0.0.1\n connect_port {}\n connect_timeout 1\n {} }}"
MISC = 'MISC_CHECK {{\n misc_path "{}"\n misc_timeout 1\n }}'
DNS = "type A\n name www.lab.example\n"
# One server each: its checks; whether it is well (told behind alpha), or fails (it counts as up before).
KINDS: Dict[str, Tuple[str, bool]] = {
    "tcp": (HERE.format("TCP", 81, ""), True),
    "tcp-closed": (HERE.format("TCP", 99, ""), False),
    "tcp-full": (HERE.format("TCP", 88, ""), False),
    "http": (URL.format("status_code 200", 80), True),
    "http-status": (URL.format("status_code 404", 80), False),
    "http-digest": (URL.format(f"digest {'0' * 32}", 80), False),
    "http-regex": (URL.format("regex nothing.like.it", 80), False),
    "http-closed": (URL.format("status_code 200", 99), False),
    "http-hang": (URL.format("status_code 200", 81), False),
    "http-rude": (URL.format("status_code 200", 82), False),
    "http-garbage": (URL.format("status_code 200", 83), False),
    "ssl-on-plain": (URL.format("status_code 200", 80).replace("HTTP", "SSL"), False),
    "ssl-closed": (URL.format("status_code 200", 99).replace("HTTP", "SSL"), False),
    "smtp": (HERE.format("SMTP", 25, ""), True),
    "smtp-closed": (HERE.format("SMTP", 99, ""), False),
    "smtp-full": (HERE.format("SMTP", 88, ""), False),
    "smtp-hang": (HERE.format("SMTP", 81, ""), False),
    "smtp-rude": (HERE.format("SMTP", 82, ""), False),
    "smtp-busy": (HERE.format("SMTP", 89, ""), False),
    "smtp-hang-later": (HERE.format("SMTP", 90, ""), False),
    "smtp-refuses-helo": (HERE.format("SMTP", 91, ""), False),
    "dns-closed": (HERE.format("DNS", 99, DNS), False),
    "dns-mute": (HERE.format("DNS", 9, DNS), False),
    "dns-servfail": (HERE.format("DNS", 94, DNS), False),
    "udp": (HERE.format("UDP", 7, "require_reply\n"), True),
    "udp-mute": (HERE.format("UDP", 9, "require_reply\n"), False),
    "udp-closed": (HERE.format("UDP", 99, ""), False),
    "ping": ("PING_CHECK {\n connect_timeout 1\n }", True),
    "misc": (MISC.format("/usr/bin/true"), True),
    "misc-1": (MISC.format("/usr/bin/false"), False),
    "misc-hang": (MISC.format("/usr/bin/sleep 9"), False),
    "file": ("FILE_CHECK {\n track_file UP\n weight 0\n }", True),
    "file-down": ("FILE_CHECK {\n track_file DOWN\n weight 0\n }", False),
    "one of two": (HERE.format("TCP", 81, "") + "\n" + MISC.format("/usr/bin/false"), False),
}
NUMBERED = {f"[192.0.2.{number}]:tcp:80": name for number, name in enumerate(KINDS, 100)}
CHECK = "TCP_CHECK {\n  connect_timeout 1\n  connect_port 80\n }"


def configuration(home: Path, more: str = "", without: str = "", gone: str = "") -> str:
    """The file; `without`: a server that no service has any more, `gone`: a service that is not there."""
    text = HEAD.format(home=home, more=more)
    for name, (head, words, servers) in SERVICES.items():
        if name == gone:
            continue
        text += f"virtual_server {head} {{\n delay_loop 1\n warmup 0\n retry 1\n delay_before_retry 1\n lvs_sched rr\n"
        text += f" lvs_method DR\n {words}\n"
        for word in ("quorum_up", "quorum_down"):
            text += f" {word} \"{home}/tell '{name}' {word} 'two words'\"\n"
        for server in servers:
            if server == without:
                continue
            text += f" real_server {server} 80 {{\n  {CHECK}\n"
            for word in ("notify_up", "notify_down"):
                text += f"  {word} \"{home}/tell '{name}' {word} {server} a#b\"\n"
            text += " }\n"
        text += "}\n"
    return text


def kinds(home: Path) -> str:
    """A file with every kind of check."""
    text = HEAD.format(home=home, more="")
    for name, number in (("UP", 0), ("DOWN", 1)):
        (home / name).write_text(f"{number}\n")
        text += f"track_file {name} {{\n file {home}/{name}\n}}\n"
    for place, name in NUMBERED.items():
        check, well = KINDS[name]
        if well:  # however slow the guest is while all of them start
            check = check.replace("_timeout 1", "_timeout 5")
        text += f"virtual_server {place[1:-8]} 80 {{\n delay_loop 1\n warmup 0\n retry 1\n delay_before_retry 1\n"
        text += f" lvs_sched rr\n lvs_method DR\n protocol TCP\n {'alpha' * well}\n real_server 10.0.0.1 80 {{\n{check}\n }}\n}}\n"
    return text


# Why a mail server failed is said in words of our own: what it answered, not only that it was wrong.
SMTP_REASON = re.compile(r"(?<=CHECK failed on service : )(?!HTTP request failed).*(?= <=)")


class Sink:
    """A mail server on a director's loopback that keeps what it gets, in the order of the letters' ends."""

    def __init__(self, director: Director) -> None:
        self.letters: List[str] = []
        with director:
            self.listener = socket.create_server(("127.0.0.1", 25), backlog=64)
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _peer = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        envelope: List[str] = []
        with connection, connection.makefile("rwb", buffering=0) as lines:
            try:
                lines.write(b"220 sink\r\n")
                for line in lines:
                    word = line.strip().decode()
                    if word.upper() == "DATA":
                        lines.write(b"354 go on\r\n")
                        text = []
                        for part in lines:
                            if part == b".\r\n":
                                break
                            text.append(part.decode().rstrip("\r\n"))
                        letter = [each for each in text if not each.lower().startswith(("date:", "message-id:"))]
                        self.letters.append("MAIL " + " | ".join(envelope + letter))
                        envelope = []
                    elif word.upper().startswith(("MAIL", "RCPT")):
                        envelope.append(re.sub(".*?:", lambda verb: verb.group().upper(), word, count=1))
                    lines.write(b"221 bye\r\n" if word.upper() == "QUIT" else b"250 ok\r\n")
            except OSError:
                return

    def close(self) -> None:
        self.listener.close()


def script(path: Path) -> str:
    """What a script that ran has left: arguments, umask, environment, user."""
    lines = path.read_text().splitlines()
    kept = [line for line in lines if not line.startswith("export") or ENVIRONMENT.match(line)]
    return " ".join(("told:", *kept, f"uid {path.stat().st_uid}"))


class Heard:
    """All that a director told since it was last asked."""

    def __init__(self, director: Director) -> None:
        self.director, self.home = director, director.folder
        self.sink = Sink(director)
        with director:
            self.odd, self.datagrams = Odd(), Datagrams("127.0.0.1")
        self.seen: Dict[str, int] = defaultdict(int)
        (self.home / "told").mkdir(exist_ok=True)
        for name, text in (
            ("tell", TELLER.format(told=self.home / "told")),
            ("read-all", READER.format(lines=self.home / "all-lines")),
            ("read-lvs", READER.format(lines=self.home / "lvs-lines")),
        ):
            (self.home / name).write_text(text)
            (self.home / name).chmod(0o755)

    def all(self) -> Dict[str, List[str]]:
        """What each source has told since the beginning."""
        found = {"mail": list(self.sink.letters)}
        found["told"] = [script(path) for path in sorted((self.home / "told").iterdir(), key=os.path.getmtime)]
        for source in ("all-lines", "lvs-lines"):
            path = self.home / source
            text = path.read_text().replace("\0", "") if path.exists() else ""
            found[source] = [f"{source}: {line}" for line in text.splitlines()]
        return found

    def news(self) -> Dict[str, List[str]]:
        """For each source and service the lines that came; of mails the order between two services is not kept."""
        news: Dict[str, List[str]] = defaultdict(list)
        for source, lines in self.all().items():
            for whole in lines[self.seen[source] :]:
                line = SMTP_REASON.sub("", whole)
                # a server's and its quorum's script run beside each other, as their mails are sent
                about = next(
                    (name for name in (*SERVICES, *NUMBERED) if f" {name} " in line or f"<{name}>" in line), "none"
                )
                news[f"{source} of {about}"].append(line)
            self.seen[source] = len(lines)
        return {key: sorted(lines) if key.startswith(("told", "mail")) else lines for key, lines in news.items()}

    def count(self) -> int:
        return sum(map(len, self.all().values()))


@pytest.fixture(scope="module")
def heard() -> Iterator[Tuple[Heard, Heard]]:
    for ours, theirs in both():
        made = (Heard(ours), Heard(theirs))
        yield made
        for each in made:
            each.sink.close()
            each.odd.stop()
            each.datagrams.stop()


def kill(address: str, six: str) -> Callable[[Director], None]:
    def happen(director: Director) -> None:
        for each in (address, six):
            if each in director.webs:
                director.kill_web(each)

    return happen


def revive(address: str, six: str) -> Callable[[Director], None]:
    def happen(director: Director) -> None:
        for each in (address, six):
            if each:
                director.revive_web(each)

    return happen


def start(director: Director) -> None:
    Path(director.conf).write_text(configuration(director.folder))
    director.up()


def reload(**changed: str) -> Callable[[Director], None]:
    def happen(director: Director) -> None:
        Path(director.conf).write_text(configuration(director.folder, **changed))
        director.daemon.send_signal(signal.SIGHUP)

    return happen


def stop(director: Director) -> None:
    director.stop(director.daemon)
    director.daemon = None


STORY: Dict[str, Callable[[Director], None]] = {
    "start": start,
    "one dies": kill("10.0.0.1", "fd00::1"),
    "the second dies": kill("10.0.0.2", "fd00::2"),
    "the last dies": kill("10.0.0.3", ""),
    "the second is back": revive("10.0.0.2", "fd00::2"),
    "the last is back": revive("10.0.0.3", ""),
    "all are back": revive("10.0.0.1", "fd00::1"),
    "a reload without 10.0.0.2": reload(without="10.0.0.2"),
    "a reload that brings it back": reload(),
    "a reload without one service": reload(gone="[192.0.2.3]:tcp:80"),
    "stop": stop,
}


def still(heard: Tuple[Heard, Heard], least: float) -> None:
    """Wait until neither has told anything for a while: a short one when they told equally much."""
    time.sleep(least)
    quiet, counts = 0, [each.count() for each in heard]
    while quiet < (1 if counts[0] == counts[1] else 8):
        time.sleep(1.2)
        before, counts = counts, [each.count() for each in heard]
        quiet = quiet + 1 if before == counts else 0


def test_both_tell_the_same(heard: Tuple[Heard, Heard]) -> None:
    ours, theirs = heard
    told: Dict[str, Told] = {}
    for event, happen in STORY.items():
        for each in heard:
            happen(each.director)
        still(heard, 2.5)
        said, wanted = ours.news(), theirs.news()
        if event == "stop":  # keepalived kills the pipes' readers and ends before a mail server has answered
            wanted = {
                key: said[key] if set(lines) <= set(said.get(key, ())) else lines for key, lines in wanted.items()
            }
            said = {key: lines for key, lines in said.items() if key in wanted}
        told[event] = (said, wanted)
    assert differences(heard, told) == []


def test_every_check_tells_the_same(heard: Tuple[Heard, Heard]) -> None:
    for each in heard:
        Path(each.director.conf).write_text(kinds(each.home))
        each.director.up()
    still(heard, 6)
    told = {"start": (heard[0].news(), heard[1].news())}
    for each in heard:
        stop(each.director)
    assert differences(heard, told) == []


Told = Tuple[Dict[str, List[str]], Dict[str, List[str]]]


def differences(heard: Tuple[Heard, Heard], told: Dict[str, Told]) -> List[str]:
    """Where they told other things; what they told is printed."""
    wrong = []
    for event, (said, wanted) in told.items():
        for key in sorted({*said, *wanted}):
            if said.get(key) != wanted.get(key):
                wrong.append(f"{event}: {key} {NUMBERED.get(key.split(' of ')[1], '')}")
                print(wrong[-1])
                print("\n".join(f"  ours:   {line}" for line in said.get(key, ())))
                print("\n".join(f"  theirs: {line}" for line in wanted.get(key, ())))
    for each in heard:
        print(Path(each.director.log).read_text()[-1500:])
    return wrong
