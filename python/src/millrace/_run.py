"""A finished run: its funnel, its releases, its rows."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from millrace._arguments import meant
from millrace._config import Params, load, path_text
from millrace._loader import engine

if TYPE_CHECKING:
    import datasets
    import pyarrow

    from millrace import _engine
    from millrace._dataset import CommittedRows
    from millrace._resolver import Resolver


class Counts(NamedTuple):
    """read + derived + repeated = written + rejected + expanded + not_drawn."""

    read: int
    derived: int
    repeated: int
    written: int
    rejected: int
    expanded: int
    not_drawn: int


class FunnelRow(NamedTuple):
    """What became of the rows of one source in one table; the table of a short form is ""."""

    table: str
    source: str
    counts: Counts


class Funnel(tuple[FunnelRow, ...]):
    """What became of the rows, by table and source: a tuple that a notebook shows as a table."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        from millrace._html import funnel_html

        return funnel_html(self)


class Export(NamedTuple):
    """A release. `path` and `files` are None where nobody can tell where the config was."""

    name: str
    type: str
    table: str
    release_id: str
    rows: int
    path: str | None
    files: tuple[str, ...] | None


class OperatorCounts(NamedTuple):
    """What an operator instance did with the rows that reached it."""

    id: str
    type: str
    kind: str
    reached: int
    dropped: int
    tagged: int
    refined: int
    expanded: int
    derived: int


class StageRun:
    """A stage of a run: its funnel, the rows that left it and those that did not."""

    def __init__(self, run: Run, told: dict[str, Any]) -> None:
        self._run, self._opened = run, run._opened
        self.name: str = told["stage"]
        self.counts = Counts(**told["rows"])
        self.operators = tuple(
            OperatorCounts(**{name: told_of[name] for name in OperatorCounts._fields})
            for told_of in told["operators"]
        )
        #: Why rows were dropped, the most frequent first, as `rejects` of spec/report.md.
        self.rules: tuple[dict[str, Any], ...] = tuple(told["rejects"])

    def to_arrow(self) -> pyarrow.RecordBatchReader:
        """The rows that left it, as a stream in row order and bounded memory."""
        return _reader(self._opened.read_stage(self.name))

    def rejects(self) -> datasets.Dataset:
        """The same as a Dataset."""
        return self._run.rejects(self.name)

    def to_dataset(self, *, provenance: bool = False) -> datasets.Dataset:
        """The rows that left it, as `Run.to_dataset` gives those of the last stage."""
        return self._run.to_dataset(stage=self.name, provenance=provenance)

    def rejects_to_arrow(self) -> pyarrow.RecordBatchReader:
        """The rows it dropped, with instance, rule, value and threshold (spec/rejects.md)."""
        return _reader(self._opened.read_rejects(self.name, ""))

    def _repr_html_(self) -> str:
        from millrace._html import stage_html

        return stage_html(self)

    def __repr__(self) -> str:
        return f"<millrace.StageRun {self.name}: {self.counts.read} in, {self.counts.written} out>"


def _reader(stream: _engine.ArrowStream) -> pyarrow.RecordBatchReader:
    import pyarrow

    return pyarrow.RecordBatchReader.from_stream(stream)


def _export(told: dict[str, Any]) -> Export:
    files = told["files"]
    return Export(**{**told, "files": None if files is None else tuple(files)})


class Run:
    """A finished run, as `run` and `open_run` give it."""

    def __init__(self, opened: _engine.FinishedRun, result: dict[str, Any] | None = None) -> None:
        told = json.loads(opened.describe())
        self._opened = opened
        #: Kept for `_opened`, whose stages may have operators in Python.
        self._operators: Resolver | None = None
        #: What `millrace run --json` prints; None of a run that was opened later.
        self.result = result
        #: The whole report, as spec/report.md describes it.
        self.report: dict[str, Any] = told["report"]
        self.folder: str = told["folder"]
        self.report_json: str = told["report_json"]
        #: The release card; None of a run that was told to stop after a stage.
        self.report_html: str | None = told["report_html"]
        #: The names of its stages behind ingest.
        self.stages: tuple[str, ...] = tuple(told["stages"])
        self.tables: tuple[str, ...] = tuple(told["tables"])
        self.exports = {item["name"]: _export(item) for item in told["exports"]}

    @property
    def pipeline(self) -> str:
        return str(self.report["pipeline"])

    @property
    def run_id(self) -> str:
        """Equal for equal runs: same config, same inputs."""
        return str(self.report["run_id"])

    @property
    def outcome(self) -> str:
        """As spec/report.md has it. Only a run that is "done" has exports; one that spent its
        budget of rejects has no rows either. "stopped" is one that `until` ended: it is not over,
        and the next `run` goes on."""
        return str(self.report["outcome"])

    @property
    def counts(self) -> Counts:
        """The funnel of ingest, over all sources; those of the stages behind it are
        `stage(name).counts`. Every row is accounted for. A run that spent its budget of rejects
        has none: its `report` says what it read."""
        if "rows" not in self.report:
            raise ValueError(f"the run {self.outcome}: its rows were not counted to their end")
        return Counts(**self.report["rows"])

    @property
    def funnel(self) -> Funnel:
        """The funnel of ingest by table and source."""
        return Funnel(
            FunnelRow(table["table"], source["source"], Counts(**source["rows"]))
            for table in self.report["tables"]
            for source in table["sources"]
        )

    def to_arrow(self, *, export: str | None = None, table: str = "") -> pyarrow.RecordBatchReader:
        """The rows as a stream of record batches, in row order and bounded memory.

        Of an export of type parquet, or else the committed rows of a table, with the reserved
        columns; `table` may be left out where there is one.
        """
        if export is None:
            stream = self._opened.read_table(table)
        elif table:
            raise TypeError("rows come from an export or from a table, not from both")
        else:
            stream = self._opened.read_export(export)
        return _reader(stream)

    def stage(self, name: str) -> StageRun:
        """A stage behind ingest; a KeyError names those there are."""
        for told in self.report.get("stages", ()):
            if told["stage"] == name:
                return StageRun(self, told)
        if name == "ingest":
            raise KeyError("ingest is the run's own: run.counts, run.funnel, run.rejects()")
        told = meant(name, self.stages, "its stages are {}".format)
        raise KeyError(f"the run has no stage {name!r}; {told}")

    def _committed(self, stage: str | None, table: str, rejects: bool = False) -> CommittedRows:
        from millrace._dataset import CommittedRows

        stages = {told["stage"]: told for told in self.report.get("stages", ())}
        if stage is None:
            stage = next(reversed(stages), "ingest")
        if rejects:
            stream = self._opened.read_rejects(stage, table)
        elif stage == "ingest":
            stream = self._opened.read_table(table)
        else:
            stream = self._opened.read_stage(stage)
        if stage == "ingest":
            (told,) = [t for t in self.report["tables"] if not table or t["table"] == table]
        else:
            told = stages[stage]
        files = told["reject_files" if rejects else "outputs"]
        workspace = self.folder.rsplit("/", 2)[0]
        below = f"{workspace}/{told['manifest'].rsplit('/', 1)[0]}"
        hashes = [file["sha256"] for file in files]
        return CommittedRows(
            _reader(stream),
            [f"{below}/{file['path']}" for file in files],
            hashes,
            workspace,
            json.dumps([stage, rejects, hashes]),
        )

    def to_dataset(
        self,
        *,
        stage: str | None = None,
        table: str = "",
        provenance: bool = False,
        source: str | None = None,
    ) -> datasets.Dataset:
        """The rows of a stage as a Hugging Face Dataset: of the last one, or of "ingest", there of
        a table where there are several. `provenance` keeps the engine's own columns; `source`
        takes the rows of one source.

        It is memory-mapped from files below `datasets/` of the workspace, which are written once
        for equal rows; its fingerprint is made from the manifest.
        """
        from millrace._dataset import as_dataset

        if source is not None:
            known = dict.fromkeys(row.source for row in self.funnel)
            if source not in known:
                told = meant(source, known, "its sources are {}".format)
                raise ValueError(f"the run has no source {source!r}: {told}")
        return as_dataset(self._committed(stage, table), provenance=provenance, source=source)

    def to_iterable_dataset(
        self, *, stage: str | None = None, table: str = "", provenance: bool = False
    ) -> datasets.IterableDataset:
        """The same as an IterableDataset over the committed shards, which are not copied."""
        from millrace._dataset import as_stream

        return as_stream(self._committed(stage, table), provenance=provenance)

    def to_lance(
        self,
        path: str | os.PathLike[str],
        *,
        stage: str | None = None,
        table: str = "",
        provenance: bool = False,
        rows_per_file: int = 1 << 20,
        storage_options: Mapping[str, str] | None = None,
    ) -> int:
        """Writes the rows of a stage, chosen as for `to_dataset`, into a Lance dataset and gives
        the number of the version that has them.

        Without a dataset there it makes one, else a version that takes the place of the rows
        before; whoever reads goes on with the version that he opened. The version becomes visible
        whole or not at all. Where the newest one was written of equal rows, nothing is. Rows are
        streamed, in order and bounded memory, with their features. `storage_options` are Lance's,
        for a path that is a URL. It needs `pip install 'millrace[lance]'`.
        """
        from millrace._extras import needs

        with needs("lance", "lance"):
            from millrace.integrations import lance
        return lance.write(
            self,
            self._committed(stage, table),
            path,
            provenance=provenance,
            rows_per_file=rows_per_file,
            storage_options=storage_options,
        )

    def rejects(self, stage: str = "ingest", table: str = "") -> datasets.Dataset:
        """The rows that a stage did not pass on, and why, as a Dataset (spec/rejects.md)."""
        from millrace._dataset import as_dataset

        return as_dataset(self._committed(stage, table, rejects=True), provenance=True)

    def rejects_to_arrow(self, table: str = "") -> pyarrow.RecordBatchReader:
        """The rows that ingest rejected, of a table where there are several; those of a later stage
        are `stage(name).rejects_to_arrow()`. Sensitive values are in it as the config keeps
        them: this is data."""
        return _reader(self._opened.read_rejects("ingest", table))

    def __reduce__(self) -> str:
        raise TypeError(
            "a Run stays in its process: send its `folder`, and open it there with "
            "`millrace.open_run`"
        )

    def _repr_html_(self) -> str:
        from millrace._html import run_html

        return run_html(self)

    def __repr__(self) -> str:
        if "rows" not in self.report:
            return f"<millrace.Run {self.pipeline}: {self.outcome}>"
        counts = self.counts
        stages = "".join(f"; {name}: {self.stage(name).counts.written}" for name in self.stages)
        return (
            f"<millrace.Run {self.pipeline} {self.run_id[:12]}: {counts.read} read, "
            f"{counts.written} written, {counts.rejected} rejected{stages}>"
        )


def open_result(result: str, pipeline: _engine.Pipeline) -> Run:
    """The run that just ended."""
    told = json.loads(result)
    return Run(engine().open_run(told["run_folder"], pipeline), told)


def open_run(
    path: str | os.PathLike[str],
    config: str | os.PathLike[str] | None = None,
    params: Params = None,
) -> Run:
    """Opens a finished run: its folder, its report, or a workspace, whose newest run it then is.

    `config`, with its `params`, is the config that the run came from. It is needed where the
    workspace lies outside of the config's folder and exports are to be found, or where an object
    store is reached by the config's `storage`.
    """
    pipeline = None if config is None else load(config, params)
    return Run(engine().open_run(path_text(path), pipeline))
