"""Worker processes for operators: each makes its object once, and works on a batch at a time.

A worker is a new interpreter (millrace._worker). Frames go over its stdin and stdout: a JSON head,
then Arrow IPC. It ends when its stdin does, when told to, or when this process is gone: the other
end of a pipe that it watches is held open here.
"""

from __future__ import annotations

import glob
import json
import os
import pickle
import signal
import struct
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from typing import IO, TYPE_CHECKING, Any

from millrace._resolver import BAD_VALUE, CANCELLED, WORKER_LOST, Given, Refused, at_entry

if TYPE_CHECKING:
    import pyarrow

    from millrace._operator import PythonOperator

_SECONDS_TO_END = 5.0
_THREAD_SETTINGS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


class Ended(Exception):
    """The other end is gone."""


class RemoteTraceback(Exception):
    """Where in the worker the exception came from: its cause here."""

    def __str__(self) -> str:
        return str(self.args[0])


def send(pipe: IO[bytes], *parts: Any) -> None:
    """A frame: the number of parts, their lengths, the parts."""
    head = struct.pack(f"<Q{len(parts)}Q", len(parts), *(memoryview(p).nbytes for p in parts))
    try:
        for part in (head, *parts):
            view = memoryview(part).cast("B")
            while view.nbytes > 0:
                view = view[pipe.write(view) :]
    except OSError as error:  # a broken pipe
        raise Ended from error


def receive(pipe: IO[bytes]) -> list[bytearray]:
    count = struct.unpack("<Q", _read(pipe, 8))[0]
    return [_read(pipe, size) for size in struct.unpack(f"<{count}Q", _read(pipe, 8 * count))]


def _read(pipe: IO[bytes], size: int) -> bytearray:
    data = bytearray(size)
    view = memoryview(data)
    while view.nbytes > 0:
        got = pipe.readinto(view)  # type: ignore[attr-defined]
        if not got:
            raise Ended
        view = view[got:]
    return data


def as_ipc(batch: pyarrow.RecordBatch) -> pyarrow.Buffer:
    import pyarrow

    sink = pyarrow.BufferOutputStream()
    with pyarrow.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    return sink.getvalue()


def from_ipc(data: Any) -> pyarrow.RecordBatch:
    import pyarrow

    return pyarrow.ipc.open_stream(pyarrow.py_buffer(data)).read_next_batch()


def devices_for(
    operator: PythonOperator, workers: int, gpus: float, taken: float
) -> list[str | None]:
    """CUDA_VISIBLE_DEVICES of each worker."""
    told = os.environ.get("CUDA_VISIBLE_DEVICES")
    there = len(glob.glob("/proc/driver/nvidia/gpus/*"))
    known = [one for one in told.split(",") if one] if told is not None else map(str, range(there))
    devices = list(known)
    if taken + workers * gpus > len(devices):
        raise Refused(
            BAD_VALUE,
            f"asks for {workers * gpus:g} GPUs beside {taken:g} that are taken, and here are "
            f"{len(devices)}",
            "fewer workers (`concurrency`), or less than a GPU for each (`num_gpus`)",
        )
    found: list[str | None] = []
    for worker in range(workers):
        begin = taken + worker * gpus
        count = max(1, round(gpus))
        found.append(",".join(devices[int(begin) : int(begin) + count]))
    return found


def _reference(operator: PythonOperator) -> bytes:
    """How a worker finds the operator: by its entry, or, where that cannot be imported, whole."""
    module = operator.entry.partition(":")[0]
    if module != "__main__" and at_entry(operator.entry) is operator:
        return pickle.dumps(("entry", operator.entry))
    try:
        import dill
    except ImportError:
        raise Refused(
            BAD_VALUE,
            "cannot be sent to a worker process: it is no part of a module",
            "put it into a module, or install `dill`",
        ) from None
    whole: bytes = dill.dumps((operator.function, operator.declared), recurse=True, byref=False)
    return pickle.dumps(("whole", whole))


class _Worker:
    def __init__(self, operator: PythonOperator, devices: str | None) -> None:
        self._reference = _reference(operator)
        env = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
        if operator.declared["num_cpus"]:
            env.update({name: str(operator.declared["num_cpus"]) for name in _THREAD_SETTINGS})
        if devices is not None:
            env["CUDA_VISIBLE_DEVICES"] = devices
        watched, self._held_open = os.pipe()
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "millrace._worker", str(watched)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                bufsize=0,
                env=env,
                pass_fds=(watched,),
                process_group=0,  # a Ctrl-C is for this process to see to
            )
        except BaseException:
            os.close(self._held_open)
            raise
        finally:
            os.close(watched)
        self._pipes_closed = False

    def begin(self, values: Mapping[str, Any]) -> None:
        """Has it make its object; this may take its time."""
        self._ask(json.dumps({"options": dict(values)}).encode(), self._reference)

    def apply(self, rows: pyarrow.RecordBatch, id: str, seed: int) -> Given:
        head = json.dumps({"id": id, "seed": seed}).encode()
        parts = self._ask(head, as_ipc(rows))
        return from_ipc(parts[0]), from_ipc(parts[1]) if len(parts) > 1 else None

    def _ask(self, *parts: Any) -> list[bytearray]:
        assert self._process.stdin is not None and self._process.stdout is not None
        try:
            send(self._process.stdin, *parts)
            head, *rest = receive(self._process.stdout)
        except Ended:
            raise Refused(
                WORKER_LOST,
                self._end(),
                "what is committed stays, and the next run goes on; with less memory per worker, "
                "fewer rows at once (`batch_size`) or fewer workers (`concurrency`) help",
            ) from None
        told = json.loads(head)
        if told["ok"]:
            return rest
        if "code" in told:
            raise Refused(told["code"], told["message"], told["suggestion"])
        raise _raised(told, rest)

    def _end(self) -> str:
        try:
            code = self._process.wait(_SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            self.kill()
            return "closed its pipes"
        return f"was killed by signal {-code}" if code < 0 else f"ended with code {code}"

    def kill(self) -> None:
        self._process.send_signal(signal.SIGKILL)

    def close(self) -> None:
        """Ends it: at once when it waits for work."""
        if self._pipes_closed:
            return
        self._pipes_closed = True
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        os.close(self._held_open)
        try:
            self._process.wait(_SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            self.kill()
            self._process.wait()
        self._process.stdout.close()


def _raised(told: Mapping[str, Any], rest: Sequence[bytearray]) -> BaseException:
    """The exception of the operator, with the worker's traceback as its cause."""
    error: BaseException
    try:
        error = pickle.loads(rest[0])
        if not isinstance(error, BaseException):
            raise TypeError
    except Exception:
        error = type(told["type"], (Exception,), {})(told["text"])
    error.__cause__ = RemoteTraceback(told["traceback"])
    return error


class Pool:
    """At most so many workers, begun when there is work for them."""

    def __init__(
        self,
        operator: PythonOperator,
        values: Mapping[str, Any],
        devices: Sequence[str | None],
    ) -> None:
        self._operator, self._values = operator, values
        self._devices = list(devices)  # of those that are not begun
        self._free = threading.Condition()
        self._idle: list[_Worker] = []
        self._all: list[_Worker] = []
        self._cancelled = False
        self._lost: Refused | None = None

    def apply(self, rows: pyarrow.RecordBatch, id: str, seed: int) -> Given:
        worker = None
        try:
            worker = self._take()
            gave = worker.apply(rows, id, seed)
        except Refused as error:
            if self._cancelled:
                raise Refused(CANCELLED, "cancelled") from None
            if error.millrace_code == WORKER_LOST and self._lost is None:
                with self._free:
                    self._lost = Refused(WORKER_LOST, error.message, error.suggestion)
                    self._free.notify_all()
            raise
        finally:
            if worker is not None:
                with self._free:
                    self._idle.append(worker)
                    self._free.notify()
        return gave

    def _take(self) -> _Worker:
        with self._free:
            while True:
                if self._cancelled:
                    raise Refused(CANCELLED, "cancelled")
                if self._lost is not None:
                    raise Refused(WORKER_LOST, self._lost.message, self._lost.suggestion)
                if self._idle:
                    return self._idle.pop()
                if self._devices:
                    devices = self._devices.pop(0)
                    break
                self._free.wait()
        # Outside of the lock: it may take its time to set up.
        try:
            worker = _Worker(self._operator, devices)
            with self._free:
                self._all.append(worker)
                if self._cancelled:
                    worker.kill()
            worker.begin(self._values)
        except BaseException:
            with self._free:  # whoever waits for a worker tries, too
                self._devices.append(devices)
                self._free.notify()
            raise
        return worker

    def cancel(self) -> None:
        with self._free:
            self._cancelled = True
            self._free.notify_all()
            for worker in self._all:
                worker.kill()

    def close(self) -> None:
        for worker in self._all:
            worker.close()
