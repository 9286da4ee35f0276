"""Operators in Python on workers: functions in tasks, classes in actors."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import datasets
import pyarrow as pa
import pyarrow.compute as pc
import pytest

import millrace
from runners.pipelines import tree


def pipeline_of(operators: list[Any], sources: int = 6) -> millrace.Pipeline:
    """So many splits of a stage with the operators."""
    for source in range(sources):
        lines = [f"{source * 50 + row},text {row}" for row in range(50)]
        Path(f"s{source}.csv").write_text("\n".join(["id,text", *lines]) + "\n")
        os.utime(f"s{source}.csv", (1_700_000_000, 1_700_000_000))
    return millrace.Pipeline(
        "own",
        sources={f"s{i}": {"type": "csv", "path": f"s{i}.csv"} for i in range(sources)},
        stages=[millrace.Stage("own", operators)],
    )


def test_functions_work_in_tasks(
    cluster: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    @millrace.operator(kind="score", reads=["text"], writes={"chars": pa.int64()})
    def length(batch: pa.RecordBatch) -> Any:
        return {"chars": pc.utf8_length(batch.column(0)).cast(pa.int64())}

    pipeline = pipeline_of([length(id="len"), millrace.ops.Where(id="w", expr="len.chars > 6")])
    expected = pipeline.run(workspace="local")
    assert pipeline.run(workspace="ray", runner="ray").to_list() == expected.to_list()
    assert pipeline.run(workspace="daft", runner="daft").to_list() == expected.to_list()
    assert tree(tmp_path / "ray") == tree(tmp_path / "local") == tree(tmp_path / "daft")


@pytest.mark.parametrize("num_gpus", [None, 0.5])
def test_a_class_is_set_up_once_in_each_actor(
    cluster: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, num_gpus: float | None
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")  # for the local run
    marks = tmp_path / "marks"
    marks.mkdir()

    @millrace.operator(
        kind="refiner",
        reads=["text"],
        writes={"text": pa.string()},
        concurrency=2,
        num_gpus=num_gpus,
    )
    class Shout:
        def __init__(self, marks: str) -> None:
            self.marks = marks

        def setup(self) -> None:
            import os
            import pathlib
            import uuid

            devices = os.environ.get("CUDA_VISIBLE_DEVICES", "")
            mark = pathlib.Path(self.marks) / f"{os.getpid()}-{uuid.uuid4()}"
            mark.write_text(devices)

        def __call__(self, batch: pa.RecordBatch) -> Any:
            import pyarrow.compute as pc

            return {"text": pc.utf8_upper(batch.column(0))}

    shout: Any = Shout
    pipeline = pipeline_of([shout(id="loud", marks=str(marks))])
    expected = pipeline.run(workspace="local").to_list()
    assert expected[0]["text"] == "TEXT 0"
    for mark in marks.iterdir():
        mark.unlink()
    node = cluster.add_node(num_cpus=2, num_gpus=1) if num_gpus else None
    try:
        there = pipeline.run(workspace="ray", runner="ray").to_list()
    finally:
        if node is not None:
            cluster.remove_node(node)
    assert there == expected
    assert tree(tmp_path / "ray") == tree(tmp_path / "local")
    processes = [mark.name.split("-")[0] for mark in marks.iterdir()]
    assert len(processes) == len(set(processes)) <= 2, "once in each of two actors"
    assert str(os.getpid()) not in processes
    if num_gpus:
        assert {mark.read_text() for mark in marks.iterdir()} == {"0"}, "what Ray has given it"


def test_an_operator_that_raises_is_told_with_its_rows(
    cluster: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    @millrace.operator(kind="score", reads=["id"], writes={"n": pa.int64()})
    def broken(batch: pa.RecordBatch) -> Any:
        raise ZeroDivisionError("no such number")

    pipeline = pipeline_of([broken(id="b")], sources=2)
    with pytest.raises(millrace.Error, match=r"raised ZeroDivisionError.*s0/s0.csv#0") as raised:
        pipeline.run(workspace="ray", runner="ray")
    assert raised.value.code == "MR1504"


def test_a_gpu_is_refused_in_daft(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    @millrace.operator(kind="score", reads=["id"], writes={"n": pa.int64()}, num_gpus=1)
    def encode(batch: pa.RecordBatch) -> Any:
        return {"n": batch.column(0)}

    pipeline = pipeline_of([encode(id="e")], sources=1)
    with pytest.raises(ValueError, match="stage 'own' works on a GPU"):
        pipeline.run(workspace="daft", runner="daft")


def test_a_dataset_through_a_class_in_daft(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    @millrace.operator(kind="score", reads=["text"], writes={"chars": pa.int64()})
    class Length:
        def __call__(self, batch: pa.RecordBatch) -> Any:
            return {"chars": pc.utf8_length(batch.column(0)).cast(pa.int64())}

    length: Any = Length
    pipeline = millrace.Pipeline(
        "rows",
        sources={"rows": {"type": "dataset"}},
        stages=[
            millrace.Stage(
                "s", [length(id="len"), millrace.ops.Where(id="w", expr="len.chars > 2")]
            )
        ],
    )
    rows = datasets.Dataset.from_dict({"text": ["a", "abc", "abcd"]})
    assert pipeline.run(rows, runner="daft", workspace="w")["text"][:] == ["abc", "abcd"]
