"""Operators in Python: the kinds and their contracts, identity, determinism, errors, YAML."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import datasets
import numpy as np
import pyarrow as pa
import pytest

import millrace
import sample_operators as mine
from command import ROOT, Millrace
from millrace import ops


def pipeline(tmp_path: Path, *operators: Any, **more: Any) -> millrace.Pipeline:
    return millrace.Pipeline(
        "mine",
        workspace=tmp_path / "workspace",
        sources={"train": {"type": "dataset"}},
        stages=[millrace.Stage("s", list(operators))],
        **more,
    )


def texts(*values: str) -> datasets.Dataset:
    return datasets.Dataset.from_dict({"id": list(range(len(values))), "text": list(values)})


def numbers(rows: int) -> datasets.Dataset:
    return datasets.Dataset.from_dict({"id": list(range(rows))})


def skipped(run: millrace.Run | None) -> bool:
    assert run is not None and run.result is not None
    return bool(run.result["splits_skipped"] == run.result["splits_total"])


def test_kinds_beside_those_of_the_engine(tmp_path: Path) -> None:
    curate = pipeline(
        tmp_path,
        mine.chars(id="c", field="text"),
        mine.is_short(id="s", most=2),
        ops.Where(id="w", expr="c.chars != 3"),
        mine.keep_short(id="k", most=8),
        mine.shout(id="up"),
    )
    kept = curate.run(texts("a", "two", "four", "", "much too long", "five5"))
    assert kept["text"][:] == ["A!", "FOUR!", "FIVE5!"]
    assert kept["c_upper"][:] == ["A", "FOUR", "FIVE5"]
    assert curate.last_run is not None
    stage = curate.last_run.stage("s")
    rows = stage.to_dataset(provenance=True)
    assert rows["__fdf__/scores"][0] == {"c": {"chars": 1}}
    assert rows["__fdf__/eval_s_short"][:] == [True, False, False]
    assert rows["__fdf__/refined_by"][0] == ["up"]
    told = {
        row["__fdf__/row_id"]: (row["instance"], row["rule"], row["value"], row["threshold"])
        for row in stage.rejects()
    }
    assert told == {
        "train/rows#1": ("w", "where.false", told["train/rows#1"][2], told["train/rows#1"][3]),
        "train/rows#3": ("k", "test.empty", "0", None),
        "train/rows#4": ("k", "test.long", "13", "8"),
    }
    assert [one.type for one in stage.operators] == ["python"] * 2 + ["where"] + ["python"] * 2


def test_rows_that_are_made_and_rows_that_fail(tmp_path: Path) -> None:
    curate = pipeline(tmp_path, mine.words(id="w"))
    kept = curate.run(texts("one two", "odd", "", "three"))
    assert list(zip(kept["text"], kept["word"], strict=True)) == [
        ("one two", "one"), ("one two", "two"), ("three", "three")
    ]  # fmt: skip
    assert curate.last_run is not None
    counts = curate.last_run.stage("s").counts
    assert (counts.read, counts.derived, counts.expanded, counts.rejected) == (4, 3, 3, 1)
    assert curate.last_run.stage("s").rejects()["rule"][:] == ["words.odd"]


def test_tags(tmp_path: Path) -> None:
    curate = pipeline(tmp_path, mine.keep_short(id="k", most=3, action="tag"))
    curate.run(texts("a", "long one"))
    assert curate.last_run is not None
    rows = curate.last_run.to_dataset(provenance=True)
    assert rows["__fdf__/tags"][:] == [[], ["k"]]


@pytest.mark.parametrize("threads", [1, 4])
def test_batches_and_seeds_do_not_depend_on_how_it_runs(tmp_path: Path, threads: int) -> None:
    """Batches are counted from the first row of a split: of what a filter leaves, in its batch."""
    curate = pipeline(
        tmp_path,
        mine.batch_rows(id="b"),
        mine.draw(id="d"),
        ops.Where(id="w", expr="id % 2 = 0"),
        seed=11,
    )
    rows = 20_250
    data = datasets.Dataset.from_dict({"id": list(range(rows)), "text": ["x"] * rows})
    kept = curate.run(data, threads=threads, memory="160MiB" if threads == 1 else None)
    assert len(kept) == rows // 2
    assert curate.last_run is not None
    scores = curate.last_run.to_dataset(provenance=True)["__fdf__/scores"][:]
    assert {one["b"]["rows"] for one in scores[:-25]} == {100}
    assert {one["b"]["rows"] for one in scores[-25:]} == {50}
    draws = [one["d"]["draw"] for one in scores]
    assert len(set(draws)) == len(draws)
    # sha256 of the three, each behind its length: the same for good.
    assert draws[:2] == SEEDS


SEEDS = [12857172155828395732, 4478665894563974283]


def test_what_was_done_is_not_done_again(tmp_path: Path) -> None:
    data = texts("a", "bb")
    first = pipeline(tmp_path, mine.shout(id="up"))
    first.run(data)
    again = pipeline(tmp_path, mine.shout(id="up"))
    again.run(data)
    assert skipped(again.last_run)
    other = pipeline(tmp_path, mine.keep_short(id="k", most=1))
    other.run(data)
    assert not skipped(other.last_run)
    manifest = other.last_run.report["stages"][0] if other.last_run else {}
    assert manifest["stage"] == "s"


SOURCE = """
import pyarrow as pa
import pyarrow.compute as pc
import millrace
LIMIT = 2

def helper(texts):
    return pc.utf8_length(texts)

@millrace.operator(kind="score", reads=["text"], writes={"n": pa.int64()})
def edited(batch):
    return {"n": pc.add(helper(batch.column(0)), LIMIT)}
"""


def load(folder: Path, source: str) -> ModuleType:
    file = folder / "edited_operator.py"
    file.write_text(source)
    sys.modules.pop("edited_operator", None)
    spec = importlib.util.spec_from_file_location("edited_operator", file)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["edited_operator"] = module
    spec.loader.exec_module(module)
    import linecache

    linecache.checkcache()
    return module


@pytest.mark.parametrize(
    ("change", "same"),
    [
        (("# nothing", "# a comment"), True),
        (('add(helper', 'add( # which\n        helper'), True),
        (("LIMIT = 2", "LIMIT = 3"), False),
        (("utf8_length(texts)", "binary_length(texts)"), False),
        (('"n": pa.int64()', '"n": pa.int32()'), False),
        (('writes={"n"', 'version=2, writes={"n"'), False),
        (('writes={"n"', 'batch_size=9, writes={"n"'), False),
        (('writes={"n"', 'concurrency=1, writes={"n"'), True),
    ],
)  # fmt: skip
def test_editing_it_does_it_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: tuple[str, str], same: bool
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    source = SOURCE + "# nothing\n"
    data = texts("a", "bb")
    pipeline(tmp_path, load(tmp_path, source).edited(id="e")).run(data)
    assert change[0] in source
    again = pipeline(tmp_path, load(tmp_path, source.replace(*change)).edited(id="e"))
    again.run(data)
    assert skipped(again.last_run) == same
    sys.modules.pop("edited_operator")


def test_what_is_around_it_is_part_of_it() -> None:
    def made(value: Any) -> millrace.PythonOperator:
        @millrace.operator(kind="filter", reads=["id"])
        def around(batch: pa.RecordBatch) -> pa.Array:
            return pa.array([value] * batch.num_rows)

        return around

    assert made(True).sha256 == made(True).sha256 != made(False).sha256
    with pytest.raises(TypeError, match="refers to `value`"):
        made(object()).sha256  # noqa: B018


def test_yaml_and_back(tmp_path: Path, millrace_command: Millrace) -> None:
    curate = pipeline(
        tmp_path, mine.chars(id="c", field="text"), mine.keep_short(id="k", most=2, rejects="keys")
    )
    text = curate.to_yaml()
    assert "type: python" in text and '"sample_operators:chars"' in text
    data = texts("a", "long one")
    same = millrace.Pipeline.from_yaml(text)
    assert same.to_yaml() == text
    assert same.run(data)["text"][:] == curate.run(data)["text"][:] == ["a"]
    config = tmp_path / "pipeline.yaml"
    config.write_text(text)
    assert millrace.Pipeline.from_yaml(config).run(data)["text"][:] == ["a"]
    for command in ("run", "validate", "plan"):
        done = millrace_command(command, config)
        assert done.code == 1
        assert (
            "MR1206: the operator `sample_operators:chars` is one of a Python program" in done.err
        )
        assert "millrace.Pipeline.from_yaml" in done.err
        assert "pipeline.yaml:" in done.err


@pytest.fixture
def millrace_command(millrace: Millrace) -> Millrace:
    return millrace


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("nowhere", "is written `module:name`"),
        ("no_such_module:x", "cannot be imported: ModuleNotFoundError"),
        ("sample_operators:nothing", "is not there"),
        ("sample_operators:SUFFIX", "is no operator"),
    ],
)
def test_entries_that_lead_nowhere(tmp_path: Path, entry: str, message: str) -> None:
    with pytest.raises(millrace.UserError, match=message) as caught:
        pipeline(tmp_path, ops.Python(id="x", entry=entry))
    assert caught.value.code == "MR1206" and caught.value.diagnostics[0].line > 0


def test_what_it_takes_is_told_when_it_is_made(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="no parameter 'fild'"):
        mine.chars(id="c", fild="text")
    config: dict[str, Any] = {"id": "c", "type": "python", "entry": "sample_operators:chars"}
    with pytest.raises(millrace.UserError, match="needs the option `field`"):
        pipeline(tmp_path, config)
    data = texts("a")
    config = {"id": "k", "type": "python", "entry": "sample_operators:keep_short"}
    with pytest.raises(millrace.UserError, match="`most` is no JSON"):
        pipeline(tmp_path, {**config, "options": {"most": "[1"}}).run(data)
    for wrong in (mine.chars(id="c", field="txt"), ops.Where(id="w", expr="c.chars > 1")):
        with pytest.raises(millrace.UserError):
            pipeline(tmp_path, wrong).run(data)
    with pytest.raises(millrace.UserError, match="is for filters"):
        pipeline(tmp_path, mine.chars(id="c", field="text", action="tag")).run(data)


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        ({"kind": "scorer", "writes": {"n": pa.int64()}}, "no kind 'scorer'"),
        ({"kind": "score"}, "`writes` says"),
        ({"kind": "filter", "writes": {"n": pa.int64()}}, "writes no columns"),
        ({"kind": "score", "writes": {"n": pa.int64()}, "reasons": {"a": "b"}}, "for filters"),
        ({"kind": "refiner", "writes": {"n": pa.int64()}, "makes_rows": True}, "for generators"),
        ({"kind": "filter", "batch_size": 0}, "`batch_size`"),
        ({"kind": "filter", "concurrency": 0}, "`concurrency`"),
    ],
)
def test_declarations_that_make_no_sense(declared: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        millrace.operator(reads=["id"], **declared)


def test_functions_that_are_no_operators() -> None:
    declare = millrace.operator("filter", reads=["id"])
    with pytest.raises(TypeError, match="3 arguments"):
        declare(lambda batch, context, more: None)
    with pytest.raises(TypeError, match="a name of its own"):

        @declare
        def any_option(batch: pa.RecordBatch, **options: Any) -> None: ...

    with pytest.raises(TypeError, match="cannot have a parameter 'id'"):

        @declare
        def takes_id(batch: pa.RecordBatch, *, id: str) -> None: ...

    with pytest.raises(TypeError, match="no `__call__`"):

        @declare
        class Nothing: ...


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ("too few", "gave 1 values of `n` for 2 rows"),
        ("text", "gave `n` as string, and declares int64"),
        ("unknown", "gave `m`, which it does not declare"),
        ("nothing", "gave nothing"),
        ("other", "did not give `n`"),
        ("float", "gave `n` as double, and declares int64"),
    ],
)
def test_kinds_are_held(tmp_path: Path, what: str, message: str) -> None:
    with pytest.raises(millrace.UserError, match=message) as caught:
        pipeline(tmp_path, mine.gives(id="g", what=what)).run(numbers(2))
    assert caught.value.code == "MR1205"
    assert "operator `g` (`sample_operators:gives`)" in caught.value.text


def test_what_no_column_can_have_is_told_before_anything_runs(tmp_path: Path) -> None:
    @millrace.operator(kind="score", reads=["id"], writes={"m": pa.month_day_nano_interval()})
    def odd(batch: pa.RecordBatch) -> None: ...

    @millrace.operator(kind="refiner", reads=["id"], writes={"__fdf__/row_id": pa.string()})
    def thief(batch: pa.RecordBatch) -> None: ...

    for operator, message in ((odd, "which columns cannot have"), (thief, "no name of a column")):
        with pytest.raises(millrace.UserError, match=message):
            pipeline(tmp_path, operator(id="o")).run(numbers(2))


def test_an_exception_names_the_rows(tmp_path: Path) -> None:
    flag = tmp_path / "mended"
    curate = pipeline(tmp_path, mine.breaks_at(id="b", row=25, flag=str(flag)))
    data = numbers(100)
    with pytest.raises(millrace.UserError) as caught:
        curate.run(data)
    error = caught.value
    assert error.code == "MR1504" and error.exit_code == 1
    assert (
        "operator `b` (`sample_operators:breaks_at`) raised ValueError in a batch of 10 rows, "
        "train/rows#20 to train/rows#29: cannot work on this" in error.text
    )
    assert error.row_ids == tuple(f"train/rows#{row}" for row in range(20, 30))
    assert isinstance(error.__cause__, ValueError)
    # Nothing of the split is committed; what was mended goes on.
    assert not list((tmp_path / "workspace").glob("stages/s/*/commits/*"))
    assert not list((tmp_path / "workspace").glob("stages/s/*/data/*.parquet"))
    flag.touch()
    assert len(curate.run(data)) == 100


def test_splits_that_were_committed_before_an_exception_stay(tmp_path: Path) -> None:
    def rows() -> Any:
        yield from ({"id": row} for row in range(1000))

    flag = tmp_path / "mended"
    curate = millrace.Pipeline(
        "resumed",
        workspace=tmp_path / "workspace",
        sources={"train": {"type": "dataset", "stream_split_rows": 100}},
        stages=[millrace.Stage("s", [mine.breaks_at(id="b", row=955, flag=str(flag))])],
    )
    with pytest.raises(millrace.UserError, match=r"train/part-000009\.parquet#50"):
        curate.run(datasets.IterableDataset.from_generator(rows), threads=1)
    flag.touch()
    assert sum(1 for _ in curate.run(datasets.IterableDataset.from_generator(rows))) == 1000
    assert curate.last_run is not None and curate.last_run.result is not None
    assert curate.last_run.result["splits_skipped"] >= 10


def test_an_exception_about_a_row_names_it(tmp_path: Path) -> None:
    with pytest.raises(millrace.UserError, match="RowError at the row train/rows#7 in a batch"):
        pipeline(tmp_path, mine.breaks_at(id="b", row=7, how="row")).run(numbers(20))
    with pytest.raises(millrace.EnvError, match="ConnectionError") as caught:
        pipeline(tmp_path, mine.breaks_at(id="b", row=7, how="connection")).run(numbers(20))
    assert (caught.value.code, caught.value.exit_code) == ("MR3001", 75)


def test_sensitive_values_are_not_told(tmp_path: Path) -> None:
    @millrace.operator(kind="filter", reads=["text"])
    def tells(batch: pa.RecordBatch) -> None:
        raise ValueError(batch.column(0)[0].as_py())

    contract = {"columns": {"text": {"type": "string", "sensitive": True}}}
    with pytest.raises(millrace.UserError, match="raised ValueError") as caught:
        pipeline(tmp_path, tells(id="t"), contract=contract).run(texts("secret value"))
    assert "secret" not in caught.value.text and caught.value.__cause__ is None


def test_numpy_and_lists(tmp_path: Path) -> None:
    @millrace.operator(
        kind="score",
        reads=["id"],
        writes={"half": pa.float32(), "vector": pa.list_(pa.float32()), "_code": pa.int64()},
    )
    def vectors(batch: pa.RecordBatch) -> dict[str, Any]:
        ids = batch.column(0).to_numpy()
        return {"half": ids / 2, "vector": np.stack([ids, ids + 1], 1), "_code": list(ids)}

    curate = pipeline(tmp_path, vectors(id="v"))
    kept = curate.run(numbers(3))
    assert kept["v_vector"][:] == [[0, 1], [1, 2], [2, 3]]
    assert kept["v_code"][:] == [0, 1, 2]
    assert kept.features["v_vector"] == datasets.List(datasets.Value("float32"))


@pytest.fixture
def examples(monkeypatch: pytest.MonkeyPatch) -> None:
    # A guide's test has modules of these names, too.
    monkeypatch.delitem(sys.modules, "scorers", raising=False)
    monkeypatch.syspath_prepend(ROOT / "examples/custom_operators")


@pytest.mark.usefixtures("examples")
def test_example_of_texts(tmp_path: Path) -> None:
    scorers = importlib.import_module("scorers")
    curate = pipeline(
        tmp_path,
        scorers.one_space(id="tidy", field="text"),
        scorers.LetterModel(id="letters", field="text"),
        ops.Where(id="likely", expr="letters.english >= 0.6"),
        scorers.capitals(id="calm", field="text"),
    )
    english = "the rain in   spain stays mainly in the plain, they say"
    kept = curate.run(texts(english, "zzz qqq xxx jjj", "THEY SHOUT AT EACH OTHER", "", english))
    assert kept["text"][:] == [" ".join(english.split())] * 2
    assert curate.last_run is not None
    rejects = curate.last_run.stage("s").rejects()
    assert rejects["instance"][:] == ["likely", "calm", "likely"]
    assert rejects["value"][1] == "1"
