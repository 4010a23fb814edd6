# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a check wants of TLS."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional


@dataclass(frozen=True)
class Tls:
    """How a check speaks TLS: the SSL block's files, and the server name to send.

    enable_sni: send sni_name, or where it is None the virtual host of the url or the check. verify: the certificate
    must be trusted, and for the server name or else the address. expiry: days before its end from which a good check
    warns, 0 for no warning. compliant: TLS is ended with a good-bye (tls_compliant).
    """

    enable_sni: bool = False
    sni_name: Optional[str] = None
    ca: Optional[str] = None
    certificate: Optional[str] = None
    key: Optional[str] = None
    password: Optional[str] = None
    verify: bool = False
    expiry: int = 0
    compliant: bool = False


class Secured:
    """A check whose conversation may be inside TLS under one name."""

    tls: Optional[Tls]

    def server_name(self, _step: int) -> Optional[str]:
        """The server name to send and to find in the certificate; None for none."""
        return self.tls.sni_name if self.tls is not None else None
