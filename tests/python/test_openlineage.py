"""OpenLineage events of runs, in a file and by HTTP."""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Iterator
from datetime import datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import millrace
from millrace import Stage, ops
from millrace.integrations.openlineage import OpenLineage


@pytest.fixture
def pipeline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> millrace.Pipeline:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.csv").write_text("id,text\n1,one two\n2,one\n3,\nx,y\n")
    return millrace.Pipeline(
        "people",
        sources={"a": {"type": "csv", "path": "a.csv"}},
        contract={"columns": {"id": {"type": "int64"}, "text": {"type": "string"}}},
        stages=[
            Stage("long", [ops.Where(id="w", expr="length(text) > 3")]),
            Stage("once", [ops.ExactDedup(id="d", fields=["text"])]),
        ],
        workspace="w",
    )


def check(event: dict[str, Any]) -> None:
    """What the specification requires of a RunEvent."""
    assert event["schemaURL"].endswith("#/$defs/RunEvent")
    assert event["producer"].startswith("https://")
    assert event["eventType"] in ("START", "COMPLETE", "FAIL")
    assert datetime.fromisoformat(event["eventTime"]).tzinfo is not None
    uuid.UUID(event["run"]["runId"])
    assert event["job"]["namespace"] and event["job"]["name"]
    facets = [*event["run"]["facets"].values(), *event["job"]["facets"].values()]
    for dataset in [*event["inputs"], *event["outputs"]]:
        assert dataset["namespace"] and dataset["name"]
        facets += [*dataset["facets"].values(), *dataset.get("outputFacets", {}).values()]
    for facet in facets:
        assert facet["_producer"] and facet["_schemaURL"].startswith("https://openlineage.io/spec/")


def test_a_file_of_events(pipeline: millrace.Pipeline, tmp_path: Path) -> None:
    lineage = OpenLineage("events.jsonl", namespace="here")
    with lineage:
        pipeline.run(hooks=[lineage])
    events = [json.loads(line) for line in (tmp_path / "events.jsonl").read_text().splitlines()]
    for event in events:
        check(event)
    told = [(event["eventType"], event["job"]["name"]) for event in events]
    assert told == [
        (moment, f"people.{stage}")
        for stage in ("ingest", "long", "once")
        for moment in ("START", "COMPLETE")
    ]
    ingest, long, once = events[1], events[3], events[5]
    assert [event["run"]["runId"] for event in events[::2]] == [
        event["run"]["runId"] for event in events[1::2]
    ]
    assert [(i["namespace"], i["name"]) for i in ingest["inputs"]] == [("here", "people.a")]
    (written,) = ingest["outputs"]
    assert written["namespace"] == "file"
    assert Path(written["name"]).is_dir() and written["name"].startswith(f"{tmp_path}/w/stages/")
    fields = written["facets"]["schema"]["fields"]
    assert {"name": "id", "type": "int64"} in fields and {
        "name": "text",
        "type": "string",
    } in fields
    statistics = written["outputFacets"]["outputStatistics"]
    assert statistics["rowCount"] == 3 and statistics["fileCount"] == 1 and statistics["size"] > 0
    # What a stage reads is what the one before has written.
    for stage, before in ((long, ingest), (once, long)):
        (read,) = stage["inputs"]
        assert (read["namespace"], read["name"]) == tuple(
            before["outputs"][0][key] for key in ("namespace", "name")
        )
    assert once["outputs"][0]["outputFacets"]["outputStatistics"]["rowCount"] == 1
    assert pipeline.last_run is not None
    version = once["outputs"][0]["facets"]["version"]["datasetVersion"]
    assert version == pipeline.last_run.run_id
    assert "one two" not in (tmp_path / "events.jsonl").read_text(), "no value of a row"


def test_a_run_that_fails_is_told_of(pipeline: millrace.Pipeline, tmp_path: Path) -> None:
    @millrace.operator(kind="score", reads=["id"], writes={"n": pa.int64()})
    def broken(batch: pa.RecordBatch) -> Any:
        raise ZeroDivisionError("secret value")

    failing = millrace.Pipeline(
        "people",
        sources={"a": {"type": "csv", "path": "a.csv"}},
        stages=[Stage("bad", [broken(id="b")])],
        workspace="w",
    )
    lineage = OpenLineage("events.jsonl")
    with pytest.raises(millrace.Error), lineage:
        failing.run(hooks=[lineage])
    events = [json.loads(line) for line in (tmp_path / "events.jsonl").read_text().splitlines()]
    for event in events:
        check(event)
    assert [event["eventType"] for event in events] == ["START", "COMPLETE", "START", "FAIL"]
    assert events[3]["run"]["runId"] == events[2]["run"]["runId"]
    message = events[3]["run"]["facets"]["errorMessage"]["message"]
    assert message.endswith("MR1504") and "secret" not in message


class Endpoint(BaseHTTPRequestHandler):
    got: list[tuple[dict[str, str], dict[str, Any]]] = []  # noqa: RUF012
    answer = 201

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        Endpoint.got.append((dict(self.headers), json.loads(body)))
        self.send_response(Endpoint.answer)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def endpoint() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Endpoint)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    Endpoint.got, Endpoint.answer = [], 201
    yield f"http://127.0.0.1:{server.server_port}/api/v1/lineage"
    server.shutdown()
    thread.join()
    server.server_close()


def test_an_endpoint(pipeline: millrace.Pipeline, endpoint: str) -> None:
    lineage = OpenLineage(endpoint, api_key="k")
    pipeline.run(hooks=[lineage])
    assert len(Endpoint.got) == 6
    for headers, event in Endpoint.got:
        check(event)
        assert headers["Authorization"] == "Bearer k"
        assert headers["Content-Type"] == "application/json"


def test_an_endpoint_that_refuses(pipeline: millrace.Pipeline, endpoint: str) -> None:
    Endpoint.answer = 500
    pipeline.run(hooks=[OpenLineage(endpoint, required=False)])
    with pytest.raises(millrace.UserError) as raised:
        pipeline.run(hooks=[OpenLineage(endpoint)], workspace="other")
    assert raised.value.code == "MR1505"
