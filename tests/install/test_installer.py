"""The bundle's installer, with a stand-in for the program: `make test-bundle` has it whole."""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import subprocess
from pathlib import Path

import pytest

from command import ROOT

PROGRAM = "#!/bin/sh\necho 'millrace 1.2.3'\n"
MISSING = """#!/bin/sh
echo 'error while loading shared libraries: libstdc++.so.6: cannot open shared object' >&2
exit 127
"""


def sum_up(bundle: Path) -> None:
    files = sorted(path for path in bundle.rglob("*") if path.is_file())
    (bundle / "SHA256SUMS").write_text(
        "".join(
            f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(bundle)}\n"
            for path in files
            if path.name != "SHA256SUMS"
        )
    )


def write(path: Path, text: str, mode: int = 0o644) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)


def requires(bundle: Path, machine: str = "", glibc: str = "2.17") -> None:
    machine = machine or platform.machine()
    lines = ["version=1.2.3", f"machine={machine}", f"glibc={glibc}", "glibcxx=3.4.30"]
    lines += ["python_version=3.11", "pyarrow=25.0.1"]
    write(bundle / "REQUIRES", "\n".join(lines) + "\n")


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    folder = tmp_path / "a bundle"
    folder.mkdir()
    shutil.copy(ROOT / "tools" / "bundle" / "install", folder / "install")
    write(folder / "files/bin/millrace", PROGRAM, 0o755)
    write(folder / "files/lib/millrace/libx.so.1.0", "a library")
    (folder / "files/lib/millrace/libx.so.1").symlink_to("libx.so.1.0")
    write(folder / "files/share/doc/millrace/a guide.md", "words")
    write(folder / "files/share/millrace/demo/run", PROGRAM, 0o755)
    write(folder / "files/share/fish/vendor_completions.d/millrace.fish", "complete")
    requires(folder)
    sum_up(folder)
    return folder


def install(
    bundle: Path, *arguments: str | Path, **variables: str
) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", **variables}
    command = ["sh", str(bundle / "install"), *map(str, arguments)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def refused(bundle: Path, word: str, *arguments: str | Path, **variables: str) -> None:
    prefix = bundle.parent / "prefix"
    done = install(bundle, "--prefix", prefix, *arguments, **variables)
    assert done.returncode in (1, 2), done.stdout
    assert word in done.stderr
    assert not prefix.exists()


@pytest.mark.parametrize("way", ["--prefix", "--prefix=", "PREFIX"])
def test_everything_is_put_in_place(bundle: Path, way: str) -> None:
    prefix = bundle.parent / "opt" / "mill race"
    if way == "--prefix":
        done = install(bundle, "--prefix", prefix)
    elif way == "PREFIX":
        done = install(bundle, PREFIX=str(prefix))
    else:
        done = install(bundle, f"--prefix={prefix}")
    assert done.returncode == 0, done.stderr
    assert f"installed: millrace 1.2.3 in {prefix}" in done.stdout
    assert subprocess.check_output([prefix / "bin/millrace"], text=True) == "millrace 1.2.3\n"
    assert os.access(prefix / "share/millrace/demo/run", os.X_OK)
    assert (prefix / "share/doc/millrace/a guide.md").read_text() == "words"
    assert (prefix / "lib/millrace/libx.so.1").readlink() == Path("libx.so.1.0")
    files = {str(path.relative_to(bundle / "files")) for path in (bundle / "files").rglob("*")}
    assert files == {str(path.relative_to(prefix)) for path in prefix.rglob("*")}


def test_an_earlier_one_is_replaced_and_what_is_of_others_stays(bundle: Path) -> None:
    prefix = bundle.parent / "prefix"
    write(prefix / "lib/millrace/libold.so", "")
    write(prefix / "share/doc/millrace/old.md", "")
    write(prefix / "bin/millrace", "", 0o755)
    write(prefix / "lib/other.so", "")
    write(prefix / "share/doc/other/x", "")
    umask = os.umask(0o077)
    try:
        done = install(bundle, "--prefix", prefix)
    finally:
        os.umask(umask)
    assert done.returncode == 0, done.stderr
    assert not (prefix / "lib/millrace/libold.so").exists()
    assert not (prefix / "share/doc/millrace/old.md").exists()
    assert (prefix / "lib/other.so").exists() and (prefix / "share/doc/other/x").exists()
    # Others can read it, whatever the umask was.
    for part in ("lib/millrace", "share/doc/millrace", "share/millrace"):
        for path in [prefix / part, *(prefix / part).rglob("*")]:
            readable = 0o555 if path.is_dir() else 0o444
            assert path.stat().st_mode & readable == readable, path
    assert (prefix / "bin/millrace").stat().st_mode & 0o777 == 0o755
    assert not list(prefix.rglob("*.new.*"))


def test_a_machine_that_has_not_what_it_takes(bundle: Path) -> None:
    requires(bundle, machine="riscv64")
    sum_up(bundle)
    refused(bundle, "this bundle is for riscv64")
    requires(bundle, glibc="9.1")
    sum_up(bundle)
    refused(bundle, "9.1 or newer is needed")
    requires(bundle)
    write(bundle / "files/bin/millrace", MISSING, 0o755)
    sum_up(bundle)
    refused(bundle, "the packages libstdc++6 and libgcc-s1")


def test_versions_are_compared_as_numbers(bundle: Path) -> None:
    requires(bundle, glibc="2.9")
    sum_up(bundle)
    assert install(bundle, "--check").returncode == 0


@pytest.mark.parametrize("harm", ["changed", "missing", "sums"])
def test_a_damaged_bundle(bundle: Path, harm: str) -> None:
    library = bundle / "files/lib/millrace/libx.so.1.0"
    if harm == "changed":
        library.write_text("a Library")
    elif harm == "missing":
        library.unlink()
    else:
        (bundle / "SHA256SUMS").unlink()
    refused(bundle, "damaged or incomplete")


def test_the_check_changes_nothing(bundle: Path) -> None:
    prefix = bundle.parent / "prefix"
    done = install(bundle, "--check", "--prefix", prefix)
    assert done.returncode == 0 and "has what Millrace 1.2.3 asks for" in done.stdout
    assert not prefix.exists()


def test_wrong_words_and_places(bundle: Path) -> None:
    refused(bundle, "wants a value", "--python")
    refused(bundle, "unknown: --prefx", "--prefx=/x")
    refused(bundle, "unknown: PREFIX=/x", "PREFIX=/x")
    refused(bundle, "no Python at /nowhere", "--python", "/nowhere")
    assert "usage" in install(bundle, "--no").stderr
    assert "--python VENV" in install(bundle, "--help").stdout
    (bundle.parent / "file").write_text("")
    done = install(bundle, "--prefix", bundle.parent / "file" / "x")
    assert done.returncode == 1 and "cannot be made" in done.stderr


def test_a_python_that_will_not_do(bundle: Path) -> None:
    python = bundle.parent / "python"
    write(python, "#!/bin/sh\necho 3.13\n", 0o755)
    refused(bundle, "is Python 3.13, the wheels are for 3.11", "--python", python)
    write(python, "#!/bin/sh\ncase $* in *pip*) exit 1 ;; esac\necho 3.11\n", 0o755)
    refused(bundle, "has no pip", "--python", python)
