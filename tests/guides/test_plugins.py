"""The commands of docs/guides/plugins.md over examples/plugin/, and plug-ins that are none."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from guides.test_onboarding_guide import BLOCK, assert_says

from command import ROOT, Millrace

GUIDE = (ROOT / "docs" / "guides" / "plugins.md").read_text()
HEADER = ROOT / "engine" / "include"


@pytest.fixture
def example(tmp_path: Path) -> Path:
    """The example as a checkout has it, with the header where the guide looks for it."""
    folder = tmp_path / "examples" / "plugin"
    for name in ("data", "pipeline.yaml", "text_plugin.c"):
        of = ROOT / "examples" / "plugin" / name
        (shutil.copytree if of.is_dir() else shutil.copy)(of, make_parent(folder / name))
    shutil.copytree(HEADER, tmp_path / "engine" / "include")
    return folder


def make_parent(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def compile_c(folder: Path, name: str, source: str) -> None:
    (folder / f"{name}.c").write_text(source)
    command = ["cc", "-shared", "-fPIC", "-I", str(HEADER), "-o", f"{name}.so", f"{name}.c"]
    subprocess.run(command, cwd=folder, check=True)


def test_the_page_runs_as_it_stands(millrace: Millrace, example: Path) -> None:
    stages = [text for language, _, text in BLOCK.findall(GUIDE) if language == "yaml"]
    assert len(stages) == 1 and stages[0] in (example / "pipeline.yaml").read_text()
    commands = [text for language, _, text in BLOCK.findall(GUIDE) if language == "console"]
    for text in commands:
        command, _, shown = text.partition("\n")
        words = shlex.split(command.removeprefix("$ "))
        if words[0] == "millrace":
            told = millrace.ok(*words[1:], cwd=example)
            assert_says(told.out, shown, of_machine=False)
        else:
            subprocess.run(words, cwd=example, check=True)
    assert len(commands) == 4


def test_a_library_is_part_of_what_a_stage_is(millrace: Millrace, example: Path) -> None:
    source = (example / "text_plugin.c").read_text()
    compile_c(example, "libtext", source)
    config = (example / "pipeline.yaml").read_text()
    config = config.replace("path: out/notes}", "path: out/notes, overwrite: true}")
    (example / "pipeline.yaml").write_text(config)
    millrace.ok("run", "pipeline.yaml", cwd=example)
    (manifest,) = example.glob("workspace/stages/quiet/*/manifest.json")
    instances = {one["id"]: one for one in json.loads(manifest.read_text())["instances"]}
    assert re.fullmatch("[0-9a-f]{64}", instances["vowels"]["file_sha256"])
    assert instances["calm"]["kind"] == "filter" and "file_sha256" not in instances["long"]
    # The same library elsewhere is the same work.
    (example / "lib").mkdir()
    shutil.move(example / "libtext.so", example / "lib" / "other.so")
    (example / "pipeline.yaml").write_text(config.replace("./libtext.so", "lib/other.so"))
    told = millrace.ok("run", "pipeline.yaml", "--json", cwd=example).json()
    assert told["splits_skipped"] == told["splits_total"]
    # Another one is not, and plan says why.
    compile_c(example, "libtext", source.replace('"aeiou"', '"aeiouy"'))
    shutil.move(example / "libtext.so", example / "lib" / "other.so")
    planned = millrace.ok("plan", "pipeline.yaml", cwd=example)
    assert "the file that `vowels` works with changed" in planned.out
    told = millrace.ok("run", "pipeline.yaml", "--json", cwd=example).json()
    assert told["splits_skipped"] < told["splits_total"]


def test_what_is_wrong_is_shown_where_it_is_written(millrace: Millrace, example: Path) -> None:
    config = (example / "pipeline.yaml").read_text()
    compile_c(example, "libtext", (example / "text_plugin.c").read_text())
    compile_c(example, "libnone", "int other(void) { return 0; }\n")
    compile_c(
        example,
        "libnew",
        "#include <millrace/plugin.h>\n"
        "static const struct millrace_plugin_table table = {2, 0, 0};\n"
        "const struct millrace_plugin_table* millrace_plugin(void) { return &table; }\n",
    )
    compile_c(
        example,
        "libneeds",
        "#include <millrace/plugin.h>\nint nobody_has_this(void);\n"
        "const struct millrace_plugin_table* millrace_plugin(void) {\n"
        "  nobody_has_this();\n  return 0;\n}\n",
    )
    (example / "libtext_bad.so").write_text("not a library")
    for before, after, code, wanted in (
        ("./libtext.so", "./libtex.so", "MR1501", "`./libtex.so` is not there"),
        ("./libtext.so", "./data", "MR1501", "`./data` is no file"),
        ("./libtext.so", "./libtext_bad.so", "MR1602", "cannot be loaded"),
        ("./libtext.so", "./libneeds.so", "MR1602", "nobody_has_this"),
        ("./libtext.so", "./libnone.so", "MR1602", "is no plug-in"),
        ("./libtext.so", "./libnew.so", "MR1602", "speaks version 2"),
        ("count_letters", "count_leters", "MR1602", "did you mean `count_letters`?"),
        ("{field: text}", "{feld: text}", "MR1203", "has no option `feld`"),
        ("{field: text}", "{field: id}", "MR1205", "`field` must name a column of text"),
        ("max: 0.5", "max: 5", "MR1205", "`max` must be a number from 0 to 1"),
        ("{field: text}}", "{field: text}, action: tag}", "MR1205", "`action` is for filters"),
    ):
        assert before in config
        (example / "pipeline.yaml").write_text(config.replace(before, after, 1))
        told = millrace("validate", "pipeline.yaml", cwd=example)
        assert told.code == 1, after
        assert code in told.err and wanted in told.err, told.err
        line = 1 + config[: config.index(before)].count("\n")
        assert f"pipeline.yaml:{line}:" in told.err, told.err


def test_one_that_breaks_its_promise_ends_the_run(millrace: Millrace, example: Path) -> None:
    source = (example / "text_plugin.c").read_text()
    short = source.replace(
        "make_array(&result->given, rows->length, 1, 1);",
        "make_array(&result->given, rows->length - 1, 1, 1);",
    )
    assert short != source
    compile_c(example, "libtext", short)
    millrace.ok("validate", "pipeline.yaml", cwd=example)
    told = millrace("run", "pipeline.yaml", cwd=example)
    assert told.code == 1
    assert "MR1602" in told.err and "operator `vowels` (`count_letters` of a plug-in)" in told.err
    assert not (example / "out").exists()
    compile_c(example, "libtext", source)
    millrace.ok("run", "pipeline.yaml", cwd=example)


def test_through_python(example: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    millrace = pytest.importorskip("millrace")
    compile_c(example, "libtext", (example / "text_plugin.c").read_text())
    monkeypatch.chdir(example)
    run = millrace.run("pipeline.yaml")
    assert [op.kind for op in run.stage("quiet").operators] == ["score", "filter", "filter"]
    assert run.stage("quiet").to_arrow().read_all()["id"].to_pylist() == [1, 2, 6]
