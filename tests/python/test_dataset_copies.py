"""A Dataset of a run is made of what the run copied beside its shards, or else of the shards."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import datasets
import pyarrow as pa
import pytest

import millrace
from command import Millrace
from millrace import Stage, ops

CACHE = Path("w/datasets")
MANY = ("a", "b", "c")  # sources: each is a split of its own, with a shard


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(name="cli")
def command(millrace: Millrace) -> Millrace:
    return millrace


def pipeline(*names: str, **stage: Any) -> millrace.Pipeline:
    keep = Stage("long", [ops.Where(id="keep", expr="id % 3 != 0")], input=list(names), **stage)
    sources = {name: {"type": "dataset"} for name in names}
    return millrace.Pipeline("rows", sources=sources, stages=[keep], workspace="w")


def rows(count: int, first: int = 0) -> datasets.Dataset:
    numbers = range(first, first + count)
    return datasets.Dataset.from_dict(
        {
            "id": list(numbers),
            "text": [None if number % 7 == 0 else f"word {number} é" for number in numbers],
            "tags": [[str(number)] * (number % 4) for number in numbers],
        }
    )


def given(**sizes: int) -> dict[str, datasets.Dataset]:
    return {name: rows(sizes.get(name, 50), 1000 * at) for at, name in enumerate(MANY)}


def shards() -> list[Path]:
    return list(Path("w/stages/long").glob("*/data/*.parquet"))


def copies() -> dict[str, int]:
    return {path.stem: path.stat().st_mtime_ns for path in CACHE.glob("*.arrow")}


def files_of(dataset: datasets.Dataset) -> set[str]:
    return {Path(file["filename"]).stem for file in dataset.cache_files}


def from_shards(run: millrace.Run | None) -> datasets.Dataset:
    assert run is not None
    shutil.rmtree(CACHE)
    made = run.to_dataset()
    assert len(files_of(made)) == 1
    return made


def test_copies_hold_the_rows_of_the_shards() -> None:
    made = pipeline(*MANY)
    result = made.run(given())
    assert files_of(result) == set(copies()) and len(copies()) == len(shards()) == len(MANY)
    held = result.to_list()
    again = from_shards(made.last_run)
    assert again.to_list() == held and again.features == result.features
    assert again._fingerprint == result._fingerprint
    expected = [row for one in given().values() for row in one.to_list() if row["id"] % 3]
    assert held == expected


def test_an_unchanged_shard_keeps_its_copy(cli: Millrace) -> None:
    pipeline(*MANY).run(given())
    before = copies()
    result = pipeline(*MANY).run(given(b=80))
    after = copies()
    kept = set(before) & set(after)
    assert len(kept) == 3 and {name: before[name] for name in kept} == before
    assert len(after) == 4 and len(files_of(result)) == 3
    cli.ok("gc", "w")  # the commit of the shard before is still there, so all copies stay
    assert set(copies()) == set(after)
    assert result.to_list() == from_shards(millrace.open_run("w")).to_list()
    pipeline(*MANY).run(given())
    shutil.rmtree("w/stages/long")
    cli.ok("gc", "w")
    assert [p.name for p in CACHE.iterdir()] == []


@pytest.mark.parametrize("damage", ["torn", "gone", "other", "note", "no map"])
def test_what_is_not_whole_is_not_read(damage: str) -> None:
    made = pipeline(*MANY)
    first = made.run(given())
    expected = first.to_list()
    copy = min(CACHE.glob("*.arrow"))
    whole = copy.read_bytes()
    copy.unlink()  # so that who has mapped it keeps it
    if damage == "torn":
        copy.write_bytes(whole[:-100])
    elif damage == "other":
        copy.write_bytes(bytes(len(whole)))
    elif damage != "gone":
        copy.write_bytes(whole)
        copy.with_suffix(".json").write_text('{"shards": [' if damage == "note" else "[]")
    result = made.run(given())
    assert result.to_list() == expected and len(files_of(result)) == 1
    # What others may have mapped stays.
    assert {path.stem for path in CACHE.glob("*.arrow")} >= files_of(first) - {copy.stem}


@pytest.mark.parametrize("name", ["Array2D", "large list", "list of large"])
def test_other_types_than_the_shards_have(name: str) -> None:
    large = datasets.Value("large_string")
    given: dict[str, tuple[Any, Any]] = {
        "Array2D": (datasets.Array2D((2, 2), "int8"), [[1, 2], [3, 4]]),
        "large list": (datasets.LargeList(datasets.Value("string")), ["text"]),
        "list of large": (datasets.List(large), ["text"]),
    }
    feature, value = given[name]
    features = datasets.Features({"id": datasets.Value("int64"), "column": feature})
    data = datasets.Dataset.from_dict({"id": [1, 2, 3], "column": [value] * 3}, features)
    result = pipeline("a").run(data)
    assert result.features == features and result.to_list() == data.select([0, 1]).to_list()
    assert set(copies()) == files_of(result) and len(copies()) == 1


def test_large_texts_are_mapped_as_such() -> None:
    features = datasets.Features(
        {
            "id": datasets.Value("int64"),
            "text": datasets.Value("large_string"),
            "bytes": datasets.Value("large_binary"),
        }
    )
    given = {"id": [1, 2, 3], "text": ["a", None, "é"], "bytes": [b"1", b"", None]}
    data = datasets.Dataset.from_dict(given, features)
    result = pipeline("a").run(data)
    assert files_of(result) == set(copies()) and len(next(iter(copies()))) == 64
    assert result.features == features and result.to_list() == data.select([0, 1]).to_list()


SECRET = "not to be seen"


def hiding() -> dict[str, pa.Array]:
    """Columns of two rows, with the secret under a null of the first."""
    texts, mask = pa.array([SECRET, "open"]), pa.array([True, False])
    bitmap = pa.py_buffer(b"\x02")
    text = pa.StringArray.from_buffers(2, texts.buffers()[1], texts.buffers()[2], bitmap)
    offsets = pa.array([0, 1, 2], pa.int32())
    numbers = pa.array([int.from_bytes(SECRET[:8].encode(), "little"), 7], pa.int64())
    return {
        "struct": pa.StructArray.from_arrays([texts], ["text"], mask=mask),
        "text": text,
        "list": pa.ListArray.from_arrays(offsets, text),
        "null list": pa.ListArray.from_arrays(offsets, texts, mask=mask),
        "number": pa.Int64Array.from_buffers(pa.int64(), 2, [bitmap, numbers.buffers()[1]]),
    }


@pytest.mark.parametrize("name", list(hiding()))
def test_what_lies_under_a_null_is_in_no_file(name: str) -> None:
    secret = SECRET[:8].encode()
    table = pa.table({"id": [1, 2], "column": hiding()[name]})
    with pa.OSFile("given.arrow", "wb") as sink, pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    assert secret in Path("given.arrow").read_bytes()
    result = pipeline("a").run(datasets.Dataset.from_file("given.arrow"))
    assert result["column"][:] == table["column"].to_pylist()
    assert files_of(result) == set(copies()) == {path.stem for path in CACHE.glob("*.json")}
    assert all(secret not in path.read_bytes() for path in CACHE.iterdir())


@pytest.mark.parametrize("why", ["stream", "provenance", "by source", "joined", "small shards"])
def test_nobody_else_gets_copies(why: str) -> None:
    if why == "stream":
        pipeline("a").run(rows(20).to_iterable_dataset())
    elif why == "provenance":
        shown = pipeline("a").run(rows(20), provenance=True)
        assert "__fdf__/row_id" in shown.column_names
    elif why == "by source":
        pipeline(*MANY).run(datasets.DatasetDict(given()))
    else:
        output = {"shards_multiple_of": 4} if why == "joined" else {"rows_per_shard": 1000}
        assert len(pipeline("a", output=output).run(rows(30))) == 20
    assert all(len(name) == 16 for name in copies())  # fingerprints: files of all rows


def test_small_batches_are_joined() -> None:
    many = datasets.Dataset.from_dict({"id": range(200_000)})
    made = millrace.Pipeline(
        "rows",
        sources={"a": {"type": "dataset"}},
        stages=[Stage("few", [ops.Where(id="keep", expr="id % 1000 == 0")])],
        workspace="w",
    )
    result = made.run(many)
    assert files_of(result) == set(copies())
    assert result["id"][:] == list(range(0, 200_000, 1000))
    assert len(result.data["id"].chunks) == len(copies())


def test_a_saved_result_and_workers(tmp_path: Path) -> None:
    result = pipeline(*MANY).run(given())
    result.save_to_disk("saved")
    assert datasets.load_from_disk("saved").to_list() == result.to_list()
    mapped = result.map(lambda row: {"twice": 2 * row["id"]}, num_proc=2)
    assert mapped["twice"][:] == [2 * number for number in result["id"][:]]
    again = pipeline("a").run(result)  # and in once more
    assert again.to_list() == result.to_list()
