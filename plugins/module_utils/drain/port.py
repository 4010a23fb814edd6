# Copyright (c) 2026, lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Records and files by which a server is out beside keepalived: the only file of this room with side effects.

What the weights were is in /run: after a boot the table has those of the file again. What the files said lasts.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any, Dict, List, Mapping, NamedTuple, Optional

from ..change import look
from ..host.port import write_file

if TYPE_CHECKING:
    from ..conf import model
    from .plan import Asked

WEIGHTS = "/run/lvs-cluster/drained.json"
FILES = "/var/lib/lvs-cluster/maintenance.json"


class Held(NamedTuple):
    """A file that holds servers (`ADDRESS:PORT`) out: what it says for that, and what it said (None: nothing)."""

    servers: List[str]
    says: str
    said: Optional[str]

    def of(self, asked: Asked) -> bool:
        """Whether it holds out the server that is meant."""
        return any(asked.means(server, None) for server in self.servers)


def weights() -> Dict[str, int]:
    """The weights from before, by `service -> destination`."""
    return {str(name): int(weight) for name, weight in _read(WEIGHTS).items()}


def remember_weights(record: Mapping[str, int]) -> None:
    """Keep them."""
    os.makedirs(os.path.dirname(WEIGHTS), mode=0o700, exist_ok=True)
    write_file(WEIGHTS, json.dumps(dict(record)), 0o600)


def held() -> Dict[str, Held]:
    """The files that hold servers out, by path."""
    return {path: Held(*words) for path, words in _read(FILES).items()}


def hold(texts: Mapping[str, str], servers: List[str]) -> None:
    """Have these files say so; what they said is remembered first."""
    known = held()
    for path, says in texts.items():
        said = text(path)
        ours = path in known and known[path].says == said
        known[path] = Held(servers, says, known[path].said if ours else said)
    _keep(known)
    for path, says in texts.items():
        _say(path, says)


def let_go(asked: Asked) -> None:
    """Have the files say what they said before, but those that somebody else has written since."""
    known = held()
    for path, one in known.items():
        if one.of(asked) and text(path) == one.says:
            if one.said is None:
                os.unlink(path)
            else:
                _say(path, one.said)
    _keep({path: one for path, one in known.items() if not one.of(asked)})


def document(path: str) -> Optional[model.Document]:
    """What keepalived's file says; None when it cannot be read."""
    from ..conf import port  # noqa: PLC0415 - half a second, and needed beside keepalived only

    try:
        return port.read_file(path, ask_machine=False).document
    except OSError:
        return None


def _say(path: str, says: str) -> None:
    """In place: the file may be somebody else's, with a mode and an owner."""
    with open(path, "w", encoding="utf-8", errors="surrogateescape") as file:
        file.write(says)


def text(path: str) -> Optional[str]:
    """What a file says, None when it is not there."""
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            return file.read()
    except FileNotFoundError:
        return None


def _keep(known: Mapping[str, Held]) -> None:
    folder = os.path.dirname(FILES)
    if known:
        os.makedirs(folder, mode=0o755, exist_ok=True)
        write_file(FILES, json.dumps(dict(known)), 0o600)
    elif os.path.exists(FILES):
        os.unlink(FILES)
        if not os.listdir(folder):
            os.rmdir(folder)


def _read(path: str) -> Dict[str, Any]:
    try:
        found = json.loads(look.text_of(path))
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
