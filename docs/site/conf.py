# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings of the documentation site; tools/docs builds it."""

from __future__ import annotations

project = "lvs.cluster"
author = "lvs.cluster authors"
project_copyright = "2026, lvs.cluster authors"
extensions = ["myst_parser", "sphinx_antsibull_ext"]
html_theme = "furo"
html_title = "lvs.cluster"
html_show_sphinx = False
html_static_path = ["_static"]
html_css_files = ["site.css"]
myst_heading_anchors = 3
nitpicky = True
# Names of Ansible's own documentation, which is not asked for at build time.
nitpick_ignore_regex = [("std:ref", "ansible_collections.ansible.*"), ("ansplugin", "ansible.*"), ("envvar", ".*")]
