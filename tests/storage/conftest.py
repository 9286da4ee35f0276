"""One S3 server for all tests of a session; each test has a bucket of its own."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest

from storage.s3 import ENVIRONMENT, S3Server

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    with S3Server(tmp_path_factory.mktemp("moto") / "log") as server:
        yield server


@pytest.fixture
def bucket(s3: S3Server) -> str:
    name = f"bucket-{next(_numbers)}"
    s3.make_bucket(name)
    return name


@pytest.fixture
def env() -> dict[str, str]:
    return dict(ENVIRONMENT)
