# Copyright (c) 2026, lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: drill_report
short_description: Make a report of what a probe saw during a drill
version_added: 0.1.0
description:
  - Reads the log of M(lvs.cluster.drill_probe) on the controller and writes C(report.json), C(junit.xml) and
    C(report.html) into a folder there. The page needs nothing but itself.
  - Does not fail when a limit is broken; RV(verdict) says so.
author:
  - lvs.cluster authors (@lvs-cluster)
extends_documentation_fragment:
  - lvs.cluster.attributes
  - lvs.cluster.attributes.controller
attributes:
  check_mode:
    description: In C(check_mode) the report is returned and no file is written.
    support: full
  diff_mode:
    description: There is nothing to compare.
    support: none
options:
  log:
    description:
      - The probe's log on the controller.
    type: path
    required: true
  dest:
    description:
      - The folder for the report; made when it is not there.
    type: path
    required: true
  scenario:
    description:
      - The name of what was done.
    type: str
    required: true
  title:
    description:
      - The same for people.
    type: str
    default: ""
  kind:
    description:
      - How the fault looks to the other director, which decides what theory allows. V(silent), its adverts end;
        V(graceful), it says goodbye; V(planned), the new master holds the address before the old one lets go;
        V(server), a real server is lost; V(none), nothing should be interrupted.
    type: str
    choices: [silent, graceful, planned, server, none]
    required: true
  target:
    description:
      - The hosts it was done to.
    type: str
    default: ""
  engine:
    description:
      - What runs the directors.
    type: str
    default: ""
  directors:
    description:
      - The directors, hosts of the inventory. The theoretical bound follows from their C(director_config) or
        C(lvs_cluster).
    type: list
    elements: str
    default: []
  max_blackout:
    description:
      - Seconds without an answer above which the drill has failed.
    type: float
  max_lost:
    description:
      - Lost requests above which the drill has failed.
    type: int
  names:
    description:
      - The hosts of MAC and IP addresses.
    type: dict
    default: {}
  previous:
    description:
      - An earlier C(report.json) to compare with; C(comparison.json) and C(comparison.txt) are written too.
    type: path
"""

EXAMPLES = r"""
- name: Say what it cost
  lvs.cluster.drill_report:
    log: reports/drill.jsonl
    dest: reports/kill
    scenario: kill
    kind: silent
    max_blackout: 4
"""

RETURN = r"""
verdict:
  description: V(passed), V(failed) when a limit is broken, V(unmeasured) when the figures cannot be trusted.
  type: str
  returned: success
  sample: passed
reasons:
  description: Why, unless it passed.
  type: list
  elements: str
  returned: success
report:
  description: The report.
  type: dict
  returned: success
comparison:
  description: The comparison with O(previous).
  type: dict
  returned: when O(previous) is given
files:
  description: The files written.
  type: list
  elements: str
  returned: success
"""
