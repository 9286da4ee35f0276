"""What a worker must be told once to do any unit of a run: an Order, which pickles."""

from __future__ import annotations

import itertools
import os
import socket
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from millrace._loader import engine

if TYPE_CHECKING:
    from millrace import _engine
    from millrace._held import HeldRows
    from millrace._operator import PythonOperator
    from millrace._resolver import Resolver

_NUMBERS = itertools.count()
_WORKERS_KEPT = 2


class StoredStream:
    """A stream that the driver has stored: a worker knows its columns and reads the files."""

    def __init__(self, stream: HeldRows) -> None:
        self.schema, self.rows, self.bytes, self.fingerprint = stream.schema, -1, 0, ""
        self.shards, self.first_file = stream.shards, stream.first_file
        self.lies_in_memory = False
        self.raised: BaseException | None = None

    def read(self, begin: int, end: int) -> object:
        raise RuntimeError("a worker does not read streams")


class Needs(NamedTuple):
    """What a stage's operators ask of a process that holds what they have loaded."""

    actors: int  # 0: as many as fit
    num_cpus: float
    num_gpus: float


def needs_of(pipeline: _engine.Pipeline, resolver: Resolver, num_cpus: float) -> dict[str, Needs]:
    """Of stages with operators that are classes, or work on a GPU. `num_cpus`: of a unit."""
    needs = {}
    for stage, entries in engine().host_operators(pipeline).items():
        operators = [resolver.operator(entry) for entry in dict.fromkeys(entries)]
        declared = [
            one.declared
            for one in operators
            if isinstance(one.function, type) or one.declared["num_gpus"]
        ]
        if declared:
            needs[stage] = Needs(
                max(one["concurrency"] or 0 for one in declared),
                max(one["num_cpus"] or num_cpus for one in declared),
                sum(one["num_gpus"] or 0 for one in declared),
            )
    return needs


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
        operators: Mapping[str, PythonOperator] | None = None,
    ) -> None:
        self.id = f"{socket.gethostname()}-{os.getpid()}-{next(_NUMBERS)}"
        self.recipe, self.workspace = dict(recipe), workspace
        self.threads, self.memory = threads, memory
        #: By source: a Dataset, or the StoredStream of an IterableDataset.
        self.datasets = dict(datasets)
        #: Operators that were given with the pipeline, by entry: a worker imports the others.
        self.operators = dict(operators or {})
        #: Stages whose units go to processes that live as long as the run.
        self.stages = dict(stages or {})


def order_of(
    pipeline: _engine.Pipeline,
    datasets: Mapping[str, Any],
    held: Mapping[str, HeldRows],
    threads: int,
    memory: str,
    resolver: Resolver,
    num_cpus: float = 1,
) -> Order:
    """`held`: the datasets as they are bound. `resolver`: has the operators in Python."""
    shipped = {
        name: StoredStream(held[name]) if held[name].rows < 0 else rows
        for name, rows in datasets.items()
    }
    engine_ = engine()
    recipe, workspace = engine_.recipe(pipeline), engine_.workspace(pipeline)
    for operator in resolver.own.values():
        _ = operator.sha256  # a worker that gets it by value does not see its source
    needs = needs_of(pipeline, resolver, num_cpus)
    return Order(recipe, workspace, threads, memory, shipped, needs, resolver.own)


def resolver_of(order: Order) -> Resolver:
    """Operators work in the worker itself: that is the process which lives on."""
    from millrace._resolver import InProcess, Resolver

    class InWorker(Resolver):
        def _start(self, operator: PythonOperator, values: Mapping[str, Any]) -> InProcess:
            return InProcess(operator, values)

    return InWorker(order.operators)


class Worker:
    """The engine's side of an order: it plans with its first unit, and does one at a time.
    `resolver`: of several workers in one process, so that a class is made once."""

    def __init__(self, order: Order, resolver: Resolver | None = None) -> None:
        from millrace._held import hold

        engine_ = engine()
        self._resolver = resolver or resolver_of(order)  # the engine does not keep it
        pipeline = engine_.load_text(**order.recipe, operators=self._resolver)
        pipeline = engine_.with_workspace(pipeline, order.workspace)
        if order.datasets:
            held = {
                name: rows if isinstance(rows, StoredStream) else hold(name, rows)
                for name, rows in order.datasets.items()
            }
            pipeline = engine_.bind_datasets(pipeline, held)
        self._worker: _engine.UnitWorker = engine_.unit_worker(
            pipeline, order.threads, order.memory
        )

    def perform(self, unit: str) -> str:
        return self._worker.perform(unit)


class Workers:
    """The workers of this process, by order: a process does many units, and plans once."""

    def __init__(self) -> None:
        self._by_id: dict[str, Worker] = {}

    def __contains__(self, id_: str) -> bool:
        return id_ in self._by_id

    def of(self, id_: str, order: Order | None = None) -> Worker:
        """`order`: needed while the id is not known."""
        if id_ not in self._by_id:
            assert order is not None
            while len(self._by_id) >= _WORKERS_KEPT:
                del self._by_id[next(iter(self._by_id))]
            self._by_id[id_] = Worker(order)
        return self._by_id[id_]


WORKERS = Workers()
