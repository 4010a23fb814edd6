# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every word of keepalived's parser is declared in its block: accepted, at the edges of its range, and refused beyond."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils.conf import (
    ERROR,
    expressions,
    hmac_keys,
    kinds,
    lines,
    model,
    read,
    vmacs,
    write,
)
from ansible_collections.lvs.cluster.plugins.module_utils.conf.spec import BLOCK, Entry, Spec, spec

from .rule_codes import RULES

VECTOR = Path(__file__).parents[2] / "vectors" / "conf" / "keywords.tsv"
WORDS = [tuple(line.split("\t")) for line in VECTOR.read_text().splitlines() if line and not line.startswith("#")]

# the opening line of each block that has words on it
HEADS = {"virtual_server": "10.0.0.1 80", "real_server": "10.0.0.2 80"}
UNNAMED = ("global_defs", "SSL", "garp_group", "authentication", "auth_hmac", "url", "host")
ITEMS = {
    "track_interface": "eth1",
    "static_ipaddress": "10.0.0.1",
    "virtual_ipaddress": "10.0.0.1",
    "virtual_ipaddress_excluded": "10.0.0.1",
    "unicast_peer": "10.0.0.1",
    "static_routes": "10.0.0.0/8 via 10.0.0.1",
    "virtual_routes": "10.0.0.0/8 via 10.0.0.1",
    "static_rules": "from 10.0.0.1 table 1 priority 9",
    "virtual_rules": "from 10.0.0.1 table 1 priority 9",
    "interface_up_down_delays": "eth0 1 2",
    "virtual_server_group": "10.0.0.1 80",
}
GOOD = {
    lines.ScriptLine: '"/bin/true with arguments"',
    lines.UserLine: "nobody nogroup",
    lines.FifoLine: "/run/fifo",
    lines.HostPortLine: "127.0.0.1 25",
    lines.AddressPortLine: "10.0.0.9 80",
    lines.LvsTimeoutsLine: "tcp 900 udp 300",
    lines.SyncDaemonLine: "eth0 inst VI_1 id 7 maxlen 1400 port 8848 ttl 1 group 224.0.0.81",
    lines.GarpExtraLine: "all 10",
    lines.ForwardingLine: "TUN type gue port 6080 csum",
    hmac_keys.HmacKeyLine: "1 hex:" + "0123456789abcdef" * 4,
    vmacs.VmacLine: "name vrrp9 00:00:5f:00:01:09 netlink_notify_msg group 5",
    vmacs.IpvlanLine: "ipv0 10.0.0.5 private",
    lines.WeightLine: "-10 reverse",
    kinds.Flag: "",
    kinds.OnOff: "off",
    kinds.GranularityLine: "255.255.255.0",
    kinds.HexBytes: "00ff",
    kinds.StatusCodes: "200-299 404",
    kinds.InitFileLine: "5 overwrite",
}


def example(kind: kinds.Kind) -> str:
    """Words that a kind accepts."""
    if isinstance(kind, kinds.Int):
        return str(kind.high)
    if isinstance(kind, kinds.Seconds):
        return kinds.plain_number(min(kind.high, max(kind.low, 2)) * kind.scale)
    if isinstance(kind, kinds.Choice):
        return kind.choices[0]
    if isinstance(kind, kinds.Address):
        return ("ff02::12" if kind.family == 6 else "224.0.0.18") if kind.multicast else "10.0.0.3"
    if isinstance(kind, kinds.Words):
        return " ".join(["word"] * max(1, kind.least))
    if isinstance(kind, kinds.Numbers):
        return " ".join([str(kind.low)] * kind.least)
    return GOOD.get(type(kind), "word")


def entry_of(block: str, word: str) -> Entry:
    here: Spec = spec(model.Document)
    for step in [] if block == "-" else block.split("/"):
        here = spec(here.words[step].kind.block)
    return here.words[word]


def placed(block: str, lines_: list[str]) -> str:
    """The lines inside their blocks. The keyword stands in the line after the blocks."""
    text = lines_
    for step in reversed([] if block == "-" else block.split("/")):
        head = HEADS.get(step, "" if step in UNNAMED or step.isupper() else "NAME")
        text = [f"{step} {head} {{", *text, "}"]
    return "\n".join(text) + "\n"


def line_number(block: str) -> int:
    return 1 if block == "-" else len(block.split("/")) + 1


def said(block: str, lines_: list[str]) -> list[str]:
    """Codes of the errors at the keyword's own lines."""
    first = line_number(block)
    found = read(placed(block, lines_), "k.conf").findings
    return [
        one.code
        for one in found
        if one.level == ERROR and first <= one.line < first + len(lines_) and one.code not in RULES
    ]


def lines_of(block: str, word: str) -> list[str]:
    entry = entry_of(block, word)
    if entry.mode == "line":
        return [f"{word} {example(entry.kind)}".strip()]
    item = ITEMS.get(word, "NAME")
    if entry.mode == BLOCK:
        head = HEADS.get(word, "" if word in UNNAMED or word.isupper() else "NAME")
        return [f"{word} {head} {{", "}"]
    return [f"{word} NAME {{" if entry.mode == "members" else f"{word} {{", item, "}"]


def test_the_list_is_whole() -> None:
    assert len(WORDS) == 531
    assert len(set(WORDS)) == 531


@pytest.mark.parametrize(("block", "word"), WORDS)
def test_every_word_is_accepted_and_written_back(block: str, word: str) -> None:
    assert said(block, lines_of(block, word)) == []
    reading = read(placed(block, lines_of(block, word)), "k.conf")
    again = read(write(reading.document), "w.conf")
    assert again.document == reading.document


INTS = [(b, w) for b, w in WORDS if entry_of(b, w).mode == "line" and isinstance(entry_of(b, w).kind, kinds.Int)]
SECONDS = [(b, w) for b, w in WORDS if entry_of(b, w).mode == "line" and isinstance(entry_of(b, w).kind, kinds.Seconds)]
CHOICES = [
    (b, w)
    for b, w in WORDS
    if entry_of(b, w).mode == "line" and isinstance(entry_of(b, w).kind, (kinds.Choice, kinds.OnOff))
]


@pytest.mark.parametrize(("block", "word"), INTS)
def test_the_edges_of_numbers(block: str, word: str) -> None:
    kind = entry_of(block, word).kind
    for number, wanted in (
        (kind.low, []),
        (kind.high, []),
        (kind.low - 1, ["out-of-range"]),
        (kind.high + 1, ["out-of-range"]),
    ):
        assert said(block, [f"{word} {number}"]) == wanted, number
    for text in ("ten", "0x10", "1.5", "1_0"):
        assert said(block, [f"{word} {text}"]) == ["not-a-number"], text


@pytest.mark.parametrize(("block", "word"), SECONDS)
def test_the_edges_of_durations(block: str, word: str) -> None:
    kind = entry_of(block, word).kind
    step = 0.000001 if kind.scale == 1 else 0.001
    low, high = kind.low * kind.scale, kind.high * kind.scale
    assert said(block, [f"{word} {kinds.plain_number(low)}"]) == []
    assert said(block, [f"{word} {kinds.plain_number(high)}"]) == []
    assert said(block, [f"{word} {kinds.plain_number(high + max(step, 1))}"]) == ["out-of-range"]
    if low - step > 0:
        assert said(block, [f"{word} {kinds.plain_number(low - step)}"]) == ["out-of-range"]
    for text in ("-1", "ten", "1e3", "1.2.3"):
        assert said(block, [f"{word} {text}"]) == ["not-a-number"], text


@pytest.mark.parametrize(("block", "word"), CHOICES)
def test_words_that_are_no_choice(block: str, word: str) -> None:
    assert len(said(block, [f"{word} perhaps/not"])) == 1


@pytest.mark.parametrize(("block", "word"), WORDS)
def test_every_word_is_known_only_as_it_is_spelled(block: str, word: str) -> None:
    lines_ = lines_of(block, word)
    lines_[0] = lines_[0].replace(word, f"{word}x", 1)
    assert said(block, lines_) == ["unknown-keyword"]


# What each other kind refuses: words, the code at their line.
BAD = {
    expressions.ExpressionWord: [("", "missing-value"), ("two words", "extra-words"), ("it's", "open-quote")],
    kinds.Word: [("", "missing-value")],
    kinds.Words: [("", "missing-value")],
    kinds.Numbers: [("", "missing-value"), ("x x x x", "not-a-number"), ("99999999999 0 0 0", "out-of-range")],
    kinds.Milliseconds: [("", "missing-value"), ("x", "not-a-number"), ("-1", "not-a-number")],
    kinds.Address: [("", "missing-value"), ("10.0.0.300", "bad-address"), ("word", "bad-address")],
    kinds.HexBytes: [("zz", "not-hexadecimal")],
    kinds.StatusCodes: [("", "missing-value"), ("99", "bad-value"), ("600", "bad-value"), ("200-100", "bad-value")],
    kinds.InitFileLine: [("x", "not-a-number")],
    kinds.GranularityLine: [("", "missing-value"), ("300", "out-of-range")],
    lines.ScriptLine: [("", "missing-value")],
    lines.UserLine: [("", "missing-value")],
    lines.FifoLine: [("", "missing-value")],
    lines.WeightLine: [("", "missing-value"), ("10 no", "unknown-option"), ("x", "not-a-number")],
    lines.ForwardingLine: [("", "missing-value"), ("best", "unknown-forwarding"), ("TUN type x", "bad-value"),
                           ("TUN type gue port 0", "out-of-range"), ("TUN type gue port 65536", "out-of-range")],
    lines.GarpExtraLine: [("", "missing-value"), ("all", "missing-value"), ("x", "not-a-number")],
    lines.AddressPortLine: [("", "missing-value"), ("10.0.0.300 80", "bad-address"), ("10.0.0.1 65536", "out-of-range")],
    lines.HostPortLine: [("", "missing-value"), ("h 0", "out-of-range"), ("h 65536", "out-of-range"),
                         ("h smtp", "not-a-number")],
    lines.LvsTimeoutsLine: [("", "missing-value"), ("tcp", "missing-value"), ("tcp x", "not-a-number"),
                            ("tcp 99999999999", "out-of-range")],
    lines.SyncDaemonLine: [("", "missing-value"), ("eth0 id 256", "out-of-range"), ("eth0 id x", "not-a-number"),
                           ("eth0 port 65536", "out-of-range"), ("eth0 ttl 0", "out-of-range")],
    hmac_keys.HmacKeyLine: [("", "missing-value"), ("1", "missing-value"), ("256 hex:00", "out-of-range"),
                            ("1 hex:zz", "key-length")],
    vmacs.VmacLine: [("00:00:zz", "bad-value")],
    vmacs.IpvlanLine: [("a b c d e", "unknown-option")],
}  # fmt: skip
BARE = {  # these stand without a value as well
    "include_check", "init_file", "notify_deleted", "require_reply", "use_ipvlan", "use_vmac", "vrrp_ipsets",
    "vrrp_iptables",
}  # fmt: skip
NUMBERS = (kinds.Int, kinds.Seconds, kinds.Choice, kinds.OnOff)  # above
ANYTHING = (kinds.Flag, kinds.OptionalWord)  # what follows them is ignored, as keepalived does, with a warning


@pytest.mark.parametrize(("block", "word"), [(b, w) for b, w in WORDS if entry_of(b, w).mode == "line"])
def test_every_word_refuses_something(block: str, word: str) -> None:
    kind = entry_of(block, word).kind
    if isinstance(kind, NUMBERS):
        return
    if isinstance(kind, ANYTHING):
        found = read(placed(block, [f"{word} two words"]), "k.conf").findings
        assert "extra-words" in [one.code for one in found if one.line == line_number(block)]
        return
    for words, code in BAD[type(kind)]:
        wanted = [] if not words and word in BARE else [code]
        assert said(block, [f"{word} {words}".strip()]) == wanted, words


@pytest.mark.parametrize(("block", "word"), [(b, w) for b, w in WORDS if entry_of(b, w).mode != "line"])
def test_every_block_wants_its_brace(block: str, word: str) -> None:
    head, *rest = lines_of(block, word)
    assert "missing-brace" in said(block, [head.rstrip(" {"), *rest])
