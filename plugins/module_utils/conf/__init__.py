# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The language: everything keepalived.conf can say. Pure, standard library only.

    reading = read(text, "keepalived.conf")
    reading.document, reading.findings
    text = write(reading.document)

A keyword is one declared field in model/; spec.py makes the dispatch tables from the fields, tree.py and expand.py
make a tree of a text, reader.py a model of a tree, writer.py a text of a model, rules_*.py look for what is wrong
beyond single words. Nothing here opens a file: an `opener` is given for includes (port.py has one).
"""

from __future__ import annotations

from .findings import ERROR, NOTE, WARNING, Finding
from .outcome import Reading
from .reading import read
from .writer import write

__all__ = ["ERROR", "NOTE", "WARNING", "Finding", "Reading", "read", "write"]
