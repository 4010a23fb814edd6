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
            for line in lines[self.seen[source] :]:
                # a server's and its quorum's script run beside each other, as their mails are sent
                about = next((name for name in SERVICES if f" {name} " in line or f"<{name}>" in line), "none")
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
    """Wait until neither has told anything for a while."""
    time.sleep(least)
    counts = [each.count() for each in heard]
    for _try in range(20):
        time.sleep(1.2)
        before, counts = counts, [each.count() for each in heard]
        if before == counts:
            return


def test_both_tell_the_same(heard: Tuple[Heard, Heard]) -> None:
    ours, theirs = heard
    wrong = {}
    for event, happen in STORY.items():
        for each in heard:
            happen(each.director)
        still(heard, 2.5)
        said, wanted = ours.news(), theirs.news()
        for key in sorted({*said, *wanted}):
            mine, other = said.get(key, []), wanted.get(key, [])
            # at its end keepalived kills the pipes' readers and ends before a mail server has answered
            unheard = event == "stop" and not key.startswith("told") and set(other) <= set(mine)
            if mine != other and not unheard:
                wrong[f"{event}: {key}"] = (mine, other)
    for what, (said_lines, wanted_lines) in wrong.items():
        print("\n".join([what, *(f"  ours:   {line}" for line in said_lines)]))
        print("\n".join(f"  theirs: {line}" for line in wanted_lines))
    for each in heard:
        print(Path(each.director.log).read_text()[-1500:])
    assert list(wrong) == []
