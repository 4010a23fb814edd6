# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that hold a server out: what they said comes back, unless somebody else wrote them since."""

from __future__ import annotations

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils.drain import port
from ansible_collections.lvs.cluster.plugins.module_utils.drain.plan import Asked

ONE, TWO = Asked(("10.0.0.1",)), Asked(("10.0.0.2",))


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.setattr(port, "FILES", str(tmp_path / "lib" / "maintenance.json"))
    return tmp_path / "r1"


@pytest.mark.parametrize(
    ("said", "since", "end"),
    [("5\n", None, "5\n"), (None, None, None), ("5\n", "7\n", "7\n"), (None, "7\n", "7\n")],
)
def test_what_the_file_said(file, said, since, end):
    if said is not None:
        file.write_text(said)
        file.chmod(0o604)
    for number in ("-2\n", "-4\n"):  # the second time it says what we said: that is not what it said before
        port.hold({str(file): number}, ["10.0.0.1:80"])
        assert file.read_text() == number
    if since is not None:
        file.write_text(since)
    port.let_go(TWO)
    assert port.held()[str(file)] == port.Held(["10.0.0.1:80"], "-4\n", said)
    port.let_go(ONE)
    assert (file.read_text() if file.exists() else None) == end
    assert said is None or file.stat().st_mode & 0o777 == 0o604
    assert port.held() == {}
    assert [path.name for path in file.parent.iterdir()] == ([file.name] if end else [])
