# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Everything keepalived.conf can say, as frozen dataclasses: one declared field a keyword, named by the keyword.

A `-` in a keyword is a `_` in the attribute. Durations are seconds (float where the file allows fractions). An absent
keyword is None, an absent list the empty tuple: defaults and inheritance are worked out in conf/effective.py, so that
what is written back is what was read. No reading, no writing, no checks here.
"""

from __future__ import annotations

from ..values import (
    AddressPort,
    Encap,
    Fifo,
    Forwarding,
    GarpExtraIf,
    GroupMember,
    HmacKey,
    HostPort,
    Linkbeat,
    LvsSyncDaemon,
    LvsTimeouts,
    Metric,
    Nexthop,
    Route,
    Rule,
    Script,
    Track,
    TrackWeight,
    UnicastPeer,
    UpDownDelay,
    UseIpvlan,
    UserGroup,
    UseVmac,
    VirtualAddress,
)
from .check import (
    KEEPALIVED_CHECKS,
    BfdCheck,
    Check,
    ConnectOptions,
    DnsCheck,
    FileCheck,
    HttpGet,
    HttpUrl,
    MiscCheck,
    NetworkCheck,
    PingCheck,
    SmtpCheck,
    SmtpHost,
    SslGet,
    SslUrl,
    TcpCheck,
    UdpCheck,
)
from .document import Document
from .glob import GlobalDefs
from .lvs import SCHEDULERS, RealServer, VirtualServer, VirtualServerGroup
from .own_check import OWN_CHECKS, OwnCheck, SimpletcpCheck
from .track import BfdInstance, GarpGroup, Ssl, TrackFile, TrackGroup, VrrpScript, VrrpTrackProcess
from .vrrp import Authentication, AuthHmac, VrrpInstance, VrrpSyncGroup

CHECKS = (*KEEPALIVED_CHECKS, *OWN_CHECKS)

__all__ = [
    "CHECKS",
    "OWN_CHECKS",
    "SCHEDULERS",
    "AddressPort",
    "AuthHmac",
    "Authentication",
    "BfdCheck",
    "BfdInstance",
    "Check",
    "ConnectOptions",
    "DnsCheck",
    "Document",
    "Encap",
    "Fifo",
    "FileCheck",
    "Forwarding",
    "GarpExtraIf",
    "GarpGroup",
    "GlobalDefs",
    "GroupMember",
    "HmacKey",
    "HostPort",
    "HttpGet",
    "HttpUrl",
    "Linkbeat",
    "LvsSyncDaemon",
    "LvsTimeouts",
    "Metric",
    "MiscCheck",
    "NetworkCheck",
    "Nexthop",
    "OwnCheck",
    "PingCheck",
    "RealServer",
    "Route",
    "Rule",
    "Script",
    "SimpletcpCheck",
    "SmtpCheck",
    "SmtpHost",
    "Ssl",
    "SslGet",
    "SslUrl",
    "TcpCheck",
    "Track",
    "TrackFile",
    "TrackGroup",
    "TrackWeight",
    "UdpCheck",
    "UnicastPeer",
    "UpDownDelay",
    "UseIpvlan",
    "UseVmac",
    "UserGroup",
    "VirtualAddress",
    "VirtualServer",
    "VirtualServerGroup",
    "VrrpInstance",
    "VrrpScript",
    "VrrpSyncGroup",
    "VrrpTrackProcess",
]
