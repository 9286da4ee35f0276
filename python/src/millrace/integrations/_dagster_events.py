"""What Dagster is told of a run: metadata and data versions of stages, results of checks."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Any, Protocol

import dagster as dg

from millrace._run import Run
from millrace.integrations._graph import INGEST
from millrace.integrations._workspace import read_json

_COUNTS = ("read", "derived", "repeated", "written", "rejected", "expanded", "not_drawn")
_TABLE_ROWS = 50


def word(text: str) -> str:
    """A name as Dagster wants it."""
    return re.sub(r"[^A-Za-z0-9_]", "_", text)


class Told:
    """A hook that keeps what it is told of, and says it to the log of the step."""

    def __init__(self, log: Any) -> None:
        self._log = log
        #: Key of the run's folder.
        self.folder: str | None = None
        #: Events of stages that are committed, by name.
        self.ended: dict[str, dict[str, Any]] = {}

    def on_stage_start(self, event: dict[str, Any]) -> None:
        self.folder = event["run"]

    def on_stage_end(self, event: dict[str, Any]) -> None:
        self.ended[event["stage"]] = event
        rows = ", ".join(f"{event['rows'][name]} {name}" for name in ("read", "written"))
        self._log.info(f"stage {event['stage']}: {rows}, {event['rows']['rejected']} rejected")


class Manifests:
    """What stages have written, by table, from the report of a run or, without one, from the
    manifests in the workspace, where that is a folder."""

    def __init__(self, place: str) -> None:
        self._place = place

    def of(self, event: Mapping[str, Any], run: Run | None) -> list[dict[str, Any]] | None:
        if run is not None:
            report, stage = run.report, event["stage"]
            if stage == INGEST:
                found = report.get("tables", ())
            else:
                found = [one for one in report.get("stages", ()) if one["stage"] == stage]
            return list(found) or None
        read = []
        for key in event["manifests"]:
            manifest = read_json(self._place, key)
            if manifest is None:
                return None
            read.append({**manifest, "manifest": key, "columns": manifest["profiles"]})
        return read


def data_version(tables: Iterable[Mapping[str, Any]]) -> str:
    """Equal for equal rows in equal shards, whatever config or engine they come from."""
    of_rows = [
        [table.get("table", ""), [file["logical_sha256"] for file in table["outputs"]]]
        for table in tables
    ]
    return sha256(json.dumps(of_rows).encode()).hexdigest()[:32]


def _schema(table: Mapping[str, Any]) -> dg.TableSchema:
    return dg.TableSchema(
        [dg.TableColumn(name=one["name"], type=one["type"]) for one in table["columns"]]
    )


def _table_of(columns: Mapping[str, str], rows: Sequence[Mapping[str, Any]]) -> Any:
    return dg.MetadataValue.table(
        records=[
            dg.TableRecord({name: row.get(name, "") for name in columns})
            for row in rows[:_TABLE_ROWS]
        ],
        schema=dg.TableSchema(
            [dg.TableColumn(name=name, type=type_) for name, type_ in columns.items()]
        ),
    )


def _rejects(rejects: Sequence[Mapping[str, Any]]) -> Any:
    """Of many kinds those with the most rows; no value of a row is in it."""
    columns = {"source": "string", "instance": "string", "rule": "string", "column": "string"}
    rows = sorted(rejects, key=lambda one: -int(one["rows"]))
    return _table_of({**columns, "rows": "int"}, rows)


def _path(path: str) -> Any:
    return dg.MetadataValue.url(path) if "://" in path else dg.MetadataValue.path(path)


def metadata(
    event: Mapping[str, Any],
    tables: Sequence[Mapping[str, Any]],
    place: str,
    run: Run | None,
    is_last: bool,
) -> dict[str, Any]:
    """Of a stage that is committed. `run` is None where it did not come to its end."""
    told: dict[str, Any] = {
        "dagster/row_count": event["rows"]["written"],
        **{f"rows_{name}": event["rows"][name] for name in _COUNTS},
        "splits": event["splits"],
        "splits_skipped": event["splits_skipped"],
        "run_folder": _path(f"{place}/{event['run']}"),
        "bytes": sum(file["bytes"] for table in tables for file in table["outputs"]),
        "shards": sum(len(table["outputs"]) for table in tables),
    }
    if len(tables) == 1:
        told["dagster/column_schema"] = _schema(tables[0])
    for table in tables:
        behind = f"/{table['table']}" if len(tables) > 1 else ""
        told[f"manifest{behind}"] = _path(f"{place}/{table['manifest']}")
        told[f"data{behind}"] = _path(f"{place}/{os.path.dirname(table['manifest'])}/data")
        if behind:
            told[f"column_schema{behind}"] = dg.MetadataValue.table_schema(_schema(table))
            told[f"rows{behind}"] = table["rows"]["written"]
    rejects = [one for table in tables for one in table["rejects"]]
    if rejects:
        told["rejects"] = _rejects(rejects)
    if run is not None:
        told["run_id"] = run.run_id
        told.update(_of_run(event["stage"], run, is_last))
    return told


def _of_run(stage: str, run: Run, is_last: bool) -> dict[str, Any]:
    """The releases of the stage, and of the last one the release card."""
    told: dict[str, Any] = {}
    if is_last and run.report_html is not None:
        told["verdict"] = run.report.get("verdict", "unjudged")
        told["card"] = _path(f"{run.folder}/report.html")
    for export in run.report.get("exports", ()):
        if export.get("stage", INGEST) != stage:
            continue
        name = export["name"]
        told[f"release/{name}"] = export["release_id"]
        path = run.exports[name].path
        if path is not None:
            told[f"release/{name}/path"] = _path(path)
    return told


class Check(Protocol):
    """A check of an asset, and how a run tells whether it passes."""

    spec: dg.AssetCheckSpec
    key: dg.AssetCheckKey

    def result(self, told: Told, run: Run | None) -> dg.AssetCheckResult | None:
        """None where the run has not come so far that it could be said."""


class ContractCheck:
    """How many rows ingest has rejected: all of them, or those for one column."""

    def __init__(self, asset: dg.AssetKey, name: str, column: str | None, share: float) -> None:
        about = "the contract" if column is None else f"what the contract says of `{column}`"
        self.spec = dg.AssetCheckSpec(
            name, asset=asset, description=f"Rows of the sources are as {about} wants them"
        )
        self.key = self.spec.key
        self._column, self._share = column, share

    def result(self, told: Told, run: Run | None) -> dg.AssetCheckResult | None:
        if run is None:
            return None
        budget = run.report.get("budget")
        found = run.report.get("tables", ()) if budget is None else [budget]
        rejects = [
            one
            for table in found
            for one in table["rejects"]
            if self._column in (None, one["column"])
        ]
        rejected = sum(one["rows"] for one in rejects)
        metadata: dict[str, Any] = {"rows_rejected": rejected}
        if budget is not None:
            # Of a run that was stopped nobody knows how many rows there are.
            passed = rejected == 0
        else:
            read = run.counts.read
            metadata["rows_read"] = read
            passed = rejected <= self._share * read
        if rejects:
            metadata["rejects"] = _rejects(rejects)
        severity = dg.AssetCheckSeverity.WARN if budget is None else dg.AssetCheckSeverity.ERROR
        return dg.AssetCheckResult(
            passed=passed,
            asset_key=self.key.asset_key,
            check_name=self.key.name,
            metadata=metadata,
            severity=severity,
        )


class RequirementCheck:
    """A requirement of the model's contract, as the release card has it."""

    def __init__(
        self, asset: dg.AssetKey, name: str, id: str, requirement: Mapping[str, Any]
    ) -> None:
        self.spec = dg.AssetCheckSpec(name, asset=asset, description=requirement.get("statement"))
        self.key = self.spec.key
        self._id = id

    def result(self, told: Told, run: Run | None) -> dg.AssetCheckResult | None:
        contract = {} if run is None else run.report.get("model_contract", {})
        judged = [one for one in contract.get("requirements", ()) if one["id"] == self._id]
        if not judged:
            return None
        (one,) = judged
        metadata = {key: one[key] for key in ("check", "threshold", "measured") if one.get(key)}
        if "rows_breaking" in one:
            metadata["rows_breaking"] = one["rows_breaking"]
            metadata["rows_counted"] = one["rows_counted"]
        fails = one["on_fail"] == "fail"
        return dg.AssetCheckResult(
            passed=one["met"],
            asset_key=self.key.asset_key,
            check_name=self.key.name,
            metadata=metadata,
            severity=dg.AssetCheckSeverity.ERROR if fails else dg.AssetCheckSeverity.WARN,
        )
