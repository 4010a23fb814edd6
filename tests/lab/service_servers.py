# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers of every kind from Debian's packages, each with its own files in a folder, on both loopback addresses.

They are started side by side; `stop_all` ends them. Who may log in everywhere: `check` with the password `secret`.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Dict, List, Sequence

from real_servers import EXIM, NGINX, PAGE, UNBOUND

V4, V6 = "127.0.0.1", "::1"

SLAPD = """
include /etc/ldap/schema/core.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile {home}/pid
TLSCertificateFile {home}/../cert.pem
TLSCertificateKeyFile {home}/../key.pem
database mdb
suffix dc=lab,dc=example
rootdn cn=check,dc=lab,dc=example
rootpw secret
directory {home}/db
maxsize 10485760
"""
ENTRY = "dn: dc=lab,dc=example\nobjectClass: dcObject\nobjectClass: organization\no: The Lab\ndc: lab\n"

DOVECOT = """
base_dir = {home}/run
state_dir = {home}/state
log_path = {home}/log
protocols = imap pop3
listen = 127.0.0.1, ::1
disable_plaintext_auth = no
auth_failure_delay = 0
default_internal_user = dovecot
default_login_user = dovenull
ssl = yes
ssl_cert = <{home}/../cert.pem
ssl_key = <{home}/../key.pem
passdb {{
  driver = passwd-file
  args = scheme=plain {home}/users
}}
userdb {{
  driver = static
  args = uid=nobody gid=nogroup home={home}/mail
}}
mail_location = maildir:{home}/mail
service imap-login {{
  service_count = 0
  process_min_avail = 1
}}
service pop3-login {{
  service_count = 0
  process_min_avail = 1
}}
"""

VSFTPD = """
listen=NO
listen_ipv6=YES
background=NO
anonymous_enable=YES
local_enable=NO
no_anon_password=YES
ftp_username=daemon
anon_root={home}/files
secure_chroot_dir={home}/empty
seccomp_sandbox=NO
isolate_network=NO
isolate=NO
xferlog_enable=NO
"""

RADIUS = """
prefix = /usr
libdir = /usr/lib/freeradius
logdir = {home}
run_dir = {home}
name = radiusd
pidfile = {home}/pid
max_requests = 256
security {{
  allow_core_dumps = no
}}
thread pool {{
  start_servers = 1
  max_servers = 2
  min_spare_servers = 1
  max_spare_servers = 1
}}
client v4 {{
  ipaddr = 127.0.0.1
  secret = shared
}}
client v6 {{
  ipv6addr = ::1
  secret = shared
}}
modules {{
  pap {{
  }}
  files {{
    usersfile = {home}/users
  }}
}}
server default {{
  listen {{
    type = auth
    ipaddr = 127.0.0.1
    port = 1812
  }}
  listen {{
    type = auth
    ipv6addr = ::1
    port = 1812
  }}
  authorize {{
    files
    pap
  }}
  authenticate {{
    Auth-Type PAP {{
      pap
    }}
  }}
}}
"""

KAMAILIO = """#!KAMAILIO
debug=1
log_stderror=yes
fork=yes
children=1
tcp_children=1
listen=udp:127.0.0.1:5060
listen=tcp:127.0.0.1:5060
listen=udp:[::1]:5060
listen=tcp:[::1]:5060
loadmodule "pv.so"
loadmodule "sl.so"
request_route {{
    if (method == "OPTIONS" && $rU == $null) {{
        sl_send_reply("200", "Here I am");
        exit;
    }}
    sl_send_reply("404", "Nobody");
}}
"""

LEAFNODE = """
server = localhost
expire = 20
hostname = news.lvs-cluster-lab.org
"""

MARIADB = (
    "--no-defaults", "--user=root", "--skip-log-bin", "--innodb-log-file-size=4M", "--innodb-buffer-pool-size=8M",
    "--innodb-flush-log-at-trx-commit=0", "--skip-symbolic-links", "--performance-schema=off",
)  # fmt: skip
POSTGRES_ROLES = """CREATE ROLE "check" LOGIN PASSWORD 'secret';
CREATE ROLE clear LOGIN PASSWORD 'secret';
SET password_encryption = 'md5';
CREATE ROLE hashed LOGIN PASSWORD 'secret';
"""
POSTGRES_RULES = "host all hashed all md5\nhost all clear all password\nhost all all all scram-sha-256\n"
AS_POSTGRES = ("setpriv", "--reuid", "postgres", "--regid", "postgres", "--clear-groups")
PGBIN = "/usr/lib/postgresql/15/bin"


class Server:
    """One server: what its folder needs, the command, and the port that tells when it is up."""

    def __init__(self, name: str, port: int, command: Sequence[str], home: Path, *, tcp: bool = True) -> None:
        self.name, self.port, self.home, self.tcp = name, port, home, tcp
        with open(home / "output", "wb") as output:
            self.process = subprocess.Popen(
                [word.format(home=home) for word in command],
                stdout=output,
                stderr=output,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                cwd=home,
            )
        self.await_up()

    def await_up(self) -> None:
        for _try in range(600):
            if all(_listens(family, self.port, self.tcp) for family in (4, 6)):
                return
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        said = (self.home / "output").read_text(errors="replace")[-3000:]
        raise RuntimeError(f"{self.name} is not up (status {self.process.poll()}): {said}")

    def members(self) -> List[int]:
        """All its processes: those of its session, and what they started."""
        found, parents = {self.process.pid}, {}
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            parents[int(entry.name)] = int(fields[1])
            if int(fields[3]) == self.process.pid:
                found.add(int(entry.name))
        while True:
            more = {pid for pid, parent in parents.items() if parent in found} - found
            if not more:
                return sorted(found)
            found |= more

    def signal(self, number: int) -> None:
        """To all its processes."""
        for pid in self.members():
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                continue

    def kill(self) -> None:
        self.signal(signal.SIGKILL)
        self.process.wait(10)


def _listens(family: int, port: int, tcp: bool) -> bool:
    """Whether a port is in the kernel's table: no server is asked, so none is disturbed."""
    name = f"{'tcp' if tcp else 'udp'}{'6' if family == 6 else ''}"
    state = "0A" if tcp else "07"
    wanted = {f"{port:04X}"}
    for table in [name] if family == 6 else [name, f"{name}6"]:
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[1].rpartition(":")[2] in wanted and fields[3] == state:
                return True
    return False


def _run(*command: str, text: str = "", **more: object) -> None:
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False, **more)  # type: ignore[call-overload]
    if done.returncode:
        raise RuntimeError(f"{command}: {done.stdout}{done.stderr}")


def _home(root: Path, name: str, configuration: str = "") -> Path:
    home = root / name
    home.mkdir(mode=0o755)
    (home / "conf").write_text(configuration.format(home=home))
    return home


def certificates(root: Path) -> None:
    """An authority, and a certificate of it for `lab` and both addresses that ends in ten days."""
    names = "subjectAltName=DNS:lab,IP:127.0.0.1,IP:::1"
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    _run("openssl", "req", "-x509", *key, "-days", "30", "-subj", "/CN=lab authority", "-keyout", str(root / "ca.key"), "-out", str(root / "ca.pem"))  # fmt: skip
    _run("openssl", "req", "-x509", *key, "-days", "10", "-subj", "/CN=lab", "-addext", names, "-addext", "basicConstraints=critical,CA:FALSE", "-CA", str(root / "ca.pem"), "-CAkey", str(root / "ca.key"), "-keyout", str(root / "key.pem"), "-out", str(root / "cert.pem"))  # fmt: skip
    (root / "key.pem").chmod(0o644)


def slapd(root: Path) -> Server:
    home = _home(root, "slapd", SLAPD)
    (home / "db").mkdir()
    _run("slapadd", "-f", str(home / "conf"), text=ENTRY)
    urls = "ldap://127.0.0.1/ ldap://[::1]/ ldaps://127.0.0.1/ ldaps://[::1]/"
    return Server("slapd", 389, ("slapd", "-d", "0", "-f", "{home}/conf", "-h", urls), home)


def dovecot(root: Path) -> Server:
    home = _home(root, "dovecot", DOVECOT)
    (home / "users").write_text("check:secret\n")
    (home / "mail").mkdir()
    (home / "mail").chmod(0o777)
    return Server("dovecot", 143, ("dovecot", "-F", "-c", "{home}/conf"), home)


def vsftpd(root: Path) -> Server:
    home = _home(root, "vsftpd", VSFTPD)
    (home / "empty").mkdir()
    (home / "files").mkdir()
    (home / "files" / "there").write_text("a file\n")
    return Server("vsftpd", 21, ("vsftpd", "{home}/conf"), home)


def radius(root: Path) -> Server:
    home = _home(root, "radius")
    (home / "radiusd.conf").write_text(RADIUS.format(home=home))
    (home / "users").write_text('check Cleartext-Password := "secret"\n')
    command = ("freeradius", "-f", "-l", "stdout", "-d", "{home}", "-D", "/usr/share/freeradius")
    return Server("radius", 1812, command, home, tcp=False)


def kamailio(root: Path) -> Server:
    home = _home(root, "kamailio", KAMAILIO)
    command = ("kamailio", "-DD", "-E", "-f", "{home}/conf", "-Y", "{home}", "-m", "16", "-M", "4")
    return Server("kamailio", 5060, command, home)


def leafnode(root: Path) -> Server:
    home = _home(root, "leafnode", LEAFNODE)
    serve = "TCP6-LISTEN:119,fork,reuseaddr,ipv6-v6only=0"
    # it insists on a host name of the world and looks it up
    name = "news.lvs-cluster-lab.org"
    (home / "hosts").write_text(f"127.0.0.1 {name} localhost\n::1 {name} localhost\n")
    named = f"mount --bind {home}/hosts /etc/hosts && mount --bind /dev/null /etc/resolv.conf && hostname {name}"
    serve = f"exec socat {serve} 'EXEC:/usr/sbin/leafnode -F {home}/conf,nofork'"
    return Server("leafnode", 119, ("unshare", "--uts", "--mount", "sh", "-c", f"{named} && {serve}"), home)


def mariadb(root: Path, before: Sequence[str] = (), more: Sequence[str] = ("--skip-name-resolve",)) -> Server:
    home = _home(root, "mariadb")
    data = f"--datadir={home}/data"
    (home / "data" / "mysql").mkdir(parents=True)
    share = Path("/usr/share/mysql")
    tables = [(share / f"{name}.sql").read_text() for name in ("mysql_system_tables", "mysql_system_tables_data")]
    _run(
        "mariadbd",
        *MARIADB,
        data,
        "--bootstrap",
        text="\n".join(("USE mysql;", "SET @auth_root_socket=NULL;", *tables)),
    )
    (home / "users.sql").write_text(
        "CREATE USER 'check'@'%' IDENTIFIED BY 'secret';\nCREATE USER 'open'@'%';\n"
        "CREATE DATABASE shop;\nGRANT ALL ON shop.* TO 'check'@'%';\nCREATE TABLE shop.things (name INT);\n"
        "INSERT INTO shop.things VALUES (1);\n"
    )
    command = (*before, "mariadbd", *MARIADB, data, "--bind-address=*", "--port=3306", f"--socket={home}/socket", *more, f"--init-file={home}/users.sql")  # fmt: skip
    return Server("mariadb", 3306, command, home)


def postgresql(root: Path) -> Server:
    home = _home(root, "postgresql")
    home.chmod(0o777)
    data = f"{home}/data"
    _run(*AS_POSTGRES, f"{PGBIN}/initdb", "-D", data, "-U", "postgres", "--no-sync", "-E", "UTF8", "--locale=C", "--auth-local=trust", "--auth-host=scram-sha-256", cwd=home)  # fmt: skip
    (home / "data" / "pg_hba.conf").write_text(POSTGRES_RULES)
    _run(*AS_POSTGRES, f"{PGBIN}/postgres", "--single", "-D", data, "postgres", text=POSTGRES_ROLES, cwd=home)
    command = (*AS_POSTGRES, f"{PGBIN}/postgres", "-D", data, "-k", str(home), "-F", "-c", "listen_addresses=127.0.0.1,::1", "-c", "shared_buffers=8MB")  # fmt: skip
    return Server("postgresql", 5432, command, home)


def nginx(root: Path) -> Server:
    home = _home(root, "nginx", NGINX)
    for name in ("cert.pem", "key.pem"):
        (home / name).write_bytes((root / name).read_bytes())
    (home / "www").mkdir()
    (home / "www" / "index.html").write_bytes(PAGE)
    return Server("nginx", 443, ("nginx", "-c", "{home}/conf", "-p", "{home}"), home)


def unbound(root: Path) -> Server:
    return Server("unbound", 53, ("unbound", "-c", "{home}/conf"), _home(root, "unbound", UNBOUND))


def exim(root: Path) -> Server:
    home = _home(root, "exim", EXIM)
    home.chmod(0o777)  # it writes its log and spool as another user
    return Server("exim", 25, ("exim4", "-bdf", "-C", "{home}/conf"), home)


KINDS = (mariadb, postgresql, slapd, dovecot, vsftpd, radius, kamailio, leafnode, nginx, unbound, exim)


def start_all(root: Path, kinds: Sequence[object] = KINDS) -> Dict[str, Server]:
    """All of them, side by side, by name."""
    root.chmod(0o755)
    certificates(root)
    with ThreadPoolExecutor(len(kinds)) as pool:
        return {server.name: server for server in pool.map(lambda kind: kind(root), kinds)}


def stop_all(servers: Dict[str, Server]) -> None:
    for server in servers.values():
        server.kill()


def reachable(port: int) -> bool:
    """Whether somebody takes connections."""
    try:
        socket.create_connection((V4, port), 1).close()
    except OSError:
        return False
    return True
