"""What the stages of a pipeline read, as its config says, for those who show it as a graph."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from millrace._loader import engine

if TYPE_CHECKING:
    from millrace._pipeline import Pipeline

INGEST = "ingest"
_REFERENCE = re.compile(r"\$(\$|\{(?:param:)?([A-Za-z_][A-Za-z0-9_]*)\})")


class Graph(NamedTuple):
    """A pipeline's config, read for its shape alone. All values are texts, as configs have them."""

    name: str
    #: By name, in the order of the config.
    sources: dict[str, dict[str, Any]]
    #: By stage in the order of the pipeline: the stages that it reads, or the sources for ingest.
    reads: dict[str, tuple[str, ...]]
    #: By table, "" for the short form: the columns of the contract, none where it is inferred.
    columns: dict[str, tuple[str, ...]]
    #: By id: the requirements of the model's contract.
    requirements: dict[str, dict[str, Any]]
    #: By stage: what the config says of it, as text, to tell whether it was changed.
    said: dict[str, str]


def graph_of(pipeline: Pipeline) -> Graph:
    """Needs PyYAML, which those who call this bring along."""
    recipe = engine().recipe(pipeline._loaded)
    config = _read(recipe["text"])
    params = {**(config.get("params") or {}), **recipe["params"]}

    def put(text: Any) -> str:
        return _REFERENCE.sub(
            lambda found: "$" if found[1] == "$" else str(params.get(found[2], found[0])),
            str(text),
        )

    sources = {
        put(name): {
            key: put(value) if isinstance(value, str) else value for key, value in source.items()
        }
        for name, source in config["sources"].items()
    }
    names = pipeline.stages
    stages = config.get("stages") or []
    reads = {INGEST: tuple(sources)}
    said = {INGEST: repr([config.get(key) for key in ("sources", "contract", "contracts", "seed")])}
    for at, (name, stage) in enumerate(zip(names[1:], stages, strict=True)):
        mixed = stage.get("inputs") or (config.get("inputs") if at == 0 else None)
        asked = stage.get("input") if mixed is None else list(mixed)
        if asked is None:
            read = [names[at]]
        else:
            read = [put(one) for one in ([asked] if isinstance(asked, str) else asked)]
        # A source's rows are those that ingest has committed of it.
        reads[name] = tuple(dict.fromkeys(INGEST if one in sources else one for one in read))
        of_first = [config.get(key) for key in ("inputs", "mixture")] if at == 0 else []
        said[name] = repr([stage, of_first, config.get("seed")])
    for name in said:
        said[name] += repr(sorted(params.items()))
    return Graph(
        put(config["name"]),
        sources,
        reads,
        _columns(config),
        _requirements(recipe["base_dir"], put(config.get("model_contract") or "")),
        said,
    )


def _read(text: str) -> dict[str, Any]:
    """Every scalar is the text that it is written as, which is how the engine reads a config."""
    import yaml

    read: dict[str, Any] = yaml.load(text, yaml.BaseLoader)
    return read


def _columns(config: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    contracts = config.get("contracts")
    if contracts is None:
        contracts = {"": config.get("contract") or {}}
    return {
        str(table): tuple(map(str, contract.get("columns") or ()))
        for table, contract in contracts.items()
    }


def _requirements(base: str, path: str) -> dict[str, dict[str, Any]]:
    """Of the model's contract; none without a path."""
    if not path:
        return {}
    with open(os.path.join(base, path), encoding="utf-8") as file:
        contract = _read(file.read())
    on_fail = contract.get("on_fail", "warn")
    return {
        str(id): {"on_fail": on_fail, **requirement}
        for id, requirement in contract["requirements"].items()
    }
