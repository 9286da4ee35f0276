"""Sources, workspaces and targets in S3: the bytes of a local run, whatever happens meanwhile."""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import subprocess
import threading
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from command import Millrace
from invariants.pipelines import CONFIG, fingerprint, make_inputs
from storage.fault_proxy import FaultProxy, first_of_each, from_request, mixed
from storage.s3 import S3Server, free_port


def storage(endpoint: str) -> str:
    return (
        "storage:\n"
        f"  test: {{type: s3, url: 's3://', endpoint: '{endpoint}', allow_http: true, retries: 3,\n"
        "    access_key_id: '${env:AWS_ACCESS_KEY_ID}',\n"
        "    secret_access_key: '${env:AWS_SECRET_ACCESS_KEY}'}\n"
    )


def config(
    endpoint: str, bucket: str, *, source: bool = True, workspace: bool = True, target: bool = True
) -> str:
    text = CONFIG + storage(endpoint)
    if source:
        text = text.replace('"data/', f'"s3://{bucket}/data/').replace(
            "path: data/kb/", f"path: s3://{bucket}/data/kb/"
        )
    if workspace:
        text = text.replace("./workspace", f"s3://{bucket}/ws")
    if target:
        text = text.replace("path: out/", f"path: s3://{bucket}/out/")
    return text


#: They hold the hash of the config, which says where the files are: it differs with the place.
OF_THE_CONFIG = ("manifest.json", "_millrace.json", "LATEST.json", "report.html", "report.json")


def data_of(files: dict[str, str]) -> dict[str, str]:
    """What must be equal wherever it is: shards, rejects, records, profiles, released files."""
    found: dict[str, str] = {}
    for name, digest in files.items():
        parts = name.split("/")
        if parts[-1] in OF_THE_CONFIG:
            continue
        if parts[0] == "out":
            parts[2] = "release"
        found["/".join(parts)] = digest
    return found


def remote_fingerprint(s3: S3Server, bucket: str) -> dict[str, str]:
    """As invariants.pipelines.fingerprint, of objects."""
    found: dict[str, str] = {}
    for prefix, name in (("ws/stages/", "workspace/stages/"), ("out/", "out/")):
        for key, body in s3.objects(bucket, prefix).items():
            found[name + key] = hashlib.sha256(body).hexdigest()
    return data_of(found)


@pytest.fixture(scope="module")
def reference(millrace: Millrace, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("reference")
    make_inputs(folder)
    millrace.ok("run", "pipeline.yaml", cwd=folder)
    return data_of(fingerprint(folder))


def test_sources_and_targets(
    millrace: Millrace,
    tmp_path: Path,
    s3: S3Server,
    bucket: str,
    env: dict[str, str],
    reference: dict[str, str],
) -> None:
    make_inputs(tmp_path)
    s3.put_folder(bucket, "data/", tmp_path / "data")
    (tmp_path / "pipeline.yaml").write_text(config(s3.endpoint, bucket, workspace=False))
    millrace.ok("run", "pipeline.yaml", cwd=tmp_path, env=env)
    remote = remote_fingerprint(s3, bucket)
    expected = {key: value for key, value in reference.items() if key.startswith("out/")}
    assert remote == expected
    stages = data_of(fingerprint(tmp_path))
    assert stages == {k: v for k, v in reference.items() if not k.startswith("out/")}
    second = millrace.ok("run", "pipeline.yaml", "--json", cwd=tmp_path, env=env).json()
    assert second["splits_skipped"] == second["splits_total"] > 0
    assert all(export["existed"] for export in second["exports"])


def run_remote(
    millrace: Millrace, folder: Path, endpoint: str, s3: S3Server, bucket: str, env: dict[str, str]
) -> None:
    make_inputs(folder)
    s3.put_folder(bucket, "data/", folder / "data")
    (folder / "pipeline.yaml").write_text(config(endpoint, bucket))
    millrace.ok("run", "pipeline.yaml", cwd=folder, env=env)


def test_all_of_it_in_s3(
    millrace: Millrace,
    tmp_path: Path,
    s3: S3Server,
    bucket: str,
    env: dict[str, str],
    reference: dict[str, str],
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    env["TMPDIR"] = str(scratch)
    run_remote(millrace, tmp_path, s3.endpoint, s3, bucket, env)
    assert remote_fingerprint(s3, bucket) == reference
    assert list(scratch.iterdir()) == []
    assert not (tmp_path / "workspace").exists()
    assert not [key for key in s3.keys(bucket, "ws/") if "spill" in key or ".tmp-" in key]

    env["AWS_ENDPOINT_URL"] = s3.endpoint
    workspace = f"s3://{bucket}/ws"
    status = millrace.ok("status", workspace, "--json", env=env).json()
    assert len(status["runs"]) == 1
    verified = millrace.ok("verify", workspace, "--json", env=env).json()
    assert verified["problems"] == [] and verified["files_checked"] > 0
    # Nothing is old enough to be let go: no lock tells whether a run is at work.
    s3.put(bucket, "ws/stages/ingest/0123456789abcdef/data/litter.parquet", b"x")
    assert millrace.ok("gc", workspace, "--json", env=env).json()["removed"] == []

    shard = next(
        key for key in s3.keys(bucket, "ws/stages/") if "/data/" in key and "litter" not in key
    )
    s3.put(bucket, shard, b"damaged")
    assert millrace("verify", workspace, env=env).code != 0

    # A release by its own name, and as the one that LATEST.json names.
    target = f"s3://{bucket}/out/corpus"
    latest = json.loads(s3.get(bucket, "out/corpus/LATEST.json"))["release_id"]
    for path in (target, f"{target}/", f"{target}/{latest}"):
        verified = millrace.ok("verify", path, "--json", env=env).json()
        assert verified["kind"] == "release"
        assert verified["problems"] == [] and verified["files_checked"] > 1
    part = next(key for key in s3.keys(bucket, f"out/corpus/{latest}/") if "parquet" in key)
    s3.put(bucket, part, b"damaged")
    damaged = millrace("verify", target, env=env)
    assert damaged.code != 0 and part.removeprefix(f"out/corpus/{latest}/") in damaged.err
    nothing = millrace("verify", f"s3://{bucket}/nothing", env=env)
    assert nothing.code == 1 and "MR1501" in nothing.err


def test_secrets_are_nowhere(
    millrace: Millrace, tmp_path: Path, s3: S3Server, bucket: str, env: dict[str, str]
) -> None:
    run_remote(millrace, tmp_path, s3.endpoint, s3, bucket, env)
    outcome = millrace("run", "pipeline.yaml", "--log-level", "debug", cwd=tmp_path, env=env)
    bodies = [*s3.objects(bucket).values(), outcome.out.encode(), outcome.err.encode()]
    bodies += [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    for secret in ("canary-secret-5f1d9c7e", "AKIATESTCANARYID"):
        assert not any(secret.encode() in body for body in bodies)


@pytest.mark.parametrize(
    ("fault", "pattern"),
    [
        pytest.param("error", ".", marks=pytest.mark.long),
        pytest.param("throttle", "PUT|POST", marks=pytest.mark.long),
        pytest.param("reset", ".", marks=pytest.mark.long),
        pytest.param("lost", ".", marks=pytest.mark.long),
        pytest.param("cut", "GET", marks=pytest.mark.long),
        pytest.param("slow", "GET .*data/", marks=pytest.mark.long),
        ("lag", "GET .*prefix=ws"),
    ],
)
def test_faults_change_nothing(
    millrace: Millrace,
    tmp_path: Path,
    s3: S3Server,
    bucket: str,
    env: dict[str, str],
    reference: dict[str, str],
    fault: str,
    pattern: str,
) -> None:
    times = 1000 if fault in ("slow", "lag") else 1
    with FaultProxy(s3.port, first_of_each(fault, pattern, times)) as proxy:
        run_remote(millrace, tmp_path, proxy.endpoint, s3, bucket, env)
        if fault == "lag":  # neither a second run may be misled
            millrace.ok("run", "pipeline.yaml", cwd=tmp_path, env=env)
        assert proxy.faults
    assert remote_fingerprint(s3, bucket) == reference


@pytest.mark.parametrize(
    "seed", [1, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(2, 7))]
)
def test_mixed_faults_change_nothing(
    millrace: Millrace,
    tmp_path: Path,
    s3: S3Server,
    bucket: str,
    env: dict[str, str],
    reference: dict[str, str],
    seed: int,
) -> None:
    with FaultProxy(s3.port, mixed(seed)) as proxy:
        run_remote(millrace, tmp_path, proxy.endpoint, s3, bucket, env)
        assert len(set(proxy.faults)) >= 5
    assert remote_fingerprint(s3, bucket) == reference


def failing_runs(
    millrace: Millrace,
    folder: Path,
    s3: S3Server,
    bucket: str,
    env: dict[str, str],
    places: range,
    fault: str,
) -> int:
    """Runs that all end at a request further on, in one bucket; how many ended by the fault."""
    make_inputs(folder)
    s3.put_folder(bucket, "data/", folder / "data")
    failed = 0
    for place in places:
        with FaultProxy(s3.port, from_request(fault, place)) as proxy:
            (folder / "pipeline.yaml").write_text(config(proxy.endpoint, bucket))
            outcome = millrace("run", "pipeline.yaml", cwd=folder, env=env)
            assert outcome.code == (75 if proxy.faults else 0), f"request {place}: {outcome.err}"
            failed += outcome.code == 75
    (folder / "pipeline.yaml").write_text(config(s3.endpoint, bucket))
    millrace.ok("run", "pipeline.yaml", cwd=folder, env=env)
    return failed


@pytest.mark.parametrize(
    "places",
    [
        range(9, 100, 30),
        *(pytest.param(range(n, 120, 12), marks=pytest.mark.long) for n in range(0, 12, 3)),
    ],
)
def test_credentials_that_expire_under_a_run(
    millrace: Millrace,
    tmp_path: Path,
    s3: S3Server,
    bucket: str,
    env: dict[str, str],
    reference: dict[str, str],
    places: range,
) -> None:
    """From some request on everything is refused; the next run goes on, to the same bytes."""
    assert failing_runs(millrace, tmp_path, s3, bucket, env, places, "expired") > 0
    remote = remote_fingerprint(s3, bucket)
    # What was put before its record is litter; what is named is the same.
    assert {key: remote.get(key) for key in reference} == reference


@pytest.mark.parametrize("fault", ["", "error", "lost", "reset", "late", "timeout"])
def test_objects_in_parts(
    millrace: Millrace, tmp_path: Path, s3: S3Server, bucket: str, env: dict[str, str], fault: str
) -> None:
    """Shards larger than a part, each request of the upload failing once."""
    rng = random.Random(3)
    rows = b"".join(b"%d,%s\n" % (n, rng.randbytes(60).hex().encode()) for n in range(220_000))
    s3.put(bucket, "rows.csv", b"id,text\n" + rows)
    where = {"error": "upload", "late": "POST .*uploadId"}.get(fault, "uploadId")
    rule = first_of_each(fault, where) if fault else None
    with FaultProxy(s3.port, rule or (lambda method, path: None)) as proxy:
        text = small_config(proxy.endpoint, bucket).replace("jsonl", "parquet")
        (tmp_path / "p.yaml").write_text(text)
        millrace.ok("run", "p.yaml", cwd=tmp_path, env=env)
        assert any("uploadId" in path for _, path in proxy.requests)
        assert bool(proxy.faults) == bool(fault)
    env["AWS_ENDPOINT_URL"] = s3.endpoint
    verified = millrace.ok("verify", f"s3://{bucket}/ws", "--json", env=env).json()
    assert verified["problems"] == [] and verified["bytes_checked"] > 8 << 20


def small_config(endpoint: str, bucket: str, more: str = "") -> str:
    return (
        f"version: 1\nname: small\nworkspace: s3://{bucket}/ws\n"
        f"sources: {{rows: {{type: csv, path: s3://{bucket}/rows.csv}}}}\n"
        f"exports: {{out: {{type: jsonl, path: s3://{bucket}/out}}}}\n" + storage(endpoint) + more
    )


def test_expired_credentials(
    millrace: Millrace, tmp_path: Path, s3: S3Server, bucket: str, env: dict[str, str]
) -> None:
    s3.put(bucket, "rows.csv", b"a,b\n1,2\n")
    with FaultProxy(s3.port, lambda method, path: "expired") as proxy:
        (tmp_path / "p.yaml").write_text(small_config(proxy.endpoint, bucket))
        outcome = millrace("run", "p.yaml", cwd=tmp_path, env=env)
        assert outcome.code == 75
        assert len(proxy.requests) <= 2, "what cannot be cured is not tried again"
    assert f"s3://{bucket}" in outcome.err and "credentials" in outcome.err

    def later(method: str, path: str) -> str | None:
        return "expired" if method == "PUT" and "/commits/" in path else None

    with FaultProxy(s3.port, later) as proxy:
        (tmp_path / "p.yaml").write_text(small_config(proxy.endpoint, bucket))
        outcome = millrace("run", "p.yaml", cwd=tmp_path, env=env)
    assert outcome.code == 75
    assert "ExpiredToken" in outcome.err and "expired" in outcome.err
    (tmp_path / "p.yaml").write_text(small_config(s3.endpoint, bucket))
    millrace.ok("run", "p.yaml", cwd=tmp_path, env=env)


def test_a_dead_endpoint_is_told_soon(
    millrace: Millrace, tmp_path: Path, bucket: str, env: dict[str, str]
) -> None:
    (tmp_path / "p.yaml").write_text(small_config(f"http://127.0.0.1:{free_port()}", bucket))
    start = time.monotonic()
    outcome = millrace("run", "p.yaml", cwd=tmp_path, env=env)
    assert outcome.code == 75
    assert time.monotonic() - start < 10
    assert f"s3://{bucket}/rows.csv" in outcome.err


def test_a_store_without_conditions_is_refused(
    millrace: Millrace, tmp_path: Path, s3: S3Server, bucket: str, env: dict[str, str]
) -> None:
    s3.put(bucket, "rows.csv", b"a,b\n1,2\n")
    with FaultProxy(s3.port, lambda method, path: "careless") as proxy:
        (tmp_path / "p.yaml").write_text(small_config(proxy.endpoint, bucket))
        outcome = millrace("run", "p.yaml", cwd=tmp_path, env=env)
    assert outcome.code == 1
    assert "second put" in outcome.err and f"s3://{bucket}" in outcome.err
    assert not s3.keys(bucket, "ws/stages/") and not s3.keys(bucket, "out/")


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("s3://no-such-bucket/rows.csv", "NoSuchBucket"),
        ("s3://{bucket}/no-such.csv", "is not there"),
        ("s3://{bucket}/*.tsv", "matches no object"),
        ("ftp://host/rows.csv", "scheme"),
        ("s3:///rows.csv", "bucket"),
        ("s3://AKIA:secret-in-url@bucket/rows.csv", "password"),
    ],
)
def test_paths_that_are_wrong(
    millrace: Millrace,
    tmp_path: Path,
    s3: S3Server,
    bucket: str,
    env: dict[str, str],
    path: str,
    said: str,
) -> None:
    s3.put(bucket, "rows.csv", b"a,b\n1,2\n")
    text = small_config(s3.endpoint, bucket)
    text = text.replace(f"s3://{bucket}/rows.csv", path.format(bucket=bucket))
    (tmp_path / "p.yaml").write_text(text)
    outcome = millrace("run", "p.yaml", cwd=tmp_path, env=env)
    assert outcome.code == 1, outcome.err
    assert said in outcome.err
    assert "secret-in-url" not in outcome.err
    assert "p.yaml:4:" in outcome.err  # the place in the config


def test_an_endpoint_without_tls_must_be_allowed(
    millrace: Millrace, tmp_path: Path, s3: S3Server, bucket: str
) -> None:
    text = small_config(s3.endpoint, bucket).replace("allow_http: true, ", "")
    (tmp_path / "p.yaml").write_text(text)
    outcome = millrace("validate", "p.yaml", cwd=tmp_path)
    assert outcome.code == 1 and "allow_http" in outcome.err


def test_a_file_that_changes_is_told(
    millrace: Millrace, tmp_path: Path, s3: S3Server, bucket: str, env: dict[str, str]
) -> None:
    """Its bytes are exchanged under the same size while the run reads it."""
    rows = b"a,b\n" + b"1,2222222\n" * 2_000_000
    s3.put(bucket, "rows.csv", rows)
    changed = threading.Event()

    def rule(method: str, path: str) -> str | None:
        ranges = [1 for m, p in list(proxy.requests) if m == "GET" and p.endswith("rows.csv")]
        if len(ranges) > 6 and not changed.is_set():
            changed.set()
            s3.put(bucket, "rows.csv", rows.replace(b"2222222\n", b"3333333\n"))
        return None

    with FaultProxy(s3.port, rule) as proxy:
        (tmp_path / "p.yaml").write_text(small_config(proxy.endpoint, bucket))
        outcome = millrace("run", "p.yaml", "--threads", "1", cwd=tmp_path, env=env)
    assert changed.is_set()
    assert outcome.code == 1 and "MR2003" in outcome.err, outcome.err


def test_strange_keys(
    millrace: Millrace, tmp_path: Path, s3: S3Server, bucket: str, env: dict[str, str]
) -> None:
    keys = ["a b.csv", "ü/日本.csv", "x+y&z=1.csv", "deep/er/q?#%41.csv", "empty.csv"]
    for number, key in enumerate(keys):
        body = b"" if key == "empty.csv" else f"a,b\n{number},x\n".encode()
        s3.put(bucket, "in/" + key, body)
    s3.put(bucket, "in/folder/", b"")  # what some tools make of a folder
    text = small_config(s3.endpoint, bucket).replace(
        f"s3://{bucket}/rows.csv", f"s3://{bucket}/in/"
    )
    (tmp_path / "p.yaml").write_text(text)
    result = millrace.ok("run", "p.yaml", "--json", cwd=tmp_path, env=env).json()
    assert result["rows_written"] == 4
    written = b"".join(s3.objects(bucket, "out/").values()).decode()
    for key in keys[:4]:
        assert key.rsplit("/", 1)[-1][0] in written


def test_keys_that_no_path_names_are_told(
    millrace: Millrace, tmp_path: Path, s3: S3Server, bucket: str, env: dict[str, str]
) -> None:
    s3.put(bucket, "in/1.csv", b"a,b\n1,x\n")
    s3.put(bucket, "in//2.csv", b"a,b\n2,x\n")
    text = small_config(s3.endpoint, bucket)
    (tmp_path / "p.yaml").write_text(text.replace(f"{bucket}/rows.csv", f"{bucket}/in/"))
    outcome = millrace.ok("run", "p.yaml", cwd=tmp_path, env=env)
    assert "objects_left_out" in outcome.err and "in//2.csv" in outcome.err


def test_kill_9_and_resume(
    millrace: Millrace,
    tmp_path: Path,
    s3: S3Server,
    bucket: str,
    env: dict[str, str],
    reference: dict[str, str],
) -> None:
    make_inputs(tmp_path)
    s3.put_folder(bucket, "data/", tmp_path / "data")
    (tmp_path / "pipeline.yaml").write_text(config(s3.endpoint, bucket))
    rng = random.Random(5)
    command = [str(millrace.binary), "run", "pipeline.yaml", "--threads", "1"]
    kills = 0
    for _ in range(12):
        process = subprocess.Popen(
            command,
            cwd=tmp_path,
            env={**os.environ, **env},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            process.wait(rng.uniform(0.05, 1.2))
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            kills += 1
        process.wait()
    assert kills > 0
    millrace.ok("run", "pipeline.yaml", cwd=tmp_path, env=env)
    remote = remote_fingerprint(s3, bucket)
    # What a killed attempt had put before its record is litter; what is named is the same.
    assert {key: remote.get(key) for key in reference} == reference
    env["AWS_ENDPOINT_URL"] = s3.endpoint
    millrace.ok("verify", f"s3://{bucket}/ws", env=env)


def test_two_runs_at_once(
    millrace: Millrace,
    tmp_path: Path,
    s3: S3Server,
    bucket: str,
    env: dict[str, str],
    reference: dict[str, str],
) -> None:
    make_inputs(tmp_path)
    s3.put_folder(bucket, "data/", tmp_path / "data")
    (tmp_path / "pipeline.yaml").write_text(config(s3.endpoint, bucket))
    with ThreadPoolExecutor(2) as pool:
        runs = [
            pool.submit(millrace.ok, "run", "pipeline.yaml", cwd=tmp_path, env=env)
            for _ in range(2)
        ]
        for run in runs:
            run.result()
    assert remote_fingerprint(s3, bucket) == reference


def test_archives_are_folders(
    millrace: Millrace, tmp_path: Path, s3: S3Server, bucket: str, env: dict[str, str]
) -> None:
    """As on disk: in a folder, by a pattern, by a member's name, and named alone."""
    data = tmp_path / "in"
    data.mkdir()
    (data / "a.csv").write_text("a,b\n1,x\n")
    with zipfile.ZipFile(data / "b.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x/one.csv", "a,b\n2,x\n")
        archive.writestr("two.csv", "a,b\n3,x\n")
        archive.writestr("notes.txt", "a,b\n4,x\n")
    s3.put_folder(bucket, "in/", data)
    for number, path in enumerate(
        ("in/", "in/*", "in/*.zip!/**/*.csv", "in/b.zip!/notes.txt", "in/b.zip")
    ):
        found = []
        for place in (path, f"s3://{bucket}/{path}"):
            text = (
                "version: 1\nname: zipped\nworkspace: ./ws\n"
                f"sources: {{rows: {{type: csv, path: '{place}'}}}}\n"
                "contract: {columns: {a: {type: int64}, b: {type: string}}}\n"
                f"exports: {{out: {{type: jsonl, path: 'out{number}', overwrite: true}}}}\n"
            )
            (tmp_path / "p.yaml").write_text(text + storage(s3.endpoint))
            millrace.ok("run", "p.yaml", cwd=tmp_path, env=env)
            release = tmp_path / f"out{number}" / "latest"
            found.append(b"".join(part.read_bytes() for part in sorted(release.glob("*.jsonl"))))
        assert found[0] == found[1] and found[0], path


def test_a_commit_that_is_missing_is_asked_for_once(
    millrace: Millrace, tmp_path: Path, s3: S3Server, bucket: str, env: dict[str, str]
) -> None:
    run_remote(millrace, tmp_path, s3.endpoint, s3, bucket, env)
    commits = [key for key in s3.keys(bucket, "ws/stages/quality/") if "/commits/" in key]
    s3.delete(bucket, commits[0])
    begin = s3.log.stat().st_size
    millrace.ok("run", "pipeline.yaml", cwd=tmp_path, env=env)
    asked = [
        (method, status)
        for method, path, status in s3.requests_since(begin)
        if path.split("?")[0] == f"/{bucket}/{commits[0]}"
    ]
    assert asked[-1] == ("PUT", 200) and asked[:-1] in ([("GET", 404)], [("HEAD", 404)]), asked
