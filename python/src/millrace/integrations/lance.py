"""Rows of a run as a version of a Lance dataset; `Run.to_lance` is the door to it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import lance
import pyarrow

from millrace._dataset import cast_batches, features_of

if TYPE_CHECKING:
    from millrace._dataset import CommittedRows
    from millrace._run import Run

#: In the metadata of a version's schema: what its rows are.
NOTE = b"millrace"


class _Batches:
    """What is written, batch by batch. An exception goes through Lance as a text; it is kept."""

    def __init__(self, tables: Iterator[pyarrow.Table]) -> None:
        self._tables = tables
        self.raised: BaseException | None = None

    def __iter__(self) -> Iterator[pyarrow.RecordBatch]:
        try:
            for table in self._tables:
                yield from table.to_batches()
        except BaseException as error:
            self.raised = error
            raise


def write(
    run: Run,
    rows: CommittedRows,
    path: str | os.PathLike[str],
    *,
    provenance: bool,
    rows_per_file: int,
    storage_options: Mapping[str, str] | None,
) -> int:
    """The version of the dataset that has these rows; a new one where the newest has others."""
    uri = os.fspath(path)
    options = None if storage_options is None else dict(storage_options)
    features = features_of(rows.reader.schema, provenance)
    told = repr((rows.identity, features.to_dict()))
    note = {
        "pipeline": run.pipeline,
        "run_id": run.run_id,
        "rows": sha256(told.encode()).hexdigest()[:32],
    }
    there = _newest(uri, options)
    if there is not None and _noted(there).get("rows") == note["rows"]:
        return there.version
    schema = features.arrow_schema
    schema = schema.with_metadata({**schema.metadata, NOTE: json.dumps(note, sort_keys=True)})
    batches = _Batches(cast_batches(rows.reader, features))
    try:
        made = lance.write_dataset(
            pyarrow.RecordBatchReader.from_batches(schema, batches),
            uri,
            mode="create" if there is None else "overwrite",
            max_rows_per_file=rows_per_file,
            storage_options=options,
        )
    except Exception as error:
        if batches.raised is not None:
            raise batches.raised from error
        raise
    return made.version


def _newest(uri: str, options: dict[str, str] | None) -> lance.LanceDataset | None:
    try:
        return lance.dataset(uri, storage_options=options)
    except ValueError:  # there is none
        return None


def _noted(dataset: lance.LanceDataset) -> dict[str, Any]:
    noted: dict[str, Any] = json.loads((dataset.schema.metadata or {}).get(NOTE, b"{}"))
    return noted
