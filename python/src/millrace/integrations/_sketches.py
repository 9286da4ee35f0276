"""Sketches of whylogs over the columns of Arrow batches, and how far two of them are apart."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

# Before the first import: it would tell its makers of its use.
os.environ.setdefault("WHYLOGS_NO_ANALYTICS", "1")

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import whylogs
from whylogs.core import ColumnSchema
from whylogs.core.column_profile import ColumnProfile
from whylogs.core.datatypes import DataType, Fractional, Integral, String, TypeMapper
from whylogs.core.preprocessing import PreprocessedColumn
from whylogs.core.view.column_profile_view import ColumnProfileView
from whylogs.core.view.dataset_profile_view import DatasetProfileView as View

from millrace._dataset import RESERVED

VERSION: str = whylogs.__version__
__all__ = ["VERSION", "View", "columns_of", "count", "distance", "merged", "sketch"]

_SCORES = RESERVED + "scores"
_SENSITIVE = b"millrace.sensitive"
#: No clock is in a profile: equal rows are to have equal ones.
_NO_TIME = datetime.fromtimestamp(0, UTC)
_STEPS = 200


def columns_of(batch: pa.RecordBatch) -> dict[str, pa.Array]:
    """What is looked at, by name: columns and members of structs, lengths of texts, bytes and
    lists, and measures. Not the other columns of the engine, and none that is sensitive."""
    found: dict[str, pa.Array] = {}
    for field, column in zip(batch.schema, batch.columns, strict=True):
        if _SENSITIVE in (field.metadata or {}):
            continue
        if field.name == _SCORES:
            for name, measure in _flat("", column):
                found[name if name not in found else f"{_SCORES}.{name}"] = measure
        elif not field.name.startswith(RESERVED):
            found.update(_flat(field.name, column))
    return found


def _flat(name: str, column: pa.Array) -> Iterator[tuple[str, pa.Array]]:
    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.dictionary_decode()
        kind = column.type
    if pa.types.is_struct(kind):
        for member, values in zip(kind, column.flatten(), strict=True):
            yield from _flat(f"{name}.{member.name}" if name else member.name, values)
    elif pa.types.is_map(kind):
        yield f"length({name})", pc.list_value_length(_entries(column))
    elif (
        pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)
    ):
        yield f"length({name})", pc.list_value_length(column)
    elif pa.types.is_string(kind) or pa.types.is_large_string(kind):
        yield name, column
        yield f"length({name})", pc.utf8_length(column)
    elif pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        yield f"length({name})", pc.binary_length(column)
    else:
        yield name, column


def _entries(column: pa.MapArray) -> pa.ListArray:
    as_list = pa.list_(pa.struct([("key", column.type.key_type), ("value", column.type.item_type)]))
    return column.cast(as_list)


class _Given(TypeMapper):  # type: ignore[misc]
    """A column's kind is said. What whylogs would tell it by asks NumPy 2 for what it has not."""

    def __call__(self, dtype_or_type: type[DataType]) -> DataType:
        return dtype_or_type()


def _schema_of(kind: pa.DataType) -> ColumnSchema:
    if pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        told: type[DataType] = Fractional
    elif pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_null(kind):
        told = String
    else:
        told = Integral
    return ColumnSchema(dtype=told, type_mapper=_Given())


def _prepared(column: pa.Array) -> PreprocessedColumn:
    """A column as whylogs takes it, numbers without an object for each."""
    prepared = PreprocessedColumn()
    prepared.len, prepared.null_count = len(column), column.null_count
    values = column.drop_null()
    kind = column.type
    if pa.types.is_boolean(kind):
        prepared.bool_count = len(values)
        prepared.bool_count_where_true = values.true_count
    elif pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        floats = values.cast(pa.float64()).to_numpy(zero_copy_only=False)
        finite = np.isfinite(floats)
        prepared.nan_count = int(np.isnan(floats).sum())
        prepared.inf_count = len(floats) - int(finite.sum()) - prepared.nan_count
        prepared.numpy.floats = floats[finite]
    elif pa.types.is_string(kind) or pa.types.is_large_string(kind):
        prepared.list.strings = values.to_pylist()
    elif not pa.types.is_null(kind):
        prepared.numpy.ints = _integers(values).to_numpy(zero_copy_only=False)
    return prepared


def _integers(values: pa.Array) -> pa.Array:
    """Times and dates by the units of their types; of uint64 what is too large is the largest."""
    kind = values.type
    if pa.types.is_uint64(kind):
        return pc.min_element_wise(values, pa.scalar(2**63 - 1, pa.uint64())).cast(pa.int64())
    if pa.types.is_date32(kind) or pa.types.is_time32(kind):
        values = values.cast(pa.int32())
    return values.cast(pa.int64())


def sketch(batches: Iterable[pa.RecordBatch]) -> View:
    """The profile of rows."""
    profiles: dict[str, ColumnProfile] = {}
    for batch in batches:
        for name, column in columns_of(batch).items():
            if name not in profiles:
                profiles[name] = ColumnProfile(name, _schema_of(column.type), cache_size=1)
            profiles[name]._process_extracted_column(_prepared(column))
    return view_of({name: profile.view() for name, profile in profiles.items()})


def view_of(columns: dict[str, ColumnProfileView]) -> View:
    return View(columns=columns, dataset_timestamp=_NO_TIME, creation_timestamp=_NO_TIME)


def merged(views: Iterable[View]) -> View:
    """In the order given."""
    columns: dict[str, ColumnProfileView] = {}
    for view in views:
        for name, column in view.get_columns().items():
            columns[name] = columns[name].merge(column) if name in columns else column
    return view_of(columns)


def count(column: ColumnProfileView, name: str) -> int:
    value: int = column.get_metric("counts").to_summary_dict()[name]
    return value


def distance(before: ColumnProfileView, after: ColumnProfileView) -> tuple[str, float]:
    """How it is measured, and how far they are apart, from 0 to 1."""
    numbers = [_numbers(column) for column in (before, after)]
    if all(one is not None for one in numbers):
        return "ks", _kolmogorov(*numbers)
    shares = [_shares(column) for column in (before, after)]
    if not all(shares):
        return "values", float(bool(shares[0]) != bool(shares[1]))
    return "hellinger", _hellinger(*shares)


def _numbers(column: ColumnProfileView) -> Any:
    """The sketch of quantiles; None where there are no numbers."""
    metric = column.get_metric("distribution")
    return None if metric is None or metric.n == 0 else metric.kll.value


def _kolmogorov(before: Any, after: Any) -> float:
    """The greatest difference of the two cumulated distributions."""
    steps = [step / _STEPS for step in range(_STEPS + 1)]
    at = {*before.get_quantiles(steps), *after.get_quantiles(steps)}
    # What is below a value, and what is below or equal.
    points = sorted(at | {math.nextafter(value, math.inf) for value in at})
    cumulated = (np.array(one.get_cdf(points)) for one in (before, after))
    return float(np.abs(np.subtract(*cumulated)).max())


def _shares(column: ColumnProfileView) -> dict[str | None, float]:
    """Of the values that are frequent; None stands for the others."""
    total = count(column, "n") - count(column, "null")
    metric = column.get_metric("frequent_items")
    if metric is None or total == 0:
        return {}
    shares: dict[str | None, float] = {
        item.value: min(item.est / total, 1.0)
        for item in metric.to_summary_dict()["frequent_strings"]
    }
    shares[None] = max(0.0, 1.0 - sum(shares.values()))
    return shares


def _hellinger(before: dict[str | None, float], after: dict[str | None, float]) -> float:
    squares = sum(
        (math.sqrt(before.get(value, 0.0)) - math.sqrt(after.get(value, 0.0))) ** 2
        for value in before.keys() | after.keys()
    )
    return min(math.sqrt(squares / 2), 1.0)
