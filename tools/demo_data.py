"""Makes the demo's input from what this machine carries and nobody here wrote.

  packages.csv    Debian's package database, one row per package known to dpkg
  texts-N.jsonl   the texts under /usr/share/doc, or, where a slim image has none, the common
                  licences and the sources of Python's library

The bytes depend on the machine's content alone. Nothing is repaired: a text that is not UTF-8 goes
into its line as it is, a missing field stays missing. At most --limit bytes are written.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import hashlib
import json
import os
import re
import shutil
import sys
import sysconfig
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

DPKG_STATUS = Path("/var/lib/dpkg/status")
DOC = Path("/usr/share/doc")
LICENSES = Path("/usr/share/common-licenses")
FILE_BYTES = 8_000_000
TEXTS_MIN = 200
FIELDS = [
    "Package",
    "Version",
    "Status",
    "Priority",
    "Section",
    "Architecture",
    "Installed-Size",
    "Maintainer",
    "Homepage",
    "Depends",
    "Description",
]
# What a JSON string must escape; bytes from 0x80 on are passed through as they are.
ESCAPES = {byte: f"\\u{byte:04x}".encode() for byte in range(0x20)}
ESCAPES |= {ord("\n"): b"\\n", ord("\t"): b"\\t", ord("\r"): b"\\r"}
ESCAPES |= {ord('"'): b'\\"', ord("\\"): b"\\\\"}
ESCAPED = re.compile(rb'[\x00-\x1f"\\]')


def packages(status: str) -> Iterator[dict[str, str]]:
    """The stanzas of a dpkg status file. Continuation lines keep their newlines."""
    for stanza in status.split("\n\n"):
        fields: dict[str, str] = {}
        key = ""
        for line in stanza.split("\n"):
            if line.startswith((" ", "\t")) and key:
                fields[key] += "\n" + line[1:]
            elif ": " in line or line.endswith(":"):
                key, _, value = line.partition(":")
                fields[key] = value.strip()
        if fields:
            yield fields


def write_packages(path: Path) -> int:
    rows = 0
    text = ""
    if DPKG_STATUS.is_file():
        text = DPKG_STATUS.read_text(encoding="utf-8", errors="surrogateescape")
    with path.open("w", encoding="utf-8", errors="surrogateescape", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([field.lower().replace("-", "_") for field in FIELDS])
        for fields in packages(text):
            writer.writerow([fields.get(field, "") for field in FIELDS])
            rows += 1
    return rows


def text_files() -> list[Path]:
    """Candidates in an order that spreads over all packages however few are taken."""
    found = files_below(DOC)
    if len(found) < TEXTS_MIN:
        found += files_below(LICENSES) + files_below(Path(sysconfig.get_path("stdlib")))
    return sorted(found, key=lambda path: hashlib.sha256(os.fsencode(path)).digest())


def files_below(folder: Path) -> list[Path]:
    found = []
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name not in {"site-packages", "__pycache__"}]
        for name in names:
            path = Path(parent, name)
            if path.is_file() and not path.is_symlink():
                found.append(path)
    return found


def read_text(path: Path) -> bytes | None:
    """The text, decompressed; None for what is no text or cannot be read."""
    try:
        content = path.read_bytes()
        if content[:2] == b"\x1f\x8b":
            content = gzip.decompress(content)
    except (OSError, EOFError, zlib.error):
        return None
    return None if b"\x00" in content else content


def json_line(path: Path, text: bytes) -> bytes:
    relative = path.relative_to(DOC) if path.is_relative_to(DOC) else path.relative_to("/")
    modified = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(path.stat().st_mtime))
    source = {
        "package": relative.parts[0],
        "path": os.fsencode(path).decode("utf-8", "replace"),
        "modified": modified,
    }
    head = json.dumps({"source": source, "bytes": len(text)}, ensure_ascii=False).encode()
    digest = hashlib.sha256(text).hexdigest().encode()
    body = ESCAPED.sub(lambda match: ESCAPES[match.group()[0]], text)
    return head[:-1] + b', "sha256": "' + digest + b'", "text": "' + body + b'"}\n'


def write_texts(folder: Path, limit: int) -> int:
    lines: list[tuple[Path, bytes]] = []
    left = limit
    for path in text_files():
        text = read_text(path)
        if text is None:
            continue
        line = json_line(path, text)
        if len(line) <= left:
            lines.append((path, line))
            left -= len(line)
        if left < limit // 100:
            break
    lines.sort()
    number = written = 0
    file = (folder / f"texts-{number}.jsonl").open("wb")
    for _, line in lines:
        if written >= FILE_BYTES:
            file.close()
            number, written = number + 1, 0
            file = (folder / f"texts-{number}.jsonl").open("wb")
        written += file.write(line)
    file.close()
    return len(lines)


def state_of_the_machine(limit: int) -> str:
    """Changes when the packages, and with them the texts, or this program do."""
    digest = hashlib.sha256(f"{limit} {DOC.is_dir()}".encode())
    digest.update(Path(__file__).read_bytes())
    if DPKG_STATUS.is_file():
        digest.update(DPKG_STATUS.read_bytes())
    return digest.hexdigest()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="the folder to make")
    parser.add_argument("--limit", type=int, default=50_000_000, help="bytes of all files")
    options = parser.parse_args()
    out: Path = options.out
    state = state_of_the_machine(options.limit)
    stamp = out.with_name(out.name + ".state")
    if out.is_dir() and stamp.is_file() and stamp.read_text() == state:
        return 0
    print("demo: collecting this machine's own files", file=sys.stderr)
    stamp.unlink(missing_ok=True)
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    rows = write_packages(out / "packages.csv")
    texts = write_texts(out, options.limit - (out / "packages.csv").stat().st_size)
    stamp.write_text(state)
    print(f"demo: {rows} packages and {texts} texts in {out}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
