"""Zip archives and members of more than 4 GiB, by zip64. They are written by hand: to pack four
gibibytes would take minutes, and a sparse file takes none."""

from __future__ import annotations

import json
import struct
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

import pytest

from command import Millrace

GIB = 1 << 30
CONFIG = """\
version: 1
name: large
workspace: ./workspace
sources: {rows: {type: csv, path: "a.zip!/rows.csv"}}
contract: {columns: {id: {type: int64, required: true}, text: {type: string}}}
"""


@dataclass
class Member:
    name: str
    packed: list[bytes]  # one behind the other
    packed_bytes: int
    unpacked_bytes: int
    crc: int
    method: int
    offset: int = 0

    def common(self) -> bytes:
        sizes = (0xFFFFFFFF, 0xFFFFFFFF)
        return struct.pack("<HHHHHIII", 45, 0, self.method, 0, 33, self.crc, *sizes)

    def local(self) -> bytes:
        extra = struct.pack("<HHQQ", 1, 16, self.unpacked_bytes, self.packed_bytes)
        return (
            b"PK\x03\x04"
            + self.common()
            + struct.pack("<HH", len(self.name), len(extra))
            + self.name.encode()
            + extra
        )

    def entry(self) -> bytes:
        extra = struct.pack("<HHQQQ", 1, 24, self.unpacked_bytes, self.packed_bytes, self.offset)
        return (
            b"PK\x01\x02\x2d\x00"
            + self.common()
            + struct.pack("<HHHHHII", len(self.name), len(extra), 0, 0, 0, 0, 0xFFFFFFFF)
            + self.name.encode()
            + extra
        )


def write_zip(path: Path, members: list[Member]) -> None:
    with path.open("wb") as file:
        for member in members:
            member.offset = file.tell()
            file.write(member.local())
            begin = file.tell()
            for piece in member.packed:
                file.write(piece)
            file.seek(begin + member.packed_bytes)  # what is not written is a hole
        start = file.tell()
        for member in members:
            file.write(member.entry())
        end = file.tell()
        count, size = len(members), end - start
        file.write(
            b"PK\x06\x06" + struct.pack("<QHHIIQQQQ", 44, 45, 45, 0, 0, count, count, size, start)
        )
        file.write(b"PK\x06\x07" + struct.pack("<IQI", 0, end, 1))
        file.write(b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, count, count, size, 0xFFFFFFFF, 0))


def rows_written(millrace: Millrace, folder: Path) -> int:
    (folder / "p.yaml").write_text(CONFIG)
    millrace.ok("run", "p.yaml", cwd=folder)
    manifest = next((folder / "workspace" / "stages").rglob("manifest.json"))
    rows: int = json.loads(manifest.read_text())["output_rows"]
    return rows


def test_a_member_behind_4_gib(millrace: Millrace, tmp_path: Path) -> None:
    text = b"id,text\n1,a\n2,b\n"
    hole = Member("pad.bin", [], 4 * GIB + 5, 4 * GIB + 5, 0, 0)
    stored = Member("rows.csv", [text], len(text), len(text), zlib.crc32(text), 0)
    write_zip(tmp_path / "a.zip", [hole, stored])
    with zipfile.ZipFile(tmp_path / "a.zip") as peer:
        assert peer.read("rows.csv") == text
    assert rows_written(millrace, tmp_path) == 2
    # One that is not what the directory says is named, at any size.
    damaged = Member("rows.csv", [text], len(text), len(text), 1, 0)
    write_zip(tmp_path / "a.zip", [hole, damaged])
    outcome = millrace("run", "p.yaml", cwd=tmp_path)
    assert outcome.code == 1
    assert "MR2004" in outcome.err and "CRC-32" in outcome.err


@pytest.mark.long
def test_a_member_of_more_than_4_gib(millrace: Millrace, tmp_path: Path) -> None:
    head = b"id,text\n"
    block = b"".join(b"%d,%s\n" % (number, b"x" * 1000) for number in range(60_000))
    count = 4 * GIB // len(block) + 2
    crc = zlib.crc32(head)
    for _ in range(count):
        crc = zlib.crc32(block, crc)

    def packed(piece: bytes) -> bytes:
        packer = zlib.compressobj(1, zlib.DEFLATED, -15)
        return packer.compress(piece) + packer.flush(zlib.Z_FULL_FLUSH)

    pieces = [packed(head), *[packed(block)] * count, b"\x03\x00"]
    size = len(head) + count * len(block)
    assert size > 4 * GIB
    member = Member("rows.csv", pieces, sum(map(len, pieces)), size, crc, 8)
    write_zip(tmp_path / "a.zip", [member])
    assert rows_written(millrace, tmp_path) == 60_000 * count
