"""Pipelines as objects: from a config or built in Python, run over datasets."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from millrace._arguments import mapping, memory_of, threads_of, watcher_of
from millrace._config import TEXT_NAME, Params, load, load_text, overwrites, path_text
from millrace._hooks import teller
from millrace._loader import engine
from millrace._operator import PythonInstance, PythonOperator
from millrace._resolver import Resolver
from millrace._run import Run
from millrace._runner import check_runner
from millrace._stage import Operator, Stage
from millrace._start import Progress, Start
from millrace._yaml import to_yaml

if TYPE_CHECKING:
    import datasets

    from millrace import _engine
    from millrace._held import HeldRows


class Pipeline:
    """What is done to data, declared once and run over any dataset.

        pipeline = Pipeline(
            "curated",
            sources={"train": {"type": "dataset"}},
            stages=[Stage("quality", [ops.TextStats(id="stats", field="text"),
                                      ops.Where(id="keep", expr="stats.words >= 50")])],
        )
        kept = pipeline.run(dataset)

    Sources, contract, exports and further settings (`workspace`, `params`, `seed`, ...) are as in a
    config (docs/config.md), without a contract the columns are those of the dataset. What is wrong
    is told here, as a UserError with all problems.
    """

    def __init__(
        self,
        name: str,
        *,
        sources: Mapping[str, Mapping[str, Any]],
        stages: Sequence[Stage | Mapping[str, Any]] = (),
        contract: Mapping[str, Any] | None = None,
        exports: Mapping[str, Mapping[str, Any]] | None = None,
        **settings: Any,
    ) -> None:
        config: dict[str, Any] = {"version": 1, "name": name, **settings, "sources": sources}
        config = _with_texts(config)
        stages = _stages(stages)
        if contract is not None:
            config["contract"] = contract
        if stages:
            config["stages"] = [
                stage.to_dict() if isinstance(stage, Stage) else stage for stage in stages
            ]
        if exports is not None:
            config["exports"] = exports
        self._take_text(to_yaml(config), None, Resolver(_operators_of(stages)))

    def _take_text(self, text: str, params: Params, operators: Resolver) -> None:
        def at(step: int | None) -> _engine.Pipeline:
            return load_text(text, TEXT_NAME, params, step, operators)

        self._take(text, at, operators)

    def _take(
        self, text: str, at: Callable[[int | None], _engine.Pipeline], operators: Resolver
    ) -> None:
        self._text, self._at, self._loaded, self._operators = text, at, at(None), operators
        #: The newest run, None when it failed; of a DatasetDict whose splits were run one by one,
        #: that of the last.
        self.last_run: Run | None = None
        #: The newest runs, by split of a DatasetDict; of anything else the one under "".
        self.last_runs: dict[str, Run] = {}

    @classmethod
    def from_yaml(cls, config: str | os.PathLike[str], params: Params = None) -> Pipeline:
        """From a file, or from the text of a config (anything with a line break), whose relative
        paths start at the current folder."""
        pipeline = cls.__new__(cls)
        if isinstance(config, str) and "\n" in config:
            pipeline._take_text(config, params, Resolver())
        else:
            operators = Resolver()

            def at(step: int | None) -> _engine.Pipeline:
                return load(config, params, step, operators)

            at(None)  # says so where it cannot be read
            with open(path_text(config), encoding="utf-8") as file:
                pipeline._take(file.read(), at, operators)
        return pipeline

    @classmethod
    def from_dict(cls, config: Mapping[str, Any], params: Params = None) -> Pipeline:
        """From the same keys and values as a config in YAML."""
        pipeline = cls.__new__(cls)
        config = mapping("a config", config, "{'version': 1, 'name': 'it', 'sources': {...}}")
        pipeline._take_text(to_yaml(_with_texts(config)), params, Resolver())
        return pipeline

    def to_yaml(self) -> str:
        """The config; `from_yaml` makes an equal pipeline of it."""
        return self._text

    @property
    def stages(self) -> tuple[str, ...]:
        """The names of its stages; the first is "ingest"."""
        return tuple(engine().stages(self._loaded))

    @property
    def dataset_sources(self) -> tuple[str, ...]:
        """The names of its sources of type `dataset`."""
        return tuple(engine().dataset_sources(self._loaded))

    def run(
        self,
        dataset: Any = None,
        *,
        runner: str = "local",
        runner_options: Mapping[str, Any] | None = None,
        workspace: str | os.PathLike[str] | None = None,
        mode: Literal["incremental", "overwrite"] = "incremental",
        lazy: bool = False,
        hooks: Sequence[object] = (),
        provenance: bool = False,
        threads: int | None = None,
        memory: int | str | None = None,
        wait: bool = False,
        until: str | None = None,
        at_step: int | None = None,
        progress: Progress | bool | None = None,
    ) -> Any:
        """Runs the pipeline over a dataset and gives the rows of its last stage as one.

        A Dataset becomes a Dataset, an IterableDataset an IterableDataset, a DatasetDict a
        DatasetDict. Several sources of type `dataset` take a dict by their names. A DatasetDict
        whose keys are those names is one run; any other needs a config with one such source, and
        each of its splits is a run of its own, in a folder of the workspace by its name.

        What is done for equal rows is not done again; with `mode="overwrite"` the stages behind
        ingest are built anew. `hooks` are objects with methods of `millrace.Hook`. `lazy` is for an
        IterableDataset: the one that comes back gives rows as they are done, before the stream has
        ended, if no operator has to know of all of them. `provenance` keeps the engine's own
        columns (`__fdf__/row_id`, ...). `workspace` takes the place of the config's. The rest is as
        in `millrace.run`; `progress=True` shows a bar. Everything else of the run is `last_run`.

        `runner` says who does the work: "local" (the engine's threads), "ray" or "daft" (workers
        that share the workspace, docs/guides/distributed.md); the rows are the same, byte for byte.
        Then `threads` and `memory` are those of each worker, and `runner_options` may have
        `address` (of a cluster; without it one is started here), `in_flight` (units under way) and,
        of "ray", `cpus_per_unit`, `retries` (when a worker dies) and `runtime_env`.
        """
        self._keep({})
        if lazy and runner != "local":
            raise ValueError("`lazy` is for the runner 'local'")
        started = self._start(
            runner=runner,
            runner_options=runner_options,
            workspace=workspace,
            mode=mode,
            hooks=hooks,
            threads=threads,
            memory=memory,
            wait=wait,
            until=until,
            at_step=at_step,
            progress=progress,
        )
        if lazy:
            return self._run_lazily(dataset, started, provenance)
        if dataset is None:
            self._keep({"": started.run({}, as_dataset=not provenance)})
            return _rows(self._result(), started.loads_streams, provenance)
        return self._run_over(dataset, started, provenance)

    def _start(
        self,
        *,
        runner: str = "local",
        runner_options: Mapping[str, Any] | None = None,
        workspace: str | os.PathLike[str] | None = None,
        mode: str = "incremental",
        hooks: Sequence[object] = (),
        threads: int | None = None,
        memory: int | str | None = None,
        wait: bool = False,
        until: str | None = None,
        at_step: int | None = None,
        progress: Progress | bool | None = None,
    ) -> Start:
        """What `run` is told of how to run, for those who want the run without a dataset of it."""
        check_runner(runner, runner_options or {})
        loaded = self._loaded if at_step is None else self._at(at_step)
        if workspace is not None:
            loaded = engine().with_workspace(loaded, _place(workspace))
        return Start(
            loaded,
            {
                "threads": threads_of(threads),
                "memory": memory_of(memory),
                "wait": wait,
                "until": until or "",
                "overwrite": overwrites(mode),
                "on_stage_event": teller(hooks),
            },
            watcher_of(progress),
            (runner, dict(runner_options or {})),
            self._operators,
        )

    def _run_lazily(
        self, stream: Any, started: Start, provenance: bool
    ) -> datasets.IterableDataset:
        import datasets

        from millrace._lazy import LazyRows

        if not isinstance(stream, datasets.IterableDataset):
            raise TypeError(f"`lazy` is for an IterableDataset, not a {type(stream).__name__}")
        rows_per_piece = engine().lazy_piece_rows(self._loaded)
        (source,) = self.dataset_sources

        def run(folder: str, piece: HeldRows) -> Run:
            done = started.below(folder).run_held({source: piece}, {})
            self._keep({"": done})
            return done

        rows = LazyRows(source, stream, rows_per_piece, provenance, run, self._operators)
        return rows.dataset()

    def _run_over(self, dataset: Any, started: Start, provenance: bool) -> Any:
        import datasets

        names = self.dataset_sources
        if isinstance(dataset, datasets.DatasetDict | datasets.IterableDatasetDict):
            if set(dataset) == set(names) and len(names) > 1:
                self._keep({"": started.run(dict(dataset))})
                return _by_source(self._result(), dataset, names, provenance)
            return self._run_splits(dataset, started, provenance)
        if isinstance(dataset, Mapping):
            given = {str(name): rows for name, rows in dataset.items()}
        elif len(names) > 1:
            told = ", ".join(f"{name!r}: ..." for name in names)
            raise ValueError(f"the config has several dataset sources: give a dict {{{told}}}")
        else:
            given = {names[0] if names else "train": dataset}
        self._keep({"": started.run(given, as_dataset=not provenance)})
        streams = any(isinstance(rows, datasets.IterableDataset) for rows in given.values())
        return _rows(self._result(), streams, provenance)

    def _run_splits(
        self, dataset: Mapping[str, Any], started: Start, provenance: bool
    ) -> Mapping[str, Any]:
        names = self.dataset_sources
        if len(names) != 1:
            raise ValueError(
                f"a DatasetDict with the splits {sorted(dataset)} fits neither the dataset sources "
                f"{list(names)} by their names nor one source for each split"
            )
        exports = engine().exports(self._loaded)
        if not dataset:
            raise ValueError(f"the {type(dataset).__name__} has no splits")
        if exports:
            raise ValueError(
                f"each split is a run of its own, and all would publish to the export "
                f"{exports[0]!r}: leave `exports` out, or name a source for each split"
            )
        runs: dict[str, Run] = {}
        for split, rows in dataset.items():
            runs[split] = started.below(split).run({names[0]: rows}, as_dataset=not provenance)
        self._keep(runs)
        result = {
            split: _rows(runs[split], not hasattr(rows, "num_rows"), provenance)
            for split, rows in dataset.items()
        }
        return _like(dataset, result)

    def _keep(self, runs: dict[str, Run]) -> None:
        self.last_runs = runs
        self.last_run = next(reversed(runs.values()), None)

    def _result(self) -> Run:
        assert self.last_run is not None
        return self.last_run

    def __reduce__(self) -> str:
        raise TypeError(
            "a Pipeline stays in its process: send its `to_yaml()`, and make it again there with "
            "`millrace.Pipeline.from_yaml`"
        )

    def __repr__(self) -> str:
        return f"<millrace.Pipeline: {' > '.join(self.stages)}>"


def _with_texts(config: Mapping[str, Any]) -> dict[str, Any]:
    """The config with what `load_dataset` takes as texts, as configs have it."""
    import json

    sources: dict[str, Any] = {}
    given = mapping("`sources`", config.get("sources", {}), "{'train': {'type': 'dataset'}}")
    for name, source in given.items():
        sources[name] = dict(mapping(f"the source {name!r}", source, "{'type': 'dataset'}"))
        if isinstance(source.get("load"), Mapping):
            sources[name]["load"] = {
                key: value if isinstance(value, str) else json.dumps(value)
                for key, value in source["load"].items()
            }
    return {**config, "sources": sources} if sources else dict(config)


def _stages(given: Any) -> tuple[Stage | Mapping[str, Any], ...]:
    if isinstance(given, str | Stage | Mapping) or not isinstance(given, Iterable):
        raise TypeError(f"`stages` is a list of millrace.Stage, not a {type(given).__name__}")
    stages = tuple(given)
    for one in stages:
        if isinstance(one, Operator):
            raise TypeError(f"an operator stands in a stage: millrace.Stage('name', [{one!r}])")
        if not isinstance(one, Stage | Mapping):
            raise TypeError(f"`stages` are of millrace.Stage or dicts, not {one!r}")
    return stages


def _operators_of(stages: Sequence[Stage | Mapping[str, Any]]) -> dict[str, PythonOperator]:
    """Those of its instances, by their entries; not all of them are to be found by import."""
    found: dict[str, PythonOperator] = {}
    for stage in stages:
        for one in stage.operators if isinstance(stage, Stage) else ():
            if not isinstance(one, PythonInstance):
                continue
            operator = found.setdefault(one.operator.entry, one.operator)
            if operator is not one.operator:
                raise ValueError(
                    f"two operators are called {one.operator.entry!r}: give one another name"
                )
    return found


def _place(workspace: str | os.PathLike[str]) -> str:
    return path_text(workspace)


def _rows(run: Run, streams: bool, provenance: bool) -> Any:
    if streams:
        return run.to_iterable_dataset(provenance=provenance)
    return run.to_dataset(provenance=provenance)


def _by_source(
    run: Run, dataset: Mapping[str, Any], names: Sequence[str], provenance: bool
) -> Mapping[str, Any]:
    rows: dict[str, Any] = {}
    for name in names:
        of_source: datasets.Dataset = run.to_dataset(provenance=provenance, source=name)
        streams = not hasattr(dataset[name], "num_rows")
        rows[name] = of_source.to_iterable_dataset() if streams else of_source
    return _like(dataset, rows)


def _like(dataset: Mapping[str, Any], rows: dict[str, Any]) -> Mapping[str, Any]:
    """A DatasetDict where `dataset` is one, an IterableDatasetDict likewise."""
    class_: Any = type(dataset)
    kept: Mapping[str, Any] = class_(rows)
    return kept
