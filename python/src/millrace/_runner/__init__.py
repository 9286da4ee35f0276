"""Where the units of a run are done: in this process, or by workers that share its workspace.

Whoever does them, a run makes the engine's three calls: summarise a split, reduce all summaries,
apply to a split. The driver, this process, holds the workspace, reduces, and writes manifests,
exports and reports. Each unit is handed out as a text and leaves a commit record in the workspace,
so it may be done twice, or be lost and done again.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Protocol

from millrace._extras import needs

if TYPE_CHECKING:
    from millrace._runner.order import Order

#: Gives the reply of a unit, or None once `stopped` says that it is no longer wanted.
Perform = Callable[[str, Callable[[], bool]], str | None]


class Runner(Protocol):
    """A started runner, which does units for one run."""

    #: How many units it wants to have under way.
    in_flight: int
    #: What a unit raised beyond what the engine tells of: the cause of the run's error.
    raised: BaseException | None

    def perform(self, unit: str, stopped: Callable[[], bool]) -> str | None: ...


RUNNERS = ("local", "ray", "daft")

_QUIET = {"DO_NOT_TRACK": "1", "RAY_USAGE_STATS_ENABLED": "0", "DAFT_ANALYTICS_ENABLED": "0"}


def check_runner(name: str, options: Mapping[str, Any]) -> None:
    """A ValueError when there is no such runner, or it has no such option."""
    if name not in RUNNERS:
        raise ValueError(f"there is no runner {name!r}: it is one of {', '.join(RUNNERS)}")
    known = _options_of(name)
    for option, value in options.items():
        if option not in known:
            import difflib

            near = difflib.get_close_matches(option, known, 1)
            told = f"did you mean {near[0]!r}?" if near else f"it has {', '.join(known) or 'none'}"
            raise ValueError(f"the runner {name!r} has no option {option!r}: {told}")
        wanted = known[option]
        if not isinstance(value, wanted) or isinstance(value, bool):
            raise TypeError(f"the option {option!r} cannot be a {type(value).__name__}")


def _options_of(name: str) -> Mapping[str, type | tuple[type, ...]]:
    """Which options a runner has, and their types."""
    if name == "local":
        return {}
    both: dict[str, type | tuple[type, ...]] = {
        "address": str,
        "cpus_per_unit": (int, float),
        "in_flight": int,
        "retries": int,
        "runtime_env": dict,
    }
    if name == "ray":
        return both
    return {"address": str, "in_flight": int}


def started(name: str, options: Mapping[str, Any], order: Order) -> AbstractContextManager[Runner]:
    """The runner of that name, not "local", ready for units of the order."""
    for variable, value in _QUIET.items():
        os.environ.setdefault(variable, value)
    with needs(name, f"the runner {name!r}"):
        if name == "ray":
            from millrace._runner.ray_tasks import ray_runner

            return ray_runner(options, order)
        from millrace._runner.daft_frames import daft_runner

        return daft_runner(options, order)
