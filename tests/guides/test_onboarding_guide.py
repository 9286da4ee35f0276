"""Every command of docs/guides/onboarding.md runs over the files that stand there."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from command import ROOT, Millrace

GUIDE = (ROOT / "docs" / "guides" / "onboarding.md").read_text()
BLOCK = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.M | re.S)
#: What depends on the machine: numbers, and the folder of the pipeline.
OF_MACHINE = re.compile(r"[0-9][0-9.,]*( [KMGT]iB)?|(/[^ /]+)+/(?=workspace|out/)")


def squeezed(line: str) -> str:
    return " ".join(line.split())


def answer(config: Path, lines: str) -> None:
    """Puts lines in the place of those with the same name."""
    text = config.read_text()
    for line in lines.splitlines():
        name = line.split(":")[0]
        place = re.compile(rf"^{re.escape(name)}: .*$", re.M)
        assert len(place.findall(text)) == 1, name
        text = place.sub(line.replace("\\", r"\\"), text)
    config.write_text(text)


def assert_says(told: str, shown: str, of_machine: bool) -> None:
    """`...` stands for any lines."""
    pattern = ""
    for line in shown.splitlines():
        line = squeezed(line)
        if line == "...":
            pattern += "(.*\n)*"
            continue
        if of_machine:
            parts = OF_MACHINE.split(line)[:: OF_MACHINE.groups + 1]
            pattern += ".+".join(map(re.escape, parts)) + "\n"
        else:
            pattern += re.escape(line) + "\n"
    got = "".join(squeezed(line) + "\n" for line in told.splitlines())
    assert re.fullmatch(pattern, got), f"{told}\nand the guide:\n{shown}"


def test_the_page_runs_as_it_stands(millrace: Millrace, tmp_path: Path) -> None:
    commands = 0
    for language, name, text in BLOCK.findall(GUIDE):
        path = tmp_path / name
        if language == "yaml":
            answer(path, text)
        elif name:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
        elif language == "console":
            command, _, shown = text.partition("\n")
            words = shlex.split(command.removeprefix("$ millrace "))
            outcome = millrace(*words, cwd=tmp_path)
            assert outcome.code == (3 if words[0] == "check" else 0), outcome.err
            assert_says(outcome.out, shown, of_machine=words[0] == "doctor")
            commands += 1
    assert commands == 4
    result = millrace.ok("run", "pipeline.yaml", "--json", cwd=tmp_path).json()
    assert result["rows_written"] == 6
