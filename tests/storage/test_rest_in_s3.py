"""An API's pages journaled into S3: killed in the middle of paging, over a listing that lags."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from command import Millrace
from rest.pipelines import COLUMNS, ids, requests, source
from rest_server import Fault, RestServer
from storage.fault_proxy import FaultProxy
from storage.s3 import ENVIRONMENT, S3Server

CONCURRENCY = 2
CUSTOMERS = [str(number) for number in range(1, 6)]


@pytest.fixture
def server() -> Iterator[RestServer]:
    with RestServer(records=95) as running:
        yield running


def write(folder: Path, server: RestServer, endpoint: str, bucket: str) -> None:
    one = source(
        server,
        "page",
        url=f"{server.url}/page/customers/{{customer}}/orders",
        partitions={"name": "customer", "values": CUSTOMERS},
        concurrency=CONCURRENCY,
    )
    one["paginate"] = {**one["paginate"], "limit": 3}
    store = {
        "type": "s3",
        "url": "s3://",
        "endpoint": endpoint,
        "allow_http": True,
        "access_key_id": "${env:AWS_ACCESS_KEY_ID}",
        "secret_access_key": "${env:AWS_SECRET_ACCESS_KEY}",
    }
    config: dict[str, Any] = {
        "version": 1,
        "name": "rest",
        "workspace": f"s3://{bucket}/ws",
        "sources": {"items": one},
        "contract": {"columns": COLUMNS},
        "exports": {"out": {"type": "jsonl", "path": "out", "overwrite": True}},
        "storage": {"test": store},
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pipeline.yaml").write_text(json.dumps(config))


def snapshots(s3: S3Server, bucket: str) -> list[str]:
    found: list[str] = json.loads(s3.get(bucket, "ws/sources/items/snapshots.json"))["snapshots"]
    return found


def killed_run(millrace: Millrace, folder: Path, server: RestServer, after: int) -> list[str]:
    """Kills a run once the API has had so many requests; which they were."""
    server.clear()
    server.add(Fault("slow", times=10**6, seconds=0.02))
    process = subprocess.Popen(
        [str(millrace.binary), "run", "pipeline.yaml", "--quiet"],
        cwd=folder,
        env={**os.environ, **ENVIRONMENT},
    )
    while len(server.log) < after and process.poll() is None:
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait()
    time.sleep(0.1)  # answers that are on their way are still noted
    before = [entry.line for entry in server.log]
    server.clear()
    return before


def lagging(method: str, path: str) -> str | None:
    return "lag_first" if method == "GET" and "prefix=ws" in path else None


@pytest.mark.parametrize("lags", [False, True])
def test_kill_9_in_the_middle_of_paging(
    millrace: Millrace, tmp_path: Path, s3: S3Server, bucket: str, server: RestServer, lags: bool
) -> None:
    seed = int(os.environ.get("MILLRACE_SEED", "0")) or random.randrange(1, 1 << 31)
    print(f"MILLRACE_SEED={seed}")
    rng = random.Random(seed)
    want = [one["id"] for customer in range(1, 6) for one in server.orders(customer)]
    write(tmp_path / "undisturbed", server, s3.endpoint, bucket)
    millrace.ok("run", "pipeline.yaml", cwd=tmp_path / "undisturbed", env=ENVIRONMENT)
    whole = sorted(requests(server))
    assert ids(tmp_path / "undisturbed") == want
    for attempt in range(3):
        killed = f"{bucket}-{attempt}"
        s3.make_bucket(killed)
        folder = tmp_path / f"killed-{attempt}"
        with FaultProxy(s3.port, lagging if lags else lambda method, path: None) as proxy:
            write(folder, server, proxy.endpoint, killed)
            before = killed_run(millrace, folder, server, rng.randrange(4, len(whole)))
            millrace.ok("run", "pipeline.yaml", cwd=folder, env=ENVIRONMENT)
            assert bool(proxy.faults) == lags
        after = requests(server)
        assert sorted(set(before) | set(after)) == whole
        if not lags:
            assert len(set(after) & set(before)) <= CONCURRENCY
        assert ids(folder) == want
        assert snapshots(s3, killed) == snapshots(s3, bucket)
