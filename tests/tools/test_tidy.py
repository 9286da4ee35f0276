"""tools/tidy.py finds each kind of fault, and the faults it names are the only ones it finds."""

from __future__ import annotations

from pathlib import Path

import pytest

from command import tool

tidy = tool("tidy")
LAYERS = tidy.read_layers("base:\nio: base  # comment\nstage: base io\n")


def messages(path: str, text: str) -> list[str]:
    return [str(problem) for problem in tidy.check_file(path, text, LAYERS)]


def test_a_room_includes_itself_and_what_the_table_allows() -> None:
    text = '#include <vector>\n#include "io/a.h"\n#include "base/b.h"\n#include "near.h"\n'
    assert messages("engine/io/x.cc", text) == []


def test_a_room_may_not_include_a_higher_one() -> None:
    found = messages("engine/io/x.cc", '#include "base/b.h"\n#include "stage/a.h"\n')
    assert found == ["engine/io/x.cc:2: room io may not include stage/a.h (tools/layers.txt)"]


@pytest.mark.parametrize("path", ["cli/main.cc", "engine/include/millrace/a.h"])
def test_outside_the_rooms_only_public_headers_and_base(path: str) -> None:
    assert messages(path, '#include "millrace/a.h"\n#include "base/b.h"\n') == []
    assert len(messages(path, '#include "io/a.h"\n')) == 1


def test_only_the_top_room_knows_the_public_headers() -> None:
    assert messages("engine/stage/x.cc", '#include "millrace/a.h"\n') == []
    assert len(messages("engine/io/x.cc", '#include "millrace/a.h"\n')) == 1
    assert messages("engine/io/x.cc", '#include "millrace/plugin.h"\n') == []


@pytest.mark.parametrize(
    "name", ["engine/io/util.h", "engine/io/string_helpers.cc", "tools/common/a.py", "cli/manager"]
)
def test_names_that_say_nothing(name: str) -> None:
    assert len(messages(name, "")) == 1


def test_names_that_only_contain_such_a_word() -> None:
    assert messages("engine/io/utility_function.cc", "") == []
    assert messages("engine/io/commonality.h", "") == []


def test_size() -> None:
    assert messages("engine/io/x.cc", "\n" * 800) == []
    assert len(messages("engine/io/x.cc", "\n" * 801)) == 1
    assert messages("python/x.py", '"""Made.\n\nBy x.py: not to be edited."""' + "\n" * 801) == []
    assert messages("tests/cases/data.csv", "\n" * 5000) == []


@pytest.mark.parametrize(
    "line", ["std::cout << 1;", 'printf("x");', 'std::puts("x");', "fwrite(p, 1, n, stdout);"]
)
def test_only_the_cli_prints(line: str) -> None:
    assert len(messages("engine/io/x.cc", line + "\n")) == 1
    assert messages("cli/x.cc", line + "\n") == []
    assert messages("engine/io/x_test.cc", line + "\n") == []


@pytest.mark.parametrize(
    "line", ['snprintf(b, 9, "x");', 'std::fprintf(stderr, "x");', "// like printf(", "sprint(f);"]
)
def test_what_is_no_printing(line: str) -> None:
    assert messages("engine/io/x.cc", line + "\n") == []


def test_unfinished_work() -> None:
    assert len(messages("engine/io/x.h", "// TO" + "DO: later\n")) == 1
    assert messages("engine/io/x.h", "// todos are for people\n") == []


def test_the_table_itself() -> None:
    with pytest.raises(ValueError, match="may not use io"):
        tidy.read_layers("base: io\nio:\n")
    with pytest.raises(ValueError, match="one `room"):
        tidy.read_layers("base:\nbase:\n")


def test_rooms_and_table_name_each_other() -> None:
    found = [str(p) for p in tidy.check_rooms({"base", "io", "attic"}, LAYERS)]
    assert found == [
        "engine/attic: the room is missing from tools/layers.txt",
        "tools/layers.txt: engine/stage is named here and is not there",
    ]


def test_a_fault_in_a_tree_is_found(tmp_path: Path) -> None:
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools" / "layers.txt").write_text("base:\nio: base\n")
    for room, text in (("base", '#include "io/a.h"\n'), ("io", "")):
        (tmp_path / "engine" / room).mkdir(parents=True)
        (tmp_path / "engine" / room / "a.h").write_text(text)
    found = tidy.check_tree(tmp_path, ["engine/base/a.h", "engine/io/a.h"])
    assert [problem.line for problem in found] == [1]
