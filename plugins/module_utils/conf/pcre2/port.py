# Copyright (c) 2026, lvs.cluster authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Regular expressions as keepalived has them: PCRE2 itself (libpcre2-8, which grep and libselinux bring along).

The one place that calls it. Where it is missing nothing stands in: another engine takes many expressions and means
something else by them. The names, numbers and calls are those of pcre2api(3), release 10.30 and later.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import lru_cache
from types import SimpleNamespace
from typing import Any, Optional

OPTIONS = (
    "allow_empty_class", "alt_bsux", "auto_callout", "caseless", "dollar_endonly", "dotall", "dupnames", "extended",
    "firstline", "match_unset_backref", "multiline", "never_ucp", "never_utf", "no_auto_capture", "no_auto_possess",
    "no_dotstar_anchor", "no_start_optimize", "ucp", "ungreedy", "utf", "never_backslash_c", "alt_circumflex",
    "alt_verbnames", "use_offset_limit",
)  # fmt: skip
"""keepalived's regex_options; each is the bit of PCRE2 of that name, and of that position."""
STEPS = 10_000_000
"""Steps of backtracking for one byte that a match may start at (PCRE2's and keepalived's own limit): 4 to 7 ns each."""
SECONDS = 0.25
"""Of processor time for one search, and at most STEPS more."""

_LIBRARY = "libpcre2-8.so.0"
_JIT_STACK = 32 << 10, 4 << 20  # bytes: regex_stack is for keepalived, which has 32 KiB without it
_MATCH_INVALID_UTF = 0x04000000  # since 10.34: what is no UTF-8 matches nothing
_BAD_OPTIONS = 117
_JIT_COMPLETE = 1
_NO_MATCH, _MATCH_LIMIT = -1, -47
_FROM_START = "\\G", "(*COMMIT", "(*UTF"  # words that ask where the search began, or begin at characters alone
_LEAST = 5_000  # steps where the search cannot be parted: more than without going back in keepalived's 4095 bytes


class Missing(ValueError):  # noqa: N818 - it is what the library is
    """The library is not on this machine."""


@dataclass(frozen=True)
class Expression:
    """A pattern with its options. Equal ones share what they are compiled to."""

    pattern: str
    options: tuple[str, ...] = ()

    def check(self) -> None:
        """Raises ValueError with the reason for one that cannot be run, Missing where nothing can be said."""
        _compiled(self.pattern, self.options)

    def search(self, text: bytes, start: int = 0) -> Optional[int]:
        """The byte at which the first match from `start` on begins; None without one.

        Raises ValueError with the reason when the search is given up.
        """
        pcre2 = _library()
        made = _compiled(self.pattern, self.options)
        code, whole = made.code, made.whole
        width, end = len(text) + 1 - start, 0.0
        while start <= len(text):
            # PCRE2 counts from each byte anew: the more bytes, the fewer steps from each
            pcre2.set_match_limit(pcre2.context, max(_LEAST if whole else 1, STEPS // width))
            pcre2.set_offset_limit(pcre2.context, start + width - 1)
            result = pcre2.match(code, text, len(text), start, 0, pcre2.data, pcre2.context)
            if result >= 0:
                begin: int = pcre2.found[0]
                return begin
            if result == _NO_MATCH:
                start, width = start + width, width * 2
            elif result == _MATCH_LIMIT and width > 1 and not whole:
                width = (width + 7) // 8
            else:
                raise ValueError(_message(result))
            now = time.thread_time()
            end = end or now + SECONDS
            if now > end:
                raise ValueError(f"{SECONDS} s of processor time are used up")
        return None


class _Compiled:
    """Machine code, freed with this object. whole: the search cannot be parted."""

    def __init__(self, pattern: str, options: tuple[str, ...]) -> None:
        self.code = self._free = None
        self.whole = "firstline" in options or any(word in pattern for word in _FROM_START)
        pcre2 = _library()
        unknown = [option for option in options if option not in OPTIONS]
        if unknown:
            raise ValueError(f"PCRE2 has no option {unknown[0]!r}")
        raw = pattern.encode("utf-8", "surrogateescape")
        bits = sum(1 << OPTIONS.index(option) for option in {*options, "use_offset_limit"})
        error, offset = pcre2.error, pcre2.offset
        for more in (_MATCH_INVALID_UTF, 0) if "utf" in options else (0,):
            self.code = pcre2.compile(raw, len(raw), bits | more, error, offset, None)
            if self.code or error.value != _BAD_OPTIONS:
                break
        self.whole |= "utf" in options and not more
        self._free = pcre2.code_free
        if not self.code:
            raise ValueError(f"{_message(error.value)}, at character {offset.value}")
        result = pcre2.jit_compile(self.code, _JIT_COMPLETE)
        if result:  # as keepalived; without machine code the steps are others, and a hundred times as slow
            raise ValueError(f"PCRE2 makes no machine code of it: {_message(result)}")

    def __del__(self) -> None:
        if self.code and self._free:
            self._free(self.code)


@lru_cache(maxsize=1 << 14)
def _compiled(pattern: str, options: tuple[str, ...]) -> _Compiled:
    """As many are kept as a large file has servers."""
    return _Compiled(pattern, options)


def _message(number: int) -> str:
    from ctypes import create_string_buffer  # noqa: PLC0415 - as below

    buffer = create_string_buffer(256)
    _library().get_error_message(number, buffer, len(buffer))
    return buffer.value.decode("ascii", "backslashreplace")


@lru_cache(maxsize=1)
def _library() -> Any:
    """The calls, and what all matches share. Raises Missing.

    PyDLL keeps Python's lock, so that one match is made at a time.
    """
    try:
        from ctypes import POINTER, PyDLL, c_char_p, c_int, c_size_t, c_uint32, c_void_p  # noqa: PLC0415 - seldom used

        size_p, int_p = POINTER(c_size_t), POINTER(c_int)
        library = PyDLL(_LIBRARY)

        def call(name: str, result: Any, *arguments: Any) -> Any:
            function = library[f"pcre2_{name}_8"]
            function.restype, function.argtypes = result, arguments
            return function

        compile_words = c_char_p, c_size_t, c_uint32, int_p, size_p, c_void_p
        match_words = c_void_p, c_char_p, c_size_t, c_size_t, c_uint32, c_void_p, c_void_p
        pcre2 = SimpleNamespace(
            compile=call("compile", c_void_p, *compile_words),
            jit_compile=call("jit_compile", c_int, c_void_p, c_uint32),
            code_free=call("code_free", None, c_void_p),
            match=call("match", c_int, *match_words),
            set_match_limit=call("set_match_limit", c_int, c_void_p, c_uint32),
            set_offset_limit=call("set_offset_limit", c_int, c_void_p, c_size_t),
            get_error_message=call("get_error_message", c_int, c_int, c_char_p, c_size_t),
            context=call("match_context_create", c_void_p, c_void_p)(None),
            data=call("match_data_create", c_void_p, c_uint32, c_void_p)(1, None),
            error=c_int(),
            offset=c_size_t(),
        )
        pcre2.found = call("get_ovector_pointer", size_p, c_void_p)(pcre2.data)
        stack = call("jit_stack_create", c_void_p, c_size_t, c_size_t, c_void_p)(*_JIT_STACK, None)
        call("jit_stack_assign", None, c_void_p, c_void_p, c_void_p)(pcre2.context, None, stack)
        call("set_heap_limit", c_int, c_void_p, c_uint32)(pcre2.context, _JIT_STACK[1] >> 10)  # for (*NO_JIT)
    except (ImportError, OSError, AttributeError):
        raise Missing(f"{_LIBRARY} is not on this machine") from None
    return pcre2
