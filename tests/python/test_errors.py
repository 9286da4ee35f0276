"""Errors of the package say what `--json` says."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

import millrace as package
from command import ROOT, Millrace
from millrace import _loader, _resolver

WRONG = """\
version: 1
name: wrong
sources:
  s: {type: csv, path: "in/*.csv", api_token: hunter22secret}
contract:
  version: 1
  columns:
    a: {type: int65}
    b: {type: string, rqeuired: true}
"""


def test_same_as_json(millrace: Millrace, tmp_path: Path) -> None:
    config = tmp_path / "wrong.yaml"
    config.write_text(WRONG)
    told = millrace("validate", config, "--json").json()
    with pytest.raises(package.UserError) as caught:
        package.validate(config)
    error = caught.value
    assert error.exit_code == told["exit_code"]
    assert [package.Diagnostic(**item) for item in told["errors"]] == list(error.diagnostics)
    assert error.code == told["errors"][0]["code"]
    assert all(d.file == str(config) and d.line > 0 for d in error.diagnostics if d.line)
    assert "hunter22secret" not in repr(error)


def test_one_base_and_pickles(tmp_path: Path) -> None:
    for kind in (package.UserError, package.DataError, package.EnvError, package.BugError):
        assert issubclass(kind, package.Error)
    with pytest.raises(package.Error) as caught:
        package.open_run(tmp_path / "nowhere")
    again = pickle.loads(pickle.dumps(caught.value))
    assert type(again) is type(caught.value)
    assert (str(again), again.diagnostics) == (str(caught.value), caught.value.diagnostics)


def test_text_cannot_steer_a_terminal(tmp_path: Path) -> None:
    with pytest.raises(package.UserError) as caught:
        package.validate(tmp_path / "a\x1b[31mred\u202e.yaml")
    assert "\x1b" not in str(caught.value) and "\u202e" not in str(caught.value)


def test_names_of_codes_are_those_of_the_engine(millrace: Millrace) -> None:
    codes = _loader.engine().error_codes()
    told = {path.stem for path in (ROOT / "docs" / "errors").glob("MR*.md")}
    assert set(codes.values()) == told
    named = [_resolver.BAD_VALUE, _resolver.UNKNOWN_REFERENCE, _resolver.OPERATOR_FAILED]
    for name in (*named, _resolver.IO_FAILED, _resolver.WORKER_LOST, "HookRaised"):
        assert name in codes
    assert package.UserError.__module__ == "millrace"


@pytest.mark.parametrize("wrong", [{"threads": -1}, {"threads": 2000}, {"memory": "12parsecs"}])
def test_usage(tmp_path: Path, wrong: dict[str, int | str]) -> None:
    (tmp_path / "x.csv").write_text("a\n1\n")
    (tmp_path / "p.yaml").write_text(
        "version: 1\nname: p\nworkspace: ./w\nsources: {s: {type: csv, path: x.csv}}\n"
    )
    with pytest.raises(package.UserError) as caught:
        package.run(tmp_path / "p.yaml", **wrong)  # type: ignore[arg-type]
    assert (caught.value.code, caught.value.exit_code) == ("MR1901", 2)
