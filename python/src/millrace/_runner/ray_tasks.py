"""Units as Ray tasks: one per split, bounded in flight, done again when a worker or node dies.

A task is a function of the unit's text and of a reference to the order. Ray keeps worker processes
between tasks, so each plans the run once (order.WORKERS). Nothing of a unit goes through Ray's
object store but its text and its reply: rows are read from and written to the workspace.
"""

from __future__ import annotations

import json
import logging
import queue
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import ray

from millrace._runner.order import WORKERS, Needs, Order

LOG = logging.getLogger("millrace")
Ref = Any  # ray.ObjectRef, which is generic for type checkers alone
_get: Any = ray.get  # likewise
_LOOK_SECONDS = 0.5  # between two looks whether a unit is still wanted
_RETRIES = 3
_UNITS_MAX = 1000  # each has a thread of the driver; `in_flight` may ask for more
_UNITS_PER_CPU = 2  # under way: one is worked on, the next waits for its turn


def _perform(unit: str, order_id: str, box: list[Ref]) -> str:
    """What a task does. The order is fetched by processes that do not know it."""
    if order_id not in WORKERS:
        order = _get(box[0])
        return WORKERS.of(order_id, order).perform(unit)
    return WORKERS.of(order_id).perform(unit)


def cluster_cpus() -> float:
    resources: Any = ray.cluster_resources
    return max(float(resources().get("CPU", 1.0)), 1.0)


def _that_fit(needs: Needs) -> int:
    """So many of them have what they need at a time, if nobody else takes it."""
    many = cluster_cpus() / needs.num_cpus if needs.num_cpus else cluster_cpus()
    if needs.num_gpus:
        resources: Any = ray.cluster_resources
        many = min(many, float(resources().get("GPU", 0)) / needs.num_gpus)
    return max(1, int(many))


class _UnitActor:
    """A process that lives as long as the run: what its operators have loaded stays loaded."""

    def __init__(self, order_id: str, box: list[Ref]) -> None:
        self._worker = WORKERS.of(order_id, _get(box[0]))

    def perform(self, unit: str) -> str:
        return self._worker.perform(unit)


class _Actors:
    """The actors of a stage, each with one unit at a time: who finds none idle waits."""

    def __init__(self, order: Order, stage: str, box: list[Ref], retries: int) -> None:
        needs = order.stages[stage]
        actor: Any = ray.remote(_UnitActor).options(
            num_cpus=needs.num_cpus,
            num_gpus=needs.num_gpus,
            max_restarts=-1,
            max_task_retries=retries,
        )
        self._idle: queue.Queue[Any] = queue.Queue()
        many = needs.actors or _that_fit(needs)
        self._all = [actor.remote(order.id, box) for _ in range(many)]
        for one in self._all:
            self._idle.put(one)

    def take(self, stopped: Callable[[], bool]) -> Any:
        """None once the unit is no longer wanted."""
        while not stopped():
            try:
                return self._idle.get(timeout=_LOOK_SECONDS)
            except queue.Empty:
                continue
        return None

    def give_back(self, actor: Any) -> None:
        self._idle.put(actor)

    def end(self) -> None:
        for actor in self._all:
            ray.kill(actor)


class RayRunner:
    """Hands units to Ray. Thread-safety: any thread may ask for a unit."""

    def __init__(self, order: Order, options: Mapping[str, Any]) -> None:
        cpus = float(options.get("cpus_per_unit", 1))
        there = cluster_cpus()
        slots = max(int(there / cpus) if cpus > 0 else int(there), 1)
        self.in_flight = int(options.get("in_flight", min(_UNITS_PER_CPU * slots, _UNITS_MAX)))
        self.raised: BaseException | None = None
        self._id = order.id
        self._box = [ray.put(order)]
        self._task: Any = ray.remote(_perform).options(
            num_cpus=cpus,
            max_retries=int(options.get("retries", _RETRIES)),
            scheduling_strategy="SPREAD",
            name="millrace unit",
        )
        self._lock = threading.Lock()
        self._order, self._retries = order, int(options.get("retries", _RETRIES))
        self._actors: dict[str, _Actors] = {}  # by stage, from its first unit on

    def _actors_of(self, unit: str) -> _Actors | None:
        if not self._order.stages:
            return None
        stage = str(json.loads(json.loads(unit)["call"])["stage"])
        if stage not in self._order.stages:
            return None
        with self._lock:
            if stage not in self._actors:
                for earlier in self._actors.values():  # whose units are done
                    earlier.end()
                self._actors = {stage: _Actors(self._order, stage, self._box, self._retries)}
            return self._actors[stage]

    def perform(self, unit: str, stopped: Callable[[], bool]) -> str | None:
        actors = self._actors_of(unit)
        if actors is None:
            return self._reply(self._task.remote(unit, self._id, self._box), stopped)
        actor = actors.take(stopped)
        if actor is None:
            return None
        try:
            return self._reply(actor.perform.remote(unit), stopped)
        finally:
            actors.give_back(actor)

    def close(self) -> None:
        for actors in self._actors.values():
            actors.end()

    def _reply(self, reply: Ref, stopped: Callable[[], bool]) -> str | None:
        try:
            while True:
                done, _ = ray.wait([reply], timeout=_LOOK_SECONDS)
                if done:
                    text: str = _get(reply)
                    return text
                if stopped():
                    ray.cancel(reply, force=False)
                    return None
        except BaseException as error:
            with self._lock:
                self.raised = self.raised or error
            raise


def connect(options: Mapping[str, Any]) -> bool:
    """Whether this call has started or joined Ray, and is to leave it."""
    if ray.is_initialized():
        return False
    given: dict[str, Any] = {
        "logging_level": logging.WARNING,
        "log_to_driver": False,
        "include_dashboard": False,
        "configure_logging": False,
    }
    if "address" in options:
        given["address"] = options["address"]
        del given["include_dashboard"]
    if "runtime_env" in options:
        given["runtime_env"] = options["runtime_env"]
    ray.init(**given)
    return True


@contextmanager
def ray_runner(options: Mapping[str, Any], order: Order) -> Iterator[RayRunner]:
    """Over the Ray that this process has joined; else the one at `address`; else one of its own."""
    ours = connect(options)
    try:
        runner = RayRunner(order, options)
        LOG.info("ray: %d units in flight", runner.in_flight)
        try:
            yield runner
        finally:
            runner.close()
    finally:
        if ours:
            ray.shutdown()
