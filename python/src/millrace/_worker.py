"""A worker process: an operator, made once, and then batch after batch (millrace._workers)."""

from __future__ import annotations

import json
import os
import pickle
import signal
import sys
import threading
import traceback
from typing import IO, Any


def _die_with(watched: int) -> None:
    """The pipe says that the process that began this one is gone."""
    os.read(watched, 1)
    os._exit(1)


def _job(reference: bytes, options: dict[str, Any]) -> Any:
    from millrace._operator import PythonOperator
    from millrace._resolver import Job, imported

    how, what = pickle.loads(reference)
    if how == "entry":
        return Job(imported(what), options)
    import dill

    function, declared = dill.loads(what)
    return Job(PythonOperator(function, declared), options)


def _error(error: BaseException) -> list[bytes]:
    told: dict[str, Any] = {"ok": False}
    if hasattr(error, "millrace_code"):
        told |= {name: getattr(error, name) for name in ("message", "suggestion")}
        return [json.dumps({**told, "code": error.millrace_code}).encode()]
    told |= {
        "type": type(error).__name__,
        "text": str(error),
        "traceback": "".join(traceback.format_exception(error)),
    }
    try:
        whole = pickle.dumps(error)
    except Exception:
        whole = b""
    return [json.dumps(told).encode(), whole]


def _serve(commands: IO[bytes], answers: IO[bytes]) -> None:
    from millrace import _workers

    job = None
    while True:
        try:
            head, what = _workers.receive(commands)
        except _workers.Ended:
            return
        answer: list[Any]
        try:
            told = json.loads(head)
            if job is None:
                job = _job(bytes(what), told["options"])
                answer = [b'{"ok": true}']
            else:
                gave, failures = job.apply(_workers.from_ipc(what), told["id"], told["seed"])
                answer = [b'{"ok": true}', _workers.as_ipc(gave)]
                if failures is not None:
                    answer.append(_workers.as_ipc(failures))
        except BaseException as error:
            answer = list(_error(error))
        _workers.send(answers, *answer)


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_die_with, args=(int(sys.argv[1]),), daemon=True).start()
    # What the operator prints must not come between the answers.
    commands = os.fdopen(os.dup(0), "rb", buffering=0)
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    _serve(commands, answers)


if __name__ == "__main__":
    main()
