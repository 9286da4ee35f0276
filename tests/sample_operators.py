"""Operators in Python for tests, in a module that worker processes can import."""

from __future__ import annotations

import os
import signal
import time
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

import millrace

SUFFIX = "!"


def _with_suffix(texts: pa.Array) -> pa.Array:
    return pc.binary_join_element_wise(texts, SUFFIX, "")


@millrace.operator(
    kind="score", reads=["{field}"], writes={"chars": pa.int64(), "upper": pa.string()}
)
def chars(batch: pa.RecordBatch, *, field: str) -> pa.RecordBatch:
    """Counts characters."""
    texts = batch.column(0)
    return pa.record_batch([pc.utf8_length(texts), pc.utf8_upper(texts)], names=["chars", "upper"])


@millrace.operator(kind="evaluator", reads=["text"], writes={"short": pa.bool_()})
def is_short(batch: pa.RecordBatch, *, most: int = 3) -> pa.Array:
    return pc.less_equal(pc.utf8_length(batch.column("text")), most)


@millrace.operator(
    kind="filter",
    reads=["text"],
    reasons={"test.long": ("is too long", "{most}"), "test.empty": "is empty"},
)
def keep_short(batch: pa.RecordBatch, *, most: int = 8) -> dict[str, Any]:
    length = pc.utf8_length(batch.column(0))
    empty = pc.equal(length, 0)
    return {
        "keep": pc.and_(pc.less_equal(length, most), pc.invert(empty)),
        "reason": pc.if_else(empty, "test.empty", "test.long"),
        "measured": pc.cast(length, pa.string()),
    }


@millrace.operator(kind="refiner", reads=["text"], writes={"text": pa.string()})
def shout(batch: pa.RecordBatch) -> dict[str, pa.Array]:
    return {"text": _with_suffix(pc.utf8_upper(batch.column(0)))}


@millrace.operator(kind="generator", reads=["text"], writes={"word": pa.string()}, makes_rows=True)
def words(batch: pa.RecordBatch, context: millrace.Context) -> dict[str, pa.Array]:
    for row, text in enumerate(batch.column(0).to_pylist()):
        if text == "odd":
            context.reject(row, "words.odd", "is odd")
    split = pc.split_pattern(pc.replace_substring(batch.column(0), "odd", ""), " ")
    parents, found = pc.list_parent_indices(split), pc.list_flatten(split)
    some = pc.greater(pc.utf8_length(found), 0)
    return {"parent": parents.filter(some).cast(pa.int64()), "word": found.filter(some)}


@millrace.operator(kind="score", reads=["text"], writes={"draw": pa.uint64()}, batch_size=7)
def draw(batch: pa.RecordBatch, context: millrace.Context) -> pa.Array:
    return context.seeds


@millrace.operator(kind="score", reads=["id"], writes={"rows": pa.int64()}, batch_size=100)
def batch_rows(batch: pa.RecordBatch) -> list[int]:
    """What no operator may do, to see how batches are cut."""
    return [batch.num_rows] * batch.num_rows


@millrace.operator(kind="score", reads=["id"], writes={"pid": pa.int64()}, concurrency=2)
class Where:
    """In which process, and how often it was set up there."""

    setups = 0

    def __init__(self, *, factor: float = 1.0) -> None:
        self.factor = factor

    def setup(self) -> None:
        Where.function.setups += 1  # type: ignore[attr-defined]
        print("set up", os.getenv("CUDA_VISIBLE_DEVICES"), flush=True)

    def __call__(self, batch: pa.RecordBatch) -> list[int]:
        assert Where.function.setups == 1  # type: ignore[attr-defined]
        return [os.getpid()] * batch.num_rows


@millrace.operator(kind="score", reads=["id"], writes={"ok": pa.bool_()}, batch_size=10)
def breaks_at(batch: pa.RecordBatch, *, row: int, how: str = "raise", flag: str = "") -> list[bool]:
    ids = batch.column(0).to_pylist()
    if row in ids and not (flag and os.path.exists(flag)):
        _break(how, ids.index(row))
    return [True] * len(ids)


def _break(how: str, at: int) -> None:
    if how == "raise":
        raise ValueError("cannot work on this")
    if how == "row":
        raise millrace.RowError(at, "this row is odd")
    if how == "exit":
        raise SystemExit(3)
    if how == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if how == "connection":
        raise ConnectionError("the service is away")
    if how == "sleep":
        time.sleep(600)


@millrace.operator(
    kind="score", reads=["id"], writes={"ok": pa.bool_()}, batch_size=10, concurrency=2
)
def worker_breaks_at(batch: pa.RecordBatch, *, row: int, how: str = "raise") -> list[bool]:
    answer: list[bool] = breaks_at.function(batch, row=row, how=how)
    return answer


@millrace.operator(kind="score", reads=["id"], writes={"n": pa.int64()})
def gives(batch: pa.RecordBatch, *, what: str) -> Any:
    rows = batch.num_rows
    return {
        "too few": {"n": [1] * (rows - 1)},
        "text": {"n": pa.array(["1"] * rows)},
        "unknown": {"n": [1] * rows, "m": [1] * rows},
        "nothing": None,
        "other": {},
        "float": {"n": pa.array([0.5] * rows)},
    }[what]
