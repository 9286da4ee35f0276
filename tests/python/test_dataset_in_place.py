"""A dataset that stages read is read where it is: no copy of it is stored."""

from __future__ import annotations

from pathlib import Path

import datasets
import pytest

import millrace
from millrace import Stage, ops


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def pipeline(**source: object) -> millrace.Pipeline:
    return millrace.Pipeline(
        "texts",
        sources={"train": {"type": "dataset", **source}},
        stages=[Stage("long", [ops.Where(id="keep", expr="length(text) > 6")])],
        workspace="w",
    )


def given() -> datasets.Dataset:
    features = datasets.Features(
        {
            "text": datasets.Value("large_string"),
            "label": datasets.ClassLabel(names=["a", "b"]),
            "tags": datasets.Sequence(datasets.Value("int32")),
        }
    )
    rows = [{"text": f"word {i}", "label": i % 2, "tags": [i] * (i % 3)} for i in range(500)]
    # Only half of its rows, in another order: what is read is what the dataset shows.
    dataset = datasets.Dataset.from_list(rows, features=features)
    return dataset.select(range(499, 0, -2))


def shards(ending: str) -> list[Path]:
    return list(Path("w/stages/ingest").glob(f"*/data/*{ending}"))


def test_no_copy_and_the_same_rows() -> None:
    made = pipeline()
    result = made.run(given())
    assert isinstance(result, datasets.Dataset)
    assert shards(".rows.json") and not shards(".parquet")
    expected = given().filter(lambda row: len(row["text"]) > 6)
    assert result.to_list() == expected.to_list() and result.features == expected.features
    run = made.last_run
    assert run is not None
    assert run.counts.read == run.counts.written == 250

    # The rows of ingest are those of the dataset, once more.
    ingested = run.to_dataset(stage="ingest")
    assert ingested.to_list() == given().to_list() and ingested.features == given().features
    assert run.to_arrow().read_all()["__fdf__/row_id"].to_pylist()[7] == "train/rows#7"
    with pytest.raises(ValueError, match="keep_rows"):
        run.to_iterable_dataset(stage="ingest")


def test_without_stages_neither() -> None:
    made = millrace.Pipeline("texts", sources={"train": {"type": "dataset"}}, workspace="w")
    result = made.run(given())
    assert isinstance(result, datasets.Dataset)
    assert shards(".rows.json") and not shards(".parquet")
    assert result.to_list() == given().to_list() and result.features == given().features
    exported = millrace.Pipeline(
        "texts",
        sources={"train": {"type": "dataset"}},
        exports={"out": {"type": "parquet", "path": "out"}},
        workspace="w",
    )
    exported.run(given())
    assert shards(".parquet")


def test_rows_are_kept_where_that_is_said() -> None:
    made = pipeline(keep_rows=True)
    made.run(given())
    assert shards(".parquet") and not shards(".rows.json")
    assert made.last_run is not None
    stream = made.last_run.to_iterable_dataset(stage="ingest")
    assert list(stream) == given().to_list()


def test_a_run_that_is_opened_has_no_dataset() -> None:
    pipeline().run(given())
    with pytest.raises(millrace.UserError, match="dataset"):
        millrace.open_run("w").to_dataset(stage="ingest")


def test_files_are_found_from_the_workspace() -> None:
    Path("rows.jsonl").write_text('{"text": "one"}\n{"text": "longer than six"}\n')
    Path("pipeline.yaml").write_text(
        "version: 1\nname: p\nworkspace: w\nsources: {s: {type: jsonl, path: rows.jsonl}}\n"
        "stages: [{name: few, operators: [{id: k, type: where, expr: 'length(text) > 6'}]}]\n"
    )
    millrace.Pipeline.from_yaml("pipeline.yaml").run()
    opened = millrace.open_run("w")
    assert opened.to_arrow().read_all()["text"].to_pylist() == ["one", "longer than six"]
    assert opened.to_dataset()["text"] == ["longer than six"]
    Path("rows.jsonl").write_text('{"text": "other"}\n')
    with pytest.raises(millrace.DataError, match="changed") as error:
        millrace.open_run("w").to_arrow().read_all()
    assert error.value.code == "MR2003"
