"""Contracts and operators over the columns of Daft's frames, for teams whose rows are there.

    from millrace.integrations import daft as over

    frame = over.align(frame, {"columns": {"id": {"type": "int64", "required": True}}})
    frame = frame.with_column("stats", over.text_stats(daft.col("text")))

Batches cross by Arrow, and the engine works on them outside the GIL. A process that gets a function
builds the engine's side of it once.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

os.environ.setdefault("DAFT_ANALYTICS_ENABLED", "0")

import daft
import pyarrow
from daft import DataType, Expression

from millrace import ops
from millrace._loader import engine
from millrace._pipeline import Pipeline
from millrace._stage import Operator, Stage

if TYPE_CHECKING:
    from millrace import _engine

__all__ = [
    "align",
    "image_stats",
    "language",
    "normalize_text",
    "redact_pii",
    "regex_extract",
    "regex_replace",
    "text_quality",
    "text_stats",
    "token_count",
]

_VALUE, _ID, _SCORES, _REJECTED = "value", "of", "__fdf__/scores", "rejected"


class _Columns:
    """The columns of batches, in the place of rows that a pipeline would read."""

    def __init__(self, schema: pyarrow.Schema) -> None:
        self.schema, self.rows, self.bytes, self.fingerprint = schema, 0, 0, ""
        self.shards, self.first_file = 1, 0
        self.lies_in_memory = False
        self.raised: BaseException | None = None

    def read(self, begin: int, end: int) -> object:
        raise RuntimeError("batches are not read from a source")


class _Batches:
    """The engine's side of a config over batches of a schema; another process makes its own."""

    def __init__(self, config: str, schema: pyarrow.Schema) -> None:
        self._config, self._schema = config, schema
        self._made: _engine.BatchPipeline | None = None

    def __reduce__(self) -> tuple[type[_Batches], tuple[str, pyarrow.Schema]]:
        return _Batches, (self._config, self._schema)

    def apply(self, columns: Sequence[pyarrow.Array]) -> pyarrow.Table:
        if self._made is None:
            loaded = engine().load_text(self._config, "<batches>", os.getcwd(), {}, -1, None)
            bound = engine().bind_datasets(loaded, {"rows": _Columns(self._schema)})
            self._made = engine().batch_pipeline(bound)
        given = [
            column if column.type == field.type else column.cast(field.type)
            for column, field in zip(columns, self._schema, strict=True)
        ]
        table = pyarrow.Table.from_arrays(given, schema=self._schema)
        return pyarrow.table(self._made.apply(table))

    def schema(self) -> pyarrow.Schema:
        """Of what it gives."""
        return self.apply([pyarrow.array([], field.type) for field in self._schema]).schema


def _struct(table: pyarrow.Table) -> pyarrow.Array:
    table = table.combine_chunks()
    arrays = [
        column.chunk(0) if column.num_chunks else pyarrow.array([], column.type)
        for column in table.columns
    ]
    return pyarrow.StructArray.from_arrays(arrays, fields=list(table.schema))


def _config(contract: Mapping[str, Any] | None, operators: Sequence[Any] = ()) -> str:
    stages = [Stage("batches", list(operators))] if operators else []
    return Pipeline(
        "batches", sources={"rows": {"type": "dataset"}}, contract=contract, stages=stages
    ).to_yaml()


def align(frame: daft.DataFrame, contract: Mapping[str, Any]) -> daft.DataFrame:
    """The rows in the columns of a contract, renamed, cast and checked as a source's would be.

    `contract` has the keys and values of a config (docs/contract.md). A row that it rejects keeps
    its place with nulls, and the column `rejected` says why; of the others that is null. `unique`
    looks at all rows of a table and is refused here.
    """
    columns = contract.get("columns", {})
    named = columns.values() if isinstance(columns, Mapping) else columns
    if any(isinstance(column, Mapping) and column.get("unique") for column in named):
        raise ValueError("`unique` must know of all rows: frames come to it batch by batch")
    batches = _Batches(_config(contract), frame.schema().to_pyarrow_schema())
    type_ = DataType.from_arrow_type(pyarrow.struct(list(batches.schema())))

    @daft.func.batch(return_dtype=type_, unnest=True, use_process=False)
    def aligned(*given: daft.Series) -> pyarrow.Array:
        return _struct(batches.apply([series.to_arrow() for series in given]))

    return frame.select(aligned(*(daft.col(name) for name in frame.column_names)))


def _measures(table: pyarrow.Table) -> pyarrow.Array:
    """What an operator adds: its measures and the fields that it writes, by their own names."""
    fields: list[pyarrow.Field] = []
    arrays: list[pyarrow.Array] = []
    for field, column in zip(table.schema, table.columns, strict=True):
        values = column.combine_chunks()
        values = values if isinstance(values, pyarrow.Array) else values.chunk(0)
        if field.name == _SCORES:
            own = values.field(_ID)
            fields += [own.type.field(i) for i in range(own.type.num_fields)]
            arrays += own.flatten()
        elif field.name.startswith(f"{_ID}_"):
            fields.append(field.with_name(field.name.removeprefix(f"{_ID}_")))
            arrays.append(values)
        elif field.name not in (_VALUE, _REJECTED) and not field.name.startswith("__fdf__/"):
            fields.append(field)
            arrays.append(values)
    return pyarrow.StructArray.from_arrays(arrays, fields=fields)


def _text(table: pyarrow.Table) -> pyarrow.Array:
    values = table[_VALUE].combine_chunks()
    return values if isinstance(values, pyarrow.Array) else values.chunk(0)


def _function(
    operator: type[Operator],
    result: Callable[[pyarrow.Table], pyarrow.Array],
    stored: pyarrow.DataType | None = None,
) -> Callable[..., Expression]:
    """The operator as a function of a column. `stored`: the column's type; a text if not said."""

    def function(column: Expression, **params: Any) -> Expression:
        made: Any = operator(id=_ID, field=_VALUE, **params)
        schema = pyarrow.schema([(_VALUE, stored or pyarrow.large_string())])
        batches = _Batches(_config(None, [made]), schema)
        none = batches.apply([pyarrow.array([], schema.field(0).type)])
        type_ = DataType.from_arrow_type(result(none).type)

        @daft.func.batch(return_dtype=type_, use_process=False)
        def over_batch(given: daft.Series) -> pyarrow.Array:
            return result(batches.apply([given.to_arrow()]))

        over_batch_of: Any = over_batch
        made_expression: Expression = over_batch_of(column)
        return made_expression

    function.__name__ = function.__qualname__ = str(operator.type)
    gives = "A struct of what it measures" if result is _measures else "The text that it makes"
    function.__doc__ = f"{operator.__doc__}\n    {gives}; `field` is the column."
    return function


text_stats = _function(ops.TextStats, _measures)
text_quality = _function(ops.TextQuality, _measures)
token_count = _function(ops.TokenCount, _measures)
language = _function(ops.Language, _measures)
regex_extract = _function(ops.RegexExtract, _measures)
image_stats = _function(ops.ImageStats, _measures, pyarrow.large_binary())
normalize_text = _function(ops.NormalizeText, _text)
redact_pii = _function(ops.RedactPii, _text)
regex_replace = _function(ops.RegexReplace, _text)
