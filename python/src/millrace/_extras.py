"""Packages that only some need, named by the extra that brings them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def needs(extra: str, what: str) -> Iterator[None]:
    """For an import: a package that is missing is told with the extra that brings it along."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f"{what} needs the package {error.name!r}: pip install 'millrace[{extra}]'",
            name=error.name,
        ) from error
