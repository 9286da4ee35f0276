"""Workspaces, sources and exports in an object store, with units done by workers on two nodes."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import ray
from ray import cloudpickle

import millrace
from millrace._runner import ray_tasks
from runners.conftest import NODE_SECRETS
from runners.pipelines import write
from storage.s3 import S3Server

STORAGE = """\
storage:
  test: {type: s3, url: "s3://", endpoint: "ENDPOINT", allow_http: true,
    access_key_id: "${env:STORE_KEY}", secret_access_key: "${env:STORE_SECRET}"}
"""
#: The driver's; those of the nodes are others, so that none can take the place of the other.
SECRETS = {"STORE_KEY": "AKIADRIVER", "STORE_SECRET": "secret-of-the-driver-90be"}


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    with S3Server(tmp_path_factory.mktemp("moto") / "log") as server:
        yield server


@pytest.fixture(autouse=True)
def secrets(cluster: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)


def in_bucket(s3: S3Server, folder: Path, bucket: str) -> Path:
    """The config of a pipeline all of whose files are objects."""
    s3.make_bucket(bucket)
    config = write(folder)
    s3.put_folder(bucket, "in/", folder / "in")
    text = config.read_text().replace("./workspace", f"s3://{bucket}/ws")
    text = text.replace("path: in/", f"path: s3://{bucket}/in/")
    text = text.replace("path: out", f"path: s3://{bucket}/out")
    config.write_text(text + STORAGE.replace("ENDPOINT", s3.endpoint))
    return config


def left_in(s3: S3Server, bucket: str) -> dict[str, str]:
    """The hash of every object that runs left, but of attempts, which tell of clocks."""
    found = {}
    for prefix in ("ws/", "out/"):
        for key, body in s3.objects(bucket, prefix).items():
            if "/attempts/" not in key and not key.endswith("/hashes.json"):
                found[prefix + key] = hashlib.sha256(body).hexdigest()
    assert found
    return found


def assert_a_local_run_leaves_the_same(s3: S3Server, bucket: str, config: Path) -> None:
    """In the same places, which are part of what a run is."""
    there = left_in(s3, bucket)
    s3.delete_all(bucket)
    s3.put_folder(bucket, "in/", config.parent / "in")
    millrace.Pipeline.from_yaml(config).run(threads=2)
    assert left_in(s3, bucket) == there


def test_two_nodes_leave_the_bytes_of_one(cluster: Any, tmp_path: Path, s3: S3Server) -> None:
    config = in_bucket(s3, tmp_path / "run", "two-nodes")
    kept = millrace.Pipeline.from_yaml(config).run(runner="ray")
    assert_a_local_run_leaves_the_same(s3, "two-nodes", config)
    commits = [key for key in s3.keys("two-nodes", "ws/stages/") if "/commits/" in key]
    again = millrace.Pipeline.from_yaml(config).run(runner="ray")
    assert len(kept) > 0 and again.to_list() == kept.to_list()
    assert [key for key in s3.keys("two-nodes", "ws/stages/") if "/commits/" in key] == commits


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_worker_that_is_killed(
    cluster: Any, tmp_path: Path, s3: S3Server, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    """With the unit undone, and with it committed but not told."""
    bucket = f"killed-{when}"
    config = in_bucket(s3, tmp_path / "run", bucket)
    marks = tmp_path / "marks"
    marks.mkdir()

    def dying(unit: str, order_id: str, box: Any) -> str:
        import json
        import os
        import signal

        import ray

        from millrace._runner.order import WORKERS

        call = json.loads(json.loads(unit)["call"])
        mark = marks / f"{call['kind']}-{call['index']}"
        dies = call["index"] == 1 and not mark.exists()
        if dies and when == "before":
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        reply = WORKERS.of(order_id, ray.get(box[0])).perform(unit)
        if dies:
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return reply

    monkeypatch.setattr(ray_tasks, "_perform", dying)
    millrace.Pipeline.from_yaml(config).run(runner="ray")
    assert {mark.name.split("-")[0] for mark in marks.iterdir()} >= {"ingest", "apply"}
    assert_a_local_run_leaves_the_same(s3, bucket, config)


def test_secrets_stay_where_they_are(
    cluster: Any, tmp_path: Path, s3: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing that a driver gives to Ray holds what a reference stands for, nor does what is left:
    neither the driver's secrets nor, in what comes back, those of the workers."""
    config = in_bucket(s3, tmp_path / "run", "secrets")
    given: list[bytes] = []
    put, get, perform = ray.put, ray_tasks._get, ray_tasks.RayRunner.perform
    dumps: Any = cloudpickle.dumps

    def noted_put(value: Any) -> Any:
        given.append(dumps(value))
        return put(value)

    def noted_get(reference: Any) -> Any:
        value = get(reference)
        given.append(dumps(value))
        return value

    def noted_unit(self: Any, unit: str, stopped: Any) -> Any:
        given.append(unit.encode())
        return perform(self, unit, stopped)

    monkeypatch.setattr(ray, "put", noted_put)
    monkeypatch.setattr(ray_tasks, "_get", noted_get)
    monkeypatch.setattr(ray_tasks.RayRunner, "perform", noted_unit)
    millrace.Pipeline.from_yaml(config).run(runner="ray")
    assert len(given) > 20 and any(b"${env:STORE_SECRET}" in one for one in given)
    left = s3.objects("secrets")
    for secret in (*SECRETS.values(), *NODE_SECRETS.values()):
        assert not [one for one in given if secret.encode() in one]
        assert not [key for key, body in left.items() if secret.encode() in body]


def test_a_variable_that_workers_lack(cluster: Any, tmp_path: Path, s3: S3Server) -> None:
    config = in_bucket(s3, tmp_path / "run", "lacking")
    config.write_text(config.read_text().replace("STORE_SECRET", "ONLY_HERE"))
    os.environ["ONLY_HERE"] = "x"
    try:
        with pytest.raises(millrace.Error, match="`ONLY_HERE` is not set") as raised:
            millrace.Pipeline.from_yaml(config).run(runner="ray")
    finally:
        del os.environ["ONLY_HERE"]
    assert raised.value.code == "MR1208"
    assert "where the workers run" in str(raised.value)


def test_in_daft(tmp_path: Path, s3: S3Server) -> None:
    config = in_bucket(s3, tmp_path / "run", "daft")
    millrace.Pipeline.from_yaml(config).run(runner="daft")
    assert_a_local_run_leaves_the_same(s3, "daft", config)
