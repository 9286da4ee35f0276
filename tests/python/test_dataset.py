"""A Dataset goes in, and one comes out: rows, features, fingerprints, errors."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import datasets
import pyarrow as pa
import pytest

import millrace
from millrace import _progress, ops

WORDS = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]


def pipeline(tmp_path: Path, *operators: millrace.Operator, **more: Any) -> millrace.Pipeline:
    stages = [millrace.Stage("kept", operators)] if operators else []
    return millrace.Pipeline(
        "curated",
        workspace=tmp_path / "workspace",
        sources={"train": {"type": "dataset"}},
        stages=stages,
        **more,
    )


def texts(rows: int) -> datasets.Dataset:
    return datasets.Dataset.from_dict(
        {
            "id": list(range(rows)),
            "text": [" ".join(WORDS[: 1 + row % 10]) + f" {row}" for row in range(rows)],
        }
    )


def test_dataset_becomes_dataset(tmp_path: Path) -> None:
    data = texts(1000)
    curate = pipeline(
        tmp_path,
        ops.TextStats(id="stats", field="text"),
        ops.Where(id="keep", expr="stats.words >= 5"),
    )
    kept = curate.run(data)
    assert isinstance(kept, datasets.Dataset)
    assert kept.features == data.features
    assert kept.to_dict() == data.filter(lambda row: len(row["text"].split()) >= 5).to_dict()
    run = curate.last_run
    assert run is not None and run.counts.read == 1000
    assert run.stage("kept").counts.rejected == 1000 - len(kept)
    rejects = run.stage("kept").rejects()
    assert isinstance(rejects, datasets.Dataset)
    assert set(rejects["rule"]) == {"where.false"}
    # Each row can be followed back to where it was in the dataset.
    with_ids = run.to_dataset(provenance=True)
    assert with_ids["__fdf__/row_id"][:2] == [f"train/rows#{row}" for row in kept["id"][:2]]


def test_equal_runs_give_equal_fingerprints(tmp_path: Path) -> None:
    keep = ops.Where(id="keep", expr="id >= 3")
    first = pipeline(tmp_path / "a", keep).run(texts(10))
    again = pipeline(tmp_path / "b", keep)
    second = again.run(texts(10))
    assert first._fingerprint == second._fingerprint
    assert first.to_dict() == second.to_dict()
    # Nothing is done twice for rows that are known.
    again.run(texts(10))
    assert again.last_run is not None and again.last_run.result is not None
    told = again.last_run.result
    assert told["splits_skipped"] == told["splits_total"] > 0
    assert pipeline(tmp_path / "b", keep).run(texts(11))._fingerprint != second._fingerprint


def storage_of(type_: pa.DataType) -> pa.DataType:
    return type_.storage_type if isinstance(type_, pa.BaseExtensionType) else type_


def test_features_stay(tmp_path: Path) -> None:
    features = datasets.Features(
        {
            "label": datasets.ClassLabel(names=["no", "yes"]),
            "picture": datasets.Image(decode=False),
            "sound": datasets.Audio(decode=False),
            "large": datasets.Value("large_string"),
            "small": datasets.Value("int8"),
            "half": datasets.Value("float16"),
            "day": datasets.Value("date32"),
            "when": datasets.Value("timestamp[us, tz=UTC]"),
            "tokens": datasets.List(datasets.Value("int32")),
            "fixed": datasets.List(datasets.Value("float32"), length=2),
            "many": datasets.LargeList(datasets.Value("string")),
            "matrix": datasets.Array2D(shape=(2, 2), dtype="int32"),
            "chat": [{"role": datasets.Value("string"), "n": datasets.Value("int64")}],
            "flag": datasets.Value("bool"),
            "bytes": datasets.Value("binary"),
        }
    )
    rows = 5
    columns: dict[str, list[Any]] = {
        "label": [row % 2 for row in range(rows)],
        "picture": [{"bytes": b"\xff\xd8" + bytes([row]), "path": None} for row in range(rows)],
        "sound": [{"bytes": b"RIFF", "path": "a.wav"}] * rows,
        "large": [f"text {row}" for row in range(rows)],
        "small": [-row for row in range(rows)],
        "half": [0.5 * row for row in range(rows)],
        "day": [None] * rows,
        "when": [None] * rows,
        "tokens": [list(range(row)) for row in range(rows)],
        "fixed": [[row, row + 0.5] for row in range(rows)],
        "many": [["a", None]] * rows,
        "matrix": [[[row, 1], [2, 3]] for row in range(rows)],
        "chat": [[{"role": "user", "n": row}] for row in range(rows)],
        "flag": [None, True, False, True, None],
        "bytes": [b"\x00\xff"] * rows,
    }
    # Pictures and sounds as their bytes: to encode them takes packages of their own.
    stored = features.arrow_schema
    arrays = [pa.array(columns[field.name], storage_of(field.type)) for field in stored]
    data = datasets.Dataset(
        datasets.table.table_cast(pa.table(arrays, names=stored.names), stored), fingerprint="f"
    )
    curate = pipeline(tmp_path, ops.Where(id="all", expr="small <= 0"))
    kept = curate.run(data)
    assert kept.features == features
    assert kept.to_dict() == data.to_dict()
    # They lie in the shards themselves, for whoever opens them later.
    run = millrace.open_run(tmp_path / "workspace")
    assert run.to_dataset().features == features
    streamed = run.to_iterable_dataset()
    assert streamed.features == features
    assert list(streamed) == list(data)


def test_indices_are_honoured(tmp_path: Path) -> None:
    data = texts(5000).shuffle(seed=7)
    assert data._indices is not None
    kept = pipeline(tmp_path, ops.Where(id="keep", expr="id != 17")).run(data)
    assert kept["id"][:] == [row for row in data["id"] if row != 17]
    some = pipeline(tmp_path).run(data.select([3, 1, 4, 1, 5]))
    assert some.to_dict() == data.select([3, 1, 4, 1, 5]).to_dict()


def test_columns_of_a_format_are_honoured(tmp_path: Path) -> None:
    data = texts(3).with_format("numpy", columns=["text"])
    assert pipeline(tmp_path).run(data).column_names == ["text"]
    with pytest.raises(TypeError, match="map"):
        pipeline(tmp_path).run(texts(3).with_transform(lambda batch: batch))


def test_several_splits_in_parallel(tmp_path: Path) -> None:
    """More rows than one piece holds: pieces are splits, in order, whatever the threads."""
    blob = "x" * (1 << 20)
    data = datasets.Dataset.from_dict({"id": list(range(200)), "blob": [blob] * 200})
    curate = pipeline(tmp_path, contract={"columns": {"id": {"type": "int64"}}})
    kept = curate.run(data, threads=4)
    assert kept["id"][:] == list(range(200))
    run = curate.last_run
    assert run is not None and run.result is not None
    assert run.result["splits_total"] == 7  # of 32 rows: 64 of them are a little more than 64 MiB


def test_contract_casts_and_rejects(tmp_path: Path) -> None:
    data = datasets.Dataset.from_dict({"n": ["1", "x", "3"], "other": [1, 2, 3]})
    curate = pipeline(tmp_path, contract={"columns": {"n": {"type": "int64", "required": True}}})
    kept = curate.run(data)
    assert kept.to_dict() == {"n": [1, 3]}
    assert kept.features == datasets.Features({"n": datasets.Value("int64")})
    assert curate.last_run is not None
    rejects = curate.last_run.rejects()
    assert rejects["__fdf__/row_id"][:] == ["train/rows#1"]
    assert json.loads(rejects["raw"][0]) == {"n": "x"}


def test_texts_stay_texts(tmp_path: Path) -> None:
    """A dataset has types: what looks like a number in a text is none."""
    data = datasets.Dataset.from_dict({"code": ["007", "1"]})
    assert pipeline(tmp_path).run(data).to_dict() == data.to_dict()


def no_rows() -> Iterator[dict[str, Any]]:
    yield from ()


def test_empty_dataset(tmp_path: Path) -> None:
    data = texts(3).select([])
    curate = pipeline(tmp_path, ops.Where(id="keep", expr="id > 1"))
    kept = curate.run(data)
    assert len(kept) == 0 and kept.features == data.features
    nothing = pipeline(tmp_path, ops.Where(id="keep", expr="id > 100")).run(texts(3))
    assert len(nothing) == 0 and nothing.features == data.features
    empty = datasets.IterableDataset.from_generator(no_rows, features=data.features)
    stream = pipeline(tmp_path).run(empty)
    assert isinstance(stream, datasets.IterableDataset)
    assert list(stream) == [] and stream.features == data.features
    with pytest.raises(ValueError, match="neither rows nor features"):
        pipeline(tmp_path).run(datasets.IterableDataset.from_generator(no_rows))


def test_stream_becomes_stream(tmp_path: Path) -> None:
    def rows() -> Iterator[dict[str, Any]]:
        for row in range(2500):
            yield {"id": row, "text": f"row {row}"}

    curate = millrace.Pipeline(
        "streamed",
        workspace=tmp_path / "workspace",
        sources={"train": {"type": "dataset", "stream_split_rows": 1000}},
        stages=[millrace.Stage("kept", [ops.Where(id="keep", expr="id % 2 = 0")])],
    )
    kept = curate.run(datasets.IterableDataset.from_generator(rows))
    assert isinstance(kept, datasets.IterableDataset)
    assert [row["id"] for row in kept] == list(range(0, 2500, 2))
    assert kept.features is not None and list(kept.features) == ["id", "text"]
    # Over the shards as they are committed: nothing was copied.
    assert not (tmp_path / "workspace" / "datasets").exists()
    run = curate.last_run
    assert run is not None and run.result is not None
    ids = run.to_dataset(provenance=True)["__fdf__/row_id"]
    assert ids[0] == "train/part-000000.parquet#0"
    assert ids[500] == "train/part-000001.parquet#0"
    # The same rows again are known by their hash; fewer rows leave nothing behind.
    curate.run(datasets.IterableDataset.from_generator(rows))
    assert curate.last_run is not None and curate.last_run.result is not None
    assert curate.last_run.result["splits_skipped"] > 0
    short = curate.run(datasets.IterableDataset.from_generator(rows).take(10))
    assert len(list(short)) == 5


def test_dataset_dict_by_splits(tmp_path: Path) -> None:
    data = datasets.DatasetDict({"train": texts(20), "test": texts(7)})
    curate = pipeline(tmp_path, ops.Where(id="keep", expr="id >= 5"))
    kept = curate.run(data)
    assert isinstance(kept, datasets.DatasetDict)
    assert {split: len(rows) for split, rows in kept.items()} == {"train": 15, "test": 2}
    assert set(curate.last_runs) == {"train", "test"}


def test_dataset_dict_by_sources(tmp_path: Path) -> None:
    curate = millrace.Pipeline(
        "both",
        workspace=tmp_path / "workspace",
        sources={"train": {"type": "dataset"}, "test": {"type": "dataset"}},
        stages=[millrace.Stage("once", [ops.ExactDedup(id="once", fields=["text"])])],
    )
    data = datasets.DatasetDict({"train": texts(20), "test": texts(25)})
    kept = curate.run(data)
    # One run: what the first source has is not kept of the second.
    assert kept["train"].to_dict() == texts(20).to_dict()
    assert kept["test"]["id"][:] == list(range(20, 25))
    both = curate.run({"train": data["train"], "test": data["test"]})
    assert len(both) == 25


def test_save_to_disk(tmp_path: Path) -> None:
    kept = pipeline(tmp_path, ops.Where(id="keep", expr="id >= 5")).run(texts(10))
    kept.save_to_disk(tmp_path / "saved")
    again = datasets.load_from_disk(str(tmp_path / "saved"))
    assert again.to_dict() == kept.to_dict()
    assert again.features == kept.features


def test_output_is_memory_mapped_and_divides(tmp_path: Path) -> None:
    from datasets.distributed import split_dataset_by_node

    kept = pipeline(tmp_path).run(texts(100))
    assert pa.total_allocated_bytes() >= 0
    (file,) = (tmp_path / "workspace" / "datasets").glob("*.arrow")
    assert [cached["filename"] for cached in kept.cache_files] == [str(file)]
    parts = [split_dataset_by_node(kept, rank=rank, world_size=2) for rank in range(2)]
    assert sum(len(part) for part in parts) == 100


def test_exception_in_a_stream_is_the_cause(tmp_path: Path) -> None:
    def rows() -> Iterator[dict[str, Any]]:
        for row in range(3000):
            if row == 2500:
                raise RuntimeError("the source broke at 2500")
            yield {"id": row}

    curate = pipeline(tmp_path)
    with pytest.raises(millrace.DataError, match="the source broke at 2500") as caught:
        curate.run(datasets.IterableDataset.from_generator(rows))
    assert caught.value.code == "MR2007"
    assert isinstance(caught.value.__cause__, RuntimeError)
    assert curate.last_run is None


def test_those_who_watch(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    told: list[dict[str, Any]] = []
    curate = pipeline(tmp_path, ops.Where(id="keep", expr="id >= 3"))
    with caplog.at_level("INFO", logger="millrace"):
        curate.run(texts(10), progress=told.append)
    assert "millrace.Run curated" in caplog.text and "10 read" in caplog.text
    assert curate.last_run is not None
    html = curate.last_run._repr_html_()
    assert "<td>keep" not in html and "keep (where): where.false" in html
    assert "<td>10</td>" in html and "expanded" not in html  # nothing was
    assert "kept: 7>" in repr(curate.last_run)
    assert "<caption>stage kept</caption>" in curate.last_run.stage("kept")._repr_html_()
    assert "<td>train</td><td>10</td>" in curate.last_run.funnel._repr_html_()
    # A run of a few rows may be over before it tells anything.
    now: dict[str, Any] = {"phase": "ingest", "phase_rows_read": 5, "phase_splits_total": 2}
    now |= {"rows_read": 5, "rows_rejected": 0, "phase_splits_done": 1}
    with caplog.at_level("INFO", logger="millrace"), _progress.shown(told.append) as tell:
        tell(now)
    assert told[-1] == now and "ingest: 5 rows" in caplog.text
    with _progress.shown(True) as draw:
        draw(now)
        draw({**now, "phase_rows_read": 7})
    shown = capsys.readouterr().err
    assert "ingest: 7.00row" in shown and "ingest: :" not in shown


def test_no_dataset(tmp_path: Path) -> None:
    curate = pipeline(tmp_path)
    with pytest.raises(millrace.UserError, match="none was handed in") as caught:
        curate.run()
    assert caught.value.code == "MR1506"
    assert caught.value.diagnostics[0].line > 0
    with pytest.raises(millrace.UserError, match="no source `test`"):
        curate.run({"train": texts(1), "test": texts(1)})
    with pytest.raises(TypeError, match="not a list"):
        curate.run([1, 2, 3])
    missing = pipeline(tmp_path, contract={"columns": {"txet": {"type": "string"}}})
    with pytest.raises(millrace.UserError, match="no column `txet`"):
        missing.run(texts(1))


def test_folders_of_datasets(tmp_path: Path) -> None:
    data = texts(50).add_column("label", [row % 2 for row in range(50)])
    data = data.cast_column("label", datasets.ClassLabel(names=["no", "yes"]))
    data.save_to_disk(tmp_path / "one", num_shards=3)
    splits = datasets.DatasetDict({"train": data, "test": data.select(range(7))})
    splits.save_to_disk(tmp_path / "splits")
    hub = tmp_path / "hub" / "data"
    hub.mkdir(parents=True)
    for number, begin in enumerate((0, 20)):
        part = data.select(range(begin, begin + 20))
        part.to_parquet(hub / f"train-{number:05}-of-00002.parquet")
    data.select(range(7)).to_parquet(hub / "test-00000-of-00001.parquet")

    def read(folder: str, split: str | None = None) -> datasets.Dataset:
        source = {"type": "hf", "path": str(tmp_path / folder)}
        if split is not None:
            source["split"] = split
        reads = millrace.Pipeline(
            "folders", workspace=tmp_path / "workspace", sources={"rows": source}
        )
        kept: datasets.Dataset = reads.run()
        assert kept.features == data.features
        return kept

    assert read("one").to_dict() == data.to_dict()
    assert read("splits", "train").to_dict() == data.to_dict()
    assert read("hub", "train")["id"][:] == list(range(40))
    for folder in ("splits", "hub"):
        assert read(folder, "test")["id"][:] == list(range(7))
        with pytest.raises(millrace.UserError, match="several splits"):
            read(folder)
        with pytest.raises(millrace.UserError, match="no split `tset`"):
            read(folder, "tset")
    with pytest.raises(millrace.UserError, match="without splits"):
        read("one", "train")
    (shard, *_) = (tmp_path / "one").glob("*.arrow")
    shard.write_bytes(shard.read_bytes()[:-100])
    with pytest.raises(millrace.Error):
        read("one")
