"""Units that workers in other processes do, without any cluster: the seam by itself."""

from __future__ import annotations

import json
import multiprocessing
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import millrace
from millrace import _loader
from millrace._resolver import Resolver
from millrace._runner import check_runner
from millrace._runner.order import WORKERS, Order, order_of
from runners.pipelines import left_by, repeated_rows, run_locally, write

engine = _loader.engine()
Perform = Callable[[str, Callable[[], bool]], str | None]


def do(order: Order, unit: str) -> str:
    return WORKERS.of(order.id, order).perform(unit)


@pytest.fixture(scope="module")
def processes() -> Iterator[ProcessPoolExecutor]:
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as pool:
        yield pool


def run_with(config: Path, perform: Callable[[Order], Perform], **options: Any) -> str:
    pipeline = engine.load(str(config), {}, -1, None)
    order = order_of(pipeline, {}, {}, 1, "", Resolver())
    result: str = engine.run(
        pipeline,
        threads=1,
        memory="",
        wait=False,
        offline=False,
        refetch=False,
        snapshots={},
        until=options.get("until", ""),
        from_="",
        overwrite=False,
        rethreshold="",
        thresholds={},
        progress=None,
        on_stage_event=None,
        on_cancel=None,
        perform=perform(order),
        units_at_once=options.get("units_at_once", 4),
    )
    return result


def kind_of(unit: str) -> str:
    return str(json.loads(json.loads(unit)["call"])["kind"])


def test_the_bytes_are_those_of_a_run_without_workers(
    tmp_path: Path, processes: ProcessPoolExecutor
) -> None:
    config = write(tmp_path / "run")
    kinds: set[str] = set()

    def perform(order: Order) -> Perform:
        def hand_out(unit: str, stopped: Callable[[], bool]) -> str:
            kinds.add(kind_of(unit))
            return processes.submit(do, order, unit).result()

        return hand_out

    run_with(config, perform)
    assert kinds == {"ingest", "summarise", "apply", "measure", "partition", "join"}
    assert left_by(config) == run_locally(config)


def test_a_unit_may_be_done_twice_and_by_two_at_once(
    tmp_path: Path, processes: ProcessPoolExecutor
) -> None:
    config = write(tmp_path / "run")

    def perform(order: Order) -> Perform:
        def hand_out(unit: str, stopped: Callable[[], bool]) -> str:
            both = [processes.submit(do, order, unit) for _ in range(2)]
            replies = {future.result() for future in both}
            assert len(replies) == 1
            return replies.pop()

        return hand_out

    run_with(config, perform)
    assert left_by(config) == run_locally(config)


def test_a_run_whose_driver_was_lost_goes_on(tmp_path: Path) -> None:
    config = write(tmp_path / "run")
    done: list[str] = []
    lock = threading.Lock()

    def until(units: int) -> Callable[[Order], Perform]:
        def perform(order: Order) -> Perform:
            def hand_out(unit: str, stopped: Callable[[], bool]) -> str:
                with lock:  # a worker does one unit at a time
                    if len(done) == units:
                        raise OSError("the machine is gone")
                    done.append(unit)
                    return do(order, unit)

            return hand_out

        return perform

    for units in (2, 9, 15):
        with pytest.raises(millrace.EnvError, match=r"a worker has failed: .*the machine is gone"):
            run_with(config, until(units))
    run_with(config, until(1000))
    assert len(done) == len(set(done)), "what was committed was not done again"
    assert left_by(config) == run_locally(config)


def test_errors_keep_their_codes_and_places(tmp_path: Path) -> None:
    config = write(tmp_path / "run", stages="")
    text = config.read_text().replace("unique: true}", "unique: true, on_error: fail}")
    config.write_text(text)

    def perform(order: Order) -> Perform:
        return lambda unit, stopped: do(order, unit)

    with pytest.raises(millrace.DataError) as here:
        millrace.run(config, threads=1)
    with pytest.raises(millrace.DataError) as there:
        run_with(config, perform, units_at_once=1)
    assert here.value.code == there.value.code == "MR2002"
    assert here.value.diagnostics == there.value.diagnostics


def test_a_worker_that_plans_otherwise_says_so(tmp_path: Path) -> None:
    config = write(tmp_path / "run")
    pipeline = engine.load(str(config), {}, -1, None)
    other = order_of(pipeline, {}, {}, 1, "", Resolver())
    other.recipe["text"] = other.recipe["text"].replace("words >= 3", "words >= 2")
    unseen = order_of(pipeline, {}, {}, 1, "", Resolver())
    unseen.workspace = str(tmp_path / "elsewhere")

    def instead(order: Order) -> Callable[[Order], Perform]:
        return lambda _: lambda unit, stopped: do(order, unit)

    with pytest.raises(
        millrace.UserError, match=r"otherwise than the driver.*comes to plan"
    ) as raised:
        run_with(config, instead(other), units_at_once=1)
    assert raised.value.code == "MR1901"
    with pytest.raises(millrace.EnvError, match="the driver does not find that in") as missed:
        run_with(config, instead(unseen), units_at_once=1)
    assert missed.value.code == "MR3006"


def test_a_worker_sees_a_file_that_came_later(tmp_path: Path) -> None:
    """The order of splits is the inputs': another file there is another plan."""
    config = write(tmp_path / "run", sources=1, stages="")
    config.write_text(config.read_text().replace("in/s0.csv", "in/*.csv"))

    def perform(order: Order) -> Perform:
        def hand_out(unit: str, stopped: Callable[[], bool]) -> str:
            (config.parent / "in/r.csv").write_text("id,text\n1,new\n")
            return do(order, unit)

        return hand_out

    with pytest.raises(millrace.UserError, match="otherwise than the driver: split"):
        run_with(config, perform)


def test_datasets_and_streams_reach_workers(
    tmp_path: Path, processes: ProcessPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The whole way through Pipeline.run, with a runner of this test."""
    from contextlib import nullcontext

    from millrace import _start

    orders: list[Order] = []

    class Pool:
        in_flight = 3
        raised = None

        def perform(self, unit: str, stopped: Callable[[], bool]) -> str:
            return processes.submit(do, orders[-1], unit).result()

    def started(name: str, options: Any, order: Order) -> Any:
        orders.append(order)
        return nullcontext(Pool() if name == "ray" else None)

    monkeypatch.setattr(_start, "started", started)
    monkeypatch.chdir(tmp_path)
    rows, pipeline = repeated_rows()
    expected = pipeline.run(rows, workspace="local").to_list()
    assert pipeline.run(rows, workspace="handed", runner="ray").to_list() == expected
    stream = rows.to_iterable_dataset(num_shards=3)
    streamed = pipeline.run(stream, workspace="streamed", runner="ray")
    assert list(streamed) == expected


def test_options_are_checked_before_anything_is_started() -> None:
    check_runner("ray", {"address": "auto", "cpus_per_unit": 0.5, "in_flight": 8})
    with pytest.raises(ValueError, match="no runner 'rya': it is one of local, ray, daft"):
        check_runner("rya", {})
    with pytest.raises(ValueError, match="no option 'adress': did you mean 'address'"):
        check_runner("ray", {"adress": "auto"})
    with pytest.raises(ValueError, match="'local' has no option 'in_flight'"):
        check_runner("local", {"in_flight": 8})
    with pytest.raises(TypeError, match="'in_flight' cannot be a str"):
        check_runner("daft", {"in_flight": "8"})
