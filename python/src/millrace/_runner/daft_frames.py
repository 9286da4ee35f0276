"""Units as rows of a Daft DataFrame, on which one batch function makes the engine's calls.

The units that are under way at a time are a frame: a column of their texts, from which the function
makes a column of replies. Daft places its batches on its threads, or over Ray on the nodes of a
cluster. The engine works outside the GIL, so batches run in parallel in one process.
"""

from __future__ import annotations

import logging
import os
import queue
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import CancelledError, Future
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import daft

from millrace._runner.order import Order, Worker, resolver_of

if TYPE_CHECKING:
    from millrace._resolver import Resolver

LOG = logging.getLogger("millrace")
_LOOK_SECONDS = 0.25


class _Pool:
    """Engine workers of this process by order; a worker does one unit at a time."""

    def __init__(self) -> None:
        self._idle: dict[str, list[Any]] = {}
        self._resolver: Resolver | None = None  # one for all: a class is made once in a process
        self._lock = threading.Lock()

    def perform(self, order: Order, unit: str) -> str:
        with self._lock:
            if order.id not in self._idle:
                self._idle = {order.id: []}  # those of an earlier run are let go
                self._resolver = resolver_of(order)
            idle = self._idle[order.id]
            worker, resolver = idle.pop() if idle else None, self._resolver
        if worker is None:
            worker = Worker(order, resolver)
        try:
            reply: str = worker.perform(unit)
            return reply
        finally:
            with self._lock:
                if order.id in self._idle:
                    self._idle[order.id].append(worker)


_POOL = _Pool()


def perform_here(order: Order, unit: str) -> str:
    """What the batch function calls: by its name, so that no pool is sent along."""
    return _POOL.perform(order, unit)


def _replies(units: list[str], order: Order, partitions: bool) -> Iterator[str]:
    """The replies in the order of the units, each as soon as it and those before are there."""

    @daft.func.batch(return_dtype=daft.DataType.string(), use_process=False, batch_size=1)
    def engine_call(unit: daft.Series) -> list[str]:
        return [perform_here(order, text) for text in unit.to_pylist()]

    frame = daft.from_pydict({"unit": units})
    if partitions:
        frame = frame.into_partitions(len(units))
    for row in frame.select(engine_call(daft.col("unit")).alias("reply")).iter_rows():
        yield row["reply"]


class DaftRunner:
    """Gathers the units that are asked for into frames. Thread-safety: any thread may ask."""

    def __init__(self, order: Order, options: Mapping[str, Any]) -> None:
        on_gpu = [stage for stage, needs in order.stages.items() if needs.num_gpus]
        if on_gpu:
            raise ValueError(
                f"stage {on_gpu[0]!r} works on a GPU, which Daft does not give to a function over "
                "batches: take the runner 'ray'"
            )
        self._over_ray = daft.get_or_infer_runner_type() == "ray"
        slots = _slots(self._over_ray)
        self.in_flight = int(options.get("in_flight", 2 * slots))
        self.raised: BaseException | None = None
        self._order = order
        self._waiting: queue.Queue[tuple[str, Future[str]] | None] = queue.Queue()
        if self._over_ray:
            # Two threads that are the first to ask Daft for its plan runner lose it to each other.
            daft.from_pydict({"unit": [""]}).select(daft.col("unit").upper()).to_pydict()
        # Two frames at a time: one is worked on while the other comes to its end.
        self._frame_rows = max(1, -(-self.in_flight // 2))
        self._threads = [
            threading.Thread(target=self._work, name=f"millrace-daft-{i}", daemon=True)
            for i in range(2)
        ]
        for thread in self._threads:
            thread.start()

    def perform(self, unit: str, stopped: Callable[[], bool]) -> str | None:
        reply: Future[str] = Future()
        self._waiting.put((unit, reply))
        while True:
            try:
                return reply.result(timeout=_LOOK_SECONDS)
            except TimeoutError:
                if stopped() and reply.cancel():
                    return None
            except CancelledError:
                return None

    def close(self) -> None:
        for _ in self._threads:
            self._waiting.put(None)
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        while batch := self._next_batch():
            replies = [reply for _, reply in batch]
            try:
                texts = _replies([unit for unit, _ in batch], self._order, self._over_ray)
                for reply, text in zip(replies, texts, strict=True):
                    reply.set_result(text)
            except BaseException as error:
                self.raised = self.raised or error
                for reply in replies:
                    if not reply.done():
                        reply.set_exception(error)

    def _next_batch(self) -> list[tuple[str, Future[str]]]:
        """Empty at the end."""
        batch: list[tuple[str, Future[str]]] = []
        while len(batch) < self._frame_rows:
            try:
                next_ = self._waiting.get(block=not batch)
            except queue.Empty:
                break
            if next_ is None:
                if batch:
                    self._waiting.put(None)
                break
            if next_[1].set_running_or_notify_cancel():
                batch.append(next_)
        return batch


def _slots(over_ray: bool) -> int:
    if over_ray:
        from millrace._runner.ray_tasks import cluster_cpus

        return int(cluster_cpus())
    return len(os.sched_getaffinity(0))


@contextmanager
def _without_bars() -> Iterator[None]:
    """A run has a bar of its own, if asked for; Daft's would be of frames that nobody knows."""
    name = "DAFT_PROGRESS_BAR"
    told = os.environ.get(name)
    os.environ[name] = "0" if told is None else told
    try:
        yield
    finally:
        if told is None:
            os.environ.pop(name, None)


@contextmanager
def daft_runner(options: Mapping[str, Any], order: Order) -> Iterator[DaftRunner]:
    """Over the runner that Daft has in this process, its native one unless it was told otherwise;
    with `address`, over Ray there."""
    left = False
    if "address" in options:
        from millrace._runner.ray_tasks import connect

        left = connect(options)
        daft.set_runner_ray(noop_if_initialized=True)
    runner = DaftRunner(order, options)
    try:
        LOG.info("daft: %d units in flight", runner.in_flight)
        with _without_bars():
            yield runner
    finally:
        runner.close()
        if left:
            import ray

            ray.shutdown()
