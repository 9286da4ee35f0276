"""Ray and Daft stay out of sight: no public name speaks of them, and nothing loads them unasked."""

from __future__ import annotations

import inspect
import json

import millrace
from command import in_a_new_python


def test_no_public_signature_names_a_runner_s_types() -> None:
    seen = 0
    for name in millrace.__all__:
        thing = getattr(millrace, name)
        members = [thing, *(m for key, m in inspect.getmembers(thing) if not key.startswith("_"))]
        for member in members:
            if not callable(member):
                continue
            try:
                signature = str(inspect.signature(member))
            except ValueError:  # built in
                continue
            seen += 1
            assert "daft" not in signature.lower(), f"{name}: {signature}"
            assert "ray." not in signature and "ObjectRef" not in signature, f"{name}: {signature}"
    assert seen > 60
    assert not [
        name for name in millrace.__all__ if "ray" in name.lower() or "daft" in name.lower()
    ]


def test_a_local_run_loads_neither() -> None:
    code = """
import json, sys, tempfile, pathlib, os
import millrace
os.chdir(tempfile.mkdtemp())
pathlib.Path("a.csv").write_text("id\\n1\\n")
millrace.Pipeline("p", sources={"a": {"type": "csv", "path": "a.csv"}}).run(runner="local")
others = ("ray", "daft", "dagster", "lance", "whylogs")
unasked = [name for name in sys.modules if name.split(".")[0] in others]
print(json.dumps(unasked + [name for name in sys.modules if name == "millrace.integrations"]))
"""
    printed = in_a_new_python(code, HF_HUB_OFFLINE="1")
    assert json.loads(printed.splitlines()[-1]) == []


def test_what_is_missing_is_told_with_its_extra() -> None:
    code = """
import sys
sys.modules["ray"] = None
import millrace
from millrace._runner import started
try:
    started("ray", {}, None)
except ModuleNotFoundError as error:
    print(error)
"""
    assert "pip install 'millrace[ray]'" in in_a_new_python(code)
