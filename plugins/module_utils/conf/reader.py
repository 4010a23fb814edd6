# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Tree to model: every block by the words its spec declares, one finding a mistake.

Lines that repeat (the same check under thousands of real servers) are read once: a line without a finding is
remembered with its value. Dataclasses are filled without their __init__, since the declared defaults are class
attributes and only what the file says needs storing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Optional

from . import model
from .findings import ERROR, NOTE, WARNING, Bad, Odd
from .items import MemberLines
from .meant import on_its_own_line, sets, tried
from .spec import GONE, LINE, LISTED, MEMBERS, NAMES, Entry, Spec, home, homes, spec
from .words import split

if TYPE_CHECKING:
    from .places import Places
    from .tree import Node

_MEMBERS = MemberLines()
_Hit = tuple[str, Any, Entry]
Known = dict[Spec, dict[str, _Hit]]


class Reader:
    """Reads the nodes of one text. written: id of a block's value -> (its node, its spec), for findings about it.

    known: lines read before, by the words of their block; they may come from another text.
    """

    def __init__(self, places: Places, known: Optional[Known] = None) -> None:
        self.places = places
        self.written: dict[int, tuple[Node, Spec]] = {}
        # all blocks made, also those that are in no document: while they are there, no other has the id of one
        self.kept: list[Any] = []
        self.broken = self.extra_brace = False
        # (a block's nodes, an attribute) -> the line it is set in first, for those that are set again
        self._first: dict[tuple[int, str], int] = {}
        self._known: Known = {} if known is None else known
        # whether the nodes being read are those of a block that keepalived does not see
        self._unseen = False
        self._in_comment = False
        self.balanced = True

    def document(self, nodes: list[Node]) -> model.Document:
        """The whole file."""
        whole = spec(model.Document)
        values = self.block(whole, nodes)
        document: model.Document = made(model.Document, values)
        self.written[id(document)] = (("", 1, nodes), whole)
        return document

    def block(self, of: Spec, nodes: list[Node]) -> dict[str, Any]:
        """The attributes that the nodes of a block set."""
        values: dict[str, Any] = {}
        self._block(of, nodes, values)
        return values

    def _block(self, of: Spec, nodes: list[Node], values: dict[str, Any]) -> None:
        known = self._known.get(of)
        if known is None:
            known = self._known[of] = {}
        for node in nodes:
            text, _place, children = node
            if children is not None:
                self._nested(of, node, children, values)
                continue
            hit = known.get(text) or self._line(of, node, known)
            if hit is None:
                continue
            attribute, value, entry = hit
            if entry.many:
                values.setdefault(attribute, []).append(value)
            elif attribute in values:
                self._repeated(of, node, hit, values, nodes)
            else:
                values[attribute] = value
        for attribute in of.grows:
            if attribute in values:
                values[attribute] = tuple(values[attribute])

    def _line(self, of: Spec, node: Node, known: dict[str, _Hit]) -> Optional[_Hit]:
        """The attribute and value of one line; None when it says nothing that can be used."""
        text = node[0]
        words = split(text)
        entry = of.words.get(words[0])
        if entry is None:
            self._unknown(of, node, words[0])
            return None
        if entry.mode != LINE:
            self._without_brace(of, node, words)
            return None
        kind = entry.kind
        clean = entry.legacy is None and not entry.agent
        if entry.agent:
            self._seen(node, words[0])
        if entry.legacy is not None:
            self._find(
                NOTE,
                "legacy-keyword",
                f"'{words[0]}' is an old word for {entry.legacy}",
                node,
                0,
                f"write {entry.legacy}",
            )
        try:
            value = kind.read([text[len(words[0]) :].strip()] if kind.raw else words[1:])
        except Odd as odd:
            clean, value = False, odd.value
            self._bad(on_its_own_line(odd, words, of), node, words[0])
            if value is None:
                return None
        except Bad as bad:
            self._bad(bad, node, words[0])
            return None
        hit = (entry.attribute, value, entry)
        if clean and text.isascii():
            known[text] = hit
        elif clean:
            self._odd(WARNING, node, text)
        return hit

    def _nested(self, of: Spec, node: Node, children: list[Node], values: dict[str, Any]) -> None:
        """One block inside a block."""
        words = split(node[0]) if node[0] else [""]
        entry = of.words.get(words[0])
        if entry is None:
            if node[0]:
                self._unknown(of, node, words[0])
            return
        if entry.mode == LINE:
            shape = f"{words[0]} {entry.kind.shape}".strip()
            if any(word in of.words for word in words[1:]):
                shape = "one keyword a line"
            self._find(ERROR, "no-block", f"'{words[0]}' takes no block", node, 0, shape)
            return
        if entry.legacy:
            self._find(
                NOTE,
                "legacy-keyword",
                f"'{words[0]}' is an old word for {entry.legacy}",
                node,
                0,
                f"write {entry.legacy}",
            )
        before = self._unseen
        if entry.agent:
            self._seen(node, words[0])
        if not before and node[1] in self.places.agent:
            self._unseen_lines(children)
        self._unseen = before or entry.agent or node[1] in self.places.agent
        attribute, already = entry.attribute, values.get(entry.attribute)
        if entry.mode == LISTED:
            values.setdefault(attribute, []).extend(self._items(entry.kind, children))
            self._no_words(node, words)
        elif entry.mode == NAMES:
            self._no_words(node, words)
            names = tuple(word for child in children for word in self._names(child))
            if already is not None:
                self._find(WARNING, "duplicate-keyword", f"'{words[0]}' is set twice: the first counts", node)
            else:
                values[attribute] = names
        else:
            self._subblock(entry, node, words, values)
        self._unseen = before

    def _seen(self, node: Node, word: str) -> None:
        """A word of the agent's own stands where keepalived does not see it."""
        if not self._unseen and node[1] not in self.places.agent:
            lines = "each line of the block" if node[2] is not None else "the line"
            message = f"'{word}' is lvs-agent's own word: keepalived would not know it"
            self._find(ERROR, "agent-word", message, node, 0, f"write @lvs_agent before {lines}")

    def _unseen_lines(self, children: list[Node]) -> bool:
        """Whether keepalived sees none of these lines; the first that it sees is an error."""
        for child in children:
            if child[1] not in self.places.agent:
                message = f"keepalived sees '{child[0]}', but not the block that it stands in"
                self._find(ERROR, "agent-block", message, child, 0, "write @lvs_agent before each line of the block")
                return False
            if child[2] and not self._unseen_lines(child[2]):
                return False
        return True

    def _subblock(self, entry: Entry, node: Node, words: list[str], values: dict[str, Any]) -> None:
        built = self.subblock(entry, node, words)
        if built is None:
            return
        attribute = entry.attribute
        if entry.many:
            values.setdefault(attribute, []).append(built)
        elif attribute in values:
            self._find(WARNING, "duplicate-block", f"a second {words[0]} block", node, 0, "make one block of them")
            merged = {**vars(values[attribute]), **vars(built)}
            self.kept.append(values[attribute])
            values[attribute] = made(type(built), merged)
            self.written[id(values[attribute])] = self.written[id(built)]
        else:
            values[attribute] = built

    def subblock(self, entry: Entry, node: Node, words: list[str]) -> Any:
        """The value of one block of keywords (or of members); None when its opening line is wrong."""
        kind = entry.kind
        head = self._head(kind, node, words)
        if head is None:
            # what stands in it is still read, so that its own mistakes are found
            self._body(entry, node, {})
            return None
        self._body(entry, node, head)
        inner = spec(kind.block)
        built = made(kind.block, head)
        self.kept.append(built)
        self.written[id(built)] = (node, inner)
        for keyword in inner.required:
            if keyword.attribute not in head and not self.broken and not tried(inner, node, keyword):
                title = " ".join(words)
                help_text = f"write {keyword.word} {keyword.kind.shape}".rstrip() + f": {keyword.help}"
                self._find(ERROR, "missing-keyword", f"{title} needs {keyword.word}", node, 0, help_text)
        return built

    def _body(self, entry: Entry, node: Node, values: dict[str, Any]) -> None:
        children = node[2] or []
        if entry.kind.block is model.VrrpSyncGroup:
            children = self._bare_names(entry, children, values)
        if entry.mode == MEMBERS:
            values["members"] = tuple(self._items(_MEMBERS, children))
        else:
            self._block(spec(entry.kind.block), children, values)

    def _bare_names(self, entry: Entry, children: list[Node], values: dict[str, Any]) -> list[Node]:
        """The lines of a sync group without the names that stand in it as they did long ago, which are one mistake."""
        known = spec(entry.kind.block).words
        bare = [one for one in children if one[2] is None and one[0].isidentifier() and one[0] not in known]
        grouped = any(one[0] == "group" for one in children)
        if grouped or len(bare) != len([one for one in children if one[2] is None and split(one[0])[0] not in known]):
            return children
        if bare and not self.broken:
            names = " ".join(one[0] for one in bare)
            message = f"'{bare[0][0]}' is no keyword of vrrp_sync_group"
            self._find(ERROR, "unknown-keyword", message, bare[0], 0, f"write group {{ {names} }}")
            values["group"] = tuple(one[0] for one in bare)
        return [one for one in children if one not in bare]

    def _head(self, kind: Any, node: Node, words: list[str]) -> Optional[dict[str, Any]]:
        try:
            return dict(kind.read(words[1:]))
        except Odd as odd:
            self._bad(odd, node, words[0])
            return dict(odd.value)  # type: ignore[call-overload, no-any-return]
        except Bad as bad:
            self._bad(bad, node, words[0])
            return None

    def _items(self, kind: Any, children: list[Node]) -> list[Any]:
        items = []
        for node in children:
            if node[2] is not None:
                self._find(ERROR, "no-block", f"'{node[0]}' takes no block", node)
                continue
            try:
                items.append(kind.read(split(node[0])))
            except Odd as odd:
                items.append(odd.value)
                self._bad(odd, node, "")
            except Bad as bad:
                self._bad(bad, node, "")
        return items

    def _names(self, node: Node) -> list[str]:
        if node[2] is not None:
            self._find(ERROR, "no-block", f"'{node[0]}' takes no block", node)
            return []
        return split(node[0])

    def _no_words(self, node: Node, words: list[str]) -> None:
        if len(words) > 1:
            self._find(WARNING, "extra-words", f"'{words[1]}' is ignored", node, 1)

    def _repeated(self, of: Spec, node: Node, hit: _Hit, values: dict[str, Any], nodes: list[Node]) -> None:
        attribute, value, entry = hit
        earlier = self._first.get((id(nodes), attribute), 0)
        if not earlier:
            other = next(one for one in nodes if one[2] is None and sets(of, one[0], attribute, mistyped=False))
            earlier = self._first[id(nodes), attribute] = self.places.line(other[1])[1]
        if entry.kind.first:
            what = "the first counts"
        else:
            values[attribute], what = value, "the last counts"
        help_text = f"it is set in line {earlier} already"
        self._find(WARNING, "duplicate-keyword", f"'{entry.word}' is set twice: {what}", node, 0, help_text)

    def _without_brace(self, of: Spec, node: Node, words: list[str]) -> None:
        """A word that opens a block, without the block."""
        if self.broken:
            return
        shown = f"write '{node[0].rstrip('([ ')} {{' and close it with '}}'"
        lines = of.words[words[0]].mode in (LISTED, NAMES) and len(words) > 1 and words[1] not in ("(", "[")
        if lines:
            shown = f"write {words[0]} {{ {' '.join(words[1:])} }}"
        self._find(ERROR, "missing-brace", f"'{words[0]}' needs a block in braces", node, 0, shown)
        # where all is on the line nothing else went wrong
        self.broken = not (lines and self.balanced)

    def _unknown(self, of: Spec, node: Node, word: str) -> None:
        if node[0] == "}":
            self.extra_brace = self.extra_brace or not self.broken
            self.broken = True
            return
        if word in GONE:
            self._find(WARNING, "gone-keyword", f"keepalived ignores '{word}'", node, 0, GONE[word])
            return
        if self.broken or self.places.silent(node[1]):
            return
        belongs = homes().get(word)
        if belongs:
            help_text = f"it stands {home(word, of.block)}"
            self._find(ERROR, "misplaced-keyword", f"'{word}' does not belong here", node, 0, help_text)
            return
        if not word.isascii() and self._odd(ERROR, node, node[0]):
            return
        if self._foreign_comment(node[0]):
            return
        from .suggest import instead_of_keyword, nearest  # noqa: PLC0415 - only a mistake needs it

        plain = word.partition("=")[0].rstrip(":;,")
        meant = plain if plain in of.words else nearest(plain, (*of.words, "include"))
        if meant in of.words:
            meant = of.words[meant].legacy or meant
        help_text = f"did you mean '{meant}'?" if meant else instead_of_keyword(word)
        if meant == plain != word:
            help_text = f"write {meant}, without '{word[len(plain)]}'"
        self._find(ERROR, "unknown-keyword", f"keepalived knows no '{word}'", node, 0, help_text)

    def _foreign_comment(self, text: str) -> bool:
        """Whether a line goes on with a comment in the manner of C, of which the first line had its finding."""
        inside = self._in_comment
        if inside or text.startswith("/*"):
            self._in_comment = "*/" not in text
        return inside

    def _odd(self, level: str, node: Node, text: str) -> bool:
        """Say that a character looks like another one; whether there is one."""
        from .suggest import odd_character  # noqa: PLC0415 - only few lines are not ASCII

        odd = odd_character(text)
        if odd is not None:
            word = len(split(text[: odd.at + 1])) - 1
            self._find(level, "odd-character", f"there is {odd.what} in this line", node, max(0, word), odd.help)
        return odd is not None

    def _bad(self, bad: Bad, node: Node, keyword: str) -> None:
        if self.places.silent(node[1]) or (not node[0].isascii() and self._odd(bad.level, node, node[0])):
            return
        message = f"{keyword}: {bad.message}" if keyword else bad.message
        self._find(bad.level, bad.code, message, node, bad.word, bad.help)

    def _find(self, level: str, code: str, message: str, node: Node, word: int = 0, help_text: str = "") -> None:
        self.places.find(level, code, message, node[1], text=node[0], word=word, help_text=help_text)


def made(block: type, values: dict[str, Any]) -> Any:
    """A frozen dataclass with these attributes. The others are the class's own defaults."""
    built: Any = object.__new__(block)
    built.__dict__.update(values)
    return built
