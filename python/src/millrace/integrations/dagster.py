"""Stages as assets of Dagster: an asset for each, its rows, its data version, checks of contracts.

    from dagster import Definitions
    from millrace.integrations.dagster import pipeline_assets

    defs = Definitions(assets=pipeline_assets(millrace.Pipeline.from_yaml("pipeline.yaml")))

All stages are one operation that can be subset: a run goes as far as the last stage that is
selected and works on nothing that is done already. Rows stay in the workspace, none go through
Dagster but those of `dataset` sources.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any

import dagster as dg

from millrace._errors import Error
from millrace._loader import engine
from millrace._pipeline import Pipeline
from millrace._run import Run
from millrace.integrations import _dagster_events as events
from millrace.integrations._graph import INGEST, Graph, graph_of

__all__ = ["pipeline_assets"]

Key = dg.AssetKey | str | Sequence[str]
Found = dg.MaterializeResult[Any] | dg.AssetCheckResult


def pipeline_assets(
    pipeline: Pipeline,
    *,
    key_prefix: str | Sequence[str] | None = None,
    sources: Mapping[str, Key] | None = None,
    group_name: str | None = None,
    max_reject_fraction: float = 0.0,
    retry_policy: dg.RetryPolicy | None = None,
    **run_options: Any,
) -> list[dg.AssetsDefinition | dg.AssetSpec]:
    """The assets of a pipeline, for `Definitions(assets=...)`.

    A stage is an asset `<key_prefix>/<stage>`, without a prefix `<pipeline>/<stage>`, with the
    stages that it reads upstream; upstream of `ingest` are the sources. `sources` names the assets
    that they are; a source that it leaves out is an external asset `<key_prefix>/<source>`. The
    assets of sources of type `dataset` are inputs: what their IO manager loads is handed to the
    run, so they must be named in `sources`.

    A materialisation has the rows that came in, went out and were rejected, columns, paths, run id
    and releases; its data version is made of the rows alone, as the manifest has them. Checks:
    `contract` of `ingest` passes where at most `max_reject_fraction` of the rows read are rejected,
    `contract_<column>` likewise by those rejected for that column (severity WARN: these rows are
    not in the data); `requires_<id>` of the last stage for each requirement of a model's contract.

    `run_options` are those of `Pipeline.run` that say how to run (`runner`, `workspace`, `memory`,
    `hooks`, ...); the run config of the operation has `mode`. An error of the engine fails the step
    with its code (`retry_policy` holds for those that a retry may help), and what was committed
    before it is materialised.
    """
    return _Assets(
        pipeline,
        [key_prefix] if isinstance(key_prefix, str) else key_prefix,
        {name: dg.AssetKey.from_coercible(key) for name, key in (sources or {}).items()},
        group_name,
        max_reject_fraction,
        run_options,
    ).definitions(retry_policy)


class _Assets:
    """A pipeline with the names that it has in Dagster."""

    def __init__(
        self,
        pipeline: Pipeline,
        prefix: Sequence[str] | None,
        sources: Mapping[str, dg.AssetKey],
        group: str | None,
        max_reject_fraction: float,
        run_options: dict[str, Any],
    ) -> None:
        for taken in ("until", "lazy", "provenance"):
            if taken in run_options:
                raise TypeError(f"`{taken}` is not for assets: the selection says what is run")
        run_options = {**run_options, "hooks": tuple(run_options.get("hooks", ()))}
        pipeline._start(**run_options)  # says what is wrong with them
        self._pipeline, self._options, self._group = pipeline, run_options, group
        self._share = max_reject_fraction
        self._graph = graph_of(pipeline)
        # A pipeline's name is any line of text, a part of a key is not.
        name = re.sub(r"[^A-Za-z0-9_-]", "_", self._graph.name)
        self._prefix = [name] if prefix is None else list(prefix)
        for name in sources:
            if name not in self._graph.sources:
                raise ValueError(f"the pipeline has no source {name!r}")
        for name in pipeline.dataset_sources:
            if name not in sources:
                raise ValueError(f"`sources` has no asset for {name!r}, which is a dataset source")
        for name in self._graph.sources.keys() & self._graph.reads.keys() - sources.keys():
            raise ValueError(f"source and stage are called {name!r}: name its asset in `sources`")
        self._sources = dict(sources)
        self._stages = {name: self._key(name) for name in self._graph.reads}

    def _key(self, name: str) -> dg.AssetKey:
        return dg.AssetKey([*self._prefix, name])

    def _source(self, name: str) -> dg.AssetKey:
        return self._sources.get(name) or self._key(name)

    @property
    def last(self) -> str:
        return next(reversed(self._graph.reads))

    def definitions(
        self, retry_policy: dg.RetryPolicy | None
    ) -> list[dg.AssetsDefinition | dg.AssetSpec]:
        checks = self._checks()
        # An input's name is a word, and not that of the context.
        inputs = {f"source_{at}": name for at, name in enumerate(self._pipeline.dataset_sources)}
        mode = dg.Field(
            dg.Enum("Mode", [dg.EnumValue("incremental"), dg.EnumValue("overwrite")]),
            default_value=self._options.get("mode", "incremental"),
            description="`overwrite` builds the stages behind ingest anew.",
        )

        @dg.multi_asset(
            name="__".join(events.word(part) for part in (*self._prefix, "run")),
            specs=[self._spec(stage, key) for stage, key in self._stages.items()],
            check_specs=[check.spec for check in checks],
            ins={key: dg.AssetIn(key=self._sources[name]) for key, name in inputs.items()},
            can_subset=True,
            config_schema={"mode": mode},
            retry_policy=retry_policy,
        )
        def run(context: dg.AssetExecutionContext, **datasets: Any) -> Iterator[Found]:
            given = {inputs[key]: dataset for key, dataset in datasets.items()}
            yield from self._run(context, checks, given)

        external = [
            dg.AssetSpec(
                self._source(name),
                group_name=self._group,
                description=f"A source of the pipeline `{self._graph.name}`",
                metadata={key: _shown(of[key]) for key in ("type", "path") if key in of},
                kinds={events.word(str(of.get("type", "source")))},
            )
            for name, of in self._graph.sources.items()
            if name not in self._sources
        ]
        return [run, *external]

    def _spec(self, stage: str, key: dg.AssetKey) -> dg.AssetSpec:
        reads = self._graph.reads[stage]
        upstream = map(self._source if stage == INGEST else self._stages.__getitem__, reads)
        made_by = f"{engine().version()} {self._graph.said[stage]}"
        return dg.AssetSpec(
            key,
            deps=list(dict.fromkeys(upstream)),
            description=f"The rows that leave the stage `{stage}` of `{self._graph.name}`",
            group_name=self._group,
            code_version=sha256(made_by.encode()).hexdigest()[:16],
            kinds={"millrace", "parquet"},
        )

    def _checks(self) -> list[events.Check]:
        ingest, last = self._stages[INGEST], self._stages[self.last]
        checks: list[events.Check] = [events.ContractCheck(ingest, "contract", None, self._share)]
        columns = dict.fromkeys(one for table in self._graph.columns.values() for one in table)
        names = _words([f"contract_{column}" for column in columns])
        checks += [
            events.ContractCheck(ingest, name, column, self._share)
            for name, column in zip(names, columns, strict=True)
        ]
        requirements = self._graph.requirements
        names = _words([f"requires_{id}" for id in requirements])
        checks += [
            events.RequirementCheck(last, name, id, requirements[id])
            for name, id in zip(names, requirements, strict=True)
        ]
        return checks

    def _run(
        self,
        context: dg.AssetExecutionContext,
        checks: Sequence[events.Check],
        datasets: Mapping[str, Any],
    ) -> Iterator[Found]:
        wanted = [name for name, key in self._stages.items() if key in context.selected_asset_keys]
        asked = [check for check in checks if check.key in context.selected_asset_check_keys]
        told = events.Told(context.log)
        options = {
            **self._options,
            "mode": context.op_execution_context.op_config["mode"],
            "hooks": [*self._options["hooks"], told],
        }
        until = _until(self._graph, wanted, asked, self._stages)
        start = self._pipeline._start(**options, until=None if until == self.last else until)
        try:
            run = start.run(datasets)
        except Error as error:
            place = engine().workspace(start.pipeline)
            ended = _ended(place, told, start.pipeline)
            yield from self._found(told, place, ended, wanted, asked)
            raise _failure(error) from error
        self._pipeline._keep({"": run})
        yield from self._found(told, engine().workspace(start.pipeline), run, wanted, asked)

    def _found(
        self,
        told: events.Told,
        place: str,
        run: Run | None,
        wanted: Sequence[str],
        asked: Sequence[events.Check],
    ) -> Iterator[Found]:
        """What a run has left of the stages that were asked for, and what it says of the checks."""
        manifests = events.Manifests(place)
        for stage in wanted:
            event = told.ended.get(stage)
            tables = None if event is None else manifests.of(event, run)
            if event is not None and tables is not None:
                yield dg.MaterializeResult(
                    asset_key=self._stages[stage],
                    metadata=events.metadata(event, tables, place, run, stage == self.last),
                    data_version=dg.DataVersion(events.data_version(tables)),
                )
        for check in asked:
            result = check.result(told, run)
            if result is not None:
                yield result


def _words(names: Sequence[str]) -> list[str]:
    """The names as Dagster wants them; those that become equal are numbered."""
    words: list[str] = []
    for name in names:
        word = events.word(name)
        number = 1
        while word in words:
            number += 1
            word = f"{events.word(name)}_{number}"
        words.append(word)
    return words


def _until(
    graph: Graph,
    wanted: Sequence[str],
    asked: Sequence[events.Check],
    stages: Mapping[str, dg.AssetKey],
) -> str:
    """The last stage that anything is asked of."""
    keys = {stages[name] for name in wanted} | {check.key.asset_key for check in asked}
    return [name for name in graph.reads if stages[name] in keys][-1]


def _ended(place: str, told: events.Told, pipeline: Any) -> Run | None:
    """The run that has failed, where it is over nevertheless: a contract was not met."""
    if told.folder is None:
        return None
    try:
        run = Run(engine().open_run(f"{place}/{told.folder}", pipeline))
    except Error:
        return None
    # Another outcome is what an earlier attempt has left.
    return run if run.outcome in ("reject_budget_spent", "model_contract_unmet") else None


def _failure(error: Error) -> dg.Failure:
    first = error.diagnostics[0]
    metadata: dict[str, Any] = {"code": error.code, "exit_code": error.exit_code}
    if first.suggestion:
        metadata["help"] = first.suggestion
    if first.file:
        metadata["place"] = f"{first.file}:{first.line}:{first.column}"
    return dg.Failure(
        description=error.text, metadata=metadata, allow_retries=error.exit_code == 75
    )


def _shown(value: object) -> str:
    """A type or path of a source, without what signs a URL."""
    if isinstance(value, list):
        return ", ".join(_shown(one) for one in value)
    text = str(value)
    return text.partition("?")[0] if "://" in text else text
