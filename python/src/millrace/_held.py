"""Datasets as the engine reads them: ranges of rows as Arrow streams, no object per row."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import datasets
    import pyarrow

FEATURE_KEY = "millrace.feature"  # as engine/contract/features.h has it
_PLAIN = {"bool", "string", "binary", "float32", "float64", "date32"} | {
    f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)
}
# Of a stream at a time: examples are objects of Python until they are a table.
_ROWS_PER_BATCH, _EXAMPLES_PER_BATCH = 1000, 100
# Rows behind indices are gathered so many at a time: the more, the fewer pieces of the table each.
_GATHERED_ROWS, _GATHERED_BYTES = 65536, 32 << 20


class HeldRows(Protocol):
    """What the binding asks for (python/bind/held_dataset.h)."""

    schema: pyarrow.Schema
    rows: int
    bytes: int
    #: Of a stream: how many parts it comes in, and the number of its first file.
    shards: int
    first_file: int
    #: What `read` gives is there already, not made for it.
    lies_in_memory: bool
    fingerprint: str
    #: What reading them raised: the cause of the engine's error.
    raised: BaseException | None

    def read(self, begin: int, end: int) -> object: ...


def hold(name: str, dataset: object) -> HeldRows:
    """A Dataset or an IterableDataset, for the source of that name."""
    import datasets

    if isinstance(dataset, datasets.Dataset):
        return _Rows(dataset)
    if isinstance(dataset, datasets.IterableDataset):
        return _Stream(dataset)
    raise TypeError(
        f"the source {name!r} takes a datasets.Dataset or IterableDataset, "
        f"not a {type(dataset).__name__}"
    )


def stored_alike(dataset: Any) -> bool:
    """Whether the engine stores each column of a Dataset as `datasets` does, as far as its type
    tells. Of a stream it does not matter: no."""
    import datasets

    return isinstance(dataset, datasets.Dataset) and all(
        _is_large(field.type) or _is_alike(field.type) for field in dataset.features.arrow_schema
    )


def _is_large(type_: pyarrow.DataType) -> bool:
    """As a column the engine knows how `datasets` has it; not within another type."""
    import pyarrow.types as t

    return bool(t.is_large_string(type_) or t.is_large_binary(type_))


def _is_alike(type_: pyarrow.DataType) -> bool:
    import pyarrow
    import pyarrow.types as t

    if isinstance(type_, pyarrow.BaseExtensionType) or t.is_duration(type_):
        return False
    if _is_large(type_) or t.is_large_list(type_):
        return False
    return all(_is_alike(type_.field(at).type) for at in range(type_.num_fields))


def _stored(type_: pyarrow.DataType) -> pyarrow.DataType:
    """As the engine gets it. It has no durations: their numbers come back as what they were."""
    import pyarrow

    if isinstance(type_, pyarrow.BaseExtensionType):
        type_ = type_.storage_type
    return pyarrow.int64() if pyarrow.types.is_duration(type_) else type_


def _says_more(feature: Any) -> bool:
    """A feature that the engine would not derive from the type of the column."""
    plain = isinstance(feature, dict) and set(feature) == {"dtype", "_type"}
    return not (plain and feature["_type"] == "Value" and feature["dtype"] in _PLAIN)


def _schema(
    stored: pyarrow.Schema, features: datasets.Features | None, columns: list[str]
) -> pyarrow.Schema:
    """Types as they are stored; beside each what `datasets` calls the column."""
    import pyarrow

    called = {} if features is None else features.to_dict()
    fields = []
    for name in columns:
        field = pyarrow.field(name, _stored(stored.field(name).type))
        if name in called and _says_more(called[name]):
            field = field.with_metadata({FEATURE_KEY: json.dumps(called[name])})
        fields.append(field)
    return pyarrow.schema(fields)


def _under(table: pyarrow.Table, schema: pyarrow.Schema) -> pyarrow.Table:
    """The table's rows under the schema, whose types are those of the storage."""
    import pyarrow

    columns = []
    for field in schema:
        column = table[field.name]
        if isinstance(column.type, pyarrow.BaseExtensionType):
            chunks = [chunk.storage for chunk in column.chunks]
            column = pyarrow.chunked_array(chunks, column.type.storage_type)
        columns.append(column if column.type == field.type else column.cast(field.type))
    return pyarrow.Table.from_arrays(columns, schema=schema)


class _Gather:
    """Rows of a table by their numbers, a part of the table at a time."""

    def __init__(self, table: pyarrow.Table) -> None:
        import numpy

        self._schema = table.schema
        self._batches = [batch for batch in table.to_batches() if batch.num_rows > 0]
        self._ends = numpy.cumsum([batch.num_rows for batch in self._batches])

    def rows(self, wanted: pyarrow.ChunkedArray) -> pyarrow.Table:
        import numpy
        import pyarrow

        numbers = wanted.to_numpy().astype(numpy.int64)
        batch_of = numpy.searchsorted(self._ends, numbers, side="right")
        order = numpy.argsort(batch_of, kind="stable")
        batches, begins = numpy.unique(batch_of[order], return_index=True)
        parts = []
        for at, picked in zip(batches, numpy.split(order, begins[1:]), strict=True):
            batch = self._batches[at]
            first = self._ends[at] - batch.num_rows
            parts.append(batch.take(pyarrow.array(numbers[picked] - first)))
        back = numpy.empty_like(order)
        back[order] = numpy.arange(len(order))
        together = pyarrow.Table.from_batches(parts, self._schema).combine_chunks()
        return together.take(pyarrow.array(back))


class _Rows:
    """A Dataset. Where it has no indices, a range is a slice of its table, which Arrow reads
    without Python."""

    def __init__(self, dataset: datasets.Dataset) -> None:
        format_ = dataset.format
        if format_["type"] == "custom":
            raise TypeError(
                "the dataset has a transform that runs when a row is looked at: "
                "`map` it, or take the transform away with `with_format(None)`"
            )
        self._table = dataset.data.table.select(format_["columns"])
        indices = dataset._indices
        self._indices = None if indices is None else indices.table.column(0)
        self._gather = None if indices is None else _Gather(self._table)
        self.schema = _schema(self._table.schema, dataset.features, format_["columns"])
        self.rows = len(dataset)
        row_bytes = self._table.nbytes / max(self._table.num_rows, 1)
        self.bytes = int(row_bytes * self.rows)
        self._step = max(1, min(_GATHERED_ROWS, int(_GATHERED_BYTES / max(row_bytes, 1))))
        self.shards, self.first_file = 1, 0
        self.lies_in_memory = indices is None
        self.fingerprint = str(dataset._fingerprint)
        self.raised: BaseException | None = None

    def read(self, begin: int, end: int) -> object:
        if self._gather is None:
            return _under(self._table.slice(begin, end - begin), self.schema)
        return _reader(self.schema, self._picked(begin, end), self)

    def _picked(self, begin: int, end: int) -> Iterator[pyarrow.Table]:
        assert self._gather is not None and self._indices is not None
        for at in range(begin, end, self._step):
            yield self._gather.rows(self._indices.slice(at, min(self._step, end - at)))


class _Stream:
    """An IterableDataset, read once; no more than a batch of it is held."""

    def __init__(self, dataset: datasets.IterableDataset) -> None:
        self.rows, self.bytes, self.fingerprint = -1, 0, ""
        self.first_file, self.lies_in_memory = 0, False
        self.raised: BaseException | None = None
        self._shards: list[Iterator[pyarrow.Table]] = [
            iter(shard.with_format("arrow").iter(batch_size=_rows_per_batch(shard)))
            for shard in _shards(dataset)
        ]
        self.shards = len(self._shards)
        features = dataset.features
        stored = self._first_schema() if features is None else features.arrow_schema
        self.schema = _schema(stored, features, list(stored.names))

    def _first_schema(self) -> pyarrow.Schema:
        """Its first batch says what the columns are."""
        for number, shard in enumerate(self._shards):
            first = next(shard, None)
            if first is not None:
                self._shards[number] = _with_first(first, shard)
                return first.schema
        raise ValueError("the stream has neither rows nor features: its columns are unknown")

    def read(self, begin: int, end: int) -> object:
        return _reader(self.schema, self._shards[begin], self)

    def tables(self) -> Iterator[pyarrow.Table]:
        """All of it, with the schema's columns."""
        for shard in self._shards:
            for table in shard:
                yield _under(table, self.schema).combine_chunks()


class Piece:
    """Rows of a stream that are run over by themselves."""

    def __init__(self, schema: pyarrow.Schema, tables: list[pyarrow.Table], number: int) -> None:
        self.rows, self.bytes, self.fingerprint = -1, 0, ""
        self.shards, self.first_file = 1, number
        self.lies_in_memory = False
        self.raised: BaseException | None = None
        self.schema = schema
        self._tables = tables

    def read(self, begin: int, end: int) -> object:
        return _reader(self.schema, iter(self._tables), self)


def _rows_per_batch(dataset: datasets.IterableDataset) -> int:
    return _EXAMPLES_PER_BATCH if dataset._ex_iterable.iter_arrow is None else _ROWS_PER_BATCH


# What gives the same rows in the same order when each of its shards is read by itself.
_IN_ORDER = {
    "ArrowExamplesIterable",
    "ExamplesIterable",
    "FilteredExamplesIterable",
    "FormattedExamplesIterable",
    "MappedExamplesIterable",
    "SelectColumnsIterable",
}


def _shards(dataset: datasets.IterableDataset) -> list[datasets.IterableDataset]:
    """Its shards, where they in their order are the stream; else the stream as one."""
    count = dataset.num_shards
    if count < 2 or dataset._distributed is not None:
        return [dataset]
    iterable: Any = dataset._ex_iterable
    while iterable is not None:
        # A function that is told positions, or gets batches, would notice where shards end.
        notices = getattr(iterable, "batched", False) or getattr(iterable, "with_indices", False)
        if type(iterable).__name__ not in _IN_ORDER or notices:
            return [dataset]
        iterable = getattr(iterable, "ex_iterable", None)
    return [dataset.shard(num_shards=count, index=index) for index in range(count)]


def _with_first(first: pyarrow.Table, rest: Iterator[pyarrow.Table]) -> Iterator[pyarrow.Table]:
    yield first
    yield from rest


def _reader(
    schema: pyarrow.Schema, tables: Iterator[pyarrow.Table], held: Any
) -> pyarrow.RecordBatchReader:
    import pyarrow

    def batches() -> Iterator[pyarrow.RecordBatch]:
        try:
            for table in tables:
                # A stream of examples comes with a chunk for each of them.
                yield from _under(table, schema).combine_chunks().to_batches()
        except BaseException as error:
            held.raised = error
            raise
        # What Arrow keeps of it for later would stand beside what the run takes.
        pyarrow.default_memory_pool().release_unused()

    return pyarrow.RecordBatchReader.from_batches(schema, batches())
