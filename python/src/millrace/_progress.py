"""What those who watch a run get to see: a bar, their own function, the log `millrace`."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

Progress = Callable[[dict[str, Any]], object]
LOG = logging.getLogger("millrace")


def _draw(bar: Any, now: dict[str, Any]) -> None:
    """Each phase is a bar of its own: rows behind its splits."""
    if bar.desc != now["phase"]:
        bar.reset()
        bar.set_description_str(now["phase"])
    bar.update(max(0, now["phase_rows_read"] - bar.n))
    bar.set_postfix_str(
        f"{now['phase_splits_done']}/{now['phase_splits_total']} splits, "
        f"{now['rows_rejected']} rejected",
        refresh=False,
    )


@contextmanager
def shown(progress: Progress | bool | None) -> Iterator[Progress]:
    """The function that a run tells its progress to; with True it draws a bar."""
    phase = ""

    def logged(now: dict[str, Any]) -> None:
        nonlocal phase
        if now["phase"] != phase:
            phase = now["phase"]
            LOG.info("%s: %d rows read so far", phase, now["rows_read"])

    if progress is None or progress is False:
        yield logged
        return
    if progress is not True:
        tell = progress

        def told(now: dict[str, Any]) -> None:
            logged(now)
            tell(now)

        yield told
        return
    from tqdm.auto import tqdm

    with tqdm(unit="row", unit_scale=True) as bar:

        def drawn(now: dict[str, Any]) -> None:
            logged(now)
            _draw(bar, now)

        yield drawn
