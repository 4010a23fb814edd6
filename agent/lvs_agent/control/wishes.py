# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The operator's wishes for the mastership as a file beside the control socket: a new agent goes on with them.

In /run, and in monotonic seconds: a reboot forgets them, as it forgets who was master.
"""

from __future__ import annotations

import json
import logging
import os
import time
from typing import Dict, Tuple

log = logging.getLogger("lvs-agent")

Wishes = Dict[str, Tuple[str, float]]


class Keeper:
    """What is asked for now. `path` is replaced in one step at every change."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.wishes: Wishes = {}
        try:
            with open(path, encoding="utf-8") as file:
                kept = json.load(file)
            now = time.monotonic()
            self.wishes = {
                str(name): (str(kind), float(until)) for name, (kind, until) in kept.items() if float(until) > now
            }
        except FileNotFoundError:
            pass
        except (OSError, ValueError, TypeError, AttributeError) as error:
            log.warning("%s is not used: %s", path, error)

    def keep(self, wishes: Wishes) -> None:
        """These count from now on."""
        if wishes == self.wishes:
            return
        self.wishes = dict(wishes)
        try:
            if not wishes:
                os.unlink(self.path)
                return
            descriptor = os.open(self.path + ".new", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with open(descriptor, "w", encoding="utf-8") as file:
                json.dump(wishes, file)
            os.replace(self.path + ".new", self.path)
        except FileNotFoundError:
            pass
        except OSError as error:
            log.warning("cannot write %s: %s; a new agent will not know what was asked", self.path, error.strerror)
