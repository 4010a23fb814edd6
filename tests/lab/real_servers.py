# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real servers to check, good ones and bad ones, on the loopback addresses of a guest."""

from __future__ import annotations

import hashlib
import socket
import subprocess
import threading
import time
from typing import TYPE_CHECKING, Callable, Dict, List

if TYPE_CHECKING:
    from pathlib import Path

PAGE = b"the page that is checked\n"
DIGEST = hashlib.md5(PAGE).hexdigest()

NGINX = """
daemon off; worker_processes 1; pid {home}/pid; error_log {home}/error.log; user root;
events {{ worker_connections 512; }}
http {{
  access_log {home}/access.log;
  server {{
    listen 80 default_server; listen [::]:80 default_server;
    listen 443 ssl default_server; listen [::]:443 ssl default_server;
    ssl_certificate {home}/cert.pem; ssl_certificate_key {home}/key.pem;
    root {home}/www;
    location = /moved {{ return 301 /; }}
    location = /broken {{ return 503; }}
    location = /hello {{ return 200 "hello"; }}
  }}
  server {{ listen 80; listen [::]:80; server_name other.example; location / {{ return 404; }} }}
  server {{
    listen 443 ssl; listen [::]:443 ssl; server_name sni.example; ssl_reject_handshake on;
    location / {{ return 200; }}
    ssl_certificate {home}/cert.pem; ssl_certificate_key {home}/key.pem;
  }}
}}
"""


PORTS: Dict[str, int] = {"hang": 81, "rude": 82, "garbage": 83, "drip": 84, "cut": 85, "slow": 86, "late": 87}
PORTS.update({"busy": 89, "polite": 90, "unfriendly": 91})
FULL = 88


class Nginx:
    """Debian's nginx with a page, some errors and TLS, on every address."""

    def __init__(self, home: Path) -> None:
        (home / "www").mkdir(parents=True)
        (home / "www" / "index.html").write_bytes(PAGE)
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=lab"]
            + ["-keyout", str(home / "key.pem"), "-out", str(home / "cert.pem")],
            check=True,
            capture_output=True,
        )
        (home / "nginx.conf").write_text(NGINX.format(home=home))
        self.process = subprocess.Popen(["nginx", "-c", str(home / "nginx.conf"), "-p", str(home)])
        for _try in range(100):
            try:
                socket.create_connection(("127.0.0.1", 443), 1).close()
                return
            except OSError:
                time.sleep(0.05)
        raise RuntimeError("nginx does not listen")

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(10)


UNBOUND = """
server:
  interface: 0.0.0.0
  interface: ::0
  interface-automatic: yes
  access-control: 0.0.0.0/0 allow
  access-control: ::/0 allow
  do-daemonize: no
  chroot: ""
  username: ""
  directory: "{home}"
  pidfile: "{home}/pid"
  use-syslog: no
  logfile: ""
  module-config: "iterator"
  outgoing-range: 16
  num-queries-per-thread: 16
  outgoing-num-tcp: 1
  incoming-num-tcp: 4
  msg-cache-size: 64k
  rrset-cache-size: 64k
  key-cache-size: 64k
  neg-cache-size: 64k
  local-zone: "lab.example." static
  local-data: "lab.example. SOA ns.lab.example. me.lab.example. 1 60 60 60 60"
  local-data: "www.lab.example. A 192.0.2.1"
  local-zone: "refused.example." refuse
remote-control:
  control-enable: no
"""

EXIM = """
primary_hostname = mail.lab.example
local_interfaces = <; 0.0.0.0 ; ::0
daemon_smtp_ports = 25
log_file_path = {home}/%slog
spool_directory = {home}/spool
pid_file_path = {home}/pid
host_lookup =
rfc1413_query_timeout = 0s
keep_environment =
"""


class Daemon:
    """A program in the foreground with one file of configuration, up when its TCP port takes connections and it has
    said `ready`.
    """

    def __init__(self, home: Path, port: int, configuration: str, *command: str, ready: str = "") -> None:
        home.mkdir(parents=True, exist_ok=True)
        home.chmod(0o777)  # exim writes its log and spool as another user
        (home / "conf").write_text(configuration.format(home=home))
        self.said = home / "output"
        with open(self.said, "wb") as output:
            self.process = subprocess.Popen([*command, str(home / "conf")], stdout=output, stderr=output)
        for _try in range(200):
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                if ready in self.said.read_text():
                    return
            except OSError:
                pass
            time.sleep(0.1)
        self.process.kill()
        self.process.wait()
        raise RuntimeError(f"{command[0]} does not listen: {(home / 'output').read_text()}")

    def stop(self) -> None:
        print(f"{self.process.args}: status {self.process.poll()}\n{self.said.read_text()[-2000:]}")
        self.process.terminate()
        self.process.wait(10)


ANSWERS: Dict[int, Callable[[bytes], bytes]] = {
    7: lambda asked: asked,
    92: lambda asked: b"what?" + asked[:2],
    93: lambda asked: bytes((asked[0] ^ 1,)) + asked[1:2] + b"\x81\x80" + asked[4:],
    94: lambda asked: asked[:2] + b"\x81\x82" + asked[4:],
}


class Datagrams:
    """UDP on these addresses: an echo on port 7, and port 9, which takes everything and says nothing. Bad name servers:
    92 says what is no answer, 93 answers another question, 94 fails.
    """

    def __init__(self, *addresses: str) -> None:
        self.sockets: List[socket.socket] = []
        for address in addresses:
            for port in (*ANSWERS, 9):
                opened = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
                opened.bind((address, port))
                self.sockets.append(opened)
                if port in ANSWERS:
                    threading.Thread(target=self._answer, args=(opened, ANSWERS[port]), daemon=True).start()

    @staticmethod
    def _answer(opened: socket.socket, answer: Callable[[bytes], bytes]) -> None:
        while True:
            try:
                data, peer = opened.recvfrom(65535)
                opened.sendto(answer(data), peer)
            except OSError:
                return

    def stop(self) -> None:
        for opened in self.sockets:
            opened.close()


class Odd:
    """Servers that a check must not take for healthy, each on a port of its own, on every address.

    hang: accepts and says nothing; rude: accepts and closes; garbage: speaks no HTTP; drip: a header that never
    ends; cut: an answer without the end of its header; slow: a good answer after 0.4 s; late: after 6 s; busy: 554 to everyone; polite:
    greets and says no more; unfriendly: greets, and has 550 for everything; full: its queue of connections is full, so that nothing is answered at all.
    """

    def __init__(self) -> None:
        self.sockets: List[socket.socket] = []
        for name, port in PORTS.items():
            listener = self._listen(port, 128)
            threading.Thread(target=self._serve, args=(name, listener), daemon=True).start()
        self._listen(FULL, 0)
        for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
            for _place in range(4):
                filler = socket.socket(family)
                filler.setblocking(False)
                filler.connect_ex((address, FULL))
                self.sockets.append(filler)

    def _listen(self, port: int, backlog: int) -> socket.socket:
        listener = socket.socket(socket.AF_INET6)
        listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("::", port))
        listener.listen(backlog)
        self.sockets.append(listener)
        return listener

    def _serve(self, name: str, listener: socket.socket) -> None:
        while True:
            try:
                connection, _peer = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._talk, args=(name, connection), daemon=True).start()

    def _talk(self, name: str, connection: socket.socket) -> None:
        answer = b"HTTP/1.0 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(PAGE), PAGE)
        try:
            with connection:
                if name == "rude":
                    return
                if name == "busy":
                    connection.sendall(b"554 busy\r\n")
                if name not in ("polite", "unfriendly"):
                    connection.recv(4096)
                if name == "garbage":
                    connection.sendall(b"220 mail.example ESMTP\r\n\r\n")
                elif name == "cut":
                    connection.sendall(b"HTTP/1.0 200 OK\r\n")
                elif name == "drip":
                    for _byte in range(200):
                        connection.sendall(b"x")
                        time.sleep(0.2)
                elif name in ("polite", "unfriendly"):
                    connection.sendall(b"220 mail.example ESMTP\r\n")
                    while name == "unfriendly" and connection.recv(4096):
                        connection.sendall(b"550 not you\r\n")
                    time.sleep(60)
                elif name in ("hang", "busy"):
                    time.sleep(60)
                else:
                    time.sleep({"slow": 0.4, "late": 6.0}[name])
                    connection.sendall(answer)
        except OSError:
            return

    def stop(self) -> None:
        for opened in self.sockets:
            opened.close()
