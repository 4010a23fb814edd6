# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The client's side of SCRAM-SHA-256 without channel binding. RFC 5802, 3 and 5; RFC 7677."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from typing import Dict

MOST_ITERATIONS = 100_000
"""More hashing than this is not done for a check: a server could keep us busy."""


class ScramError(Exception):
    """The server's message is none, or it does not know the password."""


class Scram:
    """One exchange: `first`, then `final` on the server's first message, then `verify` on its last."""

    def __init__(self, user: str, password: str, nonce: str) -> None:
        """nonce: printable, without a comma, new for every exchange."""
        name = user.replace("=", "=3D").replace(",", "=2C")
        self._bare = f"n={name},r={nonce}"
        self._password, self._nonce = password, nonce
        self._signature = b""

    def first(self) -> bytes:
        """client-first-message."""
        return f"n,,{self._bare}".encode()

    def final(self, message: bytes) -> bytes:
        """client-final-message for a server-first-message. Raises ScramError."""
        said = _attributes(message)
        try:
            nonce, salt, count = said["r"], base64.b64decode(said["s"], validate=True), int(said["i"])
        except (KeyError, ValueError, binascii.Error):
            raise ScramError("no SCRAM message") from None
        if not nonce.startswith(self._nonce) or nonce == self._nonce:
            raise ScramError("another's nonce")
        if not 0 < count <= MOST_ITERATIONS:
            raise ScramError(f"{count} iterations")
        salted = hashlib.pbkdf2_hmac("sha256", self._password.encode(), salt, count)
        client_key = _hmac(salted, b"Client Key")
        without_proof = f"c=biws,r={nonce}"
        told = ",".join((self._bare, message.decode("utf-8", "replace"), without_proof)).encode()
        signature = _hmac(hashlib.sha256(client_key).digest(), told)
        proof = bytes(one ^ other for one, other in zip(client_key, signature))
        self._signature = _hmac(_hmac(salted, b"Server Key"), told)
        return f"{without_proof},p={base64.b64encode(proof).decode()}".encode()

    def verify(self, message: bytes) -> None:
        """The server-final-message proves that the server knows the password too. Raises ScramError."""
        said = _attributes(message)
        if "e" in said:
            raise ScramError(said["e"])
        try:
            signature = base64.b64decode(said.get("v", ""), validate=True)
        except (ValueError, binascii.Error):
            signature = b""
        if not self._signature or not hmac.compare_digest(signature, self._signature):
            raise ScramError("the server does not know the password")


def _hmac(key: bytes, text: bytes) -> bytes:
    return hmac.new(key, text, hashlib.sha256).digest()


def _attributes(message: bytes) -> Dict[str, str]:
    parts = message.decode("utf-8", "replace").split(",")
    return {part[0]: part[2:] for part in parts if part[1:2] == "="}
