# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One module of the collection, run by Ansible on a namespace, and everything that it may touch there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDERS = ("/etc/systemd", "/etc/sysctl.d", "/etc/modules-load.d", "/var/lib")


def own_files(folder):
    """Lay copies that can be written over /etc and /var/lib; `folder` is an empty one to keep them in."""
    if Path("/run/systemd").is_dir():  # of this machine: the module is not to give it orders
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/run/systemd"], check=True)
    for number, lower in enumerate(("/etc", "/var/lib")):
        layer = folder / str(number)
        layer.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", str(layer)], check=True)
        (layer / "up").mkdir()
        (layer / "work").mkdir()
        options = f"lowerdir={lower},upperdir={layer}/up,workdir={layer}/work"
        subprocess.run(["mount", "-t", "overlay", "overlay", "-o", options, lower], check=True)


def play(host, module="real_server", check=False, **options):
    """One module on a host: its result, and all that Ansible wrote on the screen meanwhile."""
    with tempfile.TemporaryDirectory() as results:
        words = [str(Path(sys.executable).parent / "ansible"), "-i", "localhost,", "localhost", "-c", "local"]
        words += ["-e", f"ansible_python_interpreter={sys.executable}", "-m", f"lvs.cluster.{module}"]
        # -vvv: the diff stays in the result.
        words += ["-a", json.dumps(options)] if options else []
        words += ["--diff", "-vvv", "--tree", results, *(["--check"] if check else [])]
        environment = {**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".ansible/collections")}
        with host:
            done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
        shown = done.stdout + done.stderr
        try:
            return json.loads(Path(results, "localhost").read_text()), shown
        except FileNotFoundError:
            raise RuntimeError(shown) from None


def state(host):
    """All that the module may touch: sysctls, addresses, links, files and folders."""
    found = {"addresses": host.run("ip", "-o", "address"), "links": host.run("ip", "-o", "link")}
    with host:
        for path in Path("/proc/sys/net").rglob("*"):
            if path.is_file() and path.name not in ("flush", "stat_refresh"):
                try:
                    found[str(path)] = path.read_bytes()
                except OSError:
                    continue
    for folder in FOLDERS:
        for path in Path(folder).rglob("*"):
            found[str(path)] = os.readlink(path) if path.is_symlink() else path.read_bytes() if path.is_file() else "/"
    return found
