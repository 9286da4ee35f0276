"""What the generated classes of `millrace.ops` have in common, and the stages made of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar


class Operator:
    """An operator instance of a stage; `millrace.ops` has a class for each type.

    Parameters of all of them, or of all filters:
        id: The instance's name in the stage; its fields are `<id>_<name>`, its measures
            `<id>.<name>`.
        action: What becomes of a row that a filter is against: `drop` it, or keep it and `tag` it
            with the instance's id in `__fdf__/tags`.
        rejects: What is kept of a dropped row: the `full` row as it came into the stage, the `keys`
            (row id, rule, measured value), or a `count` alone.
    """

    type: ClassVar[str]

    def __init__(self, **parameters: Any) -> None:
        self.parameters: dict[str, Any] = {
            name: value for name, value in parameters.items() if value is not None
        }

    @property
    def id(self) -> str:
        return str(self.parameters["id"])

    def to_dict(self) -> dict[str, Any]:
        """As an entry of `operators:` in a config."""
        return {"id": self.id, "type": self.type, **self.parameters}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Operator) and self.to_dict() == other.to_dict()

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        told = ", ".join(f"{name}={value!r}" for name, value in self.parameters.items())
        return f"millrace.ops.{type(self).__name__}({told})"


class Stage:
    """A stage of a pipeline: operators in their order, or in that of `edges`.

        Stage("quality", [ops.TextStats(id="stats", field="text"),
                          ops.Where(id="keep", expr="stats.words >= 50")])

    `input` names the sources or stages that it reads, `inputs` and `mixture` mix them, and `output`
    shapes its shards, all as in a config (docs/stages.md).
    """

    def __init__(
        self,
        name: str,
        operators: Sequence[Operator | Mapping[str, Any]] = (),
        *,
        edges: Sequence[tuple[str, str]] | None = None,
        input: str | Sequence[str] | None = None,
        inputs: Mapping[str, Mapping[str, Any]] | None = None,
        mixture: Mapping[str, Any] | None = None,
        output: Mapping[str, Any] | None = None,
    ) -> None:
        self.name = name
        self.operators = _operators(name, operators)
        self.options: dict[str, Any] = {
            "edges": None if edges is None else [list(edge) for edge in edges],
            "input": input,
            "inputs": inputs,
            "mixture": mixture,
            "output": output,
        }

    def to_dict(self) -> dict[str, Any]:
        """As an entry of `stages:` in a config."""
        told: dict[str, Any] = {"name": self.name}
        if self.operators:
            told["operators"] = [
                one.to_dict() if isinstance(one, Operator) else dict(one) for one in self.operators
            ]
        told.update({key: value for key, value in self.options.items() if value is not None})
        return told

    def __repr__(self) -> str:
        return f"millrace.Stage({self.name!r}, {list(self.operators)!r})"


def _operators(stage: str, given: Any) -> tuple[Operator | Mapping[str, Any], ...]:
    if isinstance(given, str | Operator | Mapping) or not isinstance(given, Iterable):
        told = f"not a {type(given).__name__}: Stage({stage!r}, [...])"
        raise TypeError(f"a stage takes a list of operators, {told}")
    operators = tuple(given)
    for one in operators:
        if isinstance(one, Operator | Mapping):
            continue
        if callable(one):
            name = getattr(one, "__name__", "it")
            raise TypeError(f"call {name} to have an operator for a stage: {name}(id=..., ...)")
        raise TypeError(
            f"the operators of stage {stage!r} are of millrace.ops or dicts, not {one!r}"
        )
    return operators


def curriculum(
    weights: Callable[[int], Mapping[str, float]], at: Iterable[int]
) -> list[dict[str, Any]]:
    """A `curriculum` of a mixture out of a function, which is asked at each of these places.

        mixture={"curriculum_by": "step", "curriculum": millrace.curriculum(
            lambda step: {"easy": 1 - step / 1000, "hard": step / 1000}, range(0, 1001, 100))}

    Between two places the weights of the first one hold; they are rounded to six places.
    """
    return [
        {"at": place, "weights": {name: _weight(one) for name, one in weights(place).items()}}
        for place in at
    ]


def _weight(value: float) -> float | int:
    rounded = round(float(value), 6)
    return int(rounded) if rounded.is_integer() else rounded
