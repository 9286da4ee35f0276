"""Rows of a run as Hugging Face datasets."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from millrace._extras import needs
from millrace._loader import engine

if TYPE_CHECKING:
    import datasets
    import pyarrow

RESERVED = "__fdf__/"
ROW_ID = "__fdf__/row_id"


class CommittedRows:
    """Rows that a run left in its workspace: the shards, and a reader over all of them."""

    def __init__(
        self,
        reader: pyarrow.RecordBatchReader,
        files: list[str],
        hashes: list[str],
        workspace: str,
        identity: str,
    ) -> None:
        self.reader = reader
        self.files = files
        #: SHA-256 of each of them.
        self.hashes = hashes
        self.workspace = workspace
        #: Of `files`, as the workspace names them.
        self.keys = [file.removeprefix(f"{workspace}/") for file in files]
        #: Equal for equal rows: made from the manifest.
        self.identity = identity


def features_of(schema: pyarrow.Schema, provenance: bool) -> datasets.Features:
    """What the engine noted of each column. `Features.from_arrow_schema` would leave out those
    that are stored as another type, such as large_string."""
    import datasets

    metadata = schema.metadata or {}
    if b"huggingface" not in metadata:  # rejects
        told = datasets.Features.from_arrow_schema(schema)
    else:
        noted = json.loads(metadata[b"huggingface"])["info"]["features"]
        told = datasets.Features.from_dict(noted)
    return datasets.Features(
        {name: told[name] for name in schema.names if provenance or not name.startswith(RESERVED)}
    )


def _cache_folder(workspace: str) -> str:
    """In the workspace, or, where that is behind a URL, where `datasets` keeps its own."""
    if "://" not in workspace:
        return os.path.join(workspace, "datasets")
    import datasets

    return os.path.join(os.fspath(datasets.config.HF_DATASETS_CACHE), "millrace")


def cast_batches(
    batches: Iterable[pyarrow.RecordBatch], features: datasets.Features, source: str | None = None
) -> Iterator[pyarrow.Table]:
    """The rows with the features, a batch at a time; with a source, those that come from it."""
    import datasets
    import pyarrow
    import pyarrow.compute

    schema = features.arrow_schema
    for batch in batches:
        if source is not None:
            ids = batch.column(batch.schema.get_field_index(ROW_ID))
            batch = batch.filter(pyarrow.compute.starts_with(ids, source + "/"))
        table = pyarrow.Table.from_batches([batch]).select(schema.names)
        for at, field in enumerate(schema):
            if pyarrow.types.is_null(field.type):  # no type can be cast to it
                table = table.set_column(at, field, pyarrow.nulls(table.num_rows))
        yield datasets.table.table_cast(table, schema)


def _ahead(reader: pyarrow.RecordBatchReader) -> Iterator[pyarrow.RecordBatch]:
    """The batches of a reader; each is decoded while the one before is worked on."""

    def following() -> pyarrow.RecordBatch | None:
        try:
            return reader.read_next_batch()
        except StopIteration:
            return None

    with ThreadPoolExecutor(1, "millrace-rows") as other:
        waiting = other.submit(following)
        while (batch := waiting.result()) is not None:
            waiting = other.submit(following)
            yield batch


def _write(
    reader: pyarrow.RecordBatchReader, path: str, features: datasets.Features, source: str | None
) -> None:
    """The rows as an Arrow stream file, a batch at a time; whole or not at all."""
    import pyarrow

    os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
    schema = features.arrow_schema
    part = f"{path}.{os.getpid()}.part"
    try:
        with pyarrow.OSFile(part, "wb") as sink, pyarrow.ipc.new_stream(sink, schema) as writer:
            for table in cast_batches(_ahead(reader), features, source):
                writer.write_table(table)
        os.replace(part, path)
    except BaseException:
        if os.path.exists(part):
            os.remove(part)
        raise


def _note(path: str, shards: list[str]) -> None:
    """What it is made of, for `millrace gc`."""
    note = path.removesuffix(".arrow") + ".json"
    part = f"{note}.{os.getpid()}.part"
    with open(part, "w", encoding="utf-8") as file:
        json.dump({"shards": shards}, file)
    os.replace(part, note)


_COPIES_MAX = 4096  # a process maps so many files and not many more


def _copy_of(shard: str, folder: str) -> datasets.table.Table | None:
    """What a run left beside a shard, by the shard's hash; None where it is not whole."""
    import datasets

    path = os.path.join(folder, shard)
    try:
        with open(f"{path}.json", encoding="utf-8") as file:
            if json.load(file)["bytes"] != os.path.getsize(f"{path}.arrow"):
                return None
        return datasets.table.MemoryMappedTable.from_file(f"{path}.arrow")
    except (OSError, ValueError, KeyError, TypeError):  # gone, or damaged
        return None


def _copies(rows: CommittedRows, features: datasets.Features) -> datasets.table.Table | None:
    """The rows as a run has copied them to be mapped (RunOptions::arrow_copies); None where it did
    not copy all, or where `datasets` stores the features as other types than the engine."""
    import datasets

    folder, tables = _cache_folder(rows.workspace), []
    for shard in rows.hashes if len(rows.hashes) <= _COPIES_MAX else ():
        table = _copy_of(shard, folder)
        if table is None or table.schema != features.arrow_schema:
            return None
        tables.append(table)
    return datasets.table.concat_tables(tables) if tables else None


def as_dataset(
    rows: CommittedRows, *, provenance: bool = False, source: str | None = None
) -> datasets.Dataset:
    """A Dataset over memory-mapped files: copies of the shards, or else one of all rows, which is
    written once for equal ones. `source`: only the rows that come from it."""
    with needs("datasets", "a Dataset of the rows"):
        import datasets

    features = features_of(rows.reader.schema, provenance)
    told = repr((engine().version(), rows.identity, features.to_dict(), source))
    fingerprint = hashlib.sha256(told.encode()).hexdigest()[:16]
    path = os.path.join(_cache_folder(rows.workspace), f"{fingerprint}.arrow")
    written = os.path.exists(path)
    table = None if written or source is not None else _copies(rows, features)
    if table is None:
        if not written:
            _write(rows.reader, path, features, source)
            _note(path, rows.keys)
        table = datasets.table.MemoryMappedTable.from_file(path)
    return datasets.Dataset(
        table,
        info=datasets.DatasetInfo(features=features),
        fingerprint=fingerprint,
    )


def _no_rows() -> Iterator[dict[str, Any]]:
    yield from ()


def as_stream(rows: CommittedRows, *, provenance: bool = False) -> datasets.IterableDataset:
    """An IterableDataset over the shards where they are, each a shard of its own. A column of the
    type null is one of texts in it, all of them null. A ValueError where there are no shards."""
    with needs("datasets", "a Dataset of the rows"):
        import datasets

    if any(key.endswith(".rows.json") for key in rows.keys):
        raise ValueError(
            "the rows of `ingest` stayed in the files of their sources, so there are no shards to "
            "stream: `to_dataset` copies the rows, `keep_rows=True` at a source has a run keep them"
        )

    features = features_of(rows.reader.schema, provenance)
    null = datasets.Value("null")
    texts = {name: datasets.Value("string") for name, one in features.items() if one == null}
    features = datasets.Features({**features, **texts})
    if not rows.files:
        return datasets.IterableDataset.from_generator(_no_rows, features=features)
    stream: Any = datasets.IterableDataset.from_parquet(
        rows.files, columns=list(features), features=features
    )
    return stream
