"""A finished run: its funnel, its releases, its rows."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any, NamedTuple

from millrace._config import Params, load, path_text
from millrace._loader import engine

if TYPE_CHECKING:
    import pyarrow

    from millrace import _engine


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


class Export(NamedTuple):
    """A release. `path` and `files` are None where nobody can tell where the config was."""

    name: str
    type: str
    table: str
    release_id: str
    rows: int
    path: str | None
    files: tuple[str, ...] | None


def _export(told: dict[str, Any]) -> Export:
    files = told["files"]
    return Export(**{**told, "files": None if files is None else tuple(files)})


class Run:
    """A finished run, as `run` and `open_run` give it."""

    def __init__(self, opened: _engine.FinishedRun, result: dict[str, Any] | None = None) -> None:
        told = json.loads(opened.describe())
        self._opened = opened
        #: What `millrace run --json` prints; None of a run that was opened later.
        self.result = result
        #: The whole report, as spec/report.md describes it.
        self.report: dict[str, Any] = told["report"]
        self.folder: str = told["folder"]
        self.report_json: str = told["report_json"]
        self.report_html: str = told["report_html"]
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
        budget of rejects has no rows either."""
        return str(self.report["outcome"])

    @property
    def counts(self) -> Counts:
        """The funnel of the whole run; every row is accounted for."""
        return Counts(**self.report["rows"])

    @property
    def funnel(self) -> tuple[FunnelRow, ...]:
        """The funnel by table and source."""
        return tuple(
            FunnelRow(table["table"], source["source"], Counts(**source["rows"]))
            for table in self.report["tables"]
            for source in table["sources"]
        )

    def to_arrow(self, *, export: str | None = None, table: str = "") -> pyarrow.RecordBatchReader:
        """The rows as a stream of record batches, in row order and bounded memory.

        Of an export of type parquet, or else the committed rows of a table, with the reserved
        columns; `table` may be left out where there is one.
        """
        import pyarrow

        if export is None:
            stream = self._opened.read_table(table)
        elif table:
            raise TypeError("rows come from an export or from a table, not from both")
        else:
            stream = self._opened.read_export(export)
        return pyarrow.RecordBatchReader.from_stream(stream)

    def __repr__(self) -> str:
        counts = self.counts
        return (
            f"<millrace.Run {self.pipeline} {self.run_id[:12]}: {counts.read} read, "
            f"{counts.written} written, {counts.rejected} rejected>"
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
