"""Runs over a stream that give their rows split by split, before the stream has ended."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from millrace._dataset import cast_batches, features_of
from millrace._held import Piece, hold

if TYPE_CHECKING:
    import datasets
    import pyarrow

    from millrace._resolver import Resolver
    from millrace._run import Run

_PIECE_BYTES = 32 << 20
_SLICE_BYTES = 8 << 20

_ELSEWHERE = (
    "rows of a run with `lazy=True` come from the process that called `run`, and no other can ask "
    "for them: load them with `num_workers=0`, or run without `lazy`"
)

#: Runs over rows in a folder of the workspace.
RunPiece = Callable[[str, Any], "Run"]


def _slices(tables: Iterator[pyarrow.Table]) -> Iterator[pyarrow.Table]:
    for table in tables:
        step = max(1, int(_SLICE_BYTES * table.num_rows / max(table.nbytes, 1)))
        for begin in range(0, table.num_rows, step):
            yield table.slice(begin, step)


def _pieces(tables: Iterator[pyarrow.Table], rows_max: int) -> Iterator[list[pyarrow.Table]]:
    """So many rows each, less where they are long; one piece at least."""
    piece: list[pyarrow.Table] = []
    rows = size = count = 0
    for table in _slices(tables):
        while table.num_rows > 0:
            here = table.slice(0, rows_max - rows)
            table = table.slice(here.num_rows)
            piece.append(here)
            rows, size = rows + here.num_rows, size + here.nbytes
            if rows == rows_max or size >= _PIECE_BYTES:
                yield piece
                piece, rows, size, count = [], 0, 0, count + 1
    if piece or count == 0:
        yield piece


class LazyRows:
    """The rows of a run over a stream. The first piece is done when this is made."""

    def __init__(
        self,
        source: str,
        stream: datasets.IterableDataset,
        rows_per_piece: int,
        provenance: bool,
        run: RunPiece,
        operators: Resolver,
    ) -> None:
        self._source, self._stream = source, stream
        self._rows_per_piece, self._run, self._operators = rows_per_piece, run, operators
        self._runs: Iterator[Run] | None = self._runs_of_pieces()
        self._first = next(self._runs)
        self._pid = os.getpid()
        reader = self._first._committed(None, "").reader
        self.features: datasets.Features = features_of(reader.schema, provenance)

    def _runs_of_pieces(self) -> Iterator[Run]:
        held: Any = hold(self._source, self._stream)
        with self._operators.running():  # workers stay from one piece to the next
            for number, tables in enumerate(_pieces(held.tables(), self._rows_per_piece)):
                piece = Piece(held.schema, tables, number)
                yield self._run(f"lazy/{number:06}", piece)

    def tables(self) -> Iterator[tuple[str, pyarrow.Table]]:
        """Batch by batch. The first who asks goes on with the stream that was begun, others begin
        anew: what is committed is not done again."""
        if os.getpid() != self._pid:
            raise RuntimeError(_ELSEWHERE)
        runs, self._runs = self._runs, None
        runs = self._runs_of_pieces() if runs is None else _with_first(self._first, runs)
        for number, run in enumerate(runs):
            reader = run._committed(None, "").reader
            for at, table in enumerate(cast_batches(reader, self.features)):
                yield f"{number}_{at}", table

    def __reduce__(self) -> str:
        raise TypeError(_ELSEWHERE)

    def __deepcopy__(self, memo: object) -> LazyRows:
        return self

    def dataset(self) -> datasets.IterableDataset:
        import datasets
        from datasets.iterable_dataset import ArrowExamplesIterable

        return datasets.IterableDataset(
            ArrowExamplesIterable(self.tables, {}),
            info=datasets.DatasetInfo(features=self.features),
        )


def _with_first(first: Run, rest: Iterator[Run]) -> Iterator[Run]:
    yield first
    yield from rest
