"""Pipelines that are built in Python are the configs that they are written as."""

from __future__ import annotations

import inspect
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

import millrace as package
from command import ROOT, Millrace
from millrace import _yaml, ops


def test_built_pipeline_is_a_config(millrace: Millrace, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("id,text\n1,one two\n2,one\n")
    pipeline = package.Pipeline(
        "built",
        workspace=tmp_path / "workspace",
        params={"least": 2},
        sources={"s": {"type": "csv", "path": str(tmp_path / "in.csv")}},
        stages=[
            package.Stage(
                "quality",
                [
                    ops.TextStats(id="stats", field="text"),
                    ops.Where(id="keep", expr="stats.words >= 2", rejects="keys"),
                    {"id": "up", "type": "derive", "column": "text", "expr": "upper(text)"},
                ],
                edges=[("stats", "keep"), ("keep", "up")],
            )
        ],
        exports={"out": {"type": "jsonl", "path": str(tmp_path / "out")}},
    )
    assert pipeline.stages == ("ingest", "quality")
    assert pipeline.dataset_sources == ()
    assert pipeline.run().to_dict() == {"id": [1], "text": ["ONE TWO"]}
    again = package.Pipeline.from_yaml(pipeline.to_yaml())
    assert again.to_yaml() == pipeline.to_yaml()
    config = tmp_path / "pipeline.yaml"
    config.write_text(pipeline.to_yaml())
    assert package.Pipeline.from_yaml(config).to_yaml() == pipeline.to_yaml()
    assert package.Pipeline.from_dict(yaml.safe_load(pipeline.to_yaml())).run().num_rows == 1
    done = millrace("run", config, "--json").json()
    assert pipeline.last_run is not None
    assert done["run_id"] == pipeline.last_run.run_id


def test_what_is_wrong_is_told_at_once() -> None:
    with pytest.raises(package.UserError) as caught:
        package.Pipeline(
            "wrong",
            sources={"s": {"type": "dataset", "path": "x"}},
            stages=[package.Stage("q", [ops.Where(id="keep", expr="a >")])],
        )
    codes = [problem.code for problem in caught.value.diagnostics]
    assert "MR1203" in codes and len(codes) >= 2
    assert all(problem.line > 0 for problem in caught.value.diagnostics)
    with pytest.raises(ValueError, match="one of local"):
        pipeline = package.Pipeline("p", sources={"s": {"type": "dataset"}})
        pipeline.run(runner="cluster")


def test_command_refuses_datasets(millrace: Millrace, tmp_path: Path) -> None:
    config = tmp_path / "pipeline.yaml"
    config.write_text("version: 1\nname: p\nsources: {train: {type: dataset}}\n")
    for command in ("run", "validate", "plan", "preview"):
        done = millrace(command, config)
        assert done.code == 1, command
        assert "MR1506: the source `train` is a dataset" in done.err, command
        assert "millrace.Pipeline.from_yaml" in done.err
        assert "pipeline.yaml:3:" in done.err
    data = tmp_path / "a.csv"
    data.write_text("a\n1\n")
    assert millrace("check", data, "--contract", config).code in (0, 1, 2)
    assert millrace("doctor", config).code == 0


@pytest.mark.parametrize(
    "value",
    [
        {"a": {"b": [1, 2.5, None, True], "c": {}}, "d": []},
        {"texts": ["yes", "no", "null", "~", "1", "1e3", "010", "", " x ", "a: b", "#", "${x}"]},
        {"odd": 'line\nbreak \x7f \u2028 \ufeff " \\ é 🦆', "key: odd": "- x"},
        {"stages": [{"name": "a", "operators": [{"id": "x", "fields": ["t"]}, {"id": "y"}]}]},
        {"long": {f"column_{i}": {"type": "string", "length": {"min": i}} for i in range(20)}},
        {"list": [["a", "b"], ["c"], [{"x": 1}]], "nested": [[{"y": {"z": 1}}]]},
        {"on": True, "off": "off", "y": "Y"},
    ],
)
def test_yaml_reads_back(value: dict[str, Any]) -> None:
    assert yaml.safe_load(_yaml.to_yaml(value)) == value


def test_yaml_refuses_what_no_config_holds() -> None:
    with pytest.raises(TypeError, match="set"):
        _yaml.to_yaml({"a": {1, 2}})
    with pytest.raises(ValueError, match="JSON"):
        _yaml.to_yaml({"a": float("nan")})


def test_operators_are_those_of_the_engine(millrace: Millrace) -> None:
    told = {one["name"]: one for one in millrace("operators", "--json").json()["operators"]}
    classes = {getattr(ops, name).type: getattr(ops, name) for name in ops.__all__}
    assert set(classes) == set(told)
    for name, class_ in classes.items():
        parameters = inspect.signature(class_).parameters.values()
        assert {p.name.rstrip("_") for p in parameters} == {
            p["name"] for p in told[name]["parameters"]
        }
        required = {p.name.rstrip("_") for p in parameters if p.default is inspect.Parameter.empty}
        assert required == {p["name"] for p in told[name]["parameters"] if p["required"]}
        assert class_.__doc__


def test_no_public_signature_names_a_runtime_of_others() -> None:
    public = [getattr(package, name) for name in package.__all__ if name != "ops"]
    public += [getattr(ops, name) for name in ops.__all__]
    texts = []
    for one in public:
        members = [one, *vars(one).values()] if inspect.isclass(one) else [one]
        members = [getattr(member, "__func__", member) for member in members]
        texts += [str(inspect.signature(m)) for m in members if inspect.isfunction(m)]
        texts += [one.__doc__ or ""]
    assert len(texts) > 50
    assert not [text for text in texts if "daft" in text.lower() or "ray." in text.lower()]


def test_generated_file_is_current(millrace: Millrace) -> None:
    made = subprocess.run(
        [sys.executable, ROOT / "tools/python_operators.py"],
        input=json.dumps(millrace("operators", "--json").json()),
        capture_output=True,
        text=True,
        check=True,
    )
    assert made.stdout == (ROOT / "python/src/millrace/ops.py").read_text()
