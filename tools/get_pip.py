# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stands where ansible-test looks for its cached get-pip script, which it would otherwise download.

Puts the interpreter's own bundled pip in place; the packages then come from the configured index.
"""

import subprocess
import sys

words = [word for word in sys.argv[1:] if word not in ("--no-setuptools", "--no-wheel")]
# In a process of its own: ensurepip takes the PIP_* settings (and the CA bundle among them) out of the environment.
subprocess.check_call([sys.executable, "-m", "ensurepip", "--default-pip"])
sys.exit(subprocess.call([sys.executable, "-m", "pip", "install", *words]))
