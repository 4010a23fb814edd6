# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documents made at random from the declared fields: a strategy for every kind, none for a single keyword."""

from __future__ import annotations

from typing import Any

from ansible_collections.lvs.cluster.plugins.module_utils.conf import (
    blocks,
    expressions,
    hmac_keys,
    iprules,
    items,
    kinds,
    lines,
    model,
    routes,
    schedulers,
    vmacs,
)
from ansible_collections.lvs.cluster.plugins.module_utils.conf.fields import head_names, keywords
from hypothesis import strategies as st

_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
_ODD = _LETTERS + " \t!#'{}@$~/\\-_.:,=%äß€"


def _writable(word: str) -> bool:
    return not word.endswith("\\") and "${_" not in word and "$_" not in word and "${" not in word and "\\" not in word


plain = st.text(_LETTERS, min_size=1, max_size=12)
odd = st.text(_ODD, min_size=1, max_size=12).filter(_writable)
word = st.one_of(plain, odd)
ipv4 = st.ip_addresses(v=4).map(str)
ipv6 = st.ip_addresses(v=6).map(str)
address = st.one_of(ipv4, ipv6)
port = st.integers(1, 65535)
u32 = st.integers(0, 0xFFFFFFFF)
interface = st.text(_LETTERS, min_size=1, max_size=15)
network = st.one_of(
    ipv4,
    ipv6,
    st.builds("{}/{}".format, ipv4, st.integers(0, 32)),
    st.builds("{}/{}".format, ipv6, st.integers(0, 128)),
)


def maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(st.none(), strategy)


def seconds(kind: kinds.Seconds) -> st.SearchStrategy[float]:
    unit = 1_000_000 if kind.scale == 1 else 1000
    low, high = round(kind.low * unit), round(min(kind.high, 100_000) * unit)
    return st.integers(low, max(low, high)).map(lambda number: round(number / unit, 6))


def words_of(longest: int) -> st.SearchStrategy[str]:
    return word.filter(lambda made: not longest or len(made) <= longest)


argument = st.text(_ODD + '"\n\x01', min_size=0, max_size=10)
argv = st.builds(lambda first, rest: (first, *rest), argument.filter(bool), st.lists(argument, max_size=3))
user = st.text(_LETTERS, min_size=1, max_size=8)


@st.composite
def script(draw: Any, owner: bool = True) -> model.Script:
    name = draw(maybe(user)) if owner else None
    return model.Script(draw(argv), name, draw(maybe(user)) if name else None)


def forwarding() -> st.SearchStrategy[model.Forwarding]:
    simple = st.sampled_from(["NAT", "DR", "TUN"]).map(model.Forwarding)
    gue = st.builds(
        model.Forwarding, st.just("TUN"), st.just("gue"), port, st.sampled_from([None, "nocsum", "csum", "remcsum"])
    )
    gre = st.builds(
        model.Forwarding, st.just("TUN"), st.just("gre"), st.none(), st.sampled_from([None, "nocsum", "csum"])
    )
    return st.one_of(simple, gue, gre, st.just(model.Forwarding("TUN", "ipip", None, "nocsum")))


def hmac_key() -> st.SearchStrategy[model.HmacKey]:
    value = st.one_of(
        st.text(_LETTERS, min_size=32, max_size=64),
        st.binary(min_size=32, max_size=64).map(lambda raw: f"hex:{raw.hex()}"),
        plain.map(lambda name: f"file:/etc/{name}"),
    )
    return st.builds(model.HmacKey, st.integers(1, 255), value)


def ipvlan() -> st.SearchStrategy[model.UseIpvlan]:
    where = st.one_of(ipv4, ipv6, st.builds("{}/{}".format, ipv4, st.integers(0, 32)))
    mode = st.sampled_from(["bridge", "private", "vepa"])
    return st.builds(model.UseIpvlan, maybe(interface), maybe(where), maybe(mode), maybe(plain))


def vmac() -> st.SearchStrategy[model.UseVmac]:
    mac = st.lists(st.integers(0, 255), min_size=5, max_size=6).map(
        lambda octets: ":".join(f"{octet:02x}" for octet in [octets[0] & 0xFE, *octets[1:]])
    )
    return st.builds(model.UseVmac, maybe(interface), maybe(mac), st.booleans(), maybe(plain))


def sync_daemon() -> st.SearchStrategy[model.LvsSyncDaemon]:
    return st.builds(
        model.LvsSyncDaemon,
        interface,
        maybe(plain),
        maybe(st.integers(0, 255)),
        maybe(st.integers(1, 65507)),
        maybe(port),
        maybe(st.integers(1, 255)),
        maybe(st.just("224.0.0.81")),
    )


def extra_if(kind: lines.GarpExtraLine) -> st.SearchStrategy[model.GarpExtraIf]:
    return st.builds(model.GarpExtraIf, st.integers(kind.low, 86400), st.booleans())


def timeouts() -> st.SearchStrategy[model.LvsTimeouts]:
    number = st.integers(0, 2678400)
    return st.builds(model.LvsTimeouts, number, maybe(number), maybe(number))


def virtual_address(kind: items.AddressLines) -> st.SearchStrategy[model.VirtualAddress]:
    static = "track_group" in kind.table
    shared = {
        "dev": maybe(interface),
        "home": st.booleans(),
        "nodad": st.booleans(),
        "mngtmpaddr": st.booleans(),
        "noprefixroute": st.booleans(),
        "autojoin": st.booleans(),
        "preferred_lft": maybe(u32),
        "no_track": st.booleans(),
        "track_group": maybe(plain) if static else st.none(),
        "use_vmac": st.just(False) if static else st.booleans(),
    }
    four = st.builds(
        model.VirtualAddress,
        ipv4,
        maybe(st.integers(0, 32)),
        brd=maybe(st.one_of(ipv4, st.sampled_from("+-"))),
        scope=maybe(st.sampled_from(["link", "host", "global", "200"])),
        label=maybe(interface),
        peer=maybe(ipv4),
        **shared,
    )
    return st.one_of(four, st.builds(model.VirtualAddress, ipv6, maybe(st.integers(0, 128)), **shared))


def track(kind: items.TrackLines) -> st.SearchStrategy[model.Track]:
    weighted = st.builds(model.Track, word, st.integers(-kind.most, kind.most), maybe(st.booleans()))
    return st.one_of(word.map(model.Track), weighted)


def weight(kind: lines.WeightLine) -> st.SearchStrategy[model.TrackWeight]:
    return st.builds(model.TrackWeight, st.integers(-kind.most, kind.most), st.booleans())


encap = st.one_of(
    st.builds(model.Encap, st.just("mpls"), labels=plain),
    st.builds(model.Encap, st.just("ip"), id=maybe(plain), dst=maybe(ipv4), tos=maybe(plain), ttl=maybe(plain)),
    st.builds(model.Encap, st.just("ip6"), dst=maybe(ipv6), src=maybe(ipv6), tc=maybe(plain), hoplimit=maybe(plain)),
)
metric = st.builds(model.Metric, u32.map(str), st.booleans())
nexthop = st.builds(
    model.Nexthop, maybe(ipv4), maybe(interface), maybe(st.integers(1, 256)), st.booleans(), maybe(encap), maybe(plain)
)


def route(kind: routes.RouteLines) -> st.SearchStrategy[model.Route]:
    known = {
        "to": st.one_of(network, st.just("default")),
        "family": maybe(st.sampled_from(["inet", "inet6"])),
        "type": maybe(st.sampled_from(["blackhole", "unreachable", "throw"])),
        "src": maybe(address),
        "via": maybe(address),
        "or_via": st.none(),
        "from_": maybe(network),
        "onlink": st.booleans(),
        "encap": maybe(encap),
        "hoplimit": maybe(st.integers(0, 255)),
        "features": maybe(st.just("ecn")),
        "quickack": maybe(st.booleans()),
        "pref": maybe(st.sampled_from(["low", "medium", "high"])),
        "ttl_propagate": maybe(st.booleans()),
        "fastopen_no_cookie": maybe(st.booleans()),
        "as_": maybe(plain.map(lambda made: f"x{made}")),
        "placing": maybe(st.sampled_from(["add", "prepend", "append"])),
        "nexthops": st.lists(nexthop, max_size=2).map(tuple),
        "no_track": st.booleans(),
        "track_group": maybe(plain) if "track_group" in kind.table else st.none(),
    }
    numbers = ("metric", "expires", "window", "initcwnd", "initrwnd")
    metrics = ("mtu", "advmss", "rtt", "rttvar", "reordering", "cwnd", "ssthresh", "rto_min", "congctl")
    texts = ("tos", "table", "protocol", "scope", "realms")
    rest = {name: maybe(u32) for name in numbers}
    rest |= {name: maybe(metric) for name in metrics}
    rest |= {name: maybe(plain) for name in texts} | {"dev": maybe(interface), "vrf": maybe(interface)}
    return st.builds(model.Route, **known, **rest)


def rule(kind: iprules.RuleLines) -> st.SearchStrategy[model.Rule]:
    ports = st.tuples(port, port).map(lambda pair: f"{min(pair)}-{max(pair)}")
    shared = {
        "family": maybe(st.sampled_from(["inet", "inet6"])),
        "not_": st.booleans(),
        "from_": maybe(network),
        "to": maybe(network),
        "preference": u32,
        "tos": maybe(plain),
        "fwmark": maybe(plain),
        "realms": maybe(plain),
        "suppress_prefixlength": maybe(st.integers(0, 128)),
        "suppress_ifgroup": maybe(plain),
        "iif": maybe(interface),
        "oif": maybe(interface),
        "tunnel_id": maybe(u32),
        "uidrange": st.sampled_from([None, "0-99"]),
        "protocol": maybe(plain),
        "ipproto": maybe(plain),
        "sport": maybe(ports),
        "dport": maybe(ports),
        "no_track": st.booleans(),
        "track_group": maybe(plain) if "track_group" in kind.table else st.none(),
    }
    return st.one_of(
        st.builds(model.Rule, table=plain, **shared),
        st.builds(model.Rule, goto=u32, **shared),
        st.builds(model.Rule, nop=st.just(True), **shared),
        st.builds(model.Rule, l3mdev=st.just(True), **shared),
        st.builds(model.Rule, type=st.sampled_from(["blackhole", "unreachable", "prohibit"]), **shared),
    )


def member() -> st.SearchStrategy[model.GroupMember]:
    return st.one_of(
        st.builds(model.GroupMember, address, port=maybe(port)),
        st.builds(model.GroupMember, st.just("10.32.0.0"), prefixlen=st.integers(11, 32), port=maybe(port)),
        st.builds(model.GroupMember, st.just("10.0.0.7"), end=st.sampled_from(["9", "10.0.0.99"]), port=maybe(port)),
        st.builds(model.GroupMember, fwmark=u32, family=st.sampled_from([None, "inet", "inet6"])),
    )


def status_codes() -> st.SearchStrategy[tuple[tuple[int, int], ...]]:
    pair = st.tuples(st.integers(100, 599), st.integers(100, 599)).map(lambda ends: (min(ends), max(ends)))
    return st.lists(pair, min_size=1, max_size=3).map(tuple)


def hexadecimal(kind: kinds.HexBytes) -> st.SearchStrategy[str]:
    digits = st.text(kind.digits, min_size=0 if kind.bare else 2, max_size=8)
    return digits.map(lambda made: made if len(made) % 2 == 0 else f"{made}0").filter(lambda made: kind.bare or made)


def granularity() -> st.SearchStrategy[str]:
    return st.one_of(st.integers(1, 128).map(str), ipv4)


VALUES: dict[type, Any] = {
    kinds.Flag: lambda _kind: st.just(True),
    kinds.OnOff: lambda _kind: st.booleans(),
    kinds.Int: lambda kind: (
        st.integers(kind.low, kind.high) | (st.just(kind.bare) if kind.bare is not None else st.nothing())
    ),
    kinds.Seconds: seconds,
    kinds.Milliseconds: seconds,
    kinds.Word: lambda kind: words_of(kind.longest),
    expressions.ExpressionWord: lambda _kind: st.sampled_from(
        ["ok", "^\\d+ \\w", "a\"b'c", "\\\\", "a$A$", "é\udcff\x011", "x{2}#!", "[[:alpha:]]", "include", "\\"]
    ),
    kinds.OptionalWord: lambda kind: st.just("") | words_of(kind.longest),
    kinds.Words: lambda kind: st.lists(words_of(kind.longest), min_size=kind.least, max_size=min(4, kind.most)).map(
        tuple
    ),
    kinds.Numbers: lambda kind: st.lists(
        st.integers(kind.low, kind.high), min_size=kind.least, max_size=min(4, kind.most)
    ).map(tuple),
    kinds.Choice: lambda kind: st.sampled_from([*kind.choices, *([kind.bare] if kind.bare is not None else [])]),
    schedulers.Scheduler: lambda kind: st.sampled_from(kind.choices),
    kinds.Address: lambda kind: (
        st.sampled_from([a for a in ("224.0.0.18", "ff02::12") if kind.family == 0 or (":" in a) == (kind.family == 6)])
        if kind.multicast
        else {0: address, 4: ipv4, 6: ipv6}[kind.family]
    ),
    kinds.GranularityLine: lambda _kind: granularity(),
    kinds.HexBytes: hexadecimal,
    kinds.StatusCodes: lambda _kind: status_codes(),
    kinds.InitFileLine: lambda _kind: st.sampled_from([(), ("overwrite",), ("12",), ("-3", "overwrite")]),
    lines.ScriptLine: lambda kind: script(kind.owner) | (st.just(model.Script(())) if kind.bare else st.nothing()),
    lines.UserLine: lambda _kind: st.builds(model.UserGroup, user, maybe(user)),
    lines.FifoLine: lambda _kind: st.builds(model.Fifo, word) | st.builds(model.Fifo, word, user, maybe(user)),
    lines.HostPortLine: lambda _kind: st.builds(model.HostPort, plain, maybe(port.map(str))),
    lines.AddressPortLine: lambda _kind: st.builds(model.AddressPort, address, maybe(port)),
    lines.LvsTimeoutsLine: lambda _kind: timeouts(),
    lines.SyncDaemonLine: lambda _kind: sync_daemon(),
    lines.GarpExtraLine: extra_if,
    lines.ForwardingLine: lambda _kind: forwarding(),
    hmac_keys.HmacKeyLine: lambda _kind: hmac_key(),
    vmacs.VmacLine: lambda _kind: vmac(),
    vmacs.IpvlanLine: lambda _kind: ipvlan(),
    lines.WeightLine: weight,
    items.NameList: lambda _kind: st.lists(word, min_size=1, max_size=3).map(tuple),
    items.AddressLines: virtual_address,
    items.PeerLines: lambda _kind: st.builds(
        model.UnicastPeer, address, maybe(st.integers(0, 255)), maybe(st.integers(0, 255))
    ),
    items.TrackLines: track,
    items.LinkbeatLines: lambda _kind: st.builds(
        model.Linkbeat, interface, maybe(st.sampled_from(["MII", "ETHTOOL", "IOCTL"]))
    ),
    items.DelayLines: lambda kind: st.builds(
        model.UpDownDelay,
        interface,
        st.integers(0, 255).map(float),
        maybe(st.integers(0, 255000).map(lambda n: n / 1000)),
    ),
    routes.RouteLines: route,
    iprules.RuleLines: rule,
}


def value_of(kind: kinds.Kind) -> st.SearchStrategy[Any]:
    """Values of one kind (of one item, when the kind is a list)."""
    return VALUES[type(kind)](kind)


def head(block: type) -> st.SearchStrategy[dict[str, Any]]:
    names = head_names(block)
    if block is model.VirtualServer:
        return st.one_of(
            st.fixed_dictionaries({"address": address, "port": maybe(port)}),
            st.fixed_dictionaries({"fwmark": st.integers(0, 0x7FFFFFFF)}),
            st.fixed_dictionaries({"group": word}),
        )
    if block is model.VirtualServerGroup:
        return st.fixed_dictionaries({"name": word, "members": st.lists(member(), max_size=3).map(tuple)})
    known = {"name": word, "address": address, "port": maybe(port)}
    return st.fixed_dictionaries({name: known[name] for name in names})


@st.composite
def block_of(draw: Any, block: type) -> Any:
    """A block with some of its keywords, each with a value its declaration allows."""
    values = dict(draw(head(block)))
    declared = [keyword for keyword in keywords(block) if not isinstance(keyword.kind, (blocks.Block, blocks.Checks))]
    nested = [keyword for keyword in keywords(block) if isinstance(keyword.kind, (blocks.Block, blocks.Checks))]
    required = [keyword for keyword in declared if keyword.required]
    chosen = draw(st.lists(st.sampled_from(declared), max_size=6, unique=True)) if declared else []
    for keyword in {id(keyword): keyword for keyword in [*required, *chosen]}.values():
        one = value_of(keyword.kind)
        if keyword.many or keyword.kind.listed:
            values[keyword.attribute] = tuple(draw(st.lists(one, min_size=int(keyword.required), max_size=3)))
        else:
            values[keyword.attribute] = draw(one)
    for keyword in nested:
        if isinstance(keyword.kind, blocks.Checks):
            values[keyword.attribute] = tuple(
                draw(block_of(check)) for check in draw(st.lists(st.sampled_from(model.CHECKS), max_size=2))
            )
        elif keyword.many:
            made = draw(st.integers(int(keyword.required), 1 if block is model.Document else 2))
            values[keyword.attribute] = tuple(draw(block_of(keyword.kind.block)) for _turn in range(made))
        elif keyword.required or draw(st.booleans()):
            values[keyword.attribute] = draw(block_of(keyword.kind.block))
    return block(**values)


documents = block_of(model.Document)
