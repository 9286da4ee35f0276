"""An installed millrace stands on its own: any folder, no build tree, no virtual environment."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# What every Debian has that can run a C++ program; everything else must come along.
SYSTEM_LIBRARIES = re.compile(
    r"^(linux-vdso|ld-linux\S*|lib(c|m|dl|rt|pthread|resolv|stdc\+\+|gcc_s))\.so"
)


def output_of(*command: str | Path, cwd: Path | None = None) -> str:
    # Nothing of the caller's surroundings: an LD_LIBRARY_PATH could hide a missing library.
    environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
    done = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout


@pytest.fixture(scope="module")
def prefix(tmp_path_factory: pytest.TempPathFactory) -> Path:
    binary = Path(os.environ.get("MILLRACE_BIN", ROOT / "build" / "cli" / "millrace"))
    build = binary.parent.parent
    folder = tmp_path_factory.mktemp("installed") / "a pre fix"
    subprocess.run(["cmake", "--install", build, "--prefix", folder], check=True)
    # Moved after the fact: nothing may depend on where it was put first.
    return Path(shutil.move(folder, folder.with_name("moved here")))


def elf_files(prefix: Path) -> list[Path]:
    files = [path for path in prefix.rglob("*") if path.is_file() and not path.is_symlink()]
    return [path for path in files if path.open("rb").read(4) == b"\x7fELF"]


def test_runs_from_any_folder(prefix: Path, tmp_path: Path) -> None:
    data = tmp_path / "x.csv"
    data.write_text("a,b\n1,2\n")
    binary = prefix / "bin" / "millrace"
    assert output_of(binary, "--version", cwd=tmp_path).startswith("millrace ")
    assert '"a"' in output_of(binary, "inspect", "x.csv", "--json", cwd=tmp_path)


def test_every_library_is_its_own_or_the_systems(prefix: Path) -> None:
    """As the loader resolves the program and all that its libraries need in turn."""
    own = 0
    for line in output_of("ldd", prefix / "bin" / "millrace").splitlines():
        name, _, place = line.strip().partition(" => ")
        assert "not found" not in place, line
        if not SYSTEM_LIBRARIES.match(Path(name.split(" ")[0]).name):
            assert place.startswith(str(prefix)), f"taken from elsewhere: {line.strip()}"
            own += 1
    assert own >= 3


def test_what_is_loaded_by_name_comes_with_all_it_needs(prefix: Path) -> None:
    """libcurl is no need of the program that ldd could see, so every library's own are read."""
    shipped = {path.name for path in (prefix / "lib/millrace").iterdir()}
    assert "libcurl.so.4" in shipped
    for file in elf_files(prefix):
        needs = re.findall(r"\(NEEDED\).*\[(.*)\]", output_of("readelf", "-d", file))
        for name in needs:
            assert name in shipped or SYSTEM_LIBRARIES.match(name), f"{file.name} needs {name}"


def test_no_static_part_is_exported(prefix: Path) -> None:
    """Arrow exports utf8proc, re2 and OpenSSL of its own: ours must not stand in for them."""
    exported = output_of("nm", "-D", "--defined-only", prefix / "bin" / "millrace")
    for name in ("utf8proc_", "EVP_", "re2"):
        assert name not in exported


def test_no_path_leads_back(prefix: Path) -> None:
    build = str(ROOT)
    venv = str((ROOT / ".venv").resolve())
    for file in elf_files(prefix):
        for line in output_of("readelf", "-d", file).splitlines():
            if "RPATH" in line or "RUNPATH" in line:
                paths = line.split("[", 1)[1].rstrip("]").split(":")
                assert all(path.startswith("$ORIGIN") for path in paths), f"{file.name}: {line}"
    own = output_of("strings", prefix / "bin" / "millrace")
    for path in (build, venv):
        assert path not in own
    for file in prefix.rglob("*"):
        if file.is_symlink():
            assert not os.path.isabs(os.readlink(file)), f"{file} points out of the prefix"


def test_a_plug_in_is_built_with_the_header_that_comes_along(prefix: Path, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "examples/plugin/data", tmp_path / "data")
    shutil.copy(ROOT / "examples/plugin/pipeline.yaml", tmp_path)
    source = prefix / "share/doc/millrace/examples/plugin/text_plugin.c"
    header = prefix / "include"
    output_of("cc", "-shared", "-fPIC", "-I", header, "-o", tmp_path / "libtext.so", source)
    told = output_of(prefix / "bin/millrace", "run", "pipeline.yaml", "--json", cwd=tmp_path)
    assert '"vowels"' in told


def test_licences_of_what_is_shipped(prefix: Path) -> None:
    licences = {path.name for path in (prefix / "share/doc/millrace/licenses").iterdir()}
    assert "arrow-LICENSE.txt" in licences
    parts = ("simdjson", "fmt", "spdlog", "yaml-cpp", "cli11", "ssl", "zstd", "xxhash", "libcurl4")
    for part in parts:
        assert any(part in name for name in licences), f"no licence of {part}"


def test_completions(prefix: Path) -> None:
    script = prefix / "share/bash-completion/completions/millrace"
    subprocess.run(["bash", "-n", script], check=True)
    assert "validate" in script.read_text()
    assert (prefix / "share/zsh/site-functions/_millrace").stat().st_size > 0
    assert (prefix / "share/fish/vendor_completions.d/millrace.fish").stat().st_size > 0


def test_exports_no_symbol_that_arrow_has_its_own_of(prefix: Path) -> None:
    """libparquet and libarrow carry their own OpenSSL, RE2 and utf8proc: were ours exported, the
    loader would mix the two."""
    exported = output_of("nm", "-D", "--defined-only", prefix / "bin" / "millrace")
    clashes = [
        line
        for line in exported.splitlines()
        if re.search(r"\b(EVP_|SHA256_|OPENSSL_|utf8proc_)|re2|ZSTD_|\bdeflate|\binflate", line)
    ]
    assert clashes == []
    undefined = output_of("nm", "-D", "--undefined-only", prefix / "bin" / "millrace")
    # ... and none is taken from there by chance.
    assert [line for line in undefined.splitlines() if "EVP_" in line] == []
