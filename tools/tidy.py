"""Holds the rules of the house that a compiler cannot: layers, names, sizes, who may print.

Layers: `tools/layers.txt` says which rooms of engine/ each room may include; CMake links the rooms
from the same table. Everything outside engine/ may include the public headers and `base`.
Prints one line per problem, `path:line: message`, and fails when there is one.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

LINES_MAX = 800
PLUGIN_INTERFACE = "millrace/plugin.h"
BANNED_NAMES = {"util", "utils", "helper", "helpers", "common", "manager", "misc"}
BANNED_WORDS = re.compile(r"\b(TO" r"DO|FIX" r"ME|X" r"XX)\b")
INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"')
# fprintf to a stream that is not stdout, snprintf and the like are no printing.
PRINTING = re.compile(
    r"\bstd::cout\b|\bstd::puts\b|(?<![\w.>])(?:std::)?(?:v?printf|putchar|puts)\s*\("
    r"|\bfmt::print\s*\(|\bstdout\b|\bSTDOUT_FILENO\b"
)
CPP = {".cc", ".h"}
# Beside sources, the hand-written texts that should stay short enough to read.
SIZED = CPP | {".py", ".sh", ".cmake"}
GENERATED = ": not to be edited."  # at the head of what a tool of ours writes


@dataclass(frozen=True)
class Problem:
    """One broken rule; line 0 means the whole file."""

    path: str
    line: int
    message: str

    def __str__(self) -> str:
        place = f"{self.path}:{self.line}" if self.line else self.path
        return f"{place}: {self.message}"


def read_layers(text: str) -> dict[str, set[str]]:
    """The table room -> rooms it may include. A room may only name rooms above it in the file."""
    layers: dict[str, set[str]] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        line = line.split("#")[0].strip()
        if not line:
            continue
        room, colon, allowed = line.partition(":")
        if not colon or room in layers:
            raise ValueError(f"layers.txt:{number}: expected one `room: allowed rooms` per room")
        unknown = set(allowed.split()) - set(layers)
        if unknown:
            raise ValueError(
                f"layers.txt:{number}: {room} may not use {', '.join(sorted(unknown))}: "
                "a room uses only rooms that stand before it"
            )
        layers[room] = set(allowed.split())
    return layers


def includes_of(text: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text.splitlines(), start=1):
        if match := INCLUDE.match(line):
            yield number, match.group(1)


def check_includes(path: str, text: str, layers: dict[str, set[str]]) -> Iterator[Problem]:
    parts = PurePosixPath(path).parts
    public = parts[:3] == ("engine", "include", "millrace")
    room = parts[1] if parts[0] == "engine" and not public else None
    for number, included in includes_of(text):
        target = included.split("/")[0]
        if "/" not in included or target == "generated":
            continue  # a neighbour in the same folder
        if room is None:
            if target not in {"millrace", "base"} and target in layers:
                who = "a public header" if public else f"{parts[0]}/"
                yield Problem(
                    path, number, f"{who} may include millrace/ and base/, not {included}"
                )
        elif target == "millrace":
            # The public functions are implemented by the top room and known to no other. What
            # plug-ins implement is known to those who call it.
            if room != list(layers)[-1] and included != PLUGIN_INTERFACE:
                yield Problem(path, number, f"room {room} may not include the public {included}")
        elif target in layers and target != room and target not in layers[room]:
            yield Problem(
                path, number, f"room {room} may not include {included} (tools/layers.txt)"
            )


def check_names(path: str) -> Iterator[Problem]:
    for part in PurePosixPath(path).parts:
        stem = part.split(".")[0].lower()
        words = set(re.split(r"[_-]", stem))
        if banned := words & BANNED_NAMES:
            yield Problem(path, 0, f"`{banned.pop()}` says nothing; name what the file holds")
            return


def check_size(path: str, text: str) -> Iterator[Problem]:
    if GENERATED in text[:400]:
        return  # nobody reads it from start to end
    lines = text.count("\n")
    if lines > LINES_MAX:
        yield Problem(path, 0, f"{lines} lines; split it along a noun (limit {LINES_MAX})")


def strip_comment(line: str) -> str:
    """The line without a trailing // comment; good enough where `//` in a string is rare."""
    return line.split("//")[0]


def check_printing(path: str, text: str) -> Iterator[Problem]:
    if path.endswith(("_test.cc", "_benchmark.cc")) or "/testing/" in path:
        return
    for number, line in enumerate(text.splitlines(), start=1):
        if PRINTING.search(strip_comment(line)):
            yield Problem(path, number, "only cli/ prints; return it, or use base/log.h")


def check_words(path: str, text: str) -> Iterator[Problem]:
    for number, line in enumerate(text.splitlines(), start=1):
        if match := BANNED_WORDS.search(line):
            yield Problem(path, number, f"{match.group(0)}: finish it, or file it where it is seen")


def check_rooms(rooms: Iterable[str], layers: dict[str, set[str]]) -> Iterator[Problem]:
    for room in sorted(set(rooms) - set(layers)):
        yield Problem(f"engine/{room}", 0, "the room is missing from tools/layers.txt")
    for room in sorted(set(layers) - set(rooms)):
        yield Problem("tools/layers.txt", 0, f"engine/{room} is named here and is not there")


def check_file(path: str, text: str, layers: dict[str, set[str]]) -> Iterator[Problem]:
    suffix = PurePosixPath(path).suffix
    yield from check_names(path)
    if suffix in SIZED:
        yield from check_size(path, text)
        yield from check_words(path, text)
    if suffix in CPP:
        yield from check_includes(path, text, layers)
        if path.startswith("engine/"):
            yield from check_printing(path, text)


def tracked_files(root: Path) -> list[str]:
    """What git has, or would have after `git add .`."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return sorted({name for name in listed.split("\0") if name and (root / name).is_file()})


def check_tree(root: Path, files: Iterable[str]) -> list[Problem]:
    try:
        layers = read_layers((root / "tools" / "layers.txt").read_text(encoding="utf-8"))
    except ValueError as error:
        return [Problem("tools/layers.txt", 0, str(error))]
    files = list(files)
    rooms = {
        parts[1]
        for parts in (PurePosixPath(name).parts for name in files)
        if parts[0] == "engine" and len(parts) > 2 and parts[1] != "include"
    }
    problems = list(check_rooms(rooms, layers))
    for name in files:
        text = ""
        if PurePosixPath(name).suffix in SIZED:
            text = (root / name).read_text(encoding="utf-8", errors="replace")
        problems.extend(check_file(name, text, layers))
    return problems


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parent.parent)
    root = parser.parse_args().root
    files = tracked_files(root)
    problems = check_tree(root, files)
    for problem in problems:
        print(problem)
    print(f"tidy: {len(files)} files, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
