"""Operators of one's own: functions and classes over record batches, declared by a decorator."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from millrace._arguments import mapping, meant
from millrace._stage import Operator

if TYPE_CHECKING:
    import pyarrow


Kind = Literal["score", "evaluator", "filter", "refiner", "generator"]
KINDS: tuple[Kind, ...] = ("score", "evaluator", "filter", "refiner", "generator")  # as plugin.h
ROW_ID = "__fdf__/row_id"


class RowError(Exception):
    """Raised by an operator that fails because of one row: the error names its id.

    A row that should become a reject instead, while the run goes on, is told to `context.reject`.
    """

    def __init__(self, row: int, message: str) -> None:
        super().__init__(row, message)
        #: Its position in the batch.
        self.row = row
        self.message = message

    def __str__(self) -> str:
        return self.message


class Context:
    """What an operator is told beside its batch, if it takes a second argument."""

    def __init__(self, id: str, seed: int, row_ids: pyarrow.Array) -> None:
        #: The instance's id.
        self.id = id
        #: The pipeline's seed, or that of the operator's declaration.
        self.seed = seed
        #: Of each row of the batch, a text: `<source>/<path>#<ordinal>`.
        self.row_ids = row_ids
        self._rejects: list[tuple[int, str, str]] = []
        self._seeds: pyarrow.Array | None = None

    @property
    def seeds(self) -> pyarrow.Array:
        """A number (uint64) for each row, made from seed, instance and row id alone: whatever is
        drawn by it is the same in any batch, process and run."""
        if self._seeds is None:
            import pyarrow

            from millrace._loader import engine

            ids = pyarrow.record_batch([self.row_ids], names=["id"]).column(0)
            self._seeds = pyarrow.record_batch(engine().row_seeds(ids, self.seed, self.id)).column(
                0
            )
        return self._seeds

    def reject(self, row: int, rule: str, message: str = "") -> None:
        """Makes the row at this position of the batch a reject of the instance. The rule is a
        stable word (a-z, 0-9, `_` and `.`), and the message names no value. What the operator
        gives for the row is not looked at."""
        self._rejects.append((int(row), rule, message or rule))


class PythonInstance(Operator):
    """An operator of one's own in a stage, as the decorated function or class makes it."""

    type = "python"

    def __init__(self, operator: PythonOperator, **parameters: Any) -> None:
        super().__init__(**parameters)
        self.operator = operator

    def __repr__(self) -> str:
        told = ", ".join(f"{name}={value!r}" for name, value in self.parameters.items())
        return f"millrace.PythonInstance({told})"


class PythonOperator:
    """A function or class that `@millrace.operator` has declared. Called with an `id`, its own
    parameters, and, of a filter, `action` and `rejects`, it is an operator of a stage."""

    def __init__(self, target: Callable[..., Any], declared: Mapping[str, Any]) -> None:
        from millrace import _signature

        #: The function or class itself, to be called on a batch in tests.
        self.function = target
        self.declared = dict(declared)
        self.kind: Kind = declared["kind"]
        self.name: str = target.__qualname__
        self.entry = f"{target.__module__}:{target.__qualname__}"
        self.parameters = _signature.parameters_of(target)
        self.takes_context = _signature.takes_context(target)
        self.__doc__ = target.__doc__
        self.__name__ = target.__name__
        self.__qualname__ = target.__qualname__
        self.__module__ = target.__module__
        self._sha256: str | None = None

    @property
    def sha256(self) -> str:
        """Of its source, of what that refers to in its module, and of what is declared."""
        if self._sha256 is None:
            from millrace import _signature

            self._sha256 = _signature.digest(self.function, self.declared)
        return self._sha256

    def __call__(
        self,
        *,
        id: str,
        action: Literal["drop", "tag"] | None = None,
        rejects: Literal["full", "keys", "count"] | None = None,
        **options: Any,
    ) -> PythonInstance:
        as_json = {parameter.name: parameter.is_json for parameter in self.parameters}
        texts = {}
        for name, value in options.items():
            if name not in as_json:
                told = meant(name, sorted(as_json), "it has {}".format)
                raise TypeError(f"{self.name} has no parameter {name!r}: {told}")
            plain = isinstance(value, str) and not as_json[name]
            texts[name] = value if plain else json.dumps(value)
        return PythonInstance(
            self, id=id, entry=self.entry, options=texts or None, action=action, rejects=rejects
        )

    def __repr__(self) -> str:
        return f"<millrace operator {self.entry} ({self.kind})>"


def operator(
    kind: Kind,
    *,
    reads: Sequence[str],
    writes: Mapping[str, pyarrow.DataType] | None = None,
    version: int = 1,
    batch_size: int = 1024,
    reasons: Mapping[str, str | tuple[str, str]] | None = None,
    makes_rows: bool = False,
    concurrency: int | None = None,
    num_cpus: int | None = None,
    num_gpus: float | None = None,
    seed: int | None = None,
) -> Callable[[Callable[..., Any]], PythonOperator]:
    """Declares a function or class as an operator (docs/guides/custom_operators.md).

        @millrace.operator(kind="score", reads=["{field}"], writes={"chars": pa.int64()})
        def length(batch, *, field: str):
            return {"chars": pc.utf8_length(batch.column(0))}

        Stage("quality", [length(id="len", field="text"), ops.Where(id="w", expr="len.chars > 9")])

    It is called with a `pyarrow.RecordBatch` of the columns in `reads`, with a `Context` where it
    takes a second argument, and with its parameters by keyword. A class gets its parameters when
    it is made, `setup()` is called once per process that works with it, and then the object on
    each batch.

    Parameters:
        kind: What it may do: `score` adds measures and fields, `evaluator` findings, `filter`
            drops rows, `refiner` changes columns, `generator` adds columns or makes rows.
        reads: The columns it gets; `{name}` stands for its parameter of that name.
        writes: What it gives, by name, with the type; of a filter nothing.
        version: Raised with a change that the source does not show, such as a new model file.
        batch_size: Rows at once, counted from the first row of a split.
        reasons: Of a filter: rules, each with its message, or message and threshold.
        makes_rows: Of a generator: a row becomes any number of rows, and `parent` (int64) says
            which row of the batch each is made of.
        concurrency: So many worker processes. Without it the operator runs in this process.
        num_cpus: Threads that libraries such as OpenMP may use in a worker.
        num_gpus: GPUs of a worker, shared out by CUDA_VISIBLE_DEVICES; less than 1 shares one.
        seed: In the place of the pipeline's.
    """
    declared = {
        "kind": kind,
        "reads": [reads] if isinstance(reads, str) else list(reads),
        "writes": dict(mapping("`writes`", writes or {}, "{'chars': pa.int64()}")),
        "version": version,
        "batch_size": batch_size,
        "reasons": {
            rule: (told, "") if isinstance(told, str) else tuple(told)
            for rule, told in (reasons or {}).items()
        },
        "makes_rows": makes_rows,
        "concurrency": concurrency,
        "num_cpus": num_cpus,
        "num_gpus": num_gpus,
        "seed": seed,
    }
    _check(declared)

    def declare(target: Callable[..., Any]) -> PythonOperator:
        return PythonOperator(target, declared)

    return declare


def _check(declared: Mapping[str, Any]) -> None:
    kind = declared["kind"]
    if kind not in KINDS:
        raise ValueError(f"there is no kind {kind!r}: it is one of {list(KINDS)}")
    if kind == "filter" and declared["writes"]:
        raise ValueError("a filter writes no columns: it says which rows to `keep`")
    if kind != "filter" and not declared["writes"]:
        raise ValueError(f"`writes` says what a {kind} gives")
    if kind != "filter" and declared["reasons"]:
        raise ValueError(f"`reasons` are for filters, and this is a {kind}")
    if kind != "generator" and declared["makes_rows"]:
        raise ValueError(f"`makes_rows` is for generators, and this is a {kind}")
    for name, type_ in declared["writes"].items():
        if not hasattr(type_, "__arrow_c_schema__"):
            raise TypeError(f"`writes` has {type_!r} for {name!r}: it takes types of pyarrow")
    for key in ("version", "batch_size", "concurrency", "num_cpus"):
        value = declared[key]
        if value is not None and (not isinstance(value, int) or value < 1):
            raise ValueError(f"`{key}` is an integer of at least 1, not {value!r}")
    if declared["num_gpus"] is not None and declared["num_gpus"] < 0:
        raise ValueError("`num_gpus` is not negative")
