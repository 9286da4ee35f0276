"""A Lance dataset in an object store, over its protocol."""

from __future__ import annotations

from pathlib import Path

import lance
import pytest

import millrace
from storage.s3 import S3Server


def test_versions_are_made_in_a_bucket(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, s3: S3Server, bucket: str
) -> None:
    monkeypatch.chdir(tmp_path)
    options = {
        "aws_endpoint": s3.endpoint,
        "aws_access_key_id": "test",
        "aws_secret_access_key": "test",
        "aws_region": "us-east-1",
        "allow_http": "true",
    }
    where = f"s3://{bucket}/rows.lance"
    pipeline = millrace.Pipeline("p", sources={"a": {"type": "csv", "path": "a.csv"}})
    for version, text in enumerate(["id\n1\n2\n", "id\n3\n"], 1):
        Path("a.csv").write_text(text)
        pipeline.run()
        assert pipeline.last_run is not None
        for _ in range(2):
            assert pipeline.last_run.to_lance(where, storage_options=options) == version
    read = lance.dataset(where, storage_options=options).to_table()
    assert read.to_pydict() == {"id": [3]}
