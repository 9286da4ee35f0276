"""OpenLineage events of a run, to a file or by HTTP: what each stage read, wrote and dropped.

    lineage = OpenLineage("events.jsonl")
    with lineage:
        pipeline.run(dataset, hooks=[lineage])

A stage is a run of the job `<pipeline>.<stage>`: START when it begins, COMPLETE with its datasets
when its manifest is written, FAIL when the `with` block ends with an exception before that. No
value of a row is in an event.
"""

from __future__ import annotations

import json
import os
import urllib.request
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

from millrace.integrations._workspace import place_of, read_json

_SPEC = "https://openlineage.io/spec"
_EVENT = f"{_SPEC}/2-0-2/OpenLineage.json#/$defs/RunEvent"
_FACETS = {
    "schema": "1-1-1/SchemaDatasetFacet.json#/$defs/SchemaDatasetFacet",
    "version": "1-0-1/DatasetVersionDatasetFacet.json#/$defs/DatasetVersionDatasetFacet",
    "dataSource": "1-0-1/DatasourceDatasetFacet.json#/$defs/DatasourceDatasetFacet",
    "outputStatistics": "1-0-2/OutputStatisticsOutputDatasetFacet.json"
    "#/$defs/OutputStatisticsOutputDatasetFacet",
    "jobType": "2-0-3/JobTypeJobFacet.json#/$defs/JobTypeJobFacet",
    "errorMessage": "1-0-1/ErrorMessageRunFacet.json#/$defs/ErrorMessageRunFacet",
}
_PRODUCER = "https://github.com/millrace/millrace"


def _facet(kind: str, **values: Any) -> dict[str, Any]:
    return {"_producer": _PRODUCER, "_schemaURL": f"{_SPEC}/facets/{_FACETS[kind]}", **values}


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class OpenLineage:
    """A hook of `Pipeline.run`, and a context that tells of failures.

    `to` is a file, to which events are appended, a line each, or the URL of an endpoint that takes
    them by POST; `api_key` is sent to that as a bearer token. `namespace` is that of the jobs.
    `base` is the folder that a relative workspace of the config starts at: without it the current
    one. An endpoint that cannot be reached ends the run like any hook that fails, unless
    `required` is false.
    """

    def __init__(
        self,
        to: str | os.PathLike[str],
        *,
        namespace: str = "millrace",
        base: str | os.PathLike[str] | None = None,
        api_key: str | None = None,
        timeout_seconds: float = 10,
        required: bool = True,
        clock: Callable[[], str] = _now,
    ) -> None:
        self._to = os.fspath(to)
        self._namespace, self._base = namespace, None if base is None else os.fspath(base)
        self._key, self._timeout, self._required = api_key, timeout_seconds, required
        self._clock = clock
        #: Begun and not complete: the START event of each, by stage.
        self._open: dict[str, dict[str, Any]] = {}
        #: The datasets of this run so far, by the names that stages read them by.
        self._written: dict[str, dict[str, str]] = {}

    def __enter__(self) -> OpenLineage:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None:
            return
        told = _facet("errorMessage", message=type(error).__name__, programmingLanguage="Python")
        code = getattr(error, "code", None)
        if isinstance(code, str):
            told["message"] = f"{type(error).__name__} {code}"
        for start in self._open.values():
            run = {**start["run"], "facets": {"errorMessage": told}}
            self._send({**start, "eventType": "FAIL", "eventTime": self._clock(), "run": run})
        self._open = {}

    def on_stage_start(self, event: Mapping[str, Any]) -> None:
        if event["stage"] == "ingest":
            self._written = {}
        start = {
            "eventType": "START",
            "eventTime": self._clock(),
            "producer": _PRODUCER,
            "schemaURL": _EVENT,
            "run": {"runId": str(uuid.uuid4()), "facets": {}},
            "job": {
                "namespace": self._namespace,
                "name": f"{event['pipeline']}.{event['stage']}",
                "facets": {
                    "jobType": _facet(
                        "jobType", processingType="BATCH", integration="MILLRACE", jobType="STAGE"
                    )
                },
            },
            "inputs": [],
            "outputs": [],
        }
        self._open[str(event["stage"])] = start
        self._send(start)

    def on_stage_end(self, event: Mapping[str, Any]) -> None:
        start = self._open.pop(str(event["stage"]))
        workspace = str(event["workspace"])
        place = self._place(workspace)
        manifests = [read_json(place, str(key)) or {} for key in event["manifests"]]
        outputs = [
            _output(place, str(key), manifest)
            for key, manifest in zip(event["manifests"], manifests, strict=True)
        ]
        inputs = self._inputs(str(event["pipeline"]), manifests)
        for manifest, output in zip(manifests, outputs, strict=True):
            # What later stages call it: ingest by its sources, a stage by its own name.
            of_ingest = event["stage"] == "ingest"
            for name in manifest.get("rows_by_source", {}) if of_ingest else (event["stage"],):
                self._written[str(name)] = {k: output[k] for k in ("namespace", "name")}
        complete = {"eventType": "COMPLETE", "eventTime": self._clock()}
        self._send({**start, **complete, "inputs": inputs, "outputs": outputs})

    def _inputs(self, pipeline: str, manifests: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """What was read: what other stages of the run wrote, or the sources themselves."""
        names = dict.fromkeys(
            str(file["source"]) for manifest in manifests for file in manifest.get("inputs", [])
        )
        inputs = []
        for name in names:
            known = self._written.get(name)
            of_source = {"namespace": self._namespace, "name": f"{pipeline}.{name}"}
            source = _facet("dataSource", name=name)
            inputs.append({**(known or of_source), "facets": {"dataSource": source}})
        return inputs

    def _place(self, workspace: str) -> str:
        return place_of(workspace, self._base)

    def _send(self, event: Mapping[str, Any]) -> None:
        try:
            if self._to.startswith(("http://", "https://")):
                self._post(event)
            else:
                with open(self._to, "a", encoding="utf-8") as file:
                    file.write(json.dumps(event, sort_keys=True) + "\n")
        except OSError:
            if self._required:
                raise

    def _post(self, event: Mapping[str, Any]) -> None:
        headers = {"Content-Type": "application/json"}
        if self._key is not None:
            headers["Authorization"] = f"Bearer {self._key}"
        request = urllib.request.Request(self._to, json.dumps(event).encode(), headers)
        with urllib.request.urlopen(request, timeout=self._timeout):
            pass


def _dataset(place: str, name: str, facets: Mapping[str, Any]) -> dict[str, Any]:
    """Named as the naming of OpenLineage has it: files by their path, buckets by theirs."""
    if "://" not in place:
        return {"namespace": "file", "name": f"{place}/{name}".rstrip("/"), "facets": facets}
    scheme, _, rest = place.partition("://")
    bucket, _, prefix = rest.partition("/")
    path = f"{prefix.rstrip('/')}/{name}".strip("/")
    return {"namespace": f"{scheme}://{bucket}", "name": path, "facets": facets}


def _output(place: str, key: str, manifest: Mapping[str, Any]) -> dict[str, Any]:
    fields = [
        {"name": profile["name"], "type": profile["type"]}
        for profile in manifest.get("profiles", [])
    ]
    facets: dict[str, Any] = {}
    if fields:
        facets["schema"] = _facet("schema", fields=fields)
    if "run_id" in manifest:
        facets["version"] = _facet("version", datasetVersion=manifest["run_id"])
    output = _dataset(place, os.path.dirname(key), facets)
    if manifest:
        outputs = manifest["outputs"]
        output["outputFacets"] = {
            "outputStatistics": _facet(
                "outputStatistics",
                rowCount=manifest["output_rows"],
                size=sum(file["bytes"] for file in outputs),
                fileCount=len(outputs),
            )
        }
    return output
