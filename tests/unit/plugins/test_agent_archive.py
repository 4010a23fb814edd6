# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The agent's archive: what is in it, and that nothing but the sources decides its bytes."""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import subprocess
import sys
import zipfile

import pytest
from ansible_collections.lvs.cluster.plugins.plugin_utils import agent_archive


@pytest.fixture(scope="module")
def archive():
    return agent_archive.build()


@pytest.fixture
def copy(tmp_path):
    """The parts of the collection that the archive is made of, to be changed."""
    shared = {name.split("/")[0] for name in agent_archive.SHARED}
    for folder in ("agent/lvs_agent", *(f"plugins/module_utils/{name}" for name in ("conf", *shared))):
        shutil.copytree(agent_archive.ROOT / folder, tmp_path / folder)
    return tmp_path


def test_equal_sources_give_equal_bytes_whatever_their_dates(archive, copy):
    for path in copy.rglob("*.py"):
        os.utime(path, (1, 1))
    assert agent_archive.build(copy) == archive


def test_another_source_is_another_version(archive, copy):
    with open(copy / "agent/lvs_agent/__init__.py", "a", encoding="utf-8") as file:
        file.write("# changed\n")
    assert agent_archive.build(copy).digest != archive.digest


def test_the_digest_is_that_of_the_bytes(archive):
    assert hashlib.sha256(archive.data).hexdigest().startswith(archive.digest)


def test_nothing_is_compressed_dated_or_compiled(archive):
    infos = zipfile.ZipFile(io.BytesIO(archive.data)).infolist()
    assert {info.compress_type for info in infos} == {zipfile.ZIP_STORED}
    assert {info.date_time for info in infos} == {(1980, 1, 1, 0, 0, 0)}
    names = [info.filename for info in infos]
    assert names == sorted(names)
    assert not [name for name in names if name.endswith(".pyc")]
    assert {"ansible_collections/", "lvs_agent/", "pyroute2/", "pyroute2/LICENSE.GPL-2.0-or-later"} <= set(names)


def test_it_runs_without_site_packages(archive, tmp_path):
    (tmp_path / "lvs-agent.zip").write_bytes(archive.data)
    done = subprocess.run(
        [sys.executable, "-ISB", str(tmp_path / "lvs-agent.zip"), "--version"],
        capture_output=True, text=True, check=False, env={}, cwd="/",
    )  # fmt: skip
    assert (done.returncode, done.stdout.split()[:1]) == (0, ["lvs-agent"]), done.stderr


def test_a_collection_that_is_not_whole_is_said(copy):
    shutil.rmtree(copy / "agent")
    with pytest.raises(agent_archive.ArchiveError, match="not whole"):
        agent_archive.build(copy)


BUILD_AND_PRINT_ERROR = """
import sys
sys.path.insert(0, sys.argv[1])
from ansible_collections.lvs.cluster.plugins.plugin_utils import agent_archive
try:
    agent_archive.build()
except agent_archive.ArchiveError as error:
    print(error)
"""


def test_missing_pyroute2_is_said_with_the_command_that_mends_it(tmp_path):
    words = [sys.executable, "-S", "-c", BUILD_AND_PRINT_ERROR, os.environ["ANSIBLE_COLLECTIONS_PATH"]]
    done = subprocess.run(words, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert f"{sys.executable} -m pip install 'pyroute2>=0.9.1'" in done.stdout, done.stderr
