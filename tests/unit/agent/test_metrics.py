# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The exposition by the rules of the text format and of promtool, the listener, and what is made of the names."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import json
import re
import socket
from pathlib import Path

import pytest
import yaml

from lvs_agent.control import metrics
from lvs_agent.control.exposition import Listener
from lvs_agent.loop import Loop

ROOT = Path(__file__).parents[3]
NASTY = 'x"y\\z\nw'
CHECK = {"check": "TCP_CHECK", "target": "192.0.2.1:80", "up": True, "has_run": True, "took": 0.001}
STATUS = {
    "version": "1.0",
    "config": {"loaded_at": 1e9, "last_refusal": [], "reloads": {"accepted": 2, "refused": 1}},
    "processes": {"vrrp": {"pid": 5, "deaths": 0}, "checker": {"pid": None, "deaths": 3, "silent": True}},
    "vrrp": {
        "instances": {
            NASTY: {
                "state": "MASTER",
                "since": 1.5,
                "priority": 100,
                "effective_priority": 254,
                "counters": {"advert_sent": 7},
                "discards": {"checksum": 1},
            }
        },
        "mastership": {NASTY: {"asked": "takeover", "seconds_left": 12.5}},
        "lateness_seconds": 0.25,
    },
    "segment": {"findings": [{"code": "vrid-clash"}, {"code": "vrid-clash"}]},
    "checker": {
        "kernel": "ok",
        "services": [
            {
                "name": "[192.0.2.80]:tcp:80",
                "quorum_up": True,
                "sorry_server": {"name": "s", "in": False},
                "servers": [
                    {"name": "one", "alive": True, "weight": 3, "checks": [CHECK, CHECK]},
                    {"name": "two", "alive": False, "weight": None, "checks": [{"check": "TCP_CHECK", "up": False}]},
                ],
            }
        ],
        "counters": {"changes": 4, "refused": 0, "repaired": 1, "checks": 9, "lateness": 0.01},
        "drains": [{"server": "192.0.2.1"}, {"server": "192.0.2.1", "maintenance": "/m"}, {"server": "192.0.2.1"}],
    },
}
SAMPLE = re.compile(
    r'^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{((?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\\\|\\"|\\n)*",?)*)\})? (-?[0-9.]+(?:e[+-]?\d+)?)$'
)


def parsed(text: str):
    """The exposition by the format's own grammar: families in one piece each, HELP and TYPE before their samples."""
    assert text.endswith("\n")
    families, current, seen = {}, "", set()
    for line in text.splitlines():
        if line.startswith("# HELP "):
            current = line.split()[2]
            assert current not in families, "a family in two pieces"
            families[current] = {"samples": {}}
        elif line.startswith("# TYPE "):
            assert line.split()[2] == current
            families[current]["type"] = line.split()[3]
        else:
            found = SAMPLE.match(line)
            assert found, line
            assert found[1] == current
            assert (found[1], found[2]) not in seen, "one sample twice"
            seen.add((found[1], found[2]))
            families[current]["samples"][found[2] or ""] = float(found[3])
    return families


def test_exposition() -> None:
    families = parsed(metrics.render(STATUS))
    assert set(families) == {family.full for family in metrics.FAMILIES}
    escaped = 'x\\"y\\\\z\\nw'
    state = families["lvs_agent_vrrp_state"]["samples"]
    assert state[f'vrrp_instance="{escaped}",state="MASTER"'] == 1
    assert sum(state.values()) == 1
    assert families["lvs_agent_real_server_weight"]["samples"] == {
        'virtual_server="[192.0.2.80]:tcp:80",real_server="one"': 3
    }
    assert len(families["lvs_agent_check_up"]["samples"]) == 3
    assert sorted(families["lvs_agent_real_server_drained"]["samples"].values()) == [1, 1]
    assert families["lvs_agent_child_up"]["samples"] == {'child="vrrp"': 1, 'child="checker"': 0}


@pytest.mark.parametrize("missing", [{"vrrp": None}, {"checker": None}, {"vrrp": None, "checker": None}])
def test_children_that_are_away(missing) -> None:
    families = parsed(metrics.render({**STATUS, **missing}))
    assert "lvs_agent_info" in families
    assert all(family["samples"] for family in families.values())


@pytest.mark.parametrize("family", metrics.FAMILIES, ids=lambda family: family.name)
def test_promtool_has_nothing_to_say(family) -> None:
    """The checks of `promtool check metrics`: counters end in _total and nothing else does, base units, no type in names."""
    assert re.fullmatch(r"[a-z][a-z0-9_]*", family.name)
    assert family.kind in ("counter", "gauge")
    assert family.name.endswith("_total") is (family.kind == "counter")
    assert not re.search(r"(milli|micro|minutes|hours|gauge|counter|_count$|_sum$|_bucket$)", family.name)
    assert family.text.endswith(".")
    assert "\n" not in family.text
    assert not {"instance", "job", "le", "quantile"} & set(family.labels)


def tool():
    loader = importlib.machinery.SourceFileLoader("monitoring", str(ROOT / "tools" / "monitoring"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("monitoring", loader))
    loader.exec_module(module)
    return module


def test_rules_and_dashboard_are_what_the_tool_makes() -> None:
    made = tool()
    for name, make in made.MADE.items():
        assert (made.FOLDER / name).read_text() == make(), "run tools/monitoring"


def expressions():
    made = tool()
    rules = yaml.safe_load(made.rules())["groups"][0]["rules"]
    assert len({rule["alert"] for rule in rules}) == len(rules)
    panels = json.loads(made.dashboard())["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    found = [(rule["alert"], rule["expr"], rule["annotations"]["summary"]) for rule in rules]
    return found + [
        (panel["title"], panel["targets"][0]["expr"], panel["targets"][0]["legendFormat"]) for panel in panels
    ]


@pytest.mark.parametrize(("name", "expression", "text"), expressions())
def test_every_name_and_label_is_declared(name: str, expression: str, text: str) -> None:
    used = set(re.findall(r"\blvs_agent_\w+", expression))
    assert used or "up{" in expression
    assert used <= set(metrics.BY_NAME), name
    labels = {label for each in used for label in metrics.BY_NAME[each].labels} | {"instance", "job"}
    asked = set(re.findall(r"[{,]\s*(\w+)\s*[=!]", expression)) | set(
        re.findall(r"\{\{\s*(?:\$labels\.)?(\w+)\s*\}\}", text)
    )
    for group in re.findall(r"by \(([^)]*)\)", expression):
        asked |= {each.strip() for each in group.split(",")}
    assert asked <= labels, (name, asked - labels)
    for each in used:  # a counter is looked at as a rate, a gauge never
        counts = metrics.BY_NAME[each].kind == "counter"
        assert bool(re.search(rf"(rate|increase)\({each}", expression)) is counts, name
    assert expression.count("(") == expression.count(")")


def asked(request: bytes) -> bytes:
    loop = Loop()
    listener = Listener(loop, lambda take: take("metric 1\n"))
    listener.adopt(("127.0.0.1", 0))
    place = listener.sock.getsockname()
    with socket.create_connection(place, 5) as client:
        client.sendall(request)
        client.setblocking(False)
        answer = b""
        for _turn in range(200):
            loop.turn(0.01)
            try:
                part = client.recv(65536)
            except BlockingIOError:
                continue
            except ConnectionError:
                break
            if not part:
                break
            answer += part
    listener.close()
    loop.close()
    return answer


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n", b"200"),
        (b"GET /metrics?x=1 HTTP/1.0\r\n\r\n", b"200"),
        (b"GET / HTTP/1.1\r\n\r\n", b"404"),
        (b"POST /metrics HTTP/1.1\r\n\r\n", b"405"),
        (b"nonsense\r\n\r\n", b"400"),
        (b"\x16\x03\x01\x00\n\n", b"400"),
    ],
)
def test_listener(request_, status) -> None:
    answer = asked(request_)
    assert answer.split()[1] == status
    head, body = answer.split(b"\r\n\r\n", 1)
    assert f"Content-Length: {len(body)}".encode() in head
    if status == b"200":
        assert body == b"metric 1\n"
        assert b"Content-Type: text/plain; version=0.0.4" in head


def test_a_listener_that_cannot_listen_stops_nothing() -> None:
    loop = Loop()
    listener = Listener(loop, lambda take: take(""))
    listener.adopt(("192.0.2.1", 9650))
    assert listener.sock is None
    listener.adopt(None)
    listener.close()
    loop.close()


def test_too_long_a_request_is_cut_off() -> None:
    assert asked(b"GET /" + b"x" * 9000) == b""
