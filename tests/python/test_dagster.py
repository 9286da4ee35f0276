"""Pipelines as assets of a real Dagster in this process: runs, data versions, checks, failures."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

os.environ.setdefault("DAGSTER_DISABLE_TELEMETRY", "1")

import dagster as dg
import datasets
import pyarrow as pa
import pytest

import millrace
from millrace import Stage, ops
from millrace.integrations.dagster import pipeline_assets

CONFIG = """
version: 1
name: people
params: {rows: rows.csv, of: good}
sources:
  good: {type: csv, path: "${rows}"}
  more: {type: csv, path: more.csv}
contract:
  columns:
    id: {type: int64, required: true}
    text: {type: string, required: true}
    "a b": {type: string}
stages:
  - name: long
    input: "${of}"
    operators: [{id: w, type: where, expr: "length(text) > 3"}]
  - name: both
    input: [long, more]
    operators: [{id: d, type: exact_dedup, fields: [text]}]
exports:
  early: {type: jsonl, from: long, path: out/early, overwrite: true}
  train: {type: parquet, path: out/train, overwrite: true}
"""


@pytest.fixture(autouse=True)
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rows.csv").write_text("id,text,a b\n1,one two,x\n2,one,y\n3,three four,\n")
    (tmp_path / "more.csv").write_text("id,text,a b\n7,seven,\n8,one two,\n")
    (tmp_path / "pipeline.yaml").write_text(CONFIG)
    return tmp_path


@pytest.fixture(scope="module")
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as made:
        yield made


def key(*path: str) -> dg.AssetKey:
    return dg.AssetKey(list(path))


def run_of(
    assets: list[Any], instance: dg.DagsterInstance, *selection: str, **options: Any
) -> dg.ExecuteInProcessResult:
    chosen = [key("people", name) for name in selection] or None
    return dg.materialize(assets, instance=instance, selection=chosen, **options)


def materialized(result: dg.ExecuteInProcessResult) -> dict[str, Any]:
    return {
        event.asset_key.path[-1]: event.step_materialization_data.materialization
        for event in result.get_asset_materialization_events()
        if event.asset_key is not None
    }


def checked(result: dg.ExecuteInProcessResult) -> dict[str, Any]:
    return {one.check_name: one for one in result.get_asset_check_evaluations()}


def version(materialization: Any) -> str:
    return str(materialization.tags["dagster/data_version"])


def test_stages_are_assets_with_what_they_read_upstream() -> None:
    assets = pipeline_assets(millrace.Pipeline.from_yaml("pipeline.yaml"), group_name="curation")
    graph = dg.Definitions(assets=assets).resolve_asset_graph()
    upstream = {
        one.to_user_string(): sorted(k.to_user_string() for k in graph.get(one).parent_keys)
        for one in graph.get_all_asset_keys()
    }
    assert upstream == {
        "people/good": [],
        "people/more": [],
        "people/ingest": ["people/good", "people/more"],
        "people/long": ["people/ingest"],
        "people/both": ["people/ingest", "people/long"],
    }
    assert graph.external_asset_keys == {key("people", "good"), key("people", "more")}
    assert graph.get(key("people", "good")).metadata["path"] == "rows.csv"
    assert graph.get(key("people", "long")).group_name == "curation"
    assert {one.name for one in graph.asset_check_keys} == {
        "contract",
        "contract_id",
        "contract_text",
        "contract_a_b",
    }
    # Its source is an asset of others: none is made up for it.
    named = pipeline_assets(
        millrace.Pipeline.from_yaml("pipeline.yaml"),
        key_prefix=["team", "people"],
        sources={"good": ["lake", "good"]},
    )
    graph = dg.Definitions(assets=named).resolve_asset_graph()
    assert graph.get(key("team", "people", "ingest")).parent_keys == {
        key("lake", "good"),
        key("team", "people", "more"),
    }


def test_a_run_and_the_next_one(files: Path, instance: dg.DagsterInstance) -> None:
    assets = pipeline_assets(millrace.Pipeline.from_yaml("pipeline.yaml"))
    result = run_of(assets, instance)
    assert result.success
    first = materialized(result)
    assert list(first) == ["ingest", "long", "both"]
    told = first["ingest"].metadata
    assert told["dagster/row_count"] == dg.IntMetadataValue(5)
    assert told["rows_read"].value == 5 and told["rows_rejected"].value == 0
    columns = told["dagster/column_schema"].value.columns
    assert [(one.name, one.type) for one in columns][:2] == [("id", "int64"), ("text", "string")]
    manifest = told["manifest"]
    assert isinstance(manifest, dg.PathMetadataValue) and Path(manifest.path or "").is_file()
    run = millrace.open_run("workspace")
    assert {one.metadata["run_id"].value for one in first.values()} == {run.run_id}
    assert first["long"].metadata["rows_rejected"].value == 1
    assert first["long"].metadata["rejects"].records[0].data["rule"] == "where.false"
    assert first["both"].metadata["rows_written"].value == 3
    # A release belongs to the stage whose rows it has.
    assert first["long"].metadata["release/early"].value == run.exports["early"].release_id
    assert "release/early" not in first["both"].metadata
    path = first["both"].metadata["release/train/path"].value
    assert Path(path) == Path(run.exports["train"].path or "")
    assert first["both"].metadata["verdict"].value == "unjudged"
    assert all(one.passed for one in checked(result).values()) and len(checked(result)) == 4

    again = materialized(run_of(assets, instance))
    assert {name: version(one) for name, one in again.items()} == {
        name: version(one) for name, one in first.items()
    }
    assert again["ingest"].metadata["splits_skipped"].value == 2

    # Rows that change nothing behind `long` change its version and not that of `both`.
    (files / "rows.csv").write_text("id,text,a b\n1,one two,x\n2,two,y\n3,three four,\n")
    third = materialized(run_of(assets, instance))
    assert version(third["ingest"]) != version(first["ingest"])
    assert version(third["both"]) == version(first["both"])
    assert third["ingest"].metadata["splits_skipped"].value == 1


def test_a_selection_is_run_no_further_than_it_goes(
    files: Path, instance: dg.DagsterInstance
) -> None:
    pipeline = millrace.Pipeline.from_yaml("pipeline.yaml")
    assets = pipeline_assets(pipeline)
    result = run_of(assets, instance, "long")
    assert list(materialized(result)) == ["long"] and not checked(result)
    assert pipeline.last_run is not None
    assert pipeline.last_run.outcome == "stopped" and pipeline.last_run.stages == ("long",)
    assert not (files / "out").exists() and not (files / "workspace/stages/both").exists()

    rest = materialized(run_of(assets, instance, "both"))
    assert list(rest) == ["both"] and (files / "out/train/LATEST.json").is_file()
    assert millrace.open_run("workspace").outcome == "done"
    # A check alone runs what it is about.
    checks = dg.AssetSelection.checks(dg.AssetCheckKey(key("people", "ingest"), "contract_text"))
    alone = dg.materialize(assets, instance=instance, selection=checks)
    assert alone.success and list(checked(alone)) == ["contract_text"] and not materialized(alone)


def test_stages_are_built_anew_when_the_run_config_says_so(
    files: Path, instance: dg.DagsterInstance
) -> None:
    assets = pipeline_assets(millrace.Pipeline.from_yaml("pipeline.yaml"))
    first = materialized(run_of(assets, instance))
    config = {"ops": {"people__run": {"config": {"mode": "overwrite"}}}}
    anew = materialized(run_of(assets, instance, run_config=config))
    assert anew["long"].metadata["splits_skipped"].value == 0
    assert anew["long"].metadata["manifest"] != first["long"].metadata["manifest"]
    assert version(anew["long"]) == version(first["long"])


def test_rejected_rows_fail_the_checks_of_the_contract(
    files: Path, instance: dg.DagsterInstance
) -> None:
    (files / "more.csv").write_text("id,text,a b\nx,seven,\n8,,\n9,nine,\n")
    assets = pipeline_assets(millrace.Pipeline.from_yaml("pipeline.yaml"))
    result = run_of(assets, instance)
    assert result.success and len(materialized(result)) == 3
    found = checked(result)
    assert {name: one.passed for name, one in found.items()} == {
        "contract": False,
        "contract_id": False,
        "contract_text": False,
        "contract_a_b": True,
    }
    assert found["contract"].severity == dg.AssetCheckSeverity.WARN
    assert found["contract"].metadata["rows_rejected"].value == 2
    told = found["contract_text"].metadata["rejects"].records
    assert [row.data["rule"] for row in told] == ["contract.required"]
    assert "seven" not in str(found), "no value of a row"

    some = pipeline_assets(millrace.Pipeline.from_yaml("pipeline.yaml"), max_reject_fraction=0.2)
    found = checked(run_of(some, instance))
    assert not found["contract"].passed and found["contract_text"].passed


def test_a_spent_budget_fails_with_its_check(files: Path, instance: dg.DagsterInstance) -> None:
    (files / "more.csv").write_text("id,text,a b\nx,seven,\n8,,\n9,nine,\n")
    (files / "pipeline.yaml").write_text(
        CONFIG.replace("more.csv", "more.csv, limits: {max_rejects: 1}")
    )
    assets = pipeline_assets(millrace.Pipeline.from_yaml("pipeline.yaml"))
    result = run_of(assets, instance, raise_on_error=False)
    assert not result.success and not materialized(result)
    found = checked(result)["contract"]
    assert not found.passed and found.severity == dg.AssetCheckSeverity.ERROR
    assert failure(result).metadata["code"].value == "MR2001"


MODEL = """
version: 1
model: m
requirements:
  LEN-1: {statement: Texts are long., type: length, column: text, min: 6}
  ROWS-1: {statement: There are rows., type: size, min_rows: 1}
"""


@pytest.mark.parametrize("fails", [False, True])
def test_requirements_of_a_model_are_checks_of_the_last_stage(
    files: Path, instance: dg.DagsterInstance, fails: bool
) -> None:
    (files / "model.yaml").write_text(MODEL + ("on_fail: fail\n" if fails else ""))
    with_model = CONFIG.replace("of: good", "of: good, model: model.yaml")
    (files / "pipeline.yaml").write_text(with_model + "model_contract: ${model}\n")
    assets = pipeline_assets(millrace.Pipeline.from_yaml("pipeline.yaml"))
    result = run_of(assets, instance, raise_on_error=False)
    assert result.success is not fails
    found = checked(result)
    assert not found["requires_LEN_1"].passed and found["requires_ROWS_1"].passed
    wanted = dg.AssetCheckSeverity.ERROR if fails else dg.AssetCheckSeverity.WARN
    assert found["requires_LEN_1"].severity == wanted
    assert found["requires_LEN_1"].metadata["rows_breaking"].value == 1
    assert found["requires_LEN_1"].asset_key == key("people", "both")
    # The rows are committed either way; a release is there only where nothing failed.
    told = materialized(result)
    assert list(told) == ["ingest", "long", "both"]
    assert ("release/train" in told["both"].metadata) is not fails
    if fails:
        assert failure(result).metadata["code"].value == "MR2005"


def failure(result: dg.ExecuteInProcessResult) -> Any:
    (event,) = [one for one in result.all_events if one.is_step_failure]
    data = event.step_failure_data.user_failure_data
    assert data is not None
    return data


def test_an_error_of_the_engine_keeps_what_was_committed(instance: dg.DagsterInstance) -> None:
    @millrace.operator(kind="score", reads=["id"], writes={"n": pa.int64()})
    def broken(batch: pa.RecordBatch) -> Any:
        raise ZeroDivisionError("at last")

    pipeline = millrace.Pipeline(
        "people",
        sources={"good": {"type": "csv", "path": "rows.csv"}},
        stages=[
            Stage("long", [ops.Where(id="w", expr="length(text) > 3")]),
            Stage("bad", [broken(id="b")]),
            Stage("behind", [ops.Where(id="v", expr="true")]),
        ],
        workspace="w",
    )
    often = pipeline_assets(pipeline, retry_policy=dg.RetryPolicy(max_retries=2))
    result = run_of(often, instance, raise_on_error=False)
    assert not result.success
    assert not [one for one in result.all_events if one.is_step_up_for_retry]
    told = materialized(result)
    assert list(told) == ["ingest", "long"]
    assert told["long"].metadata["rows_written"].value == 2
    columns = told["long"].metadata["dagster/column_schema"].value.columns
    assert [one.name for one in columns] == ["id", "text", "a b"]
    assert failure(result).metadata["code"].value == "MR1504"
    assert failure(result).metadata["exit_code"].value == 1
    assert "at last" in failure(result).description
    # It is the same version that a run which comes to its end gives.
    only = run_of(pipeline_assets(pipeline), instance, "long")
    assert version(materialized(only)["long"]) == version(told["long"])


def test_what_a_retry_may_help_is_retried(files: Path, instance: dg.DagsterInstance) -> None:
    class Loses:
        done = False

        def on_stage_end(self, event: dict[str, Any]) -> None:
            if event["stage"] == "ingest" and not self.done:
                self.done = True
                for shard in files.glob("workspace/stages/ingest/*/data/*"):
                    shard.unlink()

    assets = pipeline_assets(
        millrace.Pipeline.from_yaml("pipeline.yaml"),
        hooks=[Loses()],
        retry_policy=dg.RetryPolicy(max_retries=1),
    )
    result = run_of(assets, instance)
    assert result.success
    (again,) = [one for one in result.all_events if one.is_step_up_for_retry]
    assert "MR3001" in str(again.event_specific_data)
    assert list(materialized(result)) == ["ingest", "long", "both"]
    assert millrace.open_run("workspace").stage("both").counts.written == 3


def test_what_another_asset_gives_goes_in(instance: dg.DagsterInstance) -> None:
    @dg.asset(key=["lake", "texts"])
    def texts() -> Any:
        return datasets.Dataset.from_dict({"text": ["a", "some words", "a"]})

    pipeline = millrace.Pipeline(
        "people",
        sources={"train-1": {"type": "dataset"}},
        stages=[Stage("on-ce", [ops.ExactDedup(id="d", fields=["text"])])],
        workspace="w",
    )
    with pytest.raises(ValueError, match="no asset for 'train-1'"):
        pipeline_assets(pipeline)
    assets = pipeline_assets(pipeline, sources={"train-1": ["lake", "texts"]})
    result = dg.materialize(
        [texts, *assets], instance=instance, resources={"io_manager": dg.mem_io_manager}
    )
    assert materialized(result)["on-ce"].metadata["rows_written"].value == 2
    assert pipeline.last_run is not None
    assert pipeline.last_run.to_dataset()["text"][:] == ["a", "some words"]


def test_several_tables_are_one_asset_of_ingest(instance: dg.DagsterInstance) -> None:
    numbers = {"columns": {"id": {"type": "int64"}}}
    texts = {"columns": {"text": {"type": "string", "length": {"min": 4}}}}
    pipeline = millrace.Pipeline(
        "people",
        sources={
            "good": {"type": "csv", "path": "rows.csv", "contract": "numbers"},
            "more": {"type": "csv", "path": "rows.csv", "contract": "texts"},
        },
        contracts={"numbers": numbers, "texts": texts},
        exports={"out": {"type": "parquet", "path": "out", "contract": "texts"}},
        workspace="w",
    )
    result = run_of(pipeline_assets(pipeline), instance)
    told = materialized(result)["ingest"].metadata
    assert told["rows/numbers"].value == 3 and told["rows/texts"].value == 2
    assert told["dagster/row_count"].value == 5 and "dagster/column_schema" not in told
    assert told["column_schema/texts"].value.columns[0].name == "text"
    assert Path(told["manifest/texts"].value).is_file()
    assert Path(told["release/out/path"].value).is_dir()
    found = {name: one.passed for name, one in checked(result).items()}
    assert found == {"contract": False, "contract_id": True, "contract_text": False}


def test_what_does_not_fit_is_refused_when_assets_are_made() -> None:
    pipeline = millrace.Pipeline.from_yaml("pipeline.yaml")
    with pytest.raises(TypeError, match="`until` is not for assets"):
        pipeline_assets(pipeline, until="long")
    with pytest.raises(ValueError, match="no runner 'spark'"):
        pipeline_assets(pipeline, runner="spark")
    with pytest.raises(ValueError, match="no source 'wood'"):
        pipeline_assets(pipeline, sources={"wood": "wood"})
    one = {"type": "csv", "path": "rows.csv"}
    named = millrace.Pipeline("rows of 2026", sources={"ingest": one})
    with pytest.raises(ValueError, match="source and stage are called 'ingest'"):
        pipeline_assets(named)
    made, *external = pipeline_assets(named, sources={"ingest": "lake"})
    assert not external and isinstance(made, dg.AssetsDefinition)
    assert made.keys == {key("rows_of_2026", "ingest")}


def test_signed_urls_are_not_shown_whole(tmp_path: Path) -> None:
    text = """\
version: 1
name: signed
workspace: ./workspace
sources: {web: {type: jsonl, path: "https://example.org/rows.jsonl?sig=sssh"}}
exports: {out: {type: parquet, path: out}}
"""
    (tmp_path / "p.yaml").write_text(text)
    assets = pipeline_assets(millrace.Pipeline.from_yaml(tmp_path / "p.yaml"))
    graph = dg.Definitions(assets=assets).resolve_asset_graph()
    path = graph.get(key("signed", "web")).metadata["path"]
    assert path == "https://example.org/rows.jsonl"
