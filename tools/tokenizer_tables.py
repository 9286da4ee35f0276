"""Writes engine/op/tokenizer/char_table_data.cc: what `tokenizers` thinks of each code point.

Its parts know different versions of Unicode, none of them that of another library. So the package
itself is asked, code point by code point:

    .venv/bin/python tools/tokenizer_tables.py
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import tokenizers
from tokenizers import Regex, normalizers, pre_tokenizers

PATH = Path(__file__).resolve().parent.parent / "engine/op/tokenizer/char_table_data.cc"
CODES = [code for code in range(0x110000) if not 0xD800 <= code < 0xE000]
# The order is that of `Category` in char_table.h.
CATEGORIES = ["Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "M", "Nd", "Nl", "No", "P", "S", "Z"]
# The order is that of the bits behind the category.
TRAITS = ["numeric", "punctuation", "control", "word", "pattern_word"]
TRAITS += ["accent", "mark", "inert", "han"]
HEAD = f"""\
// Made by tools/tokenizer_tables.py from tokenizers {tokenizers.__version__}: not to be edited.
#include "op/tokenizer/char_table_data.h"

namespace millrace::op {{

// clang-format off
"""


def removed_by(splitter: pre_tokenizers.PreTokenizer) -> set[int]:
    """The code points that a splitter takes away."""
    removed: set[int] = set()
    for begin in range(0, len(CODES), 4096):
        block = CODES[begin : begin + 4096]
        kept = {
            ord(char)
            for piece, _ in splitter.pre_tokenize_str("".join(map(chr, block)))
            for char in piece
        }
        removed.update(code for code in block if code not in kept)
    return removed


def matched_by(pattern: str) -> set[int]:
    return removed_by(pre_tokenizers.Split(Regex(pattern), "removed"))


def lost_in(normalizer: normalizers.Normalizer) -> set[int]:
    """The code points that a normalizer takes away between two letters."""
    return {code for code in CODES if normalizer.normalize_str(f"a{chr(code)}b") == "ab"}


def numeric() -> set[int]:
    digits = pre_tokenizers.Digits(individual_digits=True)
    text = "a".join(map(chr, CODES))
    return {ord(piece) for piece, _ in digits.pre_tokenize_str(text) if len(piece) == 1} - {97}


def words() -> set[int]:
    whitespace = pre_tokenizers.Whitespace()
    return {c for c in CODES if len(whitespace.pre_tokenize_str(f"a{chr(c)}b")) == 1}


def inert() -> set[int]:
    """The code points that stay as they are in every normal form, whatever stands around them."""
    nfd, nfc, nfkd = normalizers.NFD(), normalizers.NFC(), normalizers.NFKD()
    found: set[int] = set()
    joins: set[int] = set()
    for code in CODES:
        char = chr(code)
        decomposed = nfd.normalize_str(char)
        if decomposed != char:
            joins.update(map(ord, decomposed[1:]))
        changed = decomposed != char or nfkd.normalize_str(char) != char
        changed |= nfc.normalize_str(char) != char
        # Does it change places with a mark of class 240, or one of class 1 with it?
        for text in (f"a\u0345{char}", f"a{char}\u0334"):
            changed |= not changed and nfd.normalize_str(text) != text
        if not changed:
            found.add(code)
    return found - joins


def lowered() -> dict[int, int]:
    lower = normalizers.Lowercase()
    out = {}
    for code in CODES:
        text = lower.normalize_str(chr(code))
        if code == 0x130:
            assert text == "i\u0307"  # the only one of two; char_table.cc knows it
        elif text != chr(code):
            out[code] = ord(text)
    return out


def ranges(values: list[int]) -> Iterator[tuple[int, int]]:
    before = None
    for code, value in enumerate(values):
        if value != before:
            yield code, value
        before = value


def runs(lower: dict[int, int]) -> Iterator[tuple[int, int, int, int]]:
    """First, last, step, what is added."""
    todo = sorted(lower)
    while todo:
        first = todo[0]
        delta = lower[first] - first
        best = [first]
        for step in (1, 2):
            run = [first]
            while lower.get(run[-1] + step, 0) - run[-1] - step == delta:
                run.append(run[-1] + step)
            best = max(best, run, key=len)
        step = best[1] - best[0] if len(best) > 1 else 1
        yield first, best[-1], step, delta
        taken = set(best)
        todo = [code for code in todo if code not in taken]


def lines(items: Iterable[str]) -> str:
    out, line = [], " "
    for item in items:
        if len(line) + len(item) + 2 > 100:
            out.append(line)
            line = " "
        line += f" {item},"
    return "\n".join([*out, line]) + "\n"


def main() -> int:
    values = [0] * 0x110000
    for number, name in enumerate(CATEGORIES, start=1):
        for code in matched_by(rf"\p{{{name}}}"):
            values[code] = values[code] or number
    bert = {"clean_text": False, "handle_chinese_chars": False, "lowercase": False}
    traits = {
        "numeric": numeric(),
        "punctuation": removed_by(pre_tokenizers.Punctuation("removed")),
        "control": lost_in(
            normalizers.BertNormalizer(**(bert | {"clean_text": True}), strip_accents=False)
        ),
        "word": words(),
        "pattern_word": matched_by(r"\w"),
        "accent": lost_in(normalizers.BertNormalizer(**bert, strip_accents=True)),
        "mark": lost_in(normalizers.StripAccents()),
        "inert": inert(),
        "han": matched_by(r"\p{Han}"),
    }
    for bit, name in enumerate(TRAITS, start=4):
        for code in traits[name]:
            values[code] |= 1 << bit
    table = HEAD
    table += "const CharRange kCharRanges[] = {\n"
    table += lines(f"{{{code:#x},{value:#x}}}" for code, value in ranges(values))
    table += "};\nconst size_t kCharRangeCount = sizeof kCharRanges / sizeof *kCharRanges;\n\n"
    table += "const LowerRun kLowerRuns[] = {\n"
    table += lines(
        f"{{{first:#x},{last:#x},{step},{delta}}}" for first, last, step, delta in runs(lowered())
    )
    table += "};\nconst size_t kLowerRunCount = sizeof kLowerRuns / sizeof *kLowerRuns;\n"
    table += "// clang-format on\n\n}  // namespace millrace::op\n"
    PATH.write_text(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
