# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The codes of what rules say about a document as a whole, beyond the words of a line."""

from __future__ import annotations

import re
from pathlib import Path

from ansible_collections.lvs.cluster.plugins.module_utils.conf.rules_checks import BAD_REGEX

FOLDER = Path(__file__).parents[3] / "plugins" / "module_utils" / "conf"
_CALL = re.compile(r'(?:look\.(?:error|warning|note)|find)\(\s*"([a-z0-9-]+)"')
RULES = frozenset(code for file in FOLDER.glob("rules_*.py") for code in _CALL.findall(file.read_text())) | {BAD_REGEX}
