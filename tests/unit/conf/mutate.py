# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sound files made unsound by chance: `python tests/unit/conf/mutate.py COUNT [SEED]` reads that many of them.

The seeds are the vectors and the examples of the explanations; a share of SHARE files comes from each of SEED, SEED+1,
and so on, each in a process of its own. Every file must come back with findings or without, never with an exception,
within two seconds (of this process: the machine may be busy) and 200 MB; what is understood must be written and read
back when it holds no errors, come to the same when it is read as a reload, and as a mapping. Monsters (a line of
100 MB, NUL bytes, include loops, sequences and variables without end) are read first.

Seeds 301 to 340 were read at the end (1,000,000 files): nothing failed, the slowest took 1.0 s of CPU, the largest
process 143 MB. Before, while the language was changed, 1,100,000 more: 49 inputs failed on the way and all pass now;
one difference after a reload (seed 38) was not seen again.
"""

from __future__ import annotations

import os
import random
import resource
import sys
import tempfile
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

if __name__ == "__main__":
    sys.path[:0] = [str(Path(__file__).parents[3])]
    import conftest  # noqa: F401 - makes the collection importable

from ansible_collections.lvs.cluster.plugins.module_utils.conf import ERROR, explain, mapping, model, read, write
from ansible_collections.lvs.cluster.plugins.module_utils.conf.cache import Cache
from ansible_collections.lvs.cluster.plugins.module_utils.conf.layout import CannotFormat, fmt
from ansible_collections.lvs.cluster.plugins.module_utils.conf.port import read_file
from ansible_collections.lvs.cluster.plugins.module_utils.conf.spec import spec

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER = Path(__file__).parents[2] / "vectors" / "conf"
SHARE = 25_000
SECONDS, MEGABYTES = 2.0, 200
_PIECES = [
    "{", "}", "{ }", '"', "'", "\\", "#", "!", "$", "${", "${_PWD}", "$A", "$A=$A\n", "$A=x \\\n", "~SEQ(A,1,9) ", "\0",
    "~SEQ(A,1,99999) ~SEQ(B,1,99999) ", "~LST(A,b,c) ", "~SEQx(", "@x ", "@^x ", "include x\n", "include loop\n", "\r\n",
    "\t", " ", "\n", "\n\n", "\\\n", "0", "-1", "256", "4294967296", "1e9", "9" * 40, "\u00e4", "\u2028", "\x1f", "::",
    "10.0.0.1", "10.0.0.1/33", "fe80::1%eth0", "%", "x" * 1100, '"' * 3, "virtual_server 10.0.0.1 80 {\n", "real_server ",
    "$A=$B$B\n$B=$A$A\n$A $B\n", "$A=\\\n $A \\\n $A\n$A\n", "@lvs_agent ", "${_ENV HOME}", "${_RANDOM}", "\ufeff", "\udcff", "\u201c",
    "~LST({A,B},{1,2},{3}) x$A$B\n", "~SEQ(A,9,-1,1) ~SEQx(B,0,ff) $A$B\n", "\ud800", "{\n" * 40, "}\n" * 40, "~SEQ(" * 30,
]  # fmt: skip


def seeds() -> list[str]:
    """The files to start from: the vectors, four times as likely as each of the shorter examples."""
    made = [file.read_text() for file in sorted(FOLDER.rglob("*.conf"))] * 4
    for code in explain.codes():
        one = explain.explain(code)
        if one is not None and "<" not in one.bad:
            made += [one.bad, one.good]
    return made


def words() -> list[str]:
    """Every word of the language, and the words of the vectors."""
    found, todo = set(), [spec(model.Document)]
    while todo:
        for word, entry in todo.pop().words.items():
            if word not in found and entry.kind.block is not None:
                todo.append(spec(entry.kind.block))
            found.add(word)
    for file in FOLDER.rglob("*.conf"):
        found.update(file.read_text().split())
    return sorted(found)


def mutated(chance: random.Random, texts: list[str], known: list[str]) -> Iterator[str]:
    """One file after the other, each with a few changes."""
    while True:
        text = chance.choice(texts)
        for _turn in range(chance.randrange(1, 8)):
            at = chance.randrange(len(text) + 1)
            end = min(len(text), at + chance.choice([1, 1, 2, 5, 40, 400]))
            what = chance.randrange(10)
            if what <= 1:
                text = text[:at] + chance.choice(_PIECES) + text[at:]
            elif what <= 3:
                # a word in the place of another
                start = max(text.rfind(" ", 0, at), text.rfind("\n", 0, at)) + 1
                ends = [where for char in " \n" if (where := text.find(char, at)) >= 0]
                text = text[:start] + chance.choice(known) + text[min(ends, default=len(text)) :]
            elif what == 4:
                text = text[:at] + text[end:]
            elif what == 5:
                text = text[:at] + text[at:end] * chance.randrange(2, 5) + text[end:]
            elif what == 6:
                other = chance.choice(texts)
                start = chance.randrange(len(other) + 1)
                text = text[:at] + other[start : start + 200] + text[at:]
            elif what == 7:
                lines = text.split("\n")
                chance.shuffle(lines)
                text = "\n".join(lines)
            elif what == 8:
                text = text[:at] + "\n" + chance.choice(known) + " " + chance.choice(known) + "\n" + text[at:]
            else:
                text = (
                    text[:at] + chr(chance.choice([0, 9, 34, 35, 123, 125, 126, 64, 36, 92, 233, 0x10FFFF])) + text[at:]
                )
            text = text[:20000]
        yield text


def opener(pattern: str, including: str, _variant: str) -> list[tuple[str, str]]:
    """Included files: one that includes itself, and none else."""
    if pattern == "loop":
        return [("loop", "include loop\n"), ("other", f"# {including}\ninclude loop\n")]
    raise FileNotFoundError(2, "No such file or directory", pattern)


def reads(text: str, *, thorough: bool = False) -> None:
    """Read one text, and what is written of it when it is sound. Raises when that does not come to the same.

    thorough: also as a reload, laid out anew, and as a mapping.
    """
    reading = read(text, "mutated.conf", opener=opener, config_id="x")
    lines = text.split("\n")
    for found in reading.findings[:20]:
        found.render()
        if found.file == "mutated.conf" and not 1 <= found.line <= len(lines):
            raise AssertionError(f"a line that is not there: {found}")
    if thorough:
        _thorough(text)
    if any(found.level == ERROR for found in reading.findings):
        return
    try:
        written = write(reading.document)
    except ValueError:  # a value that came out of variables may be one the syntax cannot hold
        return
    again = read(written, "written.conf").document
    if again != reading.document:
        raise AssertionError("written differently")
    if thorough:
        back, wrong = mapping.from_mapping(mapping.to_mapping(reading.document))
        if back != reading.document:
            raise AssertionError(f"another document out of the mapping: {wrong}")


def _thorough(text: str) -> None:
    cache = Cache()
    plain = read(text, "mutated.conf")
    for _turn in range(2):
        cached = read(text, "mutated.conf", cache=cache)
        if (cached.document, cached.findings) != (plain.document, plain.findings):
            raise AssertionError("a reload reads something else")
    try:
        fmt(text)
    except CannotFormat:
        pass


def monsters() -> Iterator[tuple[str, str]]:
    """(a name, a text) of what tries to take all memory or time."""
    block = "vrrp_instance V {{\n  interface {}\n}}\n"
    yield "a line of 30 MB", block.format("x" * 30_000_000)
    yield "30 MB of quotes", '"' * 30_000_000
    yield "30 MB of braces", "{" * 30_000_000
    yield "very many lines of braces", "{\n" * 300_000
    yield "very many closing braces", "}\n" * 300_000
    yield "very many unknown words", "wrong\n" * 300_000
    yield "NUL bytes", "\0" * 1_000_000 + "\n" + "a\0b\n" * 300_000
    yield "sequences without end", "~SEQ(A,1,99999) ~SEQ(B,1,99999) ~SEQ(C,1,99999) x$A$B$C\n" * 1000
    yield "empty sequences", "~SEQ(A,1,2000000000)\n" * 1000
    yield "a list of lists", "~LST(A," + ",".join(map(str, range(200))) + ") " * 5 + "x $A\n" * 1000
    yield "a variable in itself", "$A=$A $A\n$A\n" * 100_000
    yield "variables that double", "".join(f"$A{n}=${{A{n - 1}}}${{A{n - 1}}}\n" for n in range(1, 5000)) + "$A4999\n"
    yield "a definition of many lines", "$A=\\\n" + " x $A \\\n" * 100_000 + "\n$A\n"
    yield "an include loop", "include loop\n" * 200_000
    yield "the same block many times", "vrrp_instance V {\n  interface eth0\n}\n" * 50_000
    yield "the same keyword many times", "global_defs {\n" + "router_id x\n" * 300_000 + "}\n"
    yield "names that are nearly words", "".join(f"virtual_serve{n}\n" for n in range(100_000))
    yield "continued lines", "x \\\n" * 300_000
    yield "comments", "# x ! y\n" * 500_000
    yield "conditions", "@x @x @x @x y\n" * 200_000


def monster_files() -> Iterator[tuple[str, bytes, int]]:
    """(a name, the start of a file, its length; the rest are NUL bytes) too large for a text."""
    yield "a file of one line of 100 MB", b"x", 100_000_000
    yield "a file of 30 MB of NUL bytes", b"vrrp_instance V {\n", 30_000_000
    yield "a file of 10 GB", b"# long\n", 10_000_000_000


def _alone(title: str, work: object) -> bool:
    """Run work() in a process of its own; whether it came to its end. Prints what it says, its time and memory."""
    sys.stdout.flush()
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    good = False
    try:
        start, used = time.monotonic(), time.process_time()
        said = work()  # type: ignore[operator]
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        used, wall = time.process_time() - used, time.monotonic() - start
        good = said.startswith("0 failed") and memory <= MEGABYTES
        print(f"{title}: {said}, {used:.2f} s of CPU, {wall:.2f} s in all, {memory} MB{'' if good else ' TOO MUCH'}")
    except Exception:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        os._exit(0 if good else 1)


def monster(text: str) -> str:
    """Read one monster; how it went."""
    used = time.process_time()
    reading = read(text, "monster.conf", opener=opener, config_id="x")
    used = time.process_time() - used
    return f"{int(used > SECONDS)} failed, {len(reading.findings)} findings in {used:.2f} s"


def monster_file(start: bytes, size: int) -> str:
    """Read one monstrous file; how it went."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(start)
        file.truncate(size)
        file.flush()
        used = time.process_time()
        try:
            said = f"{len(read_file(file.name).findings)} findings"
        except OSError as wrong:
            said = f"refused ({wrong.strerror})"
        used = time.process_time() - used
        return f"{int(used > SECONDS)} failed, {said} in {used:.2f} s"


def some(count: int, seed: int) -> str:
    """Read so many mutations of one seed; how it went."""
    chance, failed, slowest = random.Random(seed), 0, (0.0, "")
    for number, text in zip(range(count), mutated(chance, seeds(), words())):
        start = end = time.process_time()
        try:
            read(text, "mutated.conf", opener=opener, config_id="x")
            end = time.process_time()
            reads(text, thorough=number % 8 == 0)
        except Exception as wrong:
            failed += 1
            print(f"seed {seed}, {number}: {type(wrong).__name__}: {wrong}\n{text!r}")
            traceback.print_exc()
            if failed > 20:
                break
        slowest = max(slowest, (end - start, text))
        if slowest[0] > SECONDS:
            failed += 1
            print(f"seed {seed}, {number}: {slowest[0]:.2f} s\n{slowest[1]!r}")
            slowest = (0.0, "")
    return f"{failed} failed of {count}, slowest {slowest[0]:.3f} s"


def main(count: int, seed: int) -> int:
    """Read the monsters and so many mutations; 1 when one failed."""
    good = True
    for title, text in monsters():
        good &= _alone(title, lambda text=text: monster(text))  # type: ignore[misc]
    for title, start, size in monster_files():
        good &= _alone(title, lambda start=start, size=size: monster_file(start, size))  # type: ignore[misc]
    while count > 0:
        share = min(count, SHARE)
        good &= _alone(f"seed {seed}", lambda share=share, seed=seed: some(share, seed))  # type: ignore[misc]
        count, seed = count - share, seed + 1
    print("nothing failed" if good else "SOMETHING FAILED")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1))
