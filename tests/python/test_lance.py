"""Rows of runs as versions of Lance datasets."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import datasets
import lance
import pyarrow as pa
import pytest

import millrace
from command import in_a_new_python
from millrace import Stage, ops
from millrace._dataset import cast_batches


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def pipeline(workspace: str = "w", **options: Any) -> millrace.Pipeline:
    return millrace.Pipeline(
        "texts",
        sources={"train": {"type": "dataset"}},
        stages=[Stage("long", [ops.Where(id="keep", expr="length(text) > 2")])],
        workspace=workspace,
        **options,
    )


def rows(texts: list[str]) -> datasets.Dataset:
    return datasets.Dataset.from_dict({"text": texts, "n": list(range(len(texts)))})


def done(made: millrace.Pipeline, dataset: Any) -> millrace.Run:
    made.run(dataset)
    assert made.last_run is not None
    return made.last_run


def test_a_run_is_a_version_and_equal_rows_are_no_new_one() -> None:
    made = pipeline()
    run = done(made, rows(["one", "2", "three"]))
    assert run.to_lance("out/train.lance") == 1
    first = lance.dataset("out/train.lance")
    assert first.to_table().to_pydict() == {"text": ["one", "three"], "n": [0, 2]}
    note = json.loads(first.schema.metadata[b"millrace"])
    assert note["pipeline"] == "texts" and note["run_id"] == run.run_id

    assert done(made, rows(["one", "2", "three"])).to_lance("out/train.lance") == 1
    assert len(first.versions()) == 1
    # Other rows take their place, and who has opened the version before still reads that.
    assert done(made, rows(["four", "five"])).to_lance("out/train.lance") == 2
    assert lance.dataset("out/train.lance").to_table()["text"].to_pylist() == ["four", "five"]
    assert first.to_table()["text"].to_pylist() == ["one", "three"]
    assert lance.dataset("out/train.lance", version=1).count_rows() == 2
    # The rows of an earlier stage, with the engine's own columns.
    assert run.to_lance("out/all.lance", stage="ingest", provenance=True) == 1
    ids = lance.dataset("out/all.lance").to_table()["__fdf__/row_id"].to_pylist()
    assert ids == ["train/rows#0", "train/rows#1", "train/rows#2"]


def test_features_and_order_are_kept() -> None:
    features = datasets.Features(
        {
            "text": datasets.Value("large_string"),
            "label": datasets.ClassLabel(names=["no", "yes"]),
            "image": datasets.Image(),
            "tags": datasets.List(datasets.Value("string")),
            "vector": datasets.List(datasets.Value("float32"), length=2),
            "took": datasets.Value("duration[s]"),
            "nothing": datasets.Value("null"),
        }
    )
    count = 5000
    table = pa.table(
        {
            "text": [f"text {i}" for i in range(count)],
            "label": [i % 2 for i in range(count)],
            "image": [{"bytes": b"png", "path": None}] * count,
            "tags": [["a", None], []] * (count // 2),
            "vector": [[1.0, float(i)] for i in range(count)],
            "took": list(range(count)),
            "nothing": pa.nulls(count),
        }
    ).cast(features.arrow_schema)
    run = done(pipeline(), datasets.Dataset(table, fingerprint="f"))
    run.to_lance("rows.lance", rows_per_file=2000)
    dataset = lance.dataset("rows.lance")
    assert len(dataset.get_fragments()) == 3
    read = dataset.to_table()
    assert read.schema.equals(features.arrow_schema)
    assert datasets.Features.from_arrow_schema(read.schema) == features
    assert read.equals(run.to_dataset().data.table)
    # `datasets` reads it where it is.
    again = datasets.load_dataset("lance", data_dir="rows.lance", cache_dir="cache")
    assert again["train"]["text"][:] == read["text"].to_pylist()


def test_no_rows_are_a_version_too() -> None:
    run = done(pipeline(), rows(["1", "2"]))
    assert run.to_lance("none.lance") == 1
    assert lance.dataset("none.lance").count_rows() == 0
    assert lance.dataset("none.lance").schema.names == ["text", "n"]


def test_what_fails_in_the_middle_leaves_the_version_before(here: Path) -> None:
    made = pipeline()
    done(made, rows(["one", "two"])).to_lance("rows.lance")
    many = done(made, rows([f"text {i}" for i in range(100_000)]))
    damaged = sorted(
        here.glob("w/stages/long/*/data/*.parquet"), key=lambda one: one.stat().st_size
    )
    damaged[-1].write_bytes(damaged[-1].read_bytes()[:-2000] + bytes(2000))
    with pytest.raises(millrace.EnvError) as raised:
        many.to_lance("rows.lance")
    assert raised.value.code == "MR3006"
    assert lance.dataset("rows.lance").version == 1


def test_files_are_written_while_rows_are_read(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows are streamed: when the last batch is asked for, the first ones are in files."""
    run = done(pipeline(), rows([f"text {i}" * 20 for i in range(200_000)]))
    files: list[int] = []

    def watched(*given: Any) -> Iterator[pa.Table]:
        for table in cast_batches(*given):
            files.append(len(list(here.glob("rows.lance/data/*"))))
            yield table

    monkeypatch.setattr("millrace.integrations.lance.cast_batches", watched)
    run.to_lance("rows.lance", rows_per_file=5000)
    assert len(files) > 10 and files[0] == 0 and files[-1] > 2, files


def test_it_says_what_is_missing() -> None:
    code = """
import sys, tempfile, os, pathlib, millrace
sys.modules["lance"] = None
os.chdir(tempfile.mkdtemp())
pathlib.Path("a.csv").write_text("id\\n1\\n")
millrace.Pipeline("p", sources={"a": {"type": "csv", "path": "a.csv"}}).run()
try:
    millrace.open_run("workspace").to_lance("x")
except ModuleNotFoundError as error:
    print(error)
"""
    assert "pip install 'millrace[lance]'" in in_a_new_python(code, HF_HUB_OFFLINE="1")
