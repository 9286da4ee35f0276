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


@pytest.mark.parametrize("damage", ["torn", "gone", "note"])
def test_what_is_not_whole_is_not_read(damage: str) -> None:
    made = pipeline(*MANY)
    expected = made.run(given()).to_list()
    copy = min(CACHE.glob("*.arrow"))
    if damage == "torn":
        copy.write_bytes(copy.read_bytes()[:-100])
    elif damage == "gone":
        copy.unlink()
    else:
        copy.with_suffix(".json").write_text('{"shards": [')
    result = made.run(given())
    assert result.to_list() == expected
    # All of them have given way to one file, with its note.
    assert len(list(CACHE.glob("*.arrow"))) == len(list(CACHE.glob("*.json"))) == 1


def test_other_types_than_the_shards_have() -> None:
    features = datasets.Features(
        {"id": datasets.Value("int64"), "m": datasets.Array2D((2, 2), "int8")}
    )
    data = datasets.Dataset.from_dict({"id": [1, 2, 3], "m": [[[1, 2], [3, 4]]] * 3}, features)
    result = pipeline("a").run(data)
    assert result.features == features and result.to_list() == data.select([0, 1]).to_list()
    assert len(list(CACHE.iterdir())) == 2


def test_what_lies_under_a_null_is_in_no_file() -> None:
    secret = "not to be seen"
    texts = pa.array([secret, "open"])
    struct = pa.StructArray.from_arrays([texts], ["text"], mask=pa.array([True, False]))
    table = pa.table({"id": [1, 2], "nested": struct})
    assert secret.encode() in b"".join(bytes(one) for one in texts.buffers() if one)
    result = pipeline("a").run(datasets.Dataset(datasets.table.InMemoryTable(table)))
    assert result["nested"][:] == [None, {"text": "open"}]
    assert all(secret.encode() not in path.read_bytes() for path in CACHE.iterdir())


def test_nobody_else_gets_copies() -> None:
    made = pipeline("a")
    made.run(rows(20).to_iterable_dataset())
    assert not CACHE.exists()
    shown = made.run(rows(20), provenance=True)
    assert "__fdf__/row_id" in shown.column_names and len(files_of(shown)) == 1
    by_source = pipeline(*MANY).run(datasets.DatasetDict(given()))
    assert all(len(files_of(one)) == 1 for one in by_source.values())
    even = pipeline("a", output={"shards_multiple_of": 4}).run(rows(30))
    assert len(files_of(even)) == 1 and len(even) == 20


def test_a_saved_result_and_workers(tmp_path: Path) -> None:
    result = pipeline(*MANY).run(given())
    result.save_to_disk("saved")
    assert datasets.load_from_disk("saved").to_list() == result.to_list()
    mapped = result.map(lambda row: {"twice": 2 * row["id"]}, num_proc=2)
    assert mapped["twice"][:] == [2 * number for number in result["id"][:]]
    again = pipeline("a").run(result)  # and in once more
    assert again.to_list() == result.to_list()
