"""Streams that give rows before they have ended, and the shards of streams."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import datasets
import pytest

import millrace
import sample_operators as mine
from millrace import ops

FEATURES = datasets.Features({"id": datasets.Value("int64"), "text": datasets.Value("string")})


def pipeline(tmp_path: Path, *operators: Any, rows: int = 100, **more: Any) -> millrace.Pipeline:
    return millrace.Pipeline(
        "streamed",
        workspace=tmp_path / "workspace",
        sources={"train": {"type": "dataset", "stream_split_rows": rows}},
        stages=[millrace.Stage("kept", list(operators))] if operators else [],
        **more,
    )


class Source:
    """A stream that says how far it was read."""

    def __init__(self, rows: int | None = None) -> None:
        self.rows = rows
        self.read = 0

    def __call__(self) -> Iterator[dict[str, Any]]:
        for number in itertools.count() if self.rows is None else range(self.rows):
            self.read = number + 1
            yield {"id": number, "text": f"row {number}"}

    def stream(self, features: datasets.Features | None = FEATURES) -> datasets.IterableDataset:
        return datasets.IterableDataset.from_generator(self, features=features)


def test_rows_of_an_endless_stream(tmp_path: Path) -> None:
    curate = pipeline(tmp_path, ops.Where(id="even", expr="id % 2 = 0"), mine.shout(id="up"))
    source = Source()
    # `datasets` keeps the source itself: what it reads is counted there.
    stream = datasets.IterableDataset(
        datasets.iterable_dataset.ExamplesIterable(
            lambda: ((row["id"], row) for row in source()), {}
        ),
        info=datasets.DatasetInfo(features=FEATURES),
    )
    kept = curate.run(stream, lazy=True)
    assert isinstance(kept, datasets.IterableDataset) and kept.features == FEATURES
    rows = iter(kept)
    first = list(itertools.islice(rows, 1000))
    assert [row["id"] for row in first] == list(range(0, 2000, 2))
    assert first[0]["text"] == "ROW 0!"
    # No more was read than a piece, and what is read ahead of it.
    assert 2000 <= source.read <= 2000 + 100 + 1100
    rows.close()
    before = source.read
    assert curate.last_run is not None and curate.last_run.counts.read == 100
    assert source.read == before


def test_lazily_gives_what_is_given_otherwise(tmp_path: Path) -> None:
    operators = [mine.chars(id="c", field="text"), ops.Where(id="w", expr="c.chars > 5")]
    lazy = pipeline(tmp_path / "lazy", *operators).run(
        Source(1234).stream(), lazy=True, provenance=True
    )
    whole = pipeline(tmp_path / "whole", *operators).run(Source(1234).stream(), provenance=True)
    assert list(lazy) == list(whole)
    # Once more, over what is committed by now.
    assert list(lazy) == list(whole)
    assert lazy.features == whole.features
    tables = list(lazy.with_format("arrow").iter(500))
    assert sum(table.num_rows for table in tables) == len(list(whole))


def test_lazily_of_nothing(tmp_path: Path) -> None:
    kept = pipeline(tmp_path, ops.Where(id="w", expr="id > 5")).run(Source(0).stream(), lazy=True)
    assert list(kept) == [] and kept.features == FEATURES


def test_an_exception_of_the_stream_comes_where_it_is(tmp_path: Path) -> None:
    def rows() -> Iterator[dict[str, Any]]:
        yield from Source(250)()
        raise RuntimeError("the source broke")

    stream = datasets.IterableDataset.from_generator(rows, features=FEATURES)
    seen = 0
    with pytest.raises(RuntimeError, match="the source broke"):
        for _ in pipeline(tmp_path).run(stream, lazy=True):
            seen += 1
    assert seen == 200 or seen == 0  # whole pieces, if the stream's own batches let them through


@pytest.mark.parametrize(
    ("stage", "more", "what"),
    [
        ([ops.ExactDedup(id="once", fields=["text"])], {}, "the operator `once`"),
        ([ops.Shuffle(id="mix")], {}, "the operator `mix`"),
        ([ops.Limit(id="few", rows=3)], {}, "the operator `few`"),
        ([], {"exports": {"out": {"type": "jsonl", "path": "out"}}}, "the export `out`"),
        (
            [],
            {"contract": {"columns": {"id": {"type": "int64", "unique": True}}}},
            "`unique` of the column `id`",
        ),
    ],
)
def test_what_needs_all_rows_is_refused(
    tmp_path: Path, stage: list[Any], more: dict[str, Any], what: str
) -> None:
    curate = pipeline(tmp_path, *stage, **more)
    with pytest.raises(millrace.UserError, match=f"{what}.* needs all rows"):
        curate.run(Source(10).stream(), lazy=True)
    with pytest.raises(TypeError, match="not a Dataset"):
        curate.run(datasets.Dataset.from_dict({"id": [1]}), lazy=True)


def shard_rows(shards: list[int]) -> Iterator[dict[str, Any]]:
    for shard in shards:
        for number in range(150):
            yield {"id": shard * 1000 + number, "text": str(shard)}


def test_shards_of_a_stream_are_splits(tmp_path: Path) -> None:
    stream = datasets.IterableDataset.from_generator(
        shard_rows, gen_kwargs={"shards": [0, 1, 2]}, features=FEATURES
    )
    assert stream.num_shards == 3
    curate = pipeline(tmp_path)
    kept = curate.run(stream, provenance=True)
    rows = list(kept)
    assert [row["id"] for row in rows] == [row["id"] for row in stream]
    assert rows[0]["__fdf__/row_id"] == "train/shard-00000-000000.parquet#0"
    assert rows[-1]["__fdf__/row_id"] == "train/shard-00002-000001.parquet#49"
    assert curate.last_run is not None and curate.last_run.result is not None
    assert curate.last_run.result["splits_total"] == 6
    # Another shard changes nothing of those that are there.
    more = datasets.IterableDataset.from_generator(
        shard_rows, gen_kwargs={"shards": [0, 1, 2, 3]}, features=FEATURES
    )
    curate.run(more)
    assert curate.last_run.result["splits_skipped"] == 6


def test_shards_that_would_be_noticed_stay_together(tmp_path: Path) -> None:
    stream = datasets.IterableDataset.from_generator(
        shard_rows, gen_kwargs={"shards": [0, 1]}, features=FEATURES
    )
    numbered = stream.map(lambda row, number: {"id": number}, with_indices=True)
    kept = pipeline(tmp_path).run(numbered.cast(FEATURES), provenance=True)
    rows = list(kept)
    assert [row["id"] for row in rows] == list(range(300))
    assert rows[0]["__fdf__/row_id"] == "train/part-000000.parquet#0"
