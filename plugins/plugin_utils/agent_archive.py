# Copyright (c) 2026, lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds lvs-agent as one archive, on the controller; what is in it depends on nothing but the sources.

In it: agent/lvs_agent of this collection, the language it shares with the modules (plugins/module_utils/conf), what
masks its secrets and what looks at the segment (SHARED), and pyroute2 from the controller's own Python. Fixed dates and
modes and no compression, so that every controller with the same sources builds the same bytes. The archive runs as it
is (`python3 FILE`), and unpacked (`python3 DIR`).
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import io
import pathlib
import re
import sys
import typing as t
import zipfile

ROOT = pathlib.Path(__file__).absolute().parents[2]
LANGUAGE = "ansible_collections/lvs/cluster/plugins/module_utils"
SHARED = ("configuration/secret.py",) + tuple(
    f"drill/{name}.py" for name in ("alone", "frames", "loop", "observe", "port", "watch", "wire")
)
"""What the agent has besides the language: what masks secrets, and what looks at the segment."""
OLDEST_PYROUTE2 = (0, 9, 1)
_DATE = (1980, 1, 1, 0, 0, 0)
_MAIN = b"""\
import os
import sys

# `current` may point at another version later, and modules may be imported later.
sys.path[0] = os.path.realpath(sys.path[0])
from lvs_agent.cli import main

sys.exit(main())
"""


class ArchiveError(Exception):
    """The archive cannot be built here. The message says what is missing and how to mend it."""


class Archive(t.NamedTuple):
    """The archive's bytes, and the digest (16 hexadecimal digits of their SHA-256) that names the version."""

    data: bytes
    digest: str


def build(root: pathlib.Path = ROOT) -> Archive:
    """The archive of the collection whose top is `root`; raises ArchiveError."""
    files = {"__main__.py": _MAIN}
    files.update(_tree(root / "agent" / "lvs_agent", "lvs_agent"))
    files.update(_tree(root / "plugins" / "module_utils" / "conf", f"{LANGUAGE}/conf"))
    for shared in SHARED:
        files[f"{LANGUAGE}/{shared}"] = (root / "plugins" / "module_utils" / shared).read_bytes()
    for folder in (*_parents(f"{LANGUAGE}/conf"), *{f"{LANGUAGE}/{shared.split('/')[0]}" for shared in SHARED}):
        files.setdefault(f"{folder}/__init__.py", b"")
    files.update(_pyroute2())
    data = _zip(files)
    return Archive(data, hashlib.sha256(data).hexdigest()[:16])


def _tree(folder: pathlib.Path, name: str) -> dict[str, bytes]:
    if not folder.is_dir():
        raise ArchiveError(f"{folder} is missing: this installation of the collection lvs.cluster is not whole")
    return {
        f"{name}/{path.relative_to(folder).as_posix()}": path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }


def _pyroute2() -> dict[str, bytes]:
    """pyroute2 of this Python, with its licences, without its pytest fixtures."""
    mend = f"{sys.executable} -m pip install 'pyroute2>={'.'.join(map(str, OLDEST_PYROUTE2))}'"
    spec = importlib.util.find_spec("pyroute2")
    if spec is None or spec.origin is None:
        raise ArchiveError(f"pyroute2 is not installed for {sys.executable} on the controller; mend it with: {mend}")
    version = importlib.metadata.version("pyroute2")
    if tuple(map(int, re.findall(r"\d+", version)[:3])) < OLDEST_PYROUTE2:
        raise ArchiveError(f"pyroute2 {version} on the controller is too old; mend it with: {mend} --upgrade")
    folder = pathlib.Path(spec.origin).parent
    files = {
        name: data
        for name, data in _tree(folder, "pyroute2").items()
        if name.endswith(".py") and not name.startswith("pyroute2/fixtures/")
    }
    for path in importlib.metadata.files("pyroute2") or ():
        if path.name.startswith("LICENSE"):
            files[f"pyroute2/{path.name}"] = pathlib.Path(str(path.locate())).read_bytes()
    return files


def _parents(name: str) -> list[str]:
    parts = name.split("/")
    return ["/".join(parts[:length]) for length in range(1, len(parts))]


def _zip(files: t.Mapping[str, bytes]) -> bytes:
    # Directory entries too: without them a namespace package cannot be imported from the archive itself.
    folders = {f"{folder}/" for name in files for folder in _parents(name)}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(folders | set(files)):
            info = zipfile.ZipInfo(name, _DATE)
            info.create_system = 3  # Unix, whatever the controller is
            info.external_attr = (0o40755 << 16 | 0x10) if name.endswith("/") else 0o100644 << 16
            archive.writestr(info, files.get(name, b""))
    return out.getvalue()
