"""Configs in, runs out."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from millrace._arguments import memory_of, threads_of, watcher_of
from millrace._config import Params, load, overwrites
from millrace._hooks import teller
from millrace._loader import engine
from millrace._resolver import IMPORTED
from millrace._run import Run, open_result


def validate(config: str | os.PathLike[str], params: Params = None) -> None:
    """Checks a config and the data it names; a UserError tells all problems at once.

    `config` is a path, or the text of a config (anything with a line break), whose relative paths
    start at the current folder. `params` overrides the config's `params`.
    """
    engine().validate(load(config, params))


def run(
    config: str | os.PathLike[str],
    params: Params = None,
    *,
    threads: int | None = None,
    memory: int | str | None = None,
    wait: bool = False,
    offline: bool = False,
    refetch: bool = False,
    snapshots: Mapping[str, str] | None = None,
    until: str | None = None,
    from_: str | None = None,
    at_step: int | None = None,
    mode: Literal["incremental", "overwrite"] = "incremental",
    hooks: Sequence[object] = (),
    progress: Callable[[dict[str, Any]], object] | None = None,
) -> Run:
    """Runs a pipeline, or resumes it, and gives the finished run.

    `memory` is in bytes or a text such as "512MiB"; `wait` waits for another run in the workspace;
    `offline`, `refetch` and `snapshots` (source to id) are about sources behind an API, as on the
    command line. `progress` is called about five times a second with how far the run has come.

    `until` stops when that stage is committed: the run given back is "stopped", with the rows of
    what is done and without exports, and the next call goes on. `from_` begins with a stage; those
    before it must be committed for the config and the inputs as they are. `at_step` is the step of
    the training, for mixtures with `curriculum_by: step`. `mode="overwrite"` builds the stages
    behind ingest anew. `hooks` are objects with methods of `millrace.Hook`.

    Ctrl-C, or an exception in `progress`, stops the run at the next safe point: what is committed
    stays, and the next call resumes.
    """
    pipeline = load(config, params, at_step)
    result = _run(
        pipeline,
        threads=threads_of(threads),
        memory=memory_of(memory),
        wait=wait,
        offline=offline,
        refetch=refetch,
        snapshots=dict(snapshots or {}),
        until=until or "",
        from_=from_ or "",
        overwrite=overwrites(mode),
        rethreshold="",
        thresholds={},
        progress=watcher_of(progress),
        on_stage_event=teller(hooks),
    )
    return open_result(result, pipeline)


def _run(pipeline: Any, **options: Any) -> str:
    with IMPORTED.running():
        result: str = engine().run(pipeline, on_cancel=IMPORTED.cancel, **options)
    return result


def rethreshold(
    config: str | os.PathLike[str],
    stage: str,
    thresholds: Mapping[str, object],
    params: Params = None,
    *,
    threads: int | None = None,
    memory: int | str | None = None,
    wait: bool = False,
    hooks: Sequence[object] = (),
    progress: Callable[[dict[str, Any]], object] | None = None,
) -> Run:
    """Runs a pipeline with other thresholds for one stage, from the measures that it has stored.

    `thresholds` are parameters of filters with `action: tag`, such as `{"keep.min": 0.7}`. The
    stage must be committed with those of the config, which is not changed: the run is the one that
    it would give with these values in it. Stages behind the one run as always.
    """
    pipeline = load(config, params)
    result = _run(
        pipeline,
        threads=threads_of(threads),
        memory=memory_of(memory),
        wait=wait,
        offline=False,
        refetch=False,
        snapshots={},
        until="",
        from_="",
        overwrite=False,
        rethreshold=stage,
        thresholds={name: str(value) for name, value in thresholds.items()},
        progress=watcher_of(progress),
        on_stage_event=teller(hooks),
    )
    return open_result(result, pipeline)
