"""Operators on images, over a Parquet file of them with some that are none."""

from __future__ import annotations

import json
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
    rows = b"".join(
        b"\0" + bytes((shade + 9 * x * (y + 1)) % 256 for x in range(width)) for y in range(height)
    )
    return png_of(*(size or (width, height)), rows)


def png_of(width: int, height: int, rows: bytes) -> bytes:
    def chunk(name: bytes, data: bytes) -> bytes:
        crc = zlib.crc32(name + data)
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", crc)

    says = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", says)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


class Pixels:
    """Pictures as bytes of grey."""

    @staticmethod
    def slope(width: int, height: int) -> bytes:
        """Waves whose areas differ clearly, of any size."""
        return bytes(
            int(255 * ((7 * x / width) % 1 * 0.6 + (3 * y / height) % 1 * 0.4))
            for y in range(height)
            for x in range(width)
        )

    @staticmethod
    def doubled(pixels: bytes, width: int) -> bytes:
        """Each pixel as four."""
        rows = (pixels[begin : begin + width] for begin in range(0, len(pixels), width))
        return b"".join(bytes(x for x in row for _ in range(2)) * 2 for row in rows)


def grey(pixels: bytes, width: int) -> bytes:
    height = len(pixels) // width
    rows = b"".join(b"\0" + pixels[y * width : (y + 1) * width] for y in range(height))
    return png_of(width, height, rows)


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


def test_a_mixture_by_images(millrace: Millrace, tmp_path: Path) -> None:
    picture = png(20, 10)
    image = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    stored = {"bytes": picture, "path": None}
    for name, count in (("one", 1), ("three", 3)):
        table = pa.table(
            {
                "name": [f"{name} {n}" for n in range(3000)],
                "images": pa.array([[stored] * count] * 3000, pa.list_(image)),
            }
        )
        pq.write_table(table, tmp_path / f"{name}.parquet")
    (tmp_path / "pipeline.yaml").write_text(
        "version: 1\nname: pictures\nworkspace: ./workspace\nsources:\n"
        "  one: {type: parquet, path: one.parquet}\n  three: {type: parquet, path: three.parquet}\n"
        "inputs: {one: {weight: 0.5}, three: {weight: 0.5}}\nmixture: {unit: images}\n"
        "stages: [{name: mixed}]\nexports: {x: {type: parquet, path: out}}\n"
    )
    millrace.ok("run", "pipeline.yaml", cwd=tmp_path)
    (key,) = tmp_path.glob("workspace/stages/mixed/*/manifest.json")
    manifest = json.loads(key.read_text())
    one, three = manifest["mixture"]
    assert manifest["mixture_images"] == "images"
    # It ends inside of a block, whose order is random.
    assert abs(one["images"] - three["images"]) <= 30 and one["drawn"] == 3000
    assert one["images"] == one["drawn"] and three["images"] == 3 * three["drawn"]
    assert abs(three["shares"]["images"] - 0.5) < 0.005 and three["shares"]["asked"] == 0.5
    report = json.loads(next(tmp_path.glob("workspace/runs/*/report.json")).read_text())
    assert report["stages"][0]["mixture"][1]["shares"]["images"] == three["shares"]["images"]
    assert "of images" in next(tmp_path.glob("workspace/runs/*/report.html")).read_text()
    text = (tmp_path / "pipeline.yaml").read_text()
    for wrong, says in (
        ("{unit: images, images: name}", "a column of images or a whole number"),
        ("{unit: images, images: pictures}", "`pictures`"),
    ):
        (tmp_path / "pipeline.yaml").write_text(text.replace("{unit: images}", wrong))
        assert says in millrace("validate", "pipeline.yaml", cwd=tmp_path).err


def test_images_that_look_alike_are_dropped(millrace: Millrace, tmp_path: Path) -> None:
    # Like `first`: scaled to twice its size, and with a bright spot.
    spot = bytearray(Pixels.slope(72, 40))
    spot[0] = 255
    images = {
        "first": grey(Pixels.slope(72, 40), 72),
        "none": None,
        "text": b"no image at all",
        "scaled": grey(Pixels.doubled(Pixels.slope(72, 40), 72), 144),
        "spot": grey(bytes(spot), 72),
        "turned": grey(bytes(reversed(Pixels.slope(72, 40))), 72),
        "text again": b"no image at all",
        "same": grey(Pixels.slope(72, 40), 72),
    }
    table = pa.table({"name": list(images), "image": pa.array(images.values(), pa.binary())})
    pq.write_table(table, tmp_path / "images.parquet")
    head = CONFIG.split("stages:")[0]
    once = "{id: once, type: image_dedup, field: image, distance: 3}"
    (tmp_path / "pipeline.yaml").write_text(
        head + "stages: [{name: unique, operators: [" + once + "]}]\n"
        "exports: {x: {type: parquet, path: out}}\n"
    )
    preview = millrace.ok(
        "preview", "pipeline.yaml", "--until", "unique", "--json", cwd=tmp_path
    ).json()
    millrace.ok("run", "pipeline.yaml", cwd=tmp_path)
    (shard,) = (tmp_path / "out").glob("[0-9a-f]*/*.parquet")
    kept = pq.read_table(shard)
    assert kept["name"].to_pylist() == ["first", "none", "text", "turned", "text again"]
    (file,) = tmp_path.glob("workspace/stages/unique/*/rejects/*.parquet")
    rejects = pq.read_table(file).to_pylist()
    first = kept["__fdf__/row_id"].to_pylist()[0]
    assert [r["__fdf__/row_id"].rsplit("#")[1] for r in rejects] == ["3", "4", "7"]
    assert {r["threshold"] for r in rejects} == {first}
    assert {r["rule"] for r in rejects} == {"image_dedup.duplicate"}
    assert [int(r["value"]) <= 3 for r in rejects] == [True] * 3 and rejects[2]["value"] == "0"
    assert preview["stages"][0]["operators"][0]["dropped"] == 3
    traced = millrace.ok(
        "trace", "pipeline.yaml", rejects[2]["__fdf__/row_id"], "--json", cwd=tmp_path
    )
    assert "image_dedup.duplicate" in traced.out and first in traced.out
    (tmp_path / "pipeline.yaml").write_text(
        head + "stages: [{name: unique, operators: [" + once.replace("image,", "name,") + "]}]\n"
        "exports: {x: {type: parquet, path: out}}\n"
    )
    wrong = millrace("validate", "pipeline.yaml", cwd=tmp_path)
    assert "`name` is string, but must be binary" in wrong.err


def rejects_of(folder: Path, stage: str) -> list[dict[str, object]]:
    counts: dict[str, int] = {}
    for file in folder.glob(f"workspace/stages/{stage}/*/rejects/*.parquet"):
        for rule in pq.read_table(file)["rule"].to_pylist():
            counts[rule] = counts.get(rule, 0) + 1
    return [{"rule": rule, "rows": rows} for rule, rows in counts.items()]
