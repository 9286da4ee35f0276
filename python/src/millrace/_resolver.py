"""Operators in Python as the engine asks for them: found by entry, bound, and called on batches."""

from __future__ import annotations

import importlib
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from millrace._errors import Error
from millrace._operator import KINDS, ROW_ID, Context, PythonOperator, RowError

if TYPE_CHECKING:
    import pyarrow

# By the names of engine/base/error_codes.h, which has the numbers.
BAD_VALUE, UNKNOWN_REFERENCE = "BadValue", "UnknownReference"
OPERATOR_FAILED, IO_FAILED, WORKER_LOST = "OperatorFailed", "IoFailed", "WorkerLost"
CANCELLED = "Cancelled"
_MESSAGE_MAX = 300


class Refused(Exception):
    """What becomes an error of the engine, with a code of its own."""

    def __init__(self, code: str, message: str, suggestion: str = "") -> None:
        super().__init__(message)
        self.millrace_code = code
        self.message = message
        self.suggestion = suggestion


class Failure(NamedTuple):
    """An exception of an operator, by the message of the engine's error."""

    message: str
    raised: BaseException | None
    row_ids: tuple[str, ...]


class Work(Protocol):
    """Where an operator works on batches: in this process, or in others."""

    def apply(self, rows: pyarrow.RecordBatch, id: str, seed: int) -> Given: ...

    def cancel(self) -> None: ...

    def close(self) -> None: ...


#: What an operator gave for a batch, and the rows that it rejects, if any.
Given = tuple[Any, Any]


class Declared:
    """What the binding asks for (python/bind/host_operators.cc)."""

    def __init__(self, operator: PythonOperator, resolver: Resolver) -> None:
        self._operator = operator
        self._resolver = resolver
        self.name = operator.entry
        self.kind = KINDS.index(operator.kind) + 1
        self.version: int = operator.declared["version"]
        self.doc = (operator.__doc__ or "").strip().partition("\n")[0]
        self.options = [(one.name, one.fallback) for one in operator.parameters]
        self.sha256 = operator.sha256
        self.batch_rows: int = operator.declared["batch_size"]

    def bind(self, id: str, seed: int, options: Mapping[str, str]) -> Bound:
        own = self._operator.declared["seed"]
        return Bound(
            self._operator, self._resolver, id, seed if own is None else own, dict(options)
        )


class Bound:
    """An instance: what it reads and gives, and the call into it."""

    def __init__(
        self,
        operator: PythonOperator,
        resolver: Resolver,
        id: str,
        seed: int,
        texts: dict[str, str],
    ) -> None:
        from millrace import _given, _signature

        try:
            values = _signature.values_of(operator.parameters, texts)
            self.shape = _given.shape_of(operator, values)
        except (ValueError, KeyError, TypeError) as error:
            raise Refused(BAD_VALUE, f"`{operator.entry}` refuses: {error}") from None
        self._operator, self._resolver = operator, resolver
        self._id, self._seed = id, seed
        self._values = values
        self.reads = [*self.shape.reads, ROW_ID]
        self.gives = self.shape.gives
        self.reasons = self.shape.reasons
        self.makes_rows: bool = operator.declared["makes_rows"]

    def apply(self, batch: object, hide_values: bool) -> Given:
        import pyarrow

        rows = pyarrow.record_batch(batch)
        try:
            work = self._resolver.work(self._operator, self._values)
            return work.apply(rows, self._id, self._seed)
        except Refused as error:
            if error.millrace_code == WORKER_LOST:
                error.message = f"a worker of {self._called()} {error.message}"
                self._keep(error.message, None, rows)
            elif error.millrace_code == BAD_VALUE:
                error.message = f"{self._called()} {error.message}"
                error.suggestion = error.suggestion or "the fault is the operator's, not the rows'"
            raise
        except BaseException as error:
            message = self._told(error, rows, hide_values)
            self._keep(message, None if hide_values else error, rows)
            # A service that is away may be there again: that is no fault of the operator.
            away = isinstance(error, ConnectionError | TimeoutError)
            help = "what is committed stays; " + ("" if away else "mend it and ") + "run again"
            raise Refused(IO_FAILED if away else OPERATOR_FAILED, message, help) from None

    def _called(self) -> str:
        return f"operator `{self._id}` (`{self._operator.entry}`)"

    def _keep(self, message: str, raised: BaseException | None, rows: pyarrow.RecordBatch) -> None:
        ids = rows.column(rows.num_columns - 1).to_pylist()
        self._resolver.failures.append(Failure(message, raised, tuple(ids)))

    def _told(self, error: BaseException, rows: pyarrow.RecordBatch, hide_values: bool) -> str:
        ids = rows.column(rows.num_columns - 1)
        text = f"{self._called()} raised {type(error).__name__}"
        if isinstance(error, RowError) and 0 <= error.row < len(ids):
            text += f" at the row {ids[error.row]}"
        text += f" in a batch of {len(ids)} rows, {ids[0]} to {ids[len(ids) - 1]}"
        first_line = str(error).strip().partition("\n")[0][:_MESSAGE_MAX]
        return text if hide_values or not first_line else f"{text}: {first_line}"


class Job:
    """An operator with its parameters, ready to be called. Of a class: one object, set up."""

    def __init__(self, operator: PythonOperator, values: Mapping[str, Any]) -> None:
        from millrace import _given

        self._operator = operator
        self._shape = _given.shape_of(operator, values)
        self._values: Mapping[str, Any] = values
        self._call = operator.function
        if isinstance(operator.function, type):
            made = operator.function(**values)
            if hasattr(made, "setup"):
                made.setup()
            self._call, self._values = made, {}

    def apply(self, rows: pyarrow.RecordBatch, id: str, seed: int) -> Given:
        from millrace import _given

        ids = rows.column(rows.num_columns - 1)
        context = Context(id, seed, ids)
        batch = rows.select(list(range(rows.num_columns - 1)))
        if self._operator.takes_context:
            gave = self._call(batch, context, **self._values)
        else:
            gave = self._call(batch, **self._values)
        try:
            return _given.taken(self._operator, self._shape, gave, rows.num_rows, context._rejects)
        except _given.NotGiven as error:
            raise Refused(BAD_VALUE, str(error)) from error.__cause__


class InProcess:
    """A function on whatever thread asks; an object of a class on one thread at a time."""

    def __init__(self, operator: PythonOperator, values: Mapping[str, Any]) -> None:
        self._operator, self._values = operator, values
        self._lock = threading.Lock()
        self._job: Job | None = None
        self._cancelled = False

    def apply(self, rows: pyarrow.RecordBatch, id: str, seed: int) -> Given:
        if not isinstance(self._operator.function, type):
            return self._applied(rows, id, seed)
        with self._lock:
            return self._applied(rows, id, seed)

    def _applied(self, rows: pyarrow.RecordBatch, id: str, seed: int) -> Given:
        if self._cancelled:
            raise Refused(CANCELLED, "cancelled")
        if self._job is None:
            self._job = Job(self._operator, self._values)
        return self._job.apply(rows, id, seed)

    def cancel(self) -> None:
        self._cancelled = True  # the batch under way comes to its end, no other begins

    def close(self) -> None:
        self._job = None


class Resolver:
    """The operators of a pipeline, and where they work while it runs."""

    def __init__(self, operators: Mapping[str, PythonOperator] | None = None) -> None:
        self._own = dict(operators or {})
        self._lock = threading.Lock()
        self._runs = 0
        self._works: dict[tuple[str, str], Work] = {}
        self._gpus_taken = 0.0
        #: What operators raised in the runs that are under way.
        self.failures: list[Failure] = []

    @property
    def own(self) -> Mapping[str, PythonOperator]:
        """Those that no module has to be imported for, by entry."""
        return self._own

    def find(self, entry: str) -> Declared:
        """The operator of an entry, `module:name`; the module is imported."""
        return Declared(self.operator(entry), self)

    def operator(self, entry: str) -> PythonOperator:
        return self._own.get(entry) or imported(entry)

    def work(self, operator: PythonOperator, values: Mapping[str, Any]) -> Work:
        """Where it works: the same for instances with the same parameters."""
        key = (operator.entry, repr(sorted(values.items())))
        with self._lock:
            found = self._works.get(key)
            if found is None:
                found = self._works[key] = self._start(operator, values)
            return found

    def _start(self, operator: PythonOperator, values: Mapping[str, Any]) -> Work:
        declared = operator.declared
        workers = declared["concurrency"] or (1 if declared["num_gpus"] else 0)
        if not workers:
            return InProcess(operator, values)
        from millrace._workers import Pool, devices_for

        devices: list[str | None] = [None] * workers
        if declared["num_gpus"]:
            devices = devices_for(operator, workers, declared["num_gpus"], self._gpus_taken)
            self._gpus_taken += workers * declared["num_gpus"]
        return Pool(operator, values, devices)

    def cancel(self) -> None:
        """The run is to end: workers are not waited for."""
        for work in list(self._works.values()):
            work.cancel()

    @contextmanager
    def running(self) -> Iterator[None]:
        """Around a run: its workers end with it, and an error of an operator gets its cause."""
        with self._lock:
            self._runs += 1
        try:
            yield
        except Error as error:
            failed = next((one for one in self.failures if _is_of(one, error)), None)
            if failed is None:
                raise
            error.row_ids = failed.row_ids
            raise error from failed.raised
        finally:
            self._ended()

    def _ended(self) -> None:
        with self._lock:
            self._runs -= 1
            if self._runs > 0:
                return
            works, self._works = list(self._works.values()), {}
            self._gpus_taken = 0.0
            self.failures = []
        for work in works:
            work.close()


IMPORTED = Resolver()


def _is_of(failure: Failure, error: Error) -> bool:
    return any(failure.message in problem.message for problem in error.diagnostics)


def at_entry(entry: str) -> Any:
    """What stands at `module:name`, or None; the module is imported."""
    module, _, name = entry.partition(":")
    found: Any = sys.modules.get(module) or importlib.import_module(module)
    for part in name.split("."):
        found = getattr(found, part, None)
    return found


def imported(entry: str) -> PythonOperator:
    """The operator of an entry; Refused where there is none."""
    module_name, _, name = entry.partition(":")
    if not module_name or not name:
        raise Refused(
            UNKNOWN_REFERENCE, f"`{entry}` is no operator: an entry is written `module:name`"
        )
    try:
        found = at_entry(entry)
    except Exception as error:
        raise Refused(
            UNKNOWN_REFERENCE,
            f"the module of `{entry}` cannot be imported: {type(error).__name__}: {error}",
            "it must be importable where the pipeline is loaded: see PYTHONPATH",
        ) from error
    if isinstance(found, PythonOperator):
        return found
    if "<locals>" in name:
        help = "an operator inside of a function goes with the pipeline that was built with it only"
    else:
        help = "decorate it with `@millrace.operator(...)`"
    what = "is not there" if found is None else "is no operator"
    raise Refused(UNKNOWN_REFERENCE, f"`{entry}` {what}", help)
