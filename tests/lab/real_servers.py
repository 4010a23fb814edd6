# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real servers to check, good ones and bad ones, on loopback addresses of a private namespace."""

from __future__ import annotations

import hashlib
import socket
import subprocess
import threading
import time
from typing import TYPE_CHECKING, Dict, List

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


class Odd:
    """Servers that a check must not take for healthy, each on a port of its own, on every address.

    hang: accepts and says nothing; rude: accepts and closes; garbage: speaks no HTTP; drip: a header that never
    ends; cut: an answer without the end of its header; slow: a good answer after 0.4 s; late: after 3 s; full: its
    queue of connections is full, so that nothing is answered at all.
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
                connection.recv(4096)
                if name == "garbage":
                    connection.sendall(b"220 mail.example ESMTP\r\n\r\n")
                elif name == "cut":
                    connection.sendall(b"HTTP/1.0 200 OK\r\n")
                elif name == "drip":
                    for _byte in range(200):
                        connection.sendall(b"x")
                        time.sleep(0.2)
                elif name == "hang":
                    time.sleep(60)
                else:
                    time.sleep({"slow": 0.4, "late": 3.0}[name])
                    connection.sendall(answer)
        except OSError:
            return

    def stop(self) -> None:
        for opened in self.sockets:
            opened.close()
