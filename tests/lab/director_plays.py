# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lab hosts under load while plays change their directors: what a play said, which requests failed, what was served."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

from topology import HostSpec, Topology

ROOT = Path(__file__).parents[2]
INVENTORY = Path(__file__).parent / "demo" / "inventory.yml"
LOAD = Path(__file__).parent / "hosts" / "load"
VIP = "192.168.140.140"
RECAP = re.compile(r"^(\w+)\s+: ok=\d+\s+changed=(\d+)\s+unreachable=(\d+)\s+failed=(\d+)", re.MULTILINE)

DIRECTORS = Topology(
    hosts=(
        HostSpec("d1", (("lan", "192.168.140.141/24"), ("back", "10.9.0.1/24"))),
        HostSpec("d2", (("lan", "192.168.140.143/24"), ("back", "10.9.0.2/24"))),
        HostSpec("r1", (("lan", "192.168.140.137/24"),)),
        HostSpec("r2", (("lan", "192.168.140.139/24"),)),
    ),
    client=(("lan", "192.168.140.10/24"),),
)
"""The demo's hosts; the directors have one more network, on which nothing should happen."""

# Writes to stdout how long the file was another one than at the start, as seconds; ends when its input does.
OTHERWISE = """
import hashlib, select, sys, time
def digest():
    with open('/etc/keepalived/keepalived.conf', 'rb') as file:
        return hashlib.sha256(file.read()).hexdigest()
good, since, longest = digest(), None, 0.0
while not select.select([sys.stdin], [], [], 0.1)[0]:
    now = time.monotonic()
    if digest() == good:
        since = None
    else:
        since = since or now
        longest = max(longest, now - since)
print(longest, digest() == good)
"""


class Play:
    """One run of a playbook; started, then waited for by whatever asks for its result."""

    def __init__(self, cluster, name, *arguments, inventory=INVENTORY, **variables):
        command = [sys.executable, "-m", "ansible", "playbook", str(ROOT / f"playbooks/{name}.yml"), "--diff"]
        command += ["-i", f"{cluster.folder}/inventory.ini", "-i", str(inventory), *arguments]
        environment = dict(os.environ, ANSIBLE_NOCOLOR="1", ANSIBLE_FORCE_COLOR="0")
        self.process = subprocess.Popen(
            [*command, "-e", json.dumps(variables)],
            cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, start_new_session=True,
        )  # fmt: skip
        self._output = None

    @property
    def output(self):
        if self._output is None:
            self._output = self.process.communicate()[0]
        return self._output

    @property
    def good(self):
        return bool(self.output) and self.process.returncode == 0

    @property
    def changes(self):
        return {host: int(changed) for host, changed, *_ in RECAP.findall(self.output)}

    def murder(self):
        """SIGKILL for the play and all that it started on this machine."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self._output = self.process.communicate()[0]


class Load:
    """Requests from the client at a steady rate."""

    def __init__(self, cluster, file, rate=100):
        self.file = file
        words = cluster.inside(["python3", str(LOAD), str(rate), VIP, "80", str(file)])
        self.process = subprocess.Popen(words, stdin=subprocess.DEVNULL)

    def stop(self):
        """What came of them: `asked`, `failed` by reason, `slow`, `longest`."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=30)
        return json.loads(self.file.read_text())


class Otherwise:
    """How long a director's file was another one than now."""

    def __init__(self, cluster, name):
        program = base64.b64encode(OTHERWISE.encode()).decode()
        command = f"exec python3 -c \"import base64; exec(base64.b64decode('{program}'))\""
        self.process = subprocess.Popen(
            ["ssh", "-F", f"{cluster.folder}/ssh_config", name, command],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def seconds(self):
        """The longest time, and whether the file is the old one again."""
        out = self.process.communicate()[0].split()
        return float(out[0]), out[1] == "True"


def serve(cluster, name):
    """Start a server that keeps up with the load on one processor, and that comes back after a boot."""
    program = base64.b64encode(LOAD.read_bytes()).decode()
    unit = f"[Service]\\nExecStart=/usr/local/sbin/load serve {name} 0.0.0.0 80\\nNice=-10\\n"
    unit += "[Install]\\nWantedBy=multi-user.target\\n"
    cluster.ssh(name, f"echo {program} | base64 -d >/usr/local/sbin/load; chmod 755 /usr/local/sbin/load")
    cluster.ssh(name, f"printf '{unit}' >/etc/systemd/system/load.service; systemctl enable --now load")


def without_keepalived(cluster, names, folder):
    """Take the package away, and have it in a repository of the host's own."""
    subprocess.run(["apt-get", "-q", "download", "keepalived"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    (package,) = folder.glob("keepalived_*.deb")
    about = subprocess.run(["dpkg-deb", "--field", package], check=True, stdout=subprocess.PIPE, text=True).stdout
    digest = hashlib.sha256(package.read_bytes()).hexdigest()
    (folder / "keepalived.deb").hardlink_to(package)
    (folder / "Packages").write_text(
        f"{about.strip()}\nFilename: ./keepalived.deb\nSize: {package.stat().st_size}\nSHA256: {digest}\n"
    )
    for name in names:
        cluster.ssh(name, "dpkg --remove keepalived; rm -rf /etc/apt/sources.list* /srv/repo; mkdir -p /srv/repo")
        files = [str(folder / file) for file in ("keepalived.deb", "Packages")]
        subprocess.run(["scp", "-q", "-F", f"{cluster.folder}/ssh_config", *files, f"{name}:/srv/repo"], check=True)
        cluster.ssh(name, "echo 'deb [trusted=yes] file:/srv/repo ./' >/etc/apt/sources.list; apt-get -q update")


def masters(cluster):
    """The directors that have the virtual address, on whatever interface."""
    return [name for name in ("d1", "d2") if f" {VIP}/" in cluster.ssh(name, "ip -o -4 address").stdout]


def engine(cluster, name):
    """Who serves on a director."""
    found = cluster.ssh(name, "systemctl is-active lvs-agent keepalived", check=False).stdout.split()
    return {("active", "inactive"): "agent", ("inactive", "active"): "keepalived"}.get(tuple(found), str(found))


def table(cluster, name):
    """A director's table, without the weights' order of arrival."""
    return cluster.ssh(name, "ipvsadm -Sn").stdout
