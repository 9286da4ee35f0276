"""The guide about clusters runs as a notebook does, on the cluster of the tests."""

from __future__ import annotations

from typing import Any

import guide_notebooks


def test_gives_what_is_stored(cluster: Any) -> None:
    guide_notebooks.check("distributed", RAY_ADDRESS=cluster.address)
