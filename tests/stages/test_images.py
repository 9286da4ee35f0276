"""Operators on images, over a Parquet file of them with some that are none."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from command import Millrace

CONFIG = """\
version: 1
name: pictures
workspace: ./workspace
limits: {threads: 2, memory: 256MiB}
sources:
  s: {type: parquet, path: images.parquet}
contract:
  columns:
    name: {type: string, required: true}
    image: {type: binary}
stages:
  - name: usable
    operators:
      - {id: fits, type: image_filter, field: image, formats: [png], width_min: 16, rejects: keys}
      - {id: picture, type: image_stats, field: image, pixels_max: 1000000}
      - {id: whole, type: where, expr: "picture_reason is null", rejects: keys}
      - {id: sharp, type: threshold, field: picture.sharpness, min: 1, action: tag}
  - name: unique
    operators:
      - {id: once, type: exact_dedup, fields: [picture_hash]}
exports:
  x: {type: parquet, path: out}
"""


def png(width: int, height: int, shade: int = 0, size: tuple[int, int] | None = None) -> bytes:
    """A slope of greys; `size` is what the header says instead."""

    def chunk(name: bytes, data: bytes) -> bytes:
        crc = zlib.crc32(name + data)
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", crc)

    says = struct.pack(">IIBBBBB", *(size or (width, height)), 8, 0, 0, 0, 0)
    rows = b"".join(
        b"\0" + bytes((shade + 9 * x * (y + 1)) % 256 for x in range(width)) for y in range(height)
    )
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", says)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


IMAGES = {
    "first": png(20, 10),
    "same": png(20, 10),
    "other": png(30, 24, 128),
    "none": None,
    "text": b"no image at all",
    "small": png(8, 8),
    "cut": png(20, 10)[:60],
    "bomb": png(20, 10, size=(60000, 60000)),
    "gif": b"GIF89a\x20\x00\x20\x00",
}


def test_images_are_measured_filtered_and_found_again(millrace: Millrace, tmp_path: Path) -> None:
    table = pa.table(
        {"name": list(IMAGES), "image": pa.array(IMAGES.values(), pa.binary())},
    )
    pq.write_table(table, tmp_path / "images.parquet")
    (tmp_path / "pipeline.yaml").write_text(CONFIG)
    told = millrace.ok("run", "pipeline.yaml", "--json", cwd=tmp_path).json()
    reasons = {
        (r["rule"], r["rows"]) for s in told["stages"] for r in rejects_of(tmp_path, s["name"])
    }
    assert reasons == {
        ("image_filter.null", 1),
        ("image_filter.unreadable", 1),
        ("image_filter.width", 1),
        ("image_filter.format", 1),
        ("where.false", 2),
        ("exact_dedup.duplicate", 1),
    }
    (shard,) = (tmp_path / "out").glob("[0-9a-f]*/*.parquet")
    rows = pq.read_table(shard).to_pylist()
    assert [row["name"] for row in rows] == ["first", "other"]
    measures = rows[0]["__fdf__/scores"]["picture"]
    assert (measures["width"], measures["height"], measures["aspect"]) == (20, 10, 2.0)
    assert measures["bytes"] == len(IMAGES["first"] or b"")
    assert measures["sharpness"] > 1 and 0 < measures["entropy"] <= 8
    assert len(rows[0]["picture_hash"]) == 16


def rejects_of(folder: Path, stage: str) -> list[dict[str, object]]:
    counts: dict[str, int] = {}
    for file in folder.glob(f"workspace/stages/{stage}/*/rejects/*.parquet"):
        for rule in pq.read_table(file)["rule"].to_pylist():
            counts[rule] = counts.get(rule, 0) + 1
    return [{"rule": rule, "rows": rows} for rule, rows in counts.items()]
