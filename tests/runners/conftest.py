"""One Ray cluster of two nodes for all tests of runners, started when the first of them asks."""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
from collections.abc import Iterator
from typing import Any

import pytest

from command import BUILT_PACKAGE

os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
os.environ.setdefault("DAFT_ANALYTICS_ENABLED", "0")
os.environ.setdefault("DO_NOT_TRACK", "1")
os.environ.setdefault("RAY_AUTH_MODE", "disabled")


#: What only the nodes have in their environment: secrets of stores, which no driver tells them.
NODE_SECRETS = {"STORE_KEY": "AKIANODES", "STORE_SECRET": "secret-of-the-nodes-41c7"}


def start(temporary: str) -> Any:
    """Ray gives a node half a minute to start, which a machine that is busy may not keep."""
    import ray
    from ray.cluster_utils import Cluster

    node = {"num_cpus": 2, "object_store_memory": 100 << 20, "include_dashboard": False}
    for attempt in range(4):
        nodes: Any = None
        try:
            folder = os.path.join(temporary, str(attempt))
            # Where Ray notes which cluster is the latest; it is not to be that of others.
            os.environ["RAY_TMPDIR"] = folder
            os.makedirs(os.path.join(folder, "ray"))
            nodes = Cluster(initialize_head=True, head_node_args={**node, "temp_dir": folder})
            nodes.add_node(num_cpus=2, object_store_memory=100 << 20)
            ray.init(address=nodes.address, log_to_driver=False, logging_level=logging.WARNING)
            return nodes
        except Exception as error:
            ray.shutdown()
            if nodes is not None:
                nodes.shutdown()
            if attempt == 3 or "timed out" not in str(error):
                raise
    raise AssertionError


@pytest.fixture(scope="session")
def cluster() -> Iterator[Any]:
    """This process is a driver of it. Its workers find the package that was built."""
    import ray

    before = {name: os.environ.get(name) for name in ("PYTHONPATH", *NODE_SECRETS)}
    os.environ.update(NODE_SECRETS)
    os.environ["PYTHONPATH"] = f"{BUILT_PACKAGE}{os.pathsep}{os.path.dirname(__file__)}"
    # Sockets have short paths.
    temporary = tempfile.mkdtemp(prefix="mr", dir="/tmp")
    nodes: Any = None
    try:
        nodes = start(temporary)
        for name in NODE_SECRETS:
            del os.environ[name]
        yield nodes
    finally:
        ray.shutdown()
        if nodes is not None:
            nodes.shutdown()
        shutil.rmtree(temporary, ignore_errors=True)
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value
