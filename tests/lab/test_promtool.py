# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Metrics and alert rules by Prometheus' own promtool: what is exposed, what the rules say, when each alert fires."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from lvs_agent.control import metrics

ROOT = Path(__file__).parents[2]
RULES = ROOT / "extensions" / "monitoring" / "lvs-agent.rules.yml"
PROMTOOL = ROOT / ".cache" / "promtool" / "promtool"
sys.path.insert(0, str(ROOT / "tests" / "unit" / "agent"))

from test_metrics import STATUS  # noqa: E402 - the unit tests' own, every family in it

D1, D2 = 'instance="d1"', 'instance="d2"'
VI, VS, RS = 'vrrp_instance="VI_1"', 'virtual_server="V"', 'real_server="R"'
NEVER = "0x4000"
# Of each alert: series on which it fires in the end, and series on which it does not; a value a minute.
FIRES = {
    "LvsAgentDown": ({'up{job="lvs-agent",instance="d1"}': NEVER}, {'up{job="lvs-agent",instance="d1"}': "1x4000"}),
    "LvsNoMaster": (
        {f'lvs_agent_vrrp_state{{{VI},state="MASTER",{D1}}}': NEVER},
        {f'lvs_agent_vrrp_state{{{VI},state="MASTER",{d}}}': v for d, v in ((D1, NEVER), (D2, "1x4000"))},
    ),
    "LvsTwoMasters": (
        {f'lvs_agent_vrrp_state{{{VI},state="MASTER",{d}}}': "1x4000" for d in (D1, D2)},
        {f'lvs_agent_vrrp_state{{{VI},state="MASTER",{d}}}': v for d, v in ((D1, NEVER), (D2, "1x4000"))},
    ),
    "LvsVrrpFault": (
        {f'lvs_agent_vrrp_state{{{VI},state="FAULT",{D1}}}': "1x4000"},
        {f'lvs_agent_vrrp_state{{{VI},state="FAULT",{D1}}}': NEVER},
    ),
    "LvsMastershipFlaps": (
        {f'lvs_agent_vrrp_events_total{{{VI},event="transitions",{D1}}}': "0+1x4000"},
        {f'lvs_agent_vrrp_events_total{{{VI},event="advert_sent",{D1}}}': "0+60x4000"},
    ),
    "LvsVrrpLate": (
        {f"lvs_agent_vrrp_lateness_seconds{{{D1}}}": "0.7x4000"},
        {f"lvs_agent_vrrp_lateness_seconds{{{D1}}}": "0.01x4000"},
    ),
    "LvsAdvertsDiscarded": (
        {f'lvs_agent_vrrp_discards_total{{{VI},cause="ttl",{D1}}}': "0+60x4000"},
        {f'lvs_agent_vrrp_discards_total{{{VI},cause="own",{D1}}}': "0+60x4000"},
    ),
    "LvsChildDies": (
        {f'lvs_agent_child_deaths_total{{child="vrrp",{D1}}}': "0+1x4000"},
        {f'lvs_agent_child_deaths_total{{child="vrrp",{D1}}}': "3x4000"},
    ),
    "LvsChildAway": (
        {f'lvs_agent_child_up{{child="vrrp",{D1}}}': NEVER},
        {f'lvs_agent_child_up{{child="vrrp",{D1}}}': "1x4000"},
    ),
    "LvsReloadRefused": (
        {f"lvs_agent_config_refused{{{D1}}}": "1x4000"},
        {f"lvs_agent_config_refused{{{D1}}}": NEVER},
    ),
    "LvsQuorumLost": ({f"lvs_agent_quorum_up{{{VS},{D1}}}": NEVER}, {f"lvs_agent_quorum_up{{{VS},{D1}}}": "1x4000"}),
    "LvsRealServerDown": (
        {f"lvs_agent_real_server_up{{{VS},{RS},{D1}}}": NEVER},
        {f"lvs_agent_real_server_up{{{VS},{RS},{D1}}}": "1x4000"},
    ),
    "LvsDrainForgotten": (
        {f'lvs_agent_real_server_drained{{{RS},by="request",{D1}}}': "1x4000"},
        {f'lvs_agent_real_server_drained{{{RS},by="request",{D1}}}': "1x60"},
    ),
    "LvsSegmentFinding": (
        {f'lvs_agent_segment_findings{{code="split-brain",{D1}}}': "1x4000"},
        {f'lvs_agent_segment_findings{{code="split-brain",{D1}}}': NEVER},
    ),
    "LvsTableAway": (
        {f"lvs_agent_table_reachable{{{D1}}}": NEVER},
        {f"lvs_agent_table_reachable{{{D1}}}": "1x4000"},
    ),
    "LvsTableRefused": (
        {f"lvs_agent_table_refused_total{{{D1}}}": "0+1x4000"},
        {f"lvs_agent_table_refused_total{{{D1}}}": "2x4000"},
    ),
    "LvsTableRepaired": (
        {f"lvs_agent_table_repaired_total{{{D1}}}": "0+1x4000"},
        {f"lvs_agent_table_repaired_total{{{D1}}}": "1x4000"},
    ),
}


def promtool(*words: object, told: str = "") -> subprocess.CompletedProcess:
    return subprocess.run([PROMTOOL, *map(str, words)], input=told, capture_output=True, text=True, check=False)


def test_what_is_exposed() -> None:
    done = promtool("check", "metrics", told=metrics.render(STATUS))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_promtool_would_have_said_it() -> None:
    done = promtool("check", "metrics", told=metrics.render(STATUS).replace("checks_total", "checks_of_all"))
    assert done.returncode != 0
    assert "counter metrics should have" in done.stderr


def test_what_the_rules_say() -> None:
    done = promtool("check", "rules", RULES)
    assert done.returncode == 0, done.stderr
    assert f"SUCCESS: {len(FIRES)} rules found" in done.stdout


@pytest.mark.parametrize(
    "alert", yaml.safe_load(RULES.read_text())["groups"][0]["rules"], ids=lambda each: each["alert"]
)
def test_each_alert_fires_when_it_should_and_only_then(tmp_path, alert) -> None:
    name = alert["alert"]
    for number, (series, firing) in enumerate(zip(FIRES[name], (True, False))):
        rows = [{"series": key, "values": values} for key, values in series.items()]
        query = f'count(ALERTS{{alertname="{name}",alertstate="firing"}}) > 0 or vector(0)'
        expected = {"expr": query, "eval_time": "30h", "exp_samples": [{"labels": "{}", "value": 0}]}
        test = {"interval": "1m", "input_series": rows, "promql_expr_test": [expected]}
        path = tmp_path / f"{number}.yml"
        path.write_text(json.dumps({"rule_files": [str(RULES)], "evaluation_interval": "1m", "tests": [test]}))
        done = promtool("test", "rules", path)
        # promtool has no "fires somehow": without firing the query gives 0, and with it the test fails
        assert (done.returncode != 0) == firing, f"{name} {series} {done.stdout}{done.stderr}"
        assert done.returncode == 0 or "got:" in done.stderr + done.stdout
