# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files and their includes, on a real disk."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils.conf import model
from ansible_collections.lvs.cluster.plugins.module_utils.conf.port import read_file

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "conf.d").mkdir()
    (tmp_path / "conf.d" / "a.conf").write_text("global_defs {\n  router_id a\n}\n")
    (tmp_path / "conf.d" / "b.conf").write_text("instance b\n")
    (tmp_path / "conf.d" / "sub").mkdir()
    (tmp_path / "conf.d" / "sub" / "c.conf").write_text("include ../b.conf\n")
    return tmp_path


def main(folder: Path, text: str) -> Path:
    (folder / "keepalived.conf").write_text(text)
    return folder / "keepalived.conf"


@pytest.mark.parametrize(
    "text",
    [
        "include conf.d/*.conf\n",
        "include conf.d/{a,b}.conf\n",
        "includea conf.d/[ab].conf\n",
        "include conf.d/a.conf\ninclude conf.d/sub/c.conf\n",
        "include conf.d/{a.conf,sub/c.conf}\ninclude conf.d/nothing*\n",
    ],
)
def test_includes(folder: Path, text: str) -> None:
    reading = read_file(str(main(folder, text)))
    assert [one.render() for one in reading.findings] == []
    assert reading.document == model.Document(instance="b", global_defs=model.GlobalDefs(router_id="a"))


@pytest.mark.parametrize(
    "text",
    [
        "include conf.d/z.conf\n",
        "includem conf.d/z.conf\n",
        "includew conf.d/z*.conf\n",
        "includea conf.d/z*.conf\n",
        "includeb conf.d/{a,z}.conf\n",
        "include conf.d\n",
        "include\n",
    ],
)
def test_includes_that_are_not_there(folder: Path, text: str) -> None:
    (found,) = read_file(str(main(folder, text))).errors
    assert (found.code, found.line) == ("include-not-read" if len(text) > 9 else "missing-value", 1)


def test_the_host_name_is_asked_for_conditions(folder: Path) -> None:
    reading = read_file(str(main(folder, "@red instance r\n@blue instance b\n")), config_id="blue")
    assert reading.document.instance == "b"


def test_a_script_that_is_not_there(folder: Path) -> None:
    text = "global_defs {\n  enable_script_security\n  startup_script /nowhere/at/all\n  shutdown_script /bin/sh\n}\n"
    (found,) = read_file(str(main(folder, text))).findings
    assert (found.level, found.code, found.line) == ("warning", "missing-script", 3)
    assert read_file(str(main(folder, text)), ask_machine=False).findings == ()


def test_a_file_that_is_not_there(folder: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_file(str(folder / "none.conf"))


def test_bytes_that_are_no_text(folder: Path) -> None:
    path = folder / "keepalived.conf"
    path.write_bytes(b"global_defs {\n  router_id a\xff\xfeb\n  \x80\n}\n")
    assert [one.line for one in read_file(str(path)).errors] == [3]


def test_huge_files_are_refused(folder: Path) -> None:
    path = folder / "huge.conf"
    with path.open("wb") as made:
        made.truncate(200 << 20)
    with pytest.raises(OSError, match="large"):
        read_file(str(path))
    (found,) = read_file(str(main(folder, "include huge.conf\n"))).errors
    assert found.code == "include-not-read"


def test_nested_braces() -> None:
    from ansible_collections.lvs.cluster.plugins.module_utils.conf.port import _alternatives

    assert list(_alternatives("a{b,c{d,e}}f")) == ["abf", "acdf", "acef"]
    assert list(_alternatives("a{b")) == ["a{b"]
