"""`import millrace` is cheap, and shares Arrow with pyarrow once it works."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys

import pytest

import millrace
from command import BUILT_PACKAGE, ROOT, in_a_new_python
from millrace import _loader


def test_import_loads_neither_engine_nor_pyarrow() -> None:
    code = "import sys, json; import millrace; print(json.dumps(sorted(sys.modules)))"
    loaded = json.loads(in_a_new_python(code))
    outside = {name.split(".")[0] for name in loaded} - set(sys.stdlib_module_names)
    # What a site's .pth files load is there before.
    before = {
        name.split(".")[0]
        for name in json.loads(
            in_a_new_python("import sys, json; print(json.dumps([*sys.modules]))")
        )
    }
    assert outside - before == {"millrace"}
    assert "millrace._engine" not in loaded
    # None of the standard library's slow ones either.
    assert not {"inspect", "asyncio", "dataclasses", "importlib.metadata"} & set(loaded) - before


def test_version() -> None:
    assert millrace.__version__ == _loader.engine().version()
    with pytest.raises(AttributeError, match="versoin"):
        _ = getattr(millrace, "versoin")  # noqa: B009  (a name that mypy would refuse)


def test_one_copy_of_arrow() -> None:
    code = """
import json, millrace, pyarrow, pyarrow.parquet
from millrace._loader import engine
engine()
print(json.dumps(sorted({line.split()[-1] for line in open("/proc/self/maps") if ".so" in line})))
"""
    mapped = json.loads(in_a_new_python(code))
    for name in ("libarrow.so", "libarrow_compute.so", "libparquet.so"):
        copies = [path for path in mapped if name in path]
        assert len(copies) == 1, copies
        assert "/pyarrow/" in copies[0]


def test_exports_nothing_but_its_own_entry() -> None:
    """Arrow's libraries hold an OpenSSL, zstd and more of their own: ours must not mix with it."""
    (module,) = BUILT_PACKAGE.glob("millrace/_engine.*.so")
    listed = subprocess.run(
        ["nm", "-D", "--defined-only", module], capture_output=True, text=True, check=True
    ).stdout
    names = [line.split()[-1] for line in listed.splitlines()]
    assert "PyInit__engine" in names
    clashes = re.compile(r"^(EVP_|SHA256|OPENSSL_|utf8proc_|ZSTD_|deflate|inflate|XML_|LZ4|XXH)")
    assert [name for name in names if clashes.match(name)] == []


def test_stub_names_what_the_binding_has() -> None:
    tree = ast.parse((ROOT / "python/src/millrace/_engine.pyi").read_text())
    told = {
        node.name: {item.name for item in ast.walk(node) if isinstance(item, ast.FunctionDef)}
        for node in tree.body
        if isinstance(node, ast.ClassDef | ast.FunctionDef)
    }
    module = _loader.engine()
    there = {name for name in vars(module) if not name.startswith("_")}
    assert there == set(told)
    for name in ("ArrowStream", "FinishedRun"):
        members = {m for m in vars(getattr(module, name)) if not m.startswith("__") or "arrow" in m}
        assert members == told[name]


def test_pins_are_one() -> None:
    pins = (ROOT / "tools/requirements/build.txt").read_text().split()
    assert f"pyarrow=={_loader.PYARROW}" in pins
    project = (ROOT / "pyproject.toml").read_text()
    built_with = {*pins, *(ROOT / "tools/requirements/test.txt").read_text().split()}
    for pin in re.findall(r'"([a-z-]+==[0-9.]+)"', project):
        assert pin in built_with
    nanobind = re.search(
        r"MILLRACE_NANOBIND_VERSION ([0-9.]+)", (ROOT / "cmake/deps.cmake").read_text()
    )
    assert nanobind is not None
    assert f"nanobind=={nanobind[1]}" in project


def test_a_missing_package_is_told_with_the_extra_that_brings_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from millrace import _dataset

    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'millrace\[datasets\]'"):
        _dataset.as_dataset(None)  # type: ignore[arg-type]
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'millrace\[datasets\]'"):
        _dataset.as_stream(None)  # type: ignore[arg-type]
