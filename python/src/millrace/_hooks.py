"""Functions of a program that are told how the stages of a run come on."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from millrace._arguments import hooks_of
from millrace._errors import Diagnostic, UserError
from millrace._loader import engine

_MOMENTS = {
    "stage_start": "on_stage_start",
    "partition_end": "on_partition_end",
    "stage_end": "on_stage_end",
}


class Hook:
    """Told how the stages of a run come on, in the thread that called `run`, which waits for it.

    Each method gets what docs/hooks.md describes, as a dict: the stage, of a partition and at the
    end also its rows. What it is told of is committed. An exception ends the run as a UserError
    with the code MR1505, whose cause it is; the next run goes on from what is committed.
    """

    def on_stage_start(self, event: dict[str, Any]) -> None:
        """A stage begins; `ingest` is one, too."""

    def on_partition_end(self, event: dict[str, Any]) -> None:
        """A split of a stage is committed."""

    def on_stage_end(self, event: dict[str, Any]) -> None:
        """The manifest of a stage is written."""


def teller(hooks: Sequence[object]) -> Callable[[str], None] | None:
    """What the engine tells its events to; None where nobody wants to know."""
    hooks = hooks_of(hooks)
    for hook in hooks:
        if not any(callable(getattr(hook, name, None)) for name in _MOMENTS.values()):
            raise TypeError(
                f"a hook has a method {' or '.join(_MOMENTS.values())}: {hook!r} has none"
            )
    if not hooks:
        return None

    def tell(text: str) -> None:
        event = json.loads(text)
        for hook in hooks:
            method = getattr(hook, _MOMENTS[event["event"]], None)
            if method is None:
                continue
            try:
                method(dict(event))
            except Exception as error:
                raise _failed(event, error) from error

    return tell


def _failed(event: dict[str, Any], error: Exception) -> UserError:
    message = f"a hook raised {type(error).__name__} at {event['event']} of `{event['stage']}`"
    first_line = str(error).strip().partition("\n")[0]
    if first_line:
        message += f": {first_line}"
    help = "what is committed stays; mend it and run again"
    code = engine().error_codes()["HookRaised"]
    problem = Diagnostic(code=code, kind="user", message=message, suggestion=help)
    shown = f"millrace: error {code}: {message}\n  help: {help}"
    return UserError(shown, (problem,), 1)
