"""What a worker must be told once to do any unit of a run: an Order, which pickles."""

from __future__ import annotations

import itertools
import os
import socket
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from millrace._loader import engine

if TYPE_CHECKING:
    import pyarrow

    from millrace import _engine
    from millrace._held import HeldRows

_NUMBERS = itertools.count()
_WORKERS_KEPT = 2


class StoredStream:
    """A stream that the driver has stored: a worker knows its columns and reads the files."""

    def __init__(self, schema: pyarrow.Schema) -> None:
        self.schema, self.rows, self.bytes, self.fingerprint = schema, -1, 0, ""
        self.raised: BaseException | None = None

    def read(self, begin: int, end: int) -> object:
        raise RuntimeError("a worker does not read streams")


class Needs(NamedTuple):
    """What a stage's operators ask of a process that holds what they have loaded."""

    actors: int
    num_cpus: float
    num_gpus: float


class Order:
    """Never changed; equal ids are equal orders."""

    def __init__(
        self,
        recipe: Mapping[str, Any],
        workspace: str,
        threads: int,
        memory: str,
        datasets: Mapping[str, Any],
        stages: Mapping[str, Needs] | None = None,
    ) -> None:
        self.id = f"{socket.gethostname()}-{os.getpid()}-{next(_NUMBERS)}"
        self.recipe, self.workspace = dict(recipe), workspace
        self.threads, self.memory = threads, memory
        #: By source: a Dataset, or the StoredStream of an IterableDataset.
        self.datasets = dict(datasets)
        #: Stages whose units go to processes that live as long as the run.
        self.stages = dict(stages or {})


def order_of(
    pipeline: _engine.Pipeline,
    datasets: Mapping[str, Any],
    held: Mapping[str, HeldRows],
    threads: int,
    memory: str,
) -> Order:
    """`held`: the datasets as they are bound."""
    shipped = {
        name: StoredStream(held[name].schema) if held[name].rows < 0 else rows
        for name, rows in datasets.items()
    }
    engine_ = engine()
    recipe, workspace = engine_.recipe(pipeline), engine_.workspace(pipeline)
    return Order(recipe, workspace, threads, memory, shipped)


def worker_of(order: Order) -> _engine.UnitWorker:
    """The engine's side of an order: it plans with its first unit."""
    from millrace._held import hold

    engine_ = engine()
    pipeline = engine_.load_text(**order.recipe)
    pipeline = engine_.with_workspace(pipeline, order.workspace)
    if order.datasets:
        held = {
            name: rows if isinstance(rows, StoredStream) else hold(name, rows)
            for name, rows in order.datasets.items()
        }
        pipeline = engine_.bind_datasets(pipeline, held)
    worker: _engine.UnitWorker = engine_.unit_worker(pipeline, order.threads, order.memory)
    return worker


class Workers:
    """The workers of this process, by order: a process does many units, and plans once."""

    def __init__(self) -> None:
        self._by_id: dict[str, _engine.UnitWorker] = {}

    def __contains__(self, id_: str) -> bool:
        return id_ in self._by_id

    def of(self, id_: str, order: Order | None = None) -> _engine.UnitWorker:
        """`order`: needed while the id is not known."""
        if id_ not in self._by_id:
            assert order is not None
            while len(self._by_id) >= _WORKERS_KEPT:
                del self._by_id[next(iter(self._by_id))]
            self._by_id[id_] = worker_of(order)
        return self._by_id[id_]


WORKERS = Workers()
