"""The committed JSON Schema and the engine agree about the configs of this repository."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from command import Millrace

ROOT = Path(__file__).resolve().parent.parent
SCHEMA = json.loads((ROOT / "spec" / "pipeline.schema.json").read_text())
YAML = sorted(
    path
    for folder in ("tests/cases", "bench", "examples")
    for path in (ROOT / folder).rglob("*.yaml")
)
MODEL_CONTRACTS = [path for path in YAML if path.name.startswith("model_contract")]
CONFIGS = [path for path in YAML if path not in MODEL_CONTRACTS]
MODEL_SCHEMA = json.loads((ROOT / "spec" / "model_contract.schema.json").read_text())
# What a schema can tell: wrong types, missing and unknown keys.
SHAPE_CODES = {"MR1201", "MR1202", "MR1203"}


class TextLoader(yaml.SafeLoader):  # type: ignore[misc]
    """YAML 1.2's few types, as editors read them: no dates, no octals, no yes and no."""


TextLoader.yaml_implicit_resolvers = {}
for tag, pattern, first in (
    ("bool", r"^(true|false)$", "tf"),
    ("null", r"^(null|~|)$", ["n", "~", ""]),
    ("int", r"^-?(0|[1-9][0-9]*)$", "-0123456789"),
    ("float", r"^-?(0|[1-9][0-9]*)\.[0-9]+$", "-0123456789"),
):
    TextLoader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(pattern), list(first))


def with_text_keys(value: Any) -> Any:
    """Keys are texts, as in JSON: `true:` is the key "true"."""
    if isinstance(value, dict):
        return {
            str(key).lower() if isinstance(key, bool) else str(key): with_text_keys(inner)
            for key, inner in value.items()
        }
    return [with_text_keys(inner) for inner in value] if isinstance(value, list) else value


def schema_accepts(config: Any) -> bool:
    config = with_text_keys(config)
    return bool(jsonschema.Draft202012Validator(SCHEMA).is_valid(config))


def test_the_schema_is_a_schema(millrace: Millrace) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert json.loads(millrace("schema").out) == SCHEMA
    jsonschema.Draft202012Validator.check_schema(MODEL_SCHEMA)
    assert json.loads(millrace("schema", "--model-contract").out) == MODEL_SCHEMA


@pytest.mark.parametrize("path", MODEL_CONTRACTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_model_contracts_are_judged_alike(path: Path, tmp_path: Path, millrace: Millrace) -> None:
    config = {
        "version": 1,
        "name": "n",
        "sources": {"s": {"type": "csv", "path": "a.csv"}},
        "model_contract": str(path),
    }
    (tmp_path / "pipeline.json").write_text(json.dumps(config))
    outcome = millrace("validate", tmp_path / "pipeline.json")
    codes = set(re.findall(r"MR1[0-3]\d\d", outcome.err + outcome.out))
    written = with_text_keys(yaml.load(path.read_text(), TextLoader))
    accepted = jsonschema.Draft202012Validator(MODEL_SCHEMA).is_valid(written)
    assert accepted is (not codes & SHAPE_CODES)


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: str(path.relative_to(ROOT)))
def test_configs_are_judged_alike(path: Path, millrace: Millrace) -> None:
    text = path.read_text()
    outcome = millrace("validate", path, cwd=path.parent)
    codes = set(re.findall(r"MR\d{4}", outcome.err + outcome.out))
    config_codes = {code for code in codes if "MR1000" < code < "MR1400"}
    accepted = schema_accepts(yaml.load(text, TextLoader))
    if not config_codes:
        assert accepted
    if codes & SHAPE_CODES:
        assert not accepted


@pytest.mark.parametrize(
    ("change", "accepted"),
    [
        ({}, True),
        ({"seed": 7, "limits": {"memory": "512MiB", "threads": 2}}, True),
        ({"seed": "${seed}"}, True),
        ({"seed": "7"}, False),
        ({"limits": {"memory": "2e9"}}, False),
        ({"exports": {"o": {"type": "jsonl", "path": "out", "compression": "zstd"}}}, True),
        ({"exports": {"o": {"type": "parquet", "path": "out", "compression": "zstd"}}}, False),
        ({"contract": {"columns": {"a": {"from": {"expr": "b || c"}}}}}, True),
        ({"contract": {"columns": {"a": {"from": {"s": {"const": 5}}}}}}, True),
        ({"contract": {"columns": {"a": {"from": {"s": {"const": 5, "expr": "x"}}}}}}, False),
        ({"contract": {"columns": {"a": {"required": "yes"}}}}, False),
        ({"contract": {"columns": {}}}, False),
        ({"contract": {"columns": {"a": {"null_values": ["NA", None]}}}}, True),
        ({"contract": {"columns": {"a": {"enum": ["NA", None]}}}}, False),
        ({"sources": {"1s": {"type": "csv", "path": "a"}}}, False),
        ({"sources": {"s": {"type": "csv", "path": "a", "quote": "none"}}}, True),
        ({"sources": {"s": {"type": "csv", "path": "a", "delimiter": "ab"}}}, False),
    ],
)
def test_values_are_judged_alike(
    change: dict[str, Any], accepted: bool, tmp_path: Path, millrace: Millrace
) -> None:
    config = {
        "version": 1,
        "name": "n",
        "params": {"seed": 5},
        "sources": {"s": {"type": "csv", "path": "a.csv"}},
        **change,
    }
    path = tmp_path / "pipeline.json"
    path.write_text(json.dumps(config))
    outcome = millrace("validate", path)
    # There is no data: what remains wrong is that nothing can be read.
    codes = set(re.findall(r"MR1[0-3]\d\d", outcome.err + outcome.out))
    assert schema_accepts(config) is accepted
    assert (not codes) is accepted
