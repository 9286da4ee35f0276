"""Journals and snapshots: kill -9 in the middle, concurrency, replay without a network."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from command import Millrace
from invariants.pipelines import fingerprint, without_cards
from rest.pipelines import SERVED, ids, requests, run, source, write
from rest_server import Fault, RestServer

KILLS = int(os.environ.get("MILLRACE_REST_KILLS", "6"))


@pytest.fixture
def server() -> Iterator[RestServer]:
    with RestServer(records=95) as server:
        yield server


def customers(server: RestServer, paging: str = "page", **more: object) -> dict[str, object]:
    """Orders of each customer: seven partitions."""
    config = source(
        server,
        paging,
        url=f"{server.url}/{SERVED.get(paging, paging)}/customers/{{customer}}/orders",
        partitions={"name": "customer", "values": [str(number) for number in range(1, 8)]},
        **more,
    )
    if paging == "window_offset":
        within = {**config["paginate"]["within"], "limit": 3}
        config["paginate"] = {**config["paginate"], "step": "1h", "within": within}
        config["paginate"]["to"] = "2024-01-01T03:00:00Z"
    elif paging != "post_window":
        config["paginate"] = {**config["paginate"], "limit": 3}
    return config


def snapshots(folder: Path) -> list[str]:
    path = folder / "workspace" / "sources" / "items" / "snapshots.json"
    return json.loads(path.read_text())["snapshots"] if path.exists() else []


WAYS = ["page", "window_offset", "post_offset", "post_window"]


@pytest.mark.parametrize("paging", WAYS)
def test_the_same_bytes_at_any_concurrency(
    millrace: Millrace, tmp_path: Path, server: RestServer, paging: str
) -> None:
    found = []
    for concurrency in (1, 8):
        folder = tmp_path / str(concurrency)
        write(folder, customers(server, paging, concurrency=concurrency))
        server.clear()
        for customer in range(1, 8):  # answers come in another order than they were asked for
            server.add(
                Fault("slow", match=f"customers/{customer}/", times=1, seconds=0.2 / customer)
            )
        millrace.ok("run", "pipeline.yaml", cwd=folder)
        want = [one["id"] for customer in range(1, 8) for one in server.orders(customer)]
        assert ids(folder) == want
        found.append((without_cards(fingerprint(folder)), snapshots(folder)))
    assert found[0] == found[1]


@pytest.mark.parametrize("paging", WAYS)
def test_kill_9_in_the_middle(
    millrace: Millrace, tmp_path: Path, server: RestServer, paging: str
) -> None:
    """The run after it asks for no page again but those that were in flight."""
    seed = int(os.environ.get("MILLRACE_SEED", "0")) or random.randrange(1, 1 << 31)
    print(f"MILLRACE_SEED={seed}")
    rng = random.Random(seed)
    concurrency = 3
    config = customers(server, paging, concurrency=concurrency)
    undisturbed = tmp_path / "undisturbed"
    write(undisturbed, config)
    millrace.ok("run", "pipeline.yaml", cwd=undisturbed)
    whole = sorted(requests(server))
    reference = (fingerprint(undisturbed), snapshots(undisturbed))
    for attempt in range(KILLS):
        server.clear()
        server.add(Fault("slow", times=10**6, seconds=0.02))
        folder = tmp_path / f"killed-{attempt}"
        write(folder, config)
        process = subprocess.Popen(
            [str(millrace.binary), "run", "pipeline.yaml", "--quiet"], cwd=folder
        )
        wait_for = rng.randrange(1, len(whole))
        while len(server.log) < wait_for and process.poll() is None:
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
        process.wait()
        time.sleep(0.1)  # answers that are on their way are still noted
        before = [entry.line for entry in server.log]
        server.clear()
        millrace.ok("run", "pipeline.yaml", cwd=folder)
        after = requests(server)
        assert len(after) == len(set(after))
        again = set(after) & set(before)
        assert len(again) <= concurrency, again
        assert sorted(set(before) | set(after)) == whole
        assert (fingerprint(folder), snapshots(folder)) == reference


def test_a_failed_ingest_does_not_fetch_again(
    millrace: Millrace, tmp_path: Path, server: RestServer
) -> None:
    bad = source(server, "page", limits={"max_rejects": 0})
    write(tmp_path, bad, {"id": {"type": "int64", "max": "3"}})
    assert run(millrace, tmp_path).code == 3
    server.clear()
    assert run(millrace, tmp_path).code == 3
    assert server.log == []
    write(tmp_path, {**bad, "limits": {"max_rejects": 1000}}, {"id": {"type": "int64", "max": "3"}})
    millrace.ok("run", "pipeline.yaml", cwd=tmp_path)
    assert server.log == []
    assert ids(tmp_path) == [1, 2, 3]
    millrace.ok("run", "pipeline.yaml", cwd=tmp_path)  # the snapshot is done with: a new one
    assert len(server.log) > 5


def test_replay_without_a_network(millrace: Millrace, tmp_path: Path, server: RestServer) -> None:
    write(tmp_path, customers(server))
    refused = run(millrace, tmp_path, "--offline")
    assert refused.code == 1
    assert "MR1501" in refused.err
    millrace.ok("run", "pipeline.yaml", cwd=tmp_path)
    reference = fingerprint(tmp_path)
    [snapshot] = snapshots(tmp_path)
    manifest = next((tmp_path / "workspace" / "stages").rglob("manifest.json"))
    assert json.loads(manifest.read_text())["snapshots"] == {"items": snapshot}
    server.clear()
    for args in (["--offline"], ["--snapshot", snapshot], ["--snapshot", f"items={snapshot[:8]}"]):
        shutil.rmtree(tmp_path / "workspace" / "stages")
        shutil.rmtree(tmp_path / "out")
        cut_off = subprocess.run(["unshare", "-rn", "true"], check=False).returncode == 0
        prefix = ["unshare", "-rn"] if cut_off else []
        outcome = run(millrace, tmp_path, *args, prefix=prefix)
        assert outcome.code == 0, outcome.err
        assert fingerprint(tmp_path) == reference
    assert server.log == []
    unknown = run(millrace, tmp_path, "--snapshot", "ffff")
    assert unknown.code == 1
    assert snapshot in unknown.err


def test_refetch_begins_anew(millrace: Millrace, tmp_path: Path, server: RestServer) -> None:
    write(tmp_path, source(server, "page"))
    server.add(Fault("garbage", skip=4))
    assert run(millrace, tmp_path).code != 0
    server.clear()
    millrace.ok("run", "pipeline.yaml", "--refetch", cwd=tmp_path)
    assert len(requests(server)) == 11
    assert ids(tmp_path) == list(range(1, 96))


def test_what_looks_never_fetches(millrace: Millrace, tmp_path: Path, server: RestServer) -> None:
    write(tmp_path, source(server, "page"))
    millrace.ok("validate", "pipeline.yaml", cwd=tmp_path)
    plan = millrace.ok("plan", "pipeline.yaml", "--json", cwd=tmp_path).json()
    assert plan["sources"][0]["snapshot"] is None
    assert "not fetched yet" in millrace.ok("plan", "pipeline.yaml", cwd=tmp_path).out
    assert server.log == []
    millrace.ok("run", "pipeline.yaml", cwd=tmp_path)
    server.clear()
    plan = millrace.ok("plan", "pipeline.yaml", "--json", cwd=tmp_path).json()
    [snapshot] = snapshots(tmp_path)
    assert plan["sources"][0]["snapshot"] == snapshot
    assert plan["sources"][0]["files"] == 11
    assert 90 <= plan["sources"][0]["rows_estimate"] <= 100
    status = millrace.ok("status", "workspace", "--json", cwd=tmp_path).json()
    [told] = status["snapshots"]
    assert told["snapshots"][0]["id"] == snapshot
    assert told["snapshots"][0]["records"] == 95
    assert snapshot in millrace.ok("inspect", "workspace", cwd=tmp_path).out
    assert server.log == []


def test_gc_keeps_what_is_named(millrace: Millrace, tmp_path: Path, server: RestServer) -> None:
    write(tmp_path, source(server, "page"))
    millrace.ok("run", "pipeline.yaml", cwd=tmp_path)
    [first] = snapshots(tmp_path)
    folder = tmp_path / "workspace" / "sources" / "items" / "snapshots"
    litter = folder / "0123456789abcdef01234567" / "bodies"
    litter.mkdir(parents=True)
    (litter / "ab").write_text("left by a killed run")
    other = source(server, "page")
    other["paginate"] = {**other["paginate"], "limit": 7}
    write(tmp_path, other)
    millrace.ok("run", "pipeline.yaml", cwd=tmp_path)
    second = snapshots(tmp_path)[-1]
    millrace.ok("gc", "workspace", cwd=tmp_path)
    assert {path.name for path in folder.iterdir()} == {first, second}
    server.clear()
    write(tmp_path, source(server, "page"))
    millrace.ok("run", "pipeline.yaml", "--snapshot", first, cwd=tmp_path)
    assert ids(tmp_path) == list(range(1, 96))


def test_a_page_that_was_damaged(millrace: Millrace, tmp_path: Path, server: RestServer) -> None:
    write(tmp_path, source(server, "page"))
    millrace.ok("run", "pipeline.yaml", cwd=tmp_path)
    millrace.ok("verify", "workspace", cwd=tmp_path)
    body = sorted((tmp_path / "workspace").rglob("bodies/*"))[0]
    body.write_bytes(body.read_bytes()[:-1] + b" ")
    verified = millrace("verify", "workspace", cwd=tmp_path)
    assert verified.code != 0
    assert body.name in verified.out + verified.err
    outcome = run(millrace, tmp_path, "--offline")
    assert outcome.code == 75
    assert "MR3006" in outcome.err
    millrace.ok("run", "pipeline.yaml", "--refetch", cwd=tmp_path)  # heals it
    millrace.ok("verify", "workspace", cwd=tmp_path)
