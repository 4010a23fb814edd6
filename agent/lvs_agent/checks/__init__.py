# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Health checks: one file a check, "bytes in, bytes out, verdict", and the pure schedule they share.

A check is a frozen value that says what to do. Every attempt makes a fresh conversation from it, which is fed with
bytes and in the end gives an Outcome. Sockets, processes and time are in port.py only. What a verdict means for a
pool is not known here.
"""
