"""Calls that are wrong are told by the name of the argument, and of what was meant."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import pyarrow as pa
import pytest

import millrace
from millrace import ops

WHERE = ops.Where(id="w", expr="id > 1")


def wrong(value: Any) -> Any:
    """What no type checker lets pass."""
    return value


def rows() -> datasets.Dataset:
    return datasets.Dataset.from_dict({"id": [1, 2, 3], "text": ["a", "b", "c"]})


def made(*operators: Any, **settings: Any) -> millrace.Pipeline:
    stages = [millrace.Stage("s", list(operators))] if operators else []
    return millrace.Pipeline("p", sources={"train": {"type": "dataset"}}, stages=stages, **settings)


@millrace.operator(kind="score", reads="id", writes={"most": pa.int64()})
def most(batch: Any, *, of: int) -> Any:
    return {"most": [of] * batch.num_rows}


@pytest.mark.parametrize(
    ("call", "error", "told"),
    [
        (lambda p: p("x", sources=["a"]), TypeError, "`sources` is a dict, such as"),
        (lambda p: p("x", sources={"a": "dataset"}), TypeError, "the source 'a' is a dict"),
        (lambda p: p.from_dict("x"), TypeError, "a config is a dict"),
        (lambda p: p("x", sources={}, stages=WHERE), TypeError, "`stages` is a list of"),
        (lambda p: p("x", sources={}, stages=[WHERE]), TypeError, r"stands in a stage: .*Stage\("),
        (lambda p: p("x", sources={}, stages=["s"]), TypeError, "of millrace.Stage or dicts"),
        (lambda _: millrace.Stage("s", wrong(WHERE)), TypeError, "a list of operators"),
        (lambda _: millrace.Stage("s", wrong([ops.Where])), TypeError, r"call Where .* Where\(id"),
        (lambda _: millrace.Stage("s", wrong([most])), TypeError, r"call most .* most\(id="),
        (lambda _: millrace.Stage("s", wrong(["where"])), TypeError, "of millrace.ops or dicts"),
        (lambda _: most(id="m", off=1), TypeError, "no parameter 'off': did you mean 'of'?"),
        (
            lambda _: millrace.operator("score", reads=["a"], writes={"x": wrong("int64")}),
            TypeError,
            "types of pyarrow",
        ),
    ],
)
def test_what_is_built_wrongly(
    call: Callable[[Any], object], error: type[Exception], told: str
) -> None:
    with pytest.raises(error, match=told):
        call(millrace.Pipeline)


@pytest.mark.parametrize(
    ("arguments", "error", "told"),
    [
        ({"threads": "4"}, TypeError, "`threads` is a whole number, not a str"),
        ({"threads": True}, TypeError, "`threads` is a whole number"),
        ({"memory": 1.5}, TypeError, "a text such as '512MiB', not a float"),
        ({"hooks": print}, TypeError, r"`hooks` is a list of hooks.*hooks=\[\.\.\.\]"),
        ({"hooks": [print]}, TypeError, "a hook has a method"),
        ({"progress": "yes"}, TypeError, "`progress` is True or a function"),
        ({"mode": "overwite"}, ValueError, "there is no mode 'overwite'"),
        ({"runner": "locl"}, ValueError, "there is no runner 'locl'"),
        ({"until": "ss"}, millrace.UserError, "did you mean `s`?"),
    ],
)
def test_what_is_run_wrongly(
    tmp_path: Path, arguments: dict[str, Any], error: type[Exception], told: str
) -> None:
    with pytest.raises(error, match=told):
        made(WHERE).run(rows(), workspace=tmp_path, **arguments)
    assert not list(tmp_path.glob("stages"))


def test_names_of_sources(tmp_path: Path) -> None:
    two = millrace.Pipeline(
        "two", sources={"web": {"type": "dataset"}, "code": {"type": "dataset"}}
    )
    for given, told in (
        ({"webb": rows(), "code": rows()}, "no source `webb` .*\n.*did you mean `web`?"),
        ({"web": rows()}, "`code` is a dataset, and none was handed in"),
        (
            {"web": rows(), "code": rows(), "books": rows()},
            "sources of that type are `web`, `code`",
        ),
    ):
        with pytest.raises(millrace.UserError, match=told):
            two.run(given, workspace=tmp_path)
    with pytest.raises(ValueError, match=r"give a dict \{'web': \.\.\., 'code': \.\.\.\}"):
        two.run(rows(), workspace=tmp_path)
    with pytest.raises(ValueError, match="DatasetDict has no splits"):
        made().run(datasets.DatasetDict(), workspace=tmp_path)
    two.run({"web": rows(), "code": rows()}, workspace=tmp_path)
    assert two.last_run is not None
    assert len(two.last_run.to_dataset(source="web")) == 3
    with pytest.raises(ValueError, match=r"no source 'cod': did you mean 'code'\?"):
        two.last_run.to_dataset(source="cod")


def test_names_of_stages_and_columns(tmp_path: Path) -> None:
    pipeline = made(WHERE)
    pipeline.run(rows(), workspace=tmp_path)
    assert pipeline.last_run is not None
    with pytest.raises(KeyError, match="its stages are 's'"):
        pipeline.last_run.stage("quality")
    with pytest.raises(KeyError, match=r"run\.counts"):
        pipeline.last_run.stage("ingest")
    for operator, told in (
        (ops.Where(id="w", expr="idd > 1"), "no column `idd`(.|\n)*did you mean `id`?"),
        (ops.TextStats(id="t", field="txt"), "no column `txt`(.|\n)*did you mean `text`?"),
        (
            millrace.operator("score", reads="idd", writes={"x": pa.int64()})(lambda b: b)(id="x"),
            "reads the column `idd`, which does not reach it; did you mean `id`?",
        ),
    ):
        with pytest.raises(millrace.UserError, match=told):
            made(operator).run(rows(), workspace=tmp_path)
    with pytest.raises(millrace.UserError, match=r"`a\.b` of source `train` has a dot") as caught:
        made(WHERE).run(rows().rename_column("text", "a.b"), workspace=tmp_path)
    assert "rename_column" in caught.value.diagnostics[0].suggestion
    assert made().run(rows().rename_column("text", "a.b"), workspace=tmp_path / "b").num_rows == 3


def test_numbers_of_numpy_are_numbers(tmp_path: Path) -> None:
    limit = ops.Limit(id="l", rows=wrong(np.int64(2)))
    pipeline = made(limit, most(id="m", of=3), seed=np.uint32(7))
    assert "rows: 2" in pipeline.to_yaml() and "seed: 7" in pipeline.to_yaml()
    kept = pipeline.run(rows(), workspace=tmp_path, threads=wrong(np.int32(1)))
    assert len(kept) == 2


def test_a_stream_tells_how_far_it_is(tmp_path: Path) -> None:
    told: list[dict[str, Any]] = []
    go_on = False

    def many() -> Any:
        for number in range(5_000_000):
            if go_on:
                break
            yield {"id": number}

    def progress(now: dict[str, Any]) -> None:
        nonlocal go_on
        told.append(now)
        go_on = go_on or now["phase_rows_read"] > 0

    made().run(datasets.IterableDataset.from_generator(many), workspace=tmp_path, progress=progress)
    assert any(now["phase"] == "fetch" and now["phase_rows_read"] > 0 for now in told)


def test_what_stays_in_its_process(tmp_path: Path) -> None:
    pipeline = made()
    pipeline.run(rows(), workspace=tmp_path)
    with pytest.raises(TypeError, match="send its `to_yaml\\(\\)`"):
        pickle.dumps(pipeline)
    with pytest.raises(TypeError, match="send its `folder`"):
        pickle.dumps(pipeline.last_run)


def test_what_an_editor_offers() -> None:
    assert dir(ops) == sorted(ops.__all__)
