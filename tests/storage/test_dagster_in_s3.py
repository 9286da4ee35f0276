"""Stages as assets of Dagster where the workspace is in an object store."""

from __future__ import annotations

import os
from pathlib import Path

os.environ.setdefault("DAGSTER_DISABLE_TELEMETRY", "1")

import dagster as dg
import pytest

import millrace
from millrace.integrations.dagster import pipeline_assets
from storage.s3 import S3Server


def test_metadata_come_from_the_report(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    s3: S3Server,
    bucket: str,
    env: dict[str, str],
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    Path("a.csv").write_text("id,text\n1,one two\n2,x\n")
    Path("pipeline.yaml").write_text(
        f"""
version: 1
name: people
workspace: s3://{bucket}/w
storage: {{s: {{type: s3, url: "s3://", endpoint: "{s3.endpoint}", allow_http: true}}}}
sources: {{a: {{type: csv, path: a.csv}}}}
stages:
  - name: long
    operators: [{{id: w, type: where, expr: "length(text) > 3"}}]
  - name: broken
    operators: [{{id: l, type: exact_dedup, fields: [text], index: s3://{bucket}-none/i}}]
"""
    )
    assets = pipeline_assets(millrace.Pipeline.from_yaml("pipeline.yaml"))
    with dg.DagsterInstance.ephemeral() as instance:
        key = dg.AssetKey(["people", "long"])
        result = dg.materialize(assets, instance=instance, selection=[key])
        (event,) = result.get_asset_materialization_events()
        told = event.step_materialization_data.materialization
        assert told.metadata["rows_written"].value == 1
        manifest = told.metadata["manifest"]
        assert isinstance(manifest, dg.UrlMetadataValue)
        assert (manifest.url or "").startswith(f"s3://{bucket}/w/stages/long/")
        assert told.tags is not None and len(told.tags["dagster/data_version"]) == 32

        # Without a report there is nothing to be read from here.
        failed = dg.materialize(assets, instance=instance, raise_on_error=False)
        assert not failed.success and not failed.get_asset_materialization_events()
        (step,) = [one for one in failed.all_events if one.is_step_failure]
        data = step.step_failure_data.user_failure_data
        assert data is not None and str(data.metadata["code"].value).startswith("MR")
