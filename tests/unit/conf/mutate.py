# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sound files made unsound by chance: `python tests/unit/conf/mutate.py COUNT [SEED]` reads that many of them.

Every one must come back with findings or without, never with an exception; what is understood must be written, and
read back, when it holds no errors. The slowest one and the memory used are printed.
"""

from __future__ import annotations

import random
import resource
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

if __name__ == "__main__":
    sys.path[:0] = [str(Path(__file__).parents[3])]
    import conftest  # noqa: F401 - makes the collection importable

from ansible_collections.lvs.cluster.plugins.module_utils.conf import ERROR, explain, read, write

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER = Path(__file__).parents[2] / "vectors" / "conf" / "handbook"
_PIECES = [
    "{", "}", "{ }", '"', "'", "\\", "#", "!", "$", "${", "${_PWD}", "$A", "$A=$A\n", "$A=x \\\n", "~SEQ(A,1,9) ", "\0",
    "~SEQ(A,1,99999) ~SEQ(B,1,99999) ", "~LST(A,b,c) ", "~SEQx(", "@x ", "@^x ", "include x\n", "include loop\n", "\r\n",
    "\t", " ", "\n", "\n\n", "\\\n", "0", "-1", "256", "4294967296", "1e9", "9" * 40, "\u00e4", "\u2028", "\x1f", "::",
    "10.0.0.1", "10.0.0.1/33", "fe80::1%eth0", "%", "x" * 1100, '"' * 3, "virtual_server 10.0.0.1 80 {\n", "real_server ",
]  # fmt: skip


def seeds() -> list[str]:
    """The files to start from: the vectors, and the shorter examples of the explanations."""
    made = [file.read_text() for file in sorted(FOLDER.glob("*.conf"))]
    for code in explain.codes():
        one = explain.explain(code)
        if one is not None and "<" not in one.bad:
            made += [one.bad, one.good]
    return made


def mutated(chance: random.Random, texts: list[str]) -> Iterator[str]:
    """One file after the other, each with a few changes."""
    while True:
        text = chance.choice(texts)
        for _turn in range(chance.randrange(1, 8)):
            at = chance.randrange(len(text) + 1)
            end = min(len(text), at + chance.choice([1, 1, 2, 5, 40, 400]))
            what = chance.randrange(8)
            if what <= 2:
                text = text[:at] + chance.choice(_PIECES) + text[at:]
            elif what == 3:
                text = text[:at] + text[end:]
            elif what == 4:
                text = text[:at] + text[at:end] * chance.randrange(2, 5) + text[end:]
            elif what == 5:
                other = chance.choice(texts)
                start = chance.randrange(len(other) + 1)
                text = text[:at] + other[start : start + 200] + text[at:]
            elif what == 6:
                lines = text.split("\n")
                chance.shuffle(lines)
                text = "\n".join(lines)
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


def reads(text: str) -> None:
    """Read one text, and what is written of it when it is sound. Raises when that does not come to the same."""
    reading = read(text, "mutated.conf", opener=opener, config_id="x")
    for found in reading.findings[:20]:
        found.render()
    if any(found.level == ERROR for found in reading.findings):
        return
    try:
        written = write(reading.document)
    except ValueError:  # a value that came out of variables may be one the syntax cannot hold
        return
    again = read(written, "written.conf").document
    if again != reading.document:
        raise AssertionError(f"written differently: {text!r}")


def main(count: int, seed: int) -> int:
    """Read so many; 1 when one failed."""
    chance, failed, slowest = random.Random(seed), 0, (0.0, "")
    for number, text in zip(range(count), mutated(chance, seeds())):
        start = time.monotonic()
        try:
            reads(text)
        except Exception as wrong:
            failed += 1
            print(f"{number}: {type(wrong).__name__}: {wrong}\n{text!r}", file=sys.stderr)
            if failed > 20:
                break
        slowest = max(slowest, (time.monotonic() - start, text))
        if number % 100_000 == 99_999:
            print(f"{number + 1} read, {failed} failed, slowest {slowest[0]:.3f} s", flush=True)
    if slowest[0] > 2:
        print(f"the slowest: {slowest[1]!r}")
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"{count} read, {failed} failed, slowest {slowest[0]:.3f} s, {memory} MB")
    return 1 if failed or slowest[0] > 2 or memory > 200 else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1))
