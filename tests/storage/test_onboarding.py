"""`millrace init` and `check` on what lies in an object store."""

from __future__ import annotations

from pathlib import Path

import pytest

from command import Millrace
from storage.s3 import S3Server

ROWS = "id,word\n" + "".join(f"{i},w{i}\n" for i in range(30))


@pytest.fixture
def stored(s3: S3Server, bucket: str) -> str:
    s3.put(bucket, "in/a-1.csv", ROWS.encode())
    s3.put(bucket, "in/a-2.csv", ROWS.encode())
    s3.put(bucket, "in/b.jsonl", b'{"k": 1}\n{"k": 2}\n')
    return f"s3://{bucket}"


@pytest.mark.parametrize(
    ("path", "rows"), [("in/a-1.csv", 30), ("in/", 62), ("in", 62), ("in/a-*.csv", 60)]
)
def test_an_object_a_prefix_and_a_pattern(
    millrace: Millrace,
    tmp_path: Path,
    s3: S3Server,
    stored: str,
    env: dict[str, str],
    path: str,
    rows: int,
) -> None:
    env["AWS_ENDPOINT_URL"] = s3.endpoint
    millrace.ok("init", "--from", f"{stored}/{path}", cwd=tmp_path, env=env)
    assert "canary" not in (tmp_path / "pipeline.yaml").read_text()
    millrace.ok("validate", "pipeline.yaml", cwd=tmp_path, env=env)
    result = millrace.ok("run", "pipeline.yaml", "--json", cwd=tmp_path, env=env).json()
    assert result["rows_written"] == rows
    outcome = millrace.ok("doctor", "pipeline.yaml", cwd=tmp_path, env=env)
    assert "canary" not in outcome.out


def test_without_credentials(millrace: Millrace, tmp_path: Path, s3: S3Server, stored: str) -> None:
    env = {
        "AWS_ENDPOINT_URL": s3.endpoint,
        "AWS_ACCESS_KEY_ID": "",
        "AWS_SECRET_ACCESS_KEY": "",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none"),
        "AWS_CONFIG_FILE": str(tmp_path / "none"),
    }
    bucket = stored.removeprefix("s3://")
    outcome = millrace("init", "--from", f"{stored}/in/", cwd=tmp_path, env=env)
    assert outcome.code == 75 and "MR3003" in outcome.err  # not everybody may read it yet
    s3.request("PUT", f"/{bucket}?acl", b"", x_amz_acl="public-read")
    for key in s3.keys(bucket):
        s3.request("PUT", f"/{bucket}/{key}?acl", b"", x_amz_acl="public-read")
    millrace.ok("init", "--from", f"{stored}/in/", cwd=tmp_path, env=env)
    assert "anonymous: true" in (tmp_path / "pipeline.yaml").read_text()
    result = millrace.ok("run", "pipeline.yaml", "--json", cwd=tmp_path, env=env).json()
    assert result["rows_written"] == 62


def test_the_doctor_tries_to_write(
    millrace: Millrace, tmp_path: Path, s3: S3Server, bucket: str, env: dict[str, str]
) -> None:
    env["AWS_ENDPOINT_URL"] = s3.endpoint
    (tmp_path / "a.csv").write_text(ROWS)
    config = """\
version: 1
name: p
workspace: s3://{bucket}/ws
sources: {{a: {{type: csv, path: a.csv}}}}
exports: {{o: {{type: jsonl, path: "s3://{bucket}/out"}}}}
"""
    (tmp_path / "p.yaml").write_text(config.format(bucket=bucket))
    (tmp_path / "q.yaml").write_text(config.format(bucket="there-is-none-of-that-name"))
    millrace.ok("doctor", "p.yaml", cwd=tmp_path, env=env)
    assert s3.keys(bucket) == []
    outcome = millrace.ok("doctor", "p.yaml", "--write", cwd=tmp_path, env=env)
    assert outcome.out.count("and can be written") == 2
    assert s3.keys(bucket) == ["ws/.millrace-probe"]
    outcome = millrace("doctor", "q.yaml", "--write", "--json", cwd=tmp_path, env=env)
    assert outcome.code == 1
    found = {f["what"]: f for f in outcome.json()["findings"]}
    for what in ("workspace", "export `o`"):
        assert found[what]["health"] == "fail" and "cannot be written" in found[what]["message"]


def test_check_reads_from_a_store(
    millrace: Millrace, tmp_path: Path, s3: S3Server, stored: str, env: dict[str, str]
) -> None:
    env["AWS_ENDPOINT_URL"] = s3.endpoint
    (tmp_path / "c.yaml").write_text("columns: {id: {type: int64, max: '10'}, word: {}}\n")
    outcome = millrace(
        "check", f"{stored}/in/a-1.csv", "--contract", "c.yaml", "--json", cwd=tmp_path, env=env
    )
    assert outcome.code == 3 and outcome.json()["rows"]["accepted"] == 11
