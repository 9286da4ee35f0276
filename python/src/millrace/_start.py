"""How a pipeline is started: over which rows, by whom, and what the engine is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

from millrace._errors import Error
from millrace._loader import engine
from millrace._resolver import Resolver
from millrace._run import Run, open_result
from millrace._runner import started

if TYPE_CHECKING:
    from millrace import _engine
    from millrace._held import HeldRows
    from millrace._runner import Runner

Progress = Callable[[dict[str, Any]], object]


def _loaded(name: str, arguments: Mapping[str, str]) -> Any:
    """What `load_dataset` gives for the arguments of a config."""
    import json

    import datasets

    values: dict[str, Any] = {
        key: json.loads(text)
        if text[:1] in ("[", "{") or key in ("streaming", "num_proc", "keep_in_memory")
        else text
        for key, text in arguments.items()
    }
    rows: Any = datasets.load_dataset(**values)
    if not isinstance(rows, Mapping):
        return rows
    if len(rows) == 1:
        return next(iter(rows.values()))
    raise ValueError(f"the source {name!r} has the splits {sorted(rows)}: name one in its `load`")


class Start:
    """How runs are started: the pipeline without its rows, and what the engine is told."""

    def __init__(
        self,
        pipeline: _engine.Pipeline,
        options: dict[str, Any],
        progress: Progress | bool | None,
        runner: tuple[str, dict[str, Any]],
        operators: Resolver,
    ) -> None:
        self.pipeline, self._options, self._progress = pipeline, options, progress
        self._runner, self._operators = runner, operators
        #: Whether a source with `load` gave a stream.
        self.loads_streams = False

    def below(self, split: str) -> Start:
        """The same in a folder of the workspace."""
        place = engine().workspace(self.pipeline).rstrip("/") + "/" + split
        moved = engine().with_workspace(self.pipeline, place)
        return Start(moved, self._options, self._progress, self._runner, self._operators)

    def run(self, datasets: Mapping[str, Any], *, as_dataset: bool = False) -> Run:
        """`as_dataset`: a Dataset of all of its rows is wanted then, unless one of these is a
        stream."""
        from millrace._held import hold, stored_alike

        given = dict(datasets)
        for name, arguments in engine().dataset_loads(self.pipeline).items():
            given[name] = _loaded(name, arguments)
            self.loads_streams |= not hasattr(given[name], "num_rows")
        held = {name: hold(name, rows) for name, rows in given.items()}
        copies = as_dataset and all(stored_alike(rows) for rows in given.values())
        return self.run_held(held, given, arrow_copies=copies)

    def run_held(
        self,
        held: Mapping[str, HeldRows],
        given: Mapping[str, Any],
        *,
        arrow_copies: bool = False,
    ) -> Run:
        """`given`: what is held, for workers that hold it themselves."""
        from millrace._progress import LOG, shown

        bound = engine().bind_datasets(self.pipeline, held)
        with self._started(bound, held, given) as runner:
            try:
                with shown(self._progress) as progress, self._operators.running():
                    result = engine().run(
                        bound,
                        offline=False,
                        refetch=False,
                        snapshots={},
                        from_="",
                        rethreshold="",
                        thresholds={},
                        progress=progress,
                        on_cancel=self._operators.cancel,
                        perform=None if runner is None else runner.perform,
                        units_at_once=0 if runner is None else runner.in_flight,
                        arrow_copies=arrow_copies,
                        **self._options,
                    )
            except Error as error:
                for rows in held.values():
                    if rows.raised is not None:
                        raise error from rows.raised
                if runner is not None and runner.raised is not None:
                    raise error from runner.raised
                raise
        run = open_result(result, bound)
        run._operators = self._operators
        LOG.info("%r", run)
        return run

    def _started(
        self, bound: _engine.Pipeline, held: Mapping[str, HeldRows], given: Mapping[str, Any]
    ) -> AbstractContextManager[Runner | None]:
        """The runner; None for the engine's own threads."""
        name, how = self._runner
        if name == "local":
            return nullcontext(None)
        from millrace._runner.order import order_of

        cpus = how.get("cpus_per_unit", 1)
        threads = self._options["threads"] or max(1, int(cpus))
        memory = self._options["memory"]
        order = order_of(bound, given, held, threads, memory, self._operators, float(cpus))
        return started(name, how, order)
