# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The keys of an auth_hmac block as bytes. A key that cannot protect is an error here, never a block left out."""

from __future__ import annotations

from typing import Optional

from ansible_collections.lvs.cluster.plugins.module_utils.conf import effective, model

from .vrrp import trailer


def hmac_keys(document: model.Document, block: model.VrrpInstance) -> trailer.Keys:
    """The keys of an auth_hmac block; a `file:` is read now. Raises ValueError for what cannot protect anything."""
    auth = block.auth_hmac
    if auth is None:
        raise ValueError("no auth_hmac")
    keys = tuple((key.id, _key(key.id, key.value)) for key in auth.keys)
    if auth.active_key not in dict(keys):
        raise ValueError(f"active_key {auth.active_key} is not one of the keys")
    window: Optional[int] = auth.time_window
    if window is None:
        window = min(300, max(5, 3 * int(effective.advert_int(document, block))))
    if auth.anti_replay == "monotonic":
        window = None
    mode = None if effective.strict(document, block) else auth.mode
    return trailer.Keys(keys, auth.active_key or 0, window, trailer.Mode(mode or "enforce"))


def _key(number: int, value: str) -> bytes:
    if value.startswith("file:"):
        try:
            with open(value[5:], encoding="ascii") as file:
                value = file.read(1024).rstrip("\r\n")
        except (OSError, ValueError) as error:
            raise ValueError(f"key {number}: {value[5:]} cannot be read: {error}") from error
    try:
        key = bytes.fromhex(value[4:]) if value.startswith("hex:") else value.encode("ascii")
    except ValueError as error:
        raise ValueError(f"key {number} is neither hexadecimal nor ASCII") from error
    if not 32 <= len(key) <= 64:
        raise ValueError(f"key {number} has {len(key)} bytes, 32 to 64 are wanted")
    return key
